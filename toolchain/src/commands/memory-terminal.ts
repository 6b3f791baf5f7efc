/** Commands without a process: for tests. */
import { execute } from "./execute.js";
import { report } from "./report.js";
import { terminal } from "./terminal.js";

/** What a command printed, and how it ended. */
export interface Transcript {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command as `phantasm ARGS` would, with its output in memory. */
export async function transcript(...args: readonly string[]): Promise<Transcript> {
  const out: string[] = [];
  const err: string[] = [];
  const self = terminal(
    { write: (text) => out.push(text) },
    { write: (text) => err.push(text) },
    {},
    "/usr/bin/phantasm",
  );
  let status: number;
  try {
    status = await execute(args, self);
  } catch (error) {
    status = await report(error, self);
  }
  return { status, out: out.join(""), err: err.join("") };
}
