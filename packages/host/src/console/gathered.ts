/** Bytes that were accepted and wait, in one piece: however small the writes, they cost only their bytes. */

const CAPACITY_BYTES_MIN = 256;

export class Gathered {
  #buffer = new Uint8Array(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What waits: a view, valid until the next call. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Copies all of `bytes` behind the others. The caller bounds how much there is. */
  push(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#buffer.length) {
      const capacity = Math.max(length, 2 * this.#buffer.length, CAPACITY_BYTES_MIN);
      const grown = new Uint8Array(capacity);
      grown.set(this.bytes);
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
  }

  /** Hands over what waits, and forgets it. */
  take(): Uint8Array {
    const taken = this.bytes;
    this.#buffer = new Uint8Array(0);
    this.#length = 0;
    return taken;
  }
}
