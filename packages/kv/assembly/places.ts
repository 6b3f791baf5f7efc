/**
 * Where keys lie that were changed before: past the way from the root, which costs a dozen misses of the processor's
 * cache, to one cell.
 *
 * Nothing keeps a place right: what lies there says whether it is. Only leaves that are dirty count. Such a page is
 * part of the tree as it is now, as are all above it, which are dirty, too, and none of them can leave the cache. A key
 * is in the tree once, so that where it is found in one of them is where `seek` would have come to.
 */
import { Cache, FrameState } from "./cache";
import { equalBytes } from "./compare";
import { BATCH_OPERATIONS_MAX, NAMESPACE_USER, afterOperation, operationHeadBytes } from "./layout";
import { cellAt, countOf, isLeaf, keyBytesOf, leafKey } from "./page";

/** Places for each frame, in buckets of two: twice as many keys have one as a leaf has of 250 bytes. */
const FRAME_BUCKETS: i32 = 8;
const BUCKET_SHIFT: usize = 3;
const NOWHERE: u32 = 0xffff_ffff;

// A place, from the lowest bit: the index in the leaf, of which there are fewer than 256; the frame, of which there are
// at most 131072; some bits of the hash.
const INDEX_BITS: u32 = 8;
const INDEX_MASK: u32 = (1 << INDEX_BITS) - 1;
const TAG_SHIFT: u32 = 25;
const FRAME_MASK: u32 = (1 << (TAG_SHIFT - INDEX_BITS)) - 1;
const TAG_MASK: u64 = 0x7f;

/** Operations that are looked for side by side. */
const GROUP_MAX: i32 = 64;

/** u64 hash, then address of the cell, of each of them. */
const group: usize = memory.data(512, 8);


@final
export class Places {
  private readonly buckets: usize;
  private readonly shift: u64;
  /** u32 address of the cell, or 0, of each operation of the batch that is being prepared. */
  private readonly cells: usize = heap.alloc((<usize>BATCH_OPERATIONS_MAX) << 2);

  constructor(private readonly cache: Cache) {
    const bits = 32 - clz<u32>(cache.capacity * FRAME_BUCKETS - 1);
    this.shift = <u64>(64 - bits);
    const bytes = (<usize>1) << (<usize>bits + BUCKET_SHIFT);
    this.buckets = heap.alloc(bytes);
    memory.fill(this.buckets, 0xff, bytes);
  }

  /** The cell of a user's key, 0: it is to be sought. */
  find(key: usize, keyBytes: i32): usize {
    return this.confirmed(this.candidate(hashOf(key, keyBytes)), key, keyBytes);
  }

  /**
   * `find` for the next operations of a batch, of which `before` were located before; returns how many are by now. What
   * each of them waits for comes from memory while the others wait, too.
   */
  locate(operations: usize, end: usize, before: i32): i32 {
    let count = 0;
    for (let at = operations; at < end && count < GROUP_MAX; at = afterOperation(at)) {
      const hash = hashOf(at + operationHeadBytes(at), <i32>load<u16>(at, 2));
      store<u64>(group + ((<usize>count) << 3), hash);
      count++;
    }
    const last = group + ((<usize>count) << 3);
    for (let slot = group; slot < last; slot += 8)
      store<u64>(slot, <u64>this.candidate(load<u64>(slot)));
    let at = operations;
    for (let index = 0; index < count; index++) {
      const candidate = <usize>load<u64>(group + ((<usize>index) << 3));
      const key = at + operationHeadBytes(at);
      const cell = this.confirmed(candidate, key, <i32>load<u16>(at, 2));
      if (before + index < BATCH_OPERATIONS_MAX)
        store<u32>(this.cells + ((<usize>(before + index)) << 2), <u32>cell);
      at = afterOperation(at);
    }
    return before + count;
  }

  /** What `locate` has found for an operation of the batch, 0: nothing; as long as no cell was moved. */
  at(index: i32): usize {
    return index < BATCH_OPERATIONS_MAX ? <usize>load<u32>(this.cells + ((<usize>index) << 2)) : 0;
  }

  /** Where in its leaf a user's key may be, wherever that leaf is by now; -1: anywhere. */
  guess(key: usize, keyBytes: i32): i32 {
    const place = this.placeOf(hashOf(key, keyBytes));
    return place == NOWHERE ? -1 : <i32>(place & INDEX_MASK);
  }

  /** A user's key was last seen there. */
  note(key: usize, keyBytes: i32, frame: i32, index: i32): void {
    const hash = hashOf(key, keyBytes);
    const bucket = this.bucketOf(hash);
    const place = tagOf(hash) | ((<u32>frame) << INDEX_BITS) | (<u32>index);
    const first = load<u32>(bucket);
    if ((first ^ place) >> TAG_SHIFT != 0) store<u32>(bucket, first, 4);
    store<u32>(bucket, place);
  }

  // @ts-ignore: decorator
  @inline
  private bucketOf(hash: u64): usize {
    return this.buckets + ((<usize>(hash >> this.shift)) << BUCKET_SHIFT);
  }

  // @ts-ignore: decorator
  @inline
  private placeOf(hash: u64): u32 {
    const bucket = this.bucketOf(hash);
    const tag = tagOf(hash);
    const first = load<u32>(bucket);
    if ((first ^ tag) >> TAG_SHIFT == 0) return first;
    const second = load<u32>(bucket, 4);
    return (second ^ tag) >> TAG_SHIFT == 0 ? second : NOWHERE;
  }

  /** A cell that may be the one; 0: none is. */
  // @ts-ignore: decorator
  @inline
  private candidate(hash: u64): usize {
    const place = this.placeOf(hash);
    if (place == NOWHERE) return 0;
    const frame = <i32>((place >> INDEX_BITS) & FRAME_MASK);
    if (this.cache.frame(frame).state != FrameState.DIRTY) return 0;
    const page = this.cache.at(frame);
    const index = <i32>(place & INDEX_MASK);
    return isLeaf(page) && index < countOf(page) ? cellAt(page, index) : 0;
  }

  // @ts-ignore: decorator
  @inline
  private confirmed(cell: usize, key: usize, keyBytes: i32): usize {
    if (cell == 0 || keyBytesOf(cell) != keyBytes + 1) return 0;
    const found = leafKey(cell);
    const isIt = load<u8>(found) == NAMESPACE_USER && equalBytes(found + 1, key, keyBytes);
    return isIt ? cell : 0;
  }
}

// @ts-ignore: decorator
@inline
function tagOf(hash: u64): u32 {
  return (<u32>(hash & TAG_MASK)) << TAG_SHIFT;
}

/**
 * A hash that anybody can compute: who chooses keys that share a place has them sought, as if there were no places.
 */
// @ts-ignore: decorator
@inline
function hashOf(key: usize, keyBytes: i32): u64 {
  let hash = <u64>keyBytes;
  let left = keyBytes;
  let at = key;
  for (; left >= 8; left -= 8) {
    hash = mixed(hash ^ load<u64>(at));
    at += 8;
  }
  let last: u64 = 0;
  for (; left > 0; left--) last = (last << 8) | (<u64>load<u8>(at + <usize>left - 1));
  return mixed(hash ^ last);
}

// @ts-ignore: decorator
@inline
function mixed(hash: u64): u64 {
  const product = hash * 0x9e37_79b9_7f4a_7c15;
  return product ^ (product >> 32);
}
