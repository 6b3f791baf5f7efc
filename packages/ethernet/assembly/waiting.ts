/**
 * Frames that wait for a neighbour's link address: copies, in a small number of buffers made once. RFC 1122
 * §2.3.2.2: at least the latest packet to a host should be kept while its address is asked for.
 */
import { ETHERNET_HEADER_BYTES, LINK_HEADROOM_BYTES } from "@phantasm/interfaces";
import { Ethernet } from "./ethernet";

/** In front of a kept frame: u64 next hop low, u64 next hop high, u32 bytes of the payload (0: free), u32 age. */
const RECORD_BYTES: usize = 24;

/** What they may take in all when frames are large; but two fit always. */
const WAITING_BYTES_MAX: usize = 131_072;


@final
export class WaitingFrames {
  /** Raw memory, made with the first frame that waits. */
  private buffers: usize = 0;
  private readonly strideBytes: usize;
  private readonly capacity: i32;
  private waiting: i32 = 0;
  /** Counts kept frames: the lowest is the oldest. */
  private clock: u32 = 0;

  /**
   * @param capacity frames that wait at once, fewer if they are large; one more takes the place of the oldest
   * @param perHop of these for one next hop
   */
  constructor(
    private readonly ethernet: Ethernet,
    capacity: i32,
    private readonly perHop: i32,
  ) {
    const frameBytes = LINK_HEADROOM_BYTES + ETHERNET_HEADER_BYTES + ethernet.mtu;
    const strideBytes = (RECORD_BYTES + <usize>frameBytes + 7) & ~7;
    this.strideBytes = strideBytes;
    this.capacity = max(2, min(capacity, <i32>(WAITING_BYTES_MAX / strideBytes)));
  }

  /** Frames that wait. */
  get count(): i32 {
    return this.waiting;
  }

  /**
   * Keeps the frame in ethernet's buffer, begun with `head` or `headOffloaded`, until `sendTo` or `drop` of that next hop.
   * What is larger than a frame of the MTU is dropped.
   */
  keep(hopHigh: u64, hopLow: u64, bytes: i32): void {
    const ethernet = this.ethernet;
    if (bytes > ethernet.mtu) {
      ethernet.counters.waitingDropped++;
      return;
    }
    if (this.buffers == 0) {
      this.buffers = heap.alloc(this.strideBytes * this.capacity);
      for (let at = 0; at < this.capacity; at++) store<u32>(this.record(at), 0, 16);
    }
    const record = this.place(hopHigh, hopLow);
    if (load<u32>(record, 16) != 0) ethernet.counters.waitingDropped++;
    else this.waiting++;
    store<u64>(record, hopLow);
    store<u64>(record, hopHigh, 8);
    store<u32>(record, bytes, 16);
    store<u32>(record, this.clock++, 20);
    const head = LINK_HEADROOM_BYTES + ETHERNET_HEADER_BYTES;
    memory.copy(record + RECORD_BYTES, ethernet.begin() - head, head + bytes);
  }

  /** Sends what waits for that next hop, the oldest first. The frame in ethernet's buffer is lost. */
  sendTo(hopHigh: u64, hopLow: u64, target: u64): void {
    const head = LINK_HEADROOM_BYTES + ETHERNET_HEADER_BYTES;
    while (this.waiting > 0) {
      const record = this.oldest(hopHigh, hopLow);
      if (record == 0) return;
      const bytes = load<i32>(record, 16);
      const at = this.ethernet.begin() - head;
      memory.copy(at, record + RECORD_BYTES, head + bytes);
      this.free(record);
      // Without room it is lost, like any frame in a full queue.
      if (this.ethernet.sendTo(target, bytes) < 0) this.ethernet.counters.waitingDropped++;
    }
  }

  /** Gives up what waits for that next hop. */
  drop(hopHigh: u64, hopLow: u64): void {
    for (let at = 0; at < this.capacity && this.waiting > 0; at++) {
      const record = this.record(at);
      if (!this.isFor(record, hopHigh, hopLow)) continue;
      this.free(record);
      this.ethernet.counters.waitingDropped++;
    }
  }

  /**
   * Gives up the oldest frame that waits for that next hop, and answers where its payload lies, to tell its sender:
   * until the next `keep`. 0: none.
   */
  takeOldest(hopHigh: u64, hopLow: u64): usize {
    if (this.waiting == 0) return 0;
    const record = this.oldest(hopHigh, hopLow);
    if (record == 0) return 0;
    this.free(record);
    this.ethernet.counters.waitingDropped++;
    return record + RECORD_BYTES + LINK_HEADROOM_BYTES + ETHERNET_HEADER_BYTES;
  }

  private record(index: i32): usize {
    return this.buffers + <usize>index * this.strideBytes;
  }

  private free(record: usize): void {
    store<u32>(record, 0, 16);
    this.waiting--;
  }

  private isFor(record: usize, hopHigh: u64, hopLow: u64): bool {
    return (
      load<u32>(record, 16) != 0 && load<u64>(record) == hopLow && load<u64>(record, 8) == hopHigh
    );
  }

  /** A free place; else the oldest of that next hop, if it has its share; else the oldest of all. */
  private place(hopHigh: u64, hopLow: u64): usize {
    let free: usize = 0;
    let own = 0;
    let oldest: usize = 0;
    for (let at = 0; at < this.capacity; at++) {
      const record = this.record(at);
      if (load<u32>(record, 16) == 0) {
        free = record;
        continue;
      }
      if (this.isFor(record, hopHigh, hopLow)) own++;
      if (oldest == 0 || this.isOlder(record, oldest)) oldest = record;
    }
    if (own >= this.perHop) return this.oldest(hopHigh, hopLow);
    return free != 0 ? free : oldest;
  }

  private oldest(hopHigh: u64, hopLow: u64): usize {
    let oldest: usize = 0;
    for (let at = 0; at < this.capacity; at++) {
      const record = this.record(at);
      if (!this.isFor(record, hopHigh, hopLow)) continue;
      if (oldest == 0 || this.isOlder(record, oldest)) oldest = record;
    }
    return oldest;
  }

  private isOlder(one: usize, other: usize): bool {
    return <i32>(load<u32>(one, 20) - load<u32>(other, 20)) < 0;
  }
}
