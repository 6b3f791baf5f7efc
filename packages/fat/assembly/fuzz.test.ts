/** Volumes that are not what they should be: no trap, no loop without end, nothing outside of the device. */
import { TestDisk, TestRandom } from "@phantasm/block/testing";
import { Probe, pattern } from "@phantasm/fs/testing";
import { CORRUPT, FileList, OpenFlag, PENDING, WRONG_FORMAT } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { parseBootSector } from "./boot-sector";
import { formatFat32 } from "./testing";
import { Script, mount } from "./testing-script";

const SECTORS: i32 = 300;
/** Requests that a few operations on a volume of this size may take. */
const REQUESTS_MAX: i32 = 60_000;

/** Made once: a volume with something on it. */
function fill(disk: TestDisk): void {
  formatFat32(disk.content, 512, 1);
  const script = new Script(disk, new TestRandom(5), 4096);
  script.sizeMax = 2500;
  for (let i = 0; i < 60; i++) script.play();
  disk.run();
}

/** Reads what there is, up to a depth, and changes some. */
function explore(probe: Probe, directory: string, depth: i32, writes: bool): void {
  const list = new FileList();
  let next = "";
  const names: string[] = [];
  const directories: bool[] = [];
  for (let pages = 0; pages < 3; pages++) {
    const count = probe.list(directory == "" ? "/" : directory, next, list);
    if (count < 0) break;
    for (let i = 0; i < min(count, 12); i++) {
      names.push(list.names[i]);
      directories.push(list.directories[i]);
    }
    next = list.next;
    if (next == "") break;
  }
  const buffer = pattern(3000);
  for (let i = 0; i < names.length; i++) {
    const path = directory + "/" + names[i];
    probe.stat(path);
    if (directories[i]) {
      if (depth > 0) explore(probe, path, depth - 1, writes);
      continue;
    }
    if (probe.open(path, writes ? OpenFlag.WRITE : OpenFlag.READ) != 0) continue;
    const file = probe.files.takeFile();
    probe.readAt(file, 0, buffer, 0, 3000);
    probe.readAt(file, file.size > 700 ? file.size - 700 : 0, buffer, 0, 700);
    if (writes) {
      probe.writeAt(file, file.size, buffer, 0, 1000);
      if (i % 2 == 0) probe.truncate(file, file.size / 2);
      probe.sync(file);
    }
    file.close();
    if (writes && i % 3 == 0) probe.remove(path);
    if (writes && i % 3 == 1) probe.rename(path, directory + "/renamed " + i.toString());
  }
  if (writes) probe.makeDirectory(directory + "/made here");
}

function exploreAll(disk: TestDisk, what: string): void {
  const before = disk.requests;
  const writes = disk.writable;
  const probe = mount(disk, 4096);
  const state = probe.state();
  assert(state != PENDING, "the mount does not end");
  explore(probe, "", 3, writes);
  disk.run();
  if (disk.requests - before > REQUESTS_MAX) expect(what).toBe("less work");
}

function mutate(disk: TestDisk, random: TestRandom, from: i32, to: i32): void {
  const count = 1 + <i32>random.below(6);
  for (let i = 0; i < count; i++) {
    const at = from + <i32>random.below(to - from);
    const way = random.below(3);
    if (way == 0) disk.content[at] = <u8>random.u32();
    else if (way == 1) disk.content[at] ^= <u8>((<u32>1) << random.below(8));
    else disk.content[at] = random.below(2) == 0 ? 0 : 0xff;
  }
}

/** @param damagedBytes of the volume, from its beginning */
function fuzz(seeds: i32, from: i32, to: i32, offset: i32, damagedBytes: i32 = 0): void {
  const disk = new TestDisk(SECTORS);
  fill(disk);
  const image = disk.content.slice(0);
  for (let seed = 0; seed < seeds; seed++) {
    disk.run();
    disk.content.set(image);
    disk.content.fill(0, 0, damagedBytes);
    disk.writable = seed % 2 == 0;
    mutate(disk, new TestRandom(<u64>(seed + offset) * 65_537 + 1), from, to);
    exploreAll(disk, `seed ${seed + offset}`);
  }
}

test("in the boot sector", () => {
  fuzz(300, 0, 90, 0);
});

test("in the copy of a boot sector that is damaged", () => {
  fuzz(100, 6 * 512, 6 * 512 + 90, 5000, 512);
});

test("in FSInfo and the log", () => {
  fuzz(150, 512, 32 * 512, 1000);
});

test("in the FAT", () => {
  fuzz(200, 32 * 512, 38 * 512, 2000);
});

test("in the first directories and files", () => {
  fuzz(200, 38 * 512, 60 * 512, 3000);
});

test("anywhere", () => {
  fuzz(100, 0, SECTORS * 512, 4000);
});

test("boot sectors of chance describe nothing outside of the device", () => {
  const sector = new Uint8Array(512);
  const random = new TestRandom(12);
  const at = sector.dataStart;
  let volumes = 0;
  for (let i = 0; i < 100_000; i++) {
    formatHeader(at);
    for (let changes = 1 + random.below(4); changes > 0; changes--)
      sector[11 + <i32>random.below(44)] = <u8>(
        (random.below(3) == 0 ? random.u32() : (<u32>1) << random.below(8))
      );
    const bytes = (<u64>1) << (16 + random.below(24));
    const geometry = parseBootSector(at, bytes, random.below(2) == 0 ? 512 : 4096);
    if (geometry === null) continue;
    volumes++;
    const end = <u64>geometry.dataStart + <u64>geometry.clusters * geometry.clusterSectors;
    expect(end <= bytes / geometry.sectorBytes).toBe(true);
    expect(geometry.fatStart >= 1).toBe(true);
    expect(geometry.fatStart + geometry.fatSectors <= geometry.dataStart).toBe(true);
    expect(geometry.isCluster(geometry.clusters + 1)).toBe(true);
    expect(geometry.isCluster(geometry.clusters + 2)).toBe(false);
    expect(geometry.isCluster(1)).toBe(false);
  }
  expect(volumes).toBeGreaterThan(1000);
});

function formatHeader(at: usize): void {
  memory.fill(at, 0, 512);
  store<u16>(at, 512, 11);
  store<u8>(at, 8, 13);
  store<u16>(at, 32, 14);
  store<u8>(at, 2, 16);
  store<u8>(at, 0xf8, 21);
  store<u32>(at, 100, 32);
  store<u32>(at, 20, 36);
  store<u32>(at, 2, 44);
  store<u16>(at, 0xaa55, 510);
}

test("a chain in a circle ends", () => {
  const disk = new TestDisk(SECTORS);
  formatFat32(disk.content, 512, 1);
  const probe = mount(disk);
  probe.write("/a", pattern(3000));
  expect(probe.makeDirectory("/d")).toBe(0);
  disk.run();
  const fat = disk.content.dataStart + 32 * 512;
  // The file has clusters 3 to 8, the directory 9: both go back.
  store<u32>(fat + 4 * 5, 4);
  store<u32>(fat + 4 * 9, 9);
  const directory = disk.content.dataStart + <usize>sectorOfCluster(disk, 9) * 512;
  for (let i = 2; i < 16; i++) {
    store<u64>(directory + 32 * i, 0x2020_2020_2020_2041 + i);
    store<u32>(directory + 32 * i, 0x2020_2020, 8);
  }
  const again = mount(disk);
  const file = again.file("/a", OpenFlag.WRITE);
  const buffer = new Uint8Array(3000);
  // It has as many clusters as it is long, whichever they are.
  expect(again.readAt(file, 0, buffer, 0, 3000)).toBe(3000);
  expect(again.stat("/d/none")).toBe(CORRUPT);
  file.close();
  expect(again.remove("/a")).toBe(0);
});

function sectorOfCluster(disk: TestDisk, cluster: i32): i32 {
  const fatSectors = load<i32>(disk.content.dataStart, 36);
  return 32 + 2 * fatSectors + cluster - 2;
}

test("what is no FAT volume", () => {
  const disk = new TestDisk(SECTORS);
  const random = new TestRandom(3);
  random.fill(disk.content, 0, 512);
  expect(mount(disk).state()).toBe(WRONG_FORMAT);
  disk.content[510] = 0x55;
  disk.content[511] = 0xaa;
  expect(mount(disk).state()).toBe(WRONG_FORMAT);
  formatFat32(disk.content, 512, 1);
  // A volume that is larger than its device.
  store<u32>(disk.content.dataStart, SECTORS + 1, 32);
  memory.copy(disk.content.dataStart + 6 * 512, disk.content.dataStart, 512);
  expect(mount(disk).state()).toBe(WRONG_FORMAT);
});
