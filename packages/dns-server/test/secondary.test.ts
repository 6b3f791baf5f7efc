/** Zones that were transferred are, byte for byte, what the build makes of the same records. */
import { beforeAll, describe, expect, test } from "vitest";
import { compileZones } from "@phantasm/zone-format";
import type { Zone } from "@phantasm/zone-format";
import { Core } from "./core.js";
import { Dice } from "./queries.js";
import { randomZone } from "./random-zones.js";
import { Receiver } from "./receiver.js";
import { makeQuery } from "./wire.js";
import { testZones, zoneOf } from "./zone-files.js";

const SEED = Number(process.env["PHANTASM_DNS_SEED"] ?? 1);
const ZONES = Number(process.env["PHANTASM_DNS_ZONES"] ?? 40);
const AXFR = 252;

let receiver: Receiver;

/** The messages in which a server of ours has a zone transferred. */
async function transferOf(zone: Zone): Promise<Buffer[]> {
  const messages = (await Core.of(compileZones([zone]))).transfer(makeQuery(zone.apex, AXFR));
  if (typeof messages === "number") throw new Error(`refused: ${messages}`);
  return messages;
}

beforeAll(async () => {
  receiver = new Receiver(await Core.of(compileZones(testZones())));
}, 60_000);

describe("what is transferred", () => {
  test.each(testZones().map((zone) => [zone.apex, zone] as const))("%j", async (apex, zone) => {
    const made = receiver.run(apex, await transferOf(zone));
    const built = compileZones([zone]);
    // Their ends are told in full: a difference in thousands of bytes is not.
    const from = Buffer.isBuffer(made) ? built.findIndex((byte, at) => made[at] !== byte) : made;
    const shown =
      Buffer.isBuffer(made) && from >= 0
        ? [
            made.subarray(from - 20, from + 40).toString("latin1"),
            built.subarray(from - 20, from + 40).toString("latin1"),
          ]
        : [];
    expect({ from, shown }).toEqual({ from: -1, shown: [] });
  });

  test(`zones drawn by PHANTASM_DNS_SEED=${SEED}`, async () => {
    const dice = new Dice(SEED);
    for (let index = 0; index < ZONES; index++) {
      const [zone] = zoneOf(randomZone(dice, "example.org", ["example.org", "z1.test"])).zones;
      const made = receiver.run(zone!.apex, await transferOf(zone!));
      expect(made, `zone ${index}`).toEqual(compileZones([zone!]));
    }
  });
});
