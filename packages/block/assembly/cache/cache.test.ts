import { Block, BlockHandler, BlockWaiter, Errno } from "@phantasm/interfaces";
import { dispatch } from "@phantasm/runtime";
import { expect, test } from "@phantasm/testing";
import { Maker, SectorReader, behaves, survivesCrashes, survivesErrors } from "../exercise";
import { TestDisk } from "../testing";
import { Cache } from "./cache";

class Caches extends Maker {
  bytes: i32 = 65_536;
  make(disks: TestDisk[]): Block {
    return new Cache(disks[0], this.bytes, 50, 8);
  }
}

/** As much below as is in reach of the requests, so that frames are given up all the time. */
class Small extends Caches {
  below: u64 = 500;
}

/** Over a disk that takes few sectors at once. */
class Narrow extends Small {
  make(disks: TestDisk[]): Block {
    disks[0].requestSectorsMax = 9;
    return super.make(disks);
  }
}

class Large extends Caches {
  sectorBytes: i32 = 4096;
  below: u64 = 100;
}

test("behaves as a disk", () => {
  behaves(new Caches(), 20, 400);
  behaves(new Small(), 20, 600);
  behaves(new Large(), 20, 400);
  behaves(new Narrow(), 20, 300);
});

test("each error is reported, by the flush at the latest", () => {
  survivesErrors(new Small(), 60);
  survivesErrors(new Small(), 60, Errno.NOSPACE);
});

test("after a crash it holds what was flushed", () => {
  survivesCrashes(new Small(), 12, 150, 12);
  survivesCrashes(new Large(), 4, 150, 10);
});

class Counter implements BlockHandler, BlockWaiter {
  done: i32 = 0;
  status: i32 = 0;
  ready: i32 = 0;
  onBlock(tag: i32, status: i32): void {
    this.done++;
    this.status = status;
  }
  onBlockReady(): void {
    this.ready++;
  }
}

test("what was read or written once is not read again; pages are read as wholes", () => {
  const disk = new TestDisk(256);
  const cache = new Cache(disk, 65_536, 50, 8);
  const reader = new SectorReader(cache, [disk]);
  dispatch();
  reader.read(9);
  expect(disk.reads).toBe(1);
  reader.read(8);
  reader.read(15);
  expect(disk.reads).toBe(1);
  reader.write(100);
  reader.read(100);
  expect(disk.requests).toBe(1);
  expect(<i32>cache.counters.hits).toBe(3);
  expect(reader.flush()).toBe(0);
  expect(disk.writes).toBe(1);
  expect(disk.flushes).toBe(1);
  expect(reader.flush()).toBe(0);
  expect(disk.writes).toBe(1);
});

test("neighbours are written by one request", () => {
  const disk = new TestDisk(256);
  const cache = new Cache(disk, 65_536, 100, 8);
  const reader = new SectorReader(cache, [disk]);
  dispatch();
  for (let sector = 40; sector > 10; sector--) reader.write(sector);
  expect(cache.dirtyPages).toBe(5);
  reader.flush();
  expect(disk.writes).toBe(1);
  expect(<i32>disk.sectorsWritten).toBe(30);
});

test("it writes back by itself when much is dirty, and pushes back when all is", () => {
  const disk = new TestDisk(1024);
  const cache = new Cache(disk, 65_536, 50, 32);
  const counter = new Counter();
  dispatch();
  const buffer = new Uint8Array(4096);
  let page = 0;
  while (cache.write(page * 8, 8, buffer, 0, counter, 0) == 0) {
    page++;
    dispatch();
  }
  expect(page).toBe(16);
  expect(disk.inFlight).toBeGreaterThan(0);
  cache.whenReady(counter);
  dispatch();
  expect(counter.ready).toBe(0);
  disk.run(1);
  dispatch();
  expect(counter.ready).toBe(1);
  expect(cache.write(page * 8, 8, buffer, 0, counter, 0)).toBe(0);
});

test("the longest write finds room, however much may be dirty", () => {
  for (let percent = 50; percent <= 100; percent += 10) {
    const disk = new TestDisk(1024);
    const cache = new Cache(disk, 65_536, percent, 8);
    const reader = new SectorReader(cache, [disk]);
    dispatch();
    for (let page = 0; page < 15; page++) reader.write(page * 8);
    const counter = new Counter();
    const buffer = new Uint8Array(cache.requestSectorsMax * 512);
    let answer: i32 = Errno.AGAIN;
    for (let round = 0; round < 20 && answer == Errno.AGAIN; round++) {
      answer = cache.write(503, cache.requestSectorsMax, buffer, 0, counter, 0);
      disk.run(1);
      dispatch();
    }
    expect(`${percent} %: ${answer}`).toBe(`${percent} %: 0`);
  }
});

test("a write that fails later: the flush says so, and all that follows", () => {
  const disk = new TestDisk(256);
  const cache = new Cache(disk, 65_536, 50, 8);
  const reader = new SectorReader(cache, [disk]);
  dispatch();
  reader.read(200);
  disk.failAt = 1;
  expect(reader.write(3)).toBe(0);
  expect(reader.flush()).toBe(Errno.IO);
  expect(cache.state).toBe(Errno.IO);
  expect(reader.read(200)).toBe(Errno.IO);
  expect(reader.flush()).toBe(Errno.IO);
});
