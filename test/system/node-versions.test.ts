/**
 * The same sources give the same bytes on every Node. PHANTASM_TEST_NODES names the binaries to try,
 * separated by colons, as `.ci/run` installs them.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { build } from "../../toolchain/dist/build.js";
import { HELLO_CONFIGURATION, HELLO_MAIN, project } from "../support/project.js";

const nodes = (process.env["PHANTASM_TEST_NODES"] ?? "").split(":").filter((path) => path !== "");
const script = fileURLToPath(new URL("../support/build.mjs", import.meta.url));

test.skipIf(nodes.length === 0)(
  "other Nodes build the same bytes (skipped: PHANTASM_TEST_NODES names none)",
  async () => {
    using made = project({ "phantasm.config.ts": HELLO_CONFIGURATION, "main.ts": HELLO_MAIN });
    const { digest } = await build({ directory: made.directory });
    for (const node of nodes) {
      const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
      const other = execFileSync(node, [script, made.directory], { encoding: "utf8" }).trim();
      expect(`${version} ${other}`).toBe(`${version} ${digest}`);
    }
  },
);
