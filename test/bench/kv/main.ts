import { Batch, Cursor, KeyValueHandler, PENDING, Value } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";

enum Phase {
  FILL,
  SINGLE,
  GET,
  SCAN,
  DONE,
}

const VALUE_BYTES: i32 = 100;
const BATCH: i32 = 100;
const SINGLES: i32 = 500;

/** Fills a store by durable batches of 100 entries, writes single ones, gets at random, goes over all of it. */
class Bench implements KeyValueHandler {
  private readonly batch: Batch = new Batch(16384);
  private readonly value: Value = new Value();
  private readonly key: Uint8Array = new Uint8Array(16);
  private readonly bytes: Uint8Array = new Uint8Array(VALUE_BYTES).fill(120);
  private readonly entries: i32;
  private phase: Phase = Phase.FILL;
  private done: i32 = 0;
  private began: i64;
  private state: u32 = 1;
  private cursor: Cursor | null = null;

  constructor(private readonly os: Devices) {
    this.entries = <i32>os.arguments.entries;
    this.began = os.clock.monotonic();
    const result = os.store.sync(this, 0);
    if (result != PENDING) this.goOn(result);
  }

  onKeyValue(tag: i32, result: i32): void {
    this.goOn(result);
  }

  private goOn(last: i32): void {
    let result = last;
    while (result != PENDING && this.phase != Phase.DONE) {
      if (result < 0) {
        this.os.console.writeLine(`phase ${this.phase} says ${result}`);
        return;
      }
      result = this.step(result);
    }
  }

  private makeKey(index: u32): void {
    for (let at = 15; at >= 0; at--) {
      this.key[at] = <u8>(48 + (index % 10));
      index /= 10;
    }
  }

  private random(): u32 {
    this.state = this.state * 1664525 + 1013904223;
    return <u32>((<u64>this.state * <u64>this.entries) >> 32);
  }

  private step(last: i32): i32 {
    const store = this.os.store;
    switch (this.phase) {
      case Phase.FILL: {
        if (this.done == this.entries)
          return this.next(Phase.SINGLE, "put, durable batches of 100");
        this.batch.clear();
        for (let index = 0; index < BATCH; index++) {
          // In an order of chance: a multiple of a number without common factors.
          this.makeKey(<u32>((<u64>this.done * 7_368_787) % <u64>this.entries));
          this.batch.put(this.key, this.bytes);
          this.done++;
        }
        return store.commit(this.batch, true, this, 0);
      }
      case Phase.SINGLE: {
        if (this.done == SINGLES) return this.next(Phase.GET, "put, durable, one by one");
        this.done++;
        this.makeKey(this.random());
        return store.commit(this.batch.clear().put(this.key, this.bytes), true, this, 0);
      }
      case Phase.GET: {
        if (this.done == this.entries) return this.next(Phase.SCAN, "get, at random");
        this.done++;
        this.makeKey(this.random());
        return store.get(this.key, this.value, this, 0);
      }
      default: {
        let cursor = this.cursor;
        if (cursor === null) {
          cursor = store.scan(null, null, null, false);
          this.cursor = cursor;
        } else if (last == 0) return this.next(Phase.DONE, "scan");
        else this.done++;
        return cursor.next(this, 0);
      }
    }
  }

  private next(phase: Phase, what: string): i32 {
    const now = this.os.clock.monotonic();
    const ns = <f64>(now - this.began) / <f64>this.done;
    this.os.console.writeLine(`${what}: ${this.done} entries, ${<i64>ns} ns each`);
    this.phase = phase;
    this.done = 0;
    this.began = this.os.clock.monotonic();
    return 1;
  }
}

export function main(os: Devices): void {
  new Bench(os);
}
