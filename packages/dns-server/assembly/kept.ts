/** What a secondary knows of keeping its zones over a restart. An image without a store for them has only `NothingKept`. */
import { SecondaryZone } from "./secondary-zone";
import { ZoneAccount } from "./zone-data";

export interface KeptZones {
  /**
   * Gives each zone what is kept of it, later, and calls its `restored` once, whatever was found. False: there is
   * nothing that they should wait for.
   *
   * @param account what is kept is read within
   */
  start(zones: SecondaryZone[], account: ZoneAccount): bool;

  /** What `served` has of it is a new version. */
  replaced(zone: SecondaryZone): void;

  /** It is known to be current, since its `confirmedNs`. */
  confirmed(zone: SecondaryZone): void;
}


@final
export class NothingKept implements KeptZones {
  start(zones: SecondaryZone[], account: ZoneAccount): bool {
    return false;
  }
  replaced(zone: SecondaryZone): void {}
  confirmed(zone: SecondaryZone): void {}
}
