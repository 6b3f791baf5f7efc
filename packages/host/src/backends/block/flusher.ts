/** Flushes of a file: fdatasync on another thread, one at a time for all that wait. */
import type { BlockFlush, BlockStatus } from "../types.js";
import { statusOf } from "./status.js";

export class Flusher {
  readonly #sync: (done: (error: Error | null) => void) => void;
  readonly #done: (request: BlockFlush, status: BlockStatus) => void;
  /** Flushes that the running fdatasync covers, and those that came after it began. */
  #syncing: BlockFlush[] = [];
  #waiting: BlockFlush[] = [];
  #failed = false;
  #idle: (() => void) | null = null;

  /** @param done told of each flush, from the event loop */
  constructor(
    sync: (done: (error: Error | null) => void) => void,
    done: (request: BlockFlush, status: BlockStatus) => void,
  ) {
    this.#sync = sync;
    this.#done = done;
  }

  /** One has failed: the kernel has forgotten the dirty pages, and a later sync would succeed and lie. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Covers every write that the kernel has been given. */
  flush(request: BlockFlush): void {
    this.#waiting.push(request);
    if (this.#syncing.length === 0) this.#start();
  }

  /** Settles when none is under way. */
  async drained(): Promise<void> {
    if (this.#syncing.length > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
  }

  /**
   * A guest that queues flushes does not occupy the process's threads. A flush waits for an fdatasync
   * that begins after it, so writes before it are covered.
   */
  #start(): void {
    this.#syncing = this.#waiting;
    this.#waiting = [];
    this.#sync((error) => {
      const done = this.#syncing;
      this.#syncing = [];
      if (error !== null) this.#failed = true;
      const status = error === null ? "ok" : statusOf(error);
      for (const request of done) this.#done(request, status);
      if (this.#failed) {
        for (const request of this.#waiting) this.#done(request, "io");
        this.#waiting = [];
      }
      if (this.#waiting.length > 0) this.#start();
      else this.#idle?.();
    });
  }
}
