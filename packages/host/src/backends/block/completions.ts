/** Completions on their way to the domain, oldest first. */
import type { BlockCompletion, BlockRequest, BlockStatus } from "../types.js";
import { Waker } from "../wake.js";
import { DEPTH } from "./geometry.js";

export class Completions {
  /** A ring: its length is a power of two. */
  #ring: (BlockCompletion | null)[] = new Array<null>(DEPTH).fill(null);
  #first = 0;
  #count = 0;
  readonly #waker = new Waker(() => this.#count > 0);

  attach(wake: () => void): void {
    this.#waker.attach(wake);
  }

  /** No wake-up follows; what is queued can still be taken. */
  detach(): void {
    this.#waker.detach();
  }

  /** From the event loop: a wake-up follows. */
  add(request: BlockRequest, status: BlockStatus): void {
    this.now(request, status);
    this.#waker.request();
  }

  /** From inside `submit`, which answers what this does: the caller knows, and nobody is woken. */
  now(request: BlockRequest, status: BlockStatus): true {
    if (this.#count === this.#ring.length) this.#grow();
    this.#ring[(this.#first + this.#count++) & (this.#ring.length - 1)] = { request, status };
    return true;
  }

  take(): BlockCompletion | null {
    const completion = this.#ring[this.#first] ?? null;
    if (completion === null) return null;
    this.#ring[this.#first] = null;
    this.#first = (this.#first + 1) & (this.#ring.length - 1);
    this.#count--;
    return completion;
  }

  /** For a caller that goes beyond the depth, as a test may. */
  #grow(): void {
    const ring = this.#ring;
    const ordered = [...ring.slice(this.#first), ...ring.slice(0, this.#first)];
    this.#ring = [...ordered, ...new Array<null>(ring.length).fill(null)];
    this.#first = 0;
  }
}
