import { Block, CORRUPT, Errno, NOT_FOUND, PENDING, WRONG_FORMAT } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { crc32 } from "../crc32";
import { Maker, SectorReader, behaves, settle, survivesCrashes } from "../exercise";
import { TestDisk, TestRandom } from "../testing";
import { By } from "./choice";
import { Partition } from "./partition";

const LINUX = "af3dc60f838472478e793d69d8477de4";

function at(disk: TestDisk, sector: u64): usize {
  return disk.content.dataStart + <usize>sector * disk.sectorBytes;
}

/** An entry of a boot record. */
function mbrEntry(disk: TestDisk, sector: u64, index: i32, type: u8, first: u32, count: u32): void {
  const entry = at(disk, sector) + 446 + index * 16;
  store<u8>(entry, type, 4);
  store<u32>(entry, first, 8);
  store<u32>(entry, count, 12);
  store<u16>(at(disk, sector), 0xaa55, 510);
}

function gptEntry(
  disk: TestDisk,
  table: u64,
  index: i32,
  first: u64,
  last: u64,
  name: string,
): void {
  const entry = at(disk, table) + index * 128;
  for (let i = 0; i < 16; i++)
    store<u8>(entry + i, <u8>U32.parseInt(LINUX.substring(2 * i, 2 * i + 2), 16));
  store<u8>(entry, <u8>(index + 1), 16);
  store<u64>(entry, first, 32);
  store<u64>(entry, last, 40);
  for (let i = 0; i < name.length; i++) store<u16>(entry + 2 * i, <u16>name.charCodeAt(i), 56);
}

/** Checksums of a header and its table. */
function seal(disk: TestDisk, sector: u64, alternate: u64, table: u64, entries: u32 = 128): void {
  const header = at(disk, sector);
  store<u64>(header, 0x5452_4150_2049_4645);
  store<u32>(header, 0x1_0000, 8);
  store<u32>(header, 92, 12);
  store<u64>(header, sector, 24);
  store<u64>(header, alternate, 32);
  const tableSectors = (128 * 128) / disk.sectorBytes;
  store<u64>(header, 2 + tableSectors, 40);
  store<u64>(header, disk.sectors - 2 - tableSectors, 48);
  store<u64>(header, table, 72);
  store<u32>(header, entries, 80);
  store<u32>(header, 128, 84);
  if (entries <= 128) store<u32>(header, crc32(0, at(disk, table), <i32>entries * 128), 88);
  store<u32>(header, 0, 16);
  store<u32>(header, crc32(0, header, 92), 16);
}

/** Three partitions: 100 to 199 "boot", 200 to 299 "root", 300 to 399 with a name of full length. */
function gpt(sectorBytes: i32 = 512): TestDisk {
  const disk = new TestDisk(500, sectorBytes);
  const tableSectors = (128 * 128) / sectorBytes;
  const backup = disk.sectors - 1 - tableSectors;
  mbrEntry(disk, 0, 0, 0xee, 1, 499);
  fill(disk, 2);
  fill(disk, backup);
  seal(disk, 1, 499, 2);
  seal(disk, 499, 1, backup);
  return disk;
}

const LONG = "123456789012345678901234567890123456";

function fill(disk: TestDisk, table: u64): void {
  gptEntry(disk, table, 0, 100, 199, "boot");
  gptEntry(disk, table, 1, 200, 299, "root");
  gptEntry(disk, table, 4, 300, 399, LONG);
}

/** Two primary partitions, 10 and 50, and two logical ones, 110 and 160. */
function mbr(): TestDisk {
  const disk = new TestDisk(300);
  mbrEntry(disk, 0, 0, 0x0c, 10, 40);
  mbrEntry(disk, 0, 1, 0x05, 100, 100);
  mbrEntry(disk, 0, 2, 0x83, 50, 40);
  mbrEntry(disk, 100, 0, 0x83, 10, 40);
  mbrEntry(disk, 100, 1, 0x05, 50, 50);
  mbrEntry(disk, 150, 0, 0x82, 10, 40);
  return disk;
}

function opened(disk: TestDisk, by: By, number: i32, text: string = ""): Partition {
  const partition = new Partition(disk, by, number, text);
  settle(partition, [disk]);
  return partition;
}

function found(disk: TestDisk, by: By, number: i32, text: string = ""): string {
  const partition = opened(disk, by, number, text);
  if (partition.state != 0) return `error ${partition.state}`;
  const how = partition.backupUsed ? " by the backup" : "";
  return `${partition.firstSector}, ${partition.sectors} sectors${how}`;
}

class Partitions extends Maker {
  below: u64 = 500;
  make(disks: TestDisk[]): Block {
    if (disks[0].content[510] == 0) disks[0].content.set(gpt().content);
    return new Partition(disks[0], By.NUMBER, 1, "");
  }
}

test("behaves as a disk", () => {
  behaves(new Partitions(), 10, 300);
  survivesCrashes(new Partitions(), 5, 100, 10);
});

test("requests wait until the table has been read", () => {
  const disk = gpt();
  disk.state = PENDING;
  const partition = new Partition(disk, By.NUMBER, 2, "");
  expect(partition.state).toBe(PENDING);
  expect(partition.sectors).toBe(0);
  const reader = new SectorReader(partition, [disk]);
  expect(reader.read(0)).toBe(Errno.AGAIN);
  disk.state = 0;
  settle(partition, [disk]);
  expect(partition.state).toBe(0);
  reader.buffer.fill(9);
  expect(reader.write(99)).toBe(0);
  expect(disk.content[299 * 512]).toBe(9);
  expect(reader.write(100)).toBe(Errno.RANGE);
});

describe("GPT", () => {
  test("by number, by name, by type", () => {
    expect(found(gpt(), By.NUMBER, 1)).toBe("100, 100 sectors");
    expect(found(gpt(), By.NUMBER, 5)).toBe("300, 100 sectors");
    expect(found(gpt(), By.NUMBER, 3)).toBe(`error ${NOT_FOUND}`);
    expect(found(gpt(), By.NUMBER, 129)).toBe(`error ${NOT_FOUND}`);
    expect(found(gpt(), By.NAME, 0, "root")).toBe("200, 100 sectors");
    expect(found(gpt(), By.NAME, 0, "roo")).toBe(`error ${NOT_FOUND}`);
    expect(found(gpt(), By.NAME, 0, LONG)).toBe("300, 100 sectors");
    expect(found(gpt(), By.TYPE_GUID, 0, LINUX)).toBe("100, 100 sectors");
    expect(found(gpt(), By.TYPE_GUID, 0, LINUX.replace("e4", "e5"))).toBe(`error ${NOT_FOUND}`);
    expect(found(gpt(), By.TYPE_ID, 0xee)).toBe(`error ${NOT_FOUND}`);
  });

  test("on a disk with sectors of 4096 bytes", () => {
    expect(found(gpt(4096), By.NAME, 0, "root")).toBe("200, 100 sectors");
  });

  test("the backup, where the header or the table is damaged or cannot be read", () => {
    for (let place = 0; place < 4; place++) {
      const disk = gpt();
      if (place == 0) disk.content[512 + 60] ^= 1;
      if (place == 1) disk.content[1024 + 130] ^= 1;
      if (place == 2) disk.failAt = 1;
      if (place == 3) disk.failAt = 2;
      disk.failStatus = CORRUPT;
      expect(found(disk, By.NUMBER, 2)).toBe("200, 100 sectors by the backup");
    }
  });

  test("both damaged", () => {
    const disk = gpt();
    disk.content[512 + 60] ^= 1;
    disk.content[499 * 512 + 60] ^= 1;
    expect(found(disk, By.NUMBER, 2)).toBe(`error ${CORRUPT}`);
  });

  test("the disk has grown: a header that is intact says where the backup is", () => {
    const disk = new TestDisk(900);
    disk.content.set(gpt().content);
    disk.content[1024 + 130] ^= 1;
    expect(found(disk, By.NUMBER, 2)).toBe("200, 100 sectors by the backup");
  });

  test("partitions that overlap the chosen one, or lie where none may", () => {
    const disk = gpt();
    gptEntry(disk, 2, 100, 150, 150, "in boot");
    gptEntry(disk, 2, 101, 490, 495, "outside");
    gptEntry(disk, 2, 102, 299, 250, "reversed");
    gptEntry(disk, 2, 103, 0, u64.MAX_VALUE, "far");
    seal(disk, 1, 499, 2);
    expect(found(disk, By.NUMBER, 1)).toBe(`error ${CORRUPT}`);
    expect(found(disk, By.NUMBER, 101)).toBe(`error ${CORRUPT}`);
    expect(found(disk, By.NUMBER, 102)).toBe(`error ${CORRUPT}`);
    expect(found(disk, By.NUMBER, 103)).toBe(`error ${CORRUPT}`);
    expect(found(disk, By.NUMBER, 2)).toBe(`error ${CORRUPT}`);
  });

  test("more entries than are read", () => {
    const disk = gpt();
    seal(disk, 1, 499, 2, 1025);
    seal(disk, 499, 1, 467, u32.MAX_VALUE);
    expect(found(disk, By.NUMBER, 2)).toBe(`error ${CORRUPT}`);
  });
});

describe("MBR", () => {
  test("by number and by type, logical partitions too", () => {
    expect(found(mbr(), By.NUMBER, 1)).toBe("10, 40 sectors");
    expect(found(mbr(), By.NUMBER, 2)).toBe(`error ${NOT_FOUND}`);
    expect(found(mbr(), By.NUMBER, 3)).toBe("50, 40 sectors");
    expect(found(mbr(), By.NUMBER, 4)).toBe(`error ${NOT_FOUND}`);
    expect(found(mbr(), By.NUMBER, 5)).toBe("110, 40 sectors");
    expect(found(mbr(), By.NUMBER, 6)).toBe("160, 40 sectors");
    expect(found(mbr(), By.NUMBER, 7)).toBe(`error ${NOT_FOUND}`);
    expect(found(mbr(), By.TYPE_ID, 0x83)).toBe("50, 40 sectors");
    expect(found(mbr(), By.TYPE_ID, 0x82)).toBe("160, 40 sectors");
    expect(found(mbr(), By.NAME, 0, "root")).toBe(`error ${NOT_FOUND}`);
  });

  test("no table", () => {
    const disk = mbr();
    store<u8>(at(disk, 0) + 446, 0x41);
    expect(found(disk, By.NUMBER, 1)).toBe(`error ${WRONG_FORMAT}`);
    expect(found(new TestDisk(8), By.NUMBER, 1)).toBe(`error ${WRONG_FORMAT}`);
    expect(found(new TestDisk(0), By.NUMBER, 1)).toBe(`error ${WRONG_FORMAT}`);
  });

  test("cyclic, endless, lost and overlapping chains", () => {
    const cyclic = mbr();
    mbrEntry(cyclic, 150, 1, 0x05, 50, 50);
    expect(found(cyclic, By.NUMBER, 5)).toBe(`error ${CORRUPT}`);
    expect(found(cyclic, By.NUMBER, 1)).toBe("10, 40 sectors");
    const back = mbr();
    mbrEntry(back, 150, 1, 0x05, 0, 50);
    expect(found(back, By.NUMBER, 5)).toBe(`error ${CORRUPT}`);
    const lost = mbr();
    mbrEntry(lost, 150, 1, 0x05, 60, 10);
    expect(found(lost, By.NUMBER, 5)).toBe(`error ${CORRUPT}`);
    const outside = mbr();
    mbrEntry(outside, 100, 0, 0x83, 95, 40);
    expect(found(outside, By.NUMBER, 5)).toBe(`error ${CORRUPT}`);
    const overlapping = mbr();
    mbrEntry(overlapping, 100, 0, 0x83, 10, 80);
    expect(found(overlapping, By.NUMBER, 5)).toBe(`error ${CORRUPT}`);
    const empty = mbr();
    memory.fill(at(empty, 100), 0, 512);
    expect(found(empty, By.NUMBER, 5)).toBe(`error ${NOT_FOUND}`);
  });

  test("primary partitions that overlap or end beyond the disk", () => {
    const disk = mbr();
    mbrEntry(disk, 0, 3, 0x83, 45, 3);
    expect(found(disk, By.NUMBER, 1)).toBe(`error ${CORRUPT}`);
    expect(found(disk, By.NUMBER, 3)).toBe("50, 40 sectors");
    mbrEntry(disk, 0, 3, 0x83, 290, 11);
    expect(found(disk, By.NUMBER, 4)).toBe(`error ${CORRUPT}`);
  });
});

test("an error of the disk is the state, whichever read it is", () => {
  for (let failAt = 0; failAt < 8; failAt++) {
    const disk = gpt();
    disk.failAt = failAt;
    const partition = opened(disk, By.NUMBER, 2);
    expect(partition.state == 0 || (failAt == 0 && partition.state == Errno.IO)).toBe(true);
  }
  const gone = gpt();
  gone.refusal = Errno.GONE;
  expect(opened(gone, By.NUMBER, 2).state).toBe(Errno.GONE);
});

test("damaged tables: a state, and no partition outside of the disk", () => {
  const random = new TestRandom(4711);
  for (let round = 0; round < 3000; round++) {
    const isGpt = random.below(2) == 0;
    const disk = isGpt ? gpt() : mbr();
    for (let flips = 1 + random.below(4); flips > 0; flips--) {
      let sector: u64 = 0;
      let offset = <i32>random.below(512);
      if (isGpt) sector = random.below(4);
      else {
        sector = random.below(3) == 0 ? 0 : random.below(2) == 0 ? 100 : 150;
        offset = 446 + <i32>random.below(66);
      }
      store<u8>(at(disk, sector) + offset, <u8>random.u32());
    }
    // Half of the damaged GPTs have checksums that fit.
    if (isGpt && random.below(2) == 0) {
      const header = at(disk, 1);
      const bytes = min<u32>(load<u32>(header, 80), 128) * 128;
      store<u32>(header, crc32(0, at(disk, 2), <i32>bytes), 88);
      store<u32>(header, 0, 16);
      store<u32>(header, crc32(0, header, <i32>min<u32>(load<u32>(header, 12), 512)), 16);
    }
    const partition = opened(disk, By.NUMBER, 1 + <i32>random.below(6));
    expect(`round ${round} ${partition.state == PENDING}`).toBe(`round ${round} false`);
    const end = partition.firstSector + partition.sectors;
    expect(`round ${round} ${end <= disk.sectors}`).toBe(`round ${round} true`);
    expect(disk.requests).toBeLessThan(200);
  }
});
