/** A request that is being answered: its arguments, the data, the reply. One for all, used again and again. */
import { Random } from "@phantasm/interfaces";
import { Database, Kind, kindOf } from "../data/database";
import { Entry } from "../memory/table";
import { isNumber, readDouble, readInteger } from "../protocol/numbers";
import { Reply } from "../protocol/reply";
import { isRoomFor } from "../memory/heap";

export const SYNTAX: string = "ERR syntax error";
export const NOT_INTEGER: string = "ERR value is not an integer or out of range";
export const NOT_FLOAT: string = "ERR value is not a valid float";
export const WRONG_TYPE: string =
  "WRONGTYPE Operation against a key holding the wrong kind of value";
export const NO_SUCH_KEY: string = "ERR no such key";
export const OUT_OF_RANGE: string = "ERR index out of range";
export const NOT_POSITIVE: string = "ERR value is out of range, must be positive";
export const OUT_OF_MEMORY: string = "OOM command not allowed when used memory > 'maxmemory'.";
export const REPLY_TOO_LARGE: string = "ERR the reply is larger than the server sends";
export const TOO_LONG: string = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";


@final
export class Call {
  /** Arguments, the command's name included. */
  count: i32 = 0;
  private base: usize = 0;
  private table: usize = 0;
  /** What `key` found has another type than was asked for; the error is written. */
  isWrong: bool = false;

  /**
   * @param stringBytesMax that a string may grow to
   * @param resultBytesMax that what is made of other collections may take
   */
  constructor(
    readonly db: Database,
    readonly reply: Reply,
    readonly random: Random,
    readonly stringBytesMax: i32,
    readonly resultBytesMax: i64,
  ) {}

  /** @param table pairs of u32: offset from `base`, length */
  take(base: usize, table: usize, count: i32): void {
    this.base = base;
    this.table = table;
    this.count = count;
  }

  at(index: i32): usize {
    return this.base + <usize>load<u32>(this.table + ((<usize>index) << 3));
  }

  bytes(index: i32): i32 {
    return load<i32>(this.table + ((<usize>index) << 3), 4);
  }

  /** @param word in lower case */
  is(index: i32, word: string): bool {
    const bytes = this.bytes(index);
    if (bytes != word.length) return false;
    const at = this.at(index);
    for (let i = 0; i < bytes; i++) {
      let byte = load<u8>(at + <usize>i);
      if (byte >= 0x41 && byte <= 0x5a) byte |= 0x20;
      if (byte != <u8>word.charCodeAt(i)) return false;
    }
    return true;
  }

  /** As text, a character a byte: for messages. */
  text(index: i32, bytesMax: i32 = 128): string {
    const at = this.at(index);
    let text = "";
    for (let i = 0; i < min(this.bytes(index), bytesMax); i++) {
      const byte = load<u8>(at + <usize>i);
      // Redis formats its messages in C.
      if (byte == 0) break;
      text += String.fromCharCode(<i32>byte);
    }
    return text;
  }

  /** An argument as a number; else the error is written, and `isNumber` is false. */
  integer(index: i32): i64 {
    const value = readInteger(this.at(index), this.bytes(index));
    if (!isNumber) this.reply.error(NOT_INTEGER);
    return value;
  }

  double(index: i32): f64 {
    const value = readDouble(this.at(index), this.bytes(index));
    if (!isNumber) this.reply.error(NOT_FLOAT);
    return value;
  }

  find(index: i32): Entry | null {
    return this.db.find(this.at(index), this.bytes(index));
  }

  /** The entry of a key if it is of this kind; else null, and if it is of another, `isWrong`, with the error written. */
  key(index: i32, kind: Kind): Entry | null {
    const entry = this.find(index);
    this.isWrong = entry !== null && kindOf(entry) != kind;
    if (!this.isWrong) return entry;
    this.reply.error(WRONG_TYPE);
    return null;
  }

  /** The collection of a key of this kind, made if there is none, to be filled; null as with `key`: it is of another. */
  keyToFill(index: i32, kind: Kind): Entry | null {
    const entry = this.key(index, kind);
    if (this.isWrong || entry !== null) return entry;
    return this.db.addCollection(this.at(index), this.bytes(index), kind);
  }

  /** Whether there is memory for a value of so many bytes, and the changes that keep it; else the error is written. */
  hasMemory(bytes: i32): bool {
    if (isRoomFor(3 * <usize>bytes)) return true;
    this.reply.error(OUT_OF_MEMORY);
    return false;
  }

  /** Whether the reply takes so many bytes more. Asked before anything is taken away; else the error is written. */
  fits(bytes: i64): bool {
    if (this.reply.holds(bytes)) return true;
    this.reply.error(REPLY_TOO_LARGE);
    return false;
  }

  syntax(): void {
    this.reply.error(SYNTAX);
  }

  /** That a command has so many arguments was checked by its arity only from below. */
  wrongArity(name: string): void {
    this.reply.error(`ERR wrong number of arguments for '${name}' command`);
  }
}
