import { sleep, yieldNow } from "@phantasm/fibre";
import { Draw } from "./random";

let still: bool = false;
let schedule: Draw = new Draw(7);

let turnsMax: u32 = 1;

/**
 * @param seed of when fibres wait; what they compute does not depend on it
 * @param turns that a wait may take at most, which spreads waits over the slices of a collection
 */
export function setPauses(seed: u32, never: bool, turns: u32): void {
  schedule = new Draw(seed);
  still = never;
  turnsMax = turns;
}

/** A place where a fibre may wait. */
export function pause(): void {
  if (still) return;
  const choice = schedule.below(4);
  if (choice == 0) return;
  if (choice == 1) {
    sleep(schedule.below(1000));
    return;
  }
  for (let left = schedule.below(turnsMax); left > 0; left--) yieldNow();
  yieldNow();
}
