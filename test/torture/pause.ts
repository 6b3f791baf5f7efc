import { sleep, yieldNow } from "@phantasm/fibre";
import { Draw } from "./random";

let still: bool = false;
let schedule: Draw = new Draw(7);

/** @param seed of when fibres wait; what they compute does not depend on it */
export function setPauses(seed: u32, never: bool): void {
  schedule = new Draw(seed);
  still = never;
}

/** A place where a fibre may wait. */
export function pause(): void {
  if (still) return;
  const choice = schedule.below(4);
  if (choice == 0) return;
  if (choice == 1) sleep(schedule.below(1000));
  else yieldNow();
}
