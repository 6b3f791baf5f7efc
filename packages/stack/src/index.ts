/** A TCP/IP stack for a configuration: `tcpStack(network("service"))`. */
export { dhcp, fixedIpv4, noIpv4, type DhcpOptions, type FixedIpv4Options } from "./ipv4.js";
export { automaticIpv6, fixedIpv6, noIpv6, type FixedIpv6Options } from "./ipv6.js";
export { tcpStack, type StackLimits, type StackOptions } from "./stack.js";
