/** Finds npm packages for a project: in the project first, else those the toolchain came with. */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** What a library-OS module says about itself, in the field `phantasm` of its package.json. */
export interface ModuleDeclaration {
  /** Folder of AssemblyScript sources; `index.ts` is what others import. */
  readonly assembly?: string;
  /** Export that holds the combinators for configurations; usually `.`. */
  readonly configuration?: string;
  /** Interfaces it implements, and interfaces it needs. */
  readonly provides?: readonly string[];
  readonly requires?: readonly string[];
  /** Hypercalls it may import; drivers only. */
  readonly hypercalls?: readonly string[];
  /** Its functions may suspend the fibre that calls them. The library OS itself never does. */
  readonly suspends?: boolean;
}

export interface Package {
  readonly name: string;
  readonly version: string;
  /** Real path of its folder. */
  readonly directory: string;
  readonly module: ModuleDeclaration;
}

const TOOLCHAIN = dirname(dirname(fileURLToPath(import.meta.url)));

/** The name of the package that a specifier such as `@scope/name/file` starts with. */
export function packageName(specifier: string): string {
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? specifier);
}

function strings(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : undefined;
}

function declaration(value: unknown): ModuleDeclaration {
  if (typeof value !== "object" || value === null) return {};
  const { assembly, configuration, provides, requires, hypercalls, suspends } = value as Record<
    string,
    unknown
  >;
  const lists = {
    provides: strings(provides),
    requires: strings(requires),
    hypercalls: strings(hypercalls),
  };
  return {
    ...(typeof assembly === "string" ? { assembly } : {}),
    ...(typeof configuration === "string" ? { configuration } : {}),
    ...(suspends === true ? { suspends } : {}),
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list !== undefined)),
  };
}

/** Reads the package.json of a folder; undefined when there is none. */
export function readPackage(directory: string): Package | undefined {
  const path = join(directory, "package.json");
  if (!existsSync(path)) return undefined;
  const text: unknown = JSON.parse(readFileSync(path, "utf8"));
  const { name, version, phantasm } = text as Record<string, unknown>;
  return {
    name: typeof name === "string" ? name : "",
    version: typeof version === "string" ? version : "0.0.0",
    directory: realpathSync(directory),
    module: declaration(phantasm),
  };
}

function upwards(start: string, name: string): Package | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    const found = readPackage(join(folder, "node_modules", name));
    if (found) return found;
    if (dirname(folder) === folder) return undefined;
  }
}

/** Looks packages up for one project, and remembers them. */
export class Packages {
  readonly #project: string;
  readonly #found = new Map<string, Package>();
  /** Names that were not there when so many packages had been found. */
  readonly #missing = new Map<string, number>();

  /** @param project folder of the configuration */
  constructor(project: string) {
    this.#project = project;
  }

  /** The package of that name: the project's, a dependency's of a package already found, or the toolchain's. */
  find(name: string): Package | undefined {
    const known = this.#found.get(name);
    if (known) return known;
    // The compiler tries several names for each import; a new package may bring what was missing.
    if (this.#missing.get(name) === this.#found.size) return undefined;
    const starts = [
      this.#project,
      ...[...this.#found.values()].map(({ directory }) => directory),
      TOOLCHAIN,
    ];
    for (const start of starts) {
      const found = upwards(start, name);
      if (!found) continue;
      this.#found.set(name, found);
      return found;
    }
    this.#missing.set(name, this.#found.size);
    return undefined;
  }

  /**
   * URL of a JavaScript import such as `phantasm` or `@scope/name/file`; undefined if there is none.
   *
   * @param from folder of the importing file
   */
  resolve(specifier: string, from: string): string | undefined {
    for (const start of [from, this.#project, TOOLCHAIN]) {
      try {
        return pathToFileURL(createRequire(join(start, "_.js")).resolve(specifier)).href;
      } catch {
        continue;
      }
    }
    return undefined;
  }
}

/** Version of a package that the toolchain came with, its own included. */
export function toolchainVersion(name: string): string {
  const found = name === "phantasm" ? readPackage(TOOLCHAIN) : upwards(TOOLCHAIN, name);
  if (!found) throw new Error(`package ${name} is not installed; run npm install`);
  return found.version;
}
