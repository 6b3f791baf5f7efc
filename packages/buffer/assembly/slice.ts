/**
 * A range of bytes in a buffer of a pool. A slice has one owner: whoever holds it uses it, and releases
 * it or hands it on. Every access is checked against the range; one outside it is a mistake and ends the
 * domain.
 */
import { DEBUG } from "@phantasm/runtime/link";
import { mistake, noRoom, outside } from "./mistakes";
import { BufferPool, COUNT_BYTES } from "./pool";

/** `low` of a slice whose bytes are also those of another: nothing around it is its own. */
const SHARED: usize = usize.MAX_VALUE;

export class Slice {
  /** The slice behind it in its chain; for the chain only. */
  next: Slice | null = null;

  /** Who took it, and what became of it: for messages, in the debug profile only. */
  owner: string = "";
  fate: string = "";

  /** Where its buffer starts; in front lies the count of the buffer's slices. */
  private buffer: usize = 0;

  /** Where its bytes start; 0 when it is released. */
  private start: usize = 0;
  private bytes: i32 = 0;

  /** How far it may grow while other slices lie in its buffer; alone it has the whole. */
  private low: usize = 0;
  private high: usize = 0;

  /** For the pool. */
  constructor(
    readonly pool: BufferPool,
    readonly index: i32,
  ) {}

  /** For the pool, and for moving. */
  place(buffer: usize, start: usize, bytes: i32, low: usize, high: usize): void {
    this.buffer = buffer;
    this.start = start;
    this.bytes = bytes;
    this.low = low;
    this.high = high;
  }

  /** Bytes in it; none when it is released. */
  get length(): i32 {
    return this.bytes;
  }

  /** Outside the debug profile it is false again once the pool has given the same object to another. */
  get isReleased(): bool {
    return this.start == 0;
  }

  /** Other slices may have the same bytes: nobody is to change them. */
  get isShared(): bool {
    return this.low == SHARED && !this.isAlone;
  }

  /** Bytes by which it can grow in front; none while its bytes are shared. */
  get headroom(): i32 {
    const low = this.isAlone ? this.buffer : this.low;
    return this.start > low ? <i32>(this.start - low) : 0;
  }

  /** Bytes by which it can grow behind; none while its bytes are shared. */
  get tailroom(): i32 {
    if (this.start == 0) return 0;
    const high = this.isAlone ? this.buffer + this.pool.bufferBytes : this.high;
    const end = this.start + this.bytes;
    return high > end ? <i32>(high - end) : 0;
  }

  /** Grows in front, by at most `headroom`. What is there is undefined. */
  prepend(bytes: i32): void {
    const room = this.headroom;
    if (<u32>bytes > <u32>room) {
      if (DEBUG) noRoom(this, "prepend", bytes, room);
      unreachable();
    }
    this.start -= bytes;
    this.bytes += bytes;
  }

  /** Grows behind, by at most `tailroom`. What is there is undefined. */
  append(bytes: i32): void {
    const room = this.tailroom;
    if (<u32>bytes > <u32>room) {
      if (DEBUG) noRoom(this, "append", bytes, room);
      unreachable();
    }
    this.bytes += bytes;
  }

  /** Leaves out the first bytes. */
  trimFront(bytes: i32): void {
    this.start = this.range(0, bytes) + bytes;
    this.bytes -= bytes;
  }

  /** Leaves out the last bytes. */
  trimEnd(bytes: i32): void {
    this.range(0, bytes);
    this.bytes -= bytes;
  }

  /** Moves the start of an empty slice on, so that headers can be prepended later. */
  reserve(bytes: i32): void {
    this.append(bytes);
    this.trimFront(bytes);
  }

  /**
   * A second slice of the same bytes; null when the pool has none left, and nothing has changed. As long
   * as the buffer has both, nobody is to change the bytes, and neither slice can grow.
   */
  share(owner: string = ""): Slice | null {
    if (this.start == 0) {
      if (DEBUG) mistake(this, "share");
      unreachable();
    }
    const other = this.pool.takeFor(this.buffer, owner);
    if (other === null) return null;
    this.low = SHARED;
    this.high = 0;
    other.place(this.buffer, this.start, this.bytes, SHARED, 0);
    return other;
  }

  /**
   * Cuts the slice in two without copying: it keeps the first `at` bytes and the room in front, and the
   * slice that is returned has the others and the room behind. Null when the pool has none left, and
   * nothing has changed. Nothing is shared: each may be changed.
   */
  split(at: i32, owner: string = ""): Slice | null {
    if (this.start == 0) {
      if (DEBUG) mistake(this, "split");
      unreachable();
    }
    const cut = this.range(at, 0);
    if (this.isAlone) {
      this.low = this.buffer;
      this.high = this.buffer + this.pool.bufferBytes;
    }
    const other = this.pool.takeFor(this.buffer, owner);
    if (other === null) return null;
    const rest = this.bytes - at;
    this.bytes = at;
    if (this.low == SHARED) other.place(this.buffer, cut, rest, SHARED, 0);
    else {
      other.place(this.buffer, cut, rest, cut, this.high);
      this.high = cut;
    }
    return other;
  }

  /**
   * Hands the slice on: the next owner uses the result, and nobody this reference. In the debug profile
   * they are different objects, so that a use of this one is found.
   */
  move(owner: string = ""): Slice {
    if (!DEBUG) return this;
    if (this.start == 0) mistake(this, "move");
    const moved = this.pool.renew(this);
    moved.owner = owner;
    moved.place(this.buffer, this.start, this.bytes, this.low, this.high);
    this.end(owner.length > 0 ? `it was handed on to "${owner}"` : "it was handed on");
    return moved;
  }

  /** Gives it back. The buffer is free when all its slices are. */
  release(): void {
    if (this.start == 0) {
      if (DEBUG) mistake(this, "release");
      unreachable();
    }
    if (DEBUG) this.pool.renew(this);
    this.pool.putBack(this, this.buffer);
    if (DEBUG) {
      this.end(this.owner.length > 0 ? `"${this.owner}" has released it` : "it was released");
    }
    this.start = 0;
    this.bytes = 0;
  }

  /**
   * Where `bytes` bytes from `at` lie, for drivers and for what reads many at once, such as a checksum.
   * It holds until the slice is released; who writes there has to know that the bytes are not shared.
   */
  addressOf(at: i32, bytes: i32): usize {
    return this.range(at, bytes);
  }

  /** Copies `bytes` bytes of `source` from `from` to here, from `at`. */
  copyIn(at: i32, source: Uint8Array, from: i32, bytes: i32): void {
    const target = this.writable(at, bytes);
    memory.copy(target, rangeOf(this, source, from, bytes), bytes);
  }

  /** Copies `bytes` bytes from `at` to `target`, from `to`. */
  copyOut(at: i32, target: Uint8Array, to: i32, bytes: i32): void {
    const source = this.range(at, bytes);
    memory.copy(rangeOf(this, target, to, bytes), source, bytes);
  }

  /** Copies `bytes` bytes from `at` to `target`, from `to`. They may overlap. */
  copyTo(at: i32, target: Slice, to: i32, bytes: i32): void {
    const source = this.range(at, bytes);
    memory.copy(target.writable(to, bytes), source, bytes);
  }

  fill(at: i32, bytes: i32, value: u8 = 0): void {
    memory.fill(this.writable(at, bytes), value, bytes);
  }

  u8(at: i32): u8 {
    return load<u8>(this.range(at, 1));
  }

  /** Big-endian: the order of the network. */
  u16be(at: i32): u16 {
    return bswap(load<u16>(this.range(at, 2)));
  }

  u32be(at: i32): u32 {
    return bswap(load<u32>(this.range(at, 4)));
  }

  u64be(at: i32): u64 {
    return bswap(load<u64>(this.range(at, 8)));
  }

  /** Little-endian. */
  u16le(at: i32): u16 {
    return load<u16>(this.range(at, 2));
  }

  u32le(at: i32): u32 {
    return load<u32>(this.range(at, 4));
  }

  u64le(at: i32): u64 {
    return load<u64>(this.range(at, 8));
  }

  setU8(at: i32, value: u8): void {
    store<u8>(this.writable(at, 1), value);
  }

  setU16be(at: i32, value: u16): void {
    store<u16>(this.writable(at, 2), bswap(value));
  }

  setU32be(at: i32, value: u32): void {
    store<u32>(this.writable(at, 4), bswap(value));
  }

  setU64be(at: i32, value: u64): void {
    store<u64>(this.writable(at, 8), bswap(value));
  }

  setU16le(at: i32, value: u16): void {
    store<u16>(this.writable(at, 2), value);
  }

  setU32le(at: i32, value: u32): void {
    store<u32>(this.writable(at, 4), value);
  }

  setU64le(at: i32, value: u64): void {
    store<u64>(this.writable(at, 8), value);
  }

  /** Address of `bytes` bytes at `at`; the one check that all accesses go through. */
  private range(at: i32, bytes: i32): usize {
    // A released slice has no bytes, so in every profile all but an empty access is refused.
    if (DEBUG) if (this.start == 0) outside(this, at, bytes);
    if (<u64>(<u32>at) + <u32>bytes > <u64>(<u32>this.bytes)) {
      if (DEBUG) outside(this, at, bytes);
      unreachable();
    }
    return this.start + at;
  }

  private writable(at: i32, bytes: i32): usize {
    if (DEBUG)
      if (this.isShared) mistake(this, `write to ${bytes} bytes at ${at} that others share`);
    return this.range(at, bytes);
  }

  /** No other slice lies in its buffer. */
  private get isAlone(): bool {
    return load<u32>(this.buffer - COUNT_BYTES) == 1;
  }

  /** Debug profile: this object is never used again. */
  private end(fate: string): void {
    this.fate = fate;
    this.start = 0;
    this.bytes = 0;
  }
}

/** Address of a range of an array; `slice` is where it goes to, or comes from. */
function rangeOf(slice: Slice, array: Uint8Array, at: i32, bytes: i32): usize {
  if (<u64>(<u32>at) + <u32>bytes > <u64>(<u32>array.length)) {
    if (DEBUG)
      mistake(slice, `copy of ${bytes} bytes at ${at} of an array of ${array.length} bytes`);
    unreachable();
  }
  return array.dataStart + at;
}
