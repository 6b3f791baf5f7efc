/**
 * Calls a domain's `wake`, once per turn, never from inside a call of the domain.
 *
 * A hypercall may sit at the edge of the guest's stack, so it must not run anybody else's code. The
 * wake-up is put off to the microtask after it, and dropped when by then nothing is left to say.
 */
export class Waker {
  readonly #pending: () => boolean;
  #wake: (() => void) | null = null;
  #scheduled = false;

  /** `pending` tells whether there is still a reason to wake when the time comes. */
  constructor(pending: () => boolean) {
    this.#pending = pending;
  }

  attach(wake: () => void): void {
    this.#wake = wake;
    this.request();
  }

  /** No wake-up follows, not even one that was asked for. */
  detach(): void {
    this.#wake = null;
  }

  request(): void {
    if (this.#scheduled || this.#wake === null) return;
    this.#scheduled = true;
    queueMicrotask(this.#deliver);
  }

  readonly #deliver = (): void => {
    this.#scheduled = false;
    if (this.#pending()) this.#wake?.();
  };
}
