/**
 * How much may be on its way to the guest: NewReno (RFC 5681, RFC 6582) without a slow start.
 *
 * The link is memory, so nothing is lost until something that wraps it loses frames or the guest runs
 * out of buffers. The first loss is where this begins to matter.
 */

/** No window of the guest's is larger. */
const WINDOW_BYTES_MAX = 1 << 22;
/** RFC 5681 §3.2. */
const DUPLICATES = 3;

export class Congestion {
  readonly #segmentBytes: number;
  #windowBytes = WINDOW_BYTES_MAX;
  #thresholdBytes = WINDOW_BYTES_MAX;
  #duplicates = 0;
  #recovering = false;

  constructor(segmentBytes: number) {
    this.#segmentBytes = segmentBytes;
  }

  get windowBytes(): number {
    return this.#windowBytes;
  }

  get recovering(): boolean {
    return this.#recovering;
  }

  /** RFC 5681 §3.1. */
  acknowledged(bytes: number): void {
    this.#duplicates = 0;
    if (this.#windowBytes >= WINDOW_BYTES_MAX) return;
    this.#windowBytes +=
      this.#windowBytes < this.#thresholdBytes
        ? bytes
        : Math.max(1, (this.#segmentBytes * this.#segmentBytes) / this.#windowBytes);
  }

  /** True: the first segment is lost, send it again. */
  duplicate(bytesInFlight: number): boolean {
    if (this.#recovering) {
      this.#windowBytes = Math.min(this.#windowBytes + this.#segmentBytes, WINDOW_BYTES_MAX);
      return false;
    }
    if (++this.#duplicates !== DUPLICATES) return false;
    this.#halve(bytesInFlight);
    this.#windowBytes = this.#thresholdBytes + DUPLICATES * this.#segmentBytes;
    this.#recovering = true;
    return true;
  }

  /** All that was sent before the loss has arrived (RFC 6582 §3.2 step 3). */
  recovered(): void {
    this.#recovering = false;
    this.#duplicates = 0;
    this.#windowBytes = this.#thresholdBytes;
  }

  /** Nothing came back in time (RFC 5681 §3.1). */
  timedOut(bytesInFlight: number): void {
    this.#halve(bytesInFlight);
    this.#windowBytes = this.#segmentBytes;
    this.#duplicates = 0;
    this.#recovering = false;
  }

  #halve(bytesInFlight: number): void {
    this.#thresholdBytes = Math.max(bytesInFlight / 2, 2 * this.#segmentBytes);
  }
}
