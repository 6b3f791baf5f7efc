import { expect, test } from "vitest";
import { WrittenMemory } from "../../test/observation.js";
import { SeededEntropy } from "../entropy.js";
import { FIBRES_COUNTED_MAX, FIBRES_MAX, readFibres, readRunningFibre } from "./table.js";

const { manifest } = WrittenMemory;

function table(memory: WrittenMemory) {
  const found = readFibres(manifest, memory.bytes);
  if (found === null) throw new Error("no table was found");
  return found;
}

test("the fibres in the order they were spawned, with what each waits for", () => {
  const memory = new WrittenMemory();
  memory.table([
    { at: 4096, id: 3, name: "worker", classId: 41, state: 3, queue: "a message", dueNs: 9n },
    { at: 4160, id: 2, state: 4, dueNs: 5_000_000n },
    { at: 4224, id: 1, name: "main", state: 3, queue: "the end of a fibre" },
  ]);
  expect(table(memory)).toEqual({
    complete: true,
    count: 3,
    fibres: [
      {
        id: 1,
        name: "main",
        classId: 7,
        state: "waiting",
        waitsFor: "the end of a fibre",
        dueNs: null,
        address: 4224,
      },
      {
        id: 2,
        name: "",
        classId: 7,
        state: "sleeping",
        waitsFor: "",
        dueNs: 5_000_000n,
        address: 4160,
      },
      {
        id: 3,
        name: "worker",
        classId: 41,
        state: "waiting",
        waitsFor: "a message",
        dueNs: 9n,
        address: 4096,
      },
    ],
  });
});

test("what a fibre waited for before says nothing while it is ready", () => {
  const memory = new WrittenMemory();
  memory.table([{ at: 4096, id: 1, state: 1, queue: "old", dueNs: 77n }]);
  expect(table(memory).fibres[0]).toMatchObject({ state: "ready", waitsFor: "", dueNs: null });
});

test("the fibre that ran when a step trapped", () => {
  const memory = new WrittenMemory();
  memory.table([{ at: 4096, id: 12, name: "worker", state: 2 }]);
  expect(readRunningFibre(manifest, memory.bytes)).toBeNull();
  memory.block.setUint32(108, 4096, true);
  expect(readRunningFibre(manifest, memory.bytes)).toMatchObject({ id: 12, name: "worker" });
  memory.block.setUint32(108, 65_530, true);
  expect(readRunningFibre(manifest, memory.bytes)).toBeNull();
});

test("an image without fibres has an empty table, one without a block has none", () => {
  const memory = new WrittenMemory();
  expect(table(memory)).toEqual({ complete: true, count: 0, fibres: [] });
  memory.block.setUint32(0, 0, true);
  expect(readFibres(manifest, memory.bytes)).toBeNull();
});

test.each([
  [1, 1],
  [2, 1],
  [7, 3],
  [100, 64],
  [100, 1],
])("a list of %i that runs in a circle from its fibre %i on ends", (count, back) => {
  const memory = new WrittenMemory();
  const ids = Array.from({ length: count }, (_, at) => at + 1);
  memory.table(ids.map((id) => ({ at: 4096 + 64 * id, id })));
  memory.view.setUint32(4096 + 64 * count, 4096 + 64 * back, true);
  const found = table(memory);
  expect(found).toMatchObject({ complete: false, count });
  expect(found.fibres.map(({ id }) => id)).toEqual(ids);
});

test("of a list that is longer than what is read: its two ends", () => {
  const memory = new WrittenMemory(8 * 1024 * 1024);
  const count = FIBRES_MAX + 10;
  // The newest is the first of the list.
  const ids = Array.from({ length: count }, (_, at) => count - at);
  memory.table(ids.map((id) => ({ at: 4096 + 64 * id, id })));
  const { fibres, ...rest } = table(memory);
  expect(rest).toEqual({ complete: true, count });
  expect(fibres).toHaveLength(FIBRES_MAX);
  expect([fibres[0]?.id, fibres.at(-1)?.id]).toEqual([1, count]);
  expect(fibres[FIBRES_MAX / 2]?.id).toBe(FIBRES_MAX / 2 + 11);
});

test("a list without end is left off", () => {
  const memory = new WrittenMemory(4 * (FIBRES_COUNTED_MAX + 10_000));
  memory.block.setUint32(88, 4096, true);
  // Each word leads to the next one.
  const words = new Uint32Array(memory.bytes.buffer);
  for (let at = 1024; at < words.length; at++) words[at] = 4 * at + 4;
  const { count, complete, fibres } = table(memory);
  expect([count, complete, fibres.length]).toEqual([FIBRES_COUNTED_MAX, false, FIBRES_MAX]);
});

test.each([2, 65_530, 0xffff_fff0])("a list that leads to %i ends there", (address) => {
  const memory = new WrittenMemory();
  memory.table([{ at: 4096, id: 1 }]);
  memory.view.setUint32(4096, address, true);
  expect(table(memory)).toMatchObject({ complete: false, fibres: [{ id: 1 }] });
});

test("texts are escaped and cut; a length that reaches beyond the memory is no text", () => {
  const memory = new WrittenMemory();
  memory.table([
    { at: 4096, id: 1, name: "\x1b[31mred\u202e" },
    { at: 4160, id: 2, name: "x".repeat(5000) },
    { at: 4224, id: 3, name: "gone" },
  ]);
  memory.view.setUint32(memory.view.getUint32(4228, true) - 4, 0xffff_fffe, true);
  const names = table(memory).fibres.map(({ name }) => name);
  expect(names).toEqual(["\\x1b[31mred\\u{202e}", `${"x".repeat(128)}…`, ""]);
});

test("whatever lies there is tolerated", () => {
  const random = new SeededEntropy(11);
  let found = 0;
  for (let round = 0; round < 500; round++) {
    const memory = new WrittenMemory();
    const bytes = memory.bytes.subarray(0, 16_384);
    random.fill(bytes.subarray(4096, 5120));
    // Offsets and addresses that often lie in the memory, and often lead into the rubbish.
    for (let at = 88; at < 112; at += 2) {
      memory.block.setUint16(at, Number(random.next() & 0x1fffn), true);
    }
    if (round % 2 === 0) memory.block.setUint16(90, 0, true);
    const { fibres } = readFibres(manifest, bytes) ?? { fibres: [] };
    found += fibres.length;
    for (const { name, waitsFor } of fibres) {
      expect(name.length).toBeLessThan(2000);
      expect(waitsFor.length).toBeLessThan(2000);
    }
    readRunningFibre(manifest, bytes);
  }
  expect(found).toBeGreaterThan(100);
});
