/**
 * Two stacks in virtual time on a wire that is as bad as a seed makes it; segments that are nearly right; connections
 * in large numbers.
 *
 *     PHANTASM_SEEDS=100000                tries so many wires in the place of a few hundred
 *     PHANTASM_SEED=4711                   tries that one alone, as a failure names it
 *     PHANTASM_SEGMENTS=100000000          fuzzes with so many segments
 *     PHANTASM_CONNECTIONS=1000000         opens and closes so many connections
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Image } from "@phantasm/host";
import { VirtualHost } from "@phantasm/host/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { build } from "../../toolchain/dist/build.js";

const DIRECTORY = fileURLToPath(new URL(".", import.meta.url));
const YEARS_NS = 1_000_000_000n * 1_000_000_000n;
const HOUR_MS = 3_600_000;

const ONLY = process.env["PHANTASM_SEED"];
const FIRST = Number(ONLY ?? 1);
const SEEDS = ONLY === undefined ? Number(process.env["PHANTASM_SEEDS"] ?? 200) : 1;
/** In one run of the image: stacks keep the memory of their queues. */
const SEEDS_OF_A_RUN = 50;
const SEGMENTS = Number(process.env["PHANTASM_SEGMENTS"] ?? 200_000);
const SEGMENTS_OF_A_RUN = 100_000;
const CONNECTIONS = Number(process.env["PHANTASM_CONNECTIONS"] ?? 100_000);

const folder = mkdtempSync(join(tmpdir(), "phantasm-tcp-"));
let image: Image;

beforeAll(async () => {
  const output = join(folder, "tcp.wasm");
  image = Image.load((await build({ directory: DIRECTORY, output })).image);
}, 180_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function run(what: string, seed: number, count: number): string {
  const domain = new VirtualHost(image, { arguments: { what, seed, count } });
  const exit = domain.run(YEARS_NS);
  expect(exit, `${what} ${seed}: ${domain.output}`).toMatchObject({ reason: "exit", status: 0 });
  return domain.output;
}

test(
  "streams arrive exact, or nothing hangs and nothing is left",
  () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed += SEEDS_OF_A_RUN) {
      const count = Math.min(SEEDS_OF_A_RUN, FIRST + SEEDS - seed);
      expect(run("streams", seed, count)).toMatch(/^\d+ segments$/);
    }
  },
  HOUR_MS,
);

test(
  "segments that are nearly right",
  () => {
    for (let seed = FIRST, left = SEGMENTS; left > 0; seed++, left -= SEGMENTS_OF_A_RUN)
      // States: not SYN_SENT alone, but every one has been reached.
      expect(run("fuzz", seed, Math.min(SEGMENTS_OF_A_RUN, left)), `seed ${seed}`).toMatch(
        /^blocks 0, ranges 0, half-open 0, connections 0, states( [1-9]\d*){9}$/,
      );
  },
  HOUR_MS,
);

test(
  "connections that come and go leave nothing behind",
  () => {
    expect(run("leak", 1, CONNECTIONS)).toBe(
      `ended ${CONNECTIONS}, failed 0, pages 0 more, connections 0, half-open 0, blocks 0, ranges 0`,
    );
  },
  HOUR_MS,
);
