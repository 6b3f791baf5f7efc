import { Block, Errno, PENDING } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { Maker, SectorReader, behaves, survivesCrashes, survivesErrors } from "./exercise";
import { Slice } from "./slice";
import { TestDisk } from "./testing";

class Slices extends Maker {
  make(disks: TestDisk[]): Block {
    return new Slice(disks[0], 100, 80);
  }
}

test("behaves as a disk", () => {
  behaves(new Slices(), 20, 300);
});

test("errors are the disk's", () => {
  survivesErrors(new Slices(), 40);
});

test("after a crash it holds what was flushed", () => {
  survivesCrashes(new Slices(), 10, 100, 20);
});

test("its sectors are a part of the disk's, and nothing else is in reach", () => {
  const disk = new TestDisk(100);
  const slice = new Slice(disk, 90, 10);
  const reader = new SectorReader(slice, [disk]);
  expect(slice.sectors).toBe(10);
  reader.buffer.fill(7);
  expect(reader.write(9)).toBe(0);
  expect(disk.content[99 * 512]).toBe(7);
  expect(reader.read(10)).toBe(Errno.RANGE);
  expect(reader.read(u64.MAX_VALUE - 89)).toBe(Errno.RANGE);
  expect(reader.discard(9, 2)).toBe(Errno.RANGE);
});

test("without a length it goes to the end", () => {
  expect(new Slice(new TestDisk(100), 30, 0).sectors).toBe(70);
  expect(new Slice(new TestDisk(100), 100, 0).sectors).toBe(0);
});

test("a disk that is too small for it", () => {
  const slice = new Slice(new TestDisk(100), 90, 11);
  expect(slice.state).toBe(Errno.RANGE);
  expect(slice.sectors).toBe(0);
  expect(new SectorReader(slice, []).read(0)).toBe(Errno.RANGE);
});

test("a disk that is not open yet", () => {
  const disk = new TestDisk(100);
  disk.state = PENDING;
  const slice = new Slice(disk, 90, 10);
  expect(slice.state).toBe(PENDING);
  expect(new SectorReader(slice, [disk]).read(0)).toBe(Errno.AGAIN);
});
