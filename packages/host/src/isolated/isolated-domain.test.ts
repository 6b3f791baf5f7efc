/** Domains in threads of their own, as a library. Runs the compiled package. */
import { describe, expect, test } from "vitest";
import { fibreImage } from "../../test/fibre-image.js";
import { image, step } from "../../test/images.js";
import { memoryConsole } from "../console/memory.js";
import {
  IsolatedDomain,
  type IsolatedOptions,
  type WaitingFibres,
} from "../../dist/isolated/index.js";

const NO_ARGUMENTS = { arguments: new Uint8Array(0) };
const SPIN = `(func $forever (loop $l br $l))
  ${step("(drop (call $console_write (i32.const 0) (i32.const 3))) (call $forever)")}`;

function boot(body: string, options: IsolatedOptions = {}): IsolatedDomain {
  const domain = new IsolatedDomain(options);
  domain.boot(image(body), NO_ARGUMENTS);
  return domain;
}

async function firstOutput(body: string, options: IsolatedOptions = {}) {
  const output: Uint8Array[] = [];
  let domain: IsolatedDomain | null = null;
  await new Promise<void>((resolve) => {
    const onOutput = (bytes: Uint8Array): void => {
      output.push(bytes);
      resolve();
    };
    domain = boot(body, { ...options, console: memoryConsole({ onOutput }) });
  });
  return { domain: domain as unknown as IsolatedDomain, output };
}

test("two that spin are killed, and a third goes on", async () => {
  const [a, b] = await Promise.all([firstOutput(SPIN), firstOutput(SPIN)]);
  const good = boot(step("(call $exit (i32.const 6))"));
  expect(await good.exited).toMatchObject({ status: 6, stats: { steps: 1 } });
  await Promise.all([a.domain.kill(), b.domain.kill("enough", 99)]);
  const killed = await a.domain.exited;
  expect(killed).toMatchObject({ status: 137, reason: "killed", stats: null });
  const exit = await b.domain.exited;
  expect(exit.status).toBe(99);
  expect(exit.message).toMatch(/^enough/);
  expect(Buffer.concat(b.output).length).toBe(3);
});

test("a spinning one answers nothing, a resting one everything", async () => {
  const { domain } = await firstOutput(SPIN);
  expect(await domain.report(50)).toBeNull();
  expect(domain.stepNs).toBeGreaterThan(0);
  await domain.kill();
  await domain.exited;
  expect(await domain.report()).toBeNull();

  const resting = await firstOutput(
    step("(drop (call $console_write (i32.const 0) (i32.const 1)))"),
  );
  expect(await resting.domain.report(5000)).toMatchObject({ stats: { steps: 1 } });
  await resting.domain.kill();
});

test("spinning is told once", async () => {
  let told = 0;
  const spinning = new Promise<number>((resolve) => {
    void firstOutput(SPIN, {
      onSpinning: (ns) => {
        told++;
        resolve(ns);
      },
    }).then(async ({ domain }) => {
      await spinning;
      await domain.kill();
    });
  });
  expect(await spinning).toBeGreaterThan(1e9);
  expect(told).toBe(1);
});

test("each of two that spin is told where it is", async () => {
  const domains = await Promise.all([firstOutput(SPIN), firstOutput(SPIN)]);
  const seen = await Promise.all(domains.map(({ domain }) => domain.describe()));
  for (const one of seen)
    expect(one).toMatchObject({ trace: [{ functionIndex: 5 }, { name: "step" }] });
  await Promise.all(domains.map(({ domain }) => domain.kill()));
  for (const { domain } of domains) {
    const { trace, message } = await domain.exited;
    expect(trace).toMatchObject([{ functionIndex: 5 }, { name: "step" }]);
    expect(message).toMatch(/^it was killed \(in one step for [\d.]+s\)$/);
  }
});

test("one that is killed before it boots ends too", async () => {
  const domain = new IsolatedDomain();
  await domain.kill();
  expect(await domain.exited).toMatchObject({ status: 137 });
});

test("a shutdown request that comes before the boot is not lost", async () => {
  const domain = new IsolatedDomain();
  domain.shutdown();
  const code = "(if (i32.and (local.get $events) (i32.const 1)) (then (call $exit (i32.const 8))))";
  domain.boot(image(step(code)), NO_ARGUMENTS);
  expect(await domain.exited).toMatchObject({ status: 8 });
});

describe("describing", () => {
  const fibre = { at: 4096, id: 1, state: 3, queue: "a message" };

  test("fibres and their stacks come across the threads", async () => {
    const domain = new IsolatedDomain();
    expect(await domain.describe()).toBeNull();
    domain.boot(fibreImage([{ ...fibre, name: "a" }]), NO_ARGUMENTS);
    const seen = await domain.describe();
    expect(seen).toMatchObject({
      waitsFor: [],
      fibres: { count: 1, groups: [{ count: 1, fibres: [{ name: "a", waitsFor: "a message" }] }] },
    });
    await domain.kill();
    expect(await domain.describe()).toBeNull();
  });

  test("several questions have one answer each", async () => {
    const domain = new IsolatedDomain();
    domain.boot(fibreImage([{ ...fibre, name: "a" }]), NO_ARGUMENTS);
    const seen = await Promise.all([domain.describe(), domain.describe(), domain.describe()]);
    for (const one of seen) expect(one).toMatchObject({ fibres: { count: 1 } });
    await domain.kill();
  });

  test("an image that spins when it is asked is like any other that spins", async () => {
    const domain = new IsolatedDomain();
    domain.boot(fibreImage([{ ...fibre, name: "spin" }]), NO_ARGUMENTS);
    const seen = await domain.describe();
    expect(seen).toMatchObject({ stepNs: expect.any(Number) as number });
    expect(seen !== null && "trace" in seen ? seen.trace.length : 0).toBeGreaterThan(0);
    await domain.kill();
    expect(await domain.exited).toMatchObject({ reason: "killed" });
  });

  test("what its fibres wait for is told when it is stuck", async () => {
    const waiting = new Promise<readonly WaitingFibres[]>((resolve) => {
      const domain = new IsolatedDomain({
        onStuck: (fibres) => {
          resolve(fibres);
          void domain.kill();
        },
      });
      const others = [2, 3].map((id) => ({ ...fibre, at: 4096 + 64 * id, id, queue: "a lock" }));
      domain.boot(
        fibreImage([fibre, ...others, { ...fibre, at: 5120, id: 9, state: 4 }]),
        NO_ARGUMENTS,
      );
    });
    expect(await waiting).toEqual([
      { what: "a lock", count: 2 },
      { what: "a message", count: 1 },
    ]);
  });
});
