/**
 * What the optimiser runs, and in which order. Binaryen's own list optimises every function, inlines, and
 * optimises all that was inlined into once more, in several rounds: two thirds of its time. Here functions are
 * only tidied before they are inlined, so that their sizes say something, and optimised once, when they are
 * whole. The images are smaller, and as fast (docs/decisions/033-passes.md).
 */
import type { Profile } from "../configuration/unikernel.js";

export interface Levels {
  readonly optimize: number;
  readonly shrink: number;
  /** Largest functions inlined always, flexibly, and when called once, in Binaryen's size units. */
  readonly inline: readonly [always: number, flexible: number, once: number];
}

export const LEVELS: Readonly<Record<Profile, Levels>> = {
  speed: { optimize: 3, shrink: 0, inline: [12, 70, 200] },
  debug: { optimize: 0, shrink: 0, inline: [0, 0, 0] },
  size: { optimize: 2, shrink: 2, inline: [2, 10, 1000] },
};

/** Half of what the compiler makes are equal functions: accessors, stubs, instances of generic classes. */
export const MERGE: readonly string[] = [
  "duplicate-function-elimination",
  "remove-unused-module-elements",
];

const TIDY = ["remove-unused-brs", "simplify-locals-nostructure", "vacuum", "reorder-locals"];

/** Each function for itself. */
export const FUNCTIONS: readonly string[] = [
  ...["ssa-nomerge", "dce", "remove-unused-names", "remove-unused-brs", "optimize-instructions"],
  ...["pick-load-signs", "precompute-propagate", "optimize-added-constants-propagate"],
  ...["code-pushing", "simplify-locals-nostructure", "vacuum", "remove-unused-brs"],
  ...["merge-locals", "coalesce-locals", "local-cse", "simplify-locals", "vacuum"],
  ...["coalesce-locals", "reorder-locals", "code-folding", "merge-blocks", "remove-unused-brs"],
  ...["remove-unused-names", "precompute-propagate", "optimize-instructions", "rse", "vacuum"],
];

/** What is never called or always the same. */
export const UNUSED: readonly string[] = [
  "dae-optimizing",
  "duplicate-function-elimination",
  "simplify-globals-optimizing",
  "remove-unused-module-elements",
];

const WHOLE: readonly string[] = [
  ...["simplify-globals", "inlining", ...TIDY, "dae", "inlining"],
  ...FUNCTIONS,
  ...UNUSED,
];

/** What became small enough to be inlined by being optimised. */
const AGAIN: Readonly<Record<"speed" | "size", readonly string[]>> = {
  speed: ["inlining-optimizing", ...UNUSED],
  size: ["inlining", ...FUNCTIONS, ...UNUSED],
};

const LAST = ["reorder-globals", "memory-packing", "directize"];

/** All of it, for a module of which equal functions are merged. */
export function wholePasses(profile: "speed" | "size"): readonly string[] {
  return [...WHOLE, ...AGAIN[profile], ...LAST];
}
