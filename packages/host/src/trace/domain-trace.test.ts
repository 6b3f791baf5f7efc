import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { EVERYTHING, image, step } from "../../test/images.js";
import { WrittenMemory } from "../../test/observation.js";
import { readTrace, type ReadEvent } from "../../test/trace-events.js";
import { memoryConsole } from "../console/memory.js";
import { Domain, type DomainOptions } from "../domain.js";
import type { Image } from "../image.js";
import { VirtualDisk, VirtualLink, VirtualTime } from "../testing/index.js";
import { DomainTrace } from "./domain-trace.js";
import { TraceFile } from "./file.js";

const directory = mkdtempSync(join(tmpdir(), "phantasm-domain-trace-"));
afterAll(() => rmSync(directory, { recursive: true }));

async function traced(made: Image, options: DomainOptions = {}, classes: string[] | null = null) {
  const path = join(directory, "trace.json");
  const file = TraceFile.open(path);
  const trace = new DomainTrace(file, made.manifest, classes);
  const domain = new Domain(made, { console: memoryConsole(), ...options, trace });
  domain.start();
  const exit = await domain.exited;
  file.close();
  return { exit, ...readTrace(readFileSync(path, "utf8")) };
}

const spans = (events: readonly ReadEvent[], cat: string): string[] =>
  events.filter((event) => event.ph === "X" && event.cat === cat).map(({ name }) => name);

/** Does one thing a step, as `at` counts them: the things are those of an image with fibres. */
function things(codes: readonly string[]): string {
  const steps = codes.map(
    (code, at) =>
      `(if (i32.eq (global.get $at) (i32.const ${at + 1})) (then ${code} (return (i64.const 0))))`,
  );
  return `(global $at (mut i32) (i32.const 0)) (export "g0" (global $at))
    ${step(`(if (i32.eqz (i32.and (local.get $events) (i32.const 8))) (then unreachable))
      (global.set $at (i32.add (global.get $at) (i32.const 1)))
      (i32.store (i32.const 1080) (i32.const 0))
      ${steps.join("\n")}
      (call $exit (i32.const 3))`)}`;
}

const activity = (kind: number, fibre = 0, work = 0): string =>
  `(i32.store (i32.const 1080) (i32.const ${kind})) (i32.store (i32.const 1084) (i32.const ${fibre}))
   (i32.store (i32.const 1088) (i32.const ${work}))`;
const state = (fibre: number, value: number): string =>
  `(i32.store8 (i32.const ${fibre + 12}) (i32.const ${value}))`;

test("a step is named after what it did; a fibre has a track with what it does and waits for", async () => {
  const memory = new WrittenMemory();
  memory.table([
    { at: 4096, id: 1, name: "worker", state: 3, queue: "a message" },
    { at: 4160, id: 2, classId: 1, state: 4 },
  ]);
  const { events, tracks, problems, exit } = await traced(
    image(
      `${memory.wat()} ${things([
        activity(1),
        activity(2, 4096),
        activity(2, 4160),
        activity(3, 0, 500),
        activity(2, 4096) + state(4096, 5),
        activity(2),
      ])}`,
      WrittenMemory.manifest,
    ),
    {},
    ["~lib/object/Object", "main/Sleeper"],
  );
  expect(problems).toEqual([]);
  expect(exit.status).toBe(3);
  expect(spans(events, "step")).toEqual([
    "dispatch",
    'fibre 1 "worker"',
    "fibre 2 (Sleeper)",
    "collection",
    'fibre 1 "worker"',
    "task",
    "step",
  ]);
  expect(events.find(({ name }) => name === "collection")?.args).toEqual({ step: 4, work: 500 });
  expect([...tracks.values()]).toEqual(["steps", 'fibre 1 "worker"', "fibre 2 (Sleeper)"]);
  const ofTrack = (track: string): string[] =>
    events
      .filter(({ ph, tid }) => ph === "X" && tracks.get(tid) === track)
      .sort((a, b) => a.ts - b.ts)
      .map(({ name }) => name);
  expect(ofTrack('fibre 1 "worker"')).toEqual(["runs", "waits for a message", "runs"]);
  expect(ofTrack("fibre 2 (Sleeper)")).toEqual(["runs", "sleeps"]);
  expect(events.find(({ ph }) => ph === "i")?.name).toBe("exit 3");
  expect(events.find(({ name }) => name === "process_name")?.args).toEqual({ name: "test" });
});

test("hypercalls lie in their step, with what they were given and what came of it", async () => {
  const time = new VirtualTime();
  const body = `(data (i32.const 16) "hello")
    ${step(`(drop (call $console_write (i32.const 16) (i32.const 5)))
      (drop (call $net_send (i32.const 0) (i32.const 4096) (i32.const 60)))
      (drop (call $net_receive (i32.const 0) (i32.const 8192) (i32.const 2000)))
      (drop (call $block_submit (i32.const 1) (i32.const 0) (i64.const 2) (i32.const 16384) (i32.const 3) (i32.const 77)))
      (if (i32.eqz (call $block_complete (i32.const 1) (i32.const 64))) (then (call $exit (i32.const 1))))
      (call $abort (i32.const 0) (i32.const 16) (i32.const 5))`)}`;
  const { events, problems, exit } = await traced(image(body, EVERYTHING), {
    net: { net0: new VirtualLink(time) },
    block: { disk0: new VirtualDisk(time, 65_536) },
  });
  expect(problems).toEqual([]);
  expect(exit.reason).toBe("abort");
  const calls = events.filter(({ cat }) => cat === "hypercall");
  expect(calls.map(({ name, args }) => ({ name, ...args }))).toEqual([
    { name: "console_write", length: 5, result: 5 },
    { name: "net_send", device: "net0", length: 60, result: 0 },
    { name: "net_receive", device: "net0", capacity: 2000, result: "AGAIN" },
    {
      name: "block_submit",
      device: "disk0",
      operation: "read",
      sector: 2,
      sectors: 3,
      tag: 77,
      result: 0,
    },
    { name: "block_complete", device: "disk0", result: "AGAIN" },
    { name: "abort", reason: 0, length: 5 },
  ]);
  const [first] = events.filter(({ cat }) => cat === "step");
  for (const { ts, dur = 0 } of calls) {
    expect(ts).toBeGreaterThan(first!.ts);
    expect(ts + dur).toBeLessThanOrEqual(first!.ts + first!.dur!);
  }
  const counters = events
    .filter(({ ph }) => ph === "C")
    .map(({ name, args }) => ({ name, ...args }));
  expect(counters).toContainEqual({ name: "console", in: 0, out: 5 });
  expect(counters).toContainEqual({ name: "net0", in: 0, out: 60 });
  expect(events.at(-1)?.name).toBe("abort 100: hello");
});

test("a request of a disk lasts from its submission to its completion", async () => {
  const body = step(
    `(if (i32.eqz (i32.load (i32.const 0))) (then
        (i32.store (i32.const 0) (i32.const 1))
        (drop (call $block_submit (i32.const 0) (i32.const 1) (i64.const 0) (i32.const 4096) (i32.const 1) (i32.const -5)))
        (return (i64.const 0x7fffffffffffffff))))
      (if (i32.eqz (call $block_complete (i32.const 0) (i32.const 64))) (then (call $exit (i32.const 0))))`,
  );
  const { openBlock } = await import("../backends/index.js");
  const disk = await openBlock({ kind: "memory", bytes: 65_536 });
  const { events, problems } = await traced(
    image(body, { devices: [{ name: "disk", type: "block" }] }),
    { block: { disk } },
  );
  expect(problems).toEqual([]);
  const [begin, end] = events.filter(({ cat }) => cat === "block");
  expect(begin).toMatchObject({ ph: "b", name: "disk write", args: { sectors: 1 } });
  expect(end).toMatchObject({ ph: "e", name: "disk write", args: { status: 0 } });
  expect(end!.ts).toBeGreaterThan(begin!.ts);
});

test("the heap is counted, when it has changed and not all the time", async () => {
  const { bytes } = new WrittenMemory();
  expect(bytes.length).toBe(65_536);
  const body = `${new WrittenMemory().wat()}
    ${step(
      `(i64.store (i32.const 1040) (i64.add (i64.load (i32.const 1040)) (i64.const 8)))
      (if (i64.gt_u (i64.load (i32.const 1040)) (i64.const 80000)) (then (call $exit (i32.const 0))))`,
      "(i64.const 0)",
    )}`;
  const { events, problems } = await traced(image(body, WrittenMemory.manifest));
  expect(problems).toEqual([]);
  const heap = events.filter(({ name }) => name === "heap");
  expect(heap.length).toBeGreaterThan(1);
  expect(heap.length).toBeLessThan(5000);
  for (const [at, { ts }] of heap.slice(1, -1).entries()) {
    expect(ts - heap[at]!.ts).toBeGreaterThanOrEqual(900);
  }
  expect(events.filter(({ name }) => name === "fibres")).toHaveLength(1);
});

test("a trap ends the trace of its fibre", async () => {
  const memory = new WrittenMemory();
  memory.table([{ at: 4096, id: 1, name: "bad", state: 2 }]);
  const code = `${activity(2, 4096)} (i32.store (i32.const 1132) (i32.const 4096)) unreachable`;
  const { events, problems, exit } = await traced(
    image(`${memory.wat()} ${things([code])}`, WrittenMemory.manifest),
  );
  expect(problems).toEqual([]);
  expect(exit).toMatchObject({ reason: "trap", fibre: { id: 1, name: "bad" } });
  expect(spans(events, "step")).toEqual(['fibre 1 "bad"']);
  expect(events.at(-1)?.name).toBe("trap 101: unreachable");
});

test("more fibres than tracks share one", async () => {
  const memory = new WrittenMemory(4 * 65_536);
  memory.table(
    Array.from({ length: 1100 }, (_, at) => ({ at: 8192 + 64 * at, id: at + 1, state: 4 })),
  );
  const body = `${memory.wat()}
    ${step(
      `(i32.store (i32.const 1080) (i32.const 2))
      (i32.store (i32.const 1084) (i32.add (i32.const 8192) (i32.mul (i32.load (i32.const 0)) (i32.const 64))))
      (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
      (if (i32.eq (i32.load (i32.const 0)) (i32.const 1101)) (then (call $exit (i32.const 0))))`,
      "(i64.const 0)",
    )}`;
  const made = image(body, { ...WrittenMemory.manifest, memory: { minimum: 4, maximum: 4 } });
  const { events, tracks, problems } = await traced(made);
  expect(problems).toEqual([]);
  expect(tracks.size).toBe(1002);
  const more = events.filter(({ tid, ph }) => ph === "X" && tracks.get(tid) === "more fibres");
  expect(more.map(({ name }) => name).slice(0, 2)).toEqual(["fibre 1001", "fibre 1002"]);
});

test("two domains of one file are two processes", async () => {
  const path = join(directory, "two.json");
  const file = TraceFile.open(path);
  const domains = [1, 2].map((status) => {
    const made = image(step(`(call $exit (i32.const ${status}))`), { name: `number-${status}` });
    return new Domain(made, { trace: new DomainTrace(file, made.manifest, null) });
  });
  for (const domain of domains) domain.start();
  await Promise.all(domains.map(({ exited }) => exited));
  file.close();
  const { events, problems } = readTrace(readFileSync(path, "utf8"));
  expect(problems).toEqual([]);
  const exits = events.filter(({ ph }) => ph === "i").map(({ pid, name }) => [pid, name]);
  expect(exits).toEqual([
    [1, "exit 1"],
    [2, "exit 2"],
  ]);
});
