/**
 * Connections in TIME_WAIT (RFC 9293 §3.6): what is left of them is a record of 88 bytes, which answers what comes
 * late and lets a new connection begin early (§3.6.1, RFC 6191). At the limit, or where memory is full, the oldest goes.
 *
 * ```
 *  0 u64 remote high   8 remote low   16 local high   24 local low
 * 32 u16 local port, remote port      36 u32 hash
 * 40 u32 receiveNext  44 sendNext     48 timestampRecent  52 timestampOffset
 * 56 i64 when it ends
 * 64 u32 next of the bucket           68 older, 72 newer: index + 1, 0 is none
 * 76 u8 has time stamps              77 u8 a SYN was asked about
 * ```
 */
import { hasRoom } from "@phantasm/runtime/heap/room";
import { Timed, setTimer } from "@phantasm/runtime/timers";
import { Connection } from "./connection";
import { TcpCounters } from "./counters";
import { TcpLimits } from "./limits";
import { TupleHash } from "./tuple-hash";
import { Tuple } from "./tuple";

const RECORD_BYTES: usize = 88;
const CAPACITY_FIRST: i32 = 64;

/** What `find` answers when there is none. */
export const NONE: i32 = -1;


@final
export class TimeWait extends Timed {
  private records: usize = 0;
  private buckets: usize = 0;
  private capacity: i32 = 0;
  private entries: i32 = 0;
  /** Index + 1 of the first free record, of the oldest and of the newest. */
  private free: u32 = 0;
  private oldest: u32 = 0;
  private newest: u32 = 0;
  private readonly limit: i32;
  private readonly durationNs: i64;

  constructor(
    private readonly key: TupleHash,
    limits: TcpLimits,
    private readonly counters: TcpCounters,
  ) {
    super();
    this.limit = limits.timeWait;
    this.durationNs = limits.timeWaitNs;
  }

  get count(): i32 {
    return this.entries;
  }

  /** Address of a record, for `field` below. */
  private at(index: i32): usize {
    return this.records + <usize>index * RECORD_BYTES;
  }

  private bucket(hash: u32): usize {
    return this.buckets + ((<usize>(hash & (this.capacity - 1))) << 2);
  }

  add(c: Connection, nowNs: i64): void {
    if (this.limit == 0) return;
    if (this.entries == this.limit || (this.free == 0 && !this.grow())) {
      this.counters.timeWaitEvicted++;
      // Where memory is full there may be none.
      if (this.entries == 0) return;
      this.remove(<i32>this.oldest - 1);
    }
    const index = <i32>this.free - 1;
    const record = this.at(index);
    this.free = load<u32>(record, 64);
    this.entries++;
    store<u64>(record, c.remoteHigh);
    store<u64>(record, c.remoteLow, 8);
    store<u64>(record, c.localHigh, 16);
    store<u64>(record, c.localLow, 24);
    store<u16>(record, c.localPort, 32);
    store<u16>(record, c.remotePort, 34);
    store<u32>(record, c.hash, 36);
    store<u32>(record, c.receiveNext, 40);
    store<u32>(record, c.sendNext, 44);
    store<u32>(record, c.timestampRecent, 48);
    store<u32>(record, c.timestampOffset, 52);
    store<u8>(record, c.hasTimestamps ? 1 : 0, 76);
    store<u8>(record, 0, 77);
    const bucket = this.bucket(c.hash);
    store<u32>(record, load<u32>(bucket), 64);
    store<u32>(bucket, index + 1);
    this.append(index, nowNs);
  }

  /** Puts it behind all others, which end before it. */
  private append(index: i32, nowNs: i64): void {
    const record = this.at(index);
    store<i64>(record, nowNs + this.durationNs, 56);
    store<u32>(record, this.newest, 68);
    store<u32>(record, 0, 72);
    if (this.newest == 0) this.oldest = index + 1;
    else store<u32>(this.at(<i32>this.newest - 1), index + 1, 72);
    this.newest = index + 1;
    if (!this.timerIsPending) setTimer(this, nowNs + this.durationNs);
  }

  private takeOut(index: i32): void {
    const record = this.at(index);
    const older = load<u32>(record, 68);
    const newer = load<u32>(record, 72);
    if (older == 0) this.oldest = newer;
    else store<u32>(this.at(<i32>older - 1), newer, 72);
    if (newer == 0) this.newest = older;
    else store<u32>(this.at(<i32>newer - 1), older, 68);
  }

  /** RFC 9293 §3.10.7.4: the peer's FIN came again, and the wait begins anew. */
  restart(index: i32, nowNs: i64): void {
    this.takeOut(index);
    this.append(index, nowNs);
  }

  remove(index: i32): void {
    this.takeOut(index);
    const record = this.at(index);
    let link = this.bucket(load<u32>(record, 36));
    while (load<u32>(link) != <u32>index + 1) link = this.at(<i32>load<u32>(link) - 1) + 64;
    store<u32>(link, load<u32>(record, 64));
    store<u32>(record, this.free, 64);
    this.free = index + 1;
    this.entries--;
  }

  find(tuple: Tuple): i32 {
    if (this.entries == 0) return NONE;
    const hash = <u32>this.key.of(tuple, 0);
    for (let link = load<u32>(this.bucket(hash)); link != 0;) {
      const record = this.at(<i32>link - 1);
      if (
        load<u16>(record, 34) == tuple.remotePort &&
        load<u16>(record, 32) == tuple.localPort &&
        load<u64>(record, 8) == tuple.remoteLow &&
        load<u64>(record) == tuple.remoteHigh &&
        load<u64>(record, 24) == tuple.localLow &&
        load<u64>(record, 16) == tuple.localHigh
      )
        return <i32>link - 1;
      link = load<u32>(record, 64);
    }
    return NONE;
  }

  receiveNext(index: i32): u32 {
    return load<u32>(this.at(index), 40);
  }

  sendNext(index: i32): u32 {
    return load<u32>(this.at(index), 44);
  }

  hasTimestamps(index: i32): bool {
    return load<u8>(this.at(index), 76) != 0;
  }

  /** A SYN that is not later was answered with an ACK. */
  asks(index: i32): void {
    store<u8>(this.at(index), 1, 77);
  }

  hasAsked(index: i32): bool {
    return load<u8>(this.at(index), 77) != 0;
  }

  timestampRecent(index: i32): u32 {
    return load<u32>(this.at(index), 48);
  }

  timestampOffset(index: i32): u32 {
    return load<u32>(this.at(index), 52);
  }

  /** Index of the one after `index` in the order of their ends, the first after NONE; NONE: no more. */
  next(index: i32): i32 {
    return <i32>(index == NONE ? this.oldest : load<u32>(this.at(index), 72)) - 1;
  }

  /** Who it is, as in `find`: for a table of connections. */
  remoteHigh(index: i32): u64 {
    return load<u64>(this.at(index));
  }

  remoteLow(index: i32): u64 {
    return load<u64>(this.at(index), 8);
  }

  localHigh(index: i32): u64 {
    return load<u64>(this.at(index), 16);
  }

  localLow(index: i32): u64 {
    return load<u64>(this.at(index), 24);
  }

  localPort(index: i32): u16 {
    return load<u16>(this.at(index), 32);
  }

  remotePort(index: i32): u16 {
    return load<u16>(this.at(index), 34);
  }

  timerDue(nowNs: i64): void {
    while (this.oldest != 0) {
      const record = this.at(<i32>this.oldest - 1);
      const endNs = load<i64>(record, 56);
      if (endNs > nowNs) {
        setTimer(this, endNs);
        return;
      }
      this.remove(<i32>this.oldest - 1);
    }
  }

  /** False: memory is full. */
  private grow(): bool {
    const before = this.capacity;
    // Buckets are as many as records, or more: a power of two.
    const capacity = before == 0 ? CAPACITY_FIRST : before << 1;
    const bytes = <usize>capacity * RECORD_BYTES;
    const bucketBytes = (<usize>capacity) << 2;
    if (!hasRoom(bytes + bucketBytes)) return false;
    const records = heap.alloc(bytes + bucketBytes);
    if (before != 0) {
      memory.copy(records, this.records, <usize>before * RECORD_BYTES);
      heap.free(this.records);
    }
    this.capacity = capacity;
    this.records = records;
    this.buckets = records + bytes;
    memory.fill(this.buckets, 0, bucketBytes);
    // All old ones are in use, or it would not grow.
    for (let index = 0; index < before; index++) {
      const record = this.at(index);
      const bucket = this.bucket(load<u32>(record, 36));
      store<u32>(record, load<u32>(bucket), 64);
      store<u32>(bucket, index + 1);
    }
    for (let index = this.capacity - 1; index >= before; index--) {
      store<u32>(this.at(index), this.free, 64);
      this.free = index + 1;
    }
    return true;
  }
}
