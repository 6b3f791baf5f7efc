/**
 * The B+ tree. A change makes the pages from the root to its leaf dirty, the root first: a dirty page has only
 * dirty ones above it. All pages that a change touches are in the cache when it begins, and so are enough
 * frames for new ones (commit.ts sees to it): a change cannot fail.
 */
import { Cache, DIRTY_REFERENCE, FrameState } from "./cache";
import { commonBytes } from "./compare";
import { HEAD_UNUSED, INNER_CELL_KEY, LEAF_CELL_BYTES_MAX, LEVELS_MAX, PAGE_BYTES } from "./layout";
import {
  appendCell,
  cellAt,
  cellBytes,
  childIndex,
  countOf,
  exact,
  innerKey,
  insertCell,
  isKeyAt,
  isLeaf,
  keyBytesOf,
  keyOf,
  leafKey,
  makePage,
  removeCell,
  search,
  splitPage,
  usedBytes,
} from "./page";
import { Space } from "./space";
import { frameOn, growWay, indexOn, setOn } from "./way";

/** Cells are written here before it is known where they will lie. */
const leafScratch: usize = memory.data(1024, 8);
const innerScratch: usize = memory.data(1024, 8);

/** A page that is emptier than this looks for a neighbour to join, */
const SPARSE_BYTES: i32 = PAGE_BYTES / 4;
/** if both together have at most this many bytes. */
const JOINED_BYTES_MAX: i32 = (PAGE_BYTES * 3) / 4;

/** A tree: the reference of its root. */
@final
export class View {
  page: u64 = 0;
  checksum: u64 = 0;
  levels: i32 = 0;

  assign(other: View): void {
    this.page = other.page;
    this.checksum = other.checksum;
    this.levels = other.levels;
  }
}

function clearKey(page: usize, cell: usize): void {
  const bytes = keyBytesOf(cell);
  store<u16>(cell, 0);
  store<u16>(page, load<u16>(page, HEAD_UNUSED) + <u16>bytes, HEAD_UNUSED);
}


@final
export class Tree {
  readonly root: View = new View();
  /**
   * Sparse pages are joined. Not by a batch that puts something: its frames are counted for the pages as they are,
   * and one that is joined may have to be split again. Most of the use is had by removing pages that are empty
   * (Johnson and Shasha, B-trees with inserts and deletes, 1993).
   */
  joins: bool = true;
  /** Grows with every change. */
  changes: u64 = 0;
  /** Where the last `seek` ended: frame of the leaf (-1: the tree is empty), index in it, whether the key is there. */
  leaf: i32 = -1;
  index: i32 = 0;
  found: bool = false;
  /** For the next `seek`: where in its leaf the key may be; -1: anywhere. */
  guess: i32 = -1;
  /** Grows when cells of leaves that are dirty may lie elsewhere from then on. */
  shape: u64 = 0;

  /** Frames of leaves that the batch has emptied. */
  private readonly empty: usize;
  private emptyCount: i32 = 0;

  constructor(
    private readonly cache: Cache,
    private readonly space: Space,
  ) {
    this.empty = heap.alloc((<usize>cache.capacity) << 2);
  }

  /** Goes to the first key that is not below this one. 0, PENDING (see `Cache.awaited`), or an error. */
  seek(view: View, key: usize, keyBytes: i32): i32 {
    let page = view.page;
    let checksum = view.checksum;
    const levels = view.levels;
    this.found = false;
    this.leaf = -1;
    let depth = 0;
    for (let level = levels - 1; level >= 0; level--) {
      const frame = this.cache.fetch(page, checksum, level);
      if (frame < 0) return frame;
      const address = this.cache.at(frame);
      if (level == 0) {
        const guess = this.guess;
        this.guess = -1;
        const isThere = guess >= 0 && isKeyAt(address, guess, key, keyBytes);
        const index = isThere ? guess : search(address, key, keyBytes);
        setOn(depth, frame, index);
        this.leaf = frame;
        this.index = index;
        this.found = isThere || exact;
        return 0;
      }
      const index = childIndex(address, key, keyBytes);
      setOn(depth, frame, index);
      const cell = cellAt(address, index);
      page = load<u64>(cell, 8);
      checksum = load<u64>(cell, 16);
      depth++;
    }
    return 0;
  }

  /** After `seek`, of a tree with `levels`: the next leaf (or the one before), whose frame it returns. -1: there is none. */
  neighbour(levels: i32, before: bool): i32 {
    let depth = levels - 2;
    for (; depth >= 0; depth--) {
      const index = indexOn(depth) + (before ? -1 : 1);
      if (index >= 0 && index < countOf(this.cache.at(frameOn(depth)))) {
        setOn(depth, frameOn(depth), index);
        break;
      }
    }
    if (depth < 0) return -1;
    for (; depth < levels - 1; depth++) {
      const cell = cellAt(this.cache.at(frameOn(depth)), indexOn(depth));
      const level = levels - 2 - depth;
      const frame = this.cache.fetch(load<u64>(cell, 8), load<u64>(cell, 16), level);
      if (frame < -1) return frame;
      const index = before ? countOf(this.cache.at(frame)) - 1 : 0;
      setOn(depth + 1, frame, index);
    }
    this.leaf = frameOn(levels - 1);
    this.index = indexOn(levels - 1);
    return this.leaf;
  }

  /** Where the cell lies that `seek` found. */
  // @ts-ignore: decorator
  @inline
  get cell(): usize {
    return cellAt(this.cache.at(this.leaf), this.index);
  }

  /** Gives a key a cell. Returns true if it is new. */
  put(
    key: usize,
    keyBytes: i32,
    flags: i32,
    version: u64,
    expiresNs: i64,
    value: usize,
    valueBytes: i32,
  ): bool {
    this.seekInCache(key, keyBytes);
    return this.putHere(key, keyBytes, flags, version, expiresNs, value, valueBytes);
  }

  /** `put`, when the last `seek` was for this key, and nothing has changed since. */
  putHere(
    key: usize,
    keyBytes: i32,
    flags: i32,
    version: u64,
    expiresNs: i64,
    value: usize,
    valueBytes: i32,
  ): bool {
    const root = this.root;
    if (root.levels == 0) {
      const frame = this.takeDirty();
      makePage(this.cache.at(frame), 0);
      root.page = DIRTY_REFERENCE | (<u64>frame);
      root.levels = 1;
      this.seekInCache(key, keyBytes);
    }
    this.makeWayDirty();
    const known = this.found;
    const depth = root.levels - 1;
    const page = this.cache.at(frameOn(depth));
    const headBytes = 16 + ((flags & 1) << 3);
    const bytes = headBytes + keyBytes + valueBytes;
    assert(bytes <= LEAF_CELL_BYTES_MAX, "kv: a cell is too large");
    this.changes++;
    if (known) {
      const cell = cellAt(page, this.index);
      if (<i32>load<u16>(cell, 2) == flags && load<i32>(cell, 4) == valueBytes) {
        store<u64>(cell, version, 8);
        if ((flags & 1) != 0) store<i64>(cell, expiresNs, 16);
        memory.copy(cell + headBytes + keyBytes, value, valueBytes);
        return false;
      }
      removeCell(page, this.index);
    }
    this.shape++;
    store<u16>(leafScratch, keyBytes);
    store<u16>(leafScratch, flags, 2);
    store<u32>(leafScratch, valueBytes, 4);
    store<u64>(leafScratch, version, 8);
    if ((flags & 1) != 0) store<i64>(leafScratch, expiresNs, 16);
    memory.copy(leafScratch + headBytes, key, keyBytes);
    memory.copy(leafScratch + headBytes + keyBytes, value, valueBytes);
    this.insert(depth, this.index, leafScratch, bytes);
    return !known;
  }

  /** Takes a key away. Returns false if it was not there. */
  remove(key: usize, keyBytes: i32): bool {
    this.seekInCache(key, keyBytes);
    return this.removeHere();
  }

  /** `remove` of the key that the last `seek` was for; nothing has changed since. */
  removeHere(): bool {
    if (!this.found) return false;
    this.shape++;
    this.makeWayDirty();
    const depth = this.root.levels - 1;
    removeCell(this.cache.at(frameOn(depth)), this.index);
    this.rebalance(depth);
    this.changes++;
    return true;
  }

  /** A batch is over: leaves that it has left empty are taken out of the tree. */
  removeEmpty(): void {
    for (; this.emptyCount > 0; this.emptyCount--) {
      const frame = load<i32>(this.empty + ((<usize>(this.emptyCount - 1)) << 2));
      this.cache.frame(frame).isEmpty = 0;
      if (this.cache.frame(frame).state != FrameState.DIRTY) continue;
      const page = this.cache.at(frame);
      if (!isLeaf(page) || countOf(page) > 0) continue;
      // The cell that was its last one lies there still: its key leads to this leaf.
      const cell = cellAt(page, 0);
      this.seekInCache(leafKey(cell), keyBytesOf(cell));
      assert(this.leaf == frame, "kv: an empty leaf is not where its keys were");
      const depth = this.root.levels - 1;
      this.cache.discard(frame);
      this.removeChild(depth - 1, indexOn(depth - 1));
    }
  }

  /**
   * An empty leaf stays until the batch is over: without it, its keys would belong to a neighbour that need not be in
   * the cache.
   */
  private noteEmpty(frame: i32): void {
    const record = this.cache.frame(frame);
    if (record.isEmpty != 0) return;
    record.isEmpty = 1;
    const index = this.emptyCount++;
    store<i32>(this.empty + ((<usize>index) << 2), frame);
  }

  private seekInCache(key: usize, keyBytes: i32): void {
    const status = this.seek(this.root, key, keyBytes);
    assert(status == 0, "kv: a page that a change needs is not in the cache");
  }

  private takeDirty(): i32 {
    const frame = this.cache.takeDirty();
    assert(frame >= 0, "kv: a change has no frame left");
    return frame;
  }

  private makeWayDirty(): void {
    const levels = this.root.levels;
    for (let depth = 0; depth < levels; depth++) {
      const frame = frameOn(depth);
      const state = this.cache.frame(frame).state;
      if (state == FrameState.DIRTY) continue;
      const page = this.cache.frame(frame).page;
      let dirty = frame;
      if (state == FrameState.SEALED) {
        dirty = this.takeDirty();
        memory.copy(this.cache.at(dirty), this.cache.at(frame), PAGE_BYTES);
      } else this.cache.renew(frame);
      this.space.release(page);
      this.refer(depth, dirty);
      setOn(depth, dirty, indexOn(depth));
    }
    this.leaf = frameOn(levels - 1);
  }

  /** Puts the reference to a dirty page into its parent. */
  private refer(depth: i32, frame: i32): void {
    const reference = DIRTY_REFERENCE | (<u64>frame);
    if (depth == 0) this.root.page = reference;
    else {
      const parent = this.cache.at(frameOn(depth - 1));
      store<u64>(cellAt(parent, indexOn(depth - 1)), reference, 8);
    }
  }

  /** Puts a prepared cell into a page of the way; splits the page when it is full. */
  private insert(depth: i32, index: i32, cell: usize, bytes: i32): void {
    const page = this.cache.at(frameOn(depth));
    const place = insertCell(page, index, bytes);
    if (place != 0) {
      memory.copy(place, cell, bytes);
      return;
    }
    const rightFrame = this.takeDirty();
    const right = this.cache.at(rightFrame);
    const toRight = splitPage(page, right, index, bytes);
    const target = toRight ? right : page;
    const targetIndex = toRight ? index - countOf(page) : index;
    const targetPlace = insertCell(target, targetIndex, bytes);
    assert(targetPlace != 0, "kv: half a page has no room for a cell");
    memory.copy(targetPlace, cell, bytes);
    // The shortest key that separates the two pages; that of an inner page's first cell moves up.
    const first = cellAt(right, 0);
    const firstKey = keyOf(right, first);
    let keyBytes = keyBytesOf(first);
    if (isLeaf(page)) {
      const last = cellAt(page, countOf(page) - 1);
      keyBytes = commonBytes(keyOf(page, last), keyBytesOf(last), firstKey, keyBytes) + 1;
    }
    this.writeInner(DIRTY_REFERENCE | (<u64>rightFrame), 0, firstKey, keyBytes);
    if (!isLeaf(page)) clearKey(right, first);
    let parentDepth = depth - 1;
    if (depth == 0) {
      this.growRoot(<i32>load<u8>(page, 1) + 1);
      parentDepth = 0;
    }
    this.insert(
      parentDepth,
      indexOn(parentDepth) + 1,
      innerScratch,
      <i32>INNER_CELL_KEY + keyBytes,
    );
  }

  private writeInner(page: u64, checksum: u64, key: usize, keyBytes: i32): void {
    store<u64>(innerScratch, <u64>keyBytes);
    store<u64>(innerScratch, page, 8);
    store<u64>(innerScratch, checksum, 16);
    memory.copy(innerKey(innerScratch), key, keyBytes);
  }

  /** The way gets a new first page, whose only child is the root. */
  private growRoot(level: i32): void {
    const root = this.root;
    assert(level < LEVELS_MAX, "kv: the tree has too many levels");
    const frame = this.takeDirty();
    const page = this.cache.at(frame);
    makePage(page, level);
    const cell = insertCell(page, 0, <i32>INNER_CELL_KEY);
    store<u64>(cell, 0);
    store<u64>(cell, root.page, 8);
    store<u64>(cell, root.checksum, 16);
    growWay(root.levels, frame);
    root.page = DIRTY_REFERENCE | (<u64>frame);
    root.levels = level + 1;
  }

  /** After a cell of this page of the way was taken away. */
  private rebalance(depth: i32): void {
    const frame = frameOn(depth);
    const page = this.cache.at(frame);
    const count = countOf(page);
    if (depth == 0) this.lowerRoot();
    else if (count == 0 && isLeaf(page)) this.noteEmpty(frame);
    else if (count == 0) {
      this.cache.discard(frame);
      this.removeChild(depth - 1, indexOn(depth - 1));
    } else if (this.joins && usedBytes(page) < SPARSE_BYTES) this.join(depth);
  }

  private lowerRoot(): void {
    const root = this.root;
    while (root.levels > 0) {
      if (root.page < DIRTY_REFERENCE) return;
      const frame = <i32>root.page;
      const page = this.cache.at(frame);
      const count = countOf(page);
      if (count > 1 || (count == 1 && root.levels == 1)) return;
      if (count == 0) {
        root.page = 0;
        root.checksum = 0;
        root.levels = 0;
      } else {
        const cell = cellAt(page, 0);
        root.page = load<u64>(cell, 8);
        root.checksum = load<u64>(cell, 16);
        root.levels--;
      }
      this.cache.discard(frame);
    }
  }

  private removeChild(depth: i32, index: i32): void {
    const page = this.cache.at(frameOn(depth));
    removeCell(page, index);
    if (index == 0 && countOf(page) > 0) clearKey(page, cellAt(page, 0));
    this.rebalance(depth);
  }

  /** Joins a sparse page with a neighbour, if that is in the cache: nothing is read for it. */
  private join(depth: i32): void {
    const parent = this.cache.at(frameOn(depth - 1));
    const index = indexOn(depth - 1);
    if (index + 1 < countOf(parent) && this.joinRight(depth, parent, index + 1)) return;
    if (index > 0) this.joinLeft(depth, parent, index);
  }

  private neighbourFrame(depth: i32, cell: usize): i32 {
    const level = <i32>load<u8>(this.cache.at(frameOn(depth)), 1);
    return this.cache.peek(load<u64>(cell, 8), load<u64>(cell, 16), level);
  }

  private joinRight(depth: i32, parent: usize, index: i32): bool {
    const separator = cellAt(parent, index);
    const frame = this.neighbourFrame(depth, separator);
    if (frame < 0) return false;
    const page = this.cache.at(frameOn(depth));
    const other = this.cache.at(frame);
    const more = isLeaf(page) ? 0 : keyBytesOf(separator);
    if (usedBytes(page) + usedBytes(other) + more > JOINED_BYTES_MAX) return false;
    const count = countOf(other);
    for (let at = 0; at < count; at++) {
      const cell = cellAt(other, at);
      if (at == 0 && more > 0) this.appendFirst(page, countOf(page), cell, separator);
      else appendCell(page, cell, cellBytes(other, cell));
    }
    this.drop(frame);
    this.removeChild(depth - 1, index);
    return true;
  }

  private joinLeft(depth: i32, parent: usize, index: i32): void {
    const separator = cellAt(parent, index);
    const frame = this.neighbourFrame(depth, cellAt(parent, index - 1));
    if (frame < 0) return;
    const page = this.cache.at(frameOn(depth));
    const other = this.cache.at(frame);
    const more = isLeaf(page) ? 0 : keyBytesOf(separator);
    if (usedBytes(page) + usedBytes(other) + more > JOINED_BYTES_MAX) return;
    if (more > 0) {
      this.writeInner(
        load<u64>(cellAt(page, 0), 8),
        load<u64>(cellAt(page, 0), 16),
        innerKey(separator),
        more,
      );
      removeCell(page, 0);
      const bytes = <i32>INNER_CELL_KEY + more;
      memory.copy(insertCell(page, 0, bytes), innerScratch, bytes);
    }
    const count = countOf(other);
    for (let at = 0; at < count; at++) {
      const cell = cellAt(other, at);
      const bytes = cellBytes(other, cell);
      memory.copy(insertCell(page, at, bytes), cell, bytes);
    }
    this.drop(frame);
    // This page takes the place of its left neighbour.
    store<u64>(cellAt(parent, index - 1), DIRTY_REFERENCE | (<u64>frameOn(depth)), 8);
    this.removeChild(depth - 1, index);
  }

  /** The first cell of an inner page has no key of its own: in another place it needs the one of the parent. */
  private appendFirst(page: usize, index: i32, cell: usize, separator: usize): void {
    const keyBytes = keyBytesOf(separator);
    this.writeInner(load<u64>(cell, 8), load<u64>(cell, 16), innerKey(separator), keyBytes);
    const bytes = <i32>INNER_CELL_KEY + keyBytes;
    memory.copy(insertCell(page, index, bytes), innerScratch, bytes);
  }

  private drop(frame: i32): void {
    const record = this.cache.frame(frame);
    if (record.state == FrameState.DIRTY) this.cache.discard(frame);
    else this.space.release(record.page);
  }
}
