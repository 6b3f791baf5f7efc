/** Domains that go on from a captured state. */
import { describe, expect, test } from "vitest";
import { image, step } from "../test/images.js";
import { BootError } from "./attach.js";
import type { DomainState } from "./domain.js";
import { classify } from "./failure.js";
import { MS, SECOND, VirtualHost, VirtualTime } from "./testing/index.js";

const CLOCKED = { capabilities: ["clock", "console"] } as const;
const PAGE_BYTES = 65_536;

/** Prints a digit each millisecond, which it keeps in three places, and ends after 9. */
const COUNTER = `(global $n (mut i32) (i32.const 0)) (export "g0" (global $n))
  (global $wide (mut i64) (i64.const 0)) (export "g1" (global $wide))
  (func $init (global.set $n (i32.add (global.get $n) (i32.const 48))))
  ${step(
    `(if (i32.eq (global.get $n) (i32.const 51)) (then (drop (memory.grow (i32.const 2)))))
     (if (i32.gt_u (global.get $n) (i32.const 51)) (then
       (i32.store8 (i32.const 196000) (i32.add (i32.load8_u (i32.const 196000)) (i32.const 1)))))
     (i32.store8 (i32.const 8) (global.get $n))
     (drop (call $console_write (i32.const 8) (i32.const 1)))
     (global.set $n (i32.add (global.get $n) (i32.const 1)))
     (global.set $wide (i64.sub (global.get $wide) (i64.const 0x1234567890)))
     (if (i32.eq (global.get $n) (i32.const 58)) (then
       (call $exit (i32.load8_u (i32.const 196000)))))`,
    "(i64.add (local.get $now) (i64.const 1000000))",
  )}`;

function captured(host: VirtualHost): DomainState {
  const state = host.domain.capture();
  if (state === null) throw new Error("there is no state to capture");
  return state;
}

test("a domain goes on where another was", () => {
  const guest = image(COUNTER);
  const host = new VirtualHost(guest);
  host.advance(5n * MS);
  const state = captured(host);
  expect(state.memory.length).toBe(3 * PAGE_BYTES);
  const exit = host.run();
  expect([host.output, exit.status]).toEqual(["0123456789", 6]);

  for (const ageNs of [0n, 7n * SECOND]) {
    const time = new VirtualTime();
    time.advance(ageNs);
    const again = new VirtualHost(guest, { state, time });
    expect(again.run()).toEqual(exit);
    // One of them in the step that lets it ask for what it waits for.
    expect(again.output).toBe("6789");
  }
});

test("a state can be gone on from any number of times, and is not changed by it", () => {
  const guest = image(COUNTER);
  const host = new VirtualHost(guest);
  host.advance(2n * MS);
  const state = captured(host);
  const before = { ...state, memory: state.memory.slice() };
  for (let time = 0; time < 3; time++) {
    const again = new VirtualHost(guest, { state });
    again.run();
    expect(again.output).toBe("3456789");
  }
  expect(state).toEqual(before);
});

test("what a restored domain captures is its state", () => {
  const guest = image(COUNTER);
  const host = new VirtualHost(guest);
  host.advance(2n * MS);
  const again = new VirtualHost(guest, { state: captured(host) });
  host.advance(4n * MS);
  again.advance(3n * MS);
  // The step that lets it ask for what it waits for came a millisecond early.
  const { nowNs } = captured(host);
  expect({ ...captured(again), nowNs }).toEqual({ ...captured(host), nowNs });
});

test("guest time goes on, and never back", () => {
  const code = `(i64.store (i32.const 8) (local.get $now))
    (i64.store (i32.const 16) (call $monotonic_clock))`;
  const guest = image(step(code), CLOCKED);
  const times = ({ memory }: DomainState): bigint[] => [
    ...new BigInt64Array(memory.buffer, memory.byteOffset + 8, 2),
  ];
  const host = new VirtualHost(guest);
  host.advance(40n * MS);
  const state = captured(host);
  expect([...times(state), state.nowNs]).toEqual([0n, 0n, 40n * MS]);
  const time = new VirtualTime();
  time.advance(9n * SECOND);
  const again = new VirtualHost(guest, { state, time });
  expect(times(captured(again))).toEqual([40n * MS, 40n * MS]);
  again.advance(3n * MS);
  again.domain.refresh();
  time.settle();
  expect(times(captured(again))).toEqual([43n * MS, 43n * MS]);
});

describe("a copy is told that it is one", () => {
  const guest = image(
    step(`(i32.store8 (i32.add (i32.const 8) (i32.load (i32.const 4))) (local.get $events))
      (i32.store (i32.const 4) (i32.add (i32.load (i32.const 4)) (i32.const 1)))`),
  );
  const events = (copy: boolean): number[] => {
    const host = new VirtualHost(guest, { state: captured(new VirtualHost(guest)), copy });
    host.domain.refresh();
    host.time.settle();
    return [...captured(host).memory.subarray(8, 11)];
  };

  test("in its first step, once", () => {
    expect(events(true)).toEqual([0, 2, 4]);
  });

  test("and a domain that moved is not", () => {
    expect(events(false)).toEqual([0, 0, 4]);
    const booted = new VirtualHost(guest, { copy: true });
    expect([...captured(booted).memory.subarray(8, 11)]).toEqual([0, 0, 0]);
  });
});

test("input that waits wakes a restored domain", () => {
  const code = `(loop $again
    (if (i32.gt_s (call $console_read (i32.const 0) (i32.const 8)) (i32.const 0)) (then
      (drop (call $console_write (i32.const 0) (i32.const 2))) (br $again))))`;
  const guest = image(step(code));
  const again = new VirtualHost(guest, { state: captured(new VirtualHost(guest)) });
  again.feed("hi");
  again.feed("yo");
  expect(again.output).toBe("hiyo");
});

test("a process without room for its memory is told, and no fault of the host", () => {
  const full = new RangeError("WebAssembly.Memory.grow(): Unable to grow instance memory");
  expect(classify(full)).toMatchObject({ status: 102, reason: "memory" });
  expect(classify(new RangeError("Invalid array length"))).toBeNull();
});

describe("refused", () => {
  test("is the state of another image", () => {
    const state = captured(new VirtualHost(image(COUNTER)));
    const other = image(step(""));
    expect(() => new VirtualHost(other, { state })).toThrow(
      `test is ${other.digest}, but the state is of ${state.digest}`,
    );
  });

  test("is more memory than the operator allows", () => {
    const guest = image(COUNTER);
    const host = new VirtualHost(guest);
    host.advance(5n * MS);
    const state = captured(host);
    const limited = (pages: number): VirtualHost =>
      new VirtualHost(guest, { state, memoryBytesMax: pages * PAGE_BYTES });
    expect(() => limited(2)).toThrow(
      new BootError("memory", "test goes on with 192 KiB of memory; the limit is 128 KiB."),
    );
    expect(limited(3).run().reason).toBe("exit");
  });
});
