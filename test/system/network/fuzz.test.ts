/**
 * Hostile frames. PHANTASM_FUZZ_FRAMES sets how many a seed, PHANTASM_FUZZ_SEEDS which seeds (`1` or `1-100`).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Image } from "@phantasm/host";
import { VirtualHost } from "@phantasm/host/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { build } from "../../../toolchain/dist/build.js";

const FRAMES = Number(process.env["PHANTASM_FUZZ_FRAMES"] ?? 100_000);
const [first = 1, last = first] = (process.env["PHANTASM_FUZZ_SEEDS"] ?? "1-3")
  .split("-")
  .map(Number);
const SEEDS = Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** What lives at the end, whatever has happened. */
const HEAP_BYTES_MAX = 131_072;

let image: Image;
const scratch = mkdtempSync(join(tmpdir(), "phantasm-fuzz-"));

beforeAll(async () => {
  const directory = fileURLToPath(new URL("fuzz", import.meta.url));
  image = Image.load((await build({ directory, output: join(scratch, "fuzz.wasm") })).image);
}, 120_000);

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

test.each(SEEDS)(
  `seed %i: nothing traps, and nothing is left behind`,
  (seed) => {
    const host = new VirtualHost(image, {
      arguments: { seed: String(seed), frames: String(FRAMES) },
    });
    const exit = host.run(1_000_000_000n * 1_000_000_000n);
    expect(`${exit.status} ${exit.message}`).toBe("0 ");
    const run = JSON.parse(host.output) as Record<string, number>;
    expect(run).toMatchObject({ neighbours: 0, waiting: 0, pieces: 0, sockets: 1 });
    expect(run["heapBytes"]).toBeLessThan(HEAP_BYTES_MAX);
    // A test of nothing would pass too: each kind has happened.
    for (const [what, count] of Object.entries(run))
      if (!["neighbours", "waiting", "pieces"].includes(what) && FRAMES >= 100_000)
        expect(count, what).toBeGreaterThan(0);
  },
  600_000,
);
