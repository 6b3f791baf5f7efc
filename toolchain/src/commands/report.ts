/** What is printed when a command fails: one to three lines for a mistake, a stack for a fault of ours. */
import type { BuildError } from "../diagnostics.js";
import { FAILURE_STATUS, USAGE_STATUS, type UserError } from "./errors.js";
import { explain, shown } from "./files.js";
import type { Terminal } from "./terminal.js";

/** What a shell and a supervisor are told about a refused image: the exit codes of the boundary. */
const REFUSED_STATUS = 104;
const DEVICE_STATUS = 105;

/** Errors of the host and the seal that are for the operator, by name: their classes are not loaded here. */
const OPERATOR_ERRORS: Readonly<Record<string, number>> = {
  ArgumentsError: USAGE_STATUS,
  BackendError: DEVICE_STATUS,
  OptionError: USAGE_STATUS,
  SealError: REFUSED_STATUS,
};

function say(terminal: Terminal, message: string, hint?: string): void {
  const { red } = terminal.sayStyle;
  const indented = hint === undefined ? "" : `${hint.replace(/^/gm, "  ")}\n`;
  terminal.say(`${red("phantasm:")} ${message}\n${indented}`);
}

function isBuildError(error: Error): error is BuildError {
  return error.name === "BuildError" && "diagnostics" in error;
}

/** Prints compile and configuration errors. */
export async function sayBuildError(error: BuildError, terminal: Terminal): Promise<void> {
  const { formatDiagnostic } = await import("../diagnostics.js");
  for (const diagnostic of error.diagnostics) {
    // A place stands first in its line, where editors and terminals find it.
    if (diagnostic.file === undefined) say(terminal, formatDiagnostic(diagnostic));
    else terminal.say(`${formatDiagnostic(diagnostic)}\n`);
  }
}

/** Prints why a command failed. @returns the exit status */
export async function report(error: unknown, terminal: Terminal): Promise<number> {
  if (error instanceof Error) {
    // By name: the packed program and the commands beside it each have a class of their own.
    if (error.name === "UserError") {
      const { hint, status } = error as UserError;
      say(terminal, error.message, hint);
      return status;
    }
    if (isBuildError(error)) {
      await sayBuildError(error, terminal);
      return FAILURE_STATUS;
    }
    const status = OPERATOR_ERRORS[error.name];
    if (status !== undefined) {
      say(terminal, error.message);
      return status;
    }
    if (error.name === "BootError" && "status" in error && typeof error.status === "number") {
      say(terminal, error.message);
      return error.status;
    }
    const circumstance = explain(error);
    if (circumstance !== undefined) {
      const path =
        "path" in error && typeof error.path === "string" ? `${shown(error.path)}: ` : "";
      say(terminal, path + circumstance);
      return FAILURE_STATUS;
    }
  }
  const stack = error instanceof Error ? causes(error) : String(error);
  terminal.say(
    `${stack}\n${terminal.sayStyle.red("phantasm:")} this is a fault of phantasm; please report it with the lines above and the output of: ${terminal.program} doctor\n`,
  );
  return FAILURE_STATUS;
}

function causes(error: Error): string {
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause instanceof Error ? `${own}\ncaused by ${causes(error.cause)}` : own;
}
