import { Block, BlockHandler, CONFLICT, CORRUPT, Errno, WRONG_FORMAT } from "@phantasm/interfaces";
import { dispatch } from "@phantasm/runtime";
import { describe, expect, test } from "@phantasm/testing";
import { Checksummed } from "../checksummed/checksummed";
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
import { Mirror } from "./mirror";

class Mirrors extends Maker {
  legs: i32 = 2;
  below: u64 = 600;
  make(disks: TestDisk[]): Block {
    return new Mirror(disks[0], disks[1], 6);
  }
}

class Checked extends Mirrors {
  below: u64 = 200;
  mayBeCorrupt: bool = true;
  make(disks: TestDisk[]): Block {
    const first = new Checksummed(disks[0], 65_536, 6);
    return new Mirror(first, new Checksummed(disks[1], 65_536, 6), 6);
  }
}

/** One leg is missing when it is opened again. */
class Bereaved extends Mirrors {
  constructor(private readonly lost: i32) {
    super();
  }

  make(disks: TestDisk[]): Block {
    const isNew = disks[0].content[0] == 0;
    disks[this.lost].refusal = isNew ? 0 : Errno.GONE;
    return super.make(disks);
  }
}

class Large extends Mirrors {
  sectorBytes: i32 = 4096;
}

test("behaves as a disk", () => {
  behaves(new Mirrors(), 20, 400);
  behaves(new Large(), 5, 300);
  behaves(new Checked(), 10, 300);
});

test("an error of a leg is no error", () => {
  survivesErrors(new Mirrors(), 60);
});

test("after a crash it holds what was flushed", () => {
  survivesCrashes(new Mirrors(), 12, 120, 12);
  survivesCrashes(new Checked(), 6, 80, 8);
  for (let leg = 0; leg < 2; leg++) survivesCrashes(new Bereaved(leg), 6, 120, 10);
});

function opened(disks: TestDisk[]): Mirror {
  const mirror = new Mirror(disks[0], disks[1], 6);
  settle(mirror, disks);
  return mirror;
}

function pair(): TestDisk[] {
  return [new TestDisk(600), new TestDisk(600)];
}

function rest(disks: TestDisk[]): void {
  for (let rounds = 0; rounds < 60; rounds++) settle(disks[0], disks);
}

function same(disks: TestDisk[]): bool {
  return (
    memory.compare(
      disks[0].content.dataStart + 8 * 512,
      disks[1].content.dataStart + 8 * 512,
      disks[0].content.length - 8 * 512,
    ) == 0
  );
}

/** A mirror with sector n holding n + 1, for the first hundred, flushed. */
function filled(disks: TestDisk[]): Mirror {
  const mirror = opened(disks);
  const reader = new SectorReader(mirror, disks);
  for (let sector = 0; sector < 100; sector++) {
    reader.buffer.fill(<u8>(sector + 1));
    expect(reader.write(sector)).toBe(0);
  }
  expect(reader.flush()).toBe(0);
  return mirror;
}

function verify(mirror: Mirror, disks: TestDisk[]): void {
  const reader = new SectorReader(mirror, disks);
  for (let sector = 0; sector < 100; sector++) {
    expect(reader.read(sector)).toBe(0);
    expect(reader.buffer[7]).toBe(<u8>(sector + 1));
  }
}

describe("a leg that fails", () => {
  test("is left out, and the mirror goes on", () => {
    for (let leg = 0; leg < 2; leg++) {
      const disks = pair();
      const mirror = filled(disks);
      expect(same(disks)).toBe(true);
      disks[leg].refusal = Errno.GONE;
      verify(mirror, disks);
      const reader = new SectorReader(mirror, disks);
      reader.buffer.fill(1);
      expect(reader.write(0)).toBe(0);
      expect(reader.flush()).toBe(0);
      expect(mirror.degraded).toBe(1);
    }
  });

  test("is brought up to date when it comes back", () => {
    for (let leg = 0; leg < 2; leg++) {
      const disks = pair();
      const mirror = filled(disks);
      disks[leg].refusal = Errno.GONE;
      const reader = new SectorReader(mirror, disks);
      reader.buffer.fill(51);
      for (let sector = 300; sector < 340; sector++) expect(reader.write(sector)).toBe(0);
      disks[leg].refusal = 0;
      expect(same(disks)).toBe(false);
      const again = opened(disks);
      expect(again.degraded).toBe(0);
      const rereader = new SectorReader(again, disks);
      for (let sector = 300; sector < 340; sector++) {
        expect(rereader.read(sector)).toBe(0);
        expect(rereader.buffer[0]).toBe(51);
      }
      verify(again, disks);
      rest(disks);
      expect(again.staleRegions).toBe(0);
      expect(same(disks)).toBe(true);
      verify(opened(disks), disks);
    }
  });

  test("is replaced by a new disk", () => {
    const disks = pair();
    filled(disks);
    disks[0] = new TestDisk(600);
    const mirror = opened(disks);
    verify(mirror, disks);
    rest(disks);
    expect(same(disks)).toBe(true);
    // The new one alone is enough from now on.
    disks[1].refusal = Errno.GONE;
    verify(opened(disks), disks);
  });

  test("while the other is being rebuilt, nothing is made up", () => {
    const disks = [new TestDisk(6000), new TestDisk(6000)];
    filled(disks);
    disks[0] = new TestDisk(6000);
    const mirror = opened(disks);
    disks[1].refusal = Errno.GONE;
    expect(new SectorReader(mirror, disks).read(5500)).toBe(Errno.GONE);
    rest(disks);
    expect(opened(disks).state).toBe(Errno.GONE);
  });

  test("and then the other: their ways have parted", () => {
    const disks = pair();
    filled(disks);
    disks[0].refusal = Errno.GONE;
    verify(opened(disks), disks);
    disks[0].refusal = 0;
    disks[1].refusal = Errno.GONE;
    verify(opened(disks), disks);
    disks[1].refusal = 0;
    expect(opened(disks).state).toBe(CONFLICT);
  });

  test("a disk with something else on it is no leg, and stays as it is", () => {
    const disks = pair();
    disks[1].content[5000] = 1;
    expect(opened(disks).state).toBe(WRONG_FORMAT);
    expect(disks[1].writes).toBe(0);
  });
});

test("after a crash the legs are made the same", () => {
  const disks = pair();
  const mirror = opened(disks);
  const reader = new SectorReader(mirror, disks);
  reader.buffer.fill(9);
  reader.write(333);
  // Only one of them has it, and nothing was flushed.
  memory.fill(disks[1].content.dataStart + (333 + 8) * 512, 0, 512);
  const again = opened(disks);
  rest(disks);
  expect(same(disks)).toBe(true);
  const rereader = new SectorReader(again, disks);
  rereader.read(333);
  expect(rereader.buffer[0]).toBe(9);
});

test("a leg fails in a flush, and both are there again after a crash", () => {
  const maker = new Mirrors();
  const left = pair();
  for (let seed = 1; seed <= 20; seed++) {
    const exercise = new Exercise(maker, seed);
    exercise.shuffle();
    exercise.record();
    const before: Uint8Array[] = [];
    for (let leg = 0; leg < 2; leg++) before.push(exercise.disks[leg].content.slice());
    exercise.run(40);
    const disk = exercise.disks[seed % 2];
    disk.failAt = disk.requests;
    expect(exercise.flush()).toBe(0);
    for (let i = 0; i < 10; i++)
      exercise.crash(exercise.momentsSeen - 1 - i / 5, before, left, seed * 100 + i);
  }
});

test("what is written while a leg is rebuilt is on both", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const disks = [new TestDisk(3000, 512, seed), new TestDisk(3000, 512, seed + 1)];
    filled(disks);
    disks[seed % 2] = new TestDisk(3000, 512, seed + 2);
    const known = disks[1 - <i32>(seed % 2)].content.slice(8 * 512);
    const exercise = new Exercise(new Mirrors(), seed, disks, known);
    exercise.shuffle();
    exercise.run(200);
    rest(disks);
    expect(changetype<Mirror>(exercise.disk).staleRegions).toBe(0);
    expect(`seed ${seed} ${same(disks)}`).toBe(`seed ${seed} true`);
  }
});

test("writes to a few regions do not write the record", () => {
  const disks = pair();
  const mirror = filled(disks);
  const writes = disks[0].writes;
  const reader = new SectorReader(mirror, disks);
  for (let round = 0; round < 50; round++) {
    reader.write(round);
    reader.flush();
  }
  expect(disks[0].writes - writes).toBe(50);
});


@final
class Nobody implements BlockHandler {
  onBlock(tag: i32, status: i32): void {}
}

function step(disks: TestDisk[], leg: i32): void {
  disks[leg].run(1);
  dispatch();
}

test("a write while the record forgets its region waits until that is in it again", () => {
  const news = new Uint8Array(512).fill(77);
  for (let steps = 0; steps < 10; steps++) {
    const disks = pair();
    const mirror = filled(disks);
    const reader = new SectorReader(mirror, disks);
    // Long enough that the next record need not have the region of the first hundred.
    for (let round = 0; round < 70; round++) expect(reader.flush()).toBe(0);
    const before = [disks[0].content.slice(), disks[1].content.slice()];
    for (let leg = 0; leg < 2; leg++) disks[leg].records = true;
    expect(mirror.write(400, 1, news, 0, new Nobody(), 0)).toBe(0);
    for (let i = 0; i < steps; i++) step(disks, i % 2);
    expect(mirror.write(5, 1, news, 0, new Nobody(), 0)).toBe(0);
    for (let round = 0; round < 8; round++) {
      step(disks, round % 2);
      for (let seed = 0; seed < 8; seed++) {
        const random = new TestRandom(seed * 100 + round * 10 + steps);
        const left = pair();
        for (let leg = 0; leg < 2; leg++) {
          left[leg].content.set(before[leg]);
          disks[leg].crash(disks[leg].journalLength, random, left[leg].content);
        }
        const again = opened(left);
        rest(left);
        const what = `${steps} steps, round ${round}, seed ${seed}`;
        expect(`${what}: ${again.state} ${same(left)}`).toBe(`${what}: 0 true`);
      }
    }
  }
});

test("what one leg has CORRUPT is taken from the other, and repaired", () => {
  const disks = pair();
  const legs: Checksummed[] = [];
  for (let leg = 0; leg < 2; leg++) legs.push(new Checksummed(disks[leg], 65_536, 6));
  const mirror = new Mirror(legs[0], legs[1], 6);
  settle(mirror, disks);
  const reader = new SectorReader(mirror, disks);
  reader.buffer.fill(5);
  for (let sector = 0; sector < 100; sector++) expect(reader.write(sector)).toBe(0);
  reader.flush();
  const random = new TestRandom(3);
  for (let round = 0; round < 30; round++) {
    const at = 700 + <i32>random.below(40) * 512;
    disks[0].content[8 * 512 + at + 8 * 512] ^= 4;
    for (let sector = 0; sector < 100; sector++) {
      expect(reader.read(sector)).toBe(0);
      expect(reader.buffer[0]).toBe(5);
    }
  }
  expect(<i32>mirror.counters.corruptReads).toBeGreaterThan(10);
  expect(mirror.counters.repaired).toBe(mirror.counters.corruptReads);
  expect(mirror.degraded).toBe(0);
  // Both: then it is lost.
  disks[0].content[(8 + 2 + 8 + 10) * 512] ^= 4;
  disks[1].content[(8 + 2 + 8 + 10) * 512] ^= 4;
  let lost = 0;
  for (let sector = 0; sector < 100; sector++) lost += i32(reader.read(sector) == CORRUPT);
  expect(lost).toBe(1);
});

test("damaged records: a state, and no trap", () => {
  const random = new TestRandom(8);
  const disks = pair();
  filled(disks);
  const kept = [disks[0].content.slice(), disks[1].content.slice()];
  for (let round = 0; round < 300; round++) {
    for (let leg = 0; leg < 2; leg++) {
      disks[leg].content.set(kept[leg]);
      for (let flips = random.below(4); flips > 0; flips--)
        disks[leg].content[<i32>random.below(3 * 512)] = <u8>random.u32();
    }
    const mirror = opened(disks);
    if (mirror.state == 0) verify(mirror, disks);
  }
});
