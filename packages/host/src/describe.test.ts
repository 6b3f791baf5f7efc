import { expect, test } from "vitest";
import { fibreImage } from "../test/fibre-image.js";
import { image, step } from "../test/images.js";
import type { WrittenFibre } from "../test/observation.js";
import type { DomainDescription } from "./describe.js";
import { VirtualHost } from "./testing/index.js";

async function describeOf(host: VirtualHost): Promise<DomainDescription> {
  const asked = host.domain.describe();
  host.time.settle();
  const description = await asked;
  if (description === null) throw new Error("nothing was described");
  return description;
}

const fibre = (id: number, name: string, parts: Partial<WrittenFibre> = {}): WrittenFibre => ({
  at: 4096 + 64 * id,
  id,
  name,
  state: 3,
  queue: "a message",
  ...parts,
});

test("fibres with equal stacks are one group", async () => {
  const host = new VirtualHost(
    fibreImage([
      fibre(1, "a1"),
      fibre(2, "b1"),
      fibre(3, "a2", { dueNs: 70n }),
      fibre(4, "a3", { dueNs: 50n }),
      fibre(5, "a4", { queue: "a lock" }),
    ]),
  );
  const { fibres } = await describeOf(host);
  expect(fibres).toMatchObject({ count: 5, read: 5, complete: true, left: { fibres: 0 } });
  const groups = fibres!.groups.map(({ stack, ...group }) => ({
    ...group,
    fibres: group.fibres.map(({ name }) => name),
    depth: typeof stack === "string" ? stack : stack.frames.length,
  }));
  expect(groups).toEqual([
    {
      count: 3,
      looked: 3,
      fibres: ["a1", "a2", "a3"],
      due: { firstNs: 50n, lastNs: 70n },
      depth: 4,
    },
    { count: 1, looked: 1, fibres: ["b1"], due: null, depth: 4 },
    { count: 1, looked: 1, fibres: ["a4"], due: null, depth: 4 },
  ]);
  const [a, b] = fibres!.groups.map(({ stack }) => (typeof stack === "string" ? [] : stack.frames));
  expect(a?.[1]?.functionIndex).not.toBe(b?.[1]?.functionIndex);
});

test("a stack that the image does not show is unknown, one that is not there has not started", async () => {
  const host = new VirtualHost(
    fibreImage([fibre(1, "mute"), fibre(99, "bad"), fibre(3, "new"), fibre(4, "deep")]),
  );
  const { fibres } = await describeOf(host);
  const stacks = fibres!.groups.map(({ fibres: [first], stack }) => [
    first?.name,
    typeof stack === "string" ? stack : stack.frames.length,
  ]);
  expect(stacks).toEqual([
    ["mute", "unknown"],
    ["new", "not started"],
    ["deep", 9],
  ]);
  expect(fibres!.groups[0]?.fibres.map(({ name }) => name)).toEqual(["mute", "bad"]);
});

test("the domain itself is not changed, and goes on", async () => {
  const host = new VirtualHost(fibreImage([fibre(1, "a1"), fibre(2, "b1")]));
  const before = host.domain.capture();
  const described = await describeOf(host);
  expect(described.steps).toBe(2);
  const after = host.domain.capture();
  expect(after?.globals).toEqual(before?.globals);
  // But for the steps it counts.
  before!.memory.fill(0, 1032, 1040);
  after!.memory.fill(0, 1032, 1040);
  expect(Buffer.compare(before!.memory, after!.memory)).toBe(0);
  expect(host.exit).toBeNull();
  expect((await describeOf(host)).steps).toBe(3);
});

test("what it waits for, and until when", async () => {
  const code = `(drop (call $console_read (i32.const 0) (i32.const 1)))
    (drop (call $net_receive (i32.const 0) (i32.const 0) (i32.const 2000)))`;
  const host = new VirtualHost(
    image(step(code, "(i64.const 5000000)"), {
      devices: [{ name: "lan", type: "net", offloads: 0 }],
    }),
    { open: true },
  );
  expect(await describeOf(host)).toMatchObject({
    waitsFor: ["console", "lan"],
    deadlineNs: 5_000_000n,
    memoryBytes: 65_536,
    observation: null,
    fibres: null,
  });
});

test("nothing is said of a domain that has not started, or ends meanwhile", async () => {
  const ending = image(
    step("(if (i32.and (local.get $events) (i32.const 4)) (then (call $exit (i32.const 0))))"),
  );
  const host = new VirtualHost(ending);
  const asked = host.domain.describe();
  host.time.settle();
  expect(await asked).toBeNull();
  expect(host.exit?.status).toBe(0);
  expect(await host.domain.describe()).toBeNull();
  expect(host.domain.fibres()).toBeNull();
});

test("the fibres can be read after a trap, and the exit says in which one it was", async () => {
  const body = `(if (i32.and (local.get $events) (i32.const 1)) (then
    (i32.store (i32.const 1132) (i32.const 4224)) unreachable))`;
  const host = new VirtualHost(fibreImage([fibre(1, "a1"), fibre(2, "b1", { classId: 9 })], body));
  host.shutdown();
  expect(host.exit).toMatchObject({ reason: "trap", fibre: { id: 2, name: "b1", classId: 9 } });
  expect(host.domain.fibres()?.fibres).toHaveLength(2);
});

test("the counters are brought up to date first", async () => {
  const body = `(if (i32.and (local.get $events) (i32.const 4)) (then (i64.store (i32.const 1040) (i64.const 777))))`;
  const host = new VirtualHost(fibreImage([], body));
  expect(host.domain.observe()).toMatchObject({ heapUsedBytes: 0 });
  expect((await describeOf(host)).observation).toMatchObject({ heapUsedBytes: 777 });
});

test("a question is no news about being stuck", async () => {
  const { Domain } = await import("./domain.js");
  let stuck = 0;
  const domain = new Domain(fibreImage([fibre(1, "a1")]), { onStuck: () => stuck++ });
  domain.start();
  await domain.describe();
  await domain.describe();
  expect(stuck).toBe(1);
  domain.kill();
  await domain.exited;
});
