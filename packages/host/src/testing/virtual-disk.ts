/** A disk in memory whose requests take virtual time. */
import type { BlockBackend, BlockCompletion, BlockRequest } from "../backends/types.js";
import { Task } from "../scheduler.js";
import type { VirtualTime } from "./virtual-time.js";

export interface VirtualDiskOptions {
  readonly sectorBytes?: 512 | 4096;
  readonly readonly?: boolean;
  readonly depth?: number;
  /** From submission to completion. Default 0: at the same instant, but never within the same step. */
  readonly latencyNs?: number;
}

/** What a read gives is what was there when it was submitted. */
interface Done {
  readonly completion: BlockCompletion;
  readonly data: Uint8Array | null;
}

export class VirtualDisk implements BlockBackend {
  readonly sectors: number;
  readonly sectorBytes: number;
  readonly readonly: boolean;
  readonly discards = true;
  readonly depth: number;
  /** What is on it; a test may look and change. */
  readonly bytes: Uint8Array;
  /** Requests from now on complete with this status. */
  failing: "io" | "nospace" | "gone" | null = null;
  readonly #time: VirtualTime;
  readonly #latencyNs: number;
  readonly #task: Task;
  #wake: () => void = () => undefined;
  #pending: (Done & { readonly dueNs: bigint })[] = [];
  #done: Done[] = [];

  constructor(time: VirtualTime, bytes: Uint8Array | number, options: VirtualDiskOptions = {}) {
    this.#time = time;
    this.bytes = typeof bytes === "number" ? new Uint8Array(bytes) : bytes;
    this.sectorBytes = options.sectorBytes ?? 512;
    this.sectors = Math.floor(this.bytes.length / this.sectorBytes);
    this.readonly = options.readonly ?? false;
    this.depth = options.depth ?? 32;
    this.#latencyNs = options.latencyNs ?? 0;
    this.#task = new Task(() => this.#finish());
  }

  attach(wake: () => void): void {
    this.#wake = wake;
  }

  submit(request: BlockRequest): boolean {
    const dueNs = this.#time.nowNs + BigInt(this.#latencyNs);
    this.#pending.push({ dueNs, ...this.#carryOut(request) });
    if (this.#pending.length === 1) this.#schedule(dueNs);
    return false;
  }

  complete(memory: Uint8Array): BlockCompletion | null {
    const done = this.#done.shift();
    if (done === undefined) return null;
    const { completion, data } = done;
    if (data !== null && completion.request.operation === "read")
      memory.set(data, completion.request.pointer);
    return completion;
  }

  close(): Promise<void> {
    this.#time.cancel(this.#task);
    this.#wake = () => undefined;
    return Promise.resolve();
  }

  #carryOut(request: BlockRequest): Done {
    if (this.failing !== null) return { completion: { request, status: this.failing }, data: null };
    const done: Done = { completion: { request, status: "ok" }, data: null };
    if (request.operation === "flush") return done;
    const start = request.sector * this.sectorBytes;
    switch (request.operation) {
      case "read":
        return {
          ...done,
          data: this.bytes.slice(start, start + request.sectors * this.sectorBytes),
        };
      case "write":
        this.bytes.set(request.data, start);
        return done;
      case "discard":
        this.bytes.fill(0, start, start + request.sectors * this.sectorBytes);
        return done;
    }
  }

  #schedule(dueNs: bigint): void {
    const left = dueNs - this.#time.nowNs;
    if (left <= 0n) this.#time.ready(this.#task);
    else this.#time.after(this.#task, Number(left));
  }

  #finish(): void {
    for (;;) {
      const first = this.#pending[0];
      if (first === undefined) break;
      if (first.dueNs > this.#time.nowNs) {
        this.#schedule(first.dueNs);
        break;
      }
      this.#pending.shift();
      this.#done.push(first);
    }
    if (this.#done.length > 0) this.#wake();
  }
}
