/** How long to wait for an acknowledgement (RFC 6298). Times in milliseconds. */

/** As Linux has it: the guest delays acknowledgements for up to 40 ms. RFC 6298 §2.4 would say 1 s. */
export const RTO_MIN_MS = 200;
export const RTO_MAX_MS = 60_000;
/** RFC 6298 §2.1, before anything was measured. */
export const RTO_FIRST_MS = 1_000;

export class RoundTrip {
  #smoothedMs = 0;
  #variationMs = 0;
  #rtoMs = RTO_FIRST_MS;
  #backoff = 1;

  /** With the back-off of what was sent again. */
  get rtoMs(): number {
    return Math.min(this.#rtoMs * this.#backoff, RTO_MAX_MS);
  }

  /** RFC 6298 §2.2, §2.3. Never for a segment that was sent twice (Karn). */
  measured(ms: number): void {
    if (this.#smoothedMs === 0 && this.#variationMs === 0) {
      this.#smoothedMs = ms;
      this.#variationMs = ms / 2;
    } else {
      this.#variationMs += (Math.abs(this.#smoothedMs - ms) - this.#variationMs) / 4;
      this.#smoothedMs += (ms - this.#smoothedMs) / 8;
    }
    this.#rtoMs = Math.max(this.#smoothedMs + 4 * this.#variationMs, RTO_MIN_MS);
  }

  /** RFC 6298 §5.5. */
  backOff(): void {
    if (this.#rtoMs * this.#backoff < RTO_MAX_MS) this.#backoff *= 2;
  }

  /** New data was acknowledged. */
  settle(): void {
    this.#backoff = 1;
  }
}
