/** The process around a command: streams, exit status, faults. */
import * as nodeModule from "node:module";
import { terminal } from "./terminal.js";

// Compiled JavaScript is kept between runs where Node can do that (22.8 and later).
(nodeModule as { enableCompileCache?: () => unknown }).enableCompileCache?.();

const self = terminal(process.stdout, process.stderr, process.env, process.argv[1]);

/** The reader has gone away (`phantasm inspect … | head -1`): nothing is left to say. */
function onStreamError(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
process.stdout.on("error", onStreamError);
process.stderr.on("error", onStreamError);

// Node would open its inspector, for a question that came before there was an image to answer it.
process.on("SIGUSR1", () => undefined);

async function fail(error: unknown): Promise<void> {
  const { report } = await import("./report.js");
  process.exitCode = await report(error, self);
}
process.on("uncaughtException", (error) => {
  void fail(error).then(() => process.exit());
});

/** Nothing is left that could wake this process: without a word it would look like success. */
function stuck(): void {
  self.say(
    "phantasm: ended early: phantasm.config.ts waits for something that never happens\n" +
      "  Look for an await in it that nothing answers.\n",
  );
  process.exitCode = 1;
}

async function main(): Promise<void> {
  process.once("beforeExit", stuck);
  try {
    const { execute } = await import("./execute.js");
    process.exitCode = await execute(process.argv.slice(2), self);
  } catch (error) {
    await fail(error);
  }
  process.off("beforeExit", stuck);
}

void main();
