/** A store has the memory that it needs, whatever its cache is, or the image is not built. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Image } from "@phantasm/host";
import { VirtualDisk, VirtualHost, VirtualTime } from "@phantasm/host/testing";
import { expect, test } from "vitest";
import { build } from "../../../toolchain/dist/build.js";
import { project } from "../../support/project.js";

function configuration(options: string, more = ""): string {
  return `import { block } from "@phantasm/block";
import { clock } from "@phantasm/clock";
import { console } from "@phantasm/console";
import { keyValue } from "@phantasm/kv";
import { unikernel } from "phantasm";

export default unikernel("kept", {
  devices: { console: console(), store: keyValue(block("disk"), clock(), ${options}) },
  ${more}
});
`;
}

const MAIN = `import { Batch, KeyValueHandler } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";

class Told implements KeyValueHandler {
  constructor(private readonly os: Devices) {}
  onKeyValue(tag: i32, result: i32): void {
    this.os.console.write("result " + result.toString());
  }
}

export function main(os: Devices): void {
  const key = new Uint8Array(3);
  os.store.commit(new Batch().put(key, new Uint8Array(60000)), true, new Told(os), 0);
}
`;

test("by default it has what its cache takes beside 16M", async () => {
  using made = project({
    "phantasm.config.ts": configuration("{ cacheBytes: 20 << 20 }"),
    "main.ts": MAIN,
  });
  const { image, manifest } = await build({ directory: made.directory });
  expect(manifest.memory.maximum).toBeGreaterThan(256 + 320);
  const time = new VirtualTime();
  const disk = new VirtualDisk(time, 256 << 20);
  const host = new VirtualHost(Image.load(image), { time, block: { disk } });
  expect(host.run(60_000_000_000n)).toMatchObject({ reason: "exit", status: 0 });
  expect(host.output).toBe("result 0");

  writeFileSync(
    join(made.directory, "phantasm.config.ts"),
    configuration("{ cacheBytes: 20 << 20 }", `memory: { maximum: "16M" },`),
  );
  await expect(build({ directory: made.directory })).rejects.toThrow(
    /memory.maximum is 16M, and its devices take 2\dM of it for themselves: KeyValueStore 2\dM/,
  );
});
