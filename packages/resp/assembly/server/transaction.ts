/** Commands between MULTI and EXEC, and the keys of WATCH. */
import { Database, versionOf } from "../data/database";
import { Call } from "../commands/call";

const HEAD_BYTES: i32 = 8;


@final
export class Transaction {
  isOpen: bool = false;
  /** A command was refused: EXEC will be too. */
  isDirty: bool = false;
  count: i32 = 0;
  /** Where the next command is that `next` gives. */
  private at: i32 = 0;
  private memory: usize = 0;
  private room: i32 = 0;
  private used: i32 = 0;
  private readonly keys: Uint8Array[] = [];
  private readonly versions: u64[] = [];

  open(): void {
    this.isOpen = true;
  }

  /** False: too much. The table and the bytes of the arguments are copied. */
  queue(call: Call, bytesMax: i32): bool {
    let bytes = HEAD_BYTES + (call.count << 3);
    for (let i = 0; i < call.count; i++) bytes += call.bytes(i);
    bytes = (bytes + 7) & ~7;
    if (this.used + bytes > bytesMax) return false;
    if (this.used + bytes > this.room) {
      const room = max(2 * this.room, max(this.used + bytes, 256));
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

  /** The next queued command becomes what is called. */
  next(call: Call): void {
    const start = this.memory + <usize>this.at;
    call.take(start, start + <usize>HEAD_BYTES, load<i32>(start, 4));
    this.at += load<i32>(start);
  }

  /** All of it is over, the watching too. */
  close(): void {
    this.isOpen = false;
    this.isDirty = false;
    this.count = 0;
    this.at = 0;
    this.used = 0;
    this.room = 0;
    if (this.memory != 0) heap.free(this.memory);
    this.memory = 0;
    this.unwatch();
  }

  unwatch(): void {
    this.keys.length = 0;
    this.versions.length = 0;
  }

  /** False: as many as may be are watched. */
  watch(call: Call, index: i32, watchedMax: i32): bool {
    if (this.keys.length == watchedMax) return false;
    const key = new Uint8Array(call.bytes(index));
    memory.copy(key.dataStart, call.at(index), <usize>key.length);
    this.keys.push(key);
    this.versions.push(this.versionNow(call.db, key));
    return true;
  }

  private versionNow(db: Database, key: Uint8Array): u64 {
    const entry = db.find(key.dataStart, key.length);
    return entry === null ? 0 : versionOf(entry);
  }

  /** Whether a watched key is another than it was. */
  isStale(db: Database): bool {
    for (let i = 0; i < this.keys.length; i++)
      if (this.versionNow(db, this.keys[i]) != this.versions[i]) return true;
    return false;
  }
}
