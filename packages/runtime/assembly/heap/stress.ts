/** How tests drive the collector, harder than any application. The optimiser drops what is never asked for. */
import { fail } from "../abort";
import { exchangeMarks, startsWord, words } from "./bitmaps";
import { collectSoon, markAll } from "./collector";
import { outOfMemory } from "./exhausted";

/** How the collector is driven. */
export namespace Stress {
  export const NONE: u32 = 0;
  /** Everything is collected at every safe point. */
  export const FULL: u32 = 1;
  /** Every safe point does the smallest slice there is. */
  export const SLICES: u32 = 2;
}

let stress: u32 = Stress.NONE;
let checking: bool = false;
let failing: bool = false;
let allocationsLeft: u32 = 0;

export function setStress(mode: u32): void {
  stress = mode;
  collectSoon();
}

/** From now on, marking is compared with an independent one when it ends; a difference ends the domain. */
export function checkCollections(): void {
  checking = true;
}

/** The allocation of that number, from 1, finds no memory. */
export function failAllocation(number: u32): void {
  failing = number != 0;
  allocationsLeft = number;
}

// ---- what the collector asks

// @ts-ignore: decorator
@inline
export function stressMode(): u32 {
  return stress;
}

// @ts-ignore: decorator
@inline
export function isChecking(): bool {
  return checking;
}

// @ts-ignore: decorator
@inline
export function isFailing(): bool {
  return failing;
}

/** An allocation, while one is to fail. */
export function countDown(): void {
  if (--allocationsLeft == 0) outOfMemory();
}

/** Marks all from the roots at once, in other bitmaps, and compares. */
export function checkMarks(): void {
  const bytes = words() << 3;
  const other = __alloc(bytes);
  memory.fill(other, 0, bytes);
  const real = exchangeMarks(other);
  markAll();
  for (let at: usize = 0; at < words(); at++) {
    const reachable = load<u64>(other + (at << 3));
    if (reachable & ~load<u64>(real + (at << 3)))
      fail("heap: a reachable object was not marked", null, 0, 0);
    if (reachable & ~startsWord(at)) fail("heap: a reachable object was freed", null, 0, 0);
  }
  exchangeMarks(real);
  __free(other);
}
