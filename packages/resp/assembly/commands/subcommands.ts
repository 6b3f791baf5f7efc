/** Commands whose first argument says which: what there is, and how many arguments each has, as in the table. */
import { Call } from "./call";
import { Command } from "./table";

const OBJECT: StaticArray<string> = ["encoding", "freq", "help", "idletime", "refcount"];
const OBJECT_ARITY: StaticArray<i32> = [3, 3, 2, 3, 3];
const MEMORY: StaticArray<string> = ["help", "usage"];
const MEMORY_ARITY: StaticArray<i32> = [2, -3];
const PUBSUB: StaticArray<string> = ["channels", "help", "numpat", "numsub"];
const PUBSUB_ARITY: StaticArray<i32> = [-2, 2, 2, -2];
const COMMAND: StaticArray<string> = ["count", "docs", "getkeys", "help", "info", "list"];
const COMMAND_ARITY: StaticArray<i32> = [2, -2, -4, 2, -2, -2];
const CONFIG: StaticArray<string> = ["get", "help", "resetstat", "rewrite", "set"];
const CONFIG_ARITY: StaticArray<i32> = [-3, 2, 2, 2, -4];
const CLIENT: StaticArray<string> = [
  "getname",
  "getredir",
  "help",
  "id",
  "info",
  "kill",
  "list",
  "no-evict",
  "no-touch",
  "pause",
  "setinfo",
  "setname",
  "unblock",
  "unpause",
];
const CLIENT_ARITY: StaticArray<i32> = [2, 2, 2, 2, 2, -3, -2, 3, 3, -3, 4, 3, -3, 2];

export function namesOf(container: Command): StaticArray<string> {
  if (container == Command.OBJECT) return OBJECT;
  if (container == Command.MEMORY) return MEMORY;
  if (container == Command.PUBSUB) return PUBSUB;
  if (container == Command.COMMAND) return COMMAND;
  return container == Command.CONFIG ? CONFIG : CLIENT;
}

function aritiesOf(container: Command): StaticArray<i32> {
  if (container == Command.OBJECT) return OBJECT_ARITY;
  if (container == Command.MEMORY) return MEMORY_ARITY;
  if (container == Command.PUBSUB) return PUBSUB_ARITY;
  if (container == Command.COMMAND) return COMMAND_ARITY;
  return container == Command.CONFIG ? CONFIG_ARITY : CLIENT_ARITY;
}

/** Why that cannot be done, whatever else was said; null: it can. */
export function subcommandRefusal(container: Command, name: string, call: Call): string | null {
  // COMMAND alone is a command too.
  if (call.count == 1) return null;
  const names = namesOf(container);
  for (let i = 0; i < names.length; i++) {
    if (!call.is(1, names[i])) continue;
    const arity = aritiesOf(container)[i];
    if (arity > 0 ? call.count == arity : call.count >= -arity) return null;
    return `ERR wrong number of arguments for '${name}|${names[i]}' command`;
  }
  return `ERR unknown subcommand '${call.text(1)}'. Try ${name.toUpperCase()} HELP.`;
}

/** What there is, as Redis says it. */
export function help(container: Command, name: string, call: Call): void {
  const names = namesOf(container);
  const reply = call.reply;
  reply.array(names.length + 1);
  reply.simple(`${name.toUpperCase()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`);
  for (let i = 0; i < names.length; i++) reply.simple(names[i].toUpperCase());
}
