/** Goes along the extents of a value that is elsewhere. */
import { CORRUPT } from "@phantasm/interfaces";
import { Cache, VALUE_PAGE } from "./cache";
import {
  EXTENT_BYTES,
  HEAD_COUNT,
  PAGE_BYTES,
  PAGE_SHIFT,
  VALUE_EXTENTS,
  VALUE_NEXT,
} from "./layout";


@final
export class ExtentWalk {
  /** First value page, and bytes of the value. */
  firstPage: u64 = 0;
  firstChecksum: u64 = 0;
  size: u64 = 0;
  /** The extent that `locate` found: where its bytes begin in the value, and where they lie. */
  start: u64 = 0;
  page: u64 = 0;
  pages: i32 = 0;
  bytes: i32 = 0;
  checksum: u64 = 0;
  private valuePage: u64 = 0;
  private valueChecksum: u64 = 0;
  private valueStart: u64 = 0;

  clear(): void {
    this.firstPage = 0;
  }

  /** @param isDirect all of it is one extent, at `page`: no value page says so */
  begin(size: u64, page: u64, checksum: u64, isDirect: bool): void {
    this.size = size;
    this.firstPage = page;
    this.firstChecksum = checksum;
    this.bytes = 0;
    this.start = 0;
    this.rewind();
    if (!isDirect) return;
    this.page = page;
    this.pages = <i32>((size + PAGE_BYTES - 1) >> PAGE_SHIFT);
    this.bytes = <i32>size;
    this.checksum = checksum;
  }

  private rewind(): void {
    this.valuePage = this.firstPage;
    this.valueChecksum = this.firstChecksum;
    this.valueStart = 0;
  }

  /** Finds the extent with a position below `size`. 0, PENDING (see `Cache.awaited`), or an error. */
  locate(cache: Cache, position: u64): i32 {
    if (this.bytes > 0 && position >= this.start && position - this.start < <u64>this.bytes)
      return 0;
    if (position < this.valueStart) this.rewind();
    // Each value page has at least one extent with at least one byte: this ends.
    while (this.valuePage != 0) {
      cache.leaveBehind();
      const frame = cache.fetch(this.valuePage, this.valueChecksum, VALUE_PAGE);
      if (frame < 0) return frame;
      const address = cache.at(frame);
      const count = <i32>load<u16>(address, HEAD_COUNT);
      let start = this.valueStart;
      for (let index = 0; index < count; index++) {
        const extent = address + VALUE_EXTENTS + <usize>index * EXTENT_BYTES;
        const bytes = load<u32>(extent, 12);
        if (position - start < <u64>bytes) {
          if (this.size - start < <u64>bytes) return CORRUPT;
          this.start = start;
          this.page = load<u64>(extent);
          this.pages = load<i32>(extent, 8);
          this.bytes = <i32>bytes;
          this.checksum = load<u64>(extent, 16);
          return 0;
        }
        start += bytes;
      }
      if (start >= this.size) break;
      this.valueStart = start;
      this.valuePage = load<u64>(address, VALUE_NEXT);
      this.valueChecksum = load<u64>(address, VALUE_NEXT + 8);
    }
    this.rewind();
    return CORRUPT;
  }
}
