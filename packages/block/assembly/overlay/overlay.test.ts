import { Block, CORRUPT, Errno, TOO_LARGE, WRONG_FORMAT } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import {
  Exercise,
  Maker,
  SectorReader,
  behaves,
  settle,
  survivesCrashes,
  survivesErrors,
} from "../exercise";
import { RamDisk } from "../ram-disk";
import { Slice } from "../slice";
import { TestDisk, TestRandom } from "../testing";
import { Geometry } from "./format";
import { Overlay } from "./overlay";

/** Leg 0 has the changes; the base is zeros, as the exercise expects. */
class Overlays extends Maker {
  below: u64 = 300;
  baseSectors: u64 = 200;
  make(disks: TestDisk[]): Block {
    return new Overlay(new TestBase(this.baseSectors, this.sectorBytes), disks[0], 6);
  }
}

/** A base whose requests are reported by themselves. */
class TestBase extends RamDisk {
  constructor(sectors: u64, sectorBytes: i32) {
    super(sectors * sectorBytes, sectorBytes, 64);
  }
}

/** Leg 1 is the base: it is written by nobody. */
class TwoDisks extends Maker {
  legs: i32 = 2;
  below: u64 = 300;
  make(disks: TestDisk[]): Block {
    disks[1].writable = false;
    return new Overlay(new Slice(disks[1], 50, 200), disks[0], 6);
  }
}

class Large extends Overlays {
  sectorBytes: i32 = 4096;
}

test("behaves as a disk", () => {
  behaves(new Overlays(), 20, 400);
  behaves(new TwoDisks(), 20, 400);
  behaves(new Large(), 5, 300);
});

test("each error is reported once", () => {
  survivesErrors(new TwoDisks(), 50);
  survivesErrors(new Overlays(), 50, Errno.NOSPACE);
});

test("after a crash it holds what was flushed", () => {
  survivesCrashes(new Overlays(), 30, 150, 20);
  survivesCrashes(new TwoDisks(), 10, 150, 20);
  survivesCrashes(new Large(), 4, 150, 10);
});

test("a crash while it is formatted, and it is formatted again", () => {
  const disk = new TestDisk(300);
  disk.records = true;
  const first = new Overlay(new TestBase(200, 512), disk, 6);
  settle(first, [disk]);
  expect(first.state).toBe(0);
  const left = new TestDisk(300);
  for (let round = 0; round < 300; round++) {
    left.content.fill(0);
    const moment = round % (disk.journalLength + 1);
    disk.crash(moment, new TestRandom(round + 1), left.content);
    const again = new Overlay(new TestBase(200, 512), left, 6);
    settle(again, [left]);
    expect(`round ${round}: ${again.state}`).toBe(`round ${round}: 0`);
  }
});

describe("what it writes to", () => {
  test("a disk that has something else on it stays as it is", () => {
    for (let at = 0; at < 131_072; at += 1021) {
      const disk = new TestDisk(400);
      disk.content[at] = 0x5a;
      const overlay = new Overlay(new TestBase(200, 512), disk, 6);
      settle(overlay, [disk]);
      expect(`${at}: ${overlay.state}`).toBe(`${at}: ${WRONG_FORMAT}`);
      expect(disk.writes).toBe(0);
    }
  });

  test("the overlay of another base", () => {
    const disk = new TestDisk(300);
    settle(new Overlay(new TestBase(200, 512), disk, 6), [disk]);
    const other = new Overlay(new TestBase(208, 512), disk, 6);
    settle(other, [disk]);
    expect(other.state).toBe(WRONG_FORMAT);
  });

  test("a disk that is too small, or of other sectors", () => {
    const small = new TestDisk(18);
    const overlay = new Overlay(new TestBase(200, 512), small, 6);
    settle(overlay, [small]);
    expect(overlay.state).toBe(Errno.NOSPACE);
    const other = new Overlay(new TestBase(200, 4096), new TestDisk(300), 6);
    expect(other.state).toBe(WRONG_FORMAT);
  });

  test("full: NOSPACE for what changes for the first time, and nothing else", () => {
    const disk = new TestDisk(16 + 3 * 16 + 2);
    const overlay = new Overlay(new TestBase(200, 512), disk, 6);
    settle(overlay, [disk]);
    const reader = new SectorReader(overlay, [disk]);
    expect(<i32>overlay.freeSectors).toBe(48);
    for (let cluster = 0; cluster < 3; cluster++) expect(reader.write(cluster * 40)).toBe(0);
    expect(reader.write(15)).toBe(0);
    expect(reader.write(16)).toBe(Errno.NOSPACE);
    expect(reader.write(47)).toBe(0);
    expect(reader.flush()).toBe(0);
    expect(reader.read(16)).toBe(0);
  });
});

test("in memory, by a RAM disk", () => {
  const base = new TestDisk(500);
  base.content.fill(7);
  base.writable = false;
  const overlay = new Overlay(base, new RamDisk(65_536, 512, 16), 6);
  settle(overlay, [base]);
  const reader = new SectorReader(overlay, [base]);
  reader.buffer.fill(9);
  expect(reader.write(3)).toBe(0);
  reader.read(4);
  expect(reader.buffer[0]).toBe(7);
  reader.read(3);
  expect(reader.buffer[0]).toBe(9);
});

test("the geometry fits, whatever the sizes", () => {
  const random = new TestRandom(99);
  for (let round = 0; round < 20_000; round++) {
    const sectorBytes = random.below(2) == 0 ? 512 : 4096;
    const changes = random.u64() >> (30 + random.below(34));
    const geometry = new Geometry(sectorBytes, random.u64() >> (28 + random.below(36)), changes);
    if (geometry.slots == 0) continue;
    expect(geometry.end <= changes).toBe(true);
    expect(geometry.slotsAt > <u64>2 * geometry.tables).toBe(true);
    expect(geometry.tables * geometry.perTable >= geometry.slots).toBe(true);
  }
  expect(new Overlay(new Vast(), new TestDisk(300), 2).state).toBe(TOO_LARGE);
});

/** Larger than what the map can count. */
class Vast extends TestBase {
  constructor() {
    super(8, 512);
    this.sectorCount = 1 << 40;
  }
}

test("damaged formats: a state, and no data of elsewhere", () => {
  const random = new TestRandom(31);
  const exercise = new Exercise(new Overlays(), 5);
  exercise.run(300);
  exercise.flush();
  const disk = new TestDisk(300);
  for (let round = 0; round < 1500; round++) {
    disk.content.set(exercise.disks[0].content);
    for (let flips = 1 + random.below(3); flips > 0; flips--) {
      const at = <i32>random.below(random.below(2) == 0 ? 3 * 512 : 600);
      disk.content[at] = <u8>random.u32();
    }
    // Half of the damaged tables have checksums that fit.
    const geometry = new Geometry(512, 200, 300);
    if (random.below(2) == 0)
      geometry.sealTable(disk.content.dataStart + 512, 0, 1001 + 2 * random.below(9));
    const overlay = new Overlay(new TestBase(200, 512), disk, 6);
    settle(overlay, [disk]);
    const state = overlay.state;
    expect(state == 0 || state == CORRUPT || state == WRONG_FORMAT).toBe(true);
    if (state != 0) continue;
    const reader = new SectorReader(overlay, [disk]);
    for (let sector = 0; sector < 200; sector += 7) expect(reader.read(sector)).toBe(0);
  }
});

/** The state of an overlay on a base and changes of so many sectors, after it has been made for 200 and 100. */
function stateWith(baseSectors: i32, changesSectors: i32): i32 {
  const disk = new TestDisk(100);
  settle(new Overlay(new TestBase(200, 512), disk, 6), [disk]);
  const other = new TestDisk(changesSectors);
  other.content.set(disk.content.subarray(0, min(disk.content.length, other.content.length)));
  const before = other.content.slice(0);
  const overlay = new Overlay(new TestBase(baseSectors, 512), other, 6);
  settle(overlay, [other]);
  expect(memory.compare(before.dataStart, other.content.dataStart, before.length)).toBe(0);
  return overlay.state;
}

test("a base or changes that have grown or shrunk are refused, and stay as they are", () => {
  expect(stateWith(200, 100)).toBe(0);
  expect(stateWith(201, 100)).toBe(WRONG_FORMAT);
  expect(stateWith(199, 100)).toBe(WRONG_FORMAT);
  expect(stateWith(200, 116)).toBe(WRONG_FORMAT);
  expect(stateWith(200, 84)).toBe(WRONG_FORMAT);
  // No room for one more slot: nothing lies elsewhere.
  expect(stateWith(200, 101)).toBe(0);
});
