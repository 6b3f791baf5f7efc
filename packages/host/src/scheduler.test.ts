import { expect, test } from "vitest";
import { SeededEntropy } from "./entropy.js";
import { eventLoopScheduler, Task, TimerHeap } from "./scheduler.js";

test("the heap gives back what was put in, earliest first, whatever happens between", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = new SeededEntropy(seed);
    const heap = new TimerHeap();
    const tasks = Array.from({ length: 200 }, () => new Task(() => undefined));
    for (let round = 0; round < 1000; round++) {
      const task = tasks[Number(random.next() % 200n)]!;
      if (random.next() % 4n === 0n) heap.remove(task);
      else heap.set(task, Number(random.next() % 1000n));
    }
    const expected = tasks.map(({ dueNs }) => dueNs).filter((due) => due !== Infinity);
    const taken: number[] = [];
    for (let task = heap.first; task !== undefined; task = heap.first) {
      taken.push(task.dueNs);
      heap.remove(task);
    }
    expect(taken, `seed ${seed}`).toEqual(expected.sort((a, b) => a - b));
  }
});

test("a cancelled task never runs", async () => {
  let runs = 0;
  const task = new Task(() => runs++);
  eventLoopScheduler.ready(task);
  eventLoopScheduler.after(task, 1);
  eventLoopScheduler.cancel(task);
  eventLoopScheduler.ready(task);
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(runs).toBe(0);
});

test("timers fire in the order of their times", async () => {
  const order: number[] = [];
  await new Promise<void>((resolve) => {
    for (const ms of [9, 3, 6, 1]) {
      const task = new Task(() => {
        order.push(ms);
        if (order.length === 4) resolve();
      });
      eventLoopScheduler.after(task, ms * 1e6);
    }
    // The scheduler's own timer does not keep the process alive.
    setTimeout(resolve, 1000);
  });
  expect(order).toEqual([1, 3, 6, 9]);
});

test("a task that makes another ready during its turn needs nothing of the event loop", async () => {
  // At the edge of the stack setImmediate may fail halfway: then nobody would ever run again.
  const real = globalThis.setImmediate;
  const ran = await new Promise<string>((resolve) => {
    setTimeout(resolve, 1000, "never");
    const second = new Task(() => resolve("second"));
    const first = new Task(() => {
      globalThis.setImmediate = (() => {
        throw new RangeError("Maximum call stack size exceeded");
      }) as unknown as typeof setImmediate;
      try {
        eventLoopScheduler.ready(second);
      } catch {
        // As the guest's own step would end.
      } finally {
        globalThis.setImmediate = real;
      }
    });
    eventLoopScheduler.ready(first);
  });
  expect(ran).toBe("second");
});
