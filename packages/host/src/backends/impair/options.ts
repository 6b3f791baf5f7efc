/** `--impair [NAME=]loss=2%,delay=50ms±10ms,…` as plain data. */
import { parseDuration } from "../../arguments/values.js";
import { BackendError } from "../error.js";
import type { Impairments } from "./path.js";

export interface ImpairDescription extends Impairments {
  /** Repeats what happened; random unless given. */
  readonly seed?: number;
}

const FORM =
  "--impair [NAME=]KEY=VALUE,… with any of loss=2%, delay=50ms or delay=50ms±10ms (or 50ms+-10ms), " +
  "reorder=1%, duplicate=1%, corrupt=0.1%, rate=10Mbit, seed=7";

type Key = "loss" | "delay" | "reorder" | "duplicate" | "corrupt" | "rate" | "seed";

const RATES: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6, G: 1e9 };
const DELAY_NS_MAX = 60e9;
const RATE_MIN = 1e3;

/** Throws BackendError. The name is that of the device, or null. */
export function parseImpairOption(text: string): {
  name: string | null;
  description: ImpairDescription;
} {
  // A name is followed by a key: "loss=2%" has none, "wan=loss=2%" has.
  const [, name = null, rest = text] = /^([a-z][a-z0-9-]{0,62})=([a-z]+=.*)$/s.exec(text) ?? [];
  const fail = (problem: string): never => {
    throw new BackendError(`--impair ${text}: ${problem}\nthe form is ${FORM}`);
  };
  const values = new Map<string, string>();
  for (const part of rest.split(",")) {
    const [, key, value] = /^([a-z]+)=(.+)$/s.exec(part) ?? [];
    if (key === undefined || value === undefined)
      return fail(part === "" ? "a setting is missing" : `${JSON.stringify(part)} has no value`);
    if (values.has(key)) fail(`${key}= is there twice`);
    values.set(key, value);
  }
  let description: ImpairDescription = {};
  for (const [key, value] of values) {
    const read = Object.hasOwn(READERS, key) ? READERS[key as Key] : undefined;
    if (read === undefined) return fail(`there is no setting ${JSON.stringify(key)}`);
    const part = read(value);
    if (part === null) return fail(`${JSON.stringify(value)} is not a value of ${key}=`);
    description = { ...description, ...part };
  }
  return { name, description };
}

const READERS: Readonly<Record<Key, (value: string) => ImpairDescription | null>> = {
  loss: (value) => share("loss", value),
  reorder: (value) => share("reorder", value),
  duplicate: (value) => share("duplicate", value),
  corrupt: (value) => share("corrupt", value),
  delay: (value) => {
    const [, middle = "", spread] = /^(.*?)(?:(?:±|\+-)(.*))?$/s.exec(value) ?? [];
    const delayNs = duration(middle);
    const jitterNs = spread === undefined ? 0 : duration(spread);
    if (delayNs === null || jitterNs === null || jitterNs > delayNs) return null;
    return { delayNs, ...(spread === undefined ? {} : { jitterNs }) };
  },
  rate: (value) => {
    const [, digits, unit = "none"] = /^(\d+(?:\.\d+)?)([kMG]?)bit$/.exec(value) ?? [];
    const rate = Number(digits) * (RATES[unit] ?? Number.NaN);
    return rate >= RATE_MIN ? { rate } : null;
  },
  seed: (value) => {
    const seed = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
    return Number.isSafeInteger(seed) ? { seed } : null;
  },
};

function share(key: keyof Impairments, value: string): ImpairDescription | null {
  const [, number] = /^(\d{1,3}(?:\.\d{1,9})?)%$/.exec(value) ?? [];
  const part = Number(number) / 100;
  return part <= 1 ? { [key]: part } : null;
}

function duration(text: string): number | null {
  try {
    const ns = Number(parseDuration(text));
    return ns <= DELAY_NS_MAX ? ns : null;
  } catch {
    return null;
  }
}
