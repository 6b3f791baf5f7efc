/**
 * Fibres and the collector, driven hard: whatever the order in which fibres run and however the collector
 * is driven, they compute what they compute when nothing waits and nothing is collected early.
 *
 *     PHANTASM_SEED=4711   tries that seed alone, as a failure names it
 *     PHANTASM_SOAK=1      ten million switches in the place of one
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Image, type DomainExit } from "@phantasm/host";
import { VirtualHost, type VirtualHostOptions } from "@phantasm/host/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build } from "../../toolchain/dist/build.js";

const DIRECTORY = fileURLToPath(new URL("../torture", import.meta.url));
const PROFILES = ["speed", "size", "debug"] as const;
/** Of them every seed runs in one profile, and each profile runs two. */
const SEEDS =
  process.env["PHANTASM_SEED"] === undefined
    ? [1, 2, 3, 4, 5, 6]
    : [Number(process.env["PHANTASM_SEED"])];
const SWITCHES = process.env["PHANTASM_SOAK"] === undefined ? 1_000_000 : 10_000_000;

type Options = NonNullable<VirtualHostOptions["arguments"]>;

interface Run {
  readonly output: string;
  readonly exit: DomainExit;
  readonly host: VirtualHost;
}

function run(image: Image, options: Options, host: VirtualHostOptions = {}): Run {
  const domain = new VirtualHost(image, { ...host, arguments: options });
  const exit = domain.run();
  return { output: domain.output.trim(), exit, host: domain };
}

/** What it wrote; or how it ended, with the options that repeat it. */
function digest(image: Image, options: Options): string {
  const { output, exit } = run(image, options);
  if (exit.reason === "exit" && exit.status === 0) return output;
  const frames = exit.trace.map(({ name }) => name).join(" < ");
  return `${exit.reason} ${exit.status} ${exit.message} ${frames} ${JSON.stringify(options)}`;
}

const folder = mkdtempSync(join(tmpdir(), "phantasm-torture-"));
const images = new Map<string, Promise<Image>>();

/** Builds it once. */
function built(profile: (typeof PROFILES)[number]): Promise<Image> {
  const known = images.get(profile);
  if (known) return known;
  const output = join(folder, `${profile}.wasm`);
  const made = build({ directory: DIRECTORY, profile, output }).then((result) =>
    Image.load(result.image),
  );
  images.set(profile, made);
  return made;
}

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe.each(PROFILES)("profile %s", (profile) => {
  let image: Image;

  beforeAll(async () => {
    image = await built(profile);
  }, 180_000);

  const own = SEEDS.filter(
    (_, at) => SEEDS.length === 1 || at % PROFILES.length === PROFILES.indexOf(profile),
  );

  describe.each(own)("seed %i", (seed) => {
    const expected = (fibres: number, rounds: number): string =>
      digest(image, { seed, fibres, rounds, still: true });

    test("computes the same in every order, without stress", () => {
      const reference = expected(100, 15);
      expect(reference).toMatch(/^[0-9a-f]+$/);
      for (const schedule of [0, 1, 2])
        expect(
          digest(image, { seed, schedule, fibres: 100, rounds: 15, check: true }),
          `PHANTASM_SEED=${seed}, schedule ${schedule}`,
        ).toBe(reference);
    });

    test("computes the same when everything is collected at every step", () => {
      const reference = expected(30, 4);
      for (const schedule of [0, 3, 4])
        expect(
          digest(image, { seed, schedule, stress: 1, fibres: 30, rounds: 4 }),
          `PHANTASM_SEED=${seed}, schedule ${schedule}`,
        ).toBe(reference);
    });

    test("changes large containers between any two slices of a collection", () => {
      const reference = digest(image, { seed, churn: 33_000, still: true });
      expect(reference).toMatch(/^[0-9a-f]+$/);
      expect(
        digest(image, { seed, churn: 33_000, stress: 2, check: true }),
        `PHANTASM_SEED=${seed}`,
      ).toBe(reference);
    });

    test("computes the same when collections take the smallest steps there are", () => {
      const reference = expected(30, 4);
      for (const schedule of [0, 5])
        expect(
          digest(image, {
            seed,
            schedule,
            stress: 2,
            fibres: 30,
            rounds: 4,
            turns: 100,
            check: true,
          }),
          `PHANTASM_SEED=${seed}, schedule ${schedule}`,
        ).toBe(reference);
    });
  });

  test("keeps memory flat over a million switches that allocate", () => {
    const { output, exit } = run(image, { soak: SWITCHES });
    expect(exit).toMatchObject({ reason: "exit", status: 0 });
    const parts = output.split("\n").map((line) => line.split(" ").map(Number));
    expect(parts).toHaveLength(20);
    expect(parts.map(([result]) => result)).toEqual(parts.map(() => 0));
    const pages = parts.map(([, , size = NaN]) => size);
    const warm = pages[4] ?? NaN;
    expect(warm).toBeLessThan(100);
    expect(Math.max(...pages)).toBe(warm);
  });
});

describe("memory that runs out", () => {
  let image: Image;

  beforeAll(async () => {
    image = await built("debug");
  }, 180_000);

  test("at any allocation ends the domain for that reason, and names what it is full of", () => {
    const small = { fibres: 2, rounds: 1, seed: 3 };
    const expected = digest(image, { ...small, still: true });
    let failed = 0;
    let done = false;
    for (let fail = 1; !done && fail < 1_000_000; fail += fail < 300 ? 1 : 1 + (fail >> 5)) {
      for (const stress of [0, 2]) {
        const { output, exit, host } = run(image, { ...small, fail, stress });
        if (exit.reason === "exit") {
          expect(output).toBe(expected);
          done = true;
          continue;
        }
        expect(exit, `allocation ${fail}`).toMatchObject({ reason: "memory", status: 102 });
        const consumers = host.domain.observe()?.consumers ?? [];
        expect(consumers.length, `allocation ${fail}`).toBeGreaterThan(0);
        for (const { objects, bytes } of consumers) {
          expect(objects).toBeGreaterThan(0);
          expect(bytes).toBeGreaterThanOrEqual(16 * objects);
        }
        failed++;
      }
    }
    expect(done).toBe(true);
    expect(failed).toBeGreaterThan(600);
  });

  test("because the host gives no more ends it for that reason, or it computes the same", () => {
    const options = { fibres: 100, rounds: 5, seed: 5 };
    const expected = digest(image, { ...options, still: true });
    const reasons = new Set<string>();
    for (let pages = image.manifest.memory.minimum; pages < 512; pages += 1 + (pages >> 3)) {
      const { output, exit } = run(image, options, { memoryBytesMax: pages * 65536 });
      reasons.add(exit.reason);
      if (exit.reason === "exit") expect(output).toBe(expected);
      else expect(exit, `${pages} pages`).toMatchObject({ reason: "memory", status: 102 });
    }
    expect([...reasons].sort()).toEqual(["exit", "memory"]);
  });
});
