export { EthernetCounters } from "./counters";
export { Ethernet } from "./ethernet";
export {
  EtherType,
  EthernetHandler,
  Frame,
  MAC_BROADCAST,
  isGroupMac,
  loadMac,
  storeMac,
} from "./frame";
export { GROUPS_MAX } from "./groups";
export { Offload } from "./offload";
export { WaitingFrames } from "./waiting";
