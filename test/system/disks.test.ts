/** Disks on top of disks, on files: the self-test of examples/block-check, boot after boot. */
import { execFile } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build } from "../../toolchain/dist/build.js";
import { project } from "../support/project.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PHANTASM = join(ROOT, "toolchain", "bin", "phantasm.js");

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "phantasm-disks-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** The self-test with another disk in its configuration. */
async function imageOf(name: string, disk: string): Promise<string> {
  const source = (file: string) => readFileSync(join(ROOT, "examples/block-check", file), "utf8");
  using made = project({
    "phantasm.config.ts": `import { block, cache, checksummed, mirror, overlay, timeout } from "@phantasm/block";
import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { unikernel } from "phantasm";
export default unikernel("${name}", { devices: { disk: ${disk}, console: console() } });
`,
    "main.ts": source("main.ts"),
    "many.ts": source("many.ts"),
    "pattern.ts": source("pattern.ts"),
  });
  const output = join(folder, `${name}.wasm`);
  const { warnings } = await build({ directory: made.directory, output });
  expect(warnings).toEqual([]);
  return output;
}

/** Boots it with a file for each name; what it prints. */
function boot(image: string, names: readonly string[]): Promise<string> {
  const attach = names.flatMap((name) => ["--block", `${name}=${join(folder, `${name}.img`)}:1M`]);
  return new Promise((resolve) => {
    execFile(process.execPath, [PHANTASM, "run", image, ...attach], (_error, stdout, stderr) => {
      resolve(stdout + stderr);
    });
  });
}

const DONE = "Wrote, flushed and read back 8192 bytes.";

describe("a cache of a mirror of checksummed disks", () => {
  const names = ["a", "b"];
  let image: string;

  beforeAll(async () => {
    const disk = `cache(timeout(mirror(checksummed(block("a")), checksummed(block("b"))), clock(), 10e9))`;
    image = await imageOf("stack", disk);
  });

  test("boot after boot, with damage and a new disk between", async () => {
    const first = await boot(image, names);
    expect(first).toContain("this is its first boot");
    expect(first).toContain(DONE);
    expect(await boot(image, names)).toContain("The pattern of boot 1 is intact.");

    // Something of the pattern is flipped on the first one.
    const path = join(folder, "a.img");
    const bytes = readFileSync(path);
    const at = bytes.indexOf("PHANTASM");
    expect(at).toBeGreaterThan(0);
    const file = openSync(path, "r+");
    writeSync(file, Buffer.from([0]), 0, 1, at + 100);
    expect(await boot(image, names)).toContain("The pattern of boot 2 is intact.");

    rmSync(join(folder, "b.img"));
    expect(await boot(image, names)).toContain("The pattern of boot 3 is intact.");
    rmSync(path);
    const fifth = await boot(image, names);
    expect(fifth).toContain("The pattern of boot 4 is intact.");
    expect(fifth).toContain(DONE);
  });
});

test("an overlay: the base stays as it is, and the changes are there again", async () => {
  const image = await imageOf("over", `overlay(block("base"), block("changes"))`);
  const base = join(folder, "base.img");
  writeFileSync(base, Buffer.alloc(1 << 20, 7));
  const names = ["base", "changes"];
  expect(await boot(image, names)).toContain(DONE);
  expect(await boot(image, names)).toContain("The pattern of boot 1 is intact.");
  rmSync(join(folder, "changes.img"));
  expect(await boot(image, names)).toContain("this is its first boot");
  expect(readFileSync(base).every((byte) => byte === 7)).toBe(true);
});
