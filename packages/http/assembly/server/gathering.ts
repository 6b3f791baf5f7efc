/** How the head of a request is put together that does not come in one piece: in memory of its own, up to its limits. */
import { findByte } from "../wire/characters";
import { RequestHead } from "../wire/request-head";
import { Waiting } from "./waiting";

const LF: u8 = 0x0a;
const PARTIAL_BYTES_MIN: i32 = 1024;
/** The empty line that may come before a request, and the end of its first line. */
const LINE_ENDS_BYTES: i32 = 4;
/** There is no room for the head. */
export const SERVICE_UNAVAILABLE: i32 = 503;

export abstract class Gathering extends Waiting {
  /** The part of a head that has come. */
  protected held: usize = 0;
  protected heldBytes: i32 = 0;
  protected heldRoom: i32 = 0;

  /**
   * Copies a head that came in pieces. Returns its bytes; 0: it goes on; negative: a refusal. What lies behind it
   * stays in the connection.
   */
  protected gather(head: RequestHead): i32 {
    const tcp = this.tcp;
    const limits = this.server.limits;
    for (let available = tcp.peekedBytes; available > 0; available = tcp.peekedBytes) {
      const before = this.heldBytes;
      const count = min(available, limits.headBytesMax - before);
      if (!this.reserve(before + count)) return -SERVICE_UNAVAILABLE;
      const at = tcp.peek();
      memory.copy(this.held + <usize>before, at, <usize>count);
      const total = before + count;
      // Lines are judged as a whole: without the end of one, nothing is new, except that something is too long now.
      const end = at + <usize>count;
      const isLong = total > limits.lineBytesMax && before <= limits.lineBytesMax + LINE_ENDS_BYTES;
      if (findByte(at, end, LF) < end || isLong || total == limits.headBytesMax) {
        const bytes = head.parse(this.held, total);
        if (bytes > 0) tcp.consume(bytes - before);
        else if (bytes < 0) this.heldBytes = total;
        if (bytes != 0) return bytes;
      }
      tcp.consume(count);
      this.heldBytes = total;
    }
    return 0;
  }

  private reserve(bytes: i32): bool {
    if (bytes <= this.heldRoom) return true;
    const server = this.server;
    let room = max(this.heldRoom * 2, PARTIAL_BYTES_MIN);
    while (room < bytes) room *= 2;
    if (!server.reservePartial(room)) return false;
    if (this.isOver) {
      // It was cut off meanwhile, and has given back what it held.
      server.partialBytes -= room;
      return false;
    }
    server.partialBytes -= this.heldRoom;
    const larger = heap.alloc(<usize>room);
    if (this.held != 0) {
      memory.copy(larger, this.held, <usize>this.heldBytes);
      heap.free(this.held);
    }
    this.held = larger;
    this.heldRoom = room;
    return true;
  }

  protected freePartial(): void {
    if (this.held == 0) return;
    heap.free(this.held);
    this.server.partialBytes -= this.heldRoom;
    this.forgetPartial();
  }

  /** Somebody else has taken the memory, or it has been freed. */
  protected forgetPartial(): void {
    this.held = 0;
    this.heldBytes = 0;
    this.heldRoom = 0;
  }
}
