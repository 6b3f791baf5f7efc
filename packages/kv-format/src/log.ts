/** The ring of log records: what happened since the tree was written. */
import { compareBytes, getNumber, getReference, view } from "./bytes.js";
import type { Elsewhere } from "./cells.js";
import { Damage } from "./damage.js";
import type { Source } from "./device.js";
import {
  BATCH_HEAD_BYTES,
  CellFlag,
  ELSEWHERE_BYTES,
  META_PAGES,
  OPERATION_HEAD_BYTES,
  OperationKind,
  PAGE_BYTES,
  PUT_VALUE_BYTES_MAX,
  RECORD_BYTES_MAX,
  RECORD_CHECKSUM_AT,
  RECORD_HEAD_BYTES,
  RECORD_MAGIC,
  RecordKind,
  USER_KEY_BYTES_MAX,
} from "./layout.js";
import { logUnits, type Meta } from "./meta.js";
import { xxh64 } from "./xxh64.js";

/** What the log does to a key. Views into the log. */
export interface Change {
  /** Of the user. */
  readonly key: Uint8Array;
  readonly version: bigint;
  readonly expires: bigint | null;
  /** null: deleted. */
  readonly value: Uint8Array | Elsewhere | null;
  /** The unit of its record, for messages. */
  readonly unit: number;
}

export interface Log {
  /** The last change of each key, in the order of keys. */
  readonly changes: readonly Change[];
  /** Records that count, marks not included. */
  readonly records: number;
  readonly batches: number;
  /** Bytes that the records take. */
  readonly bytes: number;
  /** Of the last batch; that of the meta page when there is none. */
  readonly version: bigint;
  readonly damages: readonly Damage[];
}

interface Head {
  readonly kind: number;
  readonly payloadBytes: number;
  readonly batches: number;
  readonly sequence: bigint;
  readonly durable: bigint;
  readonly chain: bigint;
  readonly checksum: bigint;
}

/** Bytes that the search for acknowledged records may put through the checksum, in sizes of the ring. */
const SEARCH_RINGS_MAX = 16;

/** A record that could be there: of this store and epoch, and inside of the ring. */
function headAt(ring: Uint8Array, at: number, { identity, epoch }: Meta): Head | null {
  const fields = view(ring.subarray(at, at + RECORD_HEAD_BYTES));
  const payloadBytes = fields.getUint32(8, true);
  const bytes = RECORD_HEAD_BYTES + payloadBytes;
  if (
    fields.getUint32(0, true) !== RECORD_MAGIC ||
    fields.getBigUint64(16, true) !== identity ||
    fields.getBigUint64(24, true) !== epoch ||
    at + bytes > ring.length ||
    bytes > Math.min(RECORD_BYTES_MAX, ring.length / 4)
  )
    return null;
  return {
    kind: fields.getUint32(4, true),
    payloadBytes,
    batches: fields.getUint32(12, true),
    sequence: fields.getBigUint64(32, true),
    durable: fields.getBigUint64(40, true),
    chain: fields.getBigUint64(48, true),
    checksum: fields.getBigUint64(RECORD_CHECKSUM_AT, true),
  };
}

/** H(head without its checksum, payload): the head moves up to the payload while it is computed. */
function fits(
  ring: Uint8Array,
  at: number,
  { payloadBytes, checksum }: Head,
  epoch: bigint,
): boolean {
  const bytes = ring.slice(at, at + RECORD_HEAD_BYTES + payloadBytes);
  bytes.copyWithin(RECORD_HEAD_BYTES - RECORD_CHECKSUM_AT, 0, RECORD_CHECKSUM_AT);
  return xxh64(bytes.subarray(RECORD_HEAD_BYTES - RECORD_CHECKSUM_AT), epoch) === checksum;
}

export function readLog(source: Source, meta: Meta): Log {
  const ring = new Uint8Array(meta.logPages * PAGE_BYTES);
  try {
    source.read(ring, META_PAGES * PAGE_BYTES);
  } catch (error) {
    const reason = error instanceof Error ? error.message : "?";
    return emptyLog(meta, new Damage("the log", `it cannot be read: ${reason}`));
  }
  return new Reading(ring, meta).run();
}

function emptyLog({ version }: Meta, damage: Damage): Log {
  return { changes: [], records: 0, batches: 0, bytes: 0, version, damages: [damage] };
}

class Reading {
  readonly #ring: Uint8Array;
  readonly #meta: Meta;
  readonly #units: number;
  readonly #changes = new Map<string, Change>();
  readonly #damages: Damage[] = [];
  #records = 0;
  #batches = 0;
  /** Of the last batch, also of those that the tree contains. */
  #version = 0n;

  constructor(ring: Uint8Array, meta: Meta) {
    this.#ring = ring;
    this.#meta = meta;
    this.#units = logUnits(meta);
  }

  run(): Log {
    const { logUnitBytes, logPosition, epoch } = this.#meta;
    let unit = logPosition;
    let { sequence, chain } = this.#meta;
    let consumed = 0;
    for (;;) {
      const at = unit * logUnitBytes;
      const head = consumed < this.#units ? headAt(this.#ring, at, this.#meta) : null;
      if (
        head === null ||
        head.kind === RecordKind.MARK.valueOf() ||
        head.sequence !== sequence ||
        head.chain !== chain ||
        !fits(this.#ring, at, head, epoch)
      )
        break;
      const length = Math.ceil((RECORD_HEAD_BYTES + head.payloadBytes) / logUnitBytes);
      const units = head.kind === RecordKind.REST.valueOf() ? this.#units - unit : length;
      if (consumed + units > this.#units) {
        this.#damage(unit, "the records go around the ring more than once");
        break;
      }
      if (!this.#take(unit, head)) break;
      this.#records++;
      consumed += units;
      unit = (unit + units) % this.#units;
      sequence++;
      chain = head.checksum;
    }
    if (this.#damages.length === 0) this.#search(unit, consumed, sequence);
    return {
      changes: [...this.#changes.values()].sort((x, y) => compareBytes(x.key, y.key)),
      records: this.#records,
      batches: this.#batches,
      bytes: consumed * logUnitBytes,
      version: this.#version > this.#meta.version ? this.#version : this.#meta.version,
      damages: this.#damages,
    };
  }

  #damage(unit: number, what: string): void {
    this.#damages.push(new Damage(`log unit ${unit}`, what));
  }

  /** Applies a record. False, and the damage is noted, when its content cannot be. */
  #take(unit: number, { kind, payloadBytes, batches }: Head): boolean {
    const start = unit * this.#meta.logUnitBytes;
    const payload = this.#ring.subarray(
      start + RECORD_HEAD_BYTES,
      start + RECORD_HEAD_BYTES + payloadBytes,
    );
    if (kind === RecordKind.REST.valueOf()) {
      if (payloadBytes === 0 && batches === 0) return true;
      this.#damage(unit, "a record that only fills the ring has a payload");
      return false;
    }
    if (kind !== RecordKind.BATCHES.valueOf()) {
      this.#damage(unit, `a record of kind ${kind}`);
      return false;
    }
    const fields = view(payload);
    let at = 0;
    for (let batch = 0; batch < batches; batch++) {
      if (at + BATCH_HEAD_BYTES > payloadBytes) {
        this.#damage(unit, `batch ${batch} reaches over the end of its record`);
        return false;
      }
      const bytes = fields.getUint32(at, true);
      const version = fields.getBigUint64(at + 8, true);
      const from = at + BATCH_HEAD_BYTES;
      const wrong =
        fields.getUint32(at + 4, true) !== 0
          ? "bytes 4 to 7 are not 0"
          : version <= this.#version
            ? `version ${version} comes after version ${this.#version}`
            : from + bytes > payloadBytes
              ? "it reaches over the end of its record"
              : this.#operations(payload.subarray(from, from + bytes), version, unit);
      if (wrong !== null) {
        this.#damage(unit, `batch ${batch} cannot be: ${wrong}`);
        return false;
      }
      this.#version = version;
      this.#batches++;
      at = from + bytes;
    }
    if (at === payloadBytes) return true;
    this.#damage(unit, `${payloadBytes - at} bytes follow the last batch of its record`);
    return false;
  }

  /** Applies the operations of a batch, or says why they cannot be. */
  #operations(bytes: Uint8Array, version: bigint, unit: number): string | null {
    const fields = view(bytes);
    const changes: Change[] = [];
    for (let at = 0; at < bytes.length;) {
      if (at + OPERATION_HEAD_BYTES > bytes.length) return "an operation is cut off";
      const kind = fields.getUint8(at);
      const flags = fields.getUint8(at + 1);
      const keyBytes = fields.getUint16(at + 2, true);
      const valueBytes = fields.getUint32(at + 4, true);
      const expiryBytes = (flags & CellFlag.EXPIRES) !== 0 ? 8 : 0;
      const keyAt = at + OPERATION_HEAD_BYTES + expiryBytes;
      const end = keyAt + keyBytes + valueBytes;
      if (end > bytes.length) return "an operation is cut off";
      if (flags > 1) return `an operation has the flags ${flags}`;
      if (keyBytes < 1 || keyBytes > USER_KEY_BYTES_MAX) return `a key has ${keyBytes} bytes`;
      const value = changeValue(kind, bytes.subarray(keyAt + keyBytes, end));
      if (typeof value === "string") return value;
      if (value === null && expiryBytes > 0) return "what is deleted expires";
      changes.push({
        key: bytes.subarray(keyAt, keyAt + keyBytes),
        version,
        expires: expiryBytes > 0 ? fields.getBigUint64(at + OPERATION_HEAD_BYTES, true) : null,
        value,
        unit,
      });
      at = end;
    }
    // A checkpoint may begin while batches wait for the log: the tree has them already.
    if (version > this.#meta.version)
      for (const change of changes) this.#changes.set(latin1(change.key), change);
    return null;
  }

  /**
   * The rule of damage: behind the end nothing may say that what is missing here was durable. The
   * room of the records that count is left out: there is nothing else in it.
   */
  #search(end: number, consumed: number, sequence: bigint): void {
    const { logUnitBytes, epoch } = this.#meta;
    let budget = SEARCH_RINGS_MAX * this.#ring.length;
    for (let step = 0; step < this.#units - consumed; step++) {
      const unit = (end + step) % this.#units;
      const head = headAt(this.#ring, unit * logUnitBytes, this.#meta);
      if (head === null || head.durable < sequence) continue;
      budget -= head.payloadBytes;
      if (budget < 0) {
        this.#damage(unit, "too many records that pretend to be of this epoch");
        return;
      }
      if (!fits(this.#ring, unit * logUnitBytes, head, epoch)) continue;
      this.#damage(
        end,
        `record ${sequence} is missing or damaged, and the record at unit ${unit} says that it was durable`,
      );
      return;
    }
  }
}

/** A string is a complaint. */
function changeValue(kind: number, bytes: Uint8Array): Uint8Array | Elsewhere | null | string {
  switch (kind) {
    case OperationKind.PUT.valueOf():
      return bytes.length <= PUT_VALUE_BYTES_MAX ? bytes : `a value has ${bytes.length} bytes`;
    case OperationKind.DELETE.valueOf():
      return bytes.length === 0 ? null : "what is deleted has a value";
    case OperationKind.PUT_ELSEWHERE.valueOf(): {
      if (bytes.length !== ELSEWHERE_BYTES) return `a reference has ${bytes.length} bytes`;
      const fields = view(bytes);
      return { size: getNumber(fields, 0), first: getReference(fields, 8), isDirect: false };
    }
    default:
      return `an operation of kind ${kind}`;
  }
}

/** Keys of a Map: one character a byte. */
export function latin1(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString("latin1");
}
