/** Domains in threads of their own, as a library. Runs the compiled package. */
import { expect, test } from "vitest";
import { image, step } from "../../test/images.js";
import { memoryConsole } from "../console/memory.js";
import { IsolatedDomain, type IsolatedOptions } from "../../dist/isolated/index.js";

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
  expect(await a.domain.exited).toMatchObject({ status: 137, reason: "killed", stats: null });
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
