export { ServerCounters } from "./counters";
export { DnsServer } from "./server";
export { Responder, TRANSFER } from "./responder";
export { Transfer } from "./transfer";
export { Zones } from "./zone-data";
export { ServedZone, ZoneSet } from "./zone-set";
