import { Block, CORRUPT, Errno, WRONG_FORMAT } from "@phantasm/interfaces";
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
import { TestDisk, TestRandom } from "../testing";
import { Checksummed } from "./checksummed";
import { Geometry } from "./format";

class Checked extends Maker {
  below: u64 = 250;
  mayBeCorrupt: bool = true;
  make(disks: TestDisk[]): Block {
    return new Checksummed(disks[0], 65_536, 8);
  }
}

class Large extends Checked {
  sectorBytes: i32 = 4096;
  below: u64 = 300;
}

/** More groups than are kept in memory. */
class Wide extends Checked {
  below: u64 = 8000;
}

test("behaves as a disk", () => {
  behaves(new Checked(), 20, 400);
  behaves(new Large(), 6, 300);
  behaves(new Wide(), 4, 400);
});

test("each error is reported once", () => {
  survivesErrors(new Checked(), 50);
});

test("after a crash it holds what was flushed", () => {
  survivesCrashes(new Checked(), 30, 150, 20);
  survivesCrashes(new Large(), 4, 150, 8);
});

/** A disk that was opened, with something in sectors 0 to 99, flushed. */
function written(): TestDisk {
  const disk = new TestDisk(250);
  const checked = new Checksummed(disk, 65_536, 8);
  settle(checked, [disk]);
  const reader = new SectorReader(checked, [disk]);
  for (let sector = 0; sector < 100; sector++) {
    reader.buffer.fill(<u8>(sector + 1));
    expect(reader.write(sector)).toBe(0);
  }
  expect(reader.flush()).toBe(0);
  return disk;
}

function reopened(disk: TestDisk): Checksummed {
  const checked = new Checksummed(disk, 65_536, 8);
  settle(checked, [disk]);
  return checked;
}

describe("damage", () => {
  test("each bit of a sector and its checksums: found and named, or harmless", () => {
    const disk = written();
    const geometry = new Geometry(512, 250);
    const places: u64[] = [geometry.groupAt(0), geometry.groupAt(0) + 1, geometry.dataAt(0, 3)];
    for (let place = 0; place < places.length; place++) {
      for (let bit = 0; bit < 4096; bit += 3) {
        const at = <i32>places[place] * 512 + bit / 8;
        disk.content[at] ^= <u8>(1 << (<u8>bit % 8));
        const checked = reopened(disk);
        const reader = new SectorReader(checked, [disk]);
        const status = reader.read(3);
        if (status == 0) expect(reader.buffer[100]).toBe(4);
        else {
          expect(status).toBe(CORRUPT);
          expect(<i32>checked.counters.corruptReads).toBe(1);
          expect(<i32>checked.lastCorruptSector).toBe(3);
          expect(reader.buffer[100]).toBe(0);
        }
        if (place == 2) expect(status).toBe(CORRUPT);
        disk.content[at] ^= <u8>(1 << (<u8>bit % 8));
      }
    }
  });

  test("its neighbours are not concerned, and writing makes it whole", () => {
    const disk = written();
    disk.content[<i32>new Geometry(512, 250).dataAt(0, 3) * 512 + 9] ^= 1;
    const checked = reopened(disk);
    const reader = new SectorReader(checked, [disk]);
    for (let sector = 0; sector < 100; sector++)
      expect(reader.read(sector)).toBe(sector == 3 ? CORRUPT : 0);
    reader.buffer.fill(77);
    expect(reader.write(3)).toBe(0);
    expect(reader.read(3)).toBe(0);
    expect(reader.buffer[0]).toBe(77);
  });

  test("a sector that was written to another place", () => {
    const disk = written();
    const geometry = new Geometry(512, 250);
    const from = disk.content.dataStart + <usize>geometry.dataAt(0, 3) * 512;
    const to = disk.content.dataStart + <usize>geometry.dataAt(1, 3) * 512;
    memory.copy(to, from, 512);
    const reader = new SectorReader(reopened(disk), [disk]);
    expect(reader.read(3)).toBe(0);
    expect(reader.read(33)).toBe(CORRUPT);
  });

  test("a write that was lost, once it has been flushed", () => {
    const disk = written();
    const checked = reopened(disk);
    const reader = new SectorReader(checked, [disk]);
    const at = disk.content.dataStart + <usize>new Geometry(512, 250).dataAt(0, 3) * 512;
    const old = new Uint8Array(512);
    memory.copy(old.dataStart, at, 512);
    reader.write(3);
    memory.copy(at, old.dataStart, 512);
    // Until then, the old is right too.
    expect(reader.read(3)).toBe(0);
    reader.flush();
    expect(reader.read(3)).toBe(CORRUPT);
    // Those on the disk say so when they have been written again.
    expect(new SectorReader(reopened(disk), [disk]).read(3)).toBe(0);
    reader.write(4);
    expect(new SectorReader(reopened(disk), [disk]).read(3)).toBe(CORRUPT);
  });

  test("both copies of the checksums", () => {
    const disk = written();
    disk.content[8 * 512 + 30] ^= 1;
    disk.content[9 * 512 + 30] ^= 1;
    const reader = new SectorReader(reopened(disk), [disk]);
    expect(reader.read(3)).toBe(CORRUPT);
    expect(reader.write(3)).toBe(CORRUPT);
    expect(reader.read(33)).toBe(0);
  });
});

test("what was never written, or was discarded, is zeros, and the disk is not asked", () => {
  const disk = written();
  const checked = reopened(disk);
  const reader = new SectorReader(checked, [disk]);
  expect(reader.read(150)).toBe(0);
  expect(reader.buffer[0]).toBe(0);
  const reads = disk.reads;
  expect(reader.discard(33, 2)).toBe(0);
  expect(reader.flush()).toBe(0);
  expect(reader.read(33)).toBe(0);
  expect(reader.buffer[0]).toBe(0);
  expect(disk.reads - reads).toBeLessThan(3);
});

test("a batch of writes takes one flush", () => {
  const disk = written();
  const exercise = new Exercise(new Checked(), 3);
  const flushes = exercise.disks[0].flushes;
  exercise.disk.write(0, 1, new Uint8Array(512), 0, exercise, 0);
  expect(flushes).toBe(exercise.disks[0].flushes);
  expect(disk.flushes).toBeLessThan(210);
});

test("it is formatted once, again after a crash, and nothing else is", () => {
  const disk = new TestDisk(250);
  disk.records = true;
  settle(new Checksummed(disk, 65_536, 8), [disk]);
  const left = new TestDisk(250);
  for (let round = 0; round < 100; round++) {
    left.content.fill(0);
    disk.crash(round % (disk.journalLength + 1), new TestRandom(round + 1), left.content);
    expect(reopened(left).state).toBe(0);
  }
  const other = new TestDisk(250);
  other.content[1080] = 0x53;
  expect(reopened(other).state).toBe(WRONG_FORMAT);
  expect(reopened(new TestDisk(10)).state).toBe(Errno.NOSPACE);
  const grown = new TestDisk(251);
  grown.content.set(written().content);
  expect(reopened(grown).state).toBe(WRONG_FORMAT);
});

test("the geometry fits, whatever the size", () => {
  const random = new TestRandom(5);
  for (let round = 0; round < 10_000; round++) {
    const disk = random.u64() >> (10 + random.below(50));
    const geometry = new Geometry(random.below(2) == 0 ? 512 : 4096, disk);
    if (geometry.sectors == 0) continue;
    const last = geometry.sectors - 1;
    const at = geometry.dataAt(last / geometry.perGroup, <i32>(last % geometry.perGroup));
    expect(at < disk).toBe(true);
    expect(last / geometry.perGroup + 1).toBe(geometry.groups);
  }
});
