/**
 * A disk in a file or a block device, for requests that wait for hardware: with O_DIRECT, or where the
 * data is not in the page cache.
 *
 * Requests run on libuv's threads, a few at a time, and complete as they come; meanwhile the guest and
 * its network go on. The way to a thread and back costs as much as a fast disk takes. So a request that
 * is alone when its completion is asked for is carried out there and then, as long as that is quick.
 */
import { systemClock, type Clock } from "../../clock.js";
import type {
  BlockCompletion,
  BlockFlush,
  BlockRead,
  BlockRequest,
  BlockStatus,
  BlockWrite,
} from "../types.js";
import { Bounce } from "./bounce.js";
import { interrupted, readWhole, writeWhole, type DiskFile } from "./disk-file.js";
import { DEPTH } from "./geometry.js";
import { DiskOnFile, type FileDiskOptions } from "./on-file.js";
import { Pending } from "./pending.js";
import { readStatusOf, statusOf } from "./status.js";

/** Requests on threads at once: as many threads as libuv has unless told otherwise. */
const RUNNING_MAX = 4;

/** A lone request that took longer than this stood in the way of others. */
const ALONE_NS_MAX = 500_000n;
/** Lone requests that go to a thread after such a one, before it is tried again. */
const ALONE_BACKOFF = 64;

/** A request that has a buffer. */
interface Move {
  readonly request: BlockRead | BlockWrite;
  /** Of its place. */
  readonly offset: number;
  readonly bytes: number;
}

export class QueuedFileDisk extends DiskOnFile {
  readonly #clock: Clock;
  readonly #bounce = new Bounce(DEPTH);
  readonly #moving = new Pending();
  readonly #running = new Set<Move>();
  #queue: Move[] = [];
  /** The only request there is, not begun: others may follow it, or its completion be asked for. */
  #lone: Move | null = null;
  #backoff = 0;
  /** Where the data of reads waits that have been completed. */
  readonly #reads = new Map<BlockRequest, Move>();
  /** Writes that the kernel has not taken yet, oldest first. */
  readonly #writes = new Set<BlockRequest>();
  /** Flushes that wait for such writes, each with those before it that are left. */
  #barriers: { readonly flush: BlockFlush; readonly writes: Set<BlockRequest> }[] = [];
  /** Takes over the file. */
  constructor(file: DiskFile, options: FileDiskOptions, clock: Clock = systemClock) {
    super(file, options);
    this.#clock = clock;
  }

  protected override read(request: BlockRead): boolean {
    return this.#enqueue(request, request.sectors * this.sectorBytes);
  }

  protected override write(request: BlockWrite): boolean {
    return this.#enqueue(request, request.data.length);
  }

  protected override flush(request: BlockFlush): void {
    this.#startLone();
    if (this.#writes.size === 0) this.flusher.flush(request);
    else this.#barriers.push({ flush: request, writes: new Set(this.#writes) });
  }

  protected override settled(): Promise<void> {
    this.#startLone();
    return this.#moving.drained();
  }

  override complete(memory: Uint8Array): BlockCompletion | null {
    const completion = this.completions.take() ?? this.#carryOutLone();
    if (completion?.request.operation !== "read") return completion;
    const move = this.#reads.get(completion.request);
    if (move === undefined) return completion;
    this.#reads.delete(completion.request);
    if (completion.status === "ok") {
      const { offset, bytes } = move;
      memory.set(this.#bounce.bytes.subarray(offset, offset + bytes), completion.request.pointer);
    }
    this.#bounce.release(move.offset);
    return completion;
  }

  #enqueue(request: BlockRead | BlockWrite, bytes: number): boolean {
    const offset = this.#bounce.take();
    if (offset === null) throw new Error("more requests are in flight than this disk takes");
    if (request.operation === "write") {
      this.#bounce.bytes.set(request.data, offset);
      this.#writes.add(request);
    }
    const move = { request, offset, bytes };
    if (this.#backoff > 0) this.#backoff--;
    else if (this.#moving.count === 0) {
      this.#moving.begin();
      this.#lone = move;
      return true;
    }
    this.#startLone();
    this.#moving.begin();
    this.#queue.push(move);
    this.#startSome();
    return false;
  }

  /** It is alone no more. */
  #startLone(): void {
    if (this.#lone === null) return;
    this.#queue.push(this.#lone);
    this.#lone = null;
    this.#startSome();
  }

  #carryOutLone(): BlockCompletion | null {
    const move = this.#lone;
    if (move === null) return null;
    this.#lone = null;
    const { request, offset, bytes } = move;
    const position = request.sector * this.sectorBytes;
    const startNs = this.#clock.monotonic();
    const buffer = this.#bounce.bytes;
    const status =
      request.operation === "read"
        ? readWhole(this.file, buffer, offset, bytes, position)
        : writeWhole(this.file, buffer.subarray(offset, offset + bytes), position);
    if (this.#clock.monotonic() - startNs > ALONE_NS_MAX) this.#backoff = ALONE_BACKOFF;
    this.#settle(move);
    return { request, status };
  }

  #startSome(): void {
    while (this.#running.size < RUNNING_MAX) {
      const move = this.#queue.shift();
      if (move === undefined) return;
      this.#running.add(move);
      this.#go(move, 0);
    }
  }

  /** @param done bytes that have been moved already */
  #go(move: Move, done: number): void {
    const { request, offset, bytes } = move;
    const position = request.sector * this.sectorBytes + done;
    const moved = (error: Error | null, count: number): void => {
      if (error !== null && interrupted(error)) return this.#go(move, done);
      if (error !== null) {
        const reads = request.operation === "read";
        return this.#finish(move, reads ? readStatusOf(error) : statusOf(error));
      }
      // Somebody cut the file short.
      if (count === 0) return this.#finish(move, "io");
      if (done + count < bytes) return this.#go(move, done + count);
      this.#finish(move, "ok");
    };
    const buffer = this.#bounce.bytes;
    if (request.operation === "read")
      this.file.readLater(buffer, offset + done, bytes - done, position, moved);
    else this.file.writeLater(buffer, offset + done, bytes - done, position, moved);
  }

  #finish(move: Move, status: BlockStatus): void {
    this.#running.delete(move);
    this.#settle(move);
    this.completions.add(move.request, status);
    this.#startSome();
  }

  #settle(move: Move): void {
    const { request, offset } = move;
    if (request.operation === "read") this.#reads.set(request, move);
    else {
      this.#bounce.release(offset);
      this.#written(request);
    }
    this.#moving.end();
  }

  /** Starts the flushes that waited for this write last. */
  #written(request: BlockRequest): void {
    this.#writes.delete(request);
    if (this.#barriers.length === 0) return;
    for (const { writes } of this.#barriers) writes.delete(request);
    const ready = this.#barriers.filter(({ writes }) => writes.size === 0);
    this.#barriers = this.#barriers.filter(({ writes }) => writes.size > 0);
    for (const { flush } of ready) this.flusher.flush(flush);
  }
}
