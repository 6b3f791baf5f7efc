import { Datagram, Endpoint, IpAddress } from "@phantasm/interfaces";

/** In front of the bytes of each: u64 high, u64 low of the source, u16 its port, u16 zero, u32 bytes. */
const RECORD_BYTES: i32 = 24;
/** Records begin at multiples of this. */
const ALIGNMENT: i32 = 8;
/** In the place of the number of bytes: nothing follows up to the end of the ring. */
const SKIP: u32 = u32.MAX_VALUE;

/** Datagrams that wait to be read: whole records, one behind the other, in a ring of fixed size. */
@final
export class DatagramQueue {
  private readonly ring: Uint8Array;
  private head: i32 = 0;
  private tail: i32 = 0;
  private datagrams: i32 = 0;

  /** @param bytes of the ring; a datagram takes 24 more than its length, rounded up to 8 */
  constructor(bytes: i32) {
    this.ring = new Uint8Array(bytes & ~(ALIGNMENT - 1));
  }

  get count(): i32 {
    return this.datagrams;
  }

  /** False: no room. */
  push(datagram: Datagram): bool {
    const bytes = RECORD_BYTES + ((datagram.bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1));
    if (this.datagrams == 0) {
      this.head = 0;
      this.tail = 0;
    }
    const size = this.ring.length;
    let at = this.tail;
    if (this.datagrams > 0 && at <= this.head) {
      // It goes round: free is what lies between.
      if (this.head - at < bytes) return false;
    } else if (size - at < bytes) {
      if (this.head < bytes) return false;
      if (size - at >= RECORD_BYTES) store<u32>(this.record(at), SKIP, 20);
      at = 0;
    }
    const record = this.record(at);
    store<u64>(record, datagram.sourceHigh);
    store<u64>(record, datagram.sourceLow, 8);
    store<u16>(record, datagram.sourcePort, 16);
    store<u32>(record, datagram.bytes, 20);
    datagram.copyOut(0, this.ring, at + RECORD_BYTES, datagram.bytes);
    this.tail = at + bytes;
    this.datagrams++;
    return true;
  }

  /** Bytes of the oldest; there must be one. */
  get firstBytes(): i32 {
    this.skip();
    return load<i32>(this.record(this.head), 20);
  }

  get firstSource(): Endpoint {
    this.skip();
    const record = this.record(this.head);
    return new Endpoint(
      new IpAddress(load<u64>(record), load<u64>(record, 8)),
      load<u16>(record, 16),
    );
  }

  /** Copies up to `length` bytes of the oldest to `buffer` from `offset`, forgets it, and returns how many. */
  take(buffer: Uint8Array, offset: i32, length: i32): i32 {
    const bytes = this.firstBytes;
    const copied = min(bytes, length);
    const from = this.head + RECORD_BYTES;
    assert(
      offset >= 0 && copied >= 0 && offset <= buffer.length - copied,
      "datagram: a copy reaches beyond the array",
    );
    memory.copy(buffer.dataStart + offset, this.ring.dataStart + from, copied);
    this.head = from + ((bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1));
    this.datagrams--;
    return copied;
  }

  private skip(): void {
    const left = this.ring.length - this.head;
    if (left < RECORD_BYTES || load<u32>(this.record(this.head), 20) == SKIP) this.head = 0;
  }

  private record(at: i32): usize {
    return this.ring.dataStart + at;
  }
}
