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
export { openBlock, openNet, openSwitch, runSwitch } from "./open.js";
export {
  parseBlockOption,
  parseNetOption,
  parsePcapOption,
  type BlockDescription,
  type NetDescription,
  type Named,
} from "./options.js";
export type { SwitchLink, SwitchLinkOptions } from "./switch/client.js";
export type { SwitchCounters } from "./switch/learning-switch.js";
export type { SwitchEvent, SwitchServer, SwitchServerOptions } from "./switch/server.js";
export type * from "./types.js";
