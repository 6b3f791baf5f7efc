/** Packets on their way, in the order in which they arrive: a binary heap over a fixed number of slots. */

export const PACKET_BYTES_MAX: i32 = 2048;
const PACKETS_MAX: i32 = 16384;

/** Who is given what arrives. */
export interface Port {
  /** @param isMarked a router has marked it (RFC 3168: CE) */
  receive(packet: usize, bytes: i32, isMarked: bool, nowNs: i64): void;
}


@unmanaged
class Slot {
  dueNs: i64;
  /** Of two that are due at the same time, the one that was sent first is first. */
  order: u32;
  port: i32;
  bytes: i32;
  isMarked: bool;
}

const SLOT_BYTES: usize = (offsetof<Slot>() + 15) & ~15;

export class PacketQueue {
  /** How many arrive, and how many found no slot. */
  delivered: u64 = 0;
  overflowed: u64 = 0;
  private readonly ports: Port[] = [];
  private readonly heap: StaticArray<u32> = new StaticArray<u32>(PACKETS_MAX);
  private readonly free: StaticArray<u32> = new StaticArray<u32>(PACKETS_MAX);
  private count: i32 = 0;
  private freeCount: i32 = PACKETS_MAX;
  private order: u32 = 0;
  private readonly memory: usize;

  constructor() {
    this.memory = heap.alloc(<usize>PACKETS_MAX * (SLOT_BYTES + PACKET_BYTES_MAX));
    for (let i = 0; i < PACKETS_MAX; i++) this.free[i] = i;
  }

  attach(port: Port): i32 {
    return this.ports.push(port) - 1;
  }

  /** Forgets packets and ports. */
  clear(): void {
    while (this.count > 0) this.free[this.freeCount++] = this.heap[--this.count];
    this.ports.length = 0;
    this.order = 0;
    this.delivered = 0;
    this.overflowed = 0;
  }

  /** When the next one arrives; i64.MAX_VALUE: none is on its way. */
  get nextNs(): i64 {
    return this.count == 0 ? i64.MAX_VALUE : this.slot(this.heap[0]).dueNs;
  }

  /** Room for one, of `bytes` bytes, which the caller fills; 0: there is none. */
  add(port: i32, bytes: i32, isMarked: bool, dueNs: i64): usize {
    if (this.freeCount == 0) {
      this.overflowed++;
      return 0;
    }
    const number = this.free[--this.freeCount];
    const slot = this.slot(number);
    slot.dueNs = dueNs;
    slot.order = this.order++;
    slot.port = port;
    slot.bytes = bytes;
    slot.isMarked = isMarked;
    let at = this.count++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.isBefore(number, this.heap[parent])) break;
      this.heap[at] = this.heap[parent];
      at = parent;
    }
    this.heap[at] = number;
    return this.packet(number);
  }

  /** Gives the next one to its port. */
  deliver(): void {
    const number = this.heap[0];
    const last = this.heap[--this.count];
    let at = 0;
    while (true) {
      let child = (at << 1) + 1;
      if (child >= this.count) break;
      if (child + 1 < this.count && this.isBefore(this.heap[child + 1], this.heap[child])) child++;
      if (!this.isBefore(this.heap[child], last)) break;
      this.heap[at] = this.heap[child];
      at = child;
    }
    this.heap[at] = last;
    const slot = this.slot(number);
    this.delivered++;
    // Its slot is free only afterwards: what the port sends must not lie over it.
    const nowNs = slot.dueNs;
    this.ports[slot.port].receive(this.packet(number), slot.bytes, slot.isMarked, nowNs);
    this.free[this.freeCount++] = number;
  }

  private slot(number: u32): Slot {
    return changetype<Slot>(this.memory + <usize>number * (SLOT_BYTES + PACKET_BYTES_MAX));
  }

  private packet(number: u32): usize {
    return this.memory + <usize>number * (SLOT_BYTES + PACKET_BYTES_MAX) + SLOT_BYTES;
  }

  private isBefore(a: u32, b: u32): bool {
    const one = this.slot(a);
    const other = this.slot(b);
    return one.dueNs < other.dueNs || (one.dueNs == other.dueNs && one.order < other.order);
  }
}
