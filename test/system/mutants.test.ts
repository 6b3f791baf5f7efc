/**
 * The torture appliance notices mistakes: each mutant of the collector, the scheduler and the fibres computes
 * something else than the real runtime, traps, never ends, or takes more and more memory.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { libraryFiles } from "assemblyscript/asc";
import { afterAll, beforeAll, expect, test } from "vitest";
import { build } from "../../toolchain/dist/build.js";
import { MUTANTS, type Mutant } from "../support/mutants.js";
import { project, type Project } from "../support/project.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const RUN_IMAGE = new URL("../support/run-image.mjs", import.meta.url);
/** Packages with mutants; an image takes them from its project's folder. */
const MUTATED = ["runtime", "fibre"] as const;
/** The longest that a run of the real runtime is waited for, and the shortest that one of a mutant is. */
const RUN_MS = { first: 60_000, least: 3_000 };

const RUNS = [
  { churn: 33_000, stress: 2, check: true },
  { seed: 1, fibres: 30, rounds: 5, stress: 2, schedule: 5, turns: 300, check: true },
  { seed: 2, fibres: 30, rounds: 5, stress: 1, schedule: 3 },
  { seed: 3, fibres: 60, rounds: 10, stress: 0, schedule: 1 },
  { seed: 4, fibres: 30, rounds: 5, stress: 2, schedule: 2, turns: 3000 },
  { soak: 200_000 },
];

let folder: Project;
let expected: readonly string[];
let runMs: number = RUN_MS.first;

function copyOf(file: string): string {
  return join(folder.directory, "node_modules/@phantasm", file);
}

function edited(text: string, { name, file, edits }: Mutant): string {
  for (const { from, to } of edits) {
    if (!text.includes(from)) throw new Error(`mutant "${name}": ${file} does not have: ${from}`);
    text = text.replaceAll(from, () => to);
  }
  return text;
}

async function image(): Promise<Uint8Array> {
  const output = join(folder.directory, "torture.wasm");
  return (await build({ directory: folder.directory, profile: "debug", output })).image;
}

/** Builds with a mistake in one file, which is right again afterwards. */
async function mutated(mutant: Mutant): Promise<Uint8Array> {
  const library = /^library:(.*)$/.exec(mutant.file)?.[1];
  if (library !== undefined) {
    const text = libraryFiles[library] ?? "";
    libraryFiles[library] = edited(text, mutant);
    try {
      return await image();
    } finally {
      libraryFiles[library] = text;
    }
  }
  const text = readFileSync(join(ROOT, "packages", mutant.file), "utf8");
  writeFileSync(copyOf(mutant.file), edited(text, mutant));
  try {
    return await image();
  } finally {
    writeFileSync(copyOf(mutant.file), text);
  }
}

/** What comes of each run, until `enough` says so. */
async function outcomes(
  bytes: Uint8Array,
  enough: (outcome: string, at: number) => boolean,
): Promise<string[]> {
  const worker = new Worker(RUN_IMAGE);
  const found: string[] = [];
  await new Promise<void>((resolve, reject) => {
    let timer: NodeJS.Timeout;
    const told = (outcome: string): void => {
      clearTimeout(timer);
      found.push(outcome);
      if (found.length === RUNS.length || enough(outcome, found.length - 1)) resolve();
      else watch();
    };
    const watch = (): void => {
      timer = setTimeout(() => {
        told("no end");
        resolve();
      }, runMs);
    };
    worker.on("message", told);
    worker.on("error", reject);
    worker.postMessage({ image: bytes, runs: RUNS });
    watch();
  });
  await worker.terminate();
  return found;
}

beforeAll(async () => {
  folder = project({});
  cpSync(join(ROOT, "test/torture"), folder.directory, {
    recursive: true,
    filter: (source) => !/\/(dist|\.phantasm)$/.test(source),
  });
  for (const name of MUTATED) {
    mkdirSync(copyOf(name), { recursive: true });
    for (const part of ["package.json", "assembly"])
      cpSync(join(ROOT, "packages", name, part), copyOf(join(name, part)), { recursive: true });
  }
  const bytes = await image();
  const startMs = performance.now();
  expected = await outcomes(bytes, () => false);
  // All runs of the real runtime together.
  runMs = Math.max(RUN_MS.least, performance.now() - startMs);
}, 120_000);

afterAll(() => {
  folder[Symbol.dispose]();
});

test("the real runtime passes", () => {
  expect(expected.slice(0, -1).every((digest) => /^[0-9a-f]+$/.test(digest))).toBe(true);
  expect(expected.at(-1)?.split("\n")).toHaveLength(20);
});

test.each(MUTANTS)("noticed: $name", async (mutant) => {
  const found = await outcomes(await mutated(mutant), (outcome, at) => outcome !== expected[at]);
  expect(found).not.toEqual(expected);
});
