export { ServerCounters } from "./counters";
export { DnsServer } from "./server";
export { Responder, TRANSFER } from "./responder";
export { NoSecondary, Secondary } from "./secondary";
export { SecondaryZones } from "./secondary-zones";
export { Transfer } from "./transfer";
export { Zones } from "./zone-data";
export { ServedZone, ZoneSet } from "./zone-set";
