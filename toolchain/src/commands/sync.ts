/** `phantasm sync`: generated sources and editor settings for all projects of a repository. */
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { readText } from "../files.js";
import { Packages } from "../packages.js";
import { fileError, shellWord, shown } from "./files.js";
import type { Invocation } from "./parse.js";
import type { Terminal } from "./terminal.js";

const CONFIGURATION_FILE = "phantasm.config.ts";
const SKIPPED = new Set(["node_modules", "dist", ".phantasm", ".git"]);

/** `phantasm sync DIR…`. Leaves out projects that need what is not installed, and says so. */
export async function sync({ operands }: Invocation, terminal: Terminal): Promise<number> {
  const projects = operands.flatMap((given) => projectsBelow(resolve(given)));
  const { prepare } = await import("../build.js");
  for (const project of projects) {
    const missing = missingPackages(project);
    if (missing.length === 0) await prepare(project);
    else
      terminal.say(
        `${shown(project)} is left out: it needs ${missing.join(", ")}\n` +
          `  Run: npm install --prefix ${shellWord(shown(project))}\n`,
      );
  }
  return 0;
}

/** What a project's package.json depends on and neither it nor the toolchain has. */
function missingPackages(project: string): string[] {
  const text = readText(join(project, "package.json"));
  if (text === undefined) return [];
  const { dependencies = {} } = JSON.parse(text) as { dependencies?: Record<string, string> };
  const packages = new Packages(project);
  return Object.keys(dependencies).filter((name) => packages.find(name) === undefined);
}

/** Folders that hold a configuration, in the order of their names. */
function projectsBelow(folder: string): string[] {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw fileError(folder, error);
  }
  const own = entries.some((entry) => entry.isFile() && entry.name === CONFIGURATION_FILE);
  const below = entries
    .filter((entry) => entry.isDirectory() && !SKIPPED.has(entry.name))
    .map(({ name }) => name)
    .sort()
    .flatMap((name) => projectsBelow(join(folder, name)));
  return own ? [folder, ...below] : below;
}
