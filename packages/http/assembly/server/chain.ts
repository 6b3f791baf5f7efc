/**
 * What a client sends until it is whole: blocks in raw memory, one behind the other. It grows with what has come and
 * never moves, so that it needs no large piece of a fragmented memory, and gives back all of it at once.
 */
import { HttpServer } from "./server";

/** u32 next, u32 bytes in it, once there is a next one. */
const HEADER_BYTES: i32 = 8;
/** With header: most contents are small; blocks of this size are what TCP takes its own from. */
const FIRST_BYTES: i32 = 1 << 10;
const BLOCK_BYTES: i32 = 4 << 10;


@final
export class Chain {
  /** Bytes in it. */
  bytes: i32 = 0;
  private first: usize = 0;
  private last: usize = 0;
  private lastUsed: i32 = 0;
  private lastRoom: i32 = 0;
  /** What it has of the server's `collectedBytes`. */
  private charged: i32 = 0;

  constructor(private readonly server: HttpServer) {}

  /** It holds memory. */
  get isUsed(): bool {
    return this.first != 0;
  }

  /** Where the next bytes go. */
  get end(): usize {
    return this.last + <usize>(HEADER_BYTES + this.lastUsed);
  }

  /**
   * Room at `end`, for `wanted` bytes or fewer; 0: there is none, neither of `collectedBytes` nor of memory, and nobody
   * makes any.
   */
  reserve(wanted: i32): i32 {
    if (this.lastRoom == this.lastUsed && !this.grow()) return 0;
    return min(wanted, this.lastRoom - this.lastUsed);
  }

  /** So many bytes were written to `end`. */
  extend(bytes: i32): void {
    this.lastUsed += bytes;
    this.bytes += bytes;
  }

  private grow(): bool {
    const server = this.server;
    const bytes = this.first == 0 ? FIRST_BYTES : BLOCK_BYTES;
    if (!server.reserveCollected(bytes)) return false;
    this.charged += bytes;
    const block = heap.alloc(<usize>bytes);
    store<u32>(block, 0);
    if (this.first == 0) this.first = block;
    else {
      store<u32>(this.last, <u32>block);
      store<u32>(this.last, <u32>this.lastUsed, 4);
    }
    this.last = block;
    this.lastUsed = 0;
    this.lastRoom = bytes - HEADER_BYTES;
    return true;
  }

  /** Copies all of it. */
  copyTo(to: usize): void {
    for (let block = this.first; block != 0; block = <usize>load<u32>(block)) {
      const bytes = block == this.last ? <usize>this.lastUsed : <usize>load<u32>(block, 4);
      memory.copy(to, block + <usize>HEADER_BYTES, bytes);
      to += bytes;
    }
  }

  /** Gives back its memory. */
  clear(): void {
    let block = this.first;
    while (block != 0) {
      const next = <usize>load<u32>(block);
      heap.free(block);
      block = next;
    }
    this.server.collectedBytes -= this.charged;
    this.charged = 0;
    this.first = 0;
    this.last = 0;
    this.lastUsed = 0;
    this.lastRoom = 0;
    this.bytes = 0;
  }
}
