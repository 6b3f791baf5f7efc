export { EchoClient, EchoHandler } from "./echo";
export { IcmpCounters } from "./counters";
export { EchoListener, Icmp, IcmpNetwork } from "./icmp";
export { IcmpType, TimeExceeded, Unreachable } from "./wire";
