import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parsePrivateKey, parsePublicKey } from "@phantasm/seal";
import { afterEach, beforeEach, expect, test } from "vitest";
import { transcript } from "./memory-terminal.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "phantasm-keygen-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test("writes a pair, the secret one for its owner only", async () => {
  const name = join(folder, "release");
  expect(await transcript("keygen", "-o", name)).toEqual({
    status: 0,
    out: `  private  ${name}.key  keep it secret; it signs images
  public   ${name}.pub  give it to those who run them
`,
    err: `\nSign an image:  phantasm sign IMAGE --key ${name}.key\n`,
  });
  expect(statSync(`${name}.key`).mode & 0o777).toBe(0o600);
  const key = parsePrivateKey(readFileSync(`${name}.key`, "utf8"));
  expect(parsePublicKey(readFileSync(`${name}.pub`, "utf8")).text).toBe(key.publicKey.text);
});

test.each(["key", "pub"])("never overwrites a .%s", async (extension) => {
  const name = join(folder, "release");
  writeFileSync(`${name}.${extension}`, "precious");
  expect(await transcript("keygen", "-o", name)).toEqual({
    status: 1,
    out: "",
    err: `phantasm: ${name}.${extension} exists already; a key is never overwritten
  Choose another name: phantasm keygen -o NAME
`,
  });
  expect(readFileSync(`${name}.${extension}`, "utf8")).toBe("precious");
});

test("a folder that is not there", async () => {
  const name = join(folder, "absent", "release");
  expect(await transcript("keygen", "-o", name)).toEqual({
    status: 1,
    out: "",
    err: `phantasm: ${name}.key: no such file or directory\n`,
  });
});
