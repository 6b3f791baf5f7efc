/** Clients that make an image hold what they send, in a memory that is full and fragmented: it never ends of it. */
import { fileURLToPath } from "node:url";
import { Image } from "@phantasm/host";
import { VirtualHost } from "@phantasm/host/testing";
import { expect, test } from "vitest";
import { build } from "../../../toolchain/dist/build.js";

test("messages, contents and heads without end: they are refused or evicted, and others are served", async () => {
  const directory = fileURLToPath(new URL("hoarders", import.meta.url));
  const host = new VirtualHost(Image.load((await build({ directory })).image));
  for (let step = 0; step < 1_000 && host.exit === null; step++) host.advance(20_000_000n);
  console.log(host.output, host.exit);
  expect(host.exit?.reason, host.exit?.message).toBe("exit");
});
