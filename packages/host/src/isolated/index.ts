/** Domains in threads of their own. Loads as little as possible: `phantasm run` starts here. */
export {
  IsolatedDomain,
  type BootOptions,
  type BusyDomain,
  type IsolatedExit,
  type IsolatedOptions,
} from "./isolated-domain.js";
export { checkRun, runIsolated, USAGE_STATUS, type Declared, type RunOptions } from "./run.js";
export type { WaitingFibres } from "../fibres/waiting.js";
