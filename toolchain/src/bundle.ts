/**
 * Packs what `phantasm run IMAGE` loads into two files, so that a command starts fast: Node takes
 * about a millisecond for each module it loads, and these are eighty. CommonJS, because that spares
 * the start of the loader for ES modules. `npm run build` runs this after the compiler.
 *
 * Other commands are not packed: the packed one imports them from where the compiler left them.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const DIST = dirname(fileURLToPath(import.meta.url));
const COMMANDS = join(DIST, "commands");
const OUTPUT = join(DIST, "start");

/** Commands inside the packed file. */
const PACKED = new Set(["./execute.js", "./run.js"]);

/** Leaves the toolchain's dynamic imports alone, but for the way to their files. */
const unpacked: Plugin = {
  name: "phantasm-unpacked",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ kind, path, resolveDir }) => {
      if (kind !== "dynamic-import" || resolveDir !== COMMANDS || PACKED.has(path))
        return undefined;
      return { path: path.replace(/^\.\//, "../commands/"), external: true };
    });
  },
};

mkdirSync(OUTPUT, { recursive: true });
writeFileSync(join(OUTPUT, "package.json"), '{ "type": "commonjs" }\n');
await Promise.all(
  // The thread is loaded by its place beside the file that starts it.
  [
    ["main.js", join(COMMANDS, "main.js")],
    ["thread.js", fileURLToPath(import.meta.resolve("@phantasm/host/isolated/thread"))],
  ].map(([name = "", entry = ""]) =>
    build({
      entryPoints: [entry],
      outfile: join(OUTPUT, name),
      bundle: true,
      format: "cjs",
      platform: "node",
      target: "node20",
      logLevel: "warning",
      plugins: [unpacked],
      define: { "import.meta.url": "__start_url" },
      banner: { js: 'const __start_url = require("node:url").pathToFileURL(__filename).href;' },
    }),
  ),
);
