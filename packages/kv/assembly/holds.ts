/**
 * Trees of the past that somebody reads: snapshots, streams. A page that was freed by generation g is not
 * given away as long as a hold on a generation before g is open: it may be part of that tree.
 *
 * Each hold keeps the pages that were freed while it was the newest one. When it is dropped, they pass to the
 * next older one: whether they are as old as that is not known, so they wait.
 */

@final
class Hold {
  generation: u64 = 0;
  users: i32 = 0;
  /** Bits of the pages it keeps, or 0. */
  kept: usize = 0;
}


@final
export class Holds {
  /** Bytes of a set of pages. */
  bytes: usize = 0;
  private readonly holds: StaticArray<Hold>;

  constructor(holdsMax: i32) {
    const holds = new StaticArray<Hold>(holdsMax);
    for (let index = 0; index < holdsMax; index++) holds[index] = new Hold();
    this.holds = holds;
  }

  /** Holds the tree of a generation; when all places are taken, an older one, which keeps no less. */
  take(generation: u64): i32 {
    let unused = -1;
    for (let index = 0; index < this.holds.length; index++) {
      const hold = unchecked(this.holds[index]);
      if (hold.users == 0) unused = index;
      else if (hold.generation == generation) {
        hold.users++;
        return index;
      }
    }
    if (unused < 0) unused = this.newestBefore(generation);
    const hold = this.holds[unused];
    if (hold.users++ == 0) hold.generation = generation;
    return unused;
  }

  /** True if nobody else has it. */
  drop(index: i32): bool {
    return --this.holds[index].users == 0;
  }

  /** True if somebody holds something. */
  get any(): bool {
    for (let index = 0; index < this.holds.length; index++) {
      if (unchecked(this.holds[index]).users > 0) return true;
    }
    return false;
  }

  generationOf(index: i32): u64 {
    return this.holds[index].generation;
  }

  /** The newest hold of a generation before this one; -1: there is none. */
  newestBefore(generation: u64): i32 {
    let newest = -1;
    for (let index = 0; index < this.holds.length; index++) {
      const hold = unchecked(this.holds[index]);
      if (hold.users == 0 || hold.generation >= generation) continue;
      if (newest < 0 || hold.generation > this.holds[newest].generation) newest = index;
    }
    return newest;
  }

  keep(index: i32, pages: usize): void {
    const hold = this.holds[index];
    if (hold.kept == 0) {
      hold.kept = heap.alloc(this.bytes);
      memory.fill(hold.kept, 0, this.bytes);
    }
    for (let at: usize = 0; at < this.bytes; at += 8) {
      store<u64>(hold.kept + at, load<u64>(hold.kept + at) | load<u64>(pages + at));
    }
  }

  /** The caller frees it; 0: it kept none. */
  takeKept(index: i32): usize {
    const hold = this.holds[index];
    const kept = hold.kept;
    hold.kept = 0;
    return kept;
  }

  /** Pages that holds keep. */
  get pages(): u64 {
    let sum: u64 = 0;
    for (let index = 0; index < this.holds.length; index++) {
      const kept = unchecked(this.holds[index]).kept;
      if (kept == 0) continue;
      for (let at: usize = 0; at < this.bytes; at += 8) sum += popcnt<u64>(load<u64>(kept + at));
    }
    return sum;
  }
}
