/**
 * TCP over simulated links, in virtual time: how much of a link it uses, how it shares one, and that whatever a link
 * does, streams arrive exact and nothing hangs. First with loss recovery alone between two plain ends, which is fast;
 * then with two stacks.
 *
 *     npx vitest run test/simulation -u    writes the tables anew, for a reader of the difference to judge
 *     PHANTASM_SEEDS=100000                tries so many worlds in the place of a few hundred
 *     PHANTASM_SEED=4711                   tries that one alone, as a failure names it
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Image } from "@phantasm/host";
import { VirtualHost, type VirtualHostOptions } from "@phantasm/host/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build } from "../../toolchain/dist/build.js";

const DIRECTORY = fileURLToPath(new URL(".", import.meta.url));

/** Worlds in one run of the image: plain ones are all in one step, and garbage is collected between steps only. */
const SEEDS_OF_A_RUN = 5000;
/** Of the worlds, one in so many is tried with two stacks, too. */
const STACKS_PART = 4;
/** Of virtual time: as much as there is. */
const FOR_EVER_NS = 4_000_000_000_000_000_000n;
const ONLY = process.env["PHANTASM_SEED"];
const FIRST = Number(ONLY ?? 1);
const SEEDS = ONLY === undefined ? Number(process.env["PHANTASM_SEEDS"] ?? 400) : 1;

const folder = mkdtempSync(join(tmpdir(), "phantasm-simulation-"));
let image: Image;

beforeAll(async () => {
  const output = join(folder, "simulation.wasm");
  image = Image.load((await build({ directory: DIRECTORY, output })).image);
}, 180_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function run(options: NonNullable<VirtualHostOptions["arguments"]>): string {
  const domain = new VirtualHost(image, { arguments: options });
  const exit = domain.run(FOR_EVER_NS);
  expect(exit, JSON.stringify(options)).toMatchObject({ reason: "exit", status: 0 });
  return domain.output;
}

/** Columns of numbers of a table. */
function rows(table: string, columns: number): number[][] {
  const lines = table.trimEnd().split("\n").slice(2);
  return lines.map((line) => line.trim().split(/\s+/).slice(-columns).map(Number));
}

describe("one connection", () => {
  test.each(["cubic", "newreno"])(
    "uses its link: %s",
    async (control) => {
      const table = run({ what: "matrix", control });
      await expect(table).toMatchFileSnapshot(`tables/${control}.txt`);
    },
    120_000,
  );

  test("comes near what theory allows, or beyond", () => {
    const table = rows(run({ what: "matrix", control: "cubic" }), 3);
    expect(table).toHaveLength(36);
    for (const [small = 0, large = 0, theory = 0] of table) {
      // A tenth of a per cent is rounded away.
      if (theory < 3) continue;
      expect(small, table.toString()).toBeGreaterThan(theory * 0.45);
      expect(large, table.toString()).toBeGreaterThan(theory * 0.45);
    }
  }, 120_000);
});

describe("one connection between two stacks", () => {
  test("uses its link", async () => {
    const table = run({ what: "bulk", control: "cubic" });
    await expect(table).toMatchFileSnapshot("tables/stacks.txt");
    expect(rows(table, 3)).toHaveLength(27);
    for (const [plain = 0, offload = 0, theory = 0] of rows(table, 3)) {
      if (theory < 3) continue;
      expect(plain, table).toBeGreaterThan(theory * 0.6);
      expect(offload, table).toBeGreaterThan(theory * 0.6);
    }
  }, 300_000);
});

describe("two connections", () => {
  test("share a link, whatever their congestion control", async () => {
    const table = run({ what: "fairness" });
    await expect(table).toMatchFileSnapshot("tables/fairness.txt");
    for (const [first = 0, second = 0] of rows(table, 2)) {
      // Jain 1984: 1 when both have the same, 0.5 when one has all.
      const index = (first + second) ** 2 / (2 * (first ** 2 + second ** 2));
      expect(index, table).toBeGreaterThan(0.95);
      expect(first + second, table).toBeGreaterThan(70);
    }
  }, 120_000);
});

describe("any world", () => {
  /** The lines of the runs for those seeds: failures, by seed, and what has happened. */
  function* runs(what: string, seeds: number): Generator<string[]> {
    for (let seed = FIRST; seed < FIRST + seeds; seed += SEEDS_OF_A_RUN) {
      const count = Math.min(SEEDS_OF_A_RUN, FIRST + seeds - seed);
      const lines = run({ what, seed, count }).trimEnd().split("\n");
      expect(lines.slice(0, -1), "again with PHANTASM_SEED=…").toEqual([]);
      if (count >= 100) yield lines;
    }
  }

  test(`lets everything arrive in the end: ${SEEDS} from ${FIRST}`, () => {
    for (const [last = ""] of runs("seeds", SEEDS)) {
      // Nothing would be tried if nothing happened.
      const seen = last.match(/(timeouts|probes|marks|undone|duplicates|reneged) [1-9]/g);
      expect(seen, last).toHaveLength(6);
    }
  }, 3_600_000);

  const stacks = Math.ceil(SEEDS / STACKS_PART);
  test(`lets the streams of two stacks arrive exact: ${stacks} from ${FIRST}`, () => {
    for (const [last = ""] of runs("stacks", stacks)) {
      expect(last).toMatch(/^complete \d+ broken 0 /);
      expect(last.match(/(bytes|retransmissions|corrupted|narrowed) [1-9]/g), last).toHaveLength(4);
    }
  }, 3_600_000);
});
