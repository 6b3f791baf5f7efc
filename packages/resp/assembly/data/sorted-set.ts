/**
 * A sorted set: a table of its members, and a skip list (Pugh 1990) of the same entries by score, then by bytes.
 * Links count what they skip, so that ranks cost no more than searches.
 *
 * A node is raw memory: entry u32, before u32, levels u32, then for each level next u32 and skipped u32.
 */
import { ENTRY_BYTES, Entry, Table, newTable } from "../memory/table";
import { allocate, release } from "../memory/heap";

const LEVELS_MAX: i32 = 24;
const NODE_BYTES: i32 = 12;
const SET_BYTES: i32 = <i32>offsetof<SortedSet>();

/** Nodes on the way, and their ranks, level by level: of the operation under way. */
const path: StaticArray<u32> = new StaticArray<u32>(LEVELS_MAX);
const ranks: StaticArray<u32> = new StaticArray<u32>(LEVELS_MAX);

let draws: u64 = 0x9e3779b97f4a7c15;

/** Heights of nodes cannot be foreseen by who does not know this. */
export function seedHeights(seed: u64): void {
  draws = seed | 1;
}

/** Each level has a quarter of the nodes of the one below. */
function drawLevels(): i32 {
  // xorshift64 (Marsaglia 2003).
  draws ^= draws << 13;
  draws ^= draws >> 7;
  draws ^= draws << 17;
  return min(1 + ((<i32>ctz(draws | ((<u64>1) << 62))) >> 1), LEVELS_MAX);
}

function nextOf(node: usize, level: i32): usize {
  return <usize>load<u32>(node + ((<usize>level) << 3), <usize>NODE_BYTES);
}

function setNext(node: usize, level: i32, next: usize): void {
  store<u32>(node + ((<usize>level) << 3), <u32>next, <usize>NODE_BYTES);
}

function skippedBy(node: usize, level: i32): u32 {
  return load<u32>(node + ((<usize>level) << 3), <usize>NODE_BYTES + 4);
}

function setSkipped(node: usize, level: i32, skipped: u32): void {
  store<u32>(node + ((<usize>level) << 3), skipped, <usize>NODE_BYTES + 4);
}

export function entryOf(node: usize): Entry {
  return changetype<Entry>(<usize>load<u32>(node));
}

export function scoreOf(entry: Entry): f64 {
  return reinterpret<f64>(entry.extra);
}


@unmanaged
export class SortedSet {
  private members: usize;
  private head: usize;
  private tail: usize;
  private levels: i32;

  get address(): usize {
    // eslint-disable-next-line assemblyscript/no-changetype-usize -- raw memory: the collector knows nothing of it
    return changetype<usize>(this);
  }

  get table(): Table {
    return changetype<Table>(this.members);
  }

  get count(): i32 {
    return this.table.count;
  }

  /** The lowest, 0: none. */
  get first(): usize {
    return nextOf(this.head, 0);
  }

  /** The highest, 0: none. */
  get last(): usize {
    return this.tail;
  }

  next(node: usize): usize {
    return nextOf(node, 0);
  }

  previous(node: usize): usize {
    return <usize>load<u32>(node, 4);
  }

  private isBefore(entry: Entry, score: f64, key: usize, bytes: i32): bool {
    const own = scoreOf(entry);
    if (own != score) return own < score;
    const shorter = min(entry.keyLength, bytes);
    const order = memory.compare(this.table.keyOf(entry), key, <usize>shorter);
    return order != 0 ? order < 0 : entry.keyLength < bytes;
  }

  /** Fills in the path to the last node before an entry. */
  private seek(entry: Entry): void {
    const key = this.table.keyOf(entry);
    const score = scoreOf(entry);
    let node = this.head;
    let rank: u32 = 0;
    for (let level = this.levels - 1; level >= 0; level--) {
      let next = nextOf(node, level);
      while (next != 0 && this.isBefore(entryOf(next), score, key, entry.keyLength)) {
        rank += skippedBy(node, level);
        node = next;
        next = nextOf(node, level);
      }
      path[level] = <u32>node;
      ranks[level] = rank;
    }
  }

  /** Adds a member that is not there. */
  add(key: usize, bytes: i32, score: f64): Entry {
    const entry = this.table.add(key, bytes);
    entry.extra = reinterpret<i64>(score);
    this.link(entry);
    return entry;
  }

  /** Gives a member another score. */
  move(entry: Entry, score: f64): void {
    this.unlink(entry);
    entry.extra = reinterpret<i64>(score);
    this.link(entry);
  }

  remove(entry: Entry): void {
    this.unlink(entry);
    this.table.remove(entry);
  }

  private link(entry: Entry): void {
    this.seek(entry);
    const levels = drawLevels();
    // The entry is in the table already: one less is in the list.
    const listed = <u32>this.table.count - 1;
    for (; this.levels < levels; this.levels++) {
      path[this.levels] = <u32>this.head;
      ranks[this.levels] = 0;
      setNext(this.head, this.levels, 0);
      setSkipped(this.head, this.levels, listed);
    }
    const node = allocate(NODE_BYTES + (levels << 3));
    store<u32>(node, <u32>entry.address);
    store<u32>(node, <u32>levels, 8);
    const rank = ranks[0];
    for (let level = 0; level < this.levels; level++) {
      const before = <usize>path[level];
      if (level >= levels) {
        setSkipped(before, level, skippedBy(before, level) + 1);
        continue;
      }
      const skipped = rank - ranks[level];
      setNext(node, level, nextOf(before, level));
      setNext(before, level, node);
      setSkipped(node, level, skippedBy(before, level) - skipped);
      setSkipped(before, level, skipped + 1);
    }
    const before = <usize>path[0];
    store<u32>(node, before == this.head ? 0 : <u32>before, 4);
    const next = nextOf(node, 0);
    if (next == 0) this.tail = node;
    else store<u32>(next, <u32>node, 4);
  }

  private unlink(entry: Entry): void {
    this.seek(entry);
    const node = nextOf(<usize>path[0], 0);
    assert(entryOf(node) === entry, "resp: a member is not in its list");
    for (let level = 0; level < this.levels; level++) {
      const before = <usize>path[level];
      let skipped = skippedBy(before, level) - 1;
      if (nextOf(before, level) == node) {
        skipped += skippedBy(node, level);
        setNext(before, level, nextOf(node, level));
      }
      setSkipped(before, level, skipped);
    }
    const next = nextOf(node, 0);
    if (next == 0) this.tail = this.previous(node);
    else store<u32>(next, <u32>this.previous(node), 4);
    release(node, NODE_BYTES + ((<i32>load<u32>(node, 8)) << 3));
    while (this.levels > 1 && nextOf(this.head, this.levels - 1) == 0) this.levels--;
  }

  /** From 0. */
  rank(entry: Entry): i32 {
    this.seek(entry);
    return <i32>ranks[0];
  }

  /** The node of a rank from 0 on, which exists. */
  at(rank: i32): usize {
    let left = <u32>rank + 1;
    let node = this.head;
    for (let level = this.levels - 1; level >= 0; level--) {
      let next = nextOf(node, level);
      while (next != 0 && skippedBy(node, level) <= left) {
        left -= skippedBy(node, level);
        node = next;
        next = nextOf(node, level);
      }
      if (left == 0) break;
    }
    return node;
  }

  /** How many have a lower score, or, `orEqual`, that one. */
  countBelow(score: f64, orEqual: bool): i32 {
    let node = this.head;
    let count: u32 = 0;
    for (let level = this.levels - 1; level >= 0; level--) {
      for (let next = nextOf(node, level); next != 0; next = nextOf(node, level)) {
        const own = scoreOf(entryOf(next));
        if (own > score || (own == score && !orEqual)) break;
        count += skippedBy(node, level);
        node = next;
      }
    }
    return <i32>count;
  }

  /** How many come before some bytes, or, `orEqual`, are those, where all scores are the same. */
  countBefore(key: usize, bytes: i32, orEqual: bool): i32 {
    let node = this.head;
    let count: u32 = 0;
    for (let level = this.levels - 1; level >= 0; level--) {
      for (let next = nextOf(node, level); next != 0; next = nextOf(node, level)) {
        const entry = entryOf(next);
        const shorter = min(entry.keyLength, bytes);
        let order = memory.compare(this.table.keyOf(entry), key, <usize>shorter);
        if (order == 0) order = entry.keyLength - bytes;
        if (order > 0 || (order == 0 && !orEqual)) break;
        count += skippedBy(node, level);
        node = next;
      }
    }
    return <i32>count;
  }

  free(): void {
    const table = this.table;
    for (let node = this.first; node != 0;) {
      const next = nextOf(node, 0);
      table.freeEntry(entryOf(node));
      release(node, NODE_BYTES + ((<i32>load<u32>(node, 8)) << 3));
      node = next;
    }
    table.freeBuckets();
    release(this.head, NODE_BYTES + (LEVELS_MAX << 3));
    release(this.address, SET_BYTES);
  }

  /** For `newSortedSet`. */
  initialise(): void {
    memory.fill(this.address, 0, <usize>SET_BYTES);
    this.members = newTable(ENTRY_BYTES).address;
    this.head = allocate(NODE_BYTES + (LEVELS_MAX << 3));
    memory.fill(this.head, 0, <usize>(NODE_BYTES + (LEVELS_MAX << 3)));
    this.levels = 1;
  }
}

export function newSortedSet(): SortedSet {
  const set = changetype<SortedSet>(allocate(SET_BYTES));
  set.initialise();
  return set;
}
