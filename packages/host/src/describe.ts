/** What a domain is doing, for somebody who wonders why it does nothing. */
import { groupFibres, type FibreGroups } from "./fibres/groups.js";
import { readFibres } from "./fibres/table.js";
import { readObservation, type Observation } from "./observe.js";
import type { RunnableImage } from "./runnable.js";

/** A domain at rest. Texts are safe to print. */
export interface DomainDescription {
  readonly steps: number;
  /** Time of the domain at which it was looked at, ns. */
  readonly nowNs: bigint;
  /** When its next step is due, on the same scale; null: it waits for something else. */
  readonly deadlineNs: bigint | null;
  /** `console` and names of devices that it has asked to be woken by. */
  readonly waitsFor: readonly string[];
  readonly memoryBytes: number;
  /** Null when the image keeps no counters. */
  readonly observation: Observation | null;
  /** Null when the image has no table of fibres. */
  readonly fibres: DescribedFibres | null;
}

export interface DescribedFibres extends FibreGroups {
  readonly count: number;
  /** Of them, those that were read: of very many, the oldest and the newest. */
  readonly read: number;
  /** False: the table is broken after these. */
  readonly complete: boolean;
}

/** What only the domain itself knows. */
export type Resting = Pick<DomainDescription, "steps" | "nowNs" | "deadlineNs" | "waitsFor">;

/** @param running told when code of the image runs in a copy of the domain, and when no longer */
export function describeDomain(
  { manifest, module }: RunnableImage,
  memory: Uint8Array,
  globals: readonly (number | bigint)[],
  state: Resting,
  running: (runs: boolean) => void,
): DomainDescription {
  const table = readFibres(manifest, memory);
  const { nowNs } = state;
  const original = { manifest, module, memory, globals, nowNs, running };
  return {
    ...state,
    memoryBytes: memory.length,
    observation: readObservation(manifest, memory),
    fibres:
      table === null
        ? null
        : {
            ...groupFibres(table.fibres, original),
            count: table.count,
            read: table.fibres.length,
            complete: table.complete,
          },
  };
}
