/** `phantasm new`: a project that builds at once. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { SOLUTION } from "../editor.js";
import { makeFolder } from "../files.js";
import { Packages } from "../packages.js";
import { UserError, usageError } from "./errors.js";
import { fileError, shellWord, shown } from "./files.js";
import type { Invocation } from "./parse.js";
import { TEMPLATES, type Template } from "./templates.js";
import type { Style, Terminal } from "./terminal.js";
import { card } from "./text.js";
import { TOOLCHAIN } from "./version.js";

const TOOLCHAIN_FOLDER = fileURLToPath(TOOLCHAIN);

/** What a user reads first comes first; then what else there is, in its order. */
const FIRST_FILES = ["phantasm.config.ts", "main.ts", "README.md"];
/** What a build has left beside the sources of a template is not copied. */
const NOT_SOURCES = /^(dist|\.phantasm|node_modules)(\/|$)/;

const NAME = /^[a-z][a-z0-9-]{0,62}$/;

const IGNORED = ["node_modules/", "dist/", ".phantasm/", "*.key", ""].join("\n");

/** `phantasm new [TEMPLATE] [DIR]`. */
export async function newProject({ operands }: Invocation, terminal: Terminal): Promise<number> {
  const [name, directory = name] = operands;
  if (name === undefined || directory === undefined) {
    terminal.out(list(terminal.outStyle));
    terminal.say(`\nMake a project:  ${terminal.program} new hello my-app\n`);
    return 0;
  }
  const template = await findTemplate(name, terminal.program);
  const target = resolve(directory);
  const project = basename(target);
  if (!NAME.test(project))
    throw usageError(
      `${JSON.stringify(project)} cannot be the name of an image`,
      `Names start with a lower-case letter and hold lower-case letters, digits and hyphens: ${terminal.program} new ${name} my-app`,
    );
  const files = projectFiles(template, project, target);
  write(target, files);
  await prepareForEditor(target);
  terminal.out(
    `${terminal.outStyle.green("Made")} ${shown(target)} from the template ${name}:\n` +
      `${Object.keys(files)
        .map((file) => `  ${file}\n`)
        .join("")}`,
  );
  terminal.say(nextSteps(template, terminal.program, target));
  return 0;
}

function nextSteps({ attach, ask }: Template, program: string, target: string): string {
  const run = [`${program} run`, shellWord(shown(target)), ...(attach ? [attach] : [])].join(" ");
  const asking = ask === undefined ? "" : `Then ask it:        ${ask}\n`;
  return `\nBuild and boot it:  ${run}\n${asking}`;
}

/** Writes `.phantasm/`, so that an editor knows `os` before the first build. */
async function prepareForEditor(target: string): Promise<void> {
  const { prepare } = await import("../build.js");
  try {
    await prepare(target);
  } catch (error) {
    // A package that is yet to be installed: the build will say so.
    if (!(error instanceof Error && error.name === "BuildError")) throw error;
  }
}

function list(style: Style): string {
  const rows = TEMPLATES.map(({ name, summary }) => [name, summary] as const);
  return `${style.bold("Templates")}\n${card(rows)}`;
}

async function findTemplate(name: string, program: string): Promise<Template> {
  const found = TEMPLATES.find((template) => template.name === name);
  if (found) return found;
  const { nearest } = await import("@phantasm/host/suggest");
  const near = nearest(
    name,
    TEMPLATES.map((template) => template.name),
  );
  throw usageError(
    `there is no template ${JSON.stringify(name)}${near === null ? "" : `; did you mean ${near}?`}`,
    `See the templates: ${program} new`,
  );
}

/** Contents by path relative to the project. */
function projectFiles(
  { name }: Template,
  project: string,
  target: string,
): Readonly<Record<string, string>> {
  const folder = join(TOOLCHAIN_FOLDER, "templates", name);
  const sources = Object.fromEntries(
    templateFiles(folder).map((file) => [
      file,
      readFileSync(join(folder, file), "utf8")
        .replace(`unikernel("${name}"`, `unikernel("${project}"`)
        .replace(`# ${name}\n`, `# ${project}\n`),
    ]),
  );
  return {
    ...sources,
    "package.json": packageJson(project, target, Object.values(sources).join("\n")),
    "tsconfig.json": SOLUTION,
    ".gitignore": IGNORED,
  };
}

function templateFiles(folder: string): readonly string[] {
  const others = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => posix(folder, join(entry.parentPath, entry.name)))
    .filter((file) => !NOT_SOURCES.test(file) && !FIRST_FILES.includes(file));
  return [...FIRST_FILES, ...others.sort()];
}

/** Packages that the sources import, found where this toolchain finds them. */
function packageJson(project: string, target: string, sources: string): string {
  const names = new Set(["phantasm"]);
  for (const [, name = ""] of sources.matchAll(/from "(@phantasm\/[\w-]+|phantasm)[/"]/g))
    names.add(name);
  const packages = new Packages(TOOLCHAIN_FOLDER);
  const installed = TOOLCHAIN_FOLDER.split(sep).includes("node_modules");
  const dependencies = Object.fromEntries(
    [...names].sort().map((name) => {
      const found = name === "phantasm" ? undefined : packages.find(name);
      const directory = found?.directory ?? TOOLCHAIN_FOLDER;
      return [name, installed ? `^${versionOf(directory)}` : `file:${posix(target, directory)}`];
    }),
  );
  const contents = {
    name: project,
    private: true,
    type: "module",
    scripts: { build: "phantasm build", start: "phantasm run", dev: "phantasm dev" },
    dependencies,
  };
  return `${JSON.stringify(contents, null, 2)}\n`;
}

function versionOf(directory: string): string {
  const text = readFileSync(join(directory, "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

function posix(from: string, to: string): string {
  return relative(from, to).split(sep).join("/");
}

function write(target: string, files: Readonly<Record<string, string>>): void {
  try {
    if (existsSync(target) && readdirSync(target).length > 0)
      throw new UserError(`${shown(target)} is not empty`, {
        hint: "Name another folder; nothing was written.",
      });
    makeFolder(target);
    for (const [file, content] of Object.entries(files)) {
      makeFolder(dirname(join(target, file)));
      writeFileSync(join(target, file), content, { flag: "wx" });
    }
  } catch (error) {
    throw fileError(target, error);
  }
}
