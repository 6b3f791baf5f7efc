export { DhcpIpv4, FixedIpv4, Ipv4Setup, NoIpv4 } from "./ipv4-setup";
export { AutomaticIpv6, FixedIpv6, Ipv6Setup, NoIpv6 } from "./ipv6-setup";
export { NetworkStack } from "./network-stack";
export { PingHandler, Pinger } from "./ping";
export { AddressHandler, Stack, StackWaiter } from "./stack";
