/** What a user is told about a mistake: what is wrong, where, what to do next. */
import { relative } from "node:path";

export interface Diagnostic {
  readonly message: string;
  /** Absolute path, where there is a place. */
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
  /** The line of source at the place. */
  readonly source?: string;
  /** Characters to underline. */
  readonly length?: number;
  /** What to do next. */
  readonly hint?: string;
}

/** By file, then from top to bottom. */
function byPlace(a: Diagnostic, b: Diagnostic): number {
  if (a.file !== b.file) return (a.file ?? "") < (b.file ?? "") ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

/** A build stopped by mistakes in the user's files. */
export class BuildError extends Error {
  override readonly name = "BuildError";
  readonly diagnostics: readonly Diagnostic[];
  /** Absolute paths, beside those of the diagnostics, whose change may mend it. */
  readonly inputs: readonly string[];

  constructor(diagnostics: readonly Diagnostic[], inputs: readonly string[] = []) {
    super(diagnostics.map(({ message }) => message).join("\n"));
    this.diagnostics = [...diagnostics].sort(byPlace);
    this.inputs = inputs;
  }
}

/** `file:line:column`, relative to the folder the user stands in. */
export function place({ file, line, column }: Diagnostic, from: string = process.cwd()): string {
  if (file === undefined) return "";
  const path = relative(from, file);
  const name = path.startsWith("..") ? file : path;
  if (line === undefined) return name;
  return column === undefined ? `${name}:${line}` : `${name}:${line}:${column}`;
}

/** One to four lines of text, without colour. */
export function formatDiagnostic(diagnostic: Diagnostic, from?: string): string {
  const { message, source, column, length = 1, hint } = diagnostic;
  const where = place(diagnostic, from);
  const lines = [where ? `${where}: ${message}` : message];
  if (source !== undefined && column !== undefined) {
    const text = source.replaceAll("\t", " ");
    const width = Math.max(1, Math.min(length, text.length - column + 1));
    lines.push(`  ${text}`, `  ${" ".repeat(column - 1)}${"^".repeat(width)}`);
  }
  if (hint !== undefined) lines.push(`  ${hint}`);
  return lines.join("\n");
}
