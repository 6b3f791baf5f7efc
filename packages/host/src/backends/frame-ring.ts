/**
 * A bounded queue of frames in one circular buffer.
 *
 * Frames are copied in and out, so the queue never holds the caller's memory and makes no garbage.
 * The buffer starts empty, doubles up to the bound, and is given back when the queue runs dry: ten
 * thousand idle links cost nothing.
 */
const LENGTH_BYTES = 4;
const CAPACITY_BYTES_MIN = 4096;
const CAPACITY_BYTES_KEPT = 65_536;

export class FrameRing {
  readonly #bytesMax: number;
  readonly #keptBytes: number;
  #buffer = new Uint8Array(0);
  #head = 0;
  #bytes = 0;
  #frames = 0;

  /**
   * @param bytesMax bounds what waits, each frame with 4 bytes of length
   * @param keptBytes a larger buffer is given back when the queue runs dry; whoever raises this trims
   */
  constructor(bytesMax: number, keptBytes = CAPACITY_BYTES_KEPT) {
    this.#bytesMax = bytesMax;
    this.#keptBytes = keptBytes;
  }

  /** Whether the buffer is larger than one that is kept for good. */
  get oversized(): boolean {
    return this.#buffer.length > CAPACITY_BYTES_KEPT;
  }

  /** Gives an oversized buffer back if nothing waits. */
  trim(): void {
    if (this.#frames === 0 && this.oversized) this.#buffer = new Uint8Array(0);
  }

  get frames(): number {
    return this.#frames;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a frame of this size has room now. */
  fits(frameBytes: number): boolean {
    return this.#bytes + LENGTH_BYTES + frameBytes <= this.#bytesMax;
  }

  /** Copies a frame of at least one byte in; false when it does not fit. */
  push(frame: Uint8Array): boolean {
    if (!this.fits(frame.length)) return false;
    this.#reserve(this.#bytes + LENGTH_BYTES + frame.length);
    const tail = this.#bytes;
    for (let i = 0; i < LENGTH_BYTES; i++) {
      this.#buffer[this.#at(tail + i)] = frame.length >>> (8 * i);
    }
    const start = this.#at(tail + LENGTH_BYTES);
    const first = Math.min(frame.length, this.#buffer.length - start);
    if (first === frame.length) {
      this.#buffer.set(frame, start);
    } else {
      this.#buffer.set(frame.subarray(0, first), start);
      this.#buffer.set(frame.subarray(first), 0);
    }
    this.#bytes += LENGTH_BYTES + frame.length;
    this.#frames++;
    return true;
  }

  /** Bytes of the oldest frame, or 0 when none waits. */
  peek(): number {
    if (this.#frames === 0) return 0;
    let length = 0;
    for (let i = 0; i < LENGTH_BYTES; i++) length |= (this.#buffer[this.#at(i)] ?? 0) << (8 * i);
    return length;
  }

  /** Copies the oldest frame to the front of `into`, which must hold it, and returns its bytes; 0: none. */
  take(into: Uint8Array): number {
    const length = this.peek();
    if (length === 0) return 0;
    const start = this.#at(LENGTH_BYTES);
    const first = Math.min(length, this.#buffer.length - start);
    into.set(this.#buffer.subarray(start, start + first));
    if (first < length) into.set(this.#buffer.subarray(0, length - first), first);
    this.drop();
    return length;
  }

  /** Forgets the oldest frame. */
  drop(): void {
    const length = this.peek();
    if (length === 0) return;
    this.#head = this.#at(LENGTH_BYTES + length);
    this.#bytes -= LENGTH_BYTES + length;
    this.#frames--;
    if (this.#frames === 0) this.clear();
  }

  clear(): void {
    this.#head = 0;
    this.#bytes = 0;
    this.#frames = 0;
    if (this.#buffer.length > this.#keptBytes) this.#buffer = new Uint8Array(0);
  }

  #at(offset: number): number {
    const index = this.#head + offset;
    return index < this.#buffer.length ? index : index - this.#buffer.length;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#buffer.length) return;
    let capacity = Math.max(CAPACITY_BYTES_MIN, this.#buffer.length * 2);
    while (capacity < bytes) capacity *= 2;
    const grown = new Uint8Array(Math.min(capacity, this.#bytesMax));
    const first = Math.min(this.#bytes, this.#buffer.length - this.#head);
    grown.set(this.#buffer.subarray(this.#head, this.#head + first));
    grown.set(this.#buffer.subarray(0, this.#bytes - first), first);
    this.#buffer = grown;
    this.#head = 0;
  }
}
