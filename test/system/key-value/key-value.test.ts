/** A store in a file: written by an image, and read by code that shares nothing with it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ensureBuilt } from "../../../toolchain/dist/build.js";
import { transcript } from "../../../toolchain/dist/commands/memory-terminal.js";
import { Running, type Ended } from "../../support/running.js";
import { expected, inspect, lastOf } from "./filler.js";

const APPLIANCE = fileURLToPath(new URL("appliance", import.meta.url));

let image = "";
beforeAll(async () => {
  ({ path: image } = await ensureBuilt(APPLIANCE));
}, 600_000);

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "phantasm-key-value-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function run(disk: string, ...words: readonly string[]): Running {
  return new Running([image, "--block", `disk=${disk}`, "--", ...words]);
}

async function list(disk: string): Promise<Ended> {
  return run(disk, "--mode", "list").ended;
}

test("what an image puts, check finds good and dump shows", async () => {
  const disk = join(folder, "disk.img");
  const filled = await run(`${disk}:8M`, "--batches", "150").ended;
  expect(filled).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("done 150\n") as string,
  });

  const { status, out, err } = await transcript("kv", "check", disk);
  expect({ status, err }).toEqual({ status: 0, err: "" });
  expect(out).toContain(`${disk} holds a good store.\n  entries   ${expected(150).size + 2}, `);
  expect(inspect(disk).state).toEqual({ batches: 150, streamed: 144, faults: [] });

  const dump = await transcript("kv", "dump", disk, "--keys", "--prefix", "batch/");
  const keys = dump.out
    .split("\n")
    .slice(1, -2)
    .map((line) => (JSON.parse(line) as { key: string }).key);
  expect(keys).toEqual([...expected(150).keys()]);
});

test("a restored store is one for the image: it reads all of it, and goes on", async () => {
  const disk = join(folder, "disk.img");
  const copy = join(folder, "copy.img");
  const dump = join(folder, "disk.jsonl");
  await run(`${disk}:8M`, "--batches", "100").ended;
  writeFileSync(dump, (await transcript("kv", "dump", disk)).out);
  expect(await transcript("kv", "restore", copy, dump, "--size", "12M")).toMatchObject({
    status: 0,
  });
  expect((await transcript("kv", "dump", copy)).out).toBe(readFileSync(dump, "utf8"));

  const [before, after] = [await list(disk), await list(copy)];
  expect(before.stdout).toMatch(/\nend 0\n$/);
  expect(after).toEqual(before);

  const more = await run(copy, "--batches", "180").ended;
  expect(more.stdout).toMatch(/^opened at 100\ndone 101\n/);
  const { report, state } = inspect(copy);
  expect(report.damages).toEqual([]);
  expect(state).toEqual({ batches: 180, streamed: 176, faults: [] });
});

test("a disk that an image has is not touched", async () => {
  const disk = join(folder, "disk.img");
  const running = run(`${disk}:8M`);
  await running.saw(/done 1\n/);
  for (const command of ["check", "dump"]) {
    const { status, err } = await transcript("kv", command, disk);
    expect({ status, err }).toEqual({
      status: 105,
      err: expect.stringMatching(/disk\.img: the disk is in use/) as string,
    });
  }
  const dump = join(folder, "empty.jsonl");
  writeFileSync(dump, '{"phantasm-kv-dump":1,"version":"0"}\n{"entries":0}\n');
  expect(await transcript("kv", "restore", disk, dump, "--force")).toMatchObject({ status: 105 });
  await running.stop();
});

// More: PHANTASM_KILLS=500 PHANTASM_SEED=7.
const seed = Number(process.env["PHANTASM_SEED"] ?? 1);
const kills = Number(process.env["PHANTASM_KILLS"] ?? 10);

test(
  `killed ${kills} times, nothing acknowledged is lost and no batch is there in part (seed ${seed})`,
  async () => {
    const disk = join(folder, "disk.img");
    let state = seed;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
      return Math.floor(((state >>> 8) / 2 ** 24) * below);
    };
    let acknowledged = 0;
    for (let kill = 1; kill <= kills; kill++) {
      const running = run(kill === 1 ? `${disk}:4M` : disk);
      const where = `seed ${seed}, kill ${kill}`;
      const [, opened] = await running.saw(/opened at (\d+)\n/);
      expect(Number(opened), where).toBeGreaterThanOrEqual(acknowledged);
      await new Promise((resolve) => setTimeout(resolve, random(3) === 0 ? 0 : random(150)));
      running.signal("SIGKILL");
      const { stdout } = await running.ended;
      expect(stdout, where).not.toContain("failed");
      acknowledged = Math.max(acknowledged, lastOf("done", stdout));
      const { report, state: found } = inspect(disk);
      expect(report.damages, where).toEqual([]);
      expect(report.summary.lostBytes, where).toBe(0);
      expect(found.faults, where).toEqual([]);
      expect(found.batches, where).toBeGreaterThanOrEqual(acknowledged);
      expect(found.streamed, where).toBeGreaterThanOrEqual(lastOf("streamed", stdout));
    }
    expect(acknowledged).toBeGreaterThan(0);
  },
  60_000 + kills * 5_000,
);
