/**
 * Writes a readable line for every frame of a link, to a file or to standard error.
 *
 * `09:15:02.000123456 out IP 10.0.0.2.7 > 10.0.0.1.40000: UDP, length 12`: the time of day (UTC), the
 * direction as the guest sees it, and what `describe-frame.ts` makes of it. For the file see
 * `record-file.ts`; standard error is never given more than QUEUE_BYTES_MAX.
 */
import { systemClock, type Clock } from "../clock.js";
import { describeFrame } from "./describe-frame.js";
import { QUEUE_BYTES_MAX } from "./link.js";
import {
  createRecordFile,
  problemsOf,
  type RecordCounters,
  type RecordFileOptions,
} from "./record-file.js";
import type { NetBackend } from "./types.js";
import { WallClock } from "./wall-clock.js";
import { WrappedLink, type Direction } from "./wrapped.js";

/** A stream that says how much of what it was given is still with it. */
export interface LineStream {
  readonly writableLength: number;
  write(text: string): boolean;
}

export interface NetTraceOptions extends RecordFileOptions {
  /** In front of each line, for several links in one place; nothing unless given. */
  readonly name?: string;
  readonly clock?: Clock;
  /** Where lines for `-` go; standard error unless given. */
  readonly stream?: LineStream;
}

/** A link with a trace; `close` writes what waits and closes both. */
export interface TracedLink extends NetBackend {
  readonly lines: RecordCounters;
}

interface LineWriter extends RecordCounters {
  line(text: string): void;
  close(): Promise<void>;
}

const NS_PER_SECOND = 1_000_000_000n;

/** Wraps a link. Takes it over when it succeeds; throws BackendError when the file cannot be created. */
export async function traceFrames(
  link: NetBackend,
  file: string,
  options: NetTraceOptions = {},
): Promise<TracedLink> {
  const writer =
    file === "-"
      ? new StreamWriter(options.stream ?? process.stderr)
      : await FileWriter.open(file, options);
  return new TracingLink(link, writer, options);
}

class TracingLink extends WrappedLink implements TracedLink {
  readonly lines: LineWriter;
  readonly #clock: WallClock;
  readonly #prefix: string;

  constructor(link: NetBackend, lines: LineWriter, options: NetTraceOptions) {
    super(link);
    this.lines = lines;
    this.#clock = new WallClock(options.clock ?? systemClock);
    this.#prefix = options.name === undefined ? "" : `${options.name} `;
  }

  override get notices(): readonly string[] {
    return [...super.notices, ...problemsOf("trace of frames", this.lines)];
  }

  send(frame: Uint8Array): boolean {
    if (!this.link.send(frame)) return false;
    this.#add("out", frame, frame.length);
    return true;
  }

  receive(into: Uint8Array): number {
    const bytes = this.link.receive(into);
    if (bytes > 0) this.#add("in", into, bytes);
    return bytes;
  }

  override async close(): Promise<void> {
    await this.link.close();
    await this.lines.close();
  }

  #add(direction: Direction, frame: Uint8Array, length: number): void {
    const text = describeFrame(frame, length);
    this.lines.line(
      `${timeOfDay(this.#clock.nowNs())} ${this.#prefix}${direction.padEnd(3)} ${text}\n`,
    );
  }
}

class FileWriter implements LineWriter {
  readonly #file: Awaited<ReturnType<typeof createRecordFile>>;

  private constructor(file: Awaited<ReturnType<typeof createRecordFile>>) {
    this.#file = file;
  }

  static async open(path: string, options: RecordFileOptions): Promise<FileWriter> {
    return new FileWriter(
      await createRecordFile("trace of frames", path, new Uint8Array(0), options),
    );
  }

  get frames(): number {
    return this.#file.frames;
  }

  get droppedFrames(): number {
    return this.#file.droppedFrames;
  }

  get error(): string | null {
    return this.#file.error;
  }

  line(text: string): void {
    // Lines are ASCII: one byte a character.
    this.#file.add(text.length)?.write(text, "latin1");
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

class StreamWriter implements LineWriter {
  frames = 0;
  droppedFrames = 0;
  readonly error = null;
  readonly #stream: LineStream;

  constructor(stream: LineStream) {
    this.#stream = stream;
  }

  line(text: string): void {
    if (this.#stream.writableLength + text.length > QUEUE_BYTES_MAX) {
      this.droppedFrames++;
      return;
    }
    this.frames++;
    this.#stream.write(text);
  }

  /** The stream is not ours to end. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** `09:15:02.000123456`, UTC. */
function timeOfDay(nowNs: bigint): string {
  const seconds = Number((nowNs / NS_PER_SECOND) % 86_400n);
  const parts = [seconds / 3600, (seconds / 60) % 60, seconds % 60];
  const text = parts.map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
  return `${text}.${String(nowNs % NS_PER_SECOND).padStart(9, "0")}`;
}
