import type { SealRule } from "../../src/index.js";

/** One way to break exactly one rule. */
export interface BrokenCase {
  readonly rule: SealRule;
  /** What is wrong. */
  readonly title: string;
  /** Does the forbidden thing. MUST throw the SealError of the rule. */
  readonly attempt: () => unknown;
  /** The message names the reason and the offending item. */
  readonly message: RegExp;
}
