/** `docs/reference/commands.md`, from the definitions of the commands. */
import { COMMANDS, optionLabel, usage, type CommandDefinition } from "./definitions.js";

const HEAD = `# Commands

\`npx phantasm COMMAND\` in a clone or in a project, \`phantasm COMMAND\` where it is installed globally. This page is made from the same table as \`phantasm help\`.

- **DIR** is a folder with a \`phantasm.config.ts\`, **IMAGE** a file that \`phantasm build\` has made. Where an IMAGE is expected, a DIR is as good: it is built first when a source has changed.
- Options may stand before or after DIR or IMAGE. What follows \`--\` is for the image.
- Results go to standard output, messages to standard error. Colour appears only on a terminal, and not when \`NO_COLOR\` is set.
- The exit status is 0 when all went well, 1 when it did not, 2 for wrong use of the command line, 104 for a refused image. \`phantasm run\` ends with the status of the image.
- \`phantasm COMMAND --help\` explains one command, \`phantasm --version\` prints the version.
`;

/** A vertical bar would end a cell. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function optionTable({ options }: CommandDefinition): string {
  if (options.length === 0) return "";
  const rows = options.map((option) => {
    const times = option.repeatable ? ", repeatable" : "";
    return `| \`${cell(optionLabel(option))}\` | ${cell(option.help)}${times} |`;
  });
  return `\n| option | |\n| --- | --- |\n${rows.join("\n")}\n`;
}

function section(command: CommandDefinition): string {
  const { name, summary, details = [], examples } = command;
  const sentence = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
  return [
    `## ${name}\n`,
    `\`phantasm ${usage(command)}\`\n`,
    `${[sentence, ...details].join(" ")}`,
    optionTable(command),
    `\`\`\`sh\n${examples.map((example) => `phantasm ${example}`).join("\n")}\n\`\`\`\n`,
  ].join("\n");
}

/** The page as Markdown. */
export function referencePage(): string {
  const shown = COMMANDS.filter(({ hidden }) => !hidden);
  return [HEAD, ...shown.map(section)].join("\n");
}
