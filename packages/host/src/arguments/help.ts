/** The page that `--help` after an image prints. */
import type { Manifest, ManifestArgument } from "@phantasm/seal";
import { escapeTerminal } from "@phantasm/seal/escape";
import { placeholder } from "./parse.js";
import { formatNumber } from "./values.js";

const LEFT_COLUMNS_MAX = 30;

/** The image's own arguments, from its manifest. Ends with a line end; safe to print. */
export function argumentsHelp(manifest: Manifest): string {
  if (manifest.arguments.length === 0) return `${manifest.name} takes no arguments.\n`;
  const rows = manifest.arguments.map((argument) => [left(argument), right(argument)] as const);
  const width = Math.min(LEFT_COLUMNS_MAX, Math.max(...rows.map(([name]) => name.length)));
  const lines = rows.map(([name, text]) =>
    name.length > width
      ? `  ${name}\n  ${" ".repeat(width)}  ${text}`
      : `  ${name.padEnd(width)}  ${text}`,
  );
  return `Arguments of ${manifest.name}:\n${lines.join("\n")}\n`;
}

function left(argument: ManifestArgument): string {
  return argument.type === "boolean"
    ? `--[no-]${argument.name}`
    : `--${argument.name}=${placeholder(argument)}`;
}

function right(argument: ManifestArgument): string {
  const notes: string[] = [];
  if (argument.required) notes.push("required");
  if ("default" in argument && argument.default !== undefined) {
    notes.push(`default ${formatDefault(argument.type, argument.default)}`);
  }
  if ("minimum" in argument && argument.minimum !== undefined) {
    notes.push(`at least ${formatNumber(argument.type, argument.minimum)}`);
  }
  if ("maximum" in argument && argument.maximum !== undefined) {
    notes.push(`at most ${formatNumber(argument.type, argument.maximum)}`);
  }
  if (argument.type === "secret") notes.push("read from a file or @fd:N, never printed");
  const help = escapeTerminal(argument.help);
  return notes.length === 0 ? help : `${help} (${notes.join(", ")})`;
}

function formatDefault(type: string, value: string | boolean): string {
  if (typeof value === "boolean") return String(value);
  if (type === "integer" || type === "duration" || type === "size") {
    return formatNumber(type, value);
  }
  return type === "string" ? `"${escapeTerminal(value)}"` : escapeTerminal(value);
}
