/** `phantasm sync`: generated sources and editor settings for all projects of a repository. */
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileError } from "./files.js";
import type { Invocation } from "./parse.js";

const CONFIGURATION_FILE = "phantasm.config.ts";
const SKIPPED = new Set(["node_modules", "dist", ".phantasm", ".git"]);

/** `phantasm sync DIR…`. */
export async function sync({ operands }: Invocation): Promise<number> {
  const projects = operands.flatMap((given) => projectsBelow(resolve(given)));
  const { prepare } = await import("../build.js");
  for (const project of projects) await prepare(project);
  return 0;
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
