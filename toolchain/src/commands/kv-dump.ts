/** `phantasm kv dump`. */
import { dumpLines, Store } from "@phantasm/kv-format";
import { FAILURE_STATUS } from "./errors.js";
import { withDisk } from "./kv-disk.js";
import type { Invocation } from "./parse.js";
import type { Terminal } from "./terminal.js";

const CHUNK_CHARACTERS = 262_144;

/** `phantasm kv dump FILE [--keys] [--prefix TEXT]`. */
export function kvDump(invocation: Invocation, terminal: Terminal): Promise<number> {
  const [file = ""] = invocation.operands;
  const options = {
    keysOnly: invocation.flag("keys"),
    prefix: Buffer.from(invocation.value("prefix") ?? ""),
  };
  return withDisk(file, { readonly: true }, async ({ device }) => {
    let chunk: string[] = [];
    let characters = 0;
    const flush = (): Promise<boolean> => {
      terminal.out(chunk.join(""));
      chunk = [];
      characters = 0;
      return terminal.ready();
    };
    try {
      for (const line of dumpLines(new Store(device), options)) {
        chunk.push(line);
        characters += line.length;
        if (characters >= CHUNK_CHARACTERS && !(await flush())) return FAILURE_STATUS;
      }
    } finally {
      // Also what came before a damage; the last line is missing then.
      await flush();
    }
    return 0;
  });
}
