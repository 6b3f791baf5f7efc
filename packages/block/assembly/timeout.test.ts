import {
  Block,
  BlockHandler,
  BlockWaiter,
  Clock,
  Errno,
  TIMED_OUT,
  Timer,
  TimerHandler,
} from "@phantasm/interfaces";
import { dispatch } from "@phantasm/runtime";
import { expect, test } from "@phantasm/testing";
import { Maker, behaves, survivesCrashes, survivesErrors } from "./exercise";
import { TestDisk } from "./testing";
import { Timeout } from "./timeout";

/** One timer, which is due when the test says so. */
class StillClock implements Clock, Timer {
  nowNs: i64 = 0;
  dueNs: i64 = i64.MAX_VALUE;
  handler: TimerHandler | null = null;

  now(): i64 {
    return this.nowNs;
  }
  monotonic(): i64 {
    return this.nowNs;
  }
  wall(): i64 {
    return this.nowNs;
  }
  after(delayNs: i64, handler: TimerHandler): Timer {
    this.handler = handler;
    this.set(delayNs);
    return this;
  }
  every(periodNs: i64, handler: TimerHandler): Timer {
    return this;
  }
  get pending(): bool {
    return this.dueNs != i64.MAX_VALUE;
  }
  get missed(): i64 {
    return 0;
  }
  cancel(): void {
    this.dueNs = i64.MAX_VALUE;
  }
  set(delayNs: i64): void {
    this.dueNs = this.nowNs + delayNs;
  }
  slack(ns: i64): void {}
  background(): void {}

  advance(ns: i64): void {
    this.nowNs += ns;
    if (this.dueNs <= this.nowNs) {
      this.cancel();
      this.handler!.onTimer(this);
    }
    dispatch();
  }
}

class Timeouts extends Maker {
  make(disks: TestDisk[]): Block {
    return new Timeout(disks[0], new StillClock(), 1000, 6);
  }
}

class Reports implements BlockHandler, BlockWaiter {
  text: string = "";
  onBlock(tag: i32, status: i32): void {
    this.text += ` ${tag}:${status}`;
  }
  onBlockReady(): void {
    this.text += " ready";
  }
  take(): string {
    const text = this.text;
    this.text = "";
    return text;
  }
}

const disk = new TestDisk(64);
const clock = new StillClock();
const timeout = new Timeout(disk, clock, 1000, 3);
const reports = new Reports();

function bytes(value: u8): Uint8Array {
  return new Uint8Array(512).fill(value);
}

function run(): string {
  disk.run();
  dispatch();
  return reports.take();
}

test("behaves as a disk, while that is in time", () => {
  behaves(new Timeouts(), 20, 300);
  survivesErrors(new Timeouts(), 40);
  survivesCrashes(new Timeouts(), 5, 100, 10);
});

test("a request is reported when its time is up, once, and keeps its place until the disk has answered", () => {
  dispatch();
  const buffer = bytes(1);
  timeout.read(0, 1, buffer, 0, reports, 1);
  clock.advance(400);
  timeout.read(1, 1, bytes(1), 0, reports, 2);
  clock.advance(599);
  expect(reports.take()).toBe("");
  clock.advance(1);
  expect(reports.take()).toBe(` 1:${TIMED_OUT}`);
  expect(timeout.overdue).toBe(1);
  clock.advance(400);
  expect(reports.take()).toBe(` 2:${TIMED_OUT}`);
  timeout.read(2, 1, bytes(1), 0, reports, 3);
  expect(timeout.read(3, 1, bytes(1), 0, reports, 4)).toBe(Errno.AGAIN);
  timeout.whenReady(reports);
  dispatch();
  expect(reports.take()).toBe("");
  expect(run()).toBe(" 3:0 ready");
  expect(timeout.overdue).toBe(0);
  expect(<i32>timeout.timeouts).toBe(2);
  // What came late did not touch the buffer.
  expect(buffer[0]).toBe(1);
});

test("a write that is overdue is not overtaken by what overlaps it", () => {
  dispatch();
  timeout.write(5, 1, bytes(1), 0, reports, 1);
  clock.advance(1000);
  expect(reports.take()).toBe(` 1:${TIMED_OUT}`);
  timeout.write(5, 1, bytes(2), 0, reports, 2);
  timeout.write(6, 1, bytes(3), 0, reports, 3);
  expect(disk.inFlight).toBe(2);
  expect(run()).toBe(" 3:0 2:0");
  expect(disk.content[5 * 512]).toBe(2);
});

test("what waits for it in vain never reaches the disk", () => {
  dispatch();
  timeout.write(5, 1, bytes(1), 0, reports, 1);
  clock.advance(1000);
  timeout.write(5, 1, bytes(2), 0, reports, 2);
  clock.advance(1000);
  expect(reports.take()).toBe(` 1:${TIMED_OUT} 2:${TIMED_OUT}`);
  expect(disk.requests).toBe(1);
  expect(timeout.overdue).toBe(1);
  run();
  expect(disk.content[5 * 512]).toBe(1);
});
