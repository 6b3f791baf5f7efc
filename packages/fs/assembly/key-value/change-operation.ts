/** Changing names: making directories, removing, renaming. Each is one batch; then it waits until that is durable. */
import {
  BAD_NAME,
  Batch,
  Cursor,
  EXISTS,
  NOT_DIRECTORY,
  NOT_EMPTY,
  NOT_FOUND,
  PENDING,
} from "@phantasm/interfaces";

import { Entry } from "./format";
import { KeyValueFiles } from "./files";
import { NameOperation, NameStep } from "./name-operation";
import { Node } from "./node";
import { WALKED } from "./walk";

export enum Change {
  MAKE_DIRECTORY,
  REMOVE,
  RENAME,
}

enum Step {
  /** The first name in the directory that is removed was looked for. */
  CHILD = NameStep.OWN,
  WALK_TARGET,
  /** It has the lock of the file that it removes or renames. */
  LOCKED_FILE,
  /** And of the one that is replaced. */
  LOCKED_TARGET,
  COMMITTED,
  SYNCED,
}


@final
export class ChangeOperation extends NameOperation {
  private change: Change = Change.REMOVE;
  private target: string = "";
  /** What is removed or renamed. Of a rename, the walk then goes on to its target. */
  private key: Uint8Array = new Uint8Array(0);
  private readonly entry: Entry = new Entry();
  /** Files that are open, and locked. */
  private node: Node | null = null;
  private replaced: Node | null = null;
  private number: u64 = 0;
  private litters: bool = false;
  private cursor: Cursor | null = null;

  constructor(volume: KeyValueFiles) {
    super(volume);
    this.alone = true;
    this.writes = true;
  }

  prepare(change: Change, path: string, target: string): void {
    this.change = change;
    this.path = path;
    this.target = target;
  }

  protected recycle(): void {
    this.cursor = null;
    this.volume.giveChange(this);
  }

  protected walked(): i32 {
    const walk = this.walk;
    this.litters = false;
    this.node = null;
    this.replaced = null;
    if (this.change == Change.MAKE_DIRECTORY) return this.makeDirectory();
    if (!walk.found) return this.finish(NOT_FOUND);
    this.key = walk.key;
    this.entry.copyFrom(walk.entry);
    const node = walk.node;
    if (this.change == Change.REMOVE) {
      // The root stays, as if somebody were in it.
      if (walk.isRoot) return this.finish(NOT_EMPTY);
      if (!walk.entry.directory) return this.lockFile(node);
      const children = this.volume.keys.children(walk.entry.number);
      const cursor = this.volume.store.scan(children, null, null, false);
      this.cursor = cursor;
      this.step = Step.CHILD;
      return cursor.next(this, 0);
    }
    if (walk.isRoot) return this.finish(BAD_NAME);
    this.node = node;
    this.step = Step.WALK_TARGET;
    return this.atTarget(
      walk.begin(this, this.target, this.entry.directory ? this.entry.number : 0),
    );
  }

  protected own(result: i32): i32 {
    switch (this.step) {
      case Step.CHILD: {
        if (result != 0) return this.finish(result < 0 ? result : NOT_EMPTY);
        return this.lockFile(null);
      }
      case Step.WALK_TARGET:
        return this.atTarget(this.walk.resume(result));
      case Step.LOCKED_FILE: {
        if (this.node !== null) this.node!.describe(this.entry);
        return this.change == Change.RENAME ? this.lockTarget() : this.apply();
      }
      case Step.LOCKED_TARGET: {
        if (this.replaced !== null) this.replaced!.describe(this.walk.entry);
        return this.apply();
      }
      case Step.COMMITTED: {
        if (result < 0) return this.leave(result);
        this.committed();
        this.release();
        this.step = Step.SYNCED;
        return this.volume.store.sync(this, 0);
      }
      default:
        return this.end(result);
    }
  }

  private makeDirectory(): i32 {
    const volume = this.volume;
    const walk = this.walk;
    if (walk.found) return this.finish(EXISTS);
    const batch = this.batch.clear().require(walk.key, 0);
    const entry = this.entry;
    this.number = volume.numbers.take(batch);
    entry.directory = true;
    entry.number = this.number;
    entry.size = 0;
    entry.modifiedNs = volume.clock.wall();
    batch.put(walk.key, entry.encode());
    this.step = Step.COMMITTED;
    return this.commit();
  }

  private atTarget(result: i32): i32 {
    if (result == PENDING) return PENDING;
    const walk = this.walk;
    if (result != WALKED) return this.finish(result);
    if (this.target == this.path) return this.finish(0);
    if (walk.passed) return this.finish(BAD_NAME);
    if (walk.found && walk.entry.directory) return this.finish(EXISTS);
    if (walk.found && this.entry.directory) return this.finish(NOT_DIRECTORY);
    return this.lockFile(this.node);
  }

  /** What is written into the file meanwhile would bring its old entry back. */
  private lockFile(node: Node | null): i32 {
    this.node = node;
    this.step = Step.LOCKED_FILE;
    return node === null || node.lock.take(this, true) ? 0 : PENDING;
  }

  private lockTarget(): i32 {
    const node = this.walk.node;
    this.replaced = node;
    this.step = Step.LOCKED_TARGET;
    return node === null || node.lock.take(this, true) ? 0 : PENDING;
  }

  private apply(): i32 {
    const batch = this.batch.clear();
    this.requireEntry(batch, this.key, this.entry, this.node);
    batch.delete(this.key);
    if (this.change == Change.REMOVE) {
      this.litter(batch, this.entry);
    } else {
      const walk = this.walk;
      this.requireEntry(batch, walk.key, walk.entry, this.replaced);
      if (walk.found) this.litter(batch, walk.entry);
      batch.put(walk.key, this.entry.encode());
    }
    this.step = Step.COMMITTED;
    return this.commit();
  }

  /** An entry is as it was read; that of an open file only this volume changes. */
  private requireEntry(batch: Batch, key: Uint8Array, entry: Entry, node: Node | null): void {
    if (node === null) batch.require(key, entry.version);
  }

  private litter(batch: Batch, entry: Entry): void {
    if (entry.directory || entry.size == 0) return;
    const keys = this.volume.keys;
    batch.put(keys.garbage(entry.number), keys.garbageFrom(0));
    this.litters = true;
  }

  private committed(): void {
    if (this.change == Change.MAKE_DIRECTORY) this.volume.numbers.taken(this.number);
    const node = this.node;
    if (node !== null) {
      if (this.change == Change.REMOVE) node.removed = true;
      else node.key = this.walk.key;
      node.changed = true;
    }
    const replaced = this.replaced;
    if (replaced !== null) replaced.removed = true;
    if (this.litters) this.volume.cleaner.wake();
    else this.volume.cleaner.retry();
  }

  private leave(result: i32): i32 {
    this.release();
    return this.end(result);
  }

  private release(): void {
    const ready = this.volume.ready;
    if (this.node !== null) this.node!.lock.release(true, ready);
    if (this.replaced !== null) this.replaced!.lock.release(true, ready);
    this.node = null;
    this.replaced = null;
    this.unlock();
  }
}
