/** Archives that were damaged, in ways that follow from a seed: no trap, no endless loop, no unbounded memory. */
import { TestDisk } from "@phantasm/block/testing";
import { FileList, FileStat, Files, OpenFlag, PENDING } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { TestRandom } from "@phantasm/testing/random";
import { bytesOf, pattern } from "../testing";
import { Archive } from "./testing-archive";
import { Silent } from "./testing-disks";
import { TarFiles } from "./tar-files";

const ROUNDS: i32 = 10_000;
const ENTRIES_MAX: i32 = 64;
const silent = new Silent();

function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  return (rest.length + 2).toString() + rest;
}

/** Something of everything. */
function archiveOfAll(): Archive {
  const archive = new Archive();
  archive.add("dir/", new Uint8Array(0), "5");
  archive.add("dir/a", pattern(1500));
  archive.add("x", bytesOf(record("path", "dir/extended") + record("size", "3")), "x");
  archive.add("b", bytesOf("abc"));
  archive.add("././@LongLink", bytesOf("dir/" + "n".repeat(150)), "L");
  archive.add("c", bytesOf("c"));
  archive.add("soft", new Uint8Array(0), "2", "dir/a");
  archive.add("hard", new Uint8Array(0), "1", "soft");
  archive.add("circle", new Uint8Array(0), "2", "./circle");
  const sparse = archive.add("sparse", new Uint8Array(0), "S");
  archive.bytes[sparse + 482] = 1;
  archive.seal(sparse);
  archive.content(new Uint8Array(512));
  archive.add("end", bytesOf("end"));
  return archive.end();
}

/** Changes bytes where headers are, most of the time so that their checksums fit. */
function damage(bytes: Uint8Array, random: TestRandom): void {
  const archive = new Archive();
  archive.bytes = bytes;
  const blocks = bytes.length / 512;
  for (let count = 1 + random.below(4); count > 0; count--) {
    const block = <i32>random.below(blocks) * 512;
    switch (random.below(6)) {
      case 0:
        bytes[block + random.below(512)] = <u8>random.u32();
        break;
      case 1:
        bytes[block + 156] = <u8>"01234567xgLKSVDMN".charCodeAt(random.below(17));
        break;
      case 2:
        for (let i = 0; i < 12; i++) bytes[block + 124 + i] = <u8>random.u32();
        break;
      case 3:
        archive.octal(block + 124, <i64>random.below(5000), 12);
        break;
      case 4: {
        const from = <i32>random.below(blocks) * 512;
        bytes.copyWithin(block, from, from + 512);
        break;
      }
      default:
        for (let i = 0; i < 100; i++)
          bytes[block + (random.below(2) == 0 ? 0 : 157) + i] = <u8>(
            "a./\0\xff".charCodeAt(random.below(5))
          );
    }
    if (random.below(8) != 0) archive.seal(block);
  }
}

/** Walks all directories, and reads all files. Returns how many there are. */
function walk(files: Files, path: string, disk: TestDisk): i32 {
  const list = new FileList();
  const stat = new FileStat();
  const buffer = new Uint8Array(3000);
  let entries = 0;
  let next = "";
  do {
    expect(files.list(path, next, list, silent, 0)).toBe(list.names.length);
    const names = list.names.slice();
    next = list.next;
    for (const name of names) {
      const child = path == "/" ? "/" + name : path + "/" + name;
      entries++;
      expect(files.stat(child, stat, silent, 0)).toBe(0);
      if (stat.directory) {
        entries += walk(files, child, disk);
        continue;
      }
      expect(files.open(child, OpenFlag.READ, silent, 0)).toBe(0);
      const file = files.takeFile();
      if (file.size > 0) {
        expect(file.readAt(0, buffer, 0, 3000, silent, 0)).toBe(PENDING);
        disk.run();
        expect(<u64>silent.last).toBe(min<u64>(3000, file.size));
      }
      file.close();
    }
  } while (next != "");
  return entries;
}

test("damaged archives", () => {
  const good = archiveOfAll().bytes;
  let opened = 0;
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const random = new TestRandom(<u64>seed * 0x9e37_79b9_7f4a_7c15);
    const sectorBytes = random.below(2) == 0 ? 512 : 4096;
    const disk = new TestDisk(<u64>(good.length / sectorBytes), sectorBytes);
    disk.content.set(good);
    damage(disk.content, random);
    const files = new TarFiles(disk, ENTRIES_MAX, 8192, 4, 4);
    const requests = disk.run(1000);
    if (requests >= 1000 || files.state == PENDING) expect(`seed ${seed} hangs`).toBe("");
    if (files.state != 0) continue;
    opened++;
    const entries = walk(files, "/", disk);
    if (entries >= ENTRIES_MAX) expect(`seed ${seed} has ${entries} entries`).toBe("");
  }
  // Not all of them are refused, and not all are good.
  expect(opened).toBeGreaterThan(ROUNDS / 20);
  expect(opened).toBeLessThan(ROUNDS);
});
