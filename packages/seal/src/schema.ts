import type { JsonValue } from "./canonical.js";
import { SealError } from "./error.js";
import { escapeTerminal, quote } from "./escape.js";
import type { SealRule } from "./rules.js";

/** The fields of an object whose names have been checked. */
export type Fields<R extends string, O extends string> = Readonly<Record<R, Field>> &
  Readonly<Partial<Record<O, Field>>>;

/**
 * A value of a manifest together with its place in it. Each method checks one thing and returns the
 * value with its type, or refuses with a message that names the place.
 */
export class Field {
  readonly #value: JsonValue;
  readonly #path: string;
  #entries: ReadonlyMap<string, Field> | undefined;

  /** @param path names the place, as in `devices[1].name`; empty for the whole manifest */
  constructor(value: JsonValue, path: string) {
    this.#value = value;
    this.#path = path;
  }

  fail(code: SealRule, why: string): never {
    const place = this.#path === "" ? "the manifest" : `manifest: ${escapeTerminal(this.#path)}`;
    throw new SealError(code, `${place} ${why}`);
  }

  /** An object with exactly these fields; those in `optional` may be absent. */
  record<R extends string, O extends string = never>(
    required: readonly R[],
    optional: readonly O[] = [],
  ): Fields<R, O> {
    const known: readonly string[] = [...required, ...optional];
    const fields = this.entries();
    for (const name of fields.keys())
      if (!known.includes(name)) this.fail("manifest-unknown-field", `has a field ${quote(name)}`);
    for (const name of required)
      if (!fields.has(name)) this.fail("manifest-missing-field", `has no field "${name}"`);
    return Object.fromEntries(fields) as Fields<R, O>;
  }

  /** An object with any fields. */
  entries(): ReadonlyMap<string, Field> {
    return (this.#entries ??= this.#readEntries());
  }

  /** One field of an object, looked at before it is known which others there must be. */
  peek(name: string): Field {
    return (
      this.entries().get(name) ?? this.fail("manifest-missing-field", `has no field "${name}"`)
    );
  }

  /** An array of at least `minimum` and at most `maximum` items. */
  list(maximum: number, minimum = 0): Field[] {
    const value = this.#value;
    if (!Array.isArray(value)) this.fail("manifest-type", "is not an array");
    const items = value as readonly JsonValue[];
    if (items.length > maximum || items.length < minimum)
      this.fail(
        "manifest-length",
        `has ${String(items.length)} items, from ${String(minimum)} to ${String(maximum)} are allowed`,
      );
    return items.map((item, at) => new Field(item, `${this.#path}[${String(at)}]`));
  }

  /** A whole number, `minimum` to `maximum`. */
  integer(minimum: number, maximum: number): number {
    const value = this.#value;
    if (typeof value !== "number") this.fail("manifest-type", "is not a number");
    if (!Number.isInteger(value) || value < minimum || value > maximum)
      this.fail(
        "manifest-range",
        `is ${String(value)}, a whole number from ${String(minimum)} to ${String(maximum)} is needed`,
      );
    return value;
  }

  boolean(): boolean {
    const value = this.#value;
    return typeof value === "boolean" ? value : this.fail("manifest-type", "is not true or false");
  }

  /** Text of at most `charactersMax` UTF-16 units. */
  text(charactersMax: number): string {
    const value = this.#value;
    if (typeof value !== "string") this.fail("manifest-type", "is not a text");
    if (value.length > charactersMax)
      this.fail(
        "manifest-text",
        `has ${String(value.length)} characters, at most ${String(charactersMax)} are allowed`,
      );
    return value;
  }

  /** Text of one form; `what` says in words which. */
  pattern(pattern: Pick<RegExp, "test">, charactersMax: number, what: string): string {
    const text = this.text(charactersMax);
    if (!pattern.test(text)) this.fail("manifest-text", `is ${quote(text)}, which is not ${what}`);
    return text;
  }

  /** One of the texts listed. */
  choice<T extends string>(choices: readonly T[]): T {
    const value = this.#value;
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    const actual = typeof value === "string" ? quote(value) : "not a text";
    return this.fail("manifest-choice", `is ${actual}, one of ${choices.join(", ")} is needed`);
  }

  #readEntries(): Map<string, Field> {
    const value = this.#value;
    if (value === null || typeof value !== "object" || Array.isArray(value))
      this.fail("manifest-type", "is not an object");
    const object = value as { readonly [name: string]: JsonValue };
    const prefix = this.#path === "" ? "" : `${this.#path}.`;
    return new Map(
      Object.keys(object).map((name) => [
        name,
        new Field(object[name] as JsonValue, prefix + name),
      ]),
    );
  }
}

/** Refuses a second occurrence. `what` is the plural: "names of devices". */
export function requireUnique(field: Field, names: readonly string[], what: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) field.fail("manifest-duplicate", `has ${what} twice: ${quote(name)}`);
    seen.add(name);
  }
}

/** Refuses items that are not in ascending order of UTF-16 code units. Equal neighbours pass. */
export function requireSorted(field: Field, names: readonly string[]): void {
  for (let at = 1; at < names.length; at++) {
    const name = names[at] ?? "";
    if (name < (names[at - 1] ?? ""))
      field.fail("manifest-order", `is not sorted: ${quote(name)} comes too late`);
  }
}
