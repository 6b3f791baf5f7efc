/** Finds the command that was asked for, loads it and nothing else, and runs it. */
import { COMMANDS, GROUPS, type CommandDefinition } from "./definitions.js";
import { usageError } from "./errors.js";
import { parseInvocation, type Invocation } from "./parse.js";
import type { Terminal } from "./terminal.js";

/** Runs to the end. @returns the exit status. @throws what `report` prints */
export type Command = (invocation: Invocation, terminal: Terminal) => Promise<number>;

const LOADERS: Readonly<Record<string, () => Promise<Command>>> = {
  build: async () => (await import("./build.js")).build,
  describe: async () => (await import("./describe.js")).describe,
  dev: async () => (await import("./dev.js")).dev,
  doctor: async () => (await import("./doctor.js")).doctor,
  help: async () => (await import("./help.js")).help,
  inspect: async () => (await import("./inspect.js")).inspect,
  "kv check": async () => (await import("./kv-check.js")).kvCheck,
  "kv dump": async () => (await import("./kv-dump.js")).kvDump,
  "kv restore": async () => (await import("./kv-restore.js")).kvRestore,
  keygen: async () => (await import("./keygen.js")).keygen,
  new: async () => (await import("./new.js")).newProject,
  run: async () => (await import("./run.js")).run,
  sign: async () => (await import("./sign.js")).sign,
  switch: async () => (await import("./switch.js")).runSwitchCommand,
  sync: async () => (await import("./sync.js")).sync,
  verify: async () => (await import("./verify.js")).verify,
  "zones check": async () => (await import("./zones-check.js")).zonesCheck,
  "zones compile": async () => (await import("./zones-compile.js")).zonesCompile,
  "zones dump": async () => (await import("./zones-dump.js")).zonesDump,
};

/** The group that a name belongs to. */
function group(name: string): string | undefined {
  const [first = ""] = name.split(" ", 1);
  return Object.hasOwn(GROUPS, first) ? first : undefined;
}

async function find(name: string, program: string): Promise<CommandDefinition> {
  const found = COMMANDS.find((command) => command.name === name);
  if (found) return found;
  const { nearest } = await import("@phantasm/host/suggest");
  const names = COMMANDS.filter(({ hidden }) => !hidden).map((command) => command.name);
  const near = nearest(name.replace(/^-+/, ""), names);
  throw usageError(
    `there is no command ${JSON.stringify(name)}${near === null ? "" : `; did you mean ${near}?`}`,
    `See: ${program} help${group(name) === undefined ? "" : ` ${group(name)}`}`,
  );
}

/** @param args the words after `phantasm` */
export async function execute(args: readonly string[], terminal: Terminal): Promise<number> {
  const [first = "help", second, ...more] = args;
  const grouped = Object.hasOwn(GROUPS, first);
  if (grouped && (second === undefined || second === "--help" || second === "-h")) {
    const { groupHelp } = await import("./help.js");
    terminal.out(groupHelp(first, terminal));
    return 0;
  }
  const name = grouped ? `${first} ${second}` : first;
  const rest = grouped ? more : args.slice(1);
  if (name === "--version") {
    const { version } = await import("./version.js");
    terminal.out(`phantasm ${version()}\n`);
    return 0;
  }
  const asked = name === "--help" || name === "-h" ? "help" : name;
  const definition = await find(asked, terminal.program);
  const invocation = await parseInvocation(definition, rest, terminal.program);
  if (invocation.help === "command" || (invocation.help === "operand" && !definition.words)) {
    const { commandHelp } = await import("./help.js");
    terminal.out(commandHelp(definition, terminal));
    return 0;
  }
  const command = await LOADERS[definition.name]?.();
  if (!command) throw new Error(`${definition.name} has no implementation`);
  return command(invocation, terminal);
}
