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

test("whatever lies there is tolerated", () => {
  const random = new SeededEntropy(5);
  const memory = new Uint8Array(4096);
  const head = [0x50, 0x48, 0x4f, 0x42, ObservationBlock.VERSION, 0, 0, 0];
  for (let round = 0; round < 2000; round++) {
    random.fill(memory.subarray(0, 384));
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
  ["of the older version", { version: 1 }],
  ["shorter than the layout", { bytes: ObservationBlock.BYTES - 1 }],
])("no block: %s", (_, parts) => {
  const { bytes } = new WrittenMemory();
  bytes.copyWithin(65_536 - ObservationBlock.BYTES + 1, 1024, 1024 + ObservationBlock.BYTES - 1);
  expect(readObservation({ observation: { ...manifest.observation, ...parts } }, bytes)).toBeNull();
});
