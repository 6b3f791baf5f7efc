/**
 * Power fails while an appliance writes: what is left is mounted again, and looked at by fsck.vfat. What it may
 * find is what docs/decisions/026-fat.md says, and nothing else.
 *
 *     PHANTASM_FAT_CRASHES=500     tries so many moments in the place of a few
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Image } from "@phantasm/host";
import { VirtualDisk, VirtualHost, VirtualTime } from "@phantasm/host/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Draw } from "../../support/recording.js";
import { Volume, hashOf, pattern, shellImage, toolsProblem } from "./volume.js";

const problem = toolsProblem();
if (problem !== null) console.warn(`crashes with fsck.vfat are left out: ${problem}`);

const BYTES = 2 * 2 ** 20;
const CRASHES = Number(process.env["PHANTASM_FAT_CRASHES"] ?? 60);

/** What fsck.vfat says of what a crash may leave: a dirty mark, lost clusters, a count that is only a hint. */
const ALLOWED = [
  /^Dirty bit is set\./,
  /^There are differences between boot sector and its backup/,
  /^This is mostly harmless\. Differences: \(offset:original\/backup\)/,
  /^65:01\/00$/,
  /^Not automatically fixing this\.$/,
  /^FATs differ but appear to be intact\.$/,
  /^Using first FAT\.$/,
  /^Reclaimed \d+ unused clusters? \(\d+ bytes\)\.?$/,
  /^Free cluster summary (wrong|uninitialized) /,
  /^Auto-(correct|sett)ing\.$/,
  /^Automatically removing dirty bit\.$/,
];

type Event =
  | { readonly kind: "write"; readonly start: number; readonly data: Uint8Array }
  | { readonly kind: "flush" };

/** Remembers what was written, and what the console had said by then. */
class LoggedDisk extends VirtualDisk {
  readonly events: { readonly event: Event; readonly lines: number }[] = [];
  output: () => string = () => "";

  override submit(
    ...[request]: Parameters<VirtualDisk["submit"]>
  ): ReturnType<VirtualDisk["submit"]> {
    const lines = this.output().split("\n").length - 1;
    if (request.operation === "flush") this.events.push({ event: { kind: "flush" }, lines });
    if (request.operation === "write") {
      const start = request.sector * this.sectorBytes;
      this.events.push({ event: { kind: "write", start, data: request.data.slice() }, lines });
    }
    return super.submit(request);
  }
}

/** What may be left of the first `count` events. */
function crash(start: Uint8Array, disk: LoggedDisk, count: number, draw: Draw): Uint8Array {
  const image = start.slice();
  const events = disk.events.slice(0, count).map(({ event }) => event);
  // Nothing is written before a flush has reported; only the very last event may be one that has not.
  const durable = events.slice(0, -1).findLastIndex(({ kind }) => kind === "flush");
  events.forEach((event, index) => {
    if (event.kind === "flush") return;
    const { start: at, data } = event;
    const fate = index < durable ? 0 : draw.below(4);
    const cut = draw.below(data.length + 1);
    if (fate === 0) image.set(data, at);
    else if (fate === 1) image.set(data.subarray(0, cut), at);
    else if (fate === 2) image.set(data.subarray(cut), at + cut);
  });
  return image;
}

interface Step {
  readonly line: string;
  /** What \`tree\` prints of the path afterwards; empty: nothing. */
  readonly path: string;
  readonly after: string;
}

function put(path: string, before: number, bytes: number, seed: number): Step {
  const content = pattern(before + bytes, seed);
  const after = `${path}\t${before + bytes}\t${hashOf(content)}`;
  return { line: `put\t${path}\t${bytes}\t${seed}`, path, after };
}

const STEPS: readonly Step[] = [
  { line: "mkdir\t/d", path: "/d/", after: "/d/" },
  put("/d/log of a day.txt", 0, 700, 1),
  put("/d/log of a day.txt", 700, 3000, 1),
  put("/A", 0, 20_000, 2),
  put("/d/log of a day.txt", 3700, 100, 1),
  { line: "remove\t/A", path: "/A", after: "" },
  put("/b", 0, 15_000, 3),
  put("/d/log of a day.txt", 3800, 6000, 1),
  { line: "remove\t/b", path: "/b", after: "" },
  put("/a new file.text", 0, 2000, 4),
];

describe.skipIf(problem !== null)("a crash", () => {
  let image: Image;
  let folder = "";

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "phantasm-fat-crash-"));
    image = Image.load(readFileSync(await shellImage()));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function play(bytes: Uint8Array, lines: readonly string[]): { disk: LoggedDisk; output: string } {
    const time = new VirtualTime();
    const disk = new LoggedDisk(time, bytes, { latencyNs: 1000 });
    const input = lines.map((line) => `${line}\n`).join("");
    const host = new VirtualHost(image, { time, input, block: { disk } });
    disk.output = () => host.output;
    host.run();
    return { disk, output: host.output };
  }

  test("leaves what was acknowledged, and nothing for fsck.vfat but what is documented", () => {
    const volume = new Volume(join(folder, "disk.img"));
    writeFileSync(volume.path, new Uint8Array(BYTES));
    execFileSync("mkfs.vfat", ["-F", "32", "-s", "1", volume.path], { stdio: "pipe" });
    const start = new Uint8Array(readFileSync(volume.path));
    // An unknown command prints a line: so the output says how far it is.
    const lines = STEPS.flatMap(({ line }) => [line, "mark"]);
    const { disk, output } = play(start.slice(), lines);
    expect(output).toBe("what is mark?\n".repeat(STEPS.length));
    expect(disk.events.length).toBeGreaterThan(60);
    expect(disk.events.at(-1)?.lines).toBeGreaterThan(STEPS.length - 3);

    const seen = new Set<string>();
    for (let seed = 1; seed <= CRASHES; seed++) {
      const draw = new Draw(seed * 7919);
      const count = 1 + draw.below(disk.events.length);
      const acknowledged = disk.events[count - 1]?.lines ?? 0;
      const left = crash(start, disk, count, draw);
      const recovered = play(left, ["tree"]);
      const tree = recovered.output.split("\n");
      const where = `seed ${seed}, event ${count}, after ${acknowledged} steps:\n${recovered.output}`;
      for (const [path, after] of expectedAfter(acknowledged)) {
        const found = tree.filter((line) => line === path || line.startsWith(`${path}\t`));
        expect([where, found]).toEqual([where, after === "" ? [] : [after]]);
      }
      writeFileSync(volume.path, recovered.disk.bytes);
      const { findings } = volume.fsck();
      const others = findings.filter((line) => !ALLOWED.some((known) => known.test(line.trim())));
      expect([where, others]).toEqual([where, []]);
      for (const line of findings) seen.add(line.replace(/\d+/g, "n"));
    }
    expect([...seen].join("\n")).toMatch(/Reclaimed n unused cluster/);
  });

  /** Paths that no later step touches, and what must be there of them. */
  function expectedAfter(acknowledged: number): Map<string, string> {
    const expected = new Map<string, string>();
    for (const { path, after } of STEPS.slice(0, acknowledged)) expected.set(path, after);
    // What goes on may have happened already, or half.
    const next = STEPS[acknowledged];
    if (next !== undefined) expected.delete(next.path);
    return expected;
  }
});
