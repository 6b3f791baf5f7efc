/** Files and directories in a key-value store. */
import {
  Batch,
  Clock,
  EXHAUSTED,
  File,
  FileList,
  FileStat,
  Files,
  FilesHandler,
  KeyValue,
  OpenFlag,
  PENDING,
} from "@phantasm/interfaces";
import { Change, ChangeOperation } from "./change-operation";
import { ChunkCache } from "./chunk-cache";
import { Cleaner } from "./cleaner";
import { DataOperation } from "./data-operation";
import { CHUNKS_MAX, CHUNK_BYTES_MAX, CHUNK_BYTES_MIN, Entry, Keys } from "./format";
import { Lock, Row } from "./lock";
import { LookOperation } from "./look-operation";
import { Mount } from "./mount";
import { Node, Nodes } from "./node";
import { Numbers } from "./numbers";
import { OpenOperation } from "./open-operation";
import { Operation } from "./operation";
import { PORTION_CHUNKS } from "./sweep";

/** Bytes of chunks in a batch. */
const PORTION_BYTES: i32 = 131_072;

/**
 * A volume in the keys of a store that begin with a prefix; other keys are somebody else's. It is made if there
 * is none. One at a time: two over the same prefix would not know of each other.
 */
@final
export class KeyValueFiles implements Files {
  readonly keys: Keys;
  readonly numbers: Numbers;
  /** Names: whoever changes them has it alone. Always taken before that of a file. */
  readonly names: Lock = new Lock();
  readonly nodes: Nodes = new Nodes();
  /** Those that have got a lock, and go on next. */
  readonly ready: Row = new Row();
  readonly cleaner: Cleaner = new Cleaner();
  readonly cache: ChunkCache;
  /**
   * A batch takes chunks until it has so many bytes, and what a crash leaves of a longer write ends between two
   * batches. Less when the store has said that this is too large.
   */
  portionBytes: i32 = PORTION_BYTES;
  /** Of the last open. */
  opened: File | null = null;
  private result: i32 = PENDING;
  private openFiles: i32 = 0;
  private operations: i32 = 0;
  private readonly idleData: Row = new Row();
  private readonly idleLooks: Row = new Row();
  private readonly idleOpens: Row = new Row();
  private readonly idleChanges: Row = new Row();
  private readonly entry: Entry = new Entry();
  private readonly chunk: Uint8Array;

  /**
   * @param prefix what its keys begin with, at most 200 bytes
   * @param chunkBytes of a new volume: 4096 to 65536, a power of two; less in a small store
   * @param filesMax opened at once, each time counts; one more is EXHAUSTED
   * @param operationsMax under way at once; one more is EXHAUSTED
   * @param cacheChunks chunks that are kept in memory, at most
   */
  constructor(
    readonly store: KeyValue,
    readonly clock: Clock,
    prefix: string,
    chunkBytes: i32,
    private readonly filesMax: i32,
    private readonly operationsMax: i32,
    cacheChunks: i32,
  ) {
    assert(
      chunkBytes >= CHUNK_BYTES_MIN &&
        chunkBytes <= CHUNK_BYTES_MAX &&
        (chunkBytes & (chunkBytes - 1)) == 0,
      "files: a chunk has 4096 to 65536 bytes, a power of two",
    );
    const keys = new Keys(prefix);
    this.keys = keys;
    this.numbers = new Numbers(keys.header);
    this.chunk = keys.chunk();
    this.cache = new ChunkCache(cacheChunks);
    this.cleaner.attach(this);
    new Mount(this, chunkBytes).start(null, 0);
  }

  get writable(): bool {
    return this.store.writable;
  }

  get state(): i32 {
    return this.result;
  }

  get chunkBytes(): i32 {
    return this.numbers.header.chunkBytes;
  }

  /** A file has at most so many bytes. */
  get sizeMax(): u64 {
    return CHUNKS_MAX * <u64>this.chunkBytes;
  }

  // ---- Files

  open(path: string, flags: i32, handler: FilesHandler, tag: i32): i32 {
    const changes = OpenFlag.CREATE | OpenFlag.TRUNCATE;
    assert(
      (flags & OpenFlag.WRITE) != 0 || (flags & changes) == 0,
      "files: CREATE and TRUNCATE need WRITE",
    );
    if (!this.admit()) return EXHAUSTED;
    const idle = this.idleOpens.take();
    const operation = idle === null ? new OpenOperation(this) : (idle as OpenOperation);
    operation.prepare(path, flags);
    return operation.start(handler, tag);
  }

  takeFile(): File {
    const file = this.opened!;
    this.opened = null;
    return file;
  }

  stat(path: string, into: FileStat, handler: FilesHandler, tag: i32): i32 {
    const operation = this.takeLook();
    if (operation === null) return EXHAUSTED;
    operation.path = path;
    operation.stat = into;
    return operation.start(handler, tag);
  }

  list(path: string, next: string, into: FileList, handler: FilesHandler, tag: i32): i32 {
    const operation = this.takeLook();
    if (operation === null) return EXHAUSTED;
    operation.path = path;
    operation.from = next;
    operation.list = into;
    return operation.start(handler, tag);
  }

  remove(path: string, handler: FilesHandler, tag: i32): i32 {
    return this.change(Change.REMOVE, path, "", handler, tag);
  }

  rename(from: string, to: string, handler: FilesHandler, tag: i32): i32 {
    return this.change(Change.RENAME, from, to, handler, tag);
  }

  makeDirectory(path: string, handler: FilesHandler, tag: i32): i32 {
    return this.change(Change.MAKE_DIRECTORY, path, "", handler, tag);
  }

  private change(
    change: Change,
    path: string,
    target: string,
    handler: FilesHandler,
    tag: i32,
  ): i32 {
    if (!this.admit()) return EXHAUSTED;
    const idle = this.idleChanges.take();
    const operation = idle === null ? new ChangeOperation(this) : (idle as ChangeOperation);
    operation.prepare(change, path, target);
    return operation.start(handler, tag);
  }

  // ---- operations

  /** One goes on with a result of the store, and then those that have waited for it. */
  resume(operation: Operation, result: i32): void {
    operation.proceed(result);
    let next = this.ready.take();
    while (next !== null) {
      next.proceed(0);
      next = this.ready.take();
    }
  }

  /** The volume was found, or why not. */
  mounted(result: i32): void {
    this.result = result;
    if (result == 0) {
      this.numbers.begin();
      if (this.store.writable) this.cleaner.wake();
    }
  }

  takeData(): DataOperation | null {
    if (!this.admit()) return null;
    const idle = this.idleData.take();
    return idle === null ? new DataOperation(this) : (idle as DataOperation);
  }

  giveData(operation: Operation): void {
    this.operations--;
    this.idleData.append(operation);
  }

  private takeLook(): LookOperation | null {
    if (!this.admit()) return null;
    const idle = this.idleLooks.take();
    return idle === null ? new LookOperation(this) : (idle as LookOperation);
  }

  giveLook(operation: Operation): void {
    this.operations--;
    this.idleLooks.append(operation);
  }

  giveOpen(operation: Operation): void {
    this.operations--;
    this.idleOpens.append(operation);
  }

  giveChange(operation: Operation): void {
    this.operations--;
    this.idleChanges.append(operation);
  }

  private admit(): bool {
    if (this.operations == this.operationsMax) return false;
    this.operations++;
    return true;
  }

  // ---- files

  /** False: as many are open as may be. */
  reserveFile(): bool {
    if (this.openFiles == this.filesMax) return false;
    this.openFiles++;
    return true;
  }

  unreserveFile(): void {
    this.openFiles--;
  }

  /** One that was reserved and opened is closed. */
  close(node: Node): void {
    this.openFiles--;
    if (this.nodes.close(node) && node.removed) this.cleaner.wake();
  }

  /**
   * Lets go of a content of that size: some at once, so that the batch frees more than it takes and goes well
   * in a full store; the rest is left to the cleaner, and the file gets a new content, which is returned.
   */
  emptied(batch: Batch, content: u64, size: u64): u64 {
    const chunks = (size + this.chunkBytes - 1) / <u64>this.chunkBytes;
    const now = min(chunks, <u64>PORTION_CHUNKS);
    for (let number: u64 = 0; number < now; number++) {
      this.keys.setChunk(this.chunk, content, <u32>number);
      batch.delete(this.chunk);
    }
    if (now == chunks) return content;
    batch.put(this.keys.garbage(content), this.keys.garbageFrom(<u32>now));
    return this.numbers.take(batch);
  }

  /** Puts the entry of a file. */
  putFile(batch: Batch, key: Uint8Array, content: u64, size: u64, modifiedNs: i64): void {
    const entry = this.entry;
    entry.directory = false;
    entry.number = content;
    entry.size = size;
    entry.modifiedNs = modifiedNs;
    batch.put(key, entry.encode());
  }
}
