/** Over the real store, on a disk that loses power. */
import { TestDisk } from "@phantasm/block/testing";
import { Errno, File, OpenFlag } from "@phantasm/interfaces";
import { KeyValueStore } from "@phantasm/kv";
import { TestClock } from "@phantasm/kv/testing";
import { dispatch, enter, hold as keepAlive, leave } from "@phantasm/runtime";
import { describe, expect, test, world } from "@phantasm/testing";
import { TestRandom } from "@phantasm/testing/random";
import {
  Probe,
  Settled,
  Settles,
  checkReading,
  checkWriting,
  pattern,
  writeTree,
} from "../testing";
import { ModelFiles } from "../testing-model";
import { KeyValueFiles } from "./files";
import { collect, hold } from "./testing";
import { fingerprint } from "./testing-sequence";


@final
class Disk implements Settles {
  readonly clock: TestClock = new TestClock();
  /** Ends steps, so that what is in the background goes on; the collector too, so frames may have nothing that is not held. */
  rests: bool = false;

  constructor(readonly disk: TestDisk) {}

  settle(): void {
    for (let quiet = 0; quiet < 2;) {
      let done = this.disk.run(64) + this.clock.run();
      enter(world.now(), 0);
      dispatch();
      if (this.rests && leave() <= world.now()) done++;
      quiet = done == 0 ? quiet + 1 : 0;
    }
  }
}


@final
class Machine {
  readonly probe: Probe;
  readonly lower: Disk;

  constructor(readonly disk: TestDisk) {
    const lower = new Disk(disk);
    this.lower = lower;
    const store = new KeyValueStore(disk, lower.clock, 1 << 20, 64, 2, 2, 2, 2, 1024, 0);
    this.probe = new Probe(new KeyValueFiles(store, lower.clock, "f/", 16_384, 16, 32, 3), lower);
  }
}

/** What was done, and where the journal of the disk was then. */
@final
class Deed {
  constructor(
    readonly begin: i32,
    readonly end: i32,
    readonly durable: bool,
    /** The model afterwards. */
    readonly print: string,
  ) {}
}

/** Operations of chance, of which the disk keeps a journal. */
@final
class Story {
  readonly deeds: Deed[] = [];
  private readonly model: ModelFiles = new ModelFiles();
  private readonly twin: Probe = new Probe(this.model, new Settled());
  private file: File | null = null;
  private twinFile: File | null = null;

  constructor(
    private readonly machine: Machine,
    private readonly random: TestRandom,
  ) {}

  go(steps: i32): void {
    const disk = this.machine.disk;
    for (let step = 0; step < steps; step++) {
      const begin = disk.journalLength;
      const durable = this.step();
      this.deeds.push(new Deed(begin, disk.journalLength, durable, fingerprint(this.twin)));
    }
  }

  /** True: it is durable. */
  private step(): bool {
    const choice = this.random.below(10);
    const probe = this.machine.probe;
    const path = this.somePath();
    const file = this.file;
    const twinFile = this.twinFile;
    if (file === null || twinFile === null || choice < 2) {
      if (file !== null) file.close();
      const flags = OpenFlag.WRITE | OpenFlag.CREATE | (choice == 0 ? OpenFlag.TRUNCATE : 0);
      this.twinFile = this.twin.file(path, flags);
      this.file = probe.file(path, flags);
      return false;
    }
    if (choice < 5) {
      const bytes = pattern(1 + <i32>this.random.below(30_000), <i32>this.random.below(256));
      const position = this.random.below(150_000);
      expect(probe.writeAt(file, position, bytes, 0, bytes.length)).toBe(0);
      this.twin.writeAt(twinFile, position, bytes, 0, bytes.length);
      return false;
    }
    if (choice < 6) {
      const size = this.random.below(250_000);
      expect(probe.truncate(file, size)).toBe(0);
      this.twin.truncate(twinFile, size);
      return false;
    }
    if (choice < 7) {
      expect(probe.sync(file)).toBe(0);
      return true;
    }
    file.close();
    this.file = null;
    if (choice < 8) {
      const expected = this.twin.remove(path);
      expect(probe.remove(path)).toBe(expected);
      return expected == 0;
    }
    const to = this.somePath();
    const expected = this.twin.rename(path, to);
    expect(probe.rename(path, to)).toBe(expected);
    return expected == 0 && path != to;
  }

  private somePath(): string {
    return `/${this.random.below(4)}`;
  }
}

/** What is left after the power fails there is what the model was once: not earlier than the last durable operation before. */
function checkCrash(
  deeds: Deed[],
  disk: TestDisk,
  events: i32,
  random: TestRandom,
  seed: u64,
): void {
  const left = new TestDisk(disk.sectors, disk.sectorBytes);
  disk.crash(events, random, left.content);
  const machine = new Machine(left);
  expect(machine.probe.state()).toBe(0);
  const found = fingerprint(machine.probe);
  let first = 0;
  let last = 0;
  for (let i = 0; i < deeds.length; i++) {
    if (deeds[i].durable && deeds[i].end <= events) first = i;
    if (deeds[i].begin <= events) last = i;
  }
  let match = first == 0 && found == "/";
  for (let i = first; i <= last && !match; i++) match = deeds[i].print == found;
  if (!match) expect(`seed ${seed}, crash at ${events}: ${found}`).toBe(deeds[last].print);
}

function story(seed: u64): void {
  const random = new TestRandom(seed);
  const disk = hold(new TestDisk(8192));
  disk.records = true;
  const machine = hold(new Machine(disk));
  const told = hold(new Story(machine, random));
  expect(machine.probe.state()).toBe(0);
  told.go(40);
  for (let crash = 0; crash < 12; crash++)
    checkCrash(told.deeds, disk, <i32>random.below(disk.journalLength + 1), random, seed);
  disk.forgetJournal();
}

describe("a volume in a store on a disk", () => {
  test("reads and writes as every volume does", () => {
    const machine = new Machine(new TestDisk(65_536));
    checkWriting(machine.probe);
    writeTree(machine.probe);
    checkReading(machine.probe);
    // And is the same when it is opened anew.
    expect(machine.probe.sync(machine.probe.file("/empty", OpenFlag.WRITE))).toBe(0);
    checkReading(new Machine(machine.disk).probe);
  });

  test("loses nothing that was durable, and shows no half of anything", () => {
    for (let seed: u64 = 1; seed <= 10; seed++) {
      story(seed);
      collect();
    }
  });

  test("is full at some time, and what was let go of makes room", () => {
    const machine = hold(new Machine(new TestDisk(8192)));
    const probe = machine.probe;
    const content = hold(pattern(300_000));
    keepAlive();
    machine.lower.rests = true;
    const flags = OpenFlag.WRITE | OpenFlag.CREATE;
    for (let way = 0; way < 5; way++) {
      const opened = hold(probe.file("/f", flags));
      let result = 0;
      for (let written = 0; result == 0 && written < 40; written++)
        result = probe.writeAt(opened, <u64>written * 300_000, content, 0, content.length);
      expect(result).toBe(Errno.NOSPACE);
      if (way == 0) expect(probe.truncate(opened, 300_000)).toBe(0);
      if (way == 1) expect(probe.truncate(opened, 0)).toBe(0);
      if (way == 2) probe.file("/f", flags | OpenFlag.TRUNCATE).close();
      if (way == 3) expect(probe.remove("/f")).toBe(0);
      if (way == 4) expect(probe.rename("/g", "/f")).toBe(0);
      opened.close();
      const again = hold(probe.file("/g", flags));
      expect(`${way}: ${probe.writeAt(again, 0, content, 0, content.length)}`).toBe(`${way}: 0`);
      expect(probe.sync(again)).toBe(0);
      again.close();
      if (way == 0 || way == 4) expect(probe.content("/f", 300_000)).toEqual(content);
    }
  });
});
