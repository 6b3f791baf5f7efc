/** The operator's words → values checked against the manifest. */
import type { Manifest, ManifestArgument } from "@phantasm/seal";
import { escapeTerminal, quote } from "@phantasm/seal/escape";
import { ValueProblem } from "./problem.js";
import { nearest } from "./suggest.js";
import { defaultValue, parseValue, type ArgumentValue } from "./values.js";

/** Values by name; an optional argument without a default may be absent. */
export type ArgumentValues = ReadonlyMap<string, ArgumentValue>;

/** What a program may hand over instead of words. Numbers of a duration are ns, of a size bytes. */
export type ArgumentRecord = Readonly<Record<string, string | number | bigint | boolean>>;

/** Everything that was wrong with the arguments, one line each in `problems`. */
export class ArgumentsError extends Error {
  override name = "ArgumentsError";
  readonly code = "arguments";
  readonly problems: readonly string[];

  constructor(image: string, problems: readonly string[]) {
    super(`${problems.join("\n")}\n  See the arguments of ${image}: phantasm run IMAGE --help`);
    this.problems = problems;
  }
}

/** Reads words such as `--port=80`, `--port 80`, `--verbose`, `--no-verbose`.
 *
 * @throws ArgumentsError that lists every problem at once
 */
export function parseArguments(manifest: Manifest, words: readonly string[]): ArgumentValues {
  const reading = new Reading(manifest);
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (!word.startsWith("--") || word === "--") {
      reading.problem(`${quote(word)} is not an argument: they look like --name=value`);
      continue;
    }
    const equals = word.indexOf("=");
    const name = word.slice(2, equals < 0 ? undefined : equals);
    const found = reading.find(name);
    if (found === null) {
      // The word after an unknown name is most likely its value: one mistake, one message.
      if (equals < 0 && at + 1 < words.length && !words[at + 1]?.startsWith("--")) at++;
      continue;
    }
    if (equals >= 0) {
      if (found.negated) reading.problem(`--${name} takes no value`);
      else reading.give(found.argument, word.slice(equals + 1));
    } else if (found.argument.type === "boolean") {
      reading.give(found.argument, found.negated ? "false" : "true");
    } else {
      const value = words[at + 1];
      if (value === undefined || value.startsWith("--")) {
        reading.problem(`--${name} needs a value: --${name}=${placeholder(found.argument)}`);
        reading.seen.add(name);
      } else {
        reading.give(found.argument, value);
        at++;
      }
    }
  }
  return reading.finish();
}

/** The same for an embedding program.
 *
 * @throws ArgumentsError that lists every problem at once
 */
export function argumentsFromRecord(manifest: Manifest, record: ArgumentRecord): ArgumentValues {
  const reading = new Reading(manifest);
  for (const [name, value] of Object.entries(record)) {
    const found = reading.find(name);
    if (found === null || found.negated) continue;
    const { type } = found.argument;
    // A number is already in ns or bytes; as words both would need a unit.
    const unit = type === "duration" && typeof value !== "string" ? "ns" : "";
    reading.give(found.argument, `${value}${unit}`);
  }
  return reading.finish();
}

class Reading {
  readonly seen = new Set<string>();
  readonly #manifest: Manifest;
  readonly #values = new Map<string, ArgumentValue>();
  readonly #problems: string[] = [];

  constructor(manifest: Manifest) {
    this.#manifest = manifest;
  }

  problem(text: string): void {
    this.#problems.push(text);
  }

  find(name: string): { argument: ManifestArgument; negated: boolean } | null {
    const all = this.#manifest.arguments;
    const exact = all.find((argument) => argument.name === name);
    if (exact !== undefined) return { argument: exact, negated: false };
    const positive = name.startsWith("no-") ? name.slice(3) : null;
    const flag = all.find(({ name, type }) => name === positive && type === "boolean");
    if (flag !== undefined) return { argument: flag, negated: true };
    const near = nearest(
      name,
      all.map((argument) => argument.name),
    );
    const hint =
      near !== null
        ? `; did you mean --${near}?`
        : all.length === 0
          ? `: ${this.#manifest.name} takes none`
          : "";
    this.problem(`unknown argument ${quote(`--${name}`)}${hint}`);
    return null;
  }

  give(argument: ManifestArgument, text: string): void {
    const { name } = argument;
    if (this.seen.has(name)) return this.problem(`--${name} is given twice`);
    this.seen.add(name);
    try {
      this.#values.set(name, parseValue(argument, text));
    } catch (error) {
      if (!(error instanceof ValueProblem)) throw error;
      const shown = argument.type === "secret" ? "" : ` ${quote(text)}`;
      this.problem(`--${name}:${shown} ${error.message}`);
    }
  }

  finish(): ArgumentValues {
    const missing: string[] = [];
    for (const argument of this.#manifest.arguments) {
      if (this.seen.has(argument.name)) continue;
      if (argument.required) {
        missing.push(`--${argument.name}=${placeholder(argument)}`);
      } else {
        const value = defaultValue(argument);
        if (value !== undefined) this.#values.set(argument.name, value);
      }
    }
    if (missing.length > 0) this.problem(`missing: ${missing.join(" ")}`);
    if (this.#problems.length > 0) throw new ArgumentsError(this.#manifest.name, this.#problems);
    return this.#values;
  }
}

/** What stands for the value in help and messages, safe to print: `PORT` says less than its type does. */
export function placeholder(argument: ManifestArgument): string {
  switch (argument.type) {
    case "string":
      return "TEXT";
    case "ipv4":
      return "ADDRESS";
    case "cidr":
      return "ADDRESS/PREFIX";
    case "enumeration":
      return escapeTerminal(argument.values.join("|"));
    case "secret":
      return "@FILE";
    default:
      return argument.type.toUpperCase();
  }
}
