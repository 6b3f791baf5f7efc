/** For tests: a small store whose bytes are changed, and what is found then. */
import { CORRUPT, NOT_FOUND, TOO_LARGE } from "@phantasm/interfaces";
import { LOG_PAGES_MIN, META_PAGES } from "./layout";
import { DiskCheck } from "./testing-check";
import { tinyOptions } from "./testing-crash";
import { Model } from "./testing-model";
import { TestDisk, TestRandom, TestStore, bytesOf } from "./testing";

const KEYS: i32 = 60;

function flipBit(at: usize, bit: i32): void {
  const mask = 1 << bit;
  store<u8>(at, <u8>((<i32>load<u8>(at)) ^ mask));
}


@final
export class SmallStore {
  readonly disk: TestDisk;
  image: Uint8Array = new Uint8Array(0);
  private readonly model: Model = new Model(KEYS);
  private readonly check: DiskCheck;
  private readonly streamBytes: i32 = 9000;

  /** With a tree, a long value, a value that was streamed; and, `withLog`, records in the log and a mark. */
  constructor(
    private readonly withLog: bool,
    pages: i32 = 96,
  ) {
    const disk = new TestDisk(<u64>pages * 8);
    this.disk = disk;
    this.check = new DiskCheck(disk.content);
    const store = new TestStore(disk, tinyOptions());
    const random = new TestRandom(5);
    for (let batch = 0; batch < 24; batch++) {
      const before = this.model.values.slice<StaticArray<i32>>();
      this.model.change(store.batch.clear(), random, 3);
      const result = store.commit(store.batch, batch % 3 == 0);
      // The largest values are too large for so small a log.
      if (result != 0) this.model.values = before;
      assert(result == 0 || result == TOO_LARGE, `batch ${batch} says ${result}`);
      if (batch == 12) {
        store.stream("stream", new Uint8Array(this.streamBytes).fill(7), 5000);
        store.snapshot()!.release();
      }
    }
    store.sync();
    if (!withLog) store.snapshot()!.release();
    store.advance(20_000_000);
    this.image = disk.content.slice();
    this.check.run();
  }

  /**
   * One bit of many is enough of pages that nothing leads to; and of the log or of the tree, if it is the other
   * one that this store is about.
   */
  matters(bit: i32): bool {
    const page = bit >> 15;
    const isLog = page >= META_PAGES && page < META_PAGES + <i32>LOG_PAGES_MIN;
    const isMeta = page < META_PAGES;
    const isAbout = isMeta || isLog == this.withLog;
    return (isAbout && this.check.isReached(page)) || bit % 509 == 0;
  }

  restore(): void {
    memory.copy(this.disk.content.dataStart, this.image.dataStart, this.image.length);
  }

  /** One bit is another one: it is noticed, or does not matter. What is wrong, or "". */
  flip(bit: i32): string {
    const at = this.disk.content.dataStart + ((<usize>bit) >> 3);
    flipBit(at, bit & 7);
    const problem = this.look();
    this.restore();
    return problem == "" ? "" : `bit ${bit} (page ${bit >> 15}): ${problem}`;
  }

  private look(): string {
    const store = new TestStore(this.disk, tinyOptions());
    const state = store.store.state;
    if (state != 0) return state == CORRUPT || state == -68 ? "" : `state ${state}`;
    const values = this.model.values;
    for (let index = 0; index < KEYS; index++) {
      const result = store.fetch(this.model.key(index));
      if (result == CORRUPT) continue;
      const value = values[index];
      const fits =
        value == 0 ? result == NOT_FOUND : this.model.matches(value, store.value, result);
      if (!fits) return `key ${index} is value ${value}, and get says ${result}`;
    }
    const result = store.fetch(bytesOf("stream"));
    if (result != CORRUPT) {
      if (result != this.streamBytes) return `the streamed value says ${result}`;
      for (let at = 0; at < result; at++) {
        if (store.value.bytes[at] != 7) return "the streamed value is another one";
      }
    }
    return "";
  }

  /** Reads and changes everything, whatever the bytes are: it ends, without a trap. */
  use(): void {
    const store = new TestStore(this.disk, tinyOptions());
    if (store.store.state != 0) return;
    for (let index = 0; index < KEYS; index++) store.fetch(this.model.key(index));
    for (let direction = 0; direction < 2; direction++) {
      const cursor = store.store.scan(null, null, null, direction == 1);
      // More entries than pages can hold: it would not end.
      let steps = 0;
      let errors = 0;
      while (errors < 3) {
        const result = store.next(cursor);
        if (result == 0) break;
        if (result < 0) errors++;
        assert(++steps < 100_000, "a scan does not end");
      }
    }
    const reader = store.open("stream");
    if (reader !== null) {
      const part = new Uint8Array(3000);
      for (let at: u64 = 0; at < 20_000; at += 3000) store.read(reader, at, part);
      reader.close();
    }
    const random = new TestRandom(3);
    const before = this.model.values.slice<StaticArray<i32>>();
    for (let batch = 0; batch < 12; batch++) {
      this.model.change(store.batch.clear(), random, 5, batch < 6 ? 2 : 9);
      store.commit(store.batch, batch % 4 == 0);
      if (batch % 5 == 4) {
        const snapshot = store.snapshot();
        if (snapshot !== null) snapshot.release();
      }
    }
    for (let index = 0; index < KEYS; index++) {
      store.batch.clear().delete(this.model.key(index));
      store.commit(store.batch, false);
    }
    store.delete("stream");
    store.sync();
    this.model.values = before;
  }
}
