export { DhcpClient, LeaseHandler } from "./client";
export { Lease, LeaseRoute, NEVER } from "./lease";
export { DhcpCounters, DhcpState, LeaseLoss } from "./machine";
