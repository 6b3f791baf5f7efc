/** The example in examples/embedding, run as its reader would. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { sealedBytes, step } from "../test/images.js";

const EXAMPLE = fileURLToPath(new URL("../../../examples/embedding/embed.mjs", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "phantasm-embedding-"));
afterAll(() => rmSync(directory, { recursive: true }));

function embed(code: string, ...lines: string[]) {
  const path = join(directory, "image.wasm");
  writeFileSync(path, sealedBytes(step(code), { name: "echo" }));
  const { status, stdout, stderr } = spawnSync(process.execPath, [EXAMPLE, path, ...lines], {
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout.split("\n");
}

test("it feeds the console of an image and reports its end", () => {
  const code = `(local $n i32)
    (loop $more
      (local.set $n (call $console_read (i32.const 0) (i32.const 64)))
      (if (i32.eqz (local.get $n)) (then (call $exit (i32.const 3))))
      (if (i32.gt_s (local.get $n) (i32.const 0)) (then
        (drop (call $console_write (i32.const 0) (local.get $n))) (br $more))))`;
  const [head, ...rest] = embed(code, "one", "two");
  expect(head).toMatch(/^echo, sha256:[0-9a-f]{12}…$/);
  expect(rest).toEqual(["one", "two", "exit 3, 1 steps", ""]);
});

test("it stops an image that does not end", () => {
  const code = `(if (i32.and (local.get $events) (i32.const 1)) (then (call $exit (i32.const 0))))`;
  expect(embed(code).at(-2)).toBe("exit 0, 2 steps");
});
