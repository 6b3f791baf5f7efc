/**
 * For tests: a store beside a plain model of it, changed by chance. Keys and values follow from small numbers,
 * so that a state of the model is one number for each key.
 */
import { Batch, NOT_FOUND, Snapshot, Value } from "@phantasm/interfaces";
import { TestRandom, TestStore } from "./testing";

/** The key with that number: some long, some with the same beginning, in no simple order. */
export function keyOf(index: i32): Uint8Array {
  const kind = index % 5;
  const length = kind == 0 ? 3 + (index % 7) : kind == 1 ? 511 : kind == 2 ? 40 : 8;
  const key = new Uint8Array(length);
  const random = new TestRandom(<u64>index * 7919 + 17);
  random.u64();
  for (let at = 0; at < length; at++) key[at] = kind == 1 ? 0x61 : <u8>random.u32();
  key[0] = <u8>(97 + kind);
  key[length - 1] = <u8>index;
  key[length - 2] = <u8>(index >> 8);
  return key;
}

/** Bytes of the value with that number, which is not 0. */
export function sizeOf(value: i32): i32 {
  const random = new TestRandom(<u64>value * 104729 + 3);
  random.u64();
  const kind = random.below(20);
  if (kind == 0) return 0;
  if (kind == 1) return 1000 + <i32>random.below(4000);
  if (kind == 2) return <i32>random.below(20000);
  // As long as many others: what is replaced by such a one stays where it is.
  if (kind < 7) return 24;
  return kind < 10 ? <i32>random.below(20) : <i32>random.below(400);
}

export function fillValue(value: i32, bytes: Uint8Array, length: i32): void {
  let state = <u64>value * 0x9e37_79b9_7f4a_7c15 + 1;
  for (let at = 0; at < length; at++) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    store<u8>(bytes.dataStart + at, <u8>state);
  }
}


@final
export class Model {
  /** Number of each key's value; 0: it has none. */
  values: StaticArray<i32>;
  private readonly keys: Uint8Array[] = [];
  /** Numbers of the keys, in the order of their bytes. */
  private readonly order: StaticArray<i32>;
  private readonly scratch: Uint8Array = new Uint8Array(20000);
  private nextValue: i32 = 1;

  constructor(readonly count: i32) {
    this.values = new StaticArray<i32>(count);
    const order = new StaticArray<i32>(count);
    this.order = order;
    for (let index = 0; index < count; index++) {
      this.keys.push(keyOf(index));
      let at = index;
      while (at > 0 && this.compare(order[at - 1], index) > 0) {
        order[at] = order[at - 1];
        at--;
      }
      order[at] = index;
    }
  }

  private compare(a: i32, b: i32): i32 {
    const x = this.keys[a];
    const y = this.keys[b];
    const common = min(x.length, y.length);
    for (let at = 0; at < common; at++) {
      if (x[at] != y[at]) return <i32>x[at] - <i32>y[at];
    }
    return x.length - y.length;
  }

  key(index: i32): Uint8Array {
    return this.keys[index];
  }

  /** Adds changes to a batch, and makes them in the model. */
  change(batch: Batch, random: TestRandom, changes: i32, deletes: u32 = 3): void {
    for (let left = changes; left > 0; left--) {
      const index = <i32>random.below(this.count);
      if (random.below(10) < deletes) {
        batch.delete(this.keys[index]);
        this.values[index] = 0;
      } else {
        const value = this.nextValue++;
        const length = sizeOf(value);
        fillValue(value, this.scratch, length);
        // Some expire, in a hundred years.
        const expiresNs = random.below(6) == 0 ? 4_000_000_000_000_000_000 + <i64>value : 0;
        batch.putPart(this.keys[index], this.scratch, 0, length, expiresNs);
        this.values[index] = value;
      }
    }
  }

  matches(value: i32, found: Value, length: i32): bool {
    if (length != sizeOf(value)) return false;
    fillValue(value, this.scratch, length);
    return memory.compare(this.scratch.dataStart, found.bytes.dataStart, length) == 0;
  }

  /** Gets every key. What differs from `values`, or "". */
  compareGets(store: TestStore, values: StaticArray<i32>): string {
    for (let index = 0; index < this.count; index++) {
      const result = store.fetch(this.keys[index]);
      const value = values[index];
      const fits = value == 0 ? result == NOT_FOUND : this.matches(value, store.value, result);
      if (!fits) return `key ${index} is value ${value}, and get says ${result}`;
    }
    return "";
  }

  /** Goes over all of the store, or of a snapshot. What differs, or "". */
  compareScan(
    store: TestStore,
    values: StaticArray<i32>,
    reverse: bool,
    snapshot: Snapshot | null = null,
  ): string {
    const cursor =
      snapshot === null
        ? store.store.scan(null, null, null, reverse)
        : snapshot.scan(null, null, null, reverse);
    for (let at = 0; at < this.count; at++) {
      const index = this.order[reverse ? this.count - 1 - at : at];
      const value = values[index];
      if (value == 0) continue;
      const result = store.next(cursor);
      if (result != 1) return `next says ${result} before key ${index}`;
      const key = this.keys[index];
      const isKey =
        cursor.key.length == key.length &&
        memory.compare(cursor.key.dataStart, key.dataStart, key.length) == 0;
      if (!isKey) return `next is not on key ${index}`;
      if (!this.matches(value, cursor.value, cursor.value.length))
        return `next shows another value than ${value} of key ${index}`;
    }
    const last = store.next(cursor);
    return last == 0 ? "" : `next says ${last} behind the last key`;
  }
}
