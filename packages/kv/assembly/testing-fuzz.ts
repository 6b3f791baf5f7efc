/**
 * For tests: images of a store that were changed by somebody who knows the format: bytes anywhere, and then all
 * checksums on the way up to the meta page made to fit again.
 */
import { xxh64 } from "@phantasm/checksum";
import {
  EXTENT_BYTES,
  HEAD_COUNT,
  INDEX_REFERENCES,
  META_CHECKSUM,
  META_GENERATION,
  META_PAGES,
  META_ROOT,
  PAGE_BYTES,
  RECORD_CHECKSUM,
  RECORD_EPOCH,
  RECORD_HEAD_BYTES,
  RECORD_MAGIC,
  RECORD_PAYLOAD_BYTES,
  VALUE_EXTENTS,
  VALUE_NEXT,
} from "./layout";
import { recordChecksum } from "./log";
import { Meta, indexReference, isMetaPage, metaChecksum } from "./meta";
import { cellAt, countOf, leafKey } from "./page";
import { isDirect, isElsewhere, valueOf } from "./read";
import { TestRandom } from "./testing";

/** A page, and where the reference to it lies: its parent in the list (-1: the meta page) and the offset there. */
@final
class Place {
  constructor(
    readonly page: i32,
    readonly parent: i32,
    readonly offset: i32,
  ) {}
}


@final
export class Forger {
  private readonly places: Place[] = [];
  private metaPage: i32 = 0;
  private readonly meta: Meta = new Meta();
  /** Offsets of records in the image. */
  private readonly records: i32[] = [];

  constructor(private readonly content: Uint8Array) {
    let best: usize = 0;
    for (let page = 0; page < META_PAGES; page++) {
      const address = this.at(page);
      if (!isMetaPage(address)) continue;
      if (best != 0 && load<u64>(best, META_GENERATION) >= load<u64>(address, META_GENERATION))
        continue;
      best = address;
      this.metaPage = page;
    }
    const meta = this.meta;
    meta.read(best);
    if (meta.root.levels > 0)
      this.tree(<i32>meta.root.page, -1, <i32>META_ROOT, meta.root.levels - 1);
    for (let index = 0; index < meta.indexes; index++) {
      const reference = indexReference(best, index);
      const place = this.add(<i32>load<u64>(reference), -1, <i32>(reference - best));
      const page = this.at(this.places[place].page);
      for (let map = 0; map < <i32>load<u16>(page, HEAD_COUNT); map++) {
        const offset = INDEX_REFERENCES + ((<usize>map) << 4);
        this.add(<i32>load<u64>(page + offset), place, <i32>offset);
      }
    }
    const start = META_PAGES * PAGE_BYTES;
    for (let at = start; at < start + <i32>meta.logPages * PAGE_BYTES; at += meta.unitBytes) {
      if (load<u32>(content.dataStart + at) == RECORD_MAGIC) this.records.push(at);
    }
  }

  private at(page: i32): usize {
    return this.content.dataStart + <usize>page * PAGE_BYTES;
  }

  private add(page: i32, parent: i32, offset: i32): i32 {
    this.places.push(new Place(page, parent, offset));
    return this.places.length - 1;
  }

  private tree(number: i32, parent: i32, offset: i32, level: i32): void {
    const place = this.add(number, parent, offset);
    const page = this.at(number);
    for (let index = 0; index < countOf(page); index++) {
      const cell = cellAt(page, index);
      if (level > 0) this.tree(<i32>load<u64>(cell, 8), place, <i32>(cell - page) + 8, level - 1);
      else if (load<u8>(leafKey(cell)) == 2 && isElsewhere(cell) && !isDirect(cell)) {
        const reference = valueOf(cell) + 8;
        this.add(<i32>load<u64>(reference), place, <i32>(reference - page));
      }
    }
  }

  /** Changes some bytes somewhere, and makes it fit. */
  forge(random: TestRandom): void {
    const choice = random.below(10);
    if (choice == 0) this.spoilMeta(random);
    else if (choice == 1 && this.records.length > 0) this.spoilRecord(random);
    else {
      const place = <i32>random.below(this.places.length);
      const page = this.at(this.places[place].page);
      const changes: u32 = 1 + random.below(3);
      for (let change: u32 = 0; change < changes; change++) this.spoil(page, random);
      // What a value page says may be spoilt too: its extents are looked at when they are read.
      this.fix(place);
    }
  }

  private spoil(page: usize, random: TestRandom): void {
    const count = <i32>load<u16>(page, HEAD_COUNT);
    const way = random.below(8);
    if (way == 0) store<u8>(page + random.below(24), <u8>random.u32());
    else if (way == 1) store<u16>(page, <u16>random.below(60), HEAD_COUNT);
    else if (way == 2 && count > 0) {
      // The offset of a cell: any, or that of another one.
      const slot = page + 24 + ((<usize>random.below(count)) << 1);
      const other = load<u16>(page + 24 + ((<usize>random.below(count)) << 1));
      store<u16>(slot, random.below(2) == 0 ? other : <u16>random.below(4096));
    } else if (way == 3 && count > 0) {
      // A reference or a length in a cell or extent: small numbers name pages.
      const cell =
        page + ((<usize>load<u16>(page + 24 + ((<usize>random.below(count)) << 1))) & 4095);
      const field = min(cell + random.below(32), page + PAGE_BYTES - 8);
      store<u64>(field, random.below(3) == 0 ? random.u64() : <u64>random.below(100));
    } else if (way == 4) {
      const at = page + VALUE_EXTENTS + <usize>random.below(3) * EXTENT_BYTES;
      store<u32>(at + ((<usize>random.below(6)) << 2), random.below(120));
    } else if (way == 5) store<u64>(page, <u64>random.below(100), VALUE_NEXT);
    else store<u8>(page + random.below(4096), <u8>random.u32());
  }

  /** From a page up: every reference on the way has the checksum of what it leads to. */
  private fix(place: i32): void {
    for (;;) {
      const entry = this.places[place];
      // A page that was moved in a spoilt reference has still the number of its old place.
      const checksum = xxh64(this.at(entry.page), PAGE_BYTES, entry.page);
      if (entry.parent < 0) {
        store<u64>(this.at(this.metaPage) + <usize>entry.offset, checksum, 8);
        break;
      }
      const parent = this.at(this.places[entry.parent].page);
      store<u64>(parent + <usize>entry.offset, checksum, 8);
      place = entry.parent;
    }
    this.fixMeta();
  }

  private fixMeta(): void {
    const page = this.at(this.metaPage);
    store<u64>(page, metaChecksum(page), META_CHECKSUM);
    memory.copy(this.at(this.metaPage ^ 1), page, PAGE_BYTES);
  }

  private spoilMeta(random: TestRandom): void {
    const field = this.at(this.metaPage) + 12 + random.below(180);
    if (random.below(2) == 0) store<u8>(field, <u8>random.u32());
    else store<u32>(field, random.below(200));
    this.fixMeta();
  }

  private spoilRecord(random: TestRandom): void {
    const at = this.records[random.below(this.records.length)];
    const record = this.content.dataStart + <usize>at;
    const payload = load<u32>(record, RECORD_PAYLOAD_BYTES);
    if (random.below(3) == 0) store<u8>(record + 4 + random.below(52), <u8>random.below(8));
    else store<u8>(record + RECORD_HEAD_BYTES + random.below(payload + 1), <u8>random.u32());
    const bytes = load<u32>(record, RECORD_PAYLOAD_BYTES);
    if (bytes > <u32>(this.content.length - at - RECORD_HEAD_BYTES)) return;
    const epoch = load<u64>(record, RECORD_EPOCH);
    store<u64>(record, recordChecksum(record, bytes, epoch), RECORD_CHECKSUM);
  }
}
