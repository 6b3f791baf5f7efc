/**
 * For tests: looks at the bytes of a disk with a store that has come to rest after a checkpoint, and compares the
 * map of free pages with what can be reached. Says what is wrong, or "".
 */
import { xxh64 } from "@phantasm/checksum";
import {
  EXTENT_BYTES,
  HEAD_COUNT,
  INDEX_REFERENCES,
  MAP_BITS,
  MAP_PAGE_BITS,
  META_GENERATION,
  META_PAGES,
  PAGE_BYTES,
  PAGE_SHIFT,
  PageKind,
  VALUE_EXTENTS,
  VALUE_NEXT,
} from "./layout";
import { Meta, indexReference, isMetaPage } from "./meta";
import { cellAt, countOf, expiryOf, keyBytesOf, leafKey } from "./page";
import { isTreePage, isValuePage } from "./page-check";
import { isDirect, isElsewhere, valueOf } from "./read";


@final
export class DiskCheck {
  private readonly meta: Meta = new Meta();
  private readonly seen: Uint8Array;
  private problem: string = "";
  private users: u64 = 0;
  private expiring: u64 = 0;
  private expiries: u64 = 0;
  pages: u64 = 0;

  constructor(private readonly content: Uint8Array) {
    this.seen = new Uint8Array(content.length / PAGE_BYTES);
  }

  run(): string {
    let best: usize = 0;
    for (let page = 0; page < META_PAGES; page++) {
      const address = this.at(page);
      if (!isMetaPage(address)) continue;
      if (best == 0 || load<u64>(best, META_GENERATION) < load<u64>(address, META_GENERATION))
        best = address;
    }
    if (best == 0) return "no meta page";
    const meta = this.meta;
    meta.read(best);
    for (let page: u64 = 0; page < <u64>META_PAGES + meta.logPages; page++) this.reach(page);
    if (meta.root.levels > 0) this.tree(meta.root.page, meta.root.checksum, meta.root.levels - 1);
    this.map(best);
    if (this.users != meta.entries) this.say(`${this.users} entries, not ${meta.entries}`);
    if (this.pages != meta.used) this.say(`${this.pages} pages reached, ${meta.used} used`);
    if (this.expiring != this.expiries)
      this.say(`${this.expiring} expire, ${this.expiries} in the index`);
    return this.problem;
  }

  private say(text: string): void {
    if (this.problem.length < 500) this.problem += text + "; ";
  }

  private at(page: u64): usize {
    return this.content.dataStart + <usize>page * PAGE_BYTES;
  }

  private reach(page: u64): bool {
    if (page >= this.meta.pages) this.say(`page ${page} does not exist`);
    else if (this.seen[<i32>page] != 0) this.say(`page ${page} is reached twice`);
    else {
      this.seen[<i32>page] = 1;
      this.pages++;
      return true;
    }
    return false;
  }

  /** True if `run` has come to that page. */
  isReached(page: i32): bool {
    return this.seen[page] != 0;
  }

  private sound(page: u64, checksum: u64): bool {
    if (!this.reach(page)) return false;
    const fits = xxh64(this.at(page), PAGE_BYTES, page) == checksum;
    if (!fits) this.say(`page ${page} has another checksum`);
    return fits;
  }

  private tree(number: u64, checksum: u64, level: i32): void {
    if (!this.sound(number, checksum)) return;
    const page = this.at(number);
    const first = <u64>META_PAGES + this.meta.logPages;
    if (!isTreePage(page, number, level, first, this.meta.pages))
      this.say(`page ${number} is not a page of level ${level}`);
    const count = countOf(page);
    for (let index = 0; index < count; index++) {
      const cell = cellAt(page, index);
      if (level > 0) this.tree(load<u64>(cell, 8), load<u64>(cell, 16), level - 1);
      else this.entry(cell);
    }
  }

  private entry(cell: usize): void {
    if (load<u8>(leafKey(cell)) == 1) {
      this.expiries++;
      return;
    }
    this.users++;
    if (expiryOf(cell) != 0) this.expiring++;
    if (!isElsewhere(cell)) return;
    const value = valueOf(cell);
    let left = load<u64>(value);
    let number = load<u64>(value, 8);
    let checksum = load<u64>(value, 16);
    if (isDirect(cell)) {
      for (let at: u64 = 0; at << PAGE_SHIFT < left; at++) this.reach(number + at);
      if (xxh64(this.at(number), <i32>left, number) != checksum)
        this.say(`the value at ${number} has another checksum`);
      return;
    }
    while (number != 0) {
      if (!this.sound(number, checksum)) return;
      const page = this.at(number);
      if (!isValuePage(page, number, META_PAGES, this.meta.pages)) this.say("no value page");
      const count = <i32>load<u16>(page, HEAD_COUNT);
      for (let index = 0; index < count; index++) {
        const extent = page + VALUE_EXTENTS + <usize>index * EXTENT_BYTES;
        const first = load<u64>(extent);
        const bytes = load<u32>(extent, 12);
        for (let at: u64 = 0; at < <u64>load<u32>(extent, 8); at++) this.reach(first + at);
        if (xxh64(this.at(first), bytes, first) != load<u64>(extent, 16))
          this.say(`extent ${first} has another checksum`);
        left -= bytes;
      }
      number = load<u64>(page, VALUE_NEXT);
      checksum = load<u64>(page, VALUE_NEXT + 8);
    }
    if (left != 0) this.say(`${keyBytesOf(cell)}: ${left} bytes of a value are missing`);
  }

  private map(metaPage: usize): void {
    const meta = this.meta;
    const pages: u64[] = [];
    for (let index = 0; index < meta.indexes; index++) {
      const reference = indexReference(metaPage, index);
      const number = load<u64>(reference);
      if (!this.sound(number, load<u64>(reference, 8))) return;
      const page = this.at(number);
      if (load<u8>(page) != PageKind.MAP_INDEX) this.say("no index page");
      for (let at = 0; at < <i32>load<u16>(page, HEAD_COUNT); at++) {
        const entry = page + INDEX_REFERENCES + ((<usize>at) << 4);
        this.sound(load<u64>(entry), load<u64>(entry, 8));
        pages.push(load<u64>(entry));
      }
    }
    for (let page: u64 = 0; page < meta.pages; page++) {
      const map = this.at(pages[<i32>(page / MAP_PAGE_BITS)]);
      const bit = <usize>(page % MAP_PAGE_BITS);
      const isUsed = ((load<u8>(map + MAP_BITS + (bit >> 3)) >> (<u8>(bit & 7))) & 1) != 0;
      if (isUsed != (this.seen[<i32>page] != 0))
        this.say(`page ${page} is ${isUsed ? "used" : "free"} in the map, and is not`);
    }
  }
}
