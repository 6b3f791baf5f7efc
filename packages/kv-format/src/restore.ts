/** Makes a store from a dump. */
import { compareBytes } from "./bytes.js";
import { describeKey } from "./expiry.js";
import type { Device } from "./device.js";
import { DumpError, parseLine, type DumpLine } from "./dump-line.js";
import { ELSEWHERE_VALUE_BYTES_MAX } from "./layout.js";
import { FullError } from "./page-writer.js";
import {
  StoreWriter,
  type EntryHead,
  type StoreWriterOptions,
  type WrittenStore,
} from "./store-writer.js";
import { xxh64 } from "./xxh64.js";

/** A value of 64 KiB that JSON writes with six characters a byte, and its key. */
export const LINE_BYTES_MAX = 1_048_576;
const END_OF_LINE = 0x0a;

type Large = Extract<DumpLine, { kind: "large" }>;

/**
 * Takes a dump in pieces of any size, then makes the store. Calls that fail throw DumpError, FullError
 * or what the device throws; the device then holds no store. `close` in any case.
 */
export class Restorer {
  readonly #writer: StoreWriter;
  #rest: Uint8Array = new Uint8Array(0);
  #line = 0;
  #version: bigint | null = null;
  #lastKey: Uint8Array = new Uint8Array(0);
  #large: Large | null = null;
  #largeDone = 0;
  #entries = 0;
  #ended = false;
  /** Of all lines: the same dump makes the same store. */
  #identity = 0n;

  constructor(device: Device, options: StoreWriterOptions) {
    this.#writer = new StoreWriter(device, options);
  }

  /** Entries so far. */
  get entries(): number {
    return this.#entries;
  }

  write(piece: Uint8Array): void {
    let from = 0;
    for (let end = piece.indexOf(END_OF_LINE); end >= 0; end = piece.indexOf(END_OF_LINE, from)) {
      const tail = piece.subarray(from, end);
      this.#take(this.#rest.length === 0 ? tail : Buffer.concat([this.#rest, tail]));
      this.#rest = new Uint8Array(0);
      from = end + 1;
    }
    if (from === piece.length) return;
    if (this.#rest.length + piece.length - from > LINE_BYTES_MAX)
      throw new DumpError(this.#line + 1, `it has more than ${LINE_BYTES_MAX} bytes`);
    this.#rest = Buffer.concat([this.#rest, piece.subarray(from)]);
  }

  /** Call after the last piece. */
  finish(): WrittenStore {
    if (this.#rest.length > 0) this.#take(this.#rest);
    if (!this.#ended)
      throw new DumpError(this.#line + 1, "the dump ends before its last line: it was cut off");
    return this.#writer.finish(this.#identity, this.#version ?? 0n);
  }

  close(): void {
    this.#writer.close();
  }

  #take(bytes: Uint8Array): void {
    this.#line++;
    if (bytes.length > LINE_BYTES_MAX)
      throw new DumpError(this.#line, `it has more than ${LINE_BYTES_MAX} bytes`);
    const line = parseLine(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(),
      this.#line,
    );
    this.#identity = xxh64(bytes, this.#identity);
    try {
      this.#apply(line);
    } catch (error) {
      if (!(error instanceof FullError)) throw error;
      throw new FullError(`line ${this.#line}: the store is full; ${this.#entries} entries fit`);
    }
  }

  #apply(line: DumpLine): void {
    if (this.#ended) this.#refuse("something follows the last line of the dump");
    if ((line.kind === "head") !== (this.#version === null))
      this.#refuse(
        line.kind === "head"
          ? "a dump begins here, inside of another one"
          : 'it is no dump: {"phantasm-kv-dump":1,…} is expected first',
      );
    if ((line.kind === "part") !== (this.#large !== null))
      this.#refuse(
        line.kind === "part"
          ? "a part of a value that was not begun"
          : `the value before has ${this.#largeDone} of ${this.#large?.size ?? 0} bytes`,
      );
    switch (line.kind) {
      case "head":
        this.#version = line.version;
        return;
      case "end":
        if (line.entries !== this.#entries)
          this.#refuse(`${line.entries} entries are said, and ${this.#entries} came`);
        this.#ended = true;
        return;
      case "entry":
        this.#key(line);
        this.#writer.put(line, line.value);
        this.#entries++;
        return;
      case "large":
        this.#key(line);
        if (line.size === 0) this.#refuse("a value of 0 bytes has no parts");
        if (line.size > ELSEWHERE_VALUE_BYTES_MAX)
          this.#refuse(`a value has at most ${ELSEWHERE_VALUE_BYTES_MAX} bytes, not ${line.size}`);
        this.#large = line;
        this.#largeDone = 0;
        return;
      case "part":
        this.#part(line.bytes);
    }
  }

  #part(bytes: Uint8Array): void {
    const large = this.#large!;
    this.#largeDone += bytes.length;
    if (bytes.length === 0 || this.#largeDone > large.size)
      this.#refuse(`a part of ${bytes.length} bytes in a value of ${large.size}`);
    this.#writer.write(bytes);
    if (this.#largeDone < large.size) return;
    this.#writer.end(large, large.size);
    this.#entries++;
    this.#large = null;
  }

  #key({ key }: EntryHead): void {
    const order = compareBytes(this.#lastKey, key);
    if (order >= 0)
      this.#refuse(
        `the key ${describeKey(key)} ${order === 0 ? "came before" : `is not above ${describeKey(this.#lastKey)}`}: a dump is sorted by the bytes of its keys`,
      );
    this.#lastKey = key;
  }

  #refuse(what: string): never {
    throw new DumpError(this.#line, what);
  }
}
