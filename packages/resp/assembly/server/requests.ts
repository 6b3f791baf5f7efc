/** Copies of requests, one after the other, for when their turn has come. */
import { Call } from "../commands/call";
import { isRoomFor } from "../memory/heap";

const HEAD_BYTES: i32 = 8;

/** Bytes that all together may take. */
export class Budget {
  used: i32 = 0;
  constructor(readonly most: i32) {}
}


@final
export class Requests {
  count: i32 = 0;
  /** Bytes that the copies take. */
  used: i32 = 0;
  /** Where the next one is that `next` gives. */
  private at: i32 = 0;
  private memory: usize = 0;
  private room: i32 = 0;

  constructor(private readonly budget: Budget) {}

  /** False: all of them would be too large. The table and the bytes of the arguments are copied. */
  put(call: Call, bytesMax: i32): bool {
    let bytes = HEAD_BYTES + (call.count << 3);
    for (let i = 0; i < call.count; i++) bytes += call.bytes(i);
    bytes = (bytes + 7) & ~7;
    if (this.used + bytes > bytesMax) return false;
    if (this.used + bytes > this.room) {
      const room = max(2 * this.room, max(this.used + bytes, 256));
      const budget = this.budget;
      if (budget.used + room - this.room > budget.most || !isRoomFor(<usize>room)) return false;
      budget.used += room - this.room;
      const larger = heap.alloc(<usize>room);
      if (this.memory != 0) {
        memory.copy(larger, this.memory, <usize>this.used);
        heap.free(this.memory);
      }
      this.memory = larger;
      this.room = room;
    }
    const start = this.memory + <usize>this.used;
    store<i32>(start, bytes);
    store<i32>(start, call.count, 4);
    let offset = HEAD_BYTES + (call.count << 3);
    for (let i = 0; i < call.count; i++) {
      const pair = start + <usize>(HEAD_BYTES + (i << 3));
      store<i32>(pair, offset);
      store<i32>(pair, call.bytes(i), 4);
      memory.copy(start + <usize>offset, call.at(i), <usize>call.bytes(i));
      offset += call.bytes(i);
    }
    this.used += bytes;
    this.count++;
    return true;
  }

  /** The next one, which exists, becomes what is called. */
  next(call: Call): void {
    const start = this.memory + <usize>this.at;
    call.take(start, start + <usize>HEAD_BYTES, load<i32>(start, 4));
    this.at += load<i32>(start);
  }

  /** `next` begins with the first again. */
  rewind(): void {
    this.at = 0;
  }

  clear(): void {
    this.count = 0;
    this.at = 0;
    this.used = 0;
    this.budget.used -= this.room;
    this.room = 0;
    if (this.memory != 0) heap.free(this.memory);
    this.memory = 0;
  }
}
