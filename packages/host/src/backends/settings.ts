/** `[NAME=]KEY=VALUE,…` as plain data: what `--impair` and `--block-faults` have in common. */
import { parseDuration } from "../arguments/values.js";
import { nearest } from "../arguments/suggest.js";
import { quote, refuse, type Named } from "./option-text.js";

/** What a value of a key says; null: it is none. */
export type Readers<T> = Readonly<Record<string, (value: string) => T | null>>;

/**
 * Reads all settings, each at most once. Throws OptionError, which names the option and its form.
 *
 * A name is followed by a key: `loss=2%` has none, `wan=loss=2%` has.
 */
export function parseSettings<T extends object>(
  option: string,
  text: string,
  readers: Readers<T>,
  form: string,
): Named<T> {
  const [, name = null, rest = text] = /^([a-z][a-z0-9-]{0,62})=([a-z-]+=.*)$/s.exec(text) ?? [];
  const fail = (problem: string): never => refuse(option, text, problem, form);
  const values = new Map<string, string>();
  for (const part of rest.split(",")) {
    const [, key, value] = /^([a-z-]+)=(.+)$/s.exec(part) ?? [];
    if (key === undefined || value === undefined)
      return fail(part === "" ? "a setting is missing" : `${quote(part)} has no value`);
    if (values.has(key)) fail(`${key}= is there twice`);
    values.set(key, value);
  }
  let description = {} as T;
  for (const [key, value] of values) {
    const read = Object.hasOwn(readers, key) ? readers[key] : undefined;
    if (read === undefined) {
      const near = nearest(key, Object.keys(readers));
      return fail(
        `there is no setting ${quote(key)}${near === null ? "" : `; did you mean ${near}=?`}`,
      );
    }
    const part = read(value);
    if (part === null) return fail(`${quote(value)} is not a value of ${key}=`);
    description = { ...description, ...part };
  }
  return { name, description };
}

/** 0 to 1 for `0%` to `100%`; null when it is no share. */
export function share(value: string): number | null {
  const [, number] = /^(\d{1,3}(?:\.\d{1,9})?)%$/.exec(value) ?? [];
  const part = Number(number) / 100;
  return part <= 1 ? part : null;
}

/** ns of `50ms`, at most `maxNs`; null when it is no duration. */
export function duration(text: string, maxNs: number): number | null {
  try {
    const ns = Number(parseDuration(text));
    return ns <= maxNs ? ns : null;
  } catch {
    return null;
  }
}

/** Any whole number that a double holds; null otherwise. */
export function seed(value: string): number | null {
  const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  return Number.isSafeInteger(number) ? number : null;
}
