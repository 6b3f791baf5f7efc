export { UdpCounters } from "./counters";
export { UdpRows } from "./rows";
export { UdpLayer } from "./udp";
