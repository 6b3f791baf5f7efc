/**
 * A FAT volume as `Files`: operations wait here, and go on whenever the disk has something to report.
 *
 * Those that only read go on side by side; one that changes something waits until those before it are done,
 * and those behind it wait for it. So nobody sees half of a change.
 */
import {
  Block,
  Clock,
  EXHAUSTED,
  Errno,
  File,
  FileList,
  FileStat,
  Files,
  FilesHandler,
  MILLISECOND,
  OpenFlag,
  PENDING,
  Timer,
  TimerHandler,
} from "@phantasm/interfaces";
import { checkPath } from "@phantasm/fs/paths";
import { readContent, truncate, writeContent } from "./content";
import { Disk, DiskListener } from "./disk";
import { FatFile } from "./file";
import { giveBack } from "./make";
import { Mount, settle } from "./mount";
import { Nodes } from "./node";
import { open } from "./open";
import { Kind, Operation } from "./operation";
import { sync } from "./sync";
import { makeDirectory, remove, rename } from "./tree";
import { Volume } from "./volume";
import { list, stat } from "./walk";

/** Sectors that an operation may need at once, and some for all. */
const SLOTS_PER_OPERATION: i32 = 3;
const SLOTS_SHARED: i32 = 8;

/** Idle for so long, the volume is put in order: long enough for who asks again in the next step. */
const SETTLE_NS: i64 = 10 * MILLISECOND;


@final
export class FatFiles implements Files, DiskListener, TimerHandler {
  /** Operations and opens that were refused, because there were as many as there may be. */
  exhausted: u32 = 0;
  private readonly disk: Disk;
  private readonly mount: Mount;
  private volume: Volume | null = null;
  private mounted: i32 = PENDING;
  /** The queue, in the order of asking. */
  private first: Operation | null = null;
  private last: Operation | null = null;
  /** Records that are free. */
  private spare: Operation | null = null;
  private readonly settling: Operation;
  private timer: Timer | null = null;
  /** `settling` is in the queue. */
  private settles: bool = false;
  /** It has failed: not again before something else was done. */
  private settleFailed: bool = false;
  private files: i32 = 0;
  private opened: FatFile | null = null;
  private running: bool = false;

  /**
   * @param cacheBytes of sectors in memory
   * @param openFilesMax open files
   * @param operationsMax operations that wait or go on
   */
  constructor(
    block: Block,
    private readonly clock: Clock,
    cacheBytes: i32,
    private readonly openFilesMax: i32,
    operationsMax: i32,
  ) {
    const disk = new Disk(block);
    const slots = SLOTS_PER_OPERATION * operationsMax + SLOTS_SHARED;
    const transfer = disk.newTransfer();
    // A file may be on its way to the disk after it was closed.
    const nodes = new Nodes(2 * openFilesMax);
    this.disk = disk;
    this.mount = new Mount(disk, nodes, clock, cacheBytes, slots, transfer);
    this.settling = new Operation(transfer);
    disk.listener = this;
    for (let i = 0; i < operationsMax; i++) {
      const operation = new Operation(disk.newTransfer());
      operation.next = this.spare;
      this.spare = operation;
    }
    this.onDisk();
  }

  get writable(): bool {
    const volume = this.volume;
    return volume === null ? this.disk.block.writable : volume.writable;
  }

  get state(): i32 {
    return this.mounted;
  }

  /** The boot sector is damaged: the volume is read by its copy, and not written. */
  get isRescued(): bool {
    const volume = this.volume;
    return volume !== null && volume.geometry.isCopy;
  }

  // ---- operations of a path

  open(path: string, flags: i32, handler: FilesHandler, tag: i32): i32 {
    const bad = checkPath(path);
    if (bad < 0) return bad;
    const writes = (flags & OpenFlag.WRITE) != 0;
    assert(
      writes || (flags & (OpenFlag.CREATE | OpenFlag.TRUNCATE)) == 0,
      "fat: CREATE and TRUNCATE come with WRITE",
    );
    if (this.files == this.openFilesMax) return this.refuse();
    const changes = (flags & (OpenFlag.CREATE | OpenFlag.TRUNCATE)) != 0;
    const operation = this.begin(Kind.OPEN, changes, handler, tag);
    if (operation === null) return EXHAUSTED;
    operation.path = path;
    operation.flags = flags;
    return this.submit(operation);
  }

  takeFile(): File {
    const file = assert(this.opened, "fat: no file was opened, or it was taken already");
    this.opened = null;
    return file;
  }

  stat(path: string, into: FileStat, handler: FilesHandler, tag: i32): i32 {
    const bad = checkPath(path);
    if (bad < 0) return bad;
    const operation = this.begin(Kind.STAT, false, handler, tag);
    if (operation === null) return EXHAUSTED;
    operation.path = path;
    operation.stat = into;
    return this.submit(operation);
  }

  list(path: string, next: string, into: FileList, handler: FilesHandler, tag: i32): i32 {
    const bad = checkPath(path);
    if (bad < 0) return bad;
    const operation = this.begin(Kind.LIST, false, handler, tag);
    if (operation === null) return EXHAUSTED;
    operation.path = path;
    operation.other = next;
    operation.list = into;
    return this.submit(operation);
  }

  remove(path: string, handler: FilesHandler, tag: i32): i32 {
    return this.change(Kind.REMOVE, path, "/", handler, tag);
  }

  rename(from: string, to: string, handler: FilesHandler, tag: i32): i32 {
    return this.change(Kind.RENAME, from, to, handler, tag);
  }

  makeDirectory(path: string, handler: FilesHandler, tag: i32): i32 {
    return this.change(Kind.MAKE_DIRECTORY, path, "/", handler, tag);
  }

  private change(kind: Kind, path: string, other: string, handler: FilesHandler, tag: i32): i32 {
    let bad = checkPath(path);
    if (bad == 0) bad = checkPath(other);
    if (bad < 0) return bad;
    const operation = this.begin(kind, true, handler, tag);
    if (operation === null) return EXHAUSTED;
    operation.path = path;
    operation.other = other;
    return this.submit(operation);
  }

  // ---- operations of an open file

  read(
    file: FatFile,
    position: u64,
    buffer: Uint8Array,
    offset: i32,
    length: i32,
    handler: FilesHandler,
    tag: i32,
  ): i32 {
    const operation = this.begin(Kind.READ, false, handler, tag);
    if (operation === null) return EXHAUSTED;
    operation.position = position;
    operation.buffer = buffer;
    operation.offset = offset;
    operation.length = length;
    return this.submitFor(file, operation);
  }

  write(
    file: FatFile,
    position: u64,
    buffer: Uint8Array,
    offset: i32,
    length: i32,
    handler: FilesHandler,
    tag: i32,
  ): i32 {
    if (length == 0) return file.node.gone ? Errno.GONE : 0;
    const operation = this.begin(Kind.WRITE, true, handler, tag);
    if (operation === null) return EXHAUSTED;
    operation.position = position;
    operation.buffer = buffer;
    operation.offset = offset;
    operation.length = length;
    return this.submitFor(file, operation);
  }

  truncate(file: FatFile, size: u64, handler: FilesHandler, tag: i32): i32 {
    const operation = this.begin(Kind.TRUNCATE, true, handler, tag);
    if (operation === null) return EXHAUSTED;
    operation.position = size;
    operation.length = 0;
    return this.submitFor(file, operation);
  }

  sync(file: FatFile, handler: FilesHandler, tag: i32): i32 {
    const operation = this.begin(Kind.SYNC, true, handler, tag);
    if (operation === null) return EXHAUSTED;
    return this.submitFor(file, operation);
  }

  closed(file: FatFile): void {
    const node = file.node;
    node.opens--;
    this.files--;
    if (node.opens > 0) return;
    if (node.gone || !node.changed) node.used = false;
    else this.settleNow();
  }

  private submitFor(file: FatFile, operation: Operation): i32 {
    operation.file = file;
    file.busy++;
    if (file.cuts == file.node.cuts) {
      operation.cluster = file.cluster;
      operation.index = file.index;
    }
    return this.submit(operation);
  }

  // ---- the queue

  /** Something has happened: everybody looks whether it is what they wait for. */
  onDisk(): void {
    if (!this.running) this.run();
  }

  private begin(kind: Kind, exclusive: bool, handler: FilesHandler, tag: i32): Operation | null {
    const operation = this.spare;
    if (operation === null) {
      this.exhausted++;
      return null;
    }
    this.spare = operation.next;
    operation.begin(kind, exclusive, handler, tag);
    return operation;
  }

  private refuse(): i32 {
    this.exhausted++;
    return EXHAUSTED;
  }

  /** Takes an operation into the queue, and lets it begin if nobody is in its way. Returns its result, or PENDING. */
  private submit(operation: Operation): i32 {
    const alone = this.append(operation);
    if (!alone || this.mounted == PENDING) return PENDING;
    const result = this.proceed(operation);
    if (result == PENDING) return PENDING;
    this.unlink(operation);
    this.finish(operation, result);
    this.settleSoon();
    return result;
  }

  /** Returns whether the operation may begin. */
  private append(operation: Operation): bool {
    let free = true;
    let at = this.first;
    while (at !== null) {
      if (at.exclusive || operation.exclusive) free = false;
      at = at.next;
    }
    operation.next = null;
    const last = this.last;
    if (last === null) this.first = operation;
    else last.next = operation;
    this.last = operation;
    return free;
  }

  private unlink(operation: Operation): void {
    let before: Operation | null = null;
    let at = this.first;
    while (at !== null && at !== operation) {
      before = at;
      at = at.next;
    }
    if (before === null) this.first = operation.next;
    else before.next = operation.next;
    if (this.last === operation) this.last = before;
  }

  private run(): void {
    this.running = true;
    if (this.mounted == PENDING) this.tryMount();
    if (this.mounted != PENDING) {
      while (this.runOnce()) {}
    }
    this.running = false;
    this.settleSoon();
  }

  /** Lets everybody go on who may, up to the first who is done. Returns false when nobody is. */
  private runOnce(): bool {
    let operation = this.first;
    while (operation !== null) {
      if (operation.exclusive && operation !== this.first) return false;
      const next = operation.next;
      const result = this.proceed(operation);
      if (result != PENDING) {
        this.complete(operation, result);
        return true;
      }
      if (operation.exclusive) return false;
      operation = next;
    }
    return false;
  }

  private complete(operation: Operation, result: i32): void {
    const handler = operation.handler;
    const tag = operation.tag;
    this.unlink(operation);
    this.finish(operation, result);
    if (handler !== null) handler.onFiles(tag, result);
  }

  /** Gives back the record. */
  private finish(operation: Operation, result: i32): void {
    if (operation === this.settling) {
      this.settles = false;
      this.settleFailed = result < 0;
      return;
    }
    const file = operation.file;
    if (file !== null) {
      file.busy--;
      file.cluster = operation.cluster;
      file.index = operation.index;
      file.cuts = file.node.cuts;
    }
    const volume = this.volume;
    const node = operation.opened;
    if (node !== null) {
      if (result == 0) {
        this.opened = new FatFile(this, node, (operation.flags & OpenFlag.WRITE) != 0);
        this.files++;
      } else node.opens--;
    }
    if (operation.exclusive && volume !== null) {
      this.settleFailed = false;
      volume.log.clear();
      volume.space.reset();
    }
    operation.release();
    operation.next = this.spare;
    this.spare = operation;
  }

  private tryMount(): void {
    const status = this.mount.proceed();
    if (status == PENDING) return;
    this.mounted = status;
    const volume = this.mount.volume;
    if (status < 0 || volume === null) return;
    this.volume = volume;
    equip(this.spare, volume);
    equip(this.first, volume);
  }

  /** With nothing to do for a while, the volume is put in order. Until then the domain does not end. */
  private settleSoon(): void {
    if (this.running || this.first !== null || !this.unsettled()) return;
    const timer = this.timer;
    if (timer === null) this.timer = this.clock.after(SETTLE_NS, this);
    else timer.set(SETTLE_NS);
  }

  onTimer(timer: Timer): void {
    const volume = this.volume;
    if (volume === null || this.first !== null || !this.unsettled()) return;
    // The next sync or close comes here again.
    if (!volume.nodes.hasChanged) this.settleNow();
  }

  /** Behind what waits already; files that were closed go to the disk before anything that comes later. */
  private settleNow(): void {
    if (this.settles || !this.unsettled()) return;
    this.settles = true;
    this.settling.begin(Kind.SETTLE, true, null, 0);
    this.append(this.settling);
    if (!this.running) this.run();
  }

  private unsettled(): bool {
    const volume = this.volume;
    if (volume === null || this.settleFailed) return false;
    if (!volume.writable || volume.cache.failed != 0) return false;
    return volume.marks.cleanable || volume.nodes.abandoned() !== null;
  }

  /** Goes on with an operation: its result, or PENDING. */
  private proceed(operation: Operation): i32 {
    if (operation.ending) return operation.transfer.inFlight > 0 ? PENDING : operation.result;
    const volume = this.volume;
    if (volume === null) return this.mounted;
    return operation.settled(this.perform(volume, operation));
  }

  private perform(volume: Volume, operation: Operation): i32 {
    const kind = operation.kind;
    if (kind == Kind.STAT) return stat(volume, operation);
    if (kind == Kind.LIST) return list(volume, operation);
    if (kind == Kind.READ) return readContent(volume, operation);
    if (kind == Kind.SETTLE) return settle(volume, operation, operation.next !== null);
    if (operation.failure == 0) {
      const result = this.performChange(volume, operation);
      if (result >= 0 || result == PENDING || !operation.owes) return result;
      operation.failure = result;
      volume.space.reset();
    }
    // What was taken for a change that does not happen is free again.
    if (operation.transfer.inFlight > 0) return PENDING;
    return giveBack(volume, operation) == PENDING ? PENDING : operation.failure;
  }

  private performChange(volume: Volume, operation: Operation): i32 {
    const kind = operation.kind;
    const changes = kind != Kind.OPEN || (operation.flags & OpenFlag.WRITE) != 0;
    if (changes && !volume.writable) return Errno.READONLY;
    if (changes && volume.cache.failed != 0) return volume.cache.failed;
    switch (kind) {
      case Kind.OPEN:
        return open(volume, operation);
      case Kind.REMOVE:
        return remove(volume, operation);
      case Kind.RENAME:
        return rename(volume, operation);
      case Kind.MAKE_DIRECTORY:
        return makeDirectory(volume, operation);
      case Kind.WRITE:
        return writeContent(volume, operation);
      case Kind.TRUNCATE:
        return truncate(volume, operation);
      default:
        return sync(volume, operation);
    }
  }
}

function equip(first: Operation | null, volume: Volume): void {
  let at = first;
  while (at !== null) {
    at.search = volume.newSearch();
    at = at.next;
  }
}
