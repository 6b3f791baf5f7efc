/**
 * A list: a ring of blobs, from the first to the last. Any place is reached at once; both ends grow.
 *
 * Each element has a number, for the disk, larger than that of the element before it. Between neighbours that were
 * pushed lie 2^32 numbers, so that what is inserted or removed in the middle is one record; where there is no number
 * left, the list has to be numbered anew.
 */
import { Blob, freeBlob } from "../memory/blob";
import { allocate, isRoomFor, release } from "../memory/heap";

const LIST_BYTES: i32 = <i32>offsetof<List>();
const ROOM_MIN: i32 = 4;
/** Shrinks when it uses less than this part of its room. */
const SPARSE: i32 = 8;
/** Of each place: number i64, and, in a row of their own behind all numbers, blob u32. */
const PLACE_BYTES: i32 = 12;
const NUMBER_STEP: i64 = 1 << 32;
const NUMBER_MAX: i64 = i64.MAX_VALUE - NUMBER_STEP;


@unmanaged
export class List {
  private ring: usize;
  /** A power of two. */
  private room: i32;
  private head: i32;
  count: i32;

  get address(): usize {
    // eslint-disable-next-line assemblyscript/no-changetype-usize -- raw memory: the collector knows nothing of it
    return changetype<usize>(this);
  }

  private place(index: i32): i32 {
    return (this.head + index) & (this.room - 1);
  }

  private slot(index: i32): usize {
    return this.ring + ((<usize>this.room) << 3) + ((<usize>this.place(index)) << 2);
  }

  at(index: i32): Blob {
    return changetype<Blob>(<usize>load<u32>(this.slot(index)));
  }

  numberAt(index: i32): i64 {
    return load<i64>(this.ring + ((<usize>this.place(index)) << 3));
  }

  set(index: i32, blob: Blob): void {
    store<u32>(this.slot(index), <u32>blob.address);
  }

  private put(index: i32, blob: u32, number: i64): void {
    store<u32>(this.slot(index), blob);
    store<i64>(this.ring + ((<usize>this.place(index)) << 3), number);
  }

  private shift(from: i32, to: i32): void {
    this.put(to, load<u32>(this.slot(from)), this.numberAt(from));
  }

  private resize(room: i32): void {
    const ring = allocate(room * PLACE_BYTES);
    const blobs = ring + ((<usize>room) << 3);
    for (let i = 0; i < this.count; i++) {
      store<i64>(ring + ((<usize>i) << 3), this.numberAt(i));
      store<u32>(blobs + ((<usize>i) << 2), load<u32>(this.slot(i)));
    }
    release(this.ring, this.room * PLACE_BYTES);
    this.ring = ring;
    this.room = room;
    this.head = 0;
  }

  /** Whether an end has numbers left. */
  isNumbered(left: bool): bool {
    if (this.count == 0) return true;
    return left ? this.numberAt(0) >= -NUMBER_MAX : this.numberAt(this.count - 1) <= NUMBER_MAX;
  }

  /** Returns the number of the element. */
  push(blob: Blob, left: bool): i64 {
    let number: i64 = 0;
    if (this.count > 0)
      number = left ? this.numberAt(0) - NUMBER_STEP : this.numberAt(this.count - 1) + NUMBER_STEP;
    this.pushNumbered(blob, left, number);
    return number;
  }

  /** Whether there is memory for so many elements more, besides their bytes. */
  hasPlacesFor(more: i32): bool {
    let room = this.room;
    while (room < this.count + more) room <<= 1;
    return room == this.room || isRoomFor(<usize>(room * PLACE_BYTES));
  }

  pushNumbered(blob: Blob, left: bool, number: i64): void {
    if (this.count == this.room) this.resize(this.room << 1);
    this.count++;
    if (left) this.head = (this.head - 1) & (this.room - 1);
    this.put(left ? 0 : this.count - 1, <u32>blob.address, number);
  }

  /** Takes one out at an end; it is the caller's. The list has some. */
  pop(left: bool): Blob {
    const blob = this.at(left ? 0 : this.count - 1);
    this.count--;
    if (left) this.head = (this.head + 1) & (this.room - 1);
    this.shrink();
    return blob;
  }

  private shrink(): void {
    while (this.room > 16 * ROOM_MIN && this.count * SPARSE < this.room)
      this.resize(this.room >> 1);
  }

  /** A number for an element before that at `index`, which is not the first; that of the one before it: there is none. */
  numberBefore(index: i32): i64 {
    const before = this.numberAt(index - 1);
    const gap = <u64>(this.numberAt(index) - before);
    return gap < 2 ? before : before + <i64>(gap >> 1);
  }

  /** Whether there is a number between that of an element and the next one. */
  hasNumberFor(index: i32): bool {
    if (index == this.count - 1) return this.isNumbered(false);
    return this.numberBefore(index + 1) != this.numberAt(index);
  }

  /** Gives an element that number, and returns it. */
  renumberOne(index: i32): i64 {
    const isLast = index == this.count - 1;
    const number = isLast ? this.numberAt(index) + NUMBER_STEP : this.numberBefore(index + 1);
    this.put(index, load<u32>(this.slot(index)), number);
    return number;
  }

  /** Puts one in before that at `index`. Costs the way to the nearer end. */
  insert(index: i32, blob: Blob, number: i64): void {
    const left = index < this.count >> 1;
    this.pushNumbered(blob, left, number);
    if (left) for (let i = 0; i < index; i++) this.shift(i + 1, i);
    else for (let i = this.count - 1; i > index; i--) this.shift(i - 1, i);
    this.put(index, <u32>blob.address, number);
  }

  /** Takes out the element at a place for `close`; it is the caller's. */
  empty(index: i32): Blob {
    const blob = this.at(index);
    store<u32>(this.slot(index), 0);
    return blob;
  }

  /** Moves together what `empty` left. */
  close(): void {
    let kept = 0;
    for (let i = 0; i < this.count; i++) {
      if (load<u32>(this.slot(i)) == 0) continue;
      if (i != kept) this.shift(i, kept);
      kept++;
    }
    this.count = kept;
    this.shrink();
  }

  /** Gives all elements new numbers. */
  renumber(): void {
    for (let i = 0; i < this.count; i++)
      this.put(i, load<u32>(this.slot(i)), <i64>(i - (this.count >> 1)) * NUMBER_STEP);
  }

  free(): void {
    for (let i = 0; i < this.count; i++) freeBlob(this.at(i));
    release(this.ring, this.room * PLACE_BYTES);
    release(this.address, LIST_BYTES);
  }

  /** For `newList`. */
  initialise(): void {
    memory.fill(this.address, 0, <usize>LIST_BYTES);
    this.room = ROOM_MIN;
    this.ring = allocate(ROOM_MIN * PLACE_BYTES);
  }
}

export function newList(): List {
  const list = changetype<List>(allocate(LIST_BYTES));
  list.initialise();
  return list;
}

/** Lists count from the middle, so that both ends have room: on the disk as a number without a sign, in the same order. */
export function numberOf(number: i64): u64 {
  return (<u64>number) ^ 0x8000_0000_0000_0000;
}
