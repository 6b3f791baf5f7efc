/**
 * Device backends. Importing this loads none of them: `openNet` and `openBlock` load what a
 * description asks for.
 */
export { BackendError } from "./error.js";
export {
  loopback,
  loopbackPair,
  type LoopbackOptions,
  type LoopbackPairOptions,
} from "./loopback.js";
export { formatMac, parseMac, randomMac } from "./mac.js";
export { diskSupport, openBlock, openNet, openSwitch, runSwitch, tapSupport } from "./open.js";
export {
  parseBlockLogOption,
  parseBlockOption,
  parseEgressOption,
  parseFaultsOption,
  parseNetOption,
  parseImpairOption,
  parseNetTraceOption,
  parsePcapOption,
  parsePublishOption,
  parseTapDescriptorOption,
  type BlockDescription,
  type FaultsDescription,
  type ImpairDescription,
  type NetDescription,
  type Named,
  type PublishDescription,
  type PublishWanted,
  type UserDescription,
} from "./options.js";
export type { DiskSupport } from "./block/support.js";
export type { FaultCounters, FaultOptions, FaultyDisk } from "./block/faults.js";
export type { ImpairedLink, ImpairOptions } from "./impair/impair.js";
export type { CapturedLink } from "./pcap.js";
export type { TracedLink } from "./net-trace.js";
export type { SwitchLink, SwitchLinkOptions } from "./switch/client.js";
export type { SwitchCounters } from "./switch/learning-switch.js";
export type { SwitchEvent, SwitchServer, SwitchServerOptions } from "./switch/server.js";
export type { UserNetwork, UserNetworkOptions } from "./user/network.js";
export type { UserCounters } from "./user/counters.js";
export type { TapInterface, TapSupport } from "./tap/support.js";
export type * from "./types.js";
