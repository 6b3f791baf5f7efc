/** NSD, Knot and we on zones drawn by a seed, some of them below others. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compileZones } from "@phantasm/zone-format";
import { Comparison, compareApart } from "./comparison.js";
import { Core } from "./core.js";
import { type Peer, peersProblem, startPeers } from "./peers.js";
import { Dice, namesNear } from "./queries.js";
import { randomZone } from "./random-zones.js";
import { AXFR, Receiver } from "./receiver.js";
import { makeQuery, readMessage, wireName } from "./wire.js";
import { zonesOf } from "./zone-files.js";

const SEED = Number(process.env["PHANTASM_DNS_SEED"] ?? 1);
const QUERIES = Number(process.env["PHANTASM_DNS_QUERIES"] ?? 6000);
const ORIGINS = [
  "example.org",
  "a.example.org",
  "b.a.example.org",
  "c.b.example.org",
  ...Array.from({ length: 12 }, (_, n) => `z${n}.test`),
];
const problem = peersProblem();

describe.skipIf(problem !== null)(`zones drawn by PHANTASM_DNS_SEED=${SEED}`, () => {
  let peers: Peer[] = [];
  let comparison: Comparison;
  const directory = mkdtempSync(join(tmpdir(), "phantasm-zones-"));

  beforeAll(async () => {
    const dice = new Dice(SEED);
    const files = ORIGINS.map((origin) => {
      const path = join(directory, `${origin}.zone`);
      writeFileSync(path, randomZone(dice, origin, ORIGINS));
      return { path, origin };
    });
    const { zones, problems } = zonesOf(files);
    expect(problems.errors).toEqual([]);
    const served = files.map(({ path, origin }) => ({ name: origin, file: path }));
    comparison = new Comparison(await Core.of(compileZones(zones)), namesNear(zones), ORIGINS);
    peers = await startPeers(directory, served);
  }, 60_000);

  test.each(["nsd", "knot"])("transferred from %s, they are answered the same", async (name) => {
    const peer = peers.find((one) => one.name === name)!;
    const apart = await Core.of(compileZones([]));
    const receiver = new Receiver(await Core.of(compileZones([])));
    for (const origin of ORIGINS) {
      const isComplete = (messages: readonly Buffer[]): boolean =>
        messages.flatMap((one) => readMessage(one).answers).filter(({ type }) => type === 6)
          .length === 2;
      const messages = await peer.askTcp(makeQuery(wireName(origin), AXFR), isComplete);
      const zone = receiver.run(wireName(origin), messages);
      if (typeof zone === "number") throw new Error(`${origin} is refused: ${zone}`);
      apart.add(wireName(origin), zone);
    }
    const { core, names } = comparison;
    const { different, shown } = compareApart(apart, core, names, QUERIES, new Dice(SEED));
    expect(
      shown.join("\n\n"),
      `${different} of ${QUERIES} answers differ (PHANTASM_DNS_SEED=${SEED})`,
    ).toBe("");
  });

  afterAll(() => {
    for (const peer of peers) peer.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  test.each(["nsd", "knot"])(
    "as %s",
    async (name) => {
      const peer = peers.find((one) => one.name === name)!;
      const { different, shown, explained } = await comparison.run(peer, QUERIES, SEED);
      if (process.env["PHANTASM_DNS_SEED"] !== undefined) console.log(explained);
      expect(
        shown.join("\n\n"),
        `${different} of ${QUERIES} answers differ (PHANTASM_DNS_SEED=${SEED})`,
      ).toBe("");
    },
    120_000,
  );
});
