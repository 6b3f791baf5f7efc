export { UdpCounters } from "./counters";
export { UdpLayer } from "./udp";
