/**
 * Slices one behind the other that read as one sequence of bytes: what was sent and is not yet
 * acknowledged, what was received and not yet read, the parts of a request. The chain owns its slices,
 * and a slice is in at most one chain.
 */
import { EXHAUSTED } from "@phantasm/interfaces";
import { DEBUG } from "@phantasm/runtime/link";
import { outsideChain } from "./mistakes";
import { Slice } from "./slice";

export class Chain {
  private head: Slice | null = null;
  private tail: Slice | null = null;
  private bytes: i32 = 0;
  private slices: i32 = 0;

  /** @param owner of the slices, for messages */
  constructor(readonly owner: string = "") {}

  /** Bytes of all slices. */
  get length(): i32 {
    return this.bytes;
  }

  /** Number of slices. */
  get count(): i32 {
    return this.slices;
  }

  /** The first slice; `next` leads to the others. They stay the chain's, and keep their length. */
  get first(): Slice | null {
    return this.head;
  }

  get last(): Slice | null {
    return this.tail;
  }

  /** Puts a slice behind the others and takes it over. */
  push(slice: Slice): void {
    const own = slice.move(this.owner);
    const last = this.tail;
    if (last === null) this.head = own;
    else last.next = own;
    this.tail = own;
    this.bytes += own.length;
    this.slices++;
  }

  /** Hands out the first slice; null when there is none. */
  shift(owner: string = ""): Slice | null {
    const first = this.head;
    if (first === null) return null;
    this.unlinkFirst(first);
    return first.move(owner);
  }

  /** Bytes by which `append` can grow the last slice. */
  get tailroom(): i32 {
    const last = this.tail;
    return last === null ? 0 : last.tailroom;
  }

  /** Grows the last slice, by at most `tailroom`. What is there is undefined. */
  append(bytes: i32): void {
    const last = this.tail;
    if (last === null) {
      this.check(0, bytes);
      return;
    }
    last.append(bytes);
    this.bytes += bytes;
  }

  /** Leaves out the first bytes, and releases the slices that have no others. */
  trimFront(bytes: i32): void {
    this.check(0, bytes);
    for (let first = this.head; first !== null; first = this.head) {
      const length = first.length;
      if (bytes < length) {
        first.trimFront(bytes);
        this.bytes -= bytes;
        return;
      }
      bytes -= length;
      this.unlinkFirst(first);
      first.release();
    }
  }

  /** Puts all slices of another chain behind these; it is empty then. */
  concat(other: Chain): void {
    for (let left = other.slices; left > 0; left--) this.push(other.shift()!);
  }

  /**
   * Keeps the first `at` bytes, and puts the others behind those of `rest`. Copies nothing: a slice
   * that lies across the cut is split.
   *
   * Returns 0; EXHAUSTED when its pool has no slice for that, and nothing has changed.
   */
  split(at: i32, rest: Chain): i32 {
    this.check(at, 0);
    let before: Slice | null = null;
    let slice = this.head;
    let kept = 0;
    let left = at;
    while (slice !== null && left >= slice.length) {
      left -= slice.length;
      kept++;
      before = slice;
      slice = slice.next;
    }
    if (slice === null) return 0;
    if (left > 0) {
      const back = slice.split(left, this.owner);
      if (back === null) return EXHAUSTED;
      back.next = slice.next;
      slice.next = back;
      kept++;
      before = slice;
      slice = back;
    }
    if (before === null) this.head = null;
    else before.next = null;
    this.tail = before;
    this.bytes = at;
    this.slices = kept;
    while (slice !== null) {
      const next: Slice | null = slice.next;
      slice.next = null;
      rest.push(slice);
      slice = next;
    }
    return 0;
  }

  /** Copies `bytes` bytes from `from` to `target`, from `to`. */
  copyOut(from: i32, target: Uint8Array, to: i32, bytes: i32): void {
    this.check(from, bytes);
    let slice = this.head;
    while (slice !== null && bytes > 0) {
      const part = min(slice.length - from, bytes);
      if (part > 0) {
        slice.copyOut(from, target, to, part);
        to += part;
        bytes -= part;
      }
      from = max(from - slice.length, 0);
      slice = slice.next;
    }
  }

  /** Copies `bytes` bytes from `from` to `target`, from `to`. */
  copyTo(from: i32, target: Slice, to: i32, bytes: i32): void {
    this.check(from, bytes);
    let slice = this.head;
    while (slice !== null && bytes > 0) {
      const part = min(slice.length - from, bytes);
      if (part > 0) {
        slice.copyTo(from, target, to, part);
        to += part;
        bytes -= part;
      }
      from = max(from - slice.length, 0);
      slice = slice.next;
    }
  }

  /** Releases all slices. */
  release(): void {
    this.trimFront(this.bytes);
  }

  private unlinkFirst(first: Slice): void {
    const next = first.next;
    first.next = null;
    this.head = next;
    if (next === null) this.tail = null;
    this.bytes -= first.length;
    this.slices--;
  }

  private check(at: i32, bytes: i32): void {
    if (<u64>(<u32>at) + <u32>bytes > <u64>(<u32>this.bytes)) {
      if (DEBUG) outsideChain(this, at, bytes);
      unreachable();
    }
  }
}
