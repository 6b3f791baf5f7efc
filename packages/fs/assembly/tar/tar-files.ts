import {
  Block,
  EXHAUSTED,
  Errno,
  File,
  FileList,
  FileStat,
  Files,
  FilesHandler,
  IS_DIRECTORY,
  OpenFlag,
  PENDING,
} from "@phantasm/interfaces";
import { observeCounters } from "@phantasm/runtime/observed";
import { ReadOnlyFile, ReadOnlyFiles, checkRoom } from "../read-only";
import { COUNTER_LABELS, TarCounters } from "./counters";
import { Read, ReadOwner } from "./read";
import { Scan, ScanHandler } from "./scan";
import { Waiting } from "./waiting";

/** Files of a tar archive that begins where a disk begins. */
@final
export class TarFiles extends ReadOnlyFiles implements Files, ScanHandler, ReadOwner {
  readonly counters: TarCounters = new TarCounters();
  private readonly scan: Scan;
  private readonly files: TarFile[] = [];
  private readonly freeFiles: TarFile[] = [];
  private readonly reads: Read[] = [];
  private readonly freeReads: Read[] = [];
  private readonly waiting: Waiting[] = [];
  private opened: TarFile | null = null;

  /**
   * @param entriesMax files and directories, at most
   * @param namesBytesMax bytes of all paths and links of the archive, at most
   * @param filesMax open at once, at most
   * @param readsMax under way at once, at most; as many operations wait while the archive is read
   */
  constructor(
    private readonly block: Block,
    entriesMax: i32,
    namesBytesMax: i32,
    private readonly filesMax: i32,
    private readonly readsMax: i32,
  ) {
    super();
    this.scan = new Scan(block, entriesMax, namesBytesMax);
    observeCounters("tar", COUNTER_LABELS, this.counters);
    this.scan.start(this);
  }

  get state(): i32 {
    return this.scan.state;
  }

  onScanned(): void {
    this.counters.unnamed = this.scan.unnamed;
    const waiting = this.waiting;
    const count = waiting.length;
    for (let i = 0; i < count; i++) {
      const operation = waiting[i];
      operation.handler.onFiles(operation.tag, this.carryOut(operation));
    }
    waiting.length = 0;
  }

  private carryOut(operation: Waiting): i32 {
    const stat = operation.stat;
    if (stat !== null) return this.statNow(operation.path, stat);
    const list = operation.list;
    if (list !== null) return this.listNow(operation.path, operation.next, list);
    return this.openNow(operation.path, operation.flags);
  }

  private wait(operation: Waiting): i32 {
    if (this.waiting.length >= this.readsMax) {
      this.counters.refused++;
      return EXHAUSTED;
    }
    this.waiting.push(operation);
    return PENDING;
  }

  open(path: string, flags: i32, handler: FilesHandler, tag: i32): i32 {
    if (this.state != PENDING) return this.openNow(path, flags);
    return this.wait(new Waiting(path, handler, tag, null, null, "", flags));
  }

  stat(path: string, into: FileStat, handler: FilesHandler, tag: i32): i32 {
    if (this.state != PENDING) return this.statNow(path, into);
    return this.wait(new Waiting(path, handler, tag, into, null, "", 0));
  }

  list(path: string, next: string, into: FileList, handler: FilesHandler, tag: i32): i32 {
    if (this.state != PENDING) return this.listNow(path, next, into);
    return this.wait(new Waiting(path, handler, tag, null, into, next, 0));
  }

  private openNow(path: string, flags: i32): i32 {
    if (this.state != 0) return this.state;
    const tree = this.scan.tree!;
    const index = tree.find(path);
    if (flags != OpenFlag.READ && (index >= 0 || (flags & OpenFlag.CREATE) != 0))
      return Errno.READONLY;
    if (index < 0) return index;
    const entry = tree.at(index);
    if (entry.isDirectory) return IS_DIRECTORY;
    // One that nobody has taken.
    const left = this.opened;
    if (left !== null) left.close();
    const file = this.freeFile();
    this.opened = file;
    if (file === null) {
      this.counters.refused++;
      return EXHAUSTED;
    }
    file.open(entry.position, entry.size);
    return 0;
  }

  private freeFile(): TarFile | null {
    if (this.freeFiles.length > 0) return this.freeFiles.pop();
    if (this.files.length == this.filesMax) return null;
    const file = new TarFile(this, this.files.length);
    this.files.push(file);
    return file;
  }

  takeFile(): File {
    const file = this.opened;
    assert(file !== null, "files: takeFile without an open that went well");
    this.opened = null;
    return file!;
  }

  private statNow(path: string, into: FileStat): i32 {
    if (this.state != 0) return this.state;
    const tree = this.scan.tree!;
    const index = tree.find(path);
    if (index < 0) return index;
    const entry = tree.at(index);
    into.directory = entry.isDirectory;
    into.size = entry.size;
    into.modifiedNs = entry.modifiedNs;
    into.digest = "";
    into.mediaType = "";
    return 0;
  }

  private listNow(path: string, next: string, into: FileList): i32 {
    if (this.state != 0) return this.state;
    const tree = this.scan.tree!;
    const index = tree.find(path);
    return index < 0 ? index : tree.list(index, next, into);
  }

  /** A read for a file, or null: as many as may be are under way. */
  takeRead(): Read | null {
    if (this.freeReads.length > 0) return this.freeReads.pop();
    if (this.reads.length == this.readsMax) {
      this.counters.refused++;
      return null;
    }
    const read = new Read(this.block, this);
    this.reads.push(read);
    return read;
  }

  giveRead(read: Read): void {
    this.freeReads.push(read);
  }

  onRead(read: Read): void {
    this.files[read.file].readsUnderWay--;
    this.giveRead(read);
  }

  giveFile(file: TarFile): void {
    if (this.opened === file) this.opened = null;
    this.freeFiles.push(file);
  }
}


@final
class TarFile extends ReadOnlyFile implements File {
  readsUnderWay: i32 = 0;
  private isOpen: bool = false;
  private position: u64 = 0;
  private bytes: u64 = 0;

  constructor(
    private readonly files: TarFiles,
    private readonly number: i32,
  ) {
    super();
  }

  open(position: u64, bytes: u64): void {
    this.isOpen = true;
    this.position = position;
    this.bytes = bytes;
  }

  get size(): u64 {
    return this.bytes;
  }

  get address(): usize {
    return 0;
  }

  readAt(
    position: u64,
    buffer: Uint8Array,
    offset: i32,
    length: i32,
    handler: FilesHandler,
    tag: i32,
  ): i32 {
    assert(this.isOpen, "files: a file that is closed is read");
    checkRoom(buffer, offset, length);
    if (position >= this.bytes || length == 0) return 0;
    const read = this.files.takeRead();
    if (read === null) return EXHAUSTED;
    const count = <i32>min<u64>(<u64>length, this.bytes - position);
    read.file = this.number;
    const status = read.start(this.position + position, buffer, offset, count, handler, tag);
    if (status != PENDING) {
      this.files.giveRead(read);
      return status;
    }
    this.readsUnderWay++;
    this.files.counters.reads++;
    this.files.counters.bytes += count;
    return PENDING;
  }

  close(): void {
    assert(this.isOpen, "files: a file is closed twice");
    assert(this.readsUnderWay == 0, "files: a file is closed while it is read");
    this.isOpen = false;
    this.files.giveFile(this);
  }
}
