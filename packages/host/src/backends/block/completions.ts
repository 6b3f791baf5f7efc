/** Completions on their way to the domain, oldest first. */
import type { BlockCompletion, BlockRequest, BlockStatus } from "../types.js";
import { Waker } from "../wake.js";

export class Completions {
  readonly #queue: BlockCompletion[] = [];
  readonly #waker = new Waker(() => this.#queue.length > 0);

  attach(wake: () => void): void {
    this.#waker.attach(wake);
  }

  /** No wake-up follows; what is queued can still be taken. */
  detach(): void {
    this.#waker.detach();
  }

  add(request: BlockRequest, status: BlockStatus, data: Uint8Array | null = null): void {
    const pointer = request.operation === "read" ? request.pointer : 0;
    this.#queue.push({ tag: request.tag, status, data, pointer });
    this.#waker.request();
  }

  take(): BlockCompletion | null {
    // The queue is never longer than the depth of the device.
    return this.#queue.shift() ?? null;
  }
}
