export { Connection } from "./connection";
export { TcpCounters } from "./counters";
export { TcpLimits } from "./limits";
export { CongestionControl, CongestionFactory } from "./recovery/congestion";
export { CubicFactory } from "./recovery/cubic";
export { NewRenoFactory } from "./recovery/new-reno";
export { TcpRows } from "./rows";
export { TransmissionControl } from "./tcp";
