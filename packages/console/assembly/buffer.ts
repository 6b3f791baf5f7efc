import { console_read } from "@phantasm/abi";

/** Bytes taken from the host at a time, at least. */
const READ_BYTES: i32 = 4096;

const LINE_FEED: u8 = 0x0a;

/**
 * Bytes that came from the host and were not delivered yet. It outlives readers: what one leaves, the
 * next one gets. It grows only for a line that is longer than what it holds.
 */
export class InputBuffer {
  private bytes: Uint8Array = new Uint8Array(READ_BYTES);
  private start: i32 = 0;
  private end: i32 = 0;
  /** No line feed between `start` and here. */
  private searched: i32 = 0;

  /** Bytes that wait. */
  get length(): i32 {
    return this.end - this.start;
  }

  /** Address of the first byte that waits; valid until the next `read`. */
  get address(): usize {
    return this.bytes.dataStart + this.start;
  }

  /** Asks the host for more; its answer as in console_read. At most `bytesMax` bytes may wait. */
  read(bytesMax: i32): i32 {
    if (this.end == this.bytes.length) this.makeRoom(bytesMax);
    const taken = console_read(this.bytes.dataStart + this.end, this.bytes.length - this.end);
    if (taken > 0) this.end += taken;
    return taken;
  }

  /** Bytes before the next line feed that waits, or -1. */
  lineLength(): i32 {
    const base = this.bytes.dataStart;
    for (let at = this.searched; at < this.end; at++) {
      if (load<u8>(base + at) == LINE_FEED) {
        this.searched = at;
        return at - this.start;
      }
    }
    this.searched = this.end;
    return -1;
  }

  /** Forgets the first `length` bytes that wait. */
  skip(length: i32): void {
    this.start += length;
    if (this.start == this.end) {
      this.start = 0;
      this.end = 0;
    }
    this.searched = this.start;
  }

  /** All that waits, as the first `length` bytes of the array. */
  take(): Uint8Array {
    this.moveToFront();
    this.end = 0;
    this.searched = 0;
    return this.bytes;
  }

  private makeRoom(bytesMax: i32): void {
    if (this.start > 0) {
      this.moveToFront();
      return;
    }
    const grown = new Uint8Array(min(max(bytesMax, this.end + 1), this.bytes.length * 2));
    memory.copy(grown.dataStart, this.bytes.dataStart, this.end);
    this.bytes = grown;
  }

  private moveToFront(): void {
    const base = this.bytes.dataStart;
    memory.copy(base, base + this.start, this.length);
    this.searched -= this.start;
    this.end -= this.start;
    this.start = 0;
  }
}
