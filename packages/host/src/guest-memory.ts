/**
 * The memory of an image as hypercalls see it.
 *
 * A view is made again whenever the memory has grown (growing detaches the old buffer), and nothing
 * returned here may be kept across the return of a hypercall.
 */

export class GuestMemory {
  readonly #memory: WebAssembly.Memory;
  #bytes: Uint8Array;
  #data: DataView;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#data = new DataView(memory.buffer);
  }

  /** All of it, as of now. */
  get bytes(): Uint8Array {
    // A detached buffer leaves a view of length 0, which is cheaper to ask than `memory.buffer`.
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(this.#memory.buffer);
    return this.#bytes;
  }

  /** All of it, for records on paths where making a view would cost more than writing it. */
  get data(): DataView {
    if (this.#data.buffer !== this.bytes.buffer) this.#data = new DataView(this.#bytes.buffer);
    return this.#data;
  }

  get length(): number {
    return this.bytes.length;
  }

  /** Whether `length` bytes from `ptr` lie inside. Both are u32 in i32 clothes; the sum is exact. */
  contains(ptr: number, length: number): boolean {
    return (ptr >>> 0) + (length >>> 0) <= this.bytes.length;
  }

  /** A view that the caller has checked with `contains`. */
  view(ptr: number, length: number): Uint8Array {
    const start = ptr >>> 0;
    return this.bytes.subarray(start, start + (length >>> 0));
  }

  /** For records of several fields, checked by the caller too. */
  record(ptr: number, length: number): DataView {
    return new DataView(this.bytes.buffer, ptr >>> 0, length);
  }
}
