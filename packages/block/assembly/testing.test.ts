import { Errno } from "@phantasm/abi";
import { BlockHandler } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { TestDisk, TestRandom } from "./testing";

class Reports implements BlockHandler {
  readonly tags: i32[] = [];
  readonly statuses: i32[] = [];
  onBlock(tag: i32, status: i32): void {
    this.tags.push(tag);
    this.statuses.push(status);
  }
}

function sector(byte: u8, sectors: i32 = 1): Uint8Array {
  return new Uint8Array(512 * sectors).fill(byte);
}

test("what was written is read, once the disk has run", () => {
  const disk = new TestDisk(8);
  const reports = new Reports();
  const buffer = new Uint8Array(512);
  expect(disk.write(3, 1, sector(7), 0, reports, 1)).toBe(0);
  expect(disk.read(3, 1, buffer, 0, reports, 2)).toBe(0);
  expect(reports.tags.length).toBe(0);
  expect(disk.run()).toBe(2);
  expect(reports.tags).toEqual([1, 2]);
  expect(buffer[511]).toBe(7);
  expect(disk.read(8, 1, buffer, 0, reports, 3)).toBe(Errno.RANGE);
});

test("a request fails by its number, and a failed flush fails all that follows", () => {
  const disk = new TestDisk(8);
  const reports = new Reports();
  disk.failAt = 1;
  disk.write(0, 1, sector(1), 0, reports, 0);
  disk.flush(reports, 1);
  disk.run();
  disk.write(0, 1, sector(1), 0, reports, 2);
  disk.run();
  expect(reports.statuses).toEqual([0, Errno.IO, Errno.IO]);
});

test("a crash keeps what was flushed, and loses, keeps or tears the rest", () => {
  const disk = new TestDisk(4);
  disk.records = true;
  const reports = new Reports();
  disk.write(0, 1, sector(1), 0, reports, 0);
  disk.flush(reports, 1);
  disk.run();
  disk.write(1, 2, sector(2, 2), 0, reports, 2);
  disk.run();
  const image = new Uint8Array(4 * 512);
  let kept = 0;
  let lost = 0;
  let torn = 0;
  for (let seed: u64 = 1; seed < 200; seed++) {
    image.fill(0);
    disk.crash(disk.journalLength, new TestRandom(seed * 7919), image);
    expect(image[0]).toBe(1);
    expect(image[3 * 512]).toBe(0);
    let bytes = 0;
    for (let i = 512; i < 3 * 512; i++) bytes += i32(image[i] == 2);
    if (bytes == 0) lost++;
    else if (bytes == 1024) kept++;
    else torn++;
  }
  expect(kept).toBeGreaterThan(20);
  expect(lost).toBeGreaterThan(20);
  expect(torn).toBeGreaterThan(20);
});
