/** For tests: a volume of a few files, which lie in memory or are read, at once or later. */
import {
  EXHAUSTED,
  Errno,
  File,
  FileList,
  FileStat,
  Files,
  FilesHandler,
  NOT_FOUND,
  PENDING,
} from "@phantasm/interfaces";
import { Task, ready } from "@phantasm/runtime";

class TestNode {
  text: Uint8Array = new Uint8Array(0);
  digest: string = "";
  modifiedNs: i64 = 0;
  isDirectory: bool = false;
}

class Answer extends Task {
  constructor(
    private readonly files: TestFiles,
    private readonly handler: FilesHandler,
    private readonly tag: i32,
    private readonly result: i32,
  ) {
    super();
  }
  performTask(): void {
    this.files.pending--;
    this.handler.onFiles(this.tag, this.result);
  }
}


@final
export class TestFiles implements Files {
  writable: bool = false;
  state: i32 = 0;
  /** Results come later. */
  slow: bool = false;
  /** Files lie in memory. */
  lies: bool = true;
  /** Operations so far. */
  operations: i32 = 0;
  /** Files that are open. */
  openFiles: i32 = 0;
  /** Reads fail with this. */
  fails: i32 = 0;
  /** Operations that may be under way, and files that may be open: one more is EXHAUSTED. */
  pendingMax: i32 = i32.MAX_VALUE;
  openMax: i32 = i32.MAX_VALUE;
  pending: i32 = 0;
  private readonly nodes: Map<string, TestNode> = new Map<string, TestNode>();
  private readonly opened: TestFile[] = [];

  add(path: string, text: string, digest: string = "", modifiedNs: i64 = 0): TestFiles {
    const node = new TestNode();
    node.text = Uint8Array.wrap(String.UTF8.encode(text));
    node.digest = digest;
    node.modifiedNs = modifiedNs;
    this.nodes.set(path, node);
    return this;
  }

  addDirectory(path: string): TestFiles {
    const node = new TestNode();
    node.isDirectory = true;
    this.nodes.set(path, node);
    return this;
  }

  private answer(handler: FilesHandler, tag: i32, result: i32): i32 {
    this.operations++;
    if (!this.slow) return result;
    if (this.pending == this.pendingMax) return EXHAUSTED;
    this.pending++;
    ready(new Answer(this, handler, tag, result));
    return PENDING;
  }

  later(handler: FilesHandler, tag: i32, result: i32): i32 {
    return this.answer(handler, tag, result);
  }

  open(path: string, flags: i32, handler: FilesHandler, tag: i32): i32 {
    if (!this.nodes.has(path)) return this.answer(handler, tag, NOT_FOUND);
    if (this.openFiles == this.openMax) return EXHAUSTED;
    this.opened.push(new TestFile(this, this.nodes.get(path).text));
    this.openFiles++;
    const result = this.answer(handler, tag, 0);
    if (result == EXHAUSTED) this.opened.pop().close();
    return result;
  }

  /** Answers come in the order of the questions. */
  takeFile(): File {
    return this.opened.shift();
  }

  stat(path: string, into: FileStat, handler: FilesHandler, tag: i32): i32 {
    if (!this.nodes.has(path)) return this.answer(handler, tag, NOT_FOUND);
    const node = this.nodes.get(path);
    into.directory = node.isDirectory;
    into.size = node.text.length;
    into.digest = node.digest;
    into.modifiedNs = node.modifiedNs;
    into.mediaType = "";
    return this.answer(handler, tag, 0);
  }

  list(path: string, next: string, into: FileList, handler: FilesHandler, tag: i32): i32 {
    return 0;
  }
  remove(path: string, handler: FilesHandler, tag: i32): i32 {
    return Errno.READONLY;
  }
  rename(from: string, to: string, handler: FilesHandler, tag: i32): i32 {
    return Errno.READONLY;
  }
  makeDirectory(path: string, handler: FilesHandler, tag: i32): i32 {
    return Errno.READONLY;
  }
}


@final
class TestFile implements File {
  constructor(
    private readonly files: TestFiles,
    private readonly text: Uint8Array,
  ) {}
  get size(): u64 {
    return this.text.length;
  }
  get address(): usize {
    return this.files.lies ? this.text.dataStart : 0;
  }
  readAt(
    position: u64,
    buffer: Uint8Array,
    offset: i32,
    length: i32,
    handler: FilesHandler,
    tag: i32,
  ): i32 {
    if (this.files.fails != 0) return this.files.later(handler, tag, this.files.fails);
    const bytes = min(length, this.text.length - <i32>position);
    memory.copy(
      buffer.dataStart + <usize>offset,
      this.text.dataStart + <usize>position,
      <usize>bytes,
    );
    return this.files.later(handler, tag, bytes);
  }
  writeAt(
    position: u64,
    buffer: Uint8Array,
    offset: i32,
    length: i32,
    handler: FilesHandler,
    tag: i32,
  ): i32 {
    return Errno.READONLY;
  }
  truncate(size: u64, handler: FilesHandler, tag: i32): i32 {
    return Errno.READONLY;
  }
  sync(handler: FilesHandler, tag: i32): i32 {
    return 0;
  }
  close(): void {
    this.files.openFiles--;
  }
}
