/** What `FakeStore` hands out: cursors, snapshots, streams and writers. */
import {
  Cursor,
  KeyValueHandler,
  Snapshot,
  Value,
  ValueReader,
  ValueWriter,
} from "@phantasm/interfaces";
import { FakeEntry, FakeMap, compareBytes } from "./testing-map";
import { Copy, Done, FakeStore, Get, Next, Open, Sync } from "./testing-store";

export abstract class FakeReader {
  taken: FakeStream | null = null;
}


@final
export class FakeCursor implements Cursor {
  key: Uint8Array = new Uint8Array(0);
  readonly value: Value = new Value();
  private last: Uint8Array | null = null;
  private ended: bool = false;

  constructor(
    private readonly store: FakeStore,
    private readonly map: FakeMap,
    private readonly prefix: Uint8Array | null,
    private readonly from: Uint8Array | null,
    private readonly to: Uint8Array | null,
    private readonly reverse: bool,
  ) {}

  next(handler: KeyValueHandler, tag: i32): i32 {
    return this.store.begin(new Next(this), false, handler, tag);
  }

  go(): i32 {
    if (this.ended) return 0;
    const entries = this.map.entries;
    // Slow and plain: all that are inside of the range and behind the last one, the nearest of them.
    const start = this.start();
    let found: FakeEntry | null = null;
    if (this.reverse) {
      for (let i = entries.length - 1; i >= 0 && found === null; i--)
        if (this.isInside(entries[i].key)) found = entries[i];
    } else {
      for (let i = start; i < entries.length && found === null; i++) {
        if (this.isInside(entries[i].key)) found = entries[i];
        else if (this.isBehind(entries[i].key)) break;
      }
    }
    if (found === null) {
      this.ended = true;
      return 0;
    }
    this.key = found.key;
    this.last = found.key;
    found.copyTo(this.value);
    return 1;
  }

  private start(): i32 {
    const last = this.last;
    if (last !== null) return this.map.indexOf(last);
    const from = this.from;
    if (from !== null) return this.map.indexOf(from);
    const prefix = this.prefix;
    return prefix === null ? 0 : this.map.indexOf(prefix);
  }

  private isInside(key: Uint8Array): bool {
    const prefix = this.prefix;
    if (prefix !== null && !startsWith(key, prefix)) return false;
    const from = this.from;
    if (from !== null && compareBytes(key, from) < 0) return false;
    const to = this.to;
    if (to !== null && compareBytes(key, to) >= 0) return false;
    const last = this.last;
    if (last === null) return true;
    return this.reverse ? compareBytes(key, last) < 0 : compareBytes(key, last) > 0;
  }

  private isBehind(key: Uint8Array): bool {
    const prefix = this.prefix;
    return prefix !== null && !startsWith(key, prefix) && compareBytes(key, prefix) > 0;
  }
}

function startsWith(key: Uint8Array, prefix: Uint8Array): bool {
  if (key.length < prefix.length) return false;
  return memory.compare(key.dataStart, prefix.dataStart, prefix.length) == 0;
}


@final
export class FakeSnapshot extends FakeReader implements Snapshot {
  constructor(
    private readonly store: FakeStore,
    private readonly map: FakeMap,
    readonly version: u64,
  ) {
    super();
  }

  get(key: Uint8Array, into: Value, handler: KeyValueHandler, tag: i32): i32 {
    return this.store.begin(new Get(this.map, key, into), false, handler, tag);
  }

  scan(
    prefix: Uint8Array | null,
    from: Uint8Array | null,
    to: Uint8Array | null,
    reverse: bool,
  ): Cursor {
    return new FakeCursor(this.store, this.map, prefix, from, to, reverse);
  }

  open(key: Uint8Array, into: Value, handler: KeyValueHandler, tag: i32): i32 {
    return this.store.begin(new Open(this.map, key, into, this), false, handler, tag);
  }

  takeStream(): ValueReader {
    const stream = this.taken!;
    this.taken = null;
    return stream;
  }

  release(): void {
    this.store.openSnapshots--;
  }
}


@final
export class FakeStream implements ValueReader {
  private closed: bool = false;

  constructor(
    private readonly store: FakeStore,
    private readonly value: Uint8Array,
  ) {}

  get size(): u64 {
    return <u64>this.value.length;
  }

  readAt(
    position: u64,
    buffer: Uint8Array,
    offset: i32,
    length: i32,
    handler: KeyValueHandler,
    tag: i32,
  ): i32 {
    assert(!this.closed, "stream: it is closed");
    const work = new Copy(this.value, position, buffer, offset, length);
    return this.store.begin(work, false, handler, tag);
  }

  close(): void {
    assert(!this.closed, "stream: it is closed already");
    this.closed = true;
    this.store.openStreams--;
  }
}


@final
export class FakeWriter implements ValueWriter {
  private readonly parts: Uint8Array[] = [];
  private done: bool = false;

  constructor(
    private readonly store: FakeStore,
    private readonly key: Uint8Array,
    private readonly expiresNs: i64,
  ) {}

  write(buffer: Uint8Array, offset: i32, length: i32, handler: KeyValueHandler, tag: i32): i32 {
    assert(!this.done, "writer: it is done");
    this.parts.push(buffer.slice(offset, offset + length));
    return this.store.begin(new Done(), false, handler, tag);
  }

  commit(handler: KeyValueHandler, tag: i32): i32 {
    this.abandon();
    let length = 0;
    for (let i = 0; i < this.parts.length; i++) length += this.parts[i].length;
    const value = new Uint8Array(length);
    let at = 0;
    for (let i = 0; i < this.parts.length; i++) {
      value.set(this.parts[i], at);
      at += this.parts[i].length;
    }
    const store = this.store;
    store.map.put(new FakeEntry(this.key, value, ++store.version, this.expiresNs));
    return store.begin(new Sync(), true, handler, tag);
  }

  abandon(): void {
    assert(!this.done, "writer: it is done already");
    this.done = true;
    this.store.openWriters--;
  }
}
