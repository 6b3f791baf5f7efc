/** `--inspect`: a debugger in another thread stops the image where its author asked. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeNames, verifyImage } from "@phantasm/seal";
import { afterAll, expect, test } from "vitest";
import { sealedBytes, step } from "../../test/images.js";
import { namePayload, sourceMap } from "../../test/side-files.js";

const directory = mkdtempSync(join(tmpdir(), "phantasm-inspect-"));
afterAll(() => rmSync(directory, { recursive: true }));
const DEBUGGER = fileURLToPath(new URL("../../test/inspect-image.mjs", import.meta.url));

test("a breakpoint in the image is hit, under its AssemblyScript name", () => {
  const path = join(directory, "image.wasm");
  const bytes = sealedBytes(
    `(func $greet nop) ${step("(call $greet) (call $exit (i32.const 4))")}`,
  );
  const { digest, functions } = verifyImage(bytes);
  writeFileSync(path, bytes);
  const names = namePayload({ 5: "main/greet", 6: "entry/step" });
  writeFileSync(`${path}.names`, encodeNames(digest, names));
  writeFileSync(`${path}.map`, sourceMap(bytes, { 5: ["main.ts", 2, 3], 6: ["main.ts", 6, 3] }));
  // imports: exit, abort, console_write, console_read; then init, greet, step. One byte of locals.
  const greet = functions[1]!.start + 1;
  const ran = spawnSync(process.execPath, [DEBUGGER, path, String(greet)], { encoding: "utf8" });
  expect(ran.stderr).toContain("map data:application/json;base64,");
  expect(ran.stderr).toContain("breakpoint set");
  expect(ran.stderr).toContain(`paused $main/greet at ${greet}`);
  expect(ran.status).toBe(4);
});
