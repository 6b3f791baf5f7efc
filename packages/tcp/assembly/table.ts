import { hasRoom } from "@phantasm/runtime/heap/room";
import { TupleHash } from "./tuple-hash";
import { Connection } from "./connection";
import { Tuple } from "./tuple";

const BUCKETS_FIRST: i32 = 64;

/**
 * Connections by their addresses and ports. Which bucket those fall into nobody knows who does not know the key; it
 * grows with the number of connections, as long as memory has room.
 */
@final
export class ConnectionTable {
  private buckets: StaticArray<Connection | null> = new StaticArray<Connection | null>(
    BUCKETS_FIRST,
  );
  private found: Connection | null = null;
  private entries: i32 = 0;

  constructor(private readonly key: TupleHash) {}

  get count(): i32 {
    return this.entries;
  }

  find(tuple: Tuple): Connection | null {
    // Segments come in trains.
    const last = this.found;
    if (last !== null && matches(last, tuple)) return last;
    if (this.entries == 0) return null;
    const hash = <u32>this.key.of(tuple, 0);
    let c = this.buckets[hash & (this.buckets.length - 1)];
    while (c !== null && !matches(c, tuple)) c = c.tableNext;
    if (c !== null) this.found = c;
    return c;
  }

  /** @param tuple of the connection */
  insert(c: Connection, tuple: Tuple): void {
    c.hash = <u32>this.key.of(tuple, 0);
    const buckets = this.buckets.length;
    if (this.entries >= buckets && hasRoom((<usize>buckets) << (1 + alignof<usize>()))) this.grow();
    this.entries++;
    const bucket = c.hash & (this.buckets.length - 1);
    c.tableNext = this.buckets[bucket];
    this.buckets[bucket] = c;
  }

  remove(c: Connection): void {
    if (this.found === c) this.found = null;
    const bucket = c.hash & (this.buckets.length - 1);
    let at = this.buckets[bucket];
    if (at === c) this.buckets[bucket] = c.tableNext;
    else {
      while (at !== null && at.tableNext !== c) at = at.tableNext;
      if (at === null) return;
      at.tableNext = c.tableNext;
    }
    c.tableNext = null;
    this.entries--;
  }

  /** The one after `previous`, the first after null; null: there are no more. Insert nothing in between. */
  next(previous: Connection | null): Connection | null {
    const buckets = this.buckets;
    let bucket = 0;
    if (previous !== null) {
      const follower = previous.tableNext;
      if (follower !== null) return follower;
      bucket = <i32>(previous.hash & (buckets.length - 1)) + 1;
    }
    for (; bucket < buckets.length; bucket++) {
      const c = buckets[bucket];
      if (c !== null) return c;
    }
    return null;
  }

  private grow(): void {
    const old = this.buckets;
    const grown = new StaticArray<Connection | null>(old.length << 1);
    for (let i = 0; i < old.length; i++) {
      let c = old[i];
      while (c !== null) {
        const next = c.tableNext;
        const bucket = c.hash & (grown.length - 1);
        c.tableNext = grown[bucket];
        grown[bucket] = c;
        c = next;
      }
    }
    this.buckets = grown;
  }
}

function matches(c: Connection, tuple: Tuple): bool {
  return (
    c.remotePort == tuple.remotePort &&
    c.localPort == tuple.localPort &&
    c.remoteLow == tuple.remoteLow &&
    c.remoteHigh == tuple.remoteHigh &&
    c.localLow == tuple.localLow &&
    c.localHigh == tuple.localHigh
  );
}
