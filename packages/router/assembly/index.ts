export { RouterCounters } from "./counters";
export { Router } from "./device";
export { Forwarder, RouterPolicy } from "./forwarder";
export { RouterLimits } from "./limits";
export { RouterCore, RouterHandler } from "./router";
export { Action } from "./rules";
