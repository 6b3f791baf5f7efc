export { DhcpClient, LeaseHandler } from "./client";
export { Lease, LeaseRoute, NEVER } from "./lease";
export { LeasedIpv4 } from "./leased";
export { DhcpCounters, DhcpState, LeaseLoss } from "./machine";
