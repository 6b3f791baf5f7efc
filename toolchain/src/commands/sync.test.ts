import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { transcript } from "./memory-terminal.js";

test("writes generated sources below a folder; leaves out what is not installed, and says so", async () => {
  const folder = mkdtempSync(join(tmpdir(), "phantasm-sync-"));
  try {
    for (const name of ["ready", "waiting"]) {
      mkdirSync(join(folder, name));
      writeFileSync(
        join(folder, name, "phantasm.config.ts"),
        `import { unikernel } from "phantasm";\nexport default unikernel("${name}");\n`,
      );
      writeFileSync(join(folder, name, "main.ts"), "");
    }
    const waiting = join(folder, "waiting");
    writeFileSync(join(waiting, "package.json"), `{ "dependencies": { "no-such-module": "1" } }`);
    expect(await transcript("sync", folder)).toEqual({
      status: 0,
      out: "",
      err: `${waiting} is left out: it needs no-such-module\n  Run: npm install --prefix ${waiting}\n`,
    });
    expect(existsSync(join(folder, "ready", ".phantasm", "devices.ts"))).toBe(true);
    expect(existsSync(join(waiting, ".phantasm"))).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
