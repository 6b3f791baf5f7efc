/** What the parsers of options share. */
import { OptionError } from "./error.js";

/** What was attached to which device; null: to the only one of its type. */
export interface Named<T> {
  readonly name: string | null;
  readonly description: T;
}

/** Like NAME_PATTERN of the manifest, so that a path with `=` in it is still a path. */
const NAMED = /^([a-z][a-z0-9-]{0,62})=(.*)$/s;

export function splitName(text: string): { name: string | null; rest: string } {
  const [, name = null, rest = text] = NAMED.exec(text) ?? [];
  return { name, rest };
}

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
};

/** Bytes of `4096`, `512K`, `64M`, `2G`, `1T` (powers of 1024); null when it is not a size, or 0. */
export function parseSize(text: string): number | null {
  const [, digits, unit] = /^(\d+)([KMGT]?)(?:i?B)?$/i.exec(text) ?? [];
  const scale = UNITS[unit?.toUpperCase() ?? "none"];
  if (digits === undefined || scale === undefined) return null;
  const bytes = Number(digits) * scale;
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : null;
}

export function quote(text: string): string {
  return JSON.stringify(text);
}

/** Throws OptionError: what is wrong, and how it is written. */
export function refuse(option: string, text: string, problem: string, form: string): never {
  throw new OptionError(`${option} ${text}: ${problem}\nthe form is ${form}`);
}
