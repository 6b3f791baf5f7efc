/** block_info, block_submit, block_complete of one device. */
import { BlockFlag, BlockOperation, Errno, Limit } from "@phantasm/abi";
import type { BlockBackend, BlockRequest, BlockStatus } from "../backends/types.js";
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
  readonly #ignored: number[] = [];

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
    const first = BigInt.asUintN(64, sector);
    this.#checkRequest(operation, first, ptr, sectors);
    const changes = operation === BlockOperation.WRITE || operation === BlockOperation.DISCARD;
    if (this.#gone) return Errno.GONE;
    if (changes && this.#backend.readonly) return Errno.READONLY;
    if (operation !== BlockOperation.FLUSH) {
      if (first + BigInt(sectors) > BigInt(this.#backend.sectors)) return Errno.RANGE;
    }
    if (this.#inFlight >= this.#backend.depth) {
      this.#submitArmed = true;
      return Errno.AGAIN;
    }
    this.#inFlight++;
    if (operation === BlockOperation.DISCARD && !this.#backend.discards) {
      this.#ignored.push(tag);
      this.#ready();
      return 0;
    }
    try {
      this.#backend.submit(this.#request(operation, Number(first), ptr, sectors, tag));
    } catch (error) {
      throw deviceFailure(this.#name, error);
    }
    return 0;
  }

  complete(ptr: number): number {
    const context = this.#context;
    context.checkRecord(COMPLETE, ptr, Limit.BLOCK_COMPLETION_BYTES, COMPLETION_ALIGNMENT);
    const ignored = this.#ignored.shift();
    if (ignored !== undefined) {
      this.#report(ptr, ignored, "ok");
      return 0;
    }
    try {
      const completion = this.#backend.complete();
      if (completion === null) return Errno.AGAIN;
      const { tag, status, data, pointer } = completion;
      if (status === "gone") this.#gone = true;
      // The range was checked at submission, and memory never shrinks.
      if (data !== null) context.memory.bytes.set(data, pointer);
      this.#report(ptr, tag, status);
      return 0;
    } catch (error) {
      throw deviceFailure(this.#name, error);
    }
  }

  #report(ptr: number, tag: number, status: BlockStatus): void {
    const record = this.#context.memory.record(ptr, Limit.BLOCK_COMPLETION_BYTES);
    record.setInt32(0, tag, true);
    record.setInt32(4, STATUS[status], true);
    this.#inFlight--;
    if (this.#submitArmed) {
      this.#submitArmed = false;
      this.#ready();
    }
  }

  /** Guest bugs, all of them before any circumstance: they do not depend on the device's mood. */
  #checkRequest(operation: number, sector: bigint, ptr: number, sectors: number): void {
    const context = this.#context;
    switch (operation) {
      case BlockOperation.FLUSH:
        if (sector !== 0n || ptr !== 0 || sectors !== 0) {
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
        const data = this.#context.memory.view(ptr, bytes).slice();
        return { operation: "write", sector, data, tag };
      }
      case BlockOperation.DISCARD:
        return { operation: "discard", sector, sectors, tag };
      default:
        return { operation: "flush", tag };
    }
  }
}
