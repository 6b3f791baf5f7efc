/** Asks a volume, and says what is not as it should be. */
import {
  File,
  FileList,
  FileStat,
  Files,
  FilesHandler,
  OpenFlag,
  PENDING,
} from "@phantasm/interfaces";

/** What a volume waits for: the disk of the test, its timers. */
export interface Settles {
  /** Goes on until nothing is under way. */
  settle(): void;
}

/** For volumes that never wait. */
export class Settled implements Settles {
  settle(): void {}
}

/** Asks a volume and waits: operations as plain calls. */
export class Probe implements FilesHandler {
  /** Of the last `stat`. */
  readonly found: FileStat = new FileStat();
  private result: i32 = 0;
  private tag: i32 = 0;
  private told: bool = false;
  private asking: bool = false;
  private waits: bool = false;

  constructor(
    readonly files: Files,
    private readonly device: Settles,
  ) {}

  /** For a `settle` that has to go on until there is a result. */
  get isWaiting(): bool {
    return this.files.state == PENDING || (this.waits && !this.told);
  }

  onFiles(tag: i32, result: i32): void {
    assert(!this.asking, "files: a handler was called inside the call");
    assert(tag == this.tag, "files: a handler was called with another tag");
    assert(!this.told, "files: a handler was called twice");
    this.told = true;
    this.result = result;
  }

  private begin(): i32 {
    this.told = false;
    this.asking = true;
    return ++this.tag;
  }

  private end(result: i32): i32 {
    this.asking = false;
    this.waits = result == PENDING;
    if (result != PENDING) {
      this.device.settle();
      assert(!this.told, "files: a result at once, and then a handler was called");
      return result;
    }
    this.device.settle();
    assert(this.told, "files: nothing is under way, and the handler was not called");
    assert(this.result != PENDING, "files: a handler was told PENDING");
    return this.result;
  }

  /** The state, when nothing is under way. */
  state(): i32 {
    this.device.settle();
    return this.files.state;
  }

  /** Opens; `file()` gives it. */
  open(path: string, flags: i32): i32 {
    return this.end(this.files.open(path, flags, this, this.begin()));
  }

  /** The file of an open that must go well. */
  file(path: string, flags: i32): File {
    expectResult("open " + path, this.open(path, flags), 0);
    return this.files.takeFile();
  }

  stat(path: string): i32 {
    return this.end(this.files.stat(path, this.found, this, this.begin()));
  }

  remove(path: string): i32 {
    return this.end(this.files.remove(path, this, this.begin()));
  }

  rename(from: string, to: string): i32 {
    return this.end(this.files.rename(from, to, this, this.begin()));
  }

  makeDirectory(path: string): i32 {
    return this.end(this.files.makeDirectory(path, this, this.begin()));
  }

  list(path: string, next: string, into: FileList): i32 {
    return this.end(this.files.list(path, next, into, this, this.begin()));
  }

  readAt(file: File, position: u64, buffer: Uint8Array, offset: i32, length: i32): i32 {
    return this.end(file.readAt(position, buffer, offset, length, this, this.begin()));
  }

  writeAt(file: File, position: u64, buffer: Uint8Array, offset: i32, length: i32): i32 {
    return this.end(file.writeAt(position, buffer, offset, length, this, this.begin()));
  }

  truncate(file: File, size: u64): i32 {
    return this.end(file.truncate(size, this, this.begin()));
  }

  sync(file: File): i32 {
    return this.end(file.sync(this, this.begin()));
  }

  /** The content of a file, read in pieces of `piece` bytes. */
  content(path: string, piece: i32 = 4096): Uint8Array {
    const file = this.file(path, OpenFlag.READ);
    const bytes = new Uint8Array(<i32>file.size);
    let at = 0;
    for (;;) {
      const wanted = min(piece, bytes.length - at);
      const count = this.readAt(file, <u64>at, bytes, at, wanted);
      expectResult(`read ${path} at ${at}`, count, wanted);
      if (count <= 0) break;
      at += count;
    }
    file.close();
    return bytes;
  }

  text(path: string): string {
    const bytes = this.content(path);
    return String.UTF8.decodeUnsafe(bytes.dataStart, bytes.length);
  }

  /** Makes a file with this content, or gives it this one; durable. */
  write(path: string, content: Uint8Array): void {
    const flags = OpenFlag.WRITE | OpenFlag.CREATE | OpenFlag.TRUNCATE;
    const file = this.file(path, flags);
    if (content.length > 0)
      expectResult("write " + path, this.writeAt(file, 0, content, 0, content.length), 0);
    expectResult("sync " + path, this.sync(file), 0);
    file.close();
  }

  /** Names in a directory, in order, directories with a `/`; pages are put together. */
  names(path: string): string[] {
    const list = new FileList();
    const names: string[] = [];
    let next = "";
    for (let pages = 0; pages < 10_000; pages++) {
      const count = this.list(path, next, list);
      expectResult("list " + path, count, list.names.length);
      same("length of directories", list.directories.length, count);
      same("length of sizes", list.sizes.length, count);
      for (let i = 0; i < count; i++)
        names.push(list.directories[i] ? list.names[i] + "/" : list.names[i]);
      next = list.next;
      if (next == "") break;
      assert(count > 0, "files: an empty page that is not the last");
    }
    same("next", next, "");
    return names.sort();
  }
}

/** A check that says what was asked. */
export function expectResult(what: string, result: i32, expected: i32): void {
  same(what, result, expected);
}

export function same<T>(what: string, actual: T, expected: T): void {
  if (actual != expected) assert(false, `files: ${what}: ${actual}, expected ${expected}`);
}

export function sameBytes(what: string, actual: Uint8Array, expected: Uint8Array): void {
  same(`bytes of ${what}`, actual.length, expected.length);
  for (let i = 0; i < actual.length; i++)
    if (actual[i] != expected[i]) same(`byte ${i} of ${what}`, actual[i], expected[i]);
}

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

/** Bytes that differ from place to place. */
export function pattern(length: i32, seed: i32 = 0): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = <u8>(i * 31 + (i >> 8) + seed);
  return bytes;
}
