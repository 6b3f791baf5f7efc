/** For tests: power failures at every point of a run, and what is found afterwards. */
import { DiskCheck } from "./testing-check";
import { Model } from "./testing-model";
import { TestDisk, TestOptions, TestRandom, TestStore, bytesOf } from "./testing";

const KEYS: i32 = 120;
const SECTORS: u64 = 4096;
const COUNTER: string = "batch";

export function tinyOptions(): TestOptions {
  const options = new TestOptions();
  options.cacheBytes = 256 << 10;
  return options;
}

/** A run of batches that is recorded, with the state after each of them. */
@final
export class CrashRun {
  readonly disk: TestDisk;
  readonly model: Model = new Model(KEYS);
  /** The state after each number of batches. */
  private readonly states: StaticArray<i32>[] = [];
  /** For each acknowledged batch: length of the journal by then. */
  private readonly acknowledged: i32[] = [];
  private readonly numbers: i32[] = [];
  private readonly random: TestRandom;
  /** What is left of the disk; used again and again, since a test collects nothing while it runs. */
  private readonly left: TestDisk;
  private readonly leftAgain: TestDisk;
  private readonly before: Uint8Array;

  constructor(
    readonly seed: u64,
    batches: i32,
    reopens: bool,
    kills: bool = false,
  ) {
    const random = new TestRandom(seed * 0x1_0001 + 7);
    this.random = random;
    const sectorBytes = seed % 4 == 3 ? 4096 : 512;
    const sectors = (SECTORS * 512) / sectorBytes;
    const disk = new TestDisk(sectors, sectorBytes, seed);
    this.disk = disk;
    this.left = new TestDisk(sectors, sectorBytes, seed);
    this.leftAgain = new TestDisk(sectors, sectorBytes, seed);
    this.before = new Uint8Array(disk.content.length);
    disk.records = true;
    disk.shuffles = random.below(2) == 0;
    let store = new TestStore(disk, tinyOptions());
    this.keep();
    for (let batch = 1; batch <= batches; batch++) {
      if (kills && random.below(5) == 0) store = this.kill(store, batch++);
      const durable = random.below(3) != 0;
      this.commit(store, batch, durable);
      const choice = random.below(12);
      if (choice == 0) store.advance(20_000_000);
      else if (choice == 1) {
        const snapshot = store.snapshot();
        if (snapshot !== null) snapshot.release();
      } else if (choice == 2 && reopens) {
        store.sync();
        this.note(batch);
        store = new TestStore(disk, tinyOptions());
      }
    }
  }

  private keep(): void {
    this.states.push(this.model.values.slice<StaticArray<i32>>());
  }

  /**
   * The domain ends while a batch and a checkpoint are on their way, and begins anew: what was written is read, but
   * nothing says that it is durable.
   */
  private kill(store: TestStore, batch: i32): TestStore {
    const disk = this.disk;
    this.model.change(store.batch.clear(), this.random, 4);
    store.batch.put(bytesOf(COUNTER), bytesOf(batch.toString()));
    this.keep();
    store.store.commit(store.batch, true, store, store.tag());
    store.store.snapshot(store, store.tag());
    disk.run(<i32>this.random.below(30));
    disk.forgetRequests();
    const next = new TestStore(disk, tinyOptions());
    assert(next.store.state == 0, `seed ${this.seed}: state ${next.store.state} after a kill`);
    const text = next.get(COUNTER);
    const found = text == "-64" ? 0 : <i32>I32.parseInt(text);
    this.model.values = this.states[found].slice<StaticArray<i32>>();
    return next;
  }

  private note(batch: i32): void {
    this.acknowledged.push(this.disk.journalLength);
    this.numbers.push(batch);
  }

  private commit(store: TestStore, batch: i32, durable: bool): void {
    const changes = 1 + <i32>this.random.below(6);
    this.model.change(store.batch.clear(), this.random, changes);
    store.batch.put(bytesOf(COUNTER), bytesOf(batch.toString()));
    this.keep();
    if (this.random.below(10) == 0) {
      // A value by a stream is a batch of its own.
      const bytes = new Uint8Array(<i32>this.random.below(300_000));
      bytes.fill(<u8>batch);
      store.stream("stream", bytes, 100_000);
    }
    const result = store.commit(store.batch, durable);
    assert(result == 0, `seed ${this.seed}: batch ${batch} says ${result}`);
    if (durable) this.note(batch);
  }

  get events(): i32 {
    return this.disk.journalLength;
  }

  /** The power fails after that many events; what is wrong with what is found, or "". */
  crash(events: i32, random: TestRandom): string {
    const disk = this.left;
    disk.content.fill(0);
    this.disk.crash(events, random, disk.content);
    let least = 0;
    for (let index = 0; index < this.numbers.length; index++) {
      if (this.acknowledged[index] <= events) least = this.numbers[index];
    }
    const again = random.below(3) == 0;
    disk.records = again;
    const before = this.before;
    if (again) memory.copy(before.dataStart, disk.content.dataStart, before.length);
    let problem = this.look(disk, least);
    if (problem == "" && again) {
      // And once more while it is recovered.
      const second = this.leftAgain;
      memory.copy(second.content.dataStart, before.dataStart, before.length);
      disk.crash(<i32>random.below(disk.journalLength + 1), random, second.content);
      problem = this.look(second, least);
      if (problem != "") problem = "again: " + problem;
      disk.forgetJournal();
    }
    return problem == "" ? "" : `seed ${this.seed}, ${events} events: ${problem}`;
  }

  private look(disk: TestDisk, least: i32): string {
    const store = new TestStore(disk, tinyOptions());
    if (store.store.state != 0) return `state ${store.store.state}: ${store.store.problem()}`;
    const text = store.get(COUNTER);
    const found = text == "-64" ? 0 : <i32>I32.parseInt(text);
    if (found < least) return `batch ${found} is the last, ${least} was acknowledged`;
    if (found >= this.states.length) return `batch ${text} was never written`;
    const values = this.states[found];
    let problem = this.model.compareGets(store, values);
    const snapshot = store.snapshot();
    if (snapshot === null) return problem + " no snapshot";
    snapshot.release();
    if (problem == "") problem = new DiskCheck(disk.content).run();
    if (problem == "" && store.put("after", "1") != 0) problem = "it takes no batch afterwards";
    return problem == "" ? "" : `batch ${found}: ${problem}`;
  }
}
