import { expect, test } from "vitest";
import { zoneOf } from "./zone-files.js";
import { compileZones } from "@phantasm/zone-format";

/** Enough for an answer, one that is cut short, and a transfer of several messages. */
const ZONE = `$TTL 1h
@ SOA ns1 hostmaster 7 2h 30m 2w 10m
@ NS ns1
ns1 A 192.0.2.53
www A 192.0.2.80
$GENERATE 1-12 long TXT "\${0,250}"
`;

test("the zone of the tests in AssemblyScript; after a change of the format: npx vitest run -u", async () => {
  const { zones, problems } = zoneOf(ZONE);
  expect(problems.errors).toEqual([]);
  const bytes = compileZones(zones);
  const words = Array.from({ length: bytes.length / 4 }, (_, index) =>
    bytes.readUInt32LE(4 * index),
  );
  const lines = [];
  for (let at = 0; at < words.length; at += 8)
    lines.push(
      `  ${words
        .slice(at, at + 8)
        .map((word) => (word === 0 ? "0" : `0x${word.toString(16)}`))
        .join(", ")},`,
    );
  await expect(`/** A compiled zone, for tests: see test/compile.test.ts, which writes this file. */
// prettier-ignore
export const TEST_ZONES: usize = memory.data<u32>([
${lines.join("\n")}
], 16);

export const TEST_ZONES_BYTES: i32 = ${bytes.length};
`).toMatchFileSnapshot("../assembly/testing-zones.ts");
});
