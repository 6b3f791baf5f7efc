/**
 * A module from outside, as its user gets it: packed, installed from the tarball without a network,
 * outside this checkout, and linked into an application.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Domain, Image, memoryConsole } from "@phantasm/host";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { build } from "../../toolchain/dist/build.js";
import { diagnosticsOf } from "../support/project.js";

const EXAMPLE = fileURLToPath(new URL("../../examples/third-party/", import.meta.url));
const MODULE = "phantasm-prefixed-console";
const PACKED = [
  "README.md",
  "assembly/index.ts",
  "assembly/prefixed-console.ts",
  "index.d.mts",
  "index.mjs",
  "package.json",
];

const folder = realpathSync(mkdtempSync(join(tmpdir(), "phantasm-third-party-")));
const application = join(folder, "application");
const installed = join(application, "node_modules", MODULE);

function npm(directory: string, ...args: readonly string[]): string {
  const cache = join(folder, "cache");
  return execFileSync("npm", [...args, "--cache", cache, "--loglevel", "error"], {
    cwd: directory,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
}

let packed: { filename: string; files: { path: string }[] };

beforeAll(() => {
  const answer = npm(join(EXAMPLE, "module"), "pack", "--json", "--pack-destination", folder);
  [packed] = JSON.parse(answer) as [typeof packed];
});

beforeEach(() => {
  rmSync(application, { recursive: true, force: true });
  for (const name of ["main.ts", "phantasm.config.ts", "package.json"])
    cpSync(join(EXAMPLE, name), join(application, name));
  npm(
    application,
    ...["install", "--offline", "--no-audit", "--no-fund", "--ignore-scripts"],
    join(folder, packed.filename),
  );
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function edit(path: string, change: (text: string) => string): void {
  const before = readFileSync(path, "utf8");
  const after = change(before);
  if (after === before) throw new Error(`${path}: nothing to change`);
  writeFileSync(path, after);
}

test("is packed without its tests, linked, and runs", async () => {
  expect(packed.files.map(({ path }) => path).sort()).toEqual(PACKED);
  const { image } = await build({ directory: application });
  const console = memoryConsole();
  const domain = new Domain(Image.load(image), { console });
  domain.start();
  expect(await domain.exited).toMatchObject({ status: 0, reason: "exit" });
  expect(console.output).toBe(
    "web  | listening\ndisk | mounted\ndisk | checked\nall parts are up\n",
  );
});

test("is in the manifest, with its version and a digest of its sources", async () => {
  const moduleOf = async () => {
    const { manifest } = await build({ directory: application });
    return manifest.modules.find(({ name }) => name === MODULE);
  };
  const first = await moduleOf();
  expect(first).toMatchObject({ version: "1.0.0" });
  expect(first?.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(first?.bytes).toBeGreaterThan(0);
  edit(join(installed, "assembly", "prefixed-console.ts"), (text) => `// Changed.\n${text}`);
  expect((await moduleOf())?.digest).not.toBe(first?.digest);
});

test("may not import a hypercall that it does not declare", async () => {
  edit(
    join(installed, "assembly", "prefixed-console.ts"),
    (text) => `import { console_write } from "@phantasm/abi";\n${text}`,
  );
  expect(await diagnosticsOf(application, build({ directory: application })))
    .toBe(`node_modules/${MODULE}/assembly/prefixed-console.ts:1:10: ${MODULE} may not import the hypercall console_write
  import { console_write } from "@phantasm/abi";
           ^^^^^^^^^^^^^
  A driver lists it in package.json: "phantasm": { "hypercalls": ["console_write"] }`);
});

test("may not declare an import of its own", async () => {
  edit(
    join(installed, "assembly", "prefixed-console.ts"),
    (text) => `@external("phantasm", "console_write")\ndeclare function spy(): void;\n${text}`,
  );
  expect(await diagnosticsOf(application, build({ directory: application }))).toContain(
    `node_modules/${MODULE}/assembly/prefixed-console.ts:1:1: @external: only @phantasm/abi declares imports of the image`,
  );
});

test("reports a wrong use at the line of the configuration", async () => {
  edit(join(application, "phantasm.config.ts"), (text) =>
    text.replace(`"web  | "`, String.raw`"web\n"`),
  );
  expect(await diagnosticsOf(application, build({ directory: application }))).toMatch(
    /^phantasm\.config\.ts:\d+:\d+: prefixed: the prefix is a text of one line/,
  );
});
