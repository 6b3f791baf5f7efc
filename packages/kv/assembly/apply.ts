/** Changes the tree by a batch. Everything it needs is there: see commit.ts. */
import { BatchKind } from "@phantasm/interfaces";
import { Engine } from "./engine";
import { expiryKey, makeExpiryKey, makeUserKey, userKey } from "./keys";
import {
  CellFlag,
  ELSEWHERE_BYTES,
  PAGE_BYTES,
  PAGE_SHIFT,
  PUT_ELSEWHERE,
  afterOperation,
  operationHeadBytes,
} from "./layout";
import { expiryOf } from "./page";
import { isDirect, isElsewhere, valueOf } from "./read";
import { MEMORY_REFERENCE, Values, isLong } from "./values";


@final
export class Apply {
  // What the entry was before.
  private oldExpiry: i64 = 0;
  private oldSize: u64 = 0;
  private oldPage: u64 = 0;
  private oldChecksum: u64 = 0;
  private oldIsDirect: bool = false;

  constructor(private readonly engine: Engine) {}

  batch(operations: usize, bytes: i32, version: u64, values: Values): void {
    const places = this.engine.places;
    const shape = this.engine.tree.shape;
    const end = operations + bytes;
    let index = 0;
    for (let at = operations; at < end; at = afterOperation(at)) {
      const kind = <i32>load<u8>(at);
      const place = this.engine.tree.shape == shape ? places.at(index) : 0;
      index++;
      if (kind == BatchKind.CONDITION) continue;
      const head = operationHeadBytes(at);
      const key = at + head;
      const keyBytes = <i32>load<u16>(at, 2);
      if (kind == BatchKind.DELETE) this.delete(key, keyBytes, version);
      else {
        const expiresNs = head == 16 ? max<i64>(load<i64>(at, 8), 1) : 0;
        let value = key + <usize>keyBytes;
        let valueBytes = load<i32>(at, 4);
        let flags = expiresNs != 0 ? CellFlag.EXPIRES : 0;
        if (kind == PUT_ELSEWHERE) flags |= CellFlag.ELSEWHERE;
        else if (isLong(at)) {
          value = values.take();
          valueBytes = ELSEWHERE_BYTES;
          flags |= CellFlag.ELSEWHERE | values.flagsOf(value);
        }
        if (flags != 0 || !this.overwrite(place, key, keyBytes, version, value, valueBytes))
          this.put(key, keyBytes, flags, version, expiresNs, value, valueBytes);
      }
    }
    this.engine.tree.removeEmpty();
    values.clear();
  }

  /**
   * Puts a value in the place of one that differs by its bytes alone. False: there is none, or it is not known where.
   * @param place of the key's cell; 0: it is to be found
   */
  private overwrite(
    place: usize,
    key: usize,
    keyBytes: i32,
    version: u64,
    value: usize,
    valueBytes: i32,
  ): bool {
    const engine = this.engine;
    const cell = place != 0 ? place : engine.places.find(key, keyBytes);
    if (cell == 0 || load<u16>(cell, 2) != 0 || load<i32>(cell, 4) != valueBytes) return false;
    engine.tree.changes++;
    store<u64>(cell, version, 8);
    memory.copy(valueOf(cell), value, valueBytes);
    this.note(key, keyBytes, version, false);
    return true;
  }

  private put(
    key: usize,
    keyBytes: i32,
    flags: i32,
    version: u64,
    expiresNs: i64,
    value: usize,
    valueBytes: i32,
  ): void {
    const engine = this.engine;
    const tree = engine.tree;
    const length = makeUserKey(key, keyBytes);
    tree.guess = engine.places.guess(key, keyBytes);
    this.look(length);
    if (this.oldPage != 0) {
      // A record that is replayed once more may name the value that is there.
      const isSame = (flags & CellFlag.ELSEWHERE) != 0 && load<u64>(value, 8) == this.oldPage;
      if (!isSame) this.dropOld();
    }
    if (tree.putHere(userKey, length, flags, version, expiresNs, value, valueBytes))
      engine.entries++;
    else engine.places.note(key, keyBytes, tree.leaf, tree.index);
    if (this.oldExpiry != expiresNs) {
      if (this.oldExpiry != 0) tree.remove(expiryKey, makeExpiryKey(this.oldExpiry, key, keyBytes));
      if (expiresNs != 0)
        tree.put(expiryKey, makeExpiryKey(expiresNs, key, keyBytes), 0, 0, 0, 0, 0);
    }
    if (expiresNs != 0) engine.sweeper.onExpiry(expiresNs);
    this.note(key, keyBytes, version, false);
  }

  private delete(key: usize, keyBytes: i32, version: u64): void {
    const engine = this.engine;
    const length = makeUserKey(key, keyBytes);
    this.look(length);
    if (!engine.tree.removeHere()) return;
    engine.entries--;
    if (this.oldPage != 0) this.dropOld();
    if (this.oldExpiry != 0)
      engine.tree.remove(expiryKey, makeExpiryKey(this.oldExpiry, key, keyBytes));
    this.note(key, keyBytes, version, true);
  }

  /** What the log has from before is no news. */
  private note(key: usize, keyBytes: i32, version: u64, deleted: bool): void {
    const engine = this.engine;
    if (engine.state == 0 && engine.watchers.any)
      engine.watchers.note(key, keyBytes, version, deleted);
  }

  private dropOld(): void {
    if (this.oldIsDirect) {
      const pages = (this.oldSize + PAGE_BYTES - 1) >> PAGE_SHIFT;
      for (let at: u64 = 0; at < pages; at++) this.engine.space.release(this.oldPage + at);
    } else if (this.oldPage < MEMORY_REFERENCE)
      this.engine.garbage.add(this.oldSize, this.oldPage, this.oldChecksum);
    else this.engine.commits.values.forget(<usize>this.oldPage, <i32>this.oldSize);
  }

  /** Notes what the key that was made has now. */
  private look(length: i32): void {
    const tree = this.engine.tree;
    this.oldExpiry = 0;
    this.oldPage = 0;
    tree.seek(tree.root, userKey, length);
    if (!tree.found) return;
    const cell = tree.cell;
    this.oldExpiry = expiryOf(cell);
    if (!isElsewhere(cell)) return;
    const value = valueOf(cell);
    this.oldIsDirect = isDirect(cell);
    this.oldSize = load<u64>(value);
    this.oldPage = load<u64>(value, 8);
    this.oldChecksum = load<u64>(value, 16);
  }
}
