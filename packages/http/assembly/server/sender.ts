/** How a connection sends: what was composed, all of it, as soon as there is room. */
import { Errno, TcpConnection } from "@phantasm/interfaces";
import { Task } from "@phantasm/runtime";
import { hasRoom } from "@phantasm/runtime/heap/room";
import { HttpServer } from "./server";
import { Need } from "./waiting";

export abstract class Sender extends Task {
  /** It has been closed or has broken; nothing may be done with it. */
  isOver: bool = false;
  isTurning: bool = false;
  /** What found no room in the connection. */
  private unsent: usize = 0;
  private unsentAt: i32 = 0;
  protected unsentEnd: i32 = 0;
  private unsentRoom: i32 = 0;
  private remote: string | null = null;

  constructor(
    readonly server: HttpServer,
    readonly tcp: TcpConnection,
  ) {
    super();
  }

  /** Its client's address. */
  get remoteText(): string {
    let text = this.remote;
    if (text === null) {
      text = this.tcp.remote.address.toString();
      this.remote = text;
    }
    return text;
  }

  /** It has to wait for room. @param hasMoved some bytes were taken */
  protected abstract awaitRoom(hasMoved: bool): void;

  /** Ends it at once: what is under way is lost. */
  abstract abort(): void;

  /** The same in the middle of a call of the application, which is told when it has returned. */
  abstract cutOff(): void;

  /** Output is this connection's from now on. */
  // @ts-ignore: decorator
  @inline
  beginWriting(): void {
    if (this.server.writer !== this) this.server.takeOutput(this);
  }

  /** Output is this connection's, and has room for so many bytes: what was composed before leaves if it must. */
  // @ts-ignore: decorator
  @inline
  beginComposing(bytes: i32): void {
    this.beginWriting();
    if (this.server.output.room < bytes) this.flush();
  }

  /** Outside of a turn, what was composed leaves at once. */
  endWriting(): void {
    if (!this.isTurning && this.server.writer === this) this.flush();
  }

  /** Bytes that can be composed and sent now; -1: none, and `onWritable` follows. */
  get room(): i32 {
    let room = this.unsentEnd > 0 ? -1 : this.tcp.writable;
    if (room < 0 || this.server.writer !== this) return room;
    room -= this.server.output.used;
    if (room > 0) return room;
    this.flush();
    return this.unsentEnd > 0 ? -1 : 0;
  }

  /** Sends what is in the output, which is free then. */
  flush(): void {
    const output = this.server.output;
    const bytes = output.used;
    if (bytes == 0) return;
    output.at = output.start;
    this.write(output.start, bytes);
  }

  /** Sends; what finds no room is copied, and sent later. */
  write(at: usize, bytes: i32): void {
    if (this.isOver) return;
    let taken = 0;
    if (this.unsentEnd == 0) {
      taken = this.tcp.writeFrom(at, bytes);
      if (taken == Errno.AGAIN) taken = 0;
      // It has broken: `onClosed` follows.
      if (taken < 0 || taken == bytes) return;
    }
    this.keep(at + <usize>taken, bytes - taken);
  }

  /**
   * Sends, and keeps nothing of what finds no room. Returns how many bytes were taken.
   *
   * @param stays the bytes are there as long as the image runs, and stay as they are
   */
  writeSome(at: usize, bytes: i32, stays: bool): i32 {
    if (this.unsentEnd > 0) return 0;
    const taken = stays ? this.tcp.writeStatic(at, bytes) : this.tcp.writeFrom(at, bytes);
    return taken < 0 ? (taken == Errno.AGAIN ? 0 : bytes) : taken;
  }

  private keep(at: usize, bytes: i32): void {
    const server = this.server;
    const needed = this.unsentEnd + bytes;
    if (needed > this.unsentRoom) {
      const room = max(needed, this.unsentRoom * 2);
      while (
        server.unsentBytes + room - this.unsentRoom > server.limits.unsentBytes ||
        !hasRoom(<usize>room)
      ) {
        if (!server.makeRoom(Need.UNSENT)) {
          server.counters.cutOff++;
          this.cutOff();
        }
        // It may be the one that has been stalled longest.
        if (this.isOver) return;
      }
      server.unsentBytes += room - this.unsentRoom;
      const larger = heap.alloc(<usize>room);
      if (this.unsent != 0) {
        memory.copy(larger, this.unsent, <usize>this.unsentEnd);
        heap.free(this.unsent);
      }
      this.unsent = larger;
      this.unsentRoom = room;
    }
    memory.copy(this.unsent + <usize>this.unsentEnd, at, <usize>bytes);
    this.unsentEnd = needed;
    this.awaitRoom(false);
  }

  protected sendRest(): bool {
    const left = this.unsentEnd - this.unsentAt;
    const taken = this.tcp.writeFrom(this.unsent + <usize>this.unsentAt, left);
    if (taken < 0 && taken != Errno.AGAIN) return false;
    if (taken > 0) this.unsentAt += taken;
    if (taken != left) {
      this.awaitRoom(taken > 0);
      return false;
    }
    this.freeUnsent();
    return true;
  }

  protected freeUnsent(): void {
    if (this.unsent == 0) return;
    heap.free(this.unsent);
    this.server.unsentBytes -= this.unsentRoom;
    this.unsent = 0;
    this.unsentAt = 0;
    this.unsentEnd = 0;
    this.unsentRoom = 0;
  }
}
