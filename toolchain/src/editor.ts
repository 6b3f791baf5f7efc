/** What an editor needs to understand a project: one TypeScript project per dialect, under `.phantasm/`. */
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { writeIfChanged } from "./files.js";
import type { Packages } from "./packages.js";

/** Imported by generated sources and applications, whatever the configuration. */
const LIBRARY = [
  "@phantasm/runtime",
  "@phantasm/interfaces",
  "@phantasm/fibre",
  "@phantasm/socket",
  "@phantasm/storage",
  "@phantasm/dns",
  "@phantasm/http",
  "@phantasm/http-fibre",
  "@phantasm/resp",
];

/** Files of the runtime that declare what the toolchain adds to AssemblyScript, and to generated sources. */
const DECLARATIONS = ["language.d.ts", "ambient.d.ts"];

/** The project's `tsconfig.json`: it owns no file, so neither dialect sees the other's. */
export const SOLUTION = `${JSON.stringify(
  {
    files: [],
    references: [
      { path: "./.phantasm/tsconfig.config.json" },
      { path: "./.phantasm/tsconfig.assembly.json" },
    ],
  },
  null,
  2,
)}\n`;

function path(from: string, to: string): string {
  const way = relative(from, to).split(sep).join("/");
  return way.startsWith(".") ? way : `./${way}`;
}

type Paths = Record<string, string[]>;

/** Where the AssemblyScript of packages lies, for projects that have not installed them. */
function assemblyPaths(folder: string, packages: Packages, names: readonly string[]): Paths {
  return Object.fromEntries(
    names.flatMap((name) => {
      const found = packages.find(name);
      return found?.module.assembly === undefined
        ? []
        : [[name, [path(folder, join(found.directory, found.module.assembly, "index.ts"))]]];
    }),
  );
}

function declarations(folder: string, packages: Packages): string[] {
  const { directory, module } = packages.find("@phantasm/runtime") ?? {};
  if (directory === undefined || module?.assembly === undefined) return [];
  const assembly = join(directory, module.assembly);
  return DECLARATIONS.map((name) => path(folder, join(assembly, name)));
}

/** Where the types of their combinators lie: beside the JavaScript, or where an installed package says. */
function configurationPaths(folder: string, packages: Packages, names: readonly string[]): Paths {
  return Object.fromEntries(
    names.flatMap((name) => {
      const found = packages.resolve(name, folder);
      if (found === undefined) return [];
      const types = fileURLToPath(found).replace(/\.([cm]?)js$/, ".d.$1ts");
      return [[name, [path(folder, types)]]];
    }),
  );
}

/** Not `composite`: such a project would have to list the sources of every package it imports. */
const COMMON = { noEmit: true, strict: true, skipLibCheck: true };

/**
 * Writes `.phantasm/tsconfig.config.json` for the configuration, which is TypeScript, and
 * `.phantasm/tsconfig.assembly.json` for everything else. A project's `tsconfig.json` refers to
 * both, as `phantasm new` writes it.
 *
 * @param modules names of the packages that the devices come from
 */
export function writeEditorFiles(
  project: string,
  packages: Packages,
  modules: readonly string[],
): void {
  const folder = join(project, ".phantasm");
  const write = (name: string, configuration: object): void => {
    writeIfChanged(join(folder, name), `${JSON.stringify(configuration, null, 2)}\n`);
  };
  const linked = [...new Set(modules)].sort();
  write("tsconfig.config.json", {
    compilerOptions: {
      target: "es2022",
      module: "nodenext",
      ...COMMON,
      paths: configurationPaths(folder, packages, ["phantasm", ...linked]),
    },
    include: ["../*.config.ts"],
  });
  const assemblyscript = packages.find("assemblyscript");
  if (!assemblyscript) return;
  write("tsconfig.assembly.json", {
    compilerOptions: {
      target: "esnext",
      module: "esnext",
      moduleResolution: "bundler",
      customConditions: ["assemblyscript"],
      noLib: true,
      ...COMMON,
      strictPropertyInitialization: false,
      experimentalDecorators: true,
      typeRoots: [path(folder, join(assemblyscript.directory, "std", "types"))],
      types: ["assembly"],
      paths: assemblyPaths(folder, packages, [...LIBRARY, ...linked]),
    },
    files: declarations(folder, packages),
    include: ["../**/*.ts", "./*.ts"],
    exclude: ["../*.config.ts", "../node_modules", "../dist"],
  });
}
