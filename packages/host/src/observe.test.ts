import { ObservationBlock } from "@phantasm/abi";
import { expect, test } from "vitest";
import { image, step } from "../test/images.js";
import { WrittenMemory } from "../test/observation.js";
import { observationBlock, readActivity, readObservation } from "./observe.js";
import { SeededEntropy } from "./entropy.js";
import { VirtualHost } from "./testing/index.js";

const { manifest } = WrittenMemory;

test("the counters are read at rest, also after a trap", () => {
  const body = `${new WrittenMemory().wat()}
    ${step(`(i64.store (i32.const 1032) (i64.add (i64.load (i32.const 1032)) (i64.const 1)))
      (i32.store (i32.const 1068) (i32.const 3))
      (if (i32.and (local.get $events) (i32.const 4)) (then (i64.store (i32.const 1040) (i64.const 4096))))
      (if (i32.and (local.get $events) (i32.const 1)) (then unreachable))`)}`;
  const host = new VirtualHost(image(body, manifest));
  expect(host.domain.observe()).toMatchObject({ steps: 1, holds: 3, heapUsedBytes: 0 });
  expect(host.observe()).toMatchObject({ steps: 2, heapUsedBytes: 4096 });
  host.shutdown();
  expect(host.exit?.reason).toBe("trap");
  expect(host.domain.observe()).toMatchObject({ steps: 3 });
});

test("every counter has its place", () => {
  const { block, bytes } = new WrittenMemory();
  // A number of its own in each field, by its offset.
  for (const at of [8, 16, 24, 32, 72, 80, 112, 120]) block.setBigUint64(at, BigInt(at), true);
  for (const at of [40, 44, 56, 60, 64, 68]) block.setUint32(at, at, true);
  block.setBigInt64(48, -48n, true);
  for (let at = 128; at < 192; at += 4) block.setUint32(at, at, true);
  for (const [rank, [classId, objects, size]] of [
    [7, 1000, 123_456],
    [9, 2, 64],
  ].entries()) {
    block.setUint32(192 + 16 * rank, classId!, true);
    block.setUint32(196 + 16 * rank, objects!, true);
    block.setBigUint64(200 + 16 * rank, BigInt(size!), true);
  }
  expect(readObservation(manifest, bytes)).toEqual({
    steps: 8,
    heapUsedBytes: 16,
    memoryBytes: 24,
    collections: 32,
    timersPending: 40,
    holds: 44,
    lastStepNs: -48n,
    fibres: 68,
    fibresSpawned: 72,
    switches: 80,
    heapLimitBytes: 112,
    heapFreedBytes: 120,
    pauses: Array.from({ length: 16 }, (_, at) => 128 + 4 * at),
    consumers: [
      { classId: 7, objects: 1000, bytes: 123_456 },
      { classId: 9, objects: 2, bytes: 64 },
    ],
    counters: [],
    connections: { count: 0, connections: [] },
  });
  const activity = (kind: number) => {
    block.setUint32(56, kind, true);
    return readActivity(observationBlock(manifest, bytes)!);
  };
  expect(activity(3)).toEqual({ kind: "collection", fibre: 60, work: 64 });
  expect([0, 1, 2, 4, 0xffff_ffff].map((kind) => activity(kind).kind)).toEqual([
    "none",
    "dispatch",
    "task",
    "none",
    "none",
  ]);
});

test("counters of modules, in the order in which they came", () => {
  const memory = new WrittenMemory();
  const { block, view, bytes } = memory;
  const group = (
    at: number,
    next: number,
    name: string,
    labels: string,
    values: bigint[],
  ): void => {
    view.setUint32(at, next, true);
    view.setUint32(at + 4, memory.text(name), true);
    view.setUint32(at + 8, memory.text(labels), true);
    view.setUint32(at + 12, at + 16, true);
    values.forEach((value, index) => view.setBigUint64(at + 16 + 8 * index, value, true));
  };
  group(4096, 0, "ethernet", "received sent", [12n, 7n]);
  group(8192, 4096, "t\u001bcp", "resets", [3n]);
  block.setUint32(320, 8192, true);
  const counters = [
    {
      name: "ethernet",
      counters: [
        { name: "received", value: 12 },
        { name: "sent", value: 7 },
      ],
    },
    { name: "t\\x1bcp", counters: [{ name: "resets", value: 3 }] },
  ];
  expect(readObservation(manifest, bytes)?.counters).toEqual(counters);
  // In a circle: as many as are read at all.
  view.setUint32(4096, 8192, true);
  expect(readObservation(manifest, bytes)?.counters).toHaveLength(64);
  // Out of the memory: nothing of it.
  view.setUint32(4096, 0xffff_fff0, true);
  view.setUint32(8192 + 12, 65_530, true);
  expect(readObservation(manifest, bytes)?.counters).toEqual([
    counters[0],
    { name: "t\\x1bcp", counters: [] },
  ]);
});

test("connections, as many as lie in the memory", () => {
  const { block, view, bytes } = new WrittenMemory();
  const row = 4096;
  view.setUint8(row, 6);
  view.setUint8(row + 1, 4);
  view.setUint16(row + 2, 80, true);
  view.setUint16(row + 4, 40_000, true);
  view.setBigUint64(row + 16, 0xffff_0a00_0201n, true);
  view.setBigUint64(row + 24, 0x2001_0db8_0000_0000n, true);
  view.setBigUint64(row + 32, 0x0000_0001_0000_0001n, true);
  [5, 6, 7, 8, 9].forEach((value, at) => view.setUint32(row + 40 + 4 * at, value, true));
  view.setUint8(row + 64, 17);
  view.setUint16(row + 66, 53, true);
  [row, 2, 3].forEach((value, at) => block.setUint32(324 + 4 * at, value, true));
  expect(readObservation(manifest, bytes)?.connections).toEqual({
    count: 3,
    connections: [
      {
        protocol: "tcp",
        state: "ESTABLISHED",
        local: { address: "10.0.2.1", port: 80 },
        remote: { address: "2001:db8::1:0:1", port: 40_000 },
        receivedBytes: 5,
        sentBytes: 6,
        roundTripUs: 7,
        congestionWindowBytes: 8,
        retransmissions: 9,
      },
      expect.objectContaining({
        protocol: "udp",
        state: "",
        local: { address: "::", port: 53 },
        remote: null,
      }),
    ],
  });
  block.setUint32(328, 0xffff_ffff, true);
  expect(readObservation(manifest, bytes)?.connections).toEqual({ count: 3, connections: [] });
});

test("whatever lies there is tolerated", () => {
  const random = new SeededEntropy(5);
  const memory = new Uint8Array(4096);
  const head = [0x50, 0x48, 0x4f, 0x42, ObservationBlock.VERSION, 0, 0, 0];
  for (let round = 0; round < 2000; round++) {
    random.fill(memory.subarray(0, 400));
    if (round % 2 === 0) memory.set(head, 0);
    const address = round % 3 === 0 ? Number(random.next() % 8192n) : 0;
    const observation = { ...manifest.observation, address };
    const found = readObservation({ observation }, memory);
    if (found !== null) expect(found.steps).toBeGreaterThanOrEqual(0);
    else expect(address !== 0 || round % 2 === 1).toBe(true);
  }
});

test.each([
  ["beyond the memory", { address: 0xffff_ffff }],
  ["at the very end", { address: 65_536 - ObservationBlock.BYTES + 1 }],
  ["of no size", { bytes: 0 }],
  ["of an older version", { version: 2 }],
  ["shorter than the layout", { bytes: ObservationBlock.BYTES - 1 }],
])("no block: %s", (_, parts) => {
  const { bytes } = new WrittenMemory();
  bytes.copyWithin(65_536 - ObservationBlock.BYTES + 1, 1024, 1024 + ObservationBlock.BYTES - 1);
  expect(readObservation({ observation: { ...manifest.observation, ...parts } }, bytes)).toBeNull();
});
