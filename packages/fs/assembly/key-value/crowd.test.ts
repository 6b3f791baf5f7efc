import { EXHAUSTED, File, FileStat, FilesHandler, OpenFlag, PENDING } from "@phantasm/interfaces";
import { dispatch, enter, hold as keepAlive, leave, release } from "@phantasm/runtime";
import { describe, expect, test, world } from "@phantasm/testing";
import { TestRandom } from "@phantasm/testing/random";
import { Probe, Settled, pattern } from "../testing";
import { ModelFiles } from "../testing-model";
import { KeyValueFiles } from "./files";
import { Inspection, StoreSettles, collect, hold, volumeOn } from "./testing";
import { fingerprint } from "./testing-sequence";
import { Answers, FakeStore } from "./testing-store";

const WRITE = OpenFlag.WRITE | OpenFlag.CREATE;

/** Somebody who has something under way, and begins the next thing when it is over. */
abstract class Actor implements FilesHandler {
  left: i32 = 60;
  waits: bool = false;
  exhausted: i32 = 0;
  constructor(
    readonly volume: KeyValueFiles,
    readonly random: TestRandom,
  ) {}

  /** Begins something. */
  abstract begin(): i32;
  /** Looks at the result. */
  abstract end(result: i32): void;

  /** Until something is pending. */
  go(): void {
    while (!this.waits && this.left > 0) {
      const result = this.begin();
      if (result == PENDING) {
        this.waits = true;
      } else if (result == EXHAUSTED) {
        this.exhausted++;
        return;
      } else {
        this.left--;
        this.end(result);
      }
    }
  }

  onFiles(tag: i32, result: i32): void {
    assert(this.waits, "told twice");
    this.waits = false;
    this.left--;
    this.end(result);
    // Now and then from inside of the handler.
    if (this.random.below(2) == 0) this.go();
  }
}

/** Works in a directory of its own. */
class Worker extends Actor {
  private file: File | null = null;
  private twin: File | null = null;
  private expected: i32 = 0;
  private opens: bool = false;
  private reads: bool = false;
  private readonly buffer: Uint8Array = new Uint8Array(30_000);
  private readonly other: Uint8Array = new Uint8Array(30_000);
  private readonly stat: FileStat = new FileStat();

  constructor(
    volume: KeyValueFiles,
    random: TestRandom,
    private readonly model: ModelFiles,
    private readonly directory: string,
  ) {
    super(volume, random);
    random.fill(this.buffer, 0, this.buffer.length);
  }

  begin(): i32 {
    const state = this.random;
    const choice = state.below(12);
    this.opens = false;
    this.reads = false;
    const file = this.file;
    if (file === null || choice < 2) {
      const path = this.somePath();
      if (file !== null) file.close();
      this.file = null;
      const flags = choice == 0 ? WRITE | OpenFlag.TRUNCATE : WRITE;
      this.opens = true;
      const result = this.volume.open(path, flags, this, 0);
      if (result == EXHAUSTED) return result;
      this.expected = this.model.open(path, flags, this, 0);
      if (this.expected == 0) this.twin = this.model.takeFile();
      return result;
    }
    const twin = this.twin!;
    const position = <u64>state.below(50_000);
    const length = 1 + <i32>state.below(30_000);
    if (choice < 6) {
      const result = file.writeAt(position, this.buffer, 0, length, this, 0);
      if (result != EXHAUSTED)
        this.expected = twin.writeAt(position, this.buffer, 0, length, this, 0);
      return result;
    }
    if (choice < 7) {
      const result = file.truncate(position, this, 0);
      if (result != EXHAUSTED) this.expected = twin.truncate(position, this, 0);
      return result;
    }
    if (choice < 8) {
      this.expected = 0;
      return file.sync(this, 0);
    }
    if (choice < 10) {
      this.reads = true;
      const result = file.readAt(position, this.other, 0, length, this, 0);
      if (result == EXHAUSTED) return result;
      const mine = new Uint8Array(length);
      this.expected = twin.readAt(position, mine, 0, length, this, 0);
      this.mine = mine;
      return result;
    }
    // Another path for the file that is open, or any.
    const from = this.somePath();
    const to = this.somePath();
    const result = this.volume.rename(from, to, this, 0);
    if (result != EXHAUSTED) this.expected = this.model.rename(from, to, this, 0);
    // What is replaced could be written in the model only.
    if (from != to) this.drops = true;
    return result;
  }

  private mine: Uint8Array = new Uint8Array(0);
  private drops: bool = false;

  end(result: i32): void {
    expect(`${this.directory} ${this.left}: ${result}`).toBe(
      `${this.directory} ${this.left}: ${this.expected}`,
    );
    if (this.reads)
      expect(memory.compare(this.mine.dataStart, this.other.dataStart, max(result, 0))).toBe(0);
    if (this.opens && result == 0) this.file = this.volume.takeFile();
    if (this.drops) {
      this.drops = false;
      this.file!.close();
      this.file = null;
    }
    if (this.left == 0 && this.file !== null) {
      this.file!.close();
      this.file = null;
    }
  }

  private somePath(): string {
    return `${this.directory}/${this.random.below(4)}`;
  }
}

const SHARED_BYTES: i32 = 20_000;

/** Writes the whole of a file that all share, in one go, or reads it: it is never a mixture. */
class Sharer extends Actor {
  private readonly buffer: Uint8Array = new Uint8Array(SHARED_BYTES);
  private writes: bool = false;

  constructor(
    volume: KeyValueFiles,
    random: TestRandom,
    private readonly file: File,
    private readonly number: u8,
  ) {
    super(volume, random);
  }

  begin(): i32 {
    this.writes = this.random.below(3) == 0;
    if (!this.writes) return this.file.readAt(0, this.buffer, 0, SHARED_BYTES, this, 0);
    this.buffer.fill(this.number);
    return this.file.writeAt(0, this.buffer, 0, SHARED_BYTES, this, 0);
  }

  end(result: i32): void {
    expect(result).toBe(this.writes ? 0 : SHARED_BYTES);
    for (let at = 1; at < SHARED_BYTES; at++)
      if (this.buffer[at] != this.buffer[0]) expect(`a mixture at ${at}`).toBe("");
  }
}

/** Cuts a large file and lets it grow again, while the cleaner is at what was cut. */
class Regrower extends Actor {
  private reads: bool = false;
  private expected: i32 = 0;
  private readonly mine: Uint8Array = new Uint8Array(9_000);
  private readonly buffer: Uint8Array = new Uint8Array(9_000);

  constructor(
    volume: KeyValueFiles,
    random: TestRandom,
    private readonly file: File,
    private readonly twin: File,
  ) {
    super(volume, random);
    this.left = 150;
  }

  begin(): i32 {
    const choice = this.random.below(8);
    const position = <u64>this.random.below(900_000);
    const length = 1 + <i32>this.random.below(9_000);
    this.reads = false;
    if (choice == 0) {
      const size = this.random.below(30_000);
      const result = this.file.truncate(size, this, 0);
      if (result != EXHAUSTED) this.expected = this.twin.truncate(size, this, 0);
      return result;
    }
    if (choice < 6) {
      this.random.fill(this.buffer, 0, 50);
      const result = this.file.writeAt(position, this.buffer, 0, length, this, 0);
      if (result != EXHAUSTED)
        this.expected = this.twin.writeAt(position, this.buffer, 0, length, this, 0);
      return result;
    }
    this.reads = true;
    const result = this.file.readAt(position, this.buffer, 0, length, this, 0);
    if (result != EXHAUSTED)
      this.expected = this.twin.readAt(position, this.mine, 0, length, this, 0);
    return result;
  }

  end(result: i32): void {
    expect(result).toBe(this.expected);
    if (this.reads)
      expect(memory.compare(this.mine.dataStart, this.buffer.dataStart, max(result, 0))).toBe(0);
  }
}

function regrow(seed: u64): void {
  const random = new TestRandom(seed);
  const store = hold(new FakeStore(seed));
  const volume = volumeOn(store);
  const settles = new StoreSettles(store);
  const probe = new Probe(volume, settles);
  const model = new ModelFiles();
  const twin = new Probe(model, new Settled());
  const actor = hold(
    new Regrower(volume, random, probe.file("/f", WRITE), hold(twin.file("/f", WRITE))),
  );
  store.answers = Answers.BY_CHANCE;
  store.shuffles = true;
  keepAlive();
  hold(random);
  hold(probe);
  hold(twin);
  hold(settles);
  for (let turns = 0; actor.left > 0; turns++) {
    assert(turns < 100_000, "it does not come to an end");
    actor.go();
    store.run(1);
    enter(world.now(), 0);
    dispatch();
    leave();
  }
  release();
  if (fingerprint(probe) != fingerprint(twin)) expect(`seed ${seed}`).toBe("the same");
  settles.rest();
  const left = new Inspection(store.map.entries, "", 4096);
  expect(`seed ${seed}: ${left.problems} ${left.garbage}`).toBe(`seed ${seed}:  0`);
}

function crowd(seed: u64): void {
  const random = new TestRandom(seed);
  const store = hold(new FakeStore(seed));
  const volume = volumeOn(store, "", 8);
  const settles = new StoreSettles(store);
  const probe = new Probe(volume, settles);
  const model = new ModelFiles();
  const twin = new Probe(model, new Settled());
  const actors: Actor[] = [];
  for (let i = 0; i < 7; i++) {
    const directory = `/${i}`;
    expect(probe.makeDirectory(directory)).toBe(0);
    twin.makeDirectory(directory);
    actors.push(new Worker(volume, new TestRandom(random.u64()), model, directory));
  }
  const shared: File[] = [];
  probe.write("/shared", new Uint8Array(SHARED_BYTES));
  for (let i = 0; i < 4; i++) {
    shared.push(probe.file("/shared", OpenFlag.WRITE));
    actors.push(new Sharer(volume, new TestRandom(random.u64()), shared[i], <u8>i));
  }
  store.answers = Answers.BY_CHANCE;
  store.shuffles = true;
  let exhausted = 0;
  for (let turns = 0; ; turns++) {
    assert(turns < 100_000, "the crowd does not come to an end");
    let busy = false;
    for (let i = 0; i < actors.length; i++) {
      actors[i].go();
      if (actors[i].left > 0) busy = true;
    }
    if (!busy) break;
    store.run(1 + random.below(4));
  }
  for (let i = 0; i < actors.length; i++) exhausted += actors[i].exhausted;
  expect(exhausted).toBeGreaterThan(0);
  for (let i = 0; i < shared.length; i++) shared[i].close();
  expect(probe.remove("/shared")).toBe(0);
  const found = fingerprint(probe);
  if (found != fingerprint(twin)) expect(`seed ${seed}: ${found}`).toBe(fingerprint(twin));
  const left = new Inspection(store.map.entries, "", 4096);
  expect(`seed ${seed}: ${left.problems}`).toBe(`seed ${seed}: `);
}

class Ignores implements FilesHandler {
  onFiles(tag: i32, result: i32): void {}
}

/** The cleaner has got so many answers and waits for the next one; the file grows meanwhile. */
function overtake(seed: u64, stage: i32): void {
  const store = hold(new FakeStore(seed));
  const volume = volumeOn(store);
  const settles = hold(new StoreSettles(store));
  const probe = hold(new Probe(volume, settles));
  const bytes = hold(pattern(1_000_000));
  const file = hold(probe.file("/f", WRITE));
  settles.rest();
  expect(probe.writeAt(file, 0, bytes, 0, bytes.length)).toBe(0);
  keepAlive();
  store.answers = Answers.LATER;
  expect(file.truncate(10, hold(new Ignores()), 0)).toBe(PENDING);
  for (let answers = 0; answers < stage + 2; answers++) {
    store.run(1);
    for (let turns = 0; turns < 3; turns++) {
      enter(world.now(), 0);
      dispatch();
      leave();
    }
  }
  release();
  store.answers = Answers.AT_ONCE;
  expect(file.writeAt(800_000, bytes, 0, 5_000, hold(new Ignores()), 0)).toBe(0);
  settles.rest();
  const content = new Uint8Array(805_000);
  content.set(bytes.subarray(0, 10), 0);
  content.set(bytes.subarray(0, 5_000), 800_000);
  // Opened anew: nothing is in memory.
  const again = new Probe(volumeOn(store), settles);
  const same = memory.compare(
    again.content("/f", 99_991).dataStart,
    content.dataStart,
    content.length,
  );
  expect(`seed ${seed}, stage ${stage}: ${same}`).toBe(`seed ${seed}, stage ${stage}: 0`);
}

describe("many at once", () => {
  test("do not get in each other's way", () => {
    for (let seed: u64 = 1; seed <= 12; seed++) {
      crowd(seed);
      collect();
    }
  });

  test("grow again behind what is being cleared away", () => {
    for (let seed: u64 = 1; seed <= 12; seed++) {
      regrow(seed);
      collect();
    }
  });

  test("nor when the cleaner waits for an answer from before", () => {
    for (let stage = 0; stage < 16; stage++) {
      for (let seed: u64 = 1; seed <= 6; seed++) overtake(seed, stage);
      collect();
    }
  });
});
