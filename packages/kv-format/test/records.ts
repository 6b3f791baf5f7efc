/** Log records for tests, made by hand. */
import type { MemoryDevice } from "../src/device.js";
import {
  BATCH_HEAD_BYTES,
  META_PAGES,
  OPERATION_HEAD_BYTES,
  OperationKind,
  PAGE_BYTES,
  RECORD_CHECKSUM_AT,
  RECORD_HEAD_BYTES,
  RECORD_MAGIC,
  RecordKind,
} from "../src/layout.js";
import { chooseMeta, logUnits, type Meta } from "../src/meta.js";
import { xxh64 } from "../src/xxh64.js";

export interface Operation {
  readonly kind?: number;
  readonly key: string;
  /** null: delete. */
  readonly value: Uint8Array | string | null;
  readonly expires?: bigint;
}

export interface Batch {
  readonly version: bigint;
  readonly operations: readonly Operation[];
}

export interface RecordOptions {
  readonly kind?: RecordKind;
  readonly batches?: readonly Batch[];
  /** Default: the one before. */
  readonly durable?: bigint;
}

function encodeOperation({ kind, key, value, expires }: Operation): Buffer {
  const keyBytes = Buffer.from(key);
  const valueBytes = value === null ? Buffer.alloc(0) : Buffer.from(value);
  const head = Buffer.alloc(OPERATION_HEAD_BYTES + (expires === undefined ? 0 : 8));
  head[0] = kind ?? (value === null ? OperationKind.DELETE : OperationKind.PUT);
  head[1] = expires === undefined ? 0 : 1;
  head.writeUInt16LE(keyBytes.length, 2);
  head.writeUInt32LE(valueBytes.length, 4);
  if (expires !== undefined) head.writeBigUInt64LE(expires, OPERATION_HEAD_BYTES);
  return Buffer.concat([head, keyBytes, valueBytes]);
}

export function encodeBatch({ version, operations }: Batch): Buffer {
  const body = Buffer.concat(operations.map(encodeOperation));
  const head = Buffer.alloc(BATCH_HEAD_BYTES);
  head.writeUInt32LE(body.length, 0);
  head.writeBigUInt64LE(version, 8);
  return Buffer.concat([head, body]);
}

/** Writes records as a store would. */
export class RecordWriter {
  readonly #device: MemoryDevice;
  readonly meta: Meta;
  unit: number;
  sequence: bigint;
  chain: bigint;

  constructor(device: MemoryDevice) {
    this.#device = device;
    this.meta = chooseMeta(device).meta;
    this.unit = this.meta.logPosition;
    this.sequence = this.meta.sequence;
    this.chain = this.meta.chain;
  }

  /** Byte of the device where the next record begins. */
  get position(): number {
    return META_PAGES * PAGE_BYTES + this.unit * this.meta.logUnitBytes;
  }

  write({ kind = RecordKind.BATCHES, batches = [], durable }: RecordOptions): number {
    const payload = Buffer.concat(batches.map(encodeBatch));
    const bytes = this.raw(kind, payload, batches.length, durable ?? this.sequence - 1n);
    const { logUnitBytes } = this.meta;
    if (kind === RecordKind.MARK) return bytes;
    const units =
      kind === RecordKind.REST ? logUnits(this.meta) - this.unit : Math.ceil(bytes / logUnitBytes);
    this.unit = (this.unit + units) % logUnits(this.meta);
    this.sequence++;
    this.chain = this.#last;
    return bytes;
  }

  #last = 0n;

  /** A record here, as it is told; the next one takes its place. @returns its bytes */
  raw(kind: number, payload: Uint8Array, batches: number, durable: bigint): number {
    const record = Buffer.alloc(RECORD_HEAD_BYTES + payload.length);
    record.writeUInt32LE(RECORD_MAGIC, 0);
    record.writeUInt32LE(kind, 4);
    record.writeUInt32LE(payload.length, 8);
    record.writeUInt32LE(batches, 12);
    record.writeBigUInt64LE(this.meta.identity, 16);
    record.writeBigUInt64LE(this.meta.epoch, 24);
    record.writeBigUInt64LE(this.sequence, 32);
    record.writeBigUInt64LE(durable, 40);
    record.writeBigUInt64LE(this.chain, 48);
    record.set(payload, RECORD_HEAD_BYTES);
    const checked = Buffer.concat([record.subarray(0, RECORD_CHECKSUM_AT), payload]);
    this.#last = xxh64(checked, this.meta.epoch);
    record.writeBigUInt64LE(this.#last, RECORD_CHECKSUM_AT);
    this.#device.write(record, this.position);
    return record.length;
  }
}
