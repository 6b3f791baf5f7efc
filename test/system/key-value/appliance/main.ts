import {
  Batch,
  Console,
  Cursor,
  KeyValue,
  KeyValueHandler,
  NOT_FOUND,
  PENDING,
  Value,
  ValueWriter,
} from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";

/** Batches that stay: an older one is deleted as a whole by the one so many later. */
const KEPT: i64 = 40;
/** Every so many batches, a value is streamed between two of them. */
const STREAM_EVERY: i64 = 16;
const STREAM_BYTES: i32 = 300_000;
const PIECE_BYTES: i32 = 50_000;
const YEAR_2100_NS: i64 = 4_102_444_800_000_000_000;

enum Step {
  OPEN,
  COMMIT,
  STREAM,
  STREAM_COMMIT,
  LIST,
}

function entriesOf(batch: i64): i32 {
  return <i32>(1 + (batch % 7));
}

function sizeOf(batch: i64, entry: i32): i32 {
  return entry == 3 ? 5000 + <i32>(batch % 3000) : <i32>((batch * 37 + entry * 101) % 900);
}

function keyOf(batch: i64, entry: i32): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(`batch/${batch.toString().padStart(8, "0")}/${entry}`));
}

/** What test/system/key-value/filler.ts expects too. */
function fill(bytes: Uint8Array, batch: i64, entry: i32, from: i32): void {
  for (let at = 0; at < bytes.length; at++)
    bytes[at] = <u8>(97 + ((<i32>batch * 7 + entry * 3 + from + at) % 26));
}

/** One step after the other; each durable batch is a line once it is acknowledged. */
class Filler implements KeyValueHandler {
  private readonly counter: Uint8Array = Uint8Array.wrap(String.UTF8.encode("counter"));
  private readonly streamed: Uint8Array = Uint8Array.wrap(String.UTF8.encode("streamed"));
  private readonly value: Value = new Value();
  private readonly batch: Batch = new Batch(65_536);
  private readonly piece: Uint8Array = new Uint8Array(PIECE_BYTES);
  private writer: ValueWriter | null = null;
  private written: i32 = 0;
  private done: i64 = 0;

  constructor(
    private readonly os: Devices,
    private readonly store: KeyValue,
    private readonly console: Console,
    private readonly last: i64,
  ) {}

  start(): void {
    this.took(Step.OPEN, this.store.get(this.counter, this.value, this, Step.OPEN));
  }

  onKeyValue(tag: i32, result: i32): void {
    if (result < 0 && !(tag == Step.OPEN && result == NOT_FOUND)) {
      this.console.writeLine(`step ${tag} failed with error ${result}`);
      this.os.exit(1);
      return;
    }
    if (tag == Step.OPEN) {
      this.done = result == NOT_FOUND ? 0 : I64.parseInt(this.value.text());
      this.console.writeLine(`opened at ${this.done}`);
      this.next();
    } else if (tag == Step.COMMIT) {
      this.done++;
      this.console.writeLine(`done ${this.done}`);
      if (this.done % STREAM_EVERY == 0) this.stream();
      else this.next();
    } else if (tag == Step.STREAM) {
      this.writeMore();
    } else {
      this.console.writeLine(`streamed ${this.done}`);
      this.next();
    }
  }

  private took(step: Step, result: i32): void {
    if (result != PENDING) this.onKeyValue(step, result);
  }

  private next(): void {
    if (this.done >= this.last) return this.os.exit(0);
    const number = this.done + 1;
    const batch = this.batch.clear();
    for (let entry = 0; entry < entriesOf(number); entry++) {
      const value = new Uint8Array(sizeOf(number, entry));
      fill(value, number, entry, 0);
      batch.put(keyOf(number, entry), value, entry == 2 ? YEAR_2100_NS + number : 0);
    }
    const old = number - KEPT;
    if (old > 0)
      for (let entry = 0; entry < entriesOf(old); entry++) batch.delete(keyOf(old, entry));
    batch.put(this.counter, Uint8Array.wrap(String.UTF8.encode(number.toString())));
    this.took(Step.COMMIT, this.store.commit(batch, true, this, Step.COMMIT));
  }

  private stream(): void {
    this.writer = this.store.create(this.streamed, 0);
    assert(this.writer != null, "kv-filler: no writer");
    this.written = 0;
    this.writeMore();
  }

  private writeMore(): void {
    const writer = this.writer;
    if (writer == null) return;
    while (this.written < STREAM_BYTES) {
      fill(this.piece, this.done, 0, this.written);
      this.written += PIECE_BYTES;
      const result = writer.write(this.piece, 0, PIECE_BYTES, this, Step.STREAM);
      if (result == PENDING) return;
      if (result < 0) return this.onKeyValue(Step.STREAM, result);
    }
    this.took(Step.STREAM_COMMIT, writer.commit(this, Step.STREAM_COMMIT));
  }
}

/** One line for each key: its size, and the sum of its bytes if it can be got as a whole. */
class Lister implements KeyValueHandler {
  private readonly cursor: Cursor;

  constructor(
    private readonly os: Devices,
    store: KeyValue,
    private readonly console: Console,
  ) {
    this.cursor = store.scan(null, null, null, false);
  }

  start(): void {
    let result = this.cursor.next(this, Step.LIST);
    while (result == 1) {
      this.print();
      result = this.cursor.next(this, Step.LIST);
    }
    if (result != PENDING) this.end(result);
  }

  onKeyValue(tag: i32, result: i32): void {
    if (result != 1) return this.end(result);
    this.print();
    this.start();
  }

  private print(): void {
    const value = this.cursor.value;
    let sum = 0;
    for (let at = 0; at < value.length; at++) sum += value.bytes[at];
    const key = this.cursor.key;
    const name = String.UTF8.decodeUnsafe(key.dataStart, key.length);
    this.console.writeLine(`${name} ${value.size} ${sum} ${value.version} ${value.expiresNs}`);
  }

  private end(result: i32): void {
    this.console.writeLine(`end ${result}`);
    this.os.exit(result == 0 ? 0 : 1);
  }
}

export function main(os: Devices): void {
  if (os.arguments.mode == "list") new Lister(os, os.store, os.console).start();
  else new Filler(os, os.store, os.console, os.arguments.batches).start();
}
