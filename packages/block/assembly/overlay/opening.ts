import { Block, CORRUPT } from "@phantasm/interfaces";
import { transferSectors } from "../layer";
import { Opening } from "../opening";
import { Kind, WayDown } from "../operation";
import { Geometry } from "./format";
import { ChangeMap } from "./map";

/** Told when an overlay is open. */
export interface OverlayOpener {
  /** `state` is 0, and the map is what was found; else why it is not open. */
  overlayOpened(state: i32): void;
}

/** Reads the map of an overlay, or makes one on a blank disk. */
@final
export class OverlayOpening extends Opening {
  readonly map: ChangeMap;
  private readonly geometry: Geometry;
  private table: i32 = 0;

  constructor(
    way: WayDown,
    base: Block,
    private readonly opener: OverlayOpener,
  ) {
    super(way);
    const geometry = new Geometry(base.sectorBytes, base.sectors, way.disk.sectors);
    this.geometry = geometry;
    this.map = new ChangeMap(geometry);
  }

  protected opened(state: i32): void {
    this.opener.overlayOpened(state);
  }

  protected formatted(sector: u64, address: usize): void {
    this.geometry.writeFormatted(address, sector);
  }

  protected nextToFormat(from: u64): bool {
    this.sector = from;
    this.sectors = from < this.geometry.slotsAt ? <i32>(this.geometry.slotsAt - from) : 0;
    return this.sectors > 0;
  }

  protected load(): void {
    const left = this.geometry.tables - this.table;
    if (left == 0) {
      this.map.findHoles();
      return this.opened(0);
    }
    const tables = min(left, transferSectors(this.way.disk) / 2);
    this.ask(Kind.READ, 2 * this.table + 1, 2 * tables);
  }

  protected loaded(status: i32): void {
    if (status != 0) return this.opened(status);
    for (let i = 0; i < this.sectors / 2; i++) {
      const address = this.room.dataStart + 2 * i * this.sectorBytes;
      if (!this.map.readTable(this.table++, address)) return this.opened(CORRUPT);
    }
    this.load();
  }
}
