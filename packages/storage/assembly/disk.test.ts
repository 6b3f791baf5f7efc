import { NO_DEADLINE } from "@phantasm/abi";
import { TestDisk } from "@phantasm/block/testing";
import { Fibre, spawn } from "@phantasm/fibre";
import { keep, said, say, settle, step } from "@phantasm/fibre/testing";
import { CANCELLED, Errno, PENDING, TIMED_OUT, WRONG_FORMAT } from "@phantasm/interfaces";
import { expect, expectAbort, test, world } from "@phantasm/testing";
import { Disk } from "./disk";

const raw = new TestDisk(4096);
const disk = new Disk(raw, 4);
const buffer = new Uint8Array(1024 * 512);

/** One operation: `r`, `w`, `f`, `d` or `o`. */
class One extends Fibre {
  constructor(
    private readonly what: string,
    private readonly sector: u64 = 0,
    private readonly sectors: i32 = 1,
    private readonly deadlineNs: i64 = NO_DEADLINE,
    private readonly into: Uint8Array = buffer,
  ) {
    super(what);
  }

  run(): i32 {
    let status = 0;
    if (this.what == "r")
      status = disk.read(this.sector, this.sectors, this.into, 0, this.deadlineNs);
    else if (this.what == "w")
      status = disk.write(this.sector, this.sectors, this.into, 0, this.deadlineNs);
    else if (this.what == "f") status = disk.flush(this.deadlineNs);
    else if (this.what == "d") status = disk.discard(this.sector, this.sectors, this.deadlineNs);
    else status = disk.open(this.deadlineNs);
    say(`${this.what}:${status}`);
    return status;
  }
}

/** Runs the disk and the fibres until neither has anything to do. */
function rest(): void {
  let idle = 0;
  for (let rounds = 0; rounds < 1000 && idle < 3; rounds++) {
    settle();
    idle = raw.run(1) > 0 ? 0 : idle + 1;
  }
}

test("reads, writes, flushes and discards", () => {
  keep();
  buffer.fill(7);
  spawn(new One("w", 5, 3));
  rest();
  expect(said()).toBe("w:0");
  expect(raw.content[5 * 512]).toBe(7);
  buffer.fill(0);
  spawn(new One("r", 7, 2));
  rest();
  expect(said()).toBe("r:0");
  expect(buffer[511]).toBe(7);
  expect(buffer[512]).toBe(0);
  spawn(new One("f"));
  spawn(new One("d", 5, 3));
  rest();
  expect(said()).toBe("f:0 d:0");
  expect(raw.flushes).toBe(1);
});

test("a large transfer is many requests, several at once, in whatever order they are reported", () => {
  keep();
  raw.shuffles = true;
  for (let i = 0; i < buffer.length; i++) buffer[i] = <u8>(i / 512 + i);
  spawn(new One("w", 100, 1000));
  settle();
  expect(raw.inFlight).toBe(4);
  rest();
  expect(said()).toBe("w:0");
  expect(raw.writes).toBe(8);
  const back = new Uint8Array(buffer.length);
  spawn(new One("r", 100, 1000, NO_DEADLINE, back));
  rest();
  expect(said()).toBe("r:0");
  expect(memory.compare(back.dataStart, buffer.dataStart, 1000 * 512)).toBe(0);
  expect(disk.inFlight).toBe(0);
});

test("a disk that takes few requests, and has other users", () => {
  keep();
  raw.requestsMax = 1;
  for (let i = 0; i < 6; i++) spawn(new One("w", i * 100, 200));
  rest();
  expect(said()).toBe("w:0 w:0 w:0 w:0 w:0 w:0");
});

test("errors: the first of them, after what was under way", () => {
  keep();
  raw.failAt = 2;
  spawn(new One("r", 0, 1000));
  rest();
  expect(said()).toBe(`r:${Errno.IO}`);
  expect(disk.inFlight).toBe(0);
  raw.failAt = -1;
  spawn(new One("r", 4000, 200));
  rest();
  expect(said()).toBe(`r:${Errno.RANGE}`);
  raw.writable = false;
  spawn(new One("w"));
  rest();
  expect(said()).toBe(`w:${Errno.READONLY}`);
  expectAbort(() => {
    disk.read(0, 1025, buffer, 0);
  }, "outside the buffer");
});

test("a deadline: the buffer is the caller's again, the place is the disk's", () => {
  keep();
  raw.content.fill(9);
  buffer.fill(1);
  for (let i = 0; i < 4; i++) spawn(new One("r", i, 1, 100));
  settle();
  spawn(new One("r", 9, 1, 300));
  step(100);
  settle();
  expect(said()).toBe(`r:${TIMED_OUT} r:${TIMED_OUT} r:${TIMED_OUT} r:${TIMED_OUT}`);
  expect(disk.inFlight).toBe(4);
  step(200);
  settle();
  expect(said()).toBe(`r:${TIMED_OUT}`);
  rest();
  expect(disk.inFlight).toBe(0);
  expect(buffer[0]).toBe(1);
  spawn(new One("r", 9, 1));
  rest();
  expect(said()).toBe("r:0");
  expect(buffer[0]).toBe(9);
  spawn(new One("f", 0, 0, world.now()));
  settle();
  expect(said()).toBe(`f:${TIMED_OUT}`);
  expect(raw.flushes).toBe(0);
});

test("a fibre that is cancelled gets nothing any more, and asks for nothing", () => {
  keep();
  const one = spawn(new One("r", 0, 1000));
  const other = spawn(new One("r", 0, 1000));
  settle();
  other.cancel();
  one.cancel();
  settle();
  expect(said()).toBe(`r:${CANCELLED} r:${CANCELLED}`);
  const requests = raw.requests;
  const third = new One("w");
  spawn(third);
  third.cancel();
  rest();
  expect(said()).toBe(`w:${CANCELLED}`);
  expect(raw.requests).toBe(requests);
  spawn(new One("r", 0, 600));
  rest();
  expect(said()).toBe("r:0");
});

test("a disk that has to be opened", () => {
  keep();
  raw.state = PENDING;
  spawn(new One("o"));
  spawn(new One("r"));
  spawn(new One("o", 0, 0, 50));
  rest();
  step(50);
  settle();
  expect(said()).toBe(`o:${TIMED_OUT}`);
  raw.state = WRONG_FORMAT;
  rest();
  expect(said()).toBe(`o:${WRONG_FORMAT} r:${WRONG_FORMAT}`);
});
