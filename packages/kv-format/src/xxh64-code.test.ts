import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import wabt from "wabt";

test("xxh64-code.ts is made from xxh64.wat (npx vitest run FILE -u after a change)", async () => {
  const { parseWat } = await wabt();
  const text = readFileSync(new URL("xxh64.wat", import.meta.url), "utf8");
  const { buffer } = parseWat("xxh64.wat", text).toBinary({});
  const lines = Buffer.from(buffer)
    .toString("base64")
    .replace(/.{92}/g, "$&\n")
    .split("\n")
    .map((line) => `  "${line}"`);
  await expect(
    `/** xxh64.wat in binary, as base64. Made by xxh64-code.test.ts. */\nexport const XXH64_CODE =\n${lines.join(" +\n")};\n`,
  ).toMatchFileSnapshot("./xxh64-code.ts");
});
