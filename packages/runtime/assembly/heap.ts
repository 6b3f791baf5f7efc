/**
 * The heap between steps. AssemblyScript's two-colour collector may only run when no frame holds a
 * reference, which is exactly when a step is about to return: then the stack is empty.
 *
 * `__heap_used` is what the toolchain adds to AssemblyScript's collector (toolchain/src/compile/standard-library.ts).
 */
import { observation } from "./observation";

/** Below this many bytes a collection is never worth its pause. */
const COLLECT_BYTES_MIN: usize = 1 << 20;

let threshold: usize = COLLECT_BYTES_MIN;

/** Collects when the heap has doubled since the last collection. Call only with an empty stack. */
export function collectAtRest(): void {
  if (__heap_used() < threshold) return;
  __collect();
  observation().collections++;
  threshold = max(COLLECT_BYTES_MIN, __heap_used() * 2);
}

/** True when a collection should come before more work. */
export function collectionDue(): bool {
  return false;
}

/** Visits the object that a word of a suspended frame points to or into, if it does. */
export function visitWord(word: usize): void {}

/** Told when the saved frames of a fibre have changed. */
export function stackChanged(stack: usize): void {}
