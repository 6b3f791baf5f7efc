/** How a connection sends: replies that wait for a commit or for room are copied, and sent later. */
import { TcpConnection } from "@phantasm/interfaces";
import { Task } from "@phantasm/runtime";
import { isRoomFor } from "../memory/heap";
import { Reply } from "../protocol/reply";
import { StoreServer } from "./server";

export abstract class Sender extends Task {
  /** It has ended; nothing may be done with it. */
  protected isOver: bool = false;
  /** The batch that unsent replies wait for; 0: none. */
  protected barrier: u64 = 0;
  /** When what waits here began to wait, or some of it was last written; or when a request grew to twice its size. */
  protected movedNs: i64 = 0;
  /** Replies that are not written yet. */
  private unsent: usize = 0;
  private unsentAt: i32 = 0;
  private unsentEnd: i32 = 0;
  private unsentRoom: i32 = 0;

  constructor(
    protected readonly server: StoreServer,
    readonly tcp: TcpConnection,
  ) {
    super();
  }

  /** Has others make room for so many bytes. False: there is none. */
  protected abstract gainRoom(bytes: i32): bool;

  /** What it waits for is durable. */
  protected abstract get mayLeave(): bool;

  get unsentBytes(): i32 {
    return this.unsentEnd - this.unsentAt;
  }

  /** Bytes of memory that they take. */
  protected get unsentMemory(): i32 {
    return this.unsentRoom;
  }

  /** Writes what was composed, or keeps it until it may be written. False: its turn is over. */
  protected write(reply: Reply): bool {
    if (reply.isOverflowing) {
      reply.clear();
      return this.fails();
    }
    this.barrier = this.server.barrier;
    let written = 0;
    if (this.barrier == 0 && this.unsentEnd == 0 && reply.used > 0)
      written = max(this.tcp.writeFrom(reply.start, reply.used), 0);
    const kept = this.append(reply.start + <usize>written, reply.used - written);
    reply.clear();
    return kept;
  }

  protected append(from: usize, bytes: i32): bool {
    if (bytes == 0 || this.isOver) return !this.isOver;
    const end = this.unsentEnd + bytes;
    if (end > this.unsentRoom) {
      const server = this.server;
      const room = this.unsentRoom == 0 ? bytes : max(end, 2 * this.unsentRoom);
      while (
        server.unsentBytes + room - this.unsentRoom > server.limits.unsentBytes ||
        !isRoomFor(<usize>room)
      )
        if (!this.gainRoom(bytes)) return this.fails();
      if (this.unsentRoom == 0) this.movedNs = server.clock.now();
      server.unsentBytes += room - this.unsentRoom;
      const larger = heap.alloc(<usize>room);
      if (this.unsent != 0) {
        memory.copy(larger, this.unsent, <usize>this.unsentEnd);
        heap.free(this.unsent);
      }
      this.unsent = larger;
      this.unsentRoom = room;
    }
    memory.copy(this.unsent + <usize>this.unsentEnd, from, <usize>bytes);
    this.unsentEnd = end;
    return true;
  }

  /** Room in front is used again before more is asked for. */
  protected moveUp(): void {
    if (this.unsentAt <= this.unsentEnd >> 1) return;
    const bytes = this.unsentBytes;
    memory.copy(this.unsent, this.unsent + <usize>this.unsentAt, <usize>bytes);
    this.unsentEnd = bytes;
    this.unsentAt = 0;
  }

  /** True: all is written. */
  protected sendRest(): bool {
    if (this.unsentEnd == 0) return true;
    if (!this.mayLeave) return false;
    const written = this.tcp.writeFrom(this.unsent + <usize>this.unsentAt, this.unsentBytes);
    if (written > 0) {
      this.unsentAt += written;
      this.movedNs = this.server.clock.now();
    }
    if (this.unsentAt < this.unsentEnd) return false;
    this.forgetUnsent();
    return true;
  }

  protected forgetUnsent(): void {
    this.server.unsentBytes -= this.unsentRoom;
    if (this.unsent != 0) heap.free(this.unsent);
    this.unsent = 0;
    this.unsentAt = 0;
    this.unsentEnd = 0;
    this.unsentRoom = 0;
  }

  /** Memory has no room for what it needs: it is cut off. Always false. */
  protected fails(): bool {
    this.server.counters.closedForMemory++;
    this.tcp.abort();
    return false;
  }
}
