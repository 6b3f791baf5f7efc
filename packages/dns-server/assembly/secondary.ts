/** What a server knows of being a secondary. An image that is none has nothing of it but `NoSecondary`. */
import { Rcode } from "@phantasm/dns/wire";
import { Zones } from "./zone-data";
import { ServedZone, ZoneSet } from "./zone-set";

/** Told of each new version of a zone. */
export interface ZoneListener {
  onZones(zone: ServedZone, zones: Zones): void;
}

export interface Secondary {
  /** Zones come into the set, and are looked for as soon as there is an address to do so from. */
  start(set: ZoneSet, listener: ZoneListener): void;

  /**
   * A message says that a zone has changed (RFC 1996). Returns the response code.
   *
   * @param name in lower case, in NAME_BUFFER_BYTES bytes
   * @param high who says so
   */
  notified(name: usize, nameBytes: i32, high: u64, low: u64): i32;
}


@final
export class NoSecondary implements Secondary {
  start(set: ZoneSet, listener: ZoneListener): void {}

  notified(name: usize, nameBytes: i32, high: u64, low: u64): i32 {
    return Rcode.NOT_IMPLEMENTED;
  }
}
