export { Ipv4Counters } from "./counters";
export { Ipv4, PacketRouter } from "./ipv4";
export { Ipv4Limits } from "./limits";
export { AddressListener, maskOf } from "./routes";
