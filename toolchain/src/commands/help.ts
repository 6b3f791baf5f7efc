/** Help pages, from the definitions of the commands. */
import { COMMANDS, GROUPS, optionLabel, usage, type CommandDefinition } from "./definitions.js";
import { usageError } from "./errors.js";
import type { Invocation } from "./parse.js";
import type { Style, Terminal } from "./terminal.js";

const LABEL_COLUMNS_MAX = 28;

/** Breaks text into lines of at most `columns` characters. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** Two columns; a label that is too wide gets a line of its own. */
function table(
  rows: readonly (readonly [string, string])[],
  columns: number,
  style: Style,
): string[] {
  const width = Math.min(LABEL_COLUMNS_MAX, Math.max(...rows.map(([label]) => label.length)));
  const margin = " ".repeat(width + 4);
  return rows.flatMap(([label, text]) => {
    const [first = "", ...rest] = wrap(text, columns - margin.length);
    const tail = rest.map((line) => margin + line);
    return label.length > width
      ? [`  ${style.cyan(label)}`, margin + first, ...tail]
      : [`  ${style.cyan(label)}${" ".repeat(width - label.length)}  ${first}`, ...tail];
  });
}

function paragraph(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

/** The page of `phantasm help`. */
export function overview({ columns, outStyle: style, program }: Terminal): string {
  const shown = COMMANDS.filter(({ hidden }) => !hidden);
  // A group stands where its first command would.
  const summaries = new Map(
    shown.map(({ name, summary }) => {
      const [first = name] = name.split(" ", 1);
      return [first, GROUPS[first] ?? summary];
    }),
  );
  const rows = [...summaries];
  return [
    "Unikernels for WebAssembly: builds an application into one sealed image, and runs it.\n",
    `${style.bold("Usage:")} ${program} COMMAND [OPERANDS] [OPTIONS]\n`,
    `${style.bold("Commands")}\n${paragraph(table(rows, columns, style))}`,
    `${style.bold("Begin with")}\n${paragraph([
      `  ${program} new hello my-app`,
      `  ${program} run my-app`,
    ])}`,
  ].join("\n");
}

/** The page of `phantasm help COMMAND`. */
export function commandHelp(command: CommandDefinition, terminal: Terminal): string {
  const { columns, outStyle: style, program } = terminal;
  const { summary, details = [], options, examples } = command;
  const parts = [
    `${style.bold("Usage:")} ${program} ${usage(command)}\n`,
    paragraph(wrap(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`, columns)),
  ];
  if (details.length > 0) parts.push(paragraph(details.flatMap((text) => wrap(text, columns))));
  if (options.length > 0) {
    const rows = options.map((option) => [optionLabel(option), option.help] as const);
    parts.push(`${style.bold("Options")}\n${paragraph(table(rows, columns, style))}`);
  }
  const lines = examples.map((example) => `  ${program} ${example}`);
  parts.push(`${style.bold("Examples")}\n${paragraph(lines)}`);
  return parts.join("\n");
}

/** The page of `phantasm help kv`. */
export function groupHelp(group: string, { columns, outStyle: style, program }: Terminal): string {
  const commands = COMMANDS.filter(({ name }) => name.startsWith(`${group} `));
  const summary = GROUPS[group] ?? "";
  const rows = commands.map(({ name, summary: text }) => [name, text] as const);
  return [
    `${style.bold("Usage:")} ${program} ${group} COMMAND [OPERANDS] [OPTIONS]\n`,
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.\n`,
    `${style.bold("Commands")}\n${paragraph(table(rows, columns, style))}`,
    `${style.bold("Examples")}\n${paragraph(
      commands.flatMap(({ examples }) => examples).map((example) => `  ${program} ${example}`),
    )}`,
  ].join("\n");
}

/** `phantasm help [COMMAND]`. */
export function help({ operands }: Invocation, terminal: Terminal): Promise<number> {
  if (operands.length === 0) {
    terminal.out(overview(terminal));
    return Promise.resolve(0);
  }
  const name = operands.join(" ");
  if (Object.hasOwn(GROUPS, name)) {
    terminal.out(groupHelp(name, terminal));
    return Promise.resolve(0);
  }
  const found = COMMANDS.find((command) => command.name === name);
  if (!found)
    throw usageError(
      `there is no command ${JSON.stringify(name)}`,
      `See: ${terminal.program} help`,
    );
  terminal.out(commandHelp(found, terminal));
  return Promise.resolve(0);
}
