/**
 * The same sources give the same bytes on every Node. PHANTASM_TEST_NODES names the binaries to try,
 * separated by colons, as `.ci/run` installs them.
 */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { build } from "../../toolchain/dist/build.js";
import { HELLO_CONFIGURATION, HELLO_MAIN, project } from "../support/project.js";

const nodes = (process.env["PHANTASM_TEST_NODES"] ?? "").split(":").filter((path) => path !== "");
const script = fileURLToPath(new URL("../support/build.mjs", import.meta.url));

const FILES_CONFIGURATION = `import { console } from "@phantasm/console";
import { files } from "@phantasm/fs";
import { unikernel } from "phantasm";
const options = { precompress: ["br", "gzip"] as const };
export default unikernel("site", { devices: { console: console(), pages: files("pages", options) } });
`;
const FILES_MAIN = `import { Devices } from "./.phantasm/devices";
export function main(os: Devices): void { os.console.writeLine(os.pages.state.toString()); }
`;

test.skipIf(nodes.length === 0)(
  "other Nodes build the same bytes (skipped: PHANTASM_TEST_NODES names none)",
  async () => {
    using made = project({ "phantasm.config.ts": HELLO_CONFIGURATION, "main.ts": HELLO_MAIN });
    const { digest } = await build({ directory: made.directory });
    // What zlib and brotli make of a text is up to their versions: today all agree.
    using site = project({
      "phantasm.config.ts": FILES_CONFIGURATION,
      "main.ts": FILES_MAIN,
      "pages/page.txt": HELLO_MAIN.repeat(50),
    });
    const built = await build({ directory: site.directory });
    for (const node of nodes) {
      rmSync(join(site.directory, ".phantasm"), { recursive: true });
      const options = { encoding: "utf8" } as const;
      const other = execFileSync(node, [script, site.directory], options).trim();
      expect(`${node} ${other}`).toBe(`${node} ${built.digest}`);
    }
    for (const node of nodes) {
      const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
      const other = execFileSync(node, [script, made.directory], { encoding: "utf8" }).trim();
      expect(`${version} ${other}`).toBe(`${version} ${digest}`);
    }
  },
);
