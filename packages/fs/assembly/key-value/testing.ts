/** What the tests of this folder share: a volume over a store, steps of the domain, and a look at all keys. */
import { Clock, Timer, TimerHandler, Value } from "@phantasm/interfaces";
import { dispatch, enter, hold as keepAlive, leave, release } from "@phantasm/runtime";
import { world } from "@phantasm/testing";
import { Settles } from "../testing";
import { Entry, Keys, ROOT, parseGarbage } from "./format";
import { KeyValueFiles } from "./files";
import { FakeEntry } from "./testing-map";
import { FakeStore } from "./testing-store";

/** The time of the test; there are no timers. */
@final
export class TestClock implements Clock {
  wallNs: i64 = 1_000;
  now(): i64 {
    return world.now();
  }
  monotonic(): i64 {
    return world.now();
  }
  wall(): i64 {
    return this.wallNs;
  }
  after(delayNs: i64, handler: TimerHandler): Timer {
    throw new Error("no timers");
  }
  every(periodNs: i64, handler: TimerHandler): Timer {
    throw new Error("no timers");
  }
}

/** Runs a store until nothing is under way that somebody waits for. */
@final
export class StoreSettles implements Settles {
  /** Whose operations may wait for space: see `rest`, which is called then. */
  volume: KeyValueFiles | null = null;

  constructor(private readonly store: FakeStore) {}

  settle(): void {
    // So that what goes on in the background comes in between.
    enter(world.now(), 0);
    dispatch();
    this.store.run();
    const volume = this.volume;
    if (volume !== null && volume.cleaner.isAwaited) this.rest();
  }

  /**
   * Lets what goes on in the background come to its end too. The collector runs then, which does not look into
   * frames: they may have nothing that is used afterwards and not held.
   */
  rest(): void {
    keepAlive();
    for (let turns = 0; turns < 1_000_000; turns++) {
      this.store.run();
      enter(world.now(), 0);
      dispatch();
      if (leave() > world.now() && this.store.inFlight == 0) break;
    }
    release();
  }
}

const held: Object[] = [];

/** Keeps an object until `collect`. */
export function hold<T>(object: T): T {
  held.push(changetype<Object>(object));
  return object;
}

/** Gives up what is held, and collects: in the outermost function of a case, as `rest`. */
export function collect(): void {
  held.length = 0;
  new StoreSettles(new FakeStore()).rest();
}

/** What a store holds of a volume, and whether it is consistent. */
@final
export class Inspection {
  /** What is wrong, one after the other. */
  problems: string = "";
  files: i32 = 0;
  directories: i32 = 1;
  chunks: i32 = 0;
  garbage: i32 = 0;
  private readonly keys: Keys;
  private readonly entry: Entry = new Entry();

  constructor(
    private readonly entries: FakeEntry[],
    prefix: string,
    private readonly chunkBytes: i32,
  ) {
    this.keys = new Keys(prefix);
    const sizes = new Map<u64, u64>();
    const from = new Map<u64, i64>();
    const letter = this.keys.prefix.length;
    const directories = new Set<u64>();
    directories.add(ROOT);
    for (let i = 0; i < entries.length; i++) {
      const key = entries[i].key;
      if (key[letter] == 0x67) {
        from.set(this.keys.garbageOf(key), this.read(entries[i], true));
        this.garbage++;
      }
      if (key[letter] != 0x65) continue;
      this.read(entries[i], false);
      if (this.entry.directory) {
        if (directories.has(this.entry.number)) this.problem("a directory twice");
        directories.add(this.entry.number);
        this.directories++;
      } else {
        if (sizes.has(this.entry.number)) this.problem("a content twice");
        sizes.set(this.entry.number, this.entry.size);
        this.files++;
      }
    }
    for (let i = 0; i < entries.length; i++) {
      const key = entries[i].key;
      const number =
        key.length >= letter + 9 ? bswap<u64>(load<u64>(key.dataStart + letter + 1)) : 0;
      if (key[letter] == 0x65 && !directories.has(number)) this.problem("an entry in no directory");
      if (key[letter] != 0x64) continue;
      this.chunks++;
      const chunk = this.keys.chunkOf(key);
      const start = <u64>chunk * <u64>this.chunkBytes;
      const end = start + entries[i].value.length;
      const isGarbage = from.has(number) && chunk >= from.get(number);
      if (isGarbage) continue;
      if (!sizes.has(number)) this.problem(`chunk ${chunk} of nothing (${number})`);
      else if (end > sizes.get(number))
        this.problem(`chunk ${chunk} of ${number} is behind its end`);
      else if (end == start) this.problem("an empty chunk");
      if (entries[i].value.length > this.chunkBytes) this.problem("a chunk that is too large");
    }
  }

  private problem(text: string): void {
    this.problems += text + "; ";
  }

  private read(entry: FakeEntry, garbage: bool): i64 {
    const value = valueOf(entry);
    if (garbage) return parseGarbage(value);
    if (!this.entry.parse(value, u64.MAX_VALUE)) this.problem("a bad entry");
    return 0;
  }
}

function valueOf(entry: FakeEntry): Value {
  const value = new Value();
  entry.copyTo(value);
  return value;
}

/** A volume of chunks of 4096 bytes. */
export function volumeOn(
  store: FakeStore,
  prefix: string = "",
  operationsMax: i32 = 32,
): KeyValueFiles {
  return hold(new KeyValueFiles(hold(store), new TestClock(), prefix, 4096, 16, operationsMax, 3));
}
