/** The words after `phantasm` → a command with its operands and options. */
import { Command, CommanderError, Option } from "commander";
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

/** The definition as commander knows it. Help and messages are ours: see help.ts and usageError. */
function commander(defined: readonly OptionDefinition[]): Command {
  const command = new Command()
    .exitOverride()
    .helpOption(false)
    .configureOutput({ writeErr: () => undefined });
  for (const { name, short, value } of defined) {
    const flags = `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : " <value>"}`;
    const option = new Option(flags);
    // Collected, so that a second one is seen.
    if (value !== undefined)
      option.argParser((text: string, before: readonly string[] = []) => [...before, text]);
    command.addOption(option);
  }
  return command;
}

function checkValues(
  { name, value, repeatable }: OptionDefinition,
  given: readonly string[],
  args: readonly string[],
  hint: string,
): void {
  // "--net --block" is a forgotten value; "--net=--block" is meant.
  if (given.some((text) => text === "" || (/^-./.test(text) && args.includes(text))))
    throw usageError(`--${name} needs a value: --${name} ${value ?? ""}`, hint);
  if (given.length > 1 && !repeatable) throw usageError(`--${name} is given twice`, hint);
}

/**
 * Reads the words of one command. Options may stand before and after operands.
 *
 * @throws UserError for wrong use
 */
export async function parseInvocation(
  definition: CommandDefinition,
  all: readonly string[],
  program: string,
): Promise<Invocation> {
  const end = all.includes("--") ? all.indexOf("--") : all.length;
  const args = all.slice(0, end);
  const words = all.slice(end + 1);
  const hint = helpHint(definition, program);
  const defined = [...definition.options, HELP];
  const command = commander(defined);
  let parsed: ReturnType<Command["parseOptions"]>;
  try {
    parsed = command.parseOptions([...args]);
  } catch (error) {
    if (!(error instanceof CommanderError) || error.code !== "commander.optionMissingArgument")
      throw error;
    const raw = args.at(-1) ?? "";
    const option = defined.find(
      ({ name, short }) => raw === `--${name}` || raw === `-${short ?? ""}`,
    );
    throw usageError(`${raw} needs a value: ${raw} ${option?.value ?? ""}`, hint);
  }
  const [unknown] = parsed.unknown;
  if (unknown !== undefined) {
    const [raw = unknown] = unknown.split("=", 1);
    if (defined.some(({ name }) => raw === `--${name}`))
      throw usageError(`${raw} takes no value`, hint);
    throw await unknownOption(raw, definition, program, parsed.operands.length > 0);
  }
  const values = new Map<string, readonly string[]>();
  for (const [at, option] of defined.entries()) {
    const value: unknown = command.getOptionValue(command.options[at]?.attributeName() ?? "");
    if (value === undefined) continue;
    const given = Array.isArray(value) ? value.map(String) : [""];
    if (option.value !== undefined) checkValues(option, given, args, hint);
    values.set(option.name, given);
  }
  const operands = [...parsed.operands, ...(definition.words ? [] : words)];
  const help = values.has(HELP.name) ? helpPlace(args, parsed.operands) : "none";
  if (help === "none") checkOperands(definition, operands, hint);
  return new Invocation(definition, operands, definition.words ? words : [], help, values);
}

/** Whether help was asked for before or after the first operand. */
function helpPlace(args: readonly string[], [first]: readonly string[]): "command" | "operand" {
  if (first === undefined) return "command";
  const asked = args.findIndex((word) => word === "--help" || word === "-h");
  return args.indexOf(first) < asked ? "operand" : "command";
}
