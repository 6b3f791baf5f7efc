/**
 * A guest that makes a hypercall at the very edge of its stack fails somewhere inside the host. What
 * domains share must still be whole afterwards.
 */
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { image, step } from "../test/images.js";
import type { Image } from "./image.js";
import { memoryConsole } from "./console/memory.js";
import { streamConsole } from "./console/stream.js";
import { Domain } from "./domain.js";

const WRITE = "(drop (call $console_write (i32.const 16) (i32.const 5)))";
const EXIT = "(call $exit (i32.const 0))";
const ALIVE = image(`(data (i32.const 16) "alive") ${step(`${WRITE} ${EXIT}`)}`);
/** Depths tried around the deepest that fits: a hypercall needs less stack than these take. */
const DEPTHS = 120;
const STUCK_MS = 1000;

/** One call, this many calls deep. */
function edge(call: string, depth: number): Image {
  return image(
    `(func $deep (param i32)
       (if (i32.eqz (local.get 0)) (then ${call} (return)))
       (call $deep (i32.sub (local.get 0) (i32.const 1)))
       (drop (i32.load (i32.const 0))))
     ${step(`(call $deep (i32.const ${depth})) ${EXIT}`)}`,
  );
}

async function depthMax(): Promise<number> {
  let low = 1;
  let high = 1_000_000;
  while (low + 1 < high) {
    const middle = (low + high) >>> 1;
    const domain = new Domain(edge(EXIT, middle));
    domain.start();
    if ((await domain.exited).reason === "exit") low = middle;
    else high = middle;
  }
  return low;
}

test("a stream that domains share goes on, whatever depth one of them writes from", async () => {
  const max = await depthMax();
  const reasons = new Set<string>();
  for (let depth = max - DEPTHS; depth < max + DEPTHS / 4; depth++) {
    const stdout = new PassThrough({ highWaterMark: 2 ** 20 });
    const seen: Buffer[] = [];
    stdout.on("data", (bytes: Buffer) => seen.push(bytes));
    const deep = new Domain(edge(WRITE, depth), { console: streamConsole(null, stdout) });
    deep.start();
    reasons.add((await deep.exited).reason);
    const other = new Domain(ALIVE, { console: streamConsole(null, stdout) });
    other.start();
    const exit = await Promise.race([other.exited, sleep(STUCK_MS, null)]);
    expect(exit?.status, `depth ${depth} of ${max}`).toBe(0);
    await new Promise(setImmediate);
    expect(Buffer.concat(seen).toString().endsWith("alive"), `depth ${depth} of ${max}`).toBe(true);
  }
  expect([...reasons].sort()).toEqual(["exit", "stack-overflow"]);
}, 60_000);

test("a console that is full of small writes takes little more than their bytes", async () => {
  const body = step(
    `(loop $l (br_if $l (i32.gt_s (call $console_write (i32.const 16) (i32.const 1)) (i32.const 0)))) ${EXIT}`,
  );
  const console = memoryConsole();
  const before = process.memoryUsage();
  const domain = new Domain(image(body), { console });
  domain.start();
  await domain.exited;
  const after = process.memoryUsage();
  expect(console.takeOutput().length).toBe(2 ** 20);
  const grown = after.heapUsed + after.external - before.heapUsed - before.external;
  expect(grown).toBeLessThan(32 * 2 ** 20);
});
