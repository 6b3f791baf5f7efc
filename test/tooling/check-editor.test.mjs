import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { complaints, findings } from "./check-editor.mjs";

test("an error must be on the list, and the list must be needed", () => {
  const found = [{ file: "a.ts", line: 1, column: 2, code: 1206, message: "no decorators" }];
  expect(complaints(found, { "a.ts": [1206] })).toEqual([]);
  expect(complaints(found, {})).toEqual(["a.ts:1:2 TS1206: no decorators"]);
  expect(complaints([], { "a.ts": [1206] })).toEqual([
    "a.ts: TS1206 no longer occurs; remove it from the exceptions",
  ]);
});

test("sources are read as AssemblyScript", () => {
  const folder = mkdtempSync(join(tmpdir(), "phantasm-editor-"));
  try {
    const config = new URL("../../tsconfig.assembly.json", import.meta.url).pathname;
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ extends: config, files: ["good.ts", "bad.ts"], include: [] }),
    );
    const good = "export const low: u8 = <u8>load<u32>(8, 4);\nexport const wide = bswap<u64>(1);";
    writeFileSync(join(folder, "good.ts"), good);
    writeFileSync(join(folder, "bad.ts"), "export const x: i32 = document.title;");
    const found = findings(join(folder, "tsconfig.json"), folder);
    expect(found.map(({ file, line, code }) => `${file}:${line} ${code}`)).toEqual([
      "bad.ts:1 2584",
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
