/** What an editor needs to understand a project: one TypeScript project per dialect, under `.phantasm/`. */
import { join, relative, sep } from "node:path";
import { writeIfChanged } from "./files.js";
import type { Packages } from "./packages.js";

function path(from: string, to: string): string {
  const way = relative(from, to).split(sep).join("/");
  return way.startsWith(".") ? way : `./${way}`;
}

/** Where the types of a package lie, for projects that have not installed it. */
function mapping(
  folder: string,
  packages: Packages,
  names: readonly string[],
): Record<string, string[]> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const found = packages.find(name);
      return found?.module.assembly === undefined
        ? []
        : [[name, [path(folder, join(found.directory, found.module.assembly, "index.ts"))]]];
    }),
  );
}

/**
 * Writes `.phantasm/tsconfig.assembly.json` for AssemblyScript sources. A project's `tsconfig.json`
 * refers to it, as `phantasm new` writes it.
 */
export function writeEditorFiles(project: string, packages: Packages): void {
  const folder = join(project, ".phantasm");
  const assemblyscript = packages.find("assemblyscript");
  if (!assemblyscript) return;
  const standard = join(assemblyscript.directory, "std", "types");
  const known = ["@phantasm/runtime", "@phantasm/interfaces"];
  const configuration = {
    compilerOptions: {
      target: "esnext",
      module: "esnext",
      moduleResolution: "bundler",
      customConditions: ["assemblyscript"],
      noLib: true,
      noEmit: true,
      composite: true,
      strict: true,
      strictPropertyInitialization: false,
      experimentalDecorators: true,
      typeRoots: [path(folder, standard)],
      types: ["assembly"],
      paths: mapping(folder, packages, known),
    },
    include: ["../**/*.ts"],
    exclude: ["../phantasm.config.ts", "../node_modules", "../dist"],
  };
  writeIfChanged(
    join(folder, "tsconfig.assembly.json"),
    `${JSON.stringify(configuration, null, 2)}\n`,
  );
}
