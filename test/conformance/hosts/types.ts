/** What runs appliances: one adapter for each kind of host. */
import type { Case, Need } from "../definition.js";

/** How one domain ended. */
export interface Outcome {
  /** Exit code; null: it had not ended in time and was ended by the adapter. */
  readonly status: number | null;
  readonly output: Uint8Array;
  /** What the host said about the end. */
  readonly message: string;
  /** From boot to end, by the clock that the guest sees. */
  readonly durationMs: number;
  /** Steps in the observation block; null when the host does not tell. */
  readonly observedSteps: number | null;
  /** Rules of the boundary that the host broke and the image cannot see. */
  readonly problems: readonly string[];
}

export interface Host {
  readonly name: string;
  readonly provides: ReadonlySet<Need>;
  /** Runs all instances of a case at the same time. */
  run(case_: Case, image: Uint8Array): Promise<Outcome[]>;
}

/** Given up after this long unless the case says otherwise. */
export const WITHIN_MS = 8_000;

/** The clock of a test of the whole: later than anything a case allows itself. */
export function timeLimitMs(case_: Case): number {
  return Math.max(...case_.instances.map(({ expect }) => expect.withinMs ?? WITHIN_MS));
}
