/** Operations at the same time, limits, and files that go while they are open. */
import { TestDisk } from "@phantasm/block/testing";
import { bytesOf, pattern } from "@phantasm/fs/testing";
import {
  BAD_NAME,
  EXHAUSTED,
  Errno,
  File,
  FileStat,
  FilesHandler,
  OpenFlag,
  PENDING,
  TOO_LARGE,
} from "@phantasm/interfaces";
import { expect, expectAbort, test } from "@phantasm/testing";
import { FatFiles } from "./files";
import { Fsck, TestClock, formatFat, formatFat32 } from "./testing";
import { mount } from "./testing-script";

class Results implements FilesHandler {
  readonly tags: i32[] = [];
  readonly results: i32[] = [];
  onFiles(tag: i32, result: i32): void {
    this.tags.push(tag);
    this.results.push(result);
  }
}

function volume(sectors: i32 = 2048): TestDisk {
  const disk = new TestDisk(sectors);
  formatFat32(disk.content, 512, 1);
  return disk;
}

test("operations before the mount wait for it, in their order", () => {
  const disk = volume();
  mount(disk).write("/a", bytesOf("abc"));
  const files = new FatFiles(disk, new TestClock(), 16_384, 8, 4);
  const results = new Results();
  const stat = new FileStat();
  expect(files.state).toBe(PENDING);
  expect(files.stat("/a", stat, results, 1)).toBe(PENDING);
  expect(files.makeDirectory("/d", results, 2)).toBe(PENDING);
  expect(files.stat("/d", stat, results, 3)).toBe(PENDING);
  expect(files.remove("/d", results, 4)).toBe(PENDING);
  expect(files.stat("/d", stat, results, 5)).toBe(EXHAUSTED);
  expect(files.exhausted).toBe(1);
  disk.run();
  expect(files.state).toBe(0);
  expect(results.tags).toEqual([1, 2, 3, 4]);
  expect(results.results).toEqual([0, 0, 0, 0]);
});

test("what is in memory is answered at once", () => {
  const disk = volume();
  const probe = mount(disk);
  probe.write("/a", bytesOf("abc"));
  expect(probe.stat("/a")).toBe(0);
  const results = new Results();
  expect(probe.files.stat("/a", new FileStat(), results, 0)).toBe(0);
  const file = probe.file("/a", OpenFlag.WRITE);
  const buffer = new Uint8Array(3);
  expect(file.readAt(0, buffer, 0, 3, results, 0)).toBe(3);
  expect(file.writeAt(3, buffer, 0, 3, results, 0)).toBe(0);
  expect(results.tags.length).toBe(0);
  file.close();
});

test("readers go on side by side, and somebody who writes waits for them", () => {
  const disk = volume();
  const probe = mount(disk);
  probe.write("/a", pattern(20_000));
  const file = probe.file("/a", OpenFlag.WRITE);
  const buffers = [new Uint8Array(20_000), new Uint8Array(20_000), new Uint8Array(20_000)];
  const results = new Results();
  expect(file.readAt(0, buffers[0], 0, 20_000, results, 1)).toBe(PENDING);
  expect(file.readAt(512, buffers[1], 0, 10_240, results, 2)).toBe(PENDING);
  expect(disk.inFlight).toBeGreaterThan(1);
  expect(file.writeAt(0, new Uint8Array(20_000), 0, 20_000, results, 3)).toBe(PENDING);
  expect(file.readAt(0, buffers[2], 0, 20_000, results, 4)).toBe(PENDING);
  disk.run();
  expect(results.tags.indexOf(3)).toBe(2);
  expect(results.tags.indexOf(4)).toBe(3);
  expect(results.results[3]).toBe(20_000);
  expect(buffers[0]).toEqual(pattern(20_000));
  expect(buffers[2]).toEqual(new Uint8Array(20_000));
  file.close();
});

test("a file goes straight to and from the caller's buffer, in few requests", () => {
  const disk = volume();
  const probe = mount(disk);
  const content = pattern(512 * 200);
  const file = probe.file("/a", OpenFlag.WRITE | OpenFlag.CREATE);
  const written = disk.writes;
  expect(probe.writeAt(file, 0, content, 0, content.length)).toBe(0);
  expect(disk.writes - written).toBeLessThan(3);
  const read = disk.reads;
  const buffer = new Uint8Array(content.length);
  expect(probe.readAt(file, 0, buffer, 0, buffer.length)).toBe(buffer.length);
  expect(disk.reads - read).toBe(1);
  expect(buffer).toEqual(content);
  file.close();
});

test("open files are limited", () => {
  const probe = mount(volume());
  const open: File[] = [];
  for (let i = 0; i < 8; i++) open.push(probe.file(`/f${i}`, OpenFlag.WRITE | OpenFlag.CREATE));
  expect(probe.open("/f0", OpenFlag.READ)).toBe(EXHAUSTED);
  for (let i = 0; i < 8; i++) open[i].close();
  for (let i = 0; i < 40; i++) {
    const file = probe.file(`/g${i}`, OpenFlag.WRITE | OpenFlag.CREATE);
    expect(probe.writeAt(file, 0, bytesOf("x"), 0, 1)).toBe(0);
    file.close();
  }
});

test("what was not synced is there after a close", () => {
  const disk = volume();
  const probe = mount(disk);
  const file = probe.file("/a", OpenFlag.WRITE | OpenFlag.CREATE);
  probe.writeAt(file, 0, bytesOf("hello"), 0, 5);
  file.close();
  disk.run();
  expect(mount(disk).text("/a")).toBe("hello");
});

test("a file that is removed or replaced while it is open is gone", () => {
  const disk = volume();
  const probe = mount(disk);
  probe.write("/a", bytesOf("aaa"));
  probe.write("/b", bytesOf("b"));
  const a = probe.file("/a", OpenFlag.WRITE);
  const b = probe.file("/b", OpenFlag.WRITE);
  probe.writeAt(a, 3, pattern(5000), 0, 5000);
  expect(probe.rename("/b", "/a")).toBe(0);
  const buffer = new Uint8Array(10);
  expect(probe.readAt(a, 0, buffer, 0, 10)).toBe(Errno.GONE);
  expect(probe.writeAt(a, 0, buffer, 0, 10)).toBe(Errno.GONE);
  expect(probe.sync(a)).toBe(Errno.GONE);
  // The other one is the same file under its new name.
  expect(probe.writeAt(b, 1, bytesOf("cd"), 0, 2)).toBe(0);
  expect(probe.text("/a")).toBe("bcd");
  expect(probe.remove("/a")).toBe(0);
  expect(probe.readAt(b, 0, buffer, 0, 10)).toBe(Errno.GONE);
  a.close();
  b.close();
  disk.run();
  const fsck = new Fsck(disk.content);
  expect(fsck.problem).toBe("");
  expect(fsck.lost).toBe(0);
});

test("names: cases, moving a directory into itself", () => {
  const probe = mount(volume());
  probe.write("/Grüße 🎉.txt", bytesOf("x"));
  expect(probe.text("/GRÜSSE 🎉.TXT".replace("SS", "ß"))).toBe("x");
  expect(probe.rename("/Grüße 🎉.txt", "/GRÜßE 🎉.txt")).toBe(0);
  expect(probe.names("/").join()).toBe("GRÜßE 🎉.txt");
  expect(probe.makeDirectory("/d")).toBe(0);
  expect(probe.makeDirectory("/d/e")).toBe(0);
  expect(probe.rename("/d", "/d/e/f")).toBe(BAD_NAME);
  expect(probe.rename("/d", "/D/x")).toBe(BAD_NAME);
  expect(probe.rename("/d", "/D")).toBe(0);
  expect(probe.names("/D").join()).toBe("e/");
  expect(probe.makeDirectory("/a:b")).toBe(BAD_NAME);
});

test("files end at 4 GiB", () => {
  const probe = mount(volume());
  const file = probe.file("/a", OpenFlag.WRITE | OpenFlag.CREATE);
  expect(probe.writeAt(file, 0xffff_ffff, bytesOf("x"), 0, 1)).toBe(TOO_LARGE);
  expect(probe.truncate(file, 0x1_0000_0000)).toBe(TOO_LARGE);
  expect(probe.truncate(file, 0xffff_ffff)).toBe(Errno.NOSPACE);
  expect(probe.writeAt(file, u64.MAX_VALUE, bytesOf("x"), 0, 1)).toBe(TOO_LARGE);
  file.close();
});

test("times are those of the clock", () => {
  const disk = volume();
  const probe = mount(disk);
  probe.write("/a", bytesOf("x"));
  expect(probe.stat("/a")).toBe(0);
  expect(probe.found.modifiedNs).toBe(new TestClock().wallNs);
});

test("a volume of FAT12 is read", () => {
  const disk = new TestDisk(1000);
  formatFat(disk.content, 1, 3);
  const at = disk.content.dataStart;
  // A file of three clusters, 5, 3 and 4: an entry of each kind, one in two halves.
  const root = at + (1 + 2 * 3) * 512;
  const name = bytesOf("HELLO   TXT");
  memory.copy(root, name.dataStart, 11);
  store<u16>(root, 5, 26);
  store<u32>(root, 1300, 28);
  const fat = at + 512;
  put12(fat, 5, 3);
  put12(fat, 3, 4);
  put12(fat, 4, 0xfff);
  const data = root + 4 * 512;
  const content = pattern(1536);
  memory.copy(data + 3 * 512, content.dataStart, 512);
  memory.copy(data + 1 * 512, content.dataStart + 512, 512);
  memory.copy(data + 2 * 512, content.dataStart + 1024, 512);
  const probe = mount(disk);
  expect(probe.state()).toBe(0);
  expect(probe.files.writable).toBe(false);
  expect(probe.names("/").join()).toBe("HELLO.TXT");
  expect(probe.content("/hello.txt")).toEqual(content.slice(0, 1300));
  expect(probe.makeDirectory("/d")).toBe(Errno.READONLY);
});

function put12(fat: usize, cluster: i32, value: i32): void {
  const at = fat + cluster + (cluster >> 1);
  const old = <i32>load<u16>(at);
  store<u16>(at, <u16>(cluster & 1 ? (old & 15) | (value << 4) : (old & 0xf000) | value));
}

test("reserved sectors that are somebody else's are left alone", () => {
  const disk = volume();
  const at = 31 * 512;
  disk.content.fill(0x90, at, at + 512);
  disk.content[24 * 512] = 1;
  const probe = mount(disk);
  expect(probe.state()).toBe(0);
  expect(probe.files.writable).toBe(false);
  expect(probe.makeDirectory("/d")).toBe(Errno.READONLY);
});

test("a record of the log of another time is not taken", () => {
  const disk = volume();
  const probe = mount(disk);
  probe.write("/a", bytesOf("first"));
  disk.run();
  const record = disk.content.slice(24 * 512, 32 * 512);
  probe.write("/a", bytesOf("second, and longer"));
  expect(probe.remove("/a")).toBe(0);
  disk.run();
  // As if somebody had put an old record back, and the volume had not been closed.
  disk.content.set(record, 24 * 512);
  disk.content[0x41] |= 1;
  const again = mount(disk);
  expect(again.state()).toBe(0);
  expect(again.names("/").join()).toBe("");
  expect(again.makeDirectory("/d")).toBe(0);
  disk.run();
  expect(new Fsck(disk.content).problem).toBe("");
});

test("mistakes end the domain", () => {
  expectAbort(() => {
    const file = mount(volume()).file("/a", OpenFlag.WRITE | OpenFlag.CREATE);
    file.close();
    file.close();
  }, "closed already");
  expectAbort(() => {
    const file = mount(volume()).file("/a", OpenFlag.WRITE | OpenFlag.CREATE);
    file.readAt(0, new Uint8Array(4), 2, 3, new Results(), 0);
  }, "outside the buffer");
  expectAbort(() => {
    mount(volume()).files.takeFile();
  }, "no file was opened");
});
