/** Goes over keys in order. Where it stands is a key: it finds its place again whatever has changed. */
import {
  CORRUPT,
  Cursor,
  EXHAUSTED,
  KEY_BYTES_MAX,
  KeyValueHandler,
  PENDING,
  Value,
} from "@phantasm/interfaces";
import { FrameState } from "./cache";
import { compareBytes } from "./compare";
import { Engine } from "./engine";
import { makeUserKey, userKey } from "./keys";
import { NAMESPACE_USER } from "./layout";
import { OperationKind } from "./operation";
import { cellAt, countOf, keyBytesOf, leafKey } from "./page";
import { ELSEWHERE, beginWhole, isExpired, takeCell, valueOf } from "./read";
import { StoreSnapshot } from "./snapshot";
import { View } from "./tree";

enum Place {
  BEFORE,
  AT_KEY,
  END,
}


@final
export class StoreCursor implements Cursor {
  readonly value: Value = new Value();
  /** The key it stands on: as long as the key, in a buffer for the longest. */
  readonly key: Uint8Array = new Uint8Array(KEY_BYTES_MAX);
  private place: Place = Place.BEFORE;
  private isBusy: bool = false;
  /** The leaf that holds the key, while nothing has changed. */
  private frame: i32 = -1;
  private framePage: u64 = 0;
  private index: i32 = 0;
  private changes: u64 = 0;

  constructor(
    private readonly engine: Engine,
    private readonly view: View,
    private readonly snapshot: StoreSnapshot | null,
    private readonly prefix: Uint8Array | null,
    private readonly from: Uint8Array | null,
    private readonly to: Uint8Array | null,
    private readonly reverse: bool,
  ) {
    assert(
      isLimit(prefix) && isLimit(from) && isLimit(to),
      "kv: a limit of a scan has at most 511 bytes",
    );
    this.setKey(0, 0);
  }

  next(handler: KeyValueHandler, tag: i32): i32 {
    assert(!this.isBusy, "kv: a cursor does one next at a time");
    const engine = this.engine;
    const snapshot = this.snapshot;
    if (snapshot !== null) snapshot.check();
    // Before it moves: whatever it comes to may have to be waited for.
    if (engine.operations.isFull) {
      engine.counters.exhausted++;
      return EXHAUSTED;
    }
    let result = PENDING;
    if (engine.state == 0) {
      result = this.step();
      if (result != PENDING && result != ELSEWHERE) return this.done(result);
    } else if (engine.state != PENDING) return engine.state;
    const operation = engine.schedule.take(OperationKind.NEXT, handler, tag);
    if (operation === null) return EXHAUSTED;
    operation.cursor = this;
    operation.snapshot = snapshot;
    // The cursor has moved already; only the value is missing.
    if (result == ELSEWHERE) beginWhole(engine, operation, engine.tree.cell);
    this.isBusy = true;
    return engine.schedule.enqueue(operation);
  }

  onDone(result: i32): void {
    this.isBusy = false;
    this.done(result);
  }

  private done(result: i32): i32 {
    if (result == 0) this.place = Place.END;
    return result;
  }

  /**
   * 1 on the next entry, 0 at the end, PENDING, or an error; ELSEWHERE when it stands on the next entry, and so
   * does the tree, but its value has to be read.
   */
  step(): i32 {
    if (this.place == Place.END) return 0;
    const tree = this.engine.tree;
    let status = this.advance();
    for (;;) {
      if (status <= 0) return status;
      const cell = cellAt(this.engine.cache.at(this.frame), this.index);
      const key = leafKey(cell) + 1;
      const keyBytes = keyBytesOf(cell) - 1;
      if (load<u8>(key - 1) != NAMESPACE_USER || !this.isInside(key, keyBytes)) return 0;
      if (!isExpired(this.engine, cell)) {
        const result = takeCell(cell, this.value);
        tree.leaf = this.frame;
        tree.index = this.index;
        this.setKey(key, keyBytes);
        this.place = Place.AT_KEY;
        return result == ELSEWHERE ? ELSEWHERE : 1;
      }
      this.setKey(key, keyBytes);
      this.place = Place.AT_KEY;
      this.engine.cache.leaveBehind();
      status = this.advance();
    }
    return 0;
  }

  /** To the entry behind the key: 1, or 0 at the end of the tree. */
  private advance(): i32 {
    const engine = this.engine;
    const tree = engine.tree;
    const cache = engine.cache;
    // What a snapshot shows does not change; a page of it that does gets another frame or number.
    const isUnchanged = this.snapshot !== null || this.changes == tree.changes;
    if (this.frame >= 0 && this.place == Place.AT_KEY && isUnchanged) {
      const frame = cache.frame(this.frame);
      const state: u8 = frame.state;
      const isSame =
        frame.page == this.framePage &&
        (this.framePage != 0 ? state != FrameState.READING : state == FrameState.DIRTY);
      const index = this.index + (this.reverse ? -1 : 1);
      if (isSame && index >= 0 && index < countOf(cache.at(this.frame))) {
        frame.used = 1;
        this.index = index;
        return 1;
      }
    }
    this.frame = -1;
    const view = this.view;
    if (view.levels == 0) return 0;
    const status = tree.seek(view, userKey, this.makeStart());
    if (status != 0) return status;
    let frame = tree.leaf;
    let index = tree.index;
    if (this.reverse) index--;
    else if (this.place == Place.AT_KEY && tree.found) index++;
    if (index < 0 || index >= countOf(cache.at(frame))) {
      frame = tree.neighbour(view.levels, this.reverse);
      if (frame < 0) return frame == -1 ? 0 : frame;
      index = tree.index;
    }
    if (this.place == Place.AT_KEY && !this.isBeyond(cellAt(cache.at(frame), index))) {
      engine.counters.corrupt++;
      return CORRUPT;
    }
    this.frame = frame;
    this.framePage = cache.frame(frame).page;
    this.index = index;
    this.changes = tree.changes;
    return 1;
  }

  /** True if a cell is behind the key. In a forged tree it may not be, and going over it would not end. */
  private isBeyond(cell: usize): bool {
    if (load<u8>(leafKey(cell)) != NAMESPACE_USER) return true;
    const key = this.key;
    const order = compareBytes(leafKey(cell) + 1, keyBytesOf(cell) - 1, key.dataStart, key.length);
    return this.reverse ? order < 0 : order > 0;
  }

  /** The key to look for: returns its length in the tree. */
  private makeStart(): i32 {
    if (this.place == Place.AT_KEY) return makeUserKey(this.key.dataStart, this.key.length);
    const prefix = this.prefix;
    if (!this.reverse) {
      const from = this.from;
      if (from !== null && (prefix === null || compare(from, prefix) > 0))
        return makeUserKey(from.dataStart, from.length);
      return prefix === null ? makeUserKey(0, 0) : makeUserKey(prefix.dataStart, prefix.length);
    }
    const to = this.to;
    let bytes = 1;
    if (prefix !== null) {
      bytes = makeUserKey(prefix.dataStart, prefix.length);
      // Behind all keys with that prefix: the last byte that can be greater is, the rest is left out.
      while (bytes > 1 && load<u8>(userKey + <usize>bytes - 1) == 0xff) bytes--;
    }
    if (bytes == 1) store<u8>(userKey, NAMESPACE_USER + 1);
    else {
      const last = userKey + <usize>bytes - 1;
      store<u8>(last, load<u8>(last) + 1);
    }
    if (to === null) return bytes;
    const isBefore =
      bytes == 1 || compareBytes(to.dataStart, to.length, userKey + 1, bytes - 1) < 0;
    return isBefore ? makeUserKey(to.dataStart, to.length) : bytes;
  }

  private isInside(key: usize, keyBytes: i32): bool {
    const prefix = this.prefix;
    if (prefix !== null) {
      const length = prefix.length;
      if (keyBytes < length || compareBytes(key, length, prefix.dataStart, length) != 0)
        return false;
    }
    const from = this.from;
    if (from !== null && compareBytes(key, keyBytes, from.dataStart, from.length) < 0) return false;
    const to = this.to;
    return to === null || compareBytes(key, keyBytes, to.dataStart, to.length) < 0;
  }

  private setKey(key: usize, keyBytes: i32): void {
    memory.copy(this.key.dataStart, key, keyBytes);
    // The array is one and the same for all keys: only its length changes.
    // eslint-disable-next-line assemblyscript/no-changetype-usize -- a number is stored, no reference is kept
    store<i32>(changetype<usize>(this.key), keyBytes, offsetof<Uint8Array>("byteLength"));
  }
}

function isLimit(key: Uint8Array | null): bool {
  return key === null || key.length <= KEY_BYTES_MAX;
}

function compare(a: Uint8Array, b: Uint8Array): i32 {
  return compareBytes(a.dataStart, a.length, b.dataStart, b.length);
}
