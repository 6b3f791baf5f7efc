/** `--impair [NAME=]loss=2%,delay=50ms±10ms,…` as plain data. */
import type { Named } from "../option-text.js";
import { duration, parseSettings, seed, share, type Readers } from "../settings.js";
import type { Impairments } from "./path.js";

export interface ImpairDescription extends Impairments {
  /** Repeats what happened; random unless given. */
  readonly seed?: number;
}

const FORM =
  "--impair [NAME=]KEY=VALUE,… with any of loss=2%, delay=50ms or delay=50ms±10ms (or 50ms+-10ms), " +
  "reorder=1%, duplicate=1%, corrupt=0.1%, rate=10Mbit, seed=7";

const RATES: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6, G: 1e9 };
const DELAY_NS_MAX = 60e9;
const RATE_MIN = 1e3;

/** Throws BackendError. The name is that of the device, or null. */
export function parseImpairOption(text: string): Named<ImpairDescription> {
  return parseSettings("--impair", text, READERS, FORM);
}

const READERS: Readers<ImpairDescription> = {
  loss: (value) => part("loss", value),
  reorder: (value) => part("reorder", value),
  duplicate: (value) => part("duplicate", value),
  corrupt: (value) => part("corrupt", value),
  delay: (value) => {
    const [, middle = "", spread] = /^(.*?)(?:(?:±|\+-)(.*))?$/s.exec(value) ?? [];
    const delayNs = duration(middle, DELAY_NS_MAX);
    const jitterNs = spread === undefined ? 0 : duration(spread, DELAY_NS_MAX);
    if (delayNs === null || jitterNs === null || jitterNs > delayNs) return null;
    return { delayNs, ...(spread === undefined ? {} : { jitterNs }) };
  },
  rate: (value) => {
    const [, digits, unit = "none"] = /^(\d+(?:\.\d+)?)([kMG]?)bit$/.exec(value) ?? [];
    const rate = Number(digits) * (RATES[unit] ?? Number.NaN);
    return rate >= RATE_MIN ? { rate } : null;
  },
  seed: (value) => {
    const number = seed(value);
    return number === null ? null : { seed: number };
  },
};

function part(key: keyof Impairments, value: string): ImpairDescription | null {
  const number = share(value);
  return number === null ? null : { [key]: number };
}
