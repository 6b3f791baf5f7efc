/** An image whose memory is nearly full of what it needs goes on, or ends; it never does nothing but collect. */
import { beforeAll, expect, test } from "vitest";
import { Image } from "@phantasm/host";
import { VirtualHost } from "@phantasm/host/testing";
import { build } from "../../toolchain/dist/build.js";
import { project } from "../support/project.js";

const FILES = {
  "phantasm.config.ts": `import { console } from "@phantasm/console";
import { integer, unikernel } from "phantasm";

export default unikernel("full", {
  devices: { console: console() },
  arguments: { parts: integer({ help: "of 32 parts of the memory, how many are kept" }) },
  memory: { maximum: "2M" },
});
`,
  "main.ts": `import { Fibre, spawn, yieldNow } from "@phantasm/fibre";
import { Devices } from "./.phantasm/devices";

class Item {
  a: u64 = 1;
  b: u64 = 2;
}

const kept: Item[] = [];
const garbage: Item[] = [];

class Worker extends Fibre {
  constructor(private readonly os: Devices) {
    super("worker");
  }

  run(): i32 {
    for (let round = 0; round < 300; round++) {
      for (let made = 0; made < 100; made++) garbage.push(new Item());
      garbage.length = 0;
      yieldNow();
    }
    this.os.console.writeLine("done");
    return 0;
  }
}

export function main(os: Devices): void {
  const limit = os.heap.limit / 32 * <u64>os.arguments.parts;
  while (os.heap.used < limit) {
    for (let made = 0; made < 64; made++) kept.push(new Item());
    // The collector works between steps.
    yieldNow();
  }
  os.console.writeLine("full");
  spawn(new Worker(os));
}
`,
};

let image: Image;

beforeAll(async () => {
  using made = project(FILES);
  image = Image.load((await build({ directory: made.directory })).image);
});

test.each([24, 27, 28, 29, 30, 31, 32])("with %i of 32 parts kept", (parts) => {
  const host = new VirtualHost(image, { arguments: { parts } });
  // It takes a step at a time, for as long as it asks for one at once.
  host.advance(1_000_000_000n);
  expect(host.exit).not.toBeNull();
  if (host.exit?.reason === "memory")
    expect(host.exit.message).toMatch(/needs more than it may have/);
  else expect(host.output).toBe("full\ndone\n");
});
