import { TestDisk } from "@phantasm/block/testing";
import { checkReading, checkWriting, writeTree } from "@phantasm/fs/testing";
import { NOT_FOUND, PENDING, WRONG_FORMAT } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
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
