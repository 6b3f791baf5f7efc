/** block_info, block_submit, block_complete of one device. */
import { BlockFlag, BlockOperation, Errno, Limit } from "@phantasm/abi";
import type { BlockBackend, BlockRequest, BlockStatus } from "../backends/types.js";
import { newBlockCounters } from "./block-counters.js";
import { callIndex, deviceFailure, hex, type CallContext } from "./context.js";
import type { Source } from "./source.js";

const INFO = callIndex("block_info");
const SUBMIT = callIndex("block_submit");
const COMPLETE = callIndex("block_complete");

const INFO_ALIGNMENT = 8;
const COMPLETION_ALIGNMENT = 4;

const STATUS: Readonly<Record<BlockStatus, number>> = {
  ok: 0,
  io: Errno.IO,
  nospace: Errno.NOSPACE,
  gone: Errno.GONE,
};

export class BlockPort implements Source {
  readonly #context: CallContext;
  readonly #name: string;
  readonly #backend: BlockBackend;
  readonly #ready: () => void;
  readonly #sectorsMax: number;
  /** Submitted and not yet taken by the guest. */
  #inFlight = 0;
  #submitArmed = false;
  #gone = false;
  /** Discards that the backend does not carry out: accepted and ignored. */
  readonly #ignored: BlockRequest[] = [];
  readonly counters = newBlockCounters();

  constructor(context: CallContext, name: string, backend: BlockBackend, ready: () => void) {
    this.#context = context;
    this.#name = name;
    this.#backend = backend;
    this.#ready = ready;
    this.#sectorsMax = Math.floor(Limit.BLOCK_REQUEST_BYTES_MAX / backend.sectorBytes);
    backend.attach(() => {
      if (this.armed) ready();
    });
  }

  /** Completions stay armed while requests are in flight: several may come, one wake-up each. */
  get armed(): boolean {
    return this.#inFlight > 0 || this.#submitArmed;
  }

  get used(): boolean {
    const { reads, writes, flushes, discards } = this.counters;
    return reads + writes + flushes + discards > 0;
  }

  info(ptr: number): void {
    const context = this.#context;
    context.checkRecord(INFO, ptr, Limit.BLOCK_INFO_BYTES, INFO_ALIGNMENT);
    const { sectors, sectorBytes, depth, readonly, discards } = this.#backend;
    const record = context.memory.record(ptr, Limit.BLOCK_INFO_BYTES);
    record.setBigUint64(0, BigInt(sectors), true);
    record.setUint32(8, sectorBytes, true);
    record.setUint32(12, depth, true);
    const flags = (readonly ? BlockFlag.READONLY : 0) | (discards ? BlockFlag.DISCARD : 0);
    record.setUint32(16, flags, true);
    record.setUint32(20, this.#sectorsMax, true);
  }

  submit(operation: number, sector: bigint, ptr: number, sectors: number, tag: number): number {
    // Beyond 2^53 no longer exact, and beyond every disk; beyond 2^63, negative.
    const first = Number(sector);
    this.#checkRequest(operation, first, ptr, sectors);
    const changes = operation === BlockOperation.WRITE || operation === BlockOperation.DISCARD;
    const backend = this.#backend;
    if (this.#gone) return Errno.GONE;
    if (changes && backend.readonly) return Errno.READONLY;
    if (operation !== BlockOperation.FLUSH) {
      if (first < 0 || first + sectors > backend.sectors) return Errno.RANGE;
    }
    if (this.#inFlight >= backend.depth) {
      this.#submitArmed = true;
      return Errno.AGAIN;
    }
    this.#inFlight++;
    this.#count(operation, sectors);
    const request = this.#request(operation, first, ptr, sectors, tag);
    if (operation === BlockOperation.DISCARD && !backend.discards) {
      this.#ignored.push(request);
      this.#ready();
      return 0;
    }
    try {
      // Completed at once: the next step is sure, without the detour over a wake-up.
      if (backend.submit(request)) this.#ready();
    } catch (error) {
      throw deviceFailure(this.#name, error);
    }
    return 0;
  }

  complete(ptr: number): number {
    const context = this.#context;
    context.checkRecord(COMPLETE, ptr, Limit.BLOCK_COMPLETION_BYTES, COMPLETION_ALIGNMENT);
    if (this.#ignored.length > 0) {
      const ignored = this.#ignored.shift();
      if (ignored !== undefined) this.#report(ptr, ignored, "ok");
      return 0;
    }
    try {
      // Ranges were checked at submission, and memory never shrinks.
      const completion = this.#backend.complete(context.memory.bytes);
      if (completion === null) return Errno.AGAIN;
      const { request, status } = completion;
      if (status === "gone") this.#gone = true;
      this.#report(ptr, request, status);
      return 0;
    } catch (error) {
      throw deviceFailure(this.#name, error);
    }
  }

  #report(ptr: number, request: BlockRequest, status: BlockStatus): void {
    const record = this.#context.memory.data;
    const at = ptr >>> 0;
    record.setInt32(at, request.tag, true);
    record.setInt32(at + 4, STATUS[status], true);
    this.#inFlight--;
    if (status !== "ok") this.counters.errors++;
    if (this.#submitArmed) {
      this.#submitArmed = false;
      this.#ready();
    }
  }

  /** What the disk has accepted; how it went is known later. */
  #count(operation: number, sectors: number): void {
    const { counters } = this;
    const bytes = sectors * this.#backend.sectorBytes;
    switch (operation) {
      case BlockOperation.READ:
        counters.reads++;
        counters.readBytes += bytes;
        return;
      case BlockOperation.WRITE:
        counters.writes++;
        counters.writtenBytes += bytes;
        return;
      case BlockOperation.DISCARD:
        counters.discards++;
        return;
      default:
        counters.flushes++;
    }
  }

  /** Guest bugs, all of them before any circumstance: they do not depend on the device's mood. */
  #checkRequest(operation: number, sector: number, ptr: number, sectors: number): void {
    const context = this.#context;
    switch (operation) {
      case BlockOperation.FLUSH:
        if (sector !== 0 || ptr !== 0 || sectors !== 0) {
          context.bug(SUBMIT, `a flush has sector ${sector}, ptr ${hex(ptr)}, sectors ${sectors}`);
        }
        return;
      case BlockOperation.READ:
      case BlockOperation.WRITE:
      case BlockOperation.DISCARD:
        break;
      default:
        context.bug(SUBMIT, `operation ${operation} is unknown`);
    }
    if (sectors < 1 || sectors > this.#sectorsMax) {
      context.bug(SUBMIT, `sectors ${sectors} is outside 1 to ${this.#sectorsMax}`);
    }
    if (operation === BlockOperation.DISCARD) {
      if (ptr !== 0) context.bug(SUBMIT, `a discard has ptr ${hex(ptr)}`);
    } else {
      context.checkRange(SUBMIT, ptr, sectors * this.#backend.sectorBytes);
    }
  }

  #request(
    operation: number,
    sector: number,
    ptr: number,
    sectors: number,
    tag: number,
  ): BlockRequest {
    switch (operation) {
      case BlockOperation.READ:
        return { operation: "read", sector, sectors, tag, pointer: ptr >>> 0 };
      case BlockOperation.WRITE: {
        const bytes = sectors * this.#backend.sectorBytes;
        // Not copied here: a disk that writes at once takes it from where it lies.
        const data = this.#context.memory.view(ptr, bytes);
        return { operation: "write", sector, data, tag };
      }
      case BlockOperation.DISCARD:
        return { operation: "discard", sector, sectors, tag };
      default:
        return { operation: "flush", tag };
    }
  }
}
