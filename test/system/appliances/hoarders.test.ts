/** Clients that make an image hold what they send, in a memory that is full and fragmented: it never ends of that. */
import { fileURLToPath } from "node:url";
import { Image } from "@phantasm/host";
import { VirtualHost } from "@phantasm/host/testing";
import { expect, test } from "vitest";
import { build } from "../../../toolchain/dist/build.js";

test("messages, contents and heads without end: refused or evicted, while others are served", async () => {
  const directory = fileURLToPath(new URL("hoarders", import.meta.url));
  const host = new VirtualHost(Image.load((await build({ directory })).image));
  host.advance(20_000_000_000n);
  expect(host.exit?.reason, `${host.exit?.message} ${host.output}`).toBe("exit");
  const found =
    /^large: false\nserved: (\d+)\nrefused: (\d+), evicted: (\d+), messages: (\d+)\n/.exec(
      host.output,
    );
  expect(Number(found?.[1]), host.output).toBeGreaterThanOrEqual(390);
  for (const count of [2, 3, 4]) expect(Number(found?.[count]), host.output).toBeGreaterThan(0);
  expect(host.output).toMatch(/^left: 0 0 0$/m);
});
