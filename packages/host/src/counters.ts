/**
 * Counters of an image's modules: a list in its memory that begins at the observation block. Laid out in
 * packages/runtime/assembly/observed.ts. All of it is the guest's claim: it may lead anywhere.
 */
import { guestString } from "./guest-string.js";

/** What one module counts. Texts are safe to print. */
export interface CounterGroup {
  readonly name: string;
  readonly counters: readonly { readonly name: string; readonly value: number }[];
}

/** Groups that are read. */
const GROUPS_MAX = 64;
/** Counters of one group that are read. */
const COUNTERS_MAX = 64;
const NAME_CHARACTERS_MAX = 64;
const LABELS_CHARACTERS_MAX = 4096;
const GROUP_BYTES = 16;
const VALUE_BYTES = 8;

/** In the order in which modules registered them: the list has the last one first. */
export function readCounters(memory: DataView, first: number): CounterGroup[] {
  const groups: CounterGroup[] = [];
  let at = first;
  while (at !== 0 && groups.length < GROUPS_MAX && at + GROUP_BYTES <= memory.byteLength) {
    const word = (offset: number): number => memory.getUint32(at + offset, true);
    groups.push({
      name: text(memory, word(4), NAME_CHARACTERS_MAX),
      counters: readValues(memory, word(8), word(12)),
    });
    at = word(0);
  }
  return groups.reverse();
}

function readValues(memory: DataView, labels: number, values: number): CounterGroup["counters"] {
  const names = text(memory, labels, LABELS_CHARACTERS_MAX).split(" ").slice(0, COUNTERS_MAX);
  if (values + names.length * VALUE_BYTES > memory.byteLength) return [];
  return names.map((name, index) => ({
    name,
    value: Number(memory.getBigUint64(values + index * VALUE_BYTES, true)),
  }));
}

function text(memory: DataView, address: number, charactersMax: number): string {
  return address === 0 ? "" : guestString(memory, address, charactersMax);
}
