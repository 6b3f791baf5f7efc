/** Queries of every kind about the zones of the tests, drawn by a seed. */
import { type Zone, targetOf } from "@phantasm/zone-format";
import { makeQuery, type QueryOptions } from "./wire.js";

export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 1;
  }

  below(bound: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * bound);
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

const TYPES = [1, 28, 2, 6, 15, 16, 5, 12, 33, 39, 43, 52, 64, 65, 257, 65280, 13, 35, 99, 65000];

/** Every name that stands in the zones, and names that are near to them. */
export function namesNear(zones: readonly Zone[]): string[] {
  const names = new Set<string>([
    "\0",
    "\x03org\0",
    "\x03com\0",
    "\x04test\0",
    "\x07example\x03com\0",
  ]);
  for (const { names: own } of zones)
    for (const [key, { sets }] of own) {
      names.add(key);
      for (const { records } of sets)
        for (const record of records) if (record.data.nameAt >= 0) names.add(targetOf(record));
    }
  for (const name of [...names]) {
    if (name.length > 200) continue;
    names.add(name.slice(1 + name.charCodeAt(0)) || "\0");
    names.add(`\x01x${name}`);
    names.add(`\x01*${name}`);
    names.add(`\x01a\x01b${name}`);
    const label = name.slice(1, 1 + name.charCodeAt(0));
    if (label.length > 0 && label.length < 60)
      names.add(`${String.fromCharCode(label.length + 1)}${label}z${name.slice(1 + label.length)}`);
  }
  return [...names];
}

function mixCase(name: string, dice: Dice): string {
  return name.replace(/[a-z]/g, (letter) => (dice.below(2) === 0 ? letter : letter.toUpperCase()));
}

export interface Question {
  readonly query: Buffer;
  readonly text: string;
  /** Where its type stands. */
  readonly typeAt: number;
}

export function drawQuery(names: readonly string[], dice: Dice, id: number): Question {
  const name = dice.of(names);
  const type = dice.below(12) === 0 ? 1 + dice.below(65_535) : dice.of(TYPES);
  const isMeta = type === 41 || (type >= 128 && type < 255);
  const options: QueryOptions = {
    id,
    flags: (dice.below(2) === 0 ? 0x0100 : 0) | (dice.below(8) === 0 ? 0x0010 : 0),
    class: 1,
    ...(dice.below(3) === 0
      ? {}
      : { edns: dice.of([512, 600, 1232, 1400, 4096, 0, 65_535]), dnssecOk: dice.below(3) === 0 }),
  };
  const asked = dice.below(3) === 0 ? mixCase(name, dice) : name;
  return {
    typeAt: 12 + name.length,
    query: makeQuery(asked, isMeta ? 1 : type, options),
    text: `${JSON.stringify(asked)} type ${isMeta ? 1 : type} edns ${options.edns ?? "none"}`,
  };
}
