/** Reading, writing and cutting an open file. */
import { CORRUPT, Errno, NOT_FOUND, PENDING, TOO_LARGE } from "@phantasm/interfaces";
import { KeyValueFile } from "./file";
import { KeyValueFiles } from "./files";
import { Node } from "./node";
import { Operation } from "./operation";
import { CLEAN, PORTION_CHUNKS, Sweep } from "./sweep";

export enum Purpose {
  READ,
  WRITE,
  TRUNCATE,
  SYNC,
}

enum Step {
  BEGIN,
  /** It has the lock of its file. */
  LOCKED,
  READ_CHUNK,
  /** Garbage behind the end is cleared away, before the file grows. */
  SWEEP,
  SWEEPING,
  OLD_CHUNK,
  LAST_CHUNK,
  COMMITTED,
  SYNCED,
}


@final
export class DataOperation extends Operation {
  purpose: Purpose = Purpose.READ;
  file: KeyValueFile | null = null;
  buffer: Uint8Array | null = null;
  offset: i32 = 0;
  length: i32 = 0;
  /** Where it reads or writes; of a truncate the size. */
  position: u64 = 0;
  /** Bytes done, or in the batch. */
  private moved: i32 = 0;
  /** Bytes that were done before the batch. */
  private done: i32 = 0;
  /** What the batch makes of the file. */
  private size: u64 = 0;
  private content: u64 = 0;
  private modifiedNs: i64 = 0;
  /** The batch leaves garbage. */
  private litters: bool = false;
  private readonly chunk: Uint8Array;
  private sweep: Sweep | null = null;

  constructor(volume: KeyValueFiles) {
    super(volume);
    this.chunk = volume.keys.chunk();
  }

  protected recycle(): void {
    this.file!.operations--;
    this.file = null;
    this.buffer = null;
    this.volume.giveData(this);
  }

  protected advance(result: i32): i32 {
    const node = this.file!.node;
    switch (this.step) {
      case Step.BEGIN: {
        this.moved = 0;
        this.done = 0;
        this.step = Step.LOCKED;
        return node.lock.take(this, this.changes) ? 0 : PENDING;
      }
      case Step.LOCKED:
        return this.locked(node);
      case Step.READ_CHUNK: {
        if (result < 0 && result != NOT_FOUND) return this.failGet(result);
        this.copyOut(node, this.stored(result));
        return this.read(node);
      }
      case Step.SWEEP: {
        this.step = Step.SWEEPING;
        return this.swept(node, this.needSweep().begin(node.content));
      }
      case Step.SWEEPING:
        return this.swept(node, this.needSweep().advance(result));
      case Step.OLD_CHUNK: {
        if (result < 0 && result != NOT_FOUND) return this.failGet(result);
        this.merge(node, this.stored(result));
        return this.fill(node);
      }
      case Step.LAST_CHUNK: {
        if (result < 0 && result != NOT_FOUND) return this.failGet(result);
        const kept = this.within(this.size);
        if (result > kept) this.batch.putPart(this.chunk, this.value.bytes, 0, kept);
        return this.cut(node);
      }
      case Step.COMMITTED: {
        if (result == TOO_LARGE && this.shrink()) return this.fill(node);
        if (result < 0) {
          this.volume.cache.forgetAll(node.content);
          return this.finish(result);
        }
        this.committed(node);
        if (this.moved == this.length) return this.finish(0);
        this.done = this.moved;
        this.batch.clear();
        return this.fill(node);
      }
      default:
        return this.end(result);
    }
  }

  private get changes(): bool {
    return this.purpose == Purpose.WRITE || this.purpose == Purpose.TRUNCATE;
  }

  private locked(node: Node): i32 {
    const volume = this.volume;
    if (this.purpose == Purpose.READ) {
      const left = node.size - min(node.size, this.position);
      this.length = <i32>min<u64>(<u64>this.length, left);
      return this.read(node);
    }
    if (this.purpose == Purpose.SYNC) {
      // Behind the writes before it; those that come need not wait for the disk.
      node.lock.release(false, volume.ready);
      this.step = Step.SYNCED;
      if (node.removed) return this.end(Errno.GONE);
      return volume.store.writable ? volume.store.sync(this, 0) : 0;
    }
    if (node.removed) return this.finish(Errno.GONE);
    this.batch.clear();
    this.litters = false;
    this.content = node.content;
    const end = this.position + this.length;
    this.size = this.purpose == Purpose.WRITE ? max(node.size, end) : end;
    if (this.size == node.size && this.purpose == Purpose.TRUNCATE) return this.finish(0);
    if (this.size > node.size && node.dirtyEnd) {
      this.step = Step.SWEEP;
      return 0;
    }
    return this.change(node);
  }

  private finish(result: i32): i32 {
    this.file!.node.lock.release(this.changes, this.volume.ready);
    return this.end(result);
  }

  private failGet(result: i32): i32 {
    return this.finish(result == TOO_LARGE ? CORRUPT : result);
  }

  // ---- chunks

  private within(position: u64): i32 {
    return <i32>(position & (<u64>(this.volume.chunkBytes - 1)));
  }

  private numberOf(position: u64): u32 {
    return <u32>(position / <u64>this.volume.chunkBytes);
  }

  private setChunk(node: Node, position: u64): void {
    this.volume.keys.setChunk(this.chunk, node.content, this.numberOf(position));
  }

  private getChunk(node: Node, position: u64, step: Step): i32 {
    this.setChunk(node, position);
    this.step = step;
    return this.volume.store.get(this.chunk, this.value, this, 0);
  }

  /** Bytes of the chunk that `get` found; those behind are zeros. */
  private stored(result: i32): i32 {
    return min(max(result, 0), this.volume.chunkBytes);
  }

  // ---- reading

  private read(node: Node): i32 {
    const volume = this.volume;
    while (this.moved < this.length) {
      const position = this.position + this.moved;
      const within = this.within(position);
      const bytes = min(volume.chunkBytes - within, this.length - this.moved);
      const target = this.buffer!.dataStart + this.offset + this.moved;
      const number = this.numberOf(position);
      if (!volume.cache.copyPart(node.content, number, within, target, bytes))
        return this.getChunk(node, position, Step.READ_CHUNK);
      this.moved += bytes;
    }
    return this.finish(this.length);
  }

  private copyOut(node: Node, stored: i32): void {
    const volume = this.volume;
    const position = this.position + this.moved;
    const within = this.within(position);
    const bytes = min(volume.chunkBytes - within, this.length - this.moved);
    if (bytes < volume.chunkBytes) {
      const start = this.value.bytes.dataStart;
      volume.cache.put(node.content, this.numberOf(position), start, stored, volume.chunkBytes);
    }
    const copied = min(bytes, max(stored - within, 0));
    const target = this.buffer!.dataStart + this.offset + this.moved;
    memory.copy(target, this.value.bytes.dataStart + within, copied);
    memory.fill(target + copied, 0, bytes - copied);
    this.moved += bytes;
  }

  // ---- writing

  private change(node: Node): i32 {
    if (this.purpose == Purpose.WRITE) return this.fill(node);
    if (this.size > node.size) return this.apply(node);
    this.volume.cache.forgetAll(node.content);
    if (this.size == 0) {
      this.content = this.volume.emptied(this.batch, node.content, node.size);
      this.litters = this.content != node.content;
      return this.apply(node);
    }
    if (this.within(this.size) == 0) return this.cut(node);
    return this.getChunk(node, this.size, Step.LAST_CHUNK);
  }

  private swept(node: Node, result: i32): i32 {
    if (result == PENDING) return PENDING;
    if (result < 0) return this.finish(result);
    this.step = Step.SWEEP;
    if (result != CLEAN) return 0;
    node.dirtyEnd = false;
    return this.change(node);
  }

  /** Puts chunks into the batch until it has enough, or an old one is needed. */
  private fill(node: Node): i32 {
    const chunkBytes = this.volume.chunkBytes;
    while (this.moved < this.length && this.batch.byteLength < this.volume.portionBytes) {
      const position = this.position + this.moved;
      const within = this.within(position);
      const bytes = min(chunkBytes - within, this.length - this.moved);
      const start = position - within;
      const old = node.size > start ? min(<u64>chunkBytes, node.size - start) : 0;
      if (within == 0 && <u64>bytes >= old) {
        this.setChunk(node, position);
        this.batch.putPart(this.chunk, this.buffer!, this.offset + this.moved, bytes);
        this.volume.cache.forget(node.content, this.numberOf(position));
        this.moved += bytes;
        continue;
      }
      let stored = 0;
      if (old > 0) {
        stored = this.volume.cache.copy(node.content, this.numberOf(position), this.room());
        if (stored < 0) return this.getChunk(node, position, Step.OLD_CHUNK);
      }
      this.setChunk(node, position);
      this.merge(node, stored);
    }
    this.size = max(node.size, this.position + this.moved);
    return this.apply(node);
  }

  /** Begins the batch again with less, if it can: small stores take small ones only. */
  private shrink(): bool {
    const volume = this.volume;
    if (this.purpose != Purpose.WRITE || this.moved - this.done <= volume.chunkBytes) return false;
    volume.portionBytes = max(volume.portionBytes >> 1, 1);
    this.moved = this.done;
    this.batch.clear();
    return true;
  }

  /** Puts the chunk whose key is set: what is stored of it, and what is written over that. */
  private merge(node: Node, stored: i32): void {
    const chunkBytes = this.volume.chunkBytes;
    const position = this.position + this.moved;
    const within = this.within(position);
    const bytes = min(chunkBytes - within, this.length - this.moved);
    const chunk = this.room();
    const start = chunk.dataStart;
    if (stored < within) memory.fill(start + stored, 0, within - stored);
    memory.copy(start + within, this.buffer!.dataStart + this.offset + this.moved, bytes);
    const length = max(stored, within + bytes);
    this.batch.putPart(this.chunk, chunk, 0, length);
    this.volume.cache.put(node.content, this.numberOf(position), start, length, chunkBytes);
    this.moved += bytes;
  }

  /** Where a chunk is put together: what `get` found is at its beginning. */
  private room(): Uint8Array {
    const value = this.value;
    if (value.bytes.length < this.volume.chunkBytes) {
      const larger = new Uint8Array(this.volume.chunkBytes);
      memory.copy(larger.dataStart, value.bytes.dataStart, value.bytes.length);
      value.bytes = larger;
    }
    return value.bytes;
  }

  /** Lets go of the chunks behind the end: some at once, the rest as garbage. */
  private cut(node: Node): i32 {
    const chunkBytes = <u64>this.volume.chunkBytes;
    const keys = this.volume.keys;
    const first = (this.size + chunkBytes - 1) / chunkBytes;
    const end = (node.size + chunkBytes - 1) / chunkBytes;
    const now = min(end, first + <u64>PORTION_CHUNKS);
    // A batch that frees more than it takes goes well in a full store too.
    for (let number = first; number < now; number++) {
      keys.setChunk(this.chunk, node.content, <u32>number);
      this.batch.delete(this.chunk);
    }
    if (now < end) {
      this.batch.put(keys.garbage(node.content), keys.garbageFrom(<u32>now));
      this.litters = true;
    }
    return this.apply(node);
  }

  private apply(node: Node): i32 {
    const volume = this.volume;
    this.modifiedNs = volume.clock.wall();
    volume.putFile(this.batch, node.key, this.content, this.size, this.modifiedNs);
    this.step = Step.COMMITTED;
    return this.commit();
  }

  private committed(node: Node): void {
    if (this.content != node.content) this.volume.numbers.taken(this.content);
    else if (this.litters) node.dirtyEnd = true;
    node.become(this.content, this.size, this.modifiedNs);
    if (this.litters) this.volume.cleaner.wake();
    else this.volume.cleaner.retry();
  }

  private needSweep(): Sweep {
    let sweep = this.sweep;
    if (sweep === null) {
      sweep = new Sweep(this.volume.store, this.volume.keys, this);
      this.sweep = sweep;
    }
    return sweep;
  }
}
