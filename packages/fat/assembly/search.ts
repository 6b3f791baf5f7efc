/** Looks for a name in a directory; and on the way for room and a short name, for one that is to be made. */
import { SectorCache } from "./cache";
import { Directory, Places } from "./directory";
import { entriesFor } from "./entry";
import { Geometry } from "./boot-sector";
import { NAME_UNITS_MAX, ShortName, fold } from "./names";
import { Table } from "./table";


@final
export class Search extends Directory {
  /** The short name of what is to be made. */
  readonly short: ShortName = new ShortName();
  /** Free entries in a row, as many as were found of those that are needed. */
  readonly room: Places = new Places();
  needed: i32 = 0;
  /** The entry behind `room`, at `endOffset` of sector `endSector`, is to become the end of the directory. */
  ended: bool = false;
  endSector: u32 = 0;
  endOffset: i32 = 0;
  /** The entry that is to be overlooked was met under the name that is looked for. */
  met: bool = false;
  /** It is spelled the same. */
  metExactly: bool = false;

  private readonly wanted: Uint16Array = new Uint16Array(NAME_UNITS_MAX);
  private wantedLength: i32 = 0;
  /** The room lies where the mark of the end was. */
  private passed: bool = false;
  private overlookSector: u32 = 0;
  private overlookOffset: i32 = -1;

  constructor(cache: SectorCache, table: Table, geometry: Geometry) {
    super(cache, table, geometry);
  }

  /** Looks in a directory for a part of a path; with `makes`, for room for it too. */
  look(first: u32, path: string, start: i32, end: i32, makes: bool): void {
    this.wantedLength = end - start;
    for (let i = start; i < end; i++) this.wanted[i - start] = <u16>path.charCodeAt(i);
    this.overlookOffset = -1;
    this.short.exact = false;
    this.needed = 0;
    if (makes) {
      this.short.make(path, start, end);
      this.needed = entriesFor(this.short, end - start);
    }
    this.lookAgain(first);
  }

  /** The same once more, from the beginning. */
  lookAgain(first: u32): void {
    this.begin(first);
    this.room.count = 0;
    this.ended = false;
    this.passed = false;
    this.met = false;
    this.metExactly = false;
  }

  /** This entry is about to lose its name: as if it were not there. */
  overlook(places: Places): void {
    this.overlookSector = places.sector;
    this.overlookOffset = places.offset;
  }

  /** Returns 1 when it was found, 0 when it is not there, or why neither is known yet. */
  find(): i32 {
    while (true) {
      const found = this.next();
      if (found <= 0) return found;
      const fits =
        this.matches(this.name, this.nameLength) || this.matches(this.shortName, this.shortLength);
      if (!fits) continue;
      if (!this.places.isAt(this.overlookSector, this.overlookOffset)) return 1;
      this.met = true;
      this.metExactly = this.isExactly();
    }
  }

  /** Enough room was found. */
  get hasRoom(): bool {
    return this.room.count == this.needed;
  }

  protected onFree(head: u8): bool {
    if (this.needed == 0) return !this.beyond;
    if (!this.hasRoom) {
      this.room.add(this.sector, this.offset);
      // What lies behind the mark of the end is of no meaning, and must not get one.
      this.passed = this.beyond;
      return true;
    }
    if (this.beyond && this.passed) {
      this.endSector = this.sector;
      this.endOffset = this.offset;
      this.ended = head != 0;
      return false;
    }
    return !this.beyond;
  }

  protected onUsed(): void {
    if (!this.hasRoom) this.room.count = 0;
  }

  protected onShort(at: usize): void {
    if (this.needed == 0) return;
    if (this.sector == this.overlookSector && this.offset == this.overlookOffset) return;
    this.short.meet(at);
  }

  private matches(name: Uint16Array, length: i32): bool {
    if (length != this.wantedLength) return false;
    for (let i = 0; i < length; i++) {
      const a = <u32>name[i];
      const b = <u32>this.wanted[i];
      if (a != b && fold(a) != fold(b)) return false;
    }
    return true;
  }

  private isExactly(): bool {
    if (this.nameLength != this.wantedLength) return false;
    for (let i = 0; i < this.nameLength; i++) if (this.name[i] != this.wanted[i]) return false;
    return true;
  }
}
