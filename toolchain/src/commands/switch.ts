/** `phantasm switch`. */
import { runSwitch, type SwitchEvent } from "@phantasm/host";
import { shellWord } from "./files.js";
import type { Invocation } from "./parse.js";
import type { Terminal } from "./terminal.js";
import { count } from "./text.js";

/** `phantasm switch PATH`: until SIGINT or SIGTERM. */
export async function runSwitchCommand(
  { operands: [path = ""] }: Invocation,
  terminal: Terminal,
): Promise<number> {
  const server = await runSwitch(path, {
    onEvent: (event) => terminal.say(`${describeEvent(event)}\n`),
  });
  terminal.say(
    `A switch runs on ${server.path}. Ctrl-C ends it.\n` +
      `Attach an image:  ${terminal.program} run IMAGE --net NAME=switch:${shellWord(path)}\n`,
  );
  await new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  await server.close();
  return 0;
}

function describeEvent(event: SwitchEvent): string {
  switch (event.type) {
    case "joined":
      return `port ${event.port} joined; ${count(event.ports, "port")}`;
    case "left": {
      const reason = event.reason === null ? "" : `: ${event.reason}`;
      return `port ${event.port} left${reason}; ${count(event.ports, "port")}`;
    }
    case "refused":
      return `a client was refused: ${event.reason}`;
  }
}
