/** What fibres wait for, in a few words. */
import { formatCount } from "../format.js";
import type { Fibre } from "./table.js";

/** Fibres that wait for the same. */
export interface WaitingFibres {
  readonly count: number;
  /** Safe to print; empty when it has no name. */
  readonly what: string;
}

const KINDS_MAX = 16;
const SHOWN_MAX = 3;

/** Counts those that wait in a queue by what it is for, most first. */
export function waitingFibres(fibres: readonly Fibre[]): WaitingFibres[] {
  const counts = new Map<string, number>();
  for (const { state, waitsFor } of fibres) {
    if (state === "waiting") counts.set(waitsFor, (counts.get(waitsFor) ?? 0) + 1);
  }
  const kinds = [...counts].map(([what, count]) => ({ what, count }));
  return kinds.sort((a, b) => b.count - a.count).slice(0, KINDS_MAX);
}

/** `9 fibres wait for a message, 1 fibre waits for a lock, others for …`; empty for none. */
export function waitingText(waiting: readonly WaitingFibres[]): string {
  const parts = waiting.slice(0, SHOWN_MAX).map(({ count, what }) => {
    const who = count === 1 ? "1 fibre waits" : `${formatCount(count)} fibres wait`;
    return what === "" ? who : `${who} for ${what}`;
  });
  if (waiting.length > SHOWN_MAX) parts.push("and others for other things");
  return parts.join(", ");
}
