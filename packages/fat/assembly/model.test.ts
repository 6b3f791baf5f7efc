/** Seeded sequences of operations against a plain model, on disks that answer in any order. */
import { TestDisk, TestRandom } from "@phantasm/block/testing";
import { Errno } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { Fsck, formatFat32 } from "./testing";
import { Act, Script, difference, readTree } from "./testing-script";

const SEEDS: i32 = 40;
const MOVES: i32 = 120;

function check(what: string, problem: string): void {
  if (problem != "") expect(what + ": " + problem).toBe("");
}

function playAll(seed: i32, sectors: i32, sectorBytes: i32, clusterSectors: i32): i32 {
  const random = new TestRandom(<u64>seed * 7919 + 1);
  const disk = new TestDisk(sectors, sectorBytes, <u64>seed + 1);
  formatFat32(disk.content, sectorBytes, clusterSectors);
  disk.shuffles = true;
  disk.requestsMax = 1 + (seed % 5);
  disk.requestSectorsMax = 8 + (seed % 7);
  const script = new Script(disk, random, 65_536);
  let full = 0;
  for (let i = 0; i < MOVES; i++) {
    const where = `seed ${seed}, move ${i}`;
    const move = script.play();
    if (move.result == Errno.NOSPACE) {
      full++;
      // Parts of it may have been written; what was there before is still there.
      const found = readTree(script.probe);
      if (move.act == Act.APPEND || move.act == Act.GROW) {
        const old = move.before.get(move.path);
        const now = found.get(move.path);
        if (now.length < old.length) check(where, "is shorter");
        if (memory.compare(now.dataStart, old.dataStart, old.length) != 0)
          check(where, "what was there has changed");
      } else if (move.act == Act.RENAME || move.act == Act.MAKE) {
        check(where, difference(found, move.before));
      }
      script.tree = found;
    } else if (move.result != 0) {
      check(where, `${move.act} ${move.path}: ${move.result}`);
    }
    if (i % 10 == 9) {
      script.idle();
      const fsck = new Fsck(disk.content);
      check(where, fsck.problem);
      if (fsck.lost > 0 || fsck.dirty || fsck.wrongCount || fsck.differs)
        check(where, `lost ${fsck.lost}, dirty ${fsck.dirty}, count ${fsck.wrongCount}`);
      if (random.below(2) == 0) script.remount();
      check(where, difference(readTree(script.probe), script.tree));
    }
  }
  return full;
}

test("sequences of chance", () => {
  for (let seed = 0; seed < SEEDS; seed++)
    playAll(seed, seed % 3 == 0 ? 600 : 4096, 512, 1 << (seed % 4));
});

test("sectors of 4096 bytes, and of 4096 on a disk of 512", () => {
  for (let seed = 0; seed < 10; seed++) playAll(seed, 300, 4096, 1 << (seed % 2));
});

test("a small disk is full now and then", () => {
  let full = 0;
  for (let seed = 0; seed < 20; seed++) full += playAll(seed, 110, 512, 1);
  expect(full).toBeGreaterThan(20);
});
