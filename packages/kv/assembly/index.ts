export { KeyValueStore } from "./store";
export { KeyValueCounters } from "./counters";
