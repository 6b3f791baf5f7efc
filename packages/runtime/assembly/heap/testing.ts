/** Drives the collector harder than any application; for tests. */
export { Stress, checkCollections, failAllocation, setStress } from "./stress";
