import { Event, NO_DEADLINE } from "@phantasm/abi";
import { expect, expectAbort, expectExit, test } from "@phantasm/testing";
import {
  ShutdownHandler,
  Source,
  addSource,
  copyCount,
  dispatch,
  enter,
  exit,
  hold,
  isEnding,
  leave,
  now,
  onShutdown,
  release,
} from "./domain";
import { observation } from "./observation";

let dispatched: i32 = 0;
let told: i32 = 0;

class Probe extends Source {
  constructor(
    private readonly dueNs: i64,
    private readonly output: bool,
  ) {
    super();
    addSource(this);
  }

  dispatch(now: i64): void {
    dispatched++;
  }

  deadline(): i64 {
    return this.dueNs;
  }

  busy(): bool {
    return this.output;
  }

  inspect(): void {
    observation().timersPending = dispatched;
  }
}

class Goodbye implements ShutdownHandler {
  onShutdown(): void {
    told++;
  }
}

test("only the first step boots", () => {
  expect(enter(5, 0)).toBe(true);
  hold();
  leave();
  expect(enter(9, 0)).toBe(false);
  expect(now()).toBe(9);
});

test("a domain that nothing holds ends with status 0", () => {
  expectExit(() => {
    enter(0, 0);
    leave();
  }, 0);
});

test("a held domain goes on, and its deadline is the earliest of its sources", () => {
  enter(0, 0);
  hold();
  new Probe(700, false);
  new Probe(300, false);
  expect(leave()).toBe(300);
});

test("without a source there is no deadline", () => {
  enter(0, 0);
  hold();
  expect(leave()).toBe(NO_DEADLINE);
});

test("the end waits for output that a source still has", () => {
  enter(0, 0);
  new Probe(NO_DEADLINE, true);
  exit(3);
  expect(leave()).toBe(NO_DEADLINE);
  expect(isEnding()).toBe(true);
});

test("the first exit status wins", () => {
  expectExit(() => {
    enter(0, 0);
    hold();
    exit(7);
    exit(8);
    leave();
  }, 7);
});

test("an exit status above 99 is refused", () => {
  expectAbort(() => {
    exit(100);
  }, "exit status must be 0 to 99");
});

test("release without hold is refused", () => {
  expectAbort(() => {
    release();
  }, "release without hold");
});

test("every source is asked once in a step", () => {
  new Probe(0, false);
  new Probe(0, false);
  dispatch();
  expect(dispatched).toBe(2);
});

test("a shutdown without a handler is an exit with status 0", () => {
  expectExit(() => {
    enter(0, 0);
    hold();
    leave();
    enter(1, Event.SHUTDOWN);
    leave();
  }, 0);
});

test("a shutdown handler is called once, although the bit stays set", () => {
  enter(0, 0);
  hold();
  onShutdown(new Goodbye());
  leave();
  enter(1, Event.SHUTDOWN);
  leave();
  enter(2, Event.SHUTDOWN);
  leave();
  expect(told).toBe(1);
  expect(isEnding()).toBe(false);
});

test("a shutdown before the boot is told to the handler that main sets", () => {
  expect(enter(0, Event.SHUTDOWN)).toBe(true);
  hold();
  onShutdown(new Goodbye());
  expect(leave()).toBe(0);
  expect(told).toBe(0);
  enter(1, Event.SHUTDOWN);
  expect(told).toBe(1);
});

test("copies of a state are counted", () => {
  enter(0, 0);
  expect(copyCount()).toBe(0);
  enter(1, Event.COPY);
  expect(copyCount()).toBe(1);
});

test("the observation block says what happened", () => {
  enter(0, 0);
  hold();
  leave();
  enter(41, Event.INSPECT);
  leave();
  const block = observation();
  expect(block.steps).toBe(2);
  expect(block.holds).toBe(1);
  expect(block.lastStepNs).toBe(41);
  expect(block.memoryBytes).toBe((<u64>memory.size()) << 16);
});

test("counters are those of the end of the step, when the host asks for them", () => {
  new Probe(NO_DEADLINE, false);
  enter(0, 0);
  hold();
  leave();
  enter(1, 0);
  dispatch();
  leave();
  expect(observation().timersPending).toBe(0);
  enter(2, Event.INSPECT);
  expect(observation().timersPending).toBe(1);
  dispatch();
  leave();
  expect(observation().timersPending).toBe(2);
  enter(3, 0);
  dispatch();
  leave();
  expect(observation().timersPending).toBe(2);
});
