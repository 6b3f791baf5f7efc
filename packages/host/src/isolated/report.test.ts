/** What an operator reads: the whole text is the specification. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { fibreImage } from "../../test/fibre-image.js";
import { image, step } from "../../test/images.js";
import { sourceMap } from "../../test/side-files.js";
import type { DomainDescription } from "../describe.js";
import type { DomainExit } from "../exit.js";
import type { Observation } from "../observe.js";
import type { SideFiles } from "../symbolise/side-files.js";
import { VirtualHost } from "../testing/index.js";
import type { Connection } from "../connections.js";
import { describeReport } from "./describe-report.js";
import { exitReport } from "./report.js";
import { statsReport } from "./stats-report.js";

const directory = mkdtempSync(join(tmpdir(), "phantasm-report-"));
afterAll(() => rmSync(directory, { recursive: true }));

const NOTHING: Observation = {
  steps: 0,
  heapUsedBytes: 0,
  heapLimitBytes: 0,
  heapFreedBytes: 0,
  memoryBytes: 0,
  collections: 0,
  pauses: Array.from({ length: 16 }, () => 0),
  timersPending: 0,
  holds: 0,
  lastStepNs: 0n,
  fibres: 0,
  fibresSpawned: 0,
  switches: 0,
  consumers: [],
  counters: [],
  connections: { count: 0, connections: [] },
};
const NO_FILES: SideFiles = { names: null, sourceMap: null, classes: null, problems: [] };

describe("--stats", () => {
  const times = {
    totalNs: 10_123_456,
    medianNs: 724.1,
    percentile99Ns: 9742,
    longestNs: 2_311_111,
  };

  test("everything that was counted, aligned", () => {
    const stats = {
      steps: 2060,
      memoryBytes: 262_144,
      hypercalls: { exit: 1, console_write: 12_345 },
      stepTimes: times,
    };
    const pauses = NOTHING.pauses.map((_, at) => (at < 3 ? 10 * (at + 1) : 0));
    const observation = {
      ...NOTHING,
      heapUsedBytes: 153_600,
      heapLimitBytes: 16 * 1024 * 1024,
      heapFreedBytes: 3_565_158,
      collections: 3,
      pauses,
      timersPending: 1,
      holds: 2,
      fibres: 2,
      fibresSpawned: 1001,
      switches: 4021,
    };
    expect(statsReport("hello\x1b", { stats, observation })).toBe(
      [
        "phantasm: hello\\x1b:",
        "  steps        2 060",
        "  step time    10.1ms in all, half within 724ns, 99 % within 9.74us, longest 2.31ms",
        "  memory       256 KiB",
        "  heap         150 KiB of 16 MiB",
        "  collections  3, freed 3.4 MiB, in 60 slices of at most 511 units",
        "  fibres       2 live, 1 001 spawned, 4 021 switches",
        "  timers       1 pending",
        "  holds        2",
        "  hypercalls   exit                1",
        "               console_write  12 345",
        "",
      ].join("\n"),
    );
  });

  test("what the image does not use is left out", () => {
    const stats = { steps: 1, memoryBytes: 65_536, hypercalls: {} };
    expect(statsReport("hello", { stats, observation: NOTHING })).toBe(
      "phantasm: hello:\n  steps   1\n  memory  64 KiB\n  heap    0 bytes\n",
    );
    expect(statsReport("hello", { stats, observation: null })).toBe(
      "phantasm: hello:\n  steps   1\n  memory  64 KiB\n",
    );
  });

  test("the longest slices have no upper bound", () => {
    const pauses = NOTHING.pauses.map((_, at) => (at === 15 ? 1 : 0));
    const stats = { steps: 1, memoryBytes: 0, hypercalls: {} };
    const observation = { ...NOTHING, collections: 1, pauses };
    expect(statsReport("a", { stats, observation })).toContain(
      "1, freed 0 bytes, in 1 slice of 2 097 152 units and more",
    );
  });

  test("a line for each module that counts something", () => {
    const counters = [
      { name: "arp", counters: [{ name: "requests", value: 0 }] },
      {
        name: "tcp",
        counters: [
          { name: "received", value: 12_345 },
          { name: "resets", value: 0 },
          { name: "sent", value: 7 },
        ],
      },
    ];
    const stats = { steps: 1, memoryBytes: 0, hypercalls: {} };
    const observation = { ...NOTHING, counters, connections: { count: 3, connections: [] } };
    expect(statsReport("a", { stats, observation })).toBe(
      [
        "phantasm: a:",
        "  steps        1",
        "  memory       0 bytes",
        "  heap         0 bytes",
        "  tcp          received 12 345, sent 7",
        "  connections  3",
        "",
      ].join("\n"),
    );
  });
});

describe("the end", () => {
  const made = image(step("(call $exit (i32.const 0))"), { name: "hello" });
  const path = join(directory, "hello.wasm");
  const classes = ["~lib/object/Object", "~lib/array/Array<main/Item>", "main/Item", "main/\x1b"];
  writeFileSync(
    `${path}.map`,
    JSON.stringify({
      ...JSON.parse(sourceMap(made.verified.bytes, {})),
      x_phantasm_classes: classes,
    }),
  );
  const ended = (parts: Partial<DomainExit>): DomainExit => ({
    status: 101,
    reason: "trap",
    message: "unreachable",
    trace: [],
    ...parts,
  });

  test("names the fibre in which it happened", async () => {
    const fibre = { id: 12, name: "worker", classId: 2 };
    expect(await exitReport(ended({ fibre }), made, path)).toBe(
      'phantasm: hello trapped in fibre 12 "worker": unreachable\n',
    );
    const unnamed = ended({ fibre: { ...fibre, name: "" } });
    expect(await exitReport(unnamed, made, path)).toBe(
      "phantasm: hello trapped in fibre 12 (Item): unreachable\n",
    );
    expect(await exitReport(unnamed, made, join(directory, "other.wasm"))).toBe(
      "phantasm: hello trapped in fibre 12: unreachable\n",
    );
  });

  test("names what memory was full of", async () => {
    const exit = ended({ status: 102, reason: "memory", message: "it has 16 MiB" });
    const consumers = [
      { classId: 2, objects: 1000, bytes: 12_897_485 },
      { classId: 1, objects: 1, bytes: 1_048_576 },
      { classId: 3, objects: 20, bytes: 204_800 },
      { classId: 77, objects: 2, bytes: 131_072 },
      { classId: 0, objects: 900, bytes: 128_000 },
    ];
    expect(await exitReport(exit, made, path, { ...NOTHING, consumers })).toBe(
      [
        "phantasm: hello ran out of memory: it has 16 MiB",
        "    12.3 MiB in 1 000 objects of main/Item",
        "       1 MiB in     1 object  of Array<main/Item>",
        "     200 KiB in    20 objects of main/\\x1b",
        "     128 KiB in     2 objects of class 77",
        "",
      ].join("\n"),
    );
    expect(await exitReport(ended({}), made, path, { ...NOTHING, consumers })).toBe(
      "phantasm: hello trapped: unreachable\n",
    );
  });
});

describe("Ctrl-\\", () => {
  const resting: DomainDescription = {
    steps: 1234,
    nowNs: 1_000_000_000n,
    deadlineNs: null,
    waitsFor: [],
    memoryBytes: 65_536,
    observation: null,
    fibres: null,
  };
  const made = image(step("(call $exit (i32.const 0))"), { name: "hello" });
  const report = (parts: Partial<DomainDescription>): string =>
    describeReport({ ...resting, ...parts }, made, NO_FILES);

  test("what a domain without fibres waits for", () => {
    expect(report({})).toBe(
      "phantasm: hello waits for nothing that can happen (after 1 234 steps)\n  memory 64 KiB\n",
    );
    expect(report({ deadlineNs: 1_000_000_000n })).toContain("hello has work to do (");
    const observation = { ...NOTHING, heapUsedBytes: 2048, heapLimitBytes: 4096, timersPending: 2 };
    expect(
      report({ steps: 1, deadlineNs: 3_512_345_678n, waitsFor: ["console", "lan"], observation }),
    ).toBe(
      "phantasm: hello waits for console, or lan, or its next deadline in 2.51s (after 1 step)\n" +
        "  memory 64 KiB, heap 2 KiB of 4 KiB, 2 timers pending\n",
    );
  });

  test("connections, as netstat shows them", () => {
    const row: Connection = {
      protocol: "tcp",
      state: "ESTABLISHED",
      local: { address: "10.0.2.15", port: 80 },
      remote: { address: "2001:db8::1", port: 40_000 },
      receivedBytes: 0,
      sentBytes: 1448,
      roundTripUs: 1234,
      congestionWindowBytes: 14_480,
      retransmissions: 2,
    };
    const listener = { ...row, state: "LISTEN", remote: null, sentBytes: 0, roundTripUs: 0 };
    const connections = { count: 1025, connections: [listener, row] };
    expect(report({ observation: { ...NOTHING, connections } })).toBe(
      [
        "phantasm: hello waits for nothing that can happen (after 1 234 steps)",
        "  memory 64 KiB, heap 0 bytes",
        "  1 025 connections",
        "       local         remote               state        unread  unacknowledged  RTT     resent",
        "  tcp  10.0.2.15:80  *                    LISTEN       0       0                       2",
        "  tcp  10.0.2.15:80  [2001:db8::1]:40000  ESTABLISHED  0       1448            1.23ms  2",
        "  and 1 023 more",
        "",
      ].join("\n"),
    );
  });

  test("fibres by the place where they wait", async () => {
    const guest = fibreImage([
      { at: 4096, id: 1, name: "a", state: 3, queue: "a message" },
      { at: 4160, id: 2, name: "b", state: 4, dueNs: 2_500_000_000n },
      { at: 4224, id: 3, name: "a", state: 3, queue: "a message" },
      { at: 4288, id: 4, name: "new", state: 1 },
      { at: 4352, id: 5, name: "mute", state: 3 },
    ]);
    const host = new VirtualHost(guest);
    const asked = host.domain.describe();
    host.time.settle();
    const text = describeReport((await asked)!, guest, NO_FILES);
    expect(text.replace(/0x[0-9a-f]+/g, "0x…")).toBe(
      [
        "phantasm: test waits for nothing that can happen (after 2 steps)",
        "  memory 64 KiB, heap 0 bytes",
        "  5 fibres",
        '  2 fibres like this: fibre 1 "a" waits for a message',
        "    at function 5 (offset 0x…)",
        "    at function 6 (offset 0x…)",
        "    at function 9 (offset 0x…)",
        "    at function 10 (offset 0x…)",
        '  fibre 2 "b" sleeps, for 2.5s more',
        "    at function 5 (offset 0x…)",
        "    at function 7 (offset 0x…)",
        "    at function 9 (offset 0x…)",
        "    at function 10 (offset 0x…)",
        '  fibre 4 "new" is ready',
        "    has not started yet",
        '  fibre 5 "mute" waits',
        "    (its stack was not looked at)",
        "",
      ].join("\n"),
    );
  });

  test("very many fibres, and a table that is broken", () => {
    const first = {
      id: 3,
      name: "",
      classId: 0,
      state: "sleeping",
      waitsFor: "",
      dueNs: 2_000_000_000n,
      address: 0,
    } as const;
    const group = {
      count: 9998,
      looked: 120,
      fibres: [first],
      due: { firstNs: 2_000_000_000n, lastNs: 901_000_000_000n },
      stack: { frames: [] },
    };
    const fibres = {
      count: 20_000,
      read: 15_000,
      complete: false,
      groups: [group],
      left: { groups: 2, fibres: 5002 },
    };
    expect(
      describeReport({ ...resting, fibres }, made, { ...NO_FILES, classes: ["main/Sleeper"] }),
    ).toBe(
      [
        "phantasm: hello waits for nothing that can happen (after 1 234 steps)",
        "  memory 64 KiB",
        "  20 000 fibres at least: the table is longer, or broken after these",
        "  9 998 fibres like this, 120 of them looked at: fibre 3 (Sleeper) sleeps, the first for 1s more, the last for 900s more",
        "  and 5 002 fibres in 2 other places",
        "  and 5 000 fibres that were not looked at",
        "",
      ].join("\n"),
    );
  });

  test("a domain that is busy, and where", () => {
    const trace = [{ functionIndex: 5, offset: 0x99, name: null }];
    expect(describeReport({ stepNs: 1_500_000_000, trace }, made, NO_FILES)).toBe(
      "phantasm: hello is busy in one step for 1.5s:\n    at function 5 (offset 0x99)\n",
    );
    expect(describeReport({ stepNs: 1_500_000_000, trace: [] }, made, NO_FILES)).toBe(
      "phantasm: hello is busy in one step for 1.5s; the engine does not say where\n",
    );
  });
});
