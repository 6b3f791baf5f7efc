/**
 * The key-value store in longer runs than its own tests have: a model beside it, power failures, bits that are
 * flipped, forged images.
 *
 *     PHANTASM_SEEDS=1000     so many seeds of the model and of power failures, in the place of a few
 *     PHANTASM_SEED=4711      that one alone, as a failure names it
 *     PHANTASM_FLIPS=all      every bit of the meta page, the tree and the map of a small store, and of a log
 *     PHANTASM_FORGERIES=1000000
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Image } from "@phantasm/host";
import { VirtualHost } from "@phantasm/host/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { build } from "../../toolchain/dist/build.js";

const DIRECTORY = fileURLToPath(new URL(".", import.meta.url));
const YEARS_NS = 1_000_000_000n * 1_000_000_000n;
const HOURS_MS = 4 * 3_600_000;

const ONLY = process.env["PHANTASM_SEED"];
const FIRST = Number(ONLY ?? 100);
const SEEDS = ONLY === undefined ? Number(process.env["PHANTASM_SEEDS"] ?? 10) : 1;
const SMALL_STORE_BITS = 96 * 4096 * 8;
const FLIPS = process.env["PHANTASM_FLIPS"] === "all" ? SMALL_STORE_BITS : 2000;
/** In one run of the image: a store is never given back. */
const FLIPS_OF_A_RUN = 8192;
const FORGERIES_OF_A_RUN = 10_000;
const FORGERIES = Number(process.env["PHANTASM_FORGERIES"] ?? 2000);

const folder = mkdtempSync(join(tmpdir(), "phantasm-kv-"));
let image: Image;

beforeAll(async () => {
  const output = join(folder, "kv.wasm");
  image = Image.load((await build({ directory: DIRECTORY, output })).image);
}, 180_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function run(what: string, seed: number, count: number, log = 0): void {
  const domain = new VirtualHost(image, { arguments: { what, seed, count, log } });
  const exit = domain.run(YEARS_NS);
  expect(exit, `${what} ${seed}: ${domain.output} ${JSON.stringify(exit)}`).toMatchObject({
    reason: "exit",
    status: 0,
  });
  expect(domain.output).toBe("ok");
}

test(
  "a store and a plain model of it",
  () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) run("model", seed, 1);
  },
  HOURS_MS,
);

test(
  "power failures at every third event",
  () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) run("crash", seed, 1);
  },
  HOURS_MS,
);

test.each([0, 1])(
  "bits that are flipped, records in the log: %i",
  async (log) => {
    // The end of the store is free pages: without PHANTASM_FLIPS, some of the middle.
    const first = FLIPS === SMALL_STORE_BITS ? 0 : 22 * 32_768;
    for (let bit = first; bit < first + FLIPS; bit += FLIPS_OF_A_RUN) {
      run("flips", bit, Math.min(FLIPS_OF_A_RUN, first + FLIPS - bit), log);
      // The memory of an image is given back between events.
      await setImmediate();
    }
  },
  HOURS_MS,
);

test.each([0, 1])(
  "forged images, records in the log: %i",
  async (log) => {
    for (let done = 0; done < FORGERIES; done += FORGERIES_OF_A_RUN) {
      run("forgeries", FIRST * 100_000 + done, Math.min(FORGERIES_OF_A_RUN, FORGERIES - done), log);
      await setImmediate();
    }
  },
  HOURS_MS,
);
