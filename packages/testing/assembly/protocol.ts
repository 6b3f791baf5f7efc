// What the generated entry of a test exports to the vitest plug-in.
export { runCase } from "./cases";

/** Calls a function value of type `() => void`. */
export function callFunction(index: u32): void {
  call_indirect<void>(index);
}
