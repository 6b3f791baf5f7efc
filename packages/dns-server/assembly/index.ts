export { Zones } from "./zone-data";
export { Responder, TRANSFER } from "./responder";
export { Transfer } from "./transfer";
export { ServerCounters } from "./counters";
