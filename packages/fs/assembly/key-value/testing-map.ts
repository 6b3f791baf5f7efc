/** Keys in order, in memory. */
import { BatchKind, CONFLICT, Value } from "@phantasm/interfaces";

export function compareBytes(a: Uint8Array, b: Uint8Array): i32 {
  const order = memory.compare(a.dataStart, b.dataStart, min(a.length, b.length));
  return order != 0 ? order : a.length - b.length;
}


@final
export class FakeEntry {
  constructor(
    readonly key: Uint8Array,
    readonly value: Uint8Array,
    readonly version: u64,
    readonly expiresNs: i64,
  ) {}

  copyTo(into: Value): void {
    const length = this.value.length;
    if (into.bytes.length < length) into.bytes = new Uint8Array(length);
    memory.copy(into.bytes.dataStart, this.value.dataStart, length);
    into.length = length;
    into.size = <u64>length;
    into.version = this.version;
    into.expiresNs = this.expiresNs;
  }
}


@final
export class FakeMap {
  entries: FakeEntry[] = [];

  /** Where the key is, or would be. */
  indexOf(key: Uint8Array): i32 {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareBytes(this.entries[middle].key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  find(key: Uint8Array): FakeEntry | null {
    const index = this.indexOf(key);
    if (index == this.entries.length) return null;
    const entry = this.entries[index];
    return compareBytes(entry.key, key) == 0 ? entry : null;
  }

  put(entry: FakeEntry): void {
    const index = this.indexOf(entry.key);
    const entries = this.entries;
    if (index < entries.length && compareBytes(entries[index].key, entry.key) == 0) {
      entries[index] = entry;
      return;
    }
    entries.push(entry);
    for (let at = entries.length - 1; at > index; at--) entries[at] = entries[at - 1];
    entries[index] = entry;
  }

  delete(key: Uint8Array): void {
    if (this.find(key) !== null) this.entries.splice(this.indexOf(key), 1);
  }

  copy(): FakeMap {
    const made = new FakeMap();
    made.entries = this.entries.slice();
    return made;
  }

  /** 0, or CONFLICT. */
  check(batch: Uint8Array): i32 {
    const operations = new Operations(batch);
    while (operations.next()) {
      if (operations.kind != BatchKind.CONDITION) continue;
      const entry = this.find(operations.key);
      const version = entry === null ? 0 : entry.version;
      if (version != operations.extra) return CONFLICT;
    }
    return 0;
  }

  apply(batch: Uint8Array, version: u64): void {
    const operations = new Operations(batch);
    while (operations.next()) {
      if (operations.kind == BatchKind.PUT)
        this.put(new FakeEntry(operations.key, operations.value, version, <i64>operations.extra));
      else if (operations.kind == BatchKind.DELETE) this.delete(operations.key);
    }
  }
}

/** Reads the bytes of a `Batch`. */
@final
class Operations {
  kind: i32 = 0;
  extra: u64 = 0;
  key: Uint8Array = new Uint8Array(0);
  value: Uint8Array = new Uint8Array(0);
  private at: i32 = 0;

  constructor(private readonly bytes: Uint8Array) {}

  next(): bool {
    if (this.at == this.bytes.length) return false;
    const at = this.bytes.dataStart + this.at;
    this.kind = load<u8>(at);
    const keyBytes = <i32>load<u16>(at, 2);
    const valueBytes = load<i32>(at, 4);
    const hasExtra = load<u8>(at, 1) != 0 || this.kind == BatchKind.CONDITION;
    this.extra = hasExtra ? load<u64>(at, 8) : 0;
    const start = this.at + (hasExtra ? 16 : 8);
    this.key = this.bytes.slice(start, start + keyBytes);
    this.value = this.bytes.slice(start + keyBytes, start + keyBytes + valueBytes);
    this.at = start + keyBytes + valueBytes;
    assert(this.at <= this.bytes.length, "store: the batch ends inside of an operation");
    return true;
  }
}
