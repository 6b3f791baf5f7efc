import { TestDisk } from "@phantasm/block/testing";
import { checkReading, checkWriting, writeTree } from "@phantasm/fs/testing";
import { Errno, NOT_FOUND, PENDING, WRONG_FORMAT } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { FatFiles } from "./files";
import { Fsck, formatFat32 } from "./testing";
import { mount } from "./testing-script";

function expectInOrder(disk: TestDisk): void {
  const fsck = new Fsck(disk.content);
  expect(fsck.problem).toBe("");
  expect(fsck.lost).toBe(0);
  expect(fsck.dirty).toBe(false);
  expect(fsck.wrongCount).toBe(false);
  expect(fsck.differs).toBe(false);
}

test("reads and writes as every volume does", () => {
  const disk = new TestDisk(8192);
  formatFat32(disk.content, 512, 1);
  checkWriting(mount(disk));
  expectInOrder(disk);
});

test("reads the tree that was written before", () => {
  const disk = new TestDisk(8192);
  formatFat32(disk.content, 512, 2);
  writeTree(mount(disk));
  expectInOrder(disk);
  checkReading(mount(disk));
  disk.writable = false;
  checkReading(mount(disk));
});

test("a blank device has no volume", () => {
  const probe = mount(new TestDisk(64));
  expect(probe.state()).toBe(WRONG_FORMAT);
  expect(probe.stat("/")).toBe(WRONG_FORMAT);
});

/** A disk with a tree on a volume whose sectors have a size of their own. */
function written(sectorBytes: i32): TestDisk {
  const disk = new TestDisk(65_536);
  formatFat32(disk.content, sectorBytes, 1);
  writeTree(mount(disk));
  return disk;
}

test("a damaged boot sector: the copy is read, and nothing is written", () => {
  for (let sectorBytes = 512; sectorBytes <= 4096; sectorBytes *= 2) {
    const disk = written(sectorBytes);
    const good = disk.content.slice(0);
    disk.content.fill(0x5a, 0, 512);
    const before = disk.content.slice(0);
    const probe = mount(disk);
    checkReading(probe);
    expect(probe.files.writable).toBe(false);
    expect((probe.files as FatFiles).isRescued).toBe(true);
    expect(memory.compare(before.dataStart, disk.content.dataStart, before.length)).toBe(0);
    disk.content.set(good);
    expect((mount(disk).files as FatFiles).isRescued).toBe(false);
  }
});

test("a boot sector that cannot be read: the copy is", () => {
  const disk = written(512);
  disk.failAt = disk.requests;
  checkReading(mount(disk));
  // And the error is what is told when there is no copy either.
  disk.content.fill(0, 6 * 512, 7 * 512);
  disk.failAt = disk.requests;
  expect(mount(disk).state()).toBe(Errno.IO);
});

test("a copy is not believed when the FAT is another's, or when it says to lie elsewhere", () => {
  const disk = written(512);
  disk.content.fill(0, 0, 512);
  const good = disk.content.slice(0);
  disk.content[32 * 512] = 0xf0;
  expect(mount(disk).state()).toBe(WRONG_FORMAT);
  disk.content.set(good);
  disk.content[6 * 512 + 50] = 7;
  expect(mount(disk).state()).toBe(WRONG_FORMAT);
});

test("a device that is open later, or never", () => {
  const disk = new TestDisk(8192);
  formatFat32(disk.content, 512, 2);
  disk.state = PENDING;
  const probe = mount(disk);
  disk.run();
  expect(probe.files.state).toBe(PENDING);
  disk.state = 0;
  writeTree(probe);
  expectInOrder(disk);
  const missing = new TestDisk(64);
  missing.state = NOT_FOUND;
  expect(mount(missing).state()).toBe(NOT_FOUND);
});
