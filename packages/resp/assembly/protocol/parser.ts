/**
 * Requests: arrays of bulk strings, or a line of words. Goes on where it stopped, however they are split, and
 * looks at no byte twice.
 *
 * A request begins at offset 0 of the bytes that are passed; the same bytes, and more, are passed again after
 * MORE. Arguments are offsets from there. Texts of errors, and limits, are those of Redis.
 */
import { isNumber, readInteger } from "./numbers";
import { Split, splitLine } from "./inline";
import { isRoomFor } from "../memory/heap";

export enum Parse {
  /** Incomplete: `needed` bytes at least make a difference. */
  MORE,
  /** `count` arguments; `consumed` bytes are its. `count` may be 0: nothing to do. */
  REQUEST,
  /** `error` says why; nothing that follows can be understood. */
  ERROR,
}

export const LINE_BYTES_MAX: i32 = 65_536;
const ARGUMENTS_MIN: i32 = 8;
/** What somebody who has not said who he is may send. */
const STRANGER_ARGUMENTS_MAX: i64 = 10;
const STRANGER_BULK_BYTES_MAX: i64 = 16_384;

const CR: u8 = 0x0d;
const LF: u8 = 0x0a;


@final
export class RequestParser {
  /** Pairs of u32: offset and length of each argument. */
  table: usize = 0;
  count: i32 = 0;
  consumed: i32 = 0;
  needed: i32 = 0;
  error: string = "";
  /** It is no error of who sent it: there is no memory. */
  isStarving: bool = false;
  /** Has to say who he is first. */
  isStranger: bool = false;
  private room: i32 = 0;
  private at: i32 = 0;
  /** Bytes from `at` on that were looked through for the end of a line. */
  private scanned: i32 = 0;
  /** Arguments to come; -1 between requests. */
  private left: i32 = -1;
  /** Length of the argument to come; -1 before it is known. */
  private bulk: i32 = -1;

  /** @param argumentsMax of a request @param bulkBytesMax of an argument */
  constructor(
    private readonly argumentsMax: i32,
    private readonly bulkBytesMax: i32,
  ) {}

  /** Gives its memory back. */
  free(): void {
    if (this.table != 0) heap.free(this.table);
    this.table = 0;
    this.room = 0;
  }

  /** After a request, before the next one. */
  reset(): void {
    if (this.room > 16 * ARGUMENTS_MIN) this.free();
    this.count = 0;
    this.needed = 0;
    this.at = 0;
    this.scanned = 0;
    this.left = -1;
    this.bulk = -1;
  }

  parse(base: usize, bytes: i32): Parse {
    if (this.left < 0) {
      if (bytes == 0) return this.more(1);
      if (load<u8>(base) != 0x2a) return this.inline(base, bytes);
      const parsed = this.head(base, bytes);
      if (parsed != Parse.REQUEST) return parsed;
    }
    while (this.left > 0) {
      if (this.bulk < 0) {
        const parsed = this.bulkHead(base, bytes);
        if (parsed != Parse.REQUEST) return parsed;
      }
      const end = this.at + this.bulk;
      if (bytes < end + 2) return this.more(end + 2);
      if (!this.add(this.at, this.bulk)) return this.starves();
      this.at = end + 2;
      this.bulk = -1;
      this.left--;
    }
    this.consumed = this.at;
    return Parse.REQUEST;
  }

  private more(needed: i32): Parse {
    this.needed = needed;
    return Parse.MORE;
  }

  /** There is no memory for its arguments. */
  private starves(): Parse {
    this.isStarving = true;
    return this.fails("out of memory");
  }

  private fails(why: string): Parse {
    this.error = why;
    return Parse.ERROR;
  }

  /** Offset of the next `byte`, -1: not yet there. */
  private find(base: usize, bytes: i32, byte: u8): i32 {
    const end = base + <usize>bytes;
    for (let at = base + <usize>(this.at + this.scanned); at < end; at++)
      if (load<u8>(at) == byte) return <i32>(at - base);
    this.scanned = bytes - this.at;
    return -1;
  }

  /** `*3\r\n`. As with Redis, what follows the CR is not looked at. */
  private head(base: usize, bytes: i32): Parse {
    const end = this.find(base, bytes, CR);
    if (end < 0)
      return bytes > LINE_BYTES_MAX
        ? this.fails("too big mbulk count string")
        : this.more(bytes + 1);
    if (end + 2 > bytes) return this.waitsForLf(end);
    const count = readInteger(base + 1, end - 1);
    if (!isNumber || count > <i64>this.argumentsMax) return this.fails("invalid multibulk length");
    if (this.isStranger && count > STRANGER_ARGUMENTS_MAX)
      return this.fails("unauthenticated multibulk length");
    this.at = end + 2;
    this.scanned = 0;
    this.left = <i32>max<i64>(count, 0);
    return Parse.REQUEST;
  }

  private waitsForLf(end: i32): Parse {
    this.scanned = end - this.at;
    return this.more(end + 2);
  }

  /** `$3\r\n` */
  private bulkHead(base: usize, bytes: i32): Parse {
    const start = this.at;
    const end = this.find(base, bytes, CR);
    if (end < 0) {
      return bytes - start > LINE_BYTES_MAX
        ? this.fails("too big bulk count string")
        : this.more(bytes + 1);
    }
    if (end + 2 > bytes) return this.waitsForLf(end);
    const first = load<u8>(base + <usize>start);
    if (first != 0x24) return this.fails(`expected '$', got '${String.fromCharCode(<i32>first)}'`);
    const length = readInteger(base + <usize>start + 1, end - start - 1);
    if (!isNumber || length < 0 || length > <i64>this.bulkBytesMax)
      return this.fails("invalid bulk length");
    if (this.isStranger && length > STRANGER_BULK_BYTES_MAX)
      return this.fails("unauthenticated bulk length");
    this.at = end + 2;
    this.scanned = 0;
    this.bulk = <i32>length;
    return Parse.REQUEST;
  }

  private inline(base: usize, bytes: i32): Parse {
    const end = this.find(base, bytes, LF);
    if (end < 0)
      return bytes > LINE_BYTES_MAX ? this.fails("too big inline request") : this.more(bytes + 1);
    this.consumed = end + 1;
    const isCrLf = end > 0 && load<u8>(base + <usize>(end - 1)) == CR;
    const split = splitLine(this, base, isCrLf ? end - 1 : end);
    if (split == Split.NO_MEMORY) return this.starves();
    if (split == Split.UNBALANCED) return this.fails("unbalanced quotes in request");
    return Parse.REQUEST;
  }

  /** Bytes of its table. */
  get tableBytes(): i32 {
    return this.room << 3;
  }

  /** For `splitLine`. False: there is no memory. */
  add(offset: i32, length: i32): bool {
    if (this.count == this.room) {
      const room = max(ARGUMENTS_MIN, 2 * this.room);
      if (!isRoomFor((<usize>room) << 3)) return false;
      const larger = heap.alloc((<usize>room) << 3);
      if (this.table != 0) {
        memory.copy(larger, this.table, (<usize>this.count) << 3);
        heap.free(this.table);
      }
      this.table = larger;
      this.room = room;
    }
    const pair = this.table + ((<usize>this.count) << 3);
    this.count++;
    store<u32>(pair, <u32>offset);
    store<u32>(pair, <u32>length, 4);
    return true;
  }
}
