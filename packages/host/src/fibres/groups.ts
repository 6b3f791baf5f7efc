/** Fibres that wait in the same place, for the same thing: seen as one, however many they are. */
import { systemClock } from "../clock.js";
import type { WasmFrame } from "../frames.js";
import { FibreProbe, type Original, type Stack } from "./probe.js";
import type { Fibre } from "./table.js";

export interface FibreGroup {
  /** How many there are. */
  readonly count: number;
  /** Of them, those whose stack was looked at; the others only look the same otherwise. */
  readonly looked: number;
  /** The first of them. */
  readonly fibres: readonly Fibre[];
  /** The earliest and the latest time at which one of them goes on by itself; null: none does. */
  readonly due: { readonly firstNs: bigint; readonly lastNs: bigint } | null;
  /** `unknown`: it was not looked at, or could not be. */
  readonly stack: { readonly frames: readonly WasmFrame[] } | "not started" | "unknown";
}

export interface FibreGroups {
  /** In the order of their first fibres. */
  readonly groups: readonly FibreGroup[];
  /** Groups beyond GROUPS_MAX, and the fibres in them. */
  readonly left: { readonly groups: number; readonly fibres: number };
}

export const GROUPS_MAX = 32;
/** Fibres named of one group. */
const FIBRES_SHOWN_MAX = 8;
/** The domain stands still as long as its fibres are looked at. */
const PROBE_NS_MAX = 500_000_000n;

/** Looks at the stacks of fibres, at one of each kind first, and groups them. */
export function groupFibres(fibres: readonly Fibre[], original: Original): FibreGroups {
  if (fibres.length === 0) return { groups: [], left: { groups: 0, fibres: 0 } };
  const probe = FibreProbe.of(original);
  const stacks = new Map<Fibre, Stack>();
  const until = systemClock.monotonic() + PROBE_NS_MAX;
  for (const fibre of mixed(fibres)) {
    if (probe === null || systemClock.monotonic() > until) break;
    stacks.set(fibre, probe.stack(fibre.address));
  }
  const byKey = new Map<string, Fibre[]>();
  /** The first stack of a kind: where those are counted that there was no time for. */
  const stackOf = new Map<string, Stack>();
  for (const fibre of fibres) {
    const stack = stacks.get(fibre);
    const kind = kindOf(fibre);
    if (stack !== undefined && !stackOf.has(kind)) stackOf.set(kind, stack);
  }
  for (const fibre of fibres) {
    const stack = stacks.get(fibre) ?? stackOf.get(kindOf(fibre)) ?? "unknown";
    const key = keyOf(fibre, stack);
    const group = byKey.get(key);
    if (group === undefined) byKey.set(key, [fibre]);
    else group.push(fibre);
  }
  const all = [...byKey.values()];
  const left = all.slice(GROUPS_MAX);
  return {
    groups: all.slice(0, GROUPS_MAX).map((group) => grouped(group, stacks)),
    left: { groups: left.length, fibres: left.reduce((sum, { length }) => sum + length, 0) },
  };
}

/** One of each kind, then a second one of each, and so on: there may be no time for all. */
function mixed(fibres: readonly Fibre[]): Fibre[] {
  const kinds = new Map<string, Fibre[]>();
  for (const fibre of fibres) {
    const kind = kindOf(fibre);
    const others = kinds.get(kind);
    if (others === undefined) kinds.set(kind, [fibre]);
    else others.push(fibre);
  }
  const order: Fibre[] = [];
  let left = [...kinds.values()];
  for (let at = 0; left.length > 0; at++) {
    for (const kind of left) order.push(...kind.slice(at, at + 1));
    left = left.filter(({ length }) => length > at + 1);
  }
  return order;
}

/** What is known of a fibre without looking at its stack. */
function kindOf(fibre: Fibre): string {
  return `${fibre.classId} ${keyOf(fibre, "unknown")}`;
}

function keyOf({ state, waitsFor }: Fibre, stack: Stack): string {
  const places = typeof stack === "string" ? stack : stack.frames.map(({ offset }) => offset);
  return JSON.stringify([state, waitsFor, places]);
}

function grouped(group: readonly Fibre[], stacks: ReadonlyMap<Fibre, Stack>): FibreGroup {
  const looked = group.filter((fibre) => stacks.has(fibre));
  const dues = group.flatMap(({ dueNs }) => (dueNs === null ? [] : [dueNs]));
  let due: FibreGroup["due"] = null;
  for (const dueNs of dues) {
    due ??= { firstNs: dueNs, lastNs: dueNs };
    if (dueNs < due.firstNs) due = { ...due, firstNs: dueNs };
    if (dueNs > due.lastNs) due = { ...due, lastNs: dueNs };
  }
  const [shown] = looked;
  return {
    count: group.length,
    looked: looked.length,
    fibres: group.slice(0, FIBRES_SHOWN_MAX),
    due,
    stack: (shown === undefined ? undefined : stacks.get(shown)) ?? "unknown",
  };
}
