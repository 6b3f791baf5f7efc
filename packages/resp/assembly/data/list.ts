/** A list: a ring of blobs, from the first to the last. Any place is reached at once; both ends grow. */
import { Blob, freeBlob } from "../memory/blob";
import { allocate, release } from "../memory/heap";

const LIST_BYTES: i32 = <i32>offsetof<List>();
const ROOM_MIN: i32 = 4;
/** Shrinks when it uses less than this part of its room. */
const SPARSE: i32 = 8;


@unmanaged
export class List {
  private ring: usize;
  /** A power of two. */
  private room: i32;
  private head: i32;
  count: i32;
  /** Number of the first element, for the disk: those to its left are smaller, to its right larger. */
  first: i64;

  get address(): usize {
    // eslint-disable-next-line assemblyscript/no-changetype-usize -- raw memory: the collector knows nothing of it
    return changetype<usize>(this);
  }

  private slot(index: i32): usize {
    return this.ring + ((<usize>((this.head + index) & (this.room - 1))) << 2);
  }

  at(index: i32): Blob {
    return changetype<Blob>(<usize>load<u32>(this.slot(index)));
  }

  set(index: i32, blob: Blob): void {
    store<u32>(this.slot(index), <u32>blob.address);
  }

  private resize(room: i32): void {
    const ring = allocate(room << 2);
    for (let i = 0; i < this.count; i++)
      store<u32>(ring + ((<usize>i) << 2), load<u32>(this.slot(i)));
    release(this.ring, this.room << 2);
    this.ring = ring;
    this.room = room;
    this.head = 0;
  }

  /** Returns the number of the element. */
  push(blob: Blob, left: bool): i64 {
    if (this.count == this.room) this.resize(this.room << 1);
    this.count++;
    if (!left) {
      this.set(this.count - 1, blob);
      return this.first + <i64>this.count - 1;
    }
    this.head = (this.head - 1) & (this.room - 1);
    this.first--;
    this.set(0, blob);
    return this.first;
  }

  /** Takes one out at an end; it is the caller's. The list has some. */
  pop(left: bool): Blob {
    const blob = this.at(left ? 0 : this.count - 1);
    this.count--;
    if (left) {
      this.head = (this.head + 1) & (this.room - 1);
      this.first++;
    }
    if (this.room > 16 * ROOM_MIN && this.count * SPARSE < this.room) this.resize(this.room >> 1);
    return blob;
  }

  /** Number of the last element. */
  get last(): i64 {
    return this.first + <i64>this.count - 1;
  }

  free(): void {
    for (let i = 0; i < this.count; i++) freeBlob(this.at(i));
    release(this.ring, this.room << 2);
    release(this.address, LIST_BYTES);
  }

  /** For `newList`. */
  initialise(): void {
    memory.fill(this.address, 0, <usize>LIST_BYTES);
    this.room = ROOM_MIN;
    this.ring = allocate(ROOM_MIN << 2);
  }
}

export function newList(): List {
  const list = changetype<List>(allocate(LIST_BYTES));
  list.initialise();
  return list;
}
