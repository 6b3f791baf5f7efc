/**
 * A disk in front of another that records what changes it, in order: what a crash test replays.
 *
 * It stands nearest to the guest, so that the record is what the guest asked for, whatever becomes of it.
 */
import type { BlockBackend, BlockCompletion, BlockRequest } from "../types.js";
import { WrappedDisk } from "./wrapped.js";

export type LogEntry =
  | { readonly kind: "write"; readonly sector: number; readonly data: Uint8Array }
  | { readonly kind: "discard"; readonly sector: number; readonly sectors: number }
  /** A flush was submitted: it is about the entries before it. */
  | { readonly kind: "flush" }
  /** The flush that is entry `entry` has reported success: from here on, those are durable. */
  | { readonly kind: "flushed"; readonly entry: number }
  /** The write, discard or flush that is entry `entry` has reported an error. */
  | { readonly kind: "failed"; readonly entry: number };

/** Where entries go. */
export interface LogSink {
  /** Entries so far. */
  readonly length: number;
  /** Copies the data that it keeps. Called before the disk gets the request. */
  append(entry: LogEntry): void;
  /** Why nothing more is recorded; null as long as all is. */
  readonly problem: string | null;
  close(): void;
}

/** Records in memory, for tests. */
export class MemoryLog implements LogSink {
  readonly problem = null;
  readonly entries: LogEntry[] = [];
  readonly #bytesMax: number;
  #bytes = 0;

  /** @param bytesMax of data; one more is an error of the test, which then ends */
  constructor(bytesMax = 64 * 2 ** 20) {
    this.#bytesMax = bytesMax;
  }

  get length(): number {
    return this.entries.length;
  }

  append(entry: LogEntry): void {
    if (entry.kind !== "write") {
      this.entries.push(entry);
      return;
    }
    this.#bytes += entry.data.length;
    if (this.#bytes > this.#bytesMax)
      throw new Error(`the log of writes is full: more than ${this.#bytesMax} bytes were written`);
    this.entries.push({ ...entry, data: entry.data.slice() });
  }

  close(): void {
    // What was recorded is read afterwards.
  }
}

/** Wraps a disk and takes it over, and the log with it. */
export function logWrites(disk: BlockBackend, log: LogSink): BlockBackend {
  return new LoggedDisk(disk, log);
}

class LoggedDisk extends WrappedDisk {
  readonly #log: LogSink;
  /** Requests in flight, and the entries they are. */
  readonly #entries = new Map<BlockRequest, number>();
  #closing: Promise<void> | null = null;

  constructor(disk: BlockBackend, log: LogSink) {
    super(disk);
    this.#log = log;
  }

  override get notices(): readonly string[] {
    const { problem } = this.#log;
    return problem === null ? super.notices : [...super.notices, problem];
  }

  submit(request: BlockRequest): boolean {
    if (request.operation !== "read") {
      this.#entries.set(request, this.#log.length);
      this.#log.append(entryOf(request));
    }
    return this.disk.submit(request);
  }

  complete(memory: Uint8Array): BlockCompletion | null {
    const completion = this.disk.complete(memory);
    if (completion === null || completion.request.operation === "read") return completion;
    const { request, status } = completion;
    const entry = this.#entries.get(request);
    this.#entries.delete(request);
    if (entry === undefined) return completion;
    if (status !== "ok") this.#log.append({ kind: "failed", entry });
    else if (request.operation === "flush") this.#log.append({ kind: "flushed", entry });
    return completion;
  }

  override close(): Promise<void> {
    this.#closing ??= super.close().finally(() => this.#log.close());
    return this.#closing;
  }
}

function entryOf(request: Exclude<BlockRequest, { operation: "read" }>): LogEntry {
  switch (request.operation) {
    case "write":
      return { kind: "write", sector: request.sector, data: request.data };
    case "discard":
      return { kind: "discard", sector: request.sector, sectors: request.sectors };
    case "flush":
      return { kind: "flush" };
  }
}
