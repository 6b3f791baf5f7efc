/** Opening a file, which may make or empty it. */
import {
  EXHAUSTED,
  EXISTS,
  IS_DIRECTORY,
  NOT_FOUND,
  OpenFlag,
  PENDING,
} from "@phantasm/interfaces";
import { KeyValueFile } from "./file";
import { NameOperation, NameStep } from "./name-operation";
import { Node } from "./node";

enum Step {
  CREATED = NameStep.OWN,
  /** It has the lock of the file that it empties. */
  LOCKED_FILE,
  EMPTIED,
}


@final
export class OpenOperation extends NameOperation {
  private flags: i32 = 0;
  private node: Node | null = null;
  private content: u64 = 0;
  private modifiedNs: i64 = 0;
  private generation: u32 = 0;

  prepare(path: string, flags: i32): void {
    this.path = path;
    this.flags = flags;
    this.writes = (flags & OpenFlag.WRITE) != 0;
    this.alone = (flags & (OpenFlag.CREATE | OpenFlag.TRUNCATE)) != 0;
    this.generation = this.volume.nodes.generation;
  }

  protected recycle(): void {
    this.node = null;
    this.volume.giveOpen(this);
  }

  protected walked(): i32 {
    const volume = this.volume;
    const walk = this.walk;
    const flags = this.flags;
    if (this.isLate()) return this.again();
    if (walk.found && walk.entry.directory) return this.finish(IS_DIRECTORY);
    if (!walk.found && !(flags & OpenFlag.CREATE)) return this.finish(NOT_FOUND);
    if (walk.found && flags & OpenFlag.EXCLUSIVE) return this.finish(EXISTS);
    if (!volume.reserveFile()) return this.finish(EXHAUSTED);
    if (!walk.found) return this.create();
    let node = walk.node;
    if (node === null) node = volume.nodes.add(new Node(walk.key, walk.entry));
    node.opens++;
    this.node = node;
    if (!(flags & OpenFlag.TRUNCATE)) return this.opened();
    this.step = Step.LOCKED_FILE;
    return node.lock.take(this, true) ? 0 : PENDING;
  }

  protected own(result: i32): i32 {
    const volume = this.volume;
    switch (this.step) {
      case Step.CREATED: {
        if (result < 0) {
          volume.unreserveFile();
          return this.finish(result);
        }
        volume.numbers.taken(this.content);
        const made = volume.nodes.add(new Node(this.walk.key, this.walk.entry));
        made.dirtyEnd = false;
        made.changed = true;
        made.opens = 1;
        this.node = made;
        return this.opened();
      }
      case Step.LOCKED_FILE:
        return this.empty(this.node!);
      default:
        return this.emptied(this.node!, result);
    }
  }

  /** A file was closed while this waited, and what it was told may be from before that. */
  private isLate(): bool {
    const walk = this.walk;
    return (
      !this.alone &&
      walk.waited &&
      walk.node === null &&
      this.generation != this.volume.nodes.generation
    );
  }

  /** Alone, nobody opens the file meanwhile. */
  private again(): i32 {
    this.unlock();
    this.alone = true;
    this.step = NameStep.BEGIN;
    return 0;
  }

  private create(): i32 {
    const volume = this.volume;
    const walk = this.walk;
    const batch = this.batch.clear().require(walk.key, 0);
    const entry = walk.entry;
    this.content = volume.numbers.take(batch);
    entry.directory = false;
    entry.number = this.content;
    entry.size = 0;
    entry.modifiedNs = volume.clock.wall();
    batch.put(walk.key, entry.encode());
    this.step = Step.CREATED;
    return this.commit();
  }

  private empty(node: Node): i32 {
    const volume = this.volume;
    if (node.size == 0) {
      node.lock.release(true, volume.ready);
      return this.opened();
    }
    const batch = this.batch.clear();
    volume.cache.forgetAll(node.content);
    this.content = volume.emptied(batch, node.content, node.size);
    this.modifiedNs = volume.clock.wall();
    volume.putFile(batch, node.key, this.content, 0, this.modifiedNs);
    this.step = Step.EMPTIED;
    return this.commit();
  }

  private emptied(node: Node, result: i32): i32 {
    const volume = this.volume;
    node.lock.release(true, volume.ready);
    if (result < 0) {
      volume.close(node);
      return this.finish(result);
    }
    const cleans = this.content != node.content;
    if (cleans) volume.numbers.taken(this.content);
    node.become(this.content, 0, this.modifiedNs);
    if (cleans) volume.cleaner.wake();
    return this.opened();
  }

  private opened(): i32 {
    this.volume.opened = new KeyValueFile(this.volume, this.node!, this.writes);
    return this.finish(0);
  }
}
