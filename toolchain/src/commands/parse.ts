/** The words after `phantasm` → a command with its operands and options. */
import { parseArgs } from "node:util";
import type { CommandDefinition, OptionDefinition } from "./definitions.js";
import { usageError, type UserError } from "./errors.js";

const HELP: OptionDefinition = { name: "help", short: "h", help: "explain the command" };

/** What was asked for. Reading an option that the command does not define is a fault of ours. */
export class Invocation {
  readonly definition: CommandDefinition;
  readonly operands: readonly string[];
  /** After `--`. */
  readonly words: readonly string[];
  /** `--help`, and whether it came after the first operand. */
  readonly help: "none" | "command" | "operand";
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(
    definition: CommandDefinition,
    operands: readonly string[],
    words: readonly string[],
    help: "none" | "command" | "operand",
    values: ReadonlyMap<string, readonly string[]>,
  ) {
    this.definition = definition;
    this.operands = operands;
    this.words = words;
    this.help = help;
    this.#values = values;
  }

  /** Whether the option was given. */
  flag(name: string): boolean {
    return this.values(name).length > 0;
  }

  /** The value of an option. */
  value(name: string): string | undefined {
    return this.values(name)[0];
  }

  /** The values of a repeatable option, in order. */
  values(name: string): readonly string[] {
    if (!this.definition.options.some((option) => option.name === name))
      throw new Error(`${this.definition.name} has no option ${name}`);
    return this.#values.get(name) ?? [];
  }
}

function helpHint({ name }: CommandDefinition, program: string): string {
  return `See: ${program} help ${name}`;
}

async function unknownOption(
  raw: string,
  definition: CommandDefinition,
  program: string,
  afterOperand: boolean,
): Promise<UserError> {
  const { nearest } = await import("@phantasm/host/suggest");
  const names = [...definition.options, HELP].map(({ name }) => name);
  const near = nearest(raw.replace(/^-+/, ""), names);
  if (near !== null)
    return usageError(
      `unknown option ${raw}; did you mean --${near}?`,
      helpHint(definition, program),
    );
  return usageError(
    `unknown option ${raw}`,
    definition.words && afterOperand
      ? `Arguments of the image go after "--": … -- ${raw}`
      : helpHint(definition, program),
  );
}

function checkOperands(
  { operands: defined, name }: CommandDefinition,
  given: readonly string[],
  hint: string,
): void {
  const missing = defined.find(({ optional }, at) => !optional && given[at] === undefined);
  if (missing) throw usageError(`${name} needs ${article(missing.name)}`, hint);
  const extra = given[defined.length];
  if (extra !== undefined && !defined.at(-1)?.repeatable)
    throw usageError(`${name}: one operand too many: ${JSON.stringify(extra)}`, hint);
}

function article(name: string): string {
  return name === "DIR|IMAGE"
    ? "a folder or an image"
    : /^[AEIOU]/.test(name)
      ? `an ${name}`
      : `a ${name}`;
}

/**
 * Reads the words of one command. Options may stand before and after operands.
 *
 * @throws UserError for wrong use
 */
export async function parseInvocation(
  definition: CommandDefinition,
  args: readonly string[],
  program: string,
): Promise<Invocation> {
  const defined = [...definition.options, HELP];
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      defined.map(({ name, short, value }) => [
        name,
        { type: value === undefined ? "boolean" : "string", ...(short ? { short } : {}) },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const hint = helpHint(definition, program);
  const end = tokens.find(({ kind }) => kind === "option-terminator")?.index ?? args.length;
  const operands: string[] = [];
  const values = new Map<string, string[]>();
  let help: Invocation["help"] = "none";
  for (const token of tokens) {
    if (token.index >= end) break;
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const option = defined.find(({ name }) => name === token.name);
    if (!option) throw await unknownOption(token.rawName, definition, program, operands.length > 0);
    if (option === HELP) {
      help = operands.length > 0 ? "operand" : "command";
      continue;
    }
    const { value } = token;
    if (option.value === undefined) {
      if (value !== undefined) throw usageError(`--${option.name} takes no value`, hint);
    } else if (value === undefined || value === "" || (!token.inlineValue && /^-./.test(value))) {
      throw usageError(`${token.rawName} needs a value: ${token.rawName} ${option.value}`, hint);
    }
    const list = values.get(option.name) ?? [];
    if (list.length > 0 && option.value !== undefined && !option.repeatable)
      throw usageError(`${token.rawName} is given twice`, hint);
    values.set(option.name, [...list, value ?? ""]);
  }
  const words = args.slice(end + 1);
  if (end < args.length && !definition.words) operands.push(...words);
  if (help === "none") checkOperands(definition, operands, hint);
  return new Invocation(definition, operands, definition.words ? words : [], help, values);
}
