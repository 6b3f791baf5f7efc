/** What the host sent and the guest has not acknowledged: pieces as they came, never copied together. */

/** Leading pieces that are done with are cut off in one go. */
const SPENT_MAX = 64;

export class SendQueue {
  #pieces: Uint8Array[] = [];
  /** The first piece that counts. */
  #first = 0;
  /** Bytes of the first piece that are done with. */
  #spent = 0;
  #bytes = 0;
  /** Where the last copy ended: its piece, and how far from the front of the queue that piece begins. */
  #cursor = 0;
  #cursorAt = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get pieces(): number {
    return this.#pieces.length - this.#first;
  }

  /** Keeps the piece. */
  push(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#bytes += piece.length;
  }

  /** Copies bytes, `position` from the front, that must be there. */
  copy(position: number, into: Uint8Array, at: number, bytes: number): void {
    if (position < this.#cursorAt || this.#cursor < this.#first) this.#rewind();
    let left = bytes;
    let from = position;
    let to = at;
    while (left > 0) {
      const piece = this.#pieces[this.#cursor];
      if (piece === undefined) throw new RangeError("there are not so many bytes");
      const skip = from - this.#cursorAt;
      const here = Math.min(piece.length - skip, left);
      if (here > 0) {
        into.set(here === piece.length ? piece : piece.subarray(skip, skip + here), to);
        left -= here;
        from += here;
        to += here;
      }
      if (left > 0) {
        this.#cursorAt += piece.length;
        this.#cursor++;
      }
    }
  }

  /** Forgets bytes at the front. */
  drop(bytes: number): void {
    this.#bytes -= bytes;
    this.#spent += bytes;
    this.#cursorAt -= bytes;
    for (;;) {
      const piece = this.#pieces[this.#first];
      if (piece === undefined || this.#spent < piece.length) break;
      this.#spent -= piece.length;
      this.#first++;
    }
    if (this.#first === this.#pieces.length) this.clear();
    else if (this.#first >= SPENT_MAX) {
      this.#pieces.splice(0, this.#first);
      this.#cursor -= this.#first;
      this.#first = 0;
    }
  }

  clear(): void {
    this.#pieces = [];
    this.#first = 0;
    this.#spent = 0;
    this.#bytes = 0;
    this.#cursor = 0;
    this.#cursorAt = 0;
  }

  #rewind(): void {
    this.#cursor = this.#first;
    this.#cursorAt = -this.#spent;
  }
}
