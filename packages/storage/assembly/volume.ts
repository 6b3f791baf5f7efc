/** Files for fibres. */
import { NO_DEADLINE } from "@phantasm/abi";
import { File, FileList, FileStat, Files, OpenFlag, TOO_LARGE } from "@phantasm/interfaces";
import { isInterrupted } from "@phantasm/fibre";
import { Closing, Replies, Reply, refused } from "./reply";

const WHAT = "files";

// @ts-ignore: decorator
@lazy
const replies: Replies = new Replies(WHAT);


@final
class FileReply extends Reply {
  file: File | null = null;

  constructor(private readonly files: Files) {
    super(WHAT);
  }

  protected collect(result: i32): void {
    if (result == 0) this.file = this.files.takeFile();
  }

  protected discard(): void {
    const file = this.file;
    if (file !== null) file.close();
  }
}

/**
 * A volume of files. Every operation takes a deadline (absolute, ns) and returns a negative error instead of
 * throwing. After TIMED_OUT or CANCELLED the operation goes on by itself, and what was passed in belongs to it
 * until it is over: use fresh records and buffers.
 */
@final
export class Volume {
  /** Why the last call that returned null did. */
  lastError: i32 = 0;

  constructor(readonly raw: Files) {}

  /** Opens a file: `OpenFlag` says how. Null: `lastError` says why. Close it. */
  open(path: string, flags: i32 = OpenFlag.READ, deadlineNs: i64 = NO_DEADLINE): FileHandle | null {
    const reply = new FileReply(this.raw);
    this.lastError = isInterrupted()
      ? refused()
      : reply.wait(this.raw.open(path, flags, reply, 0), deadlineNs);
    const file = this.lastError == 0 ? reply.file : null;
    return file === null ? null : new FileHandle(file);
  }

  /** The whole of a file. Null: `lastError` says why; TOO_LARGE above `bytesMax`. */
  read(path: string, bytesMax: i32 = 1 << 20, deadlineNs: i64 = NO_DEADLINE): Uint8Array | null {
    const file = this.open(path, OpenFlag.READ, deadlineNs);
    if (file === null) return null;
    let content: Uint8Array | null = null;
    if (file.size > <u64>bytesMax) this.lastError = TOO_LARGE;
    else {
      const bytes = new Uint8Array(<i32>file.size);
      this.lastError = bytes.length == 0 ? 0 : file.readAt(0, bytes, 0, bytes.length, deadlineNs);
      if (this.lastError == bytes.length) content = bytes;
      else if (this.lastError >= 0) content = bytes.slice(0, this.lastError);
    }
    file.close();
    return content;
  }

  /** The whole of a file as text. Null: `lastError` says why. */
  readText(path: string, bytesMax: i32 = 1 << 20, deadlineNs: i64 = NO_DEADLINE): string | null {
    const bytes = this.read(path, bytesMax, deadlineNs);
    return bytes === null ? null : String.UTF8.decodeUnsafe(bytes.dataStart, bytes.length);
  }

  /** Makes or replaces a file; its content is durable when 0 is returned. Not atomic: for that, write another one and rename it. */
  write(path: string, content: Uint8Array, deadlineNs: i64 = NO_DEADLINE): i32 {
    const flags = OpenFlag.WRITE | OpenFlag.CREATE | OpenFlag.TRUNCATE;
    const file = this.open(path, flags, deadlineNs);
    if (file === null) return this.lastError;
    let result = 0;
    if (content.length > 0) result = file.writeAt(0, content, 0, content.length, deadlineNs);
    if (result == 0) result = file.sync(deadlineNs);
    file.close();
    return result;
  }

  stat(path: string, into: FileStat, deadlineNs: i64 = NO_DEADLINE): i32 {
    if (isInterrupted()) return refused();
    const reply = replies.take(null);
    return reply.wait(this.raw.stat(path, into, reply, 0), deadlineNs);
  }

  /** The names in a directory, a page at a time: `do … while (list.next != "")`. How many, or an error. */
  list(path: string, into: FileList, deadlineNs: i64 = NO_DEADLINE): i32 {
    if (isInterrupted()) return refused();
    const next = into.next;
    const reply = replies.take(null);
    return reply.wait(this.raw.list(path, next, into, reply, 0), deadlineNs);
  }

  remove(path: string, deadlineNs: i64 = NO_DEADLINE): i32 {
    if (isInterrupted()) return refused();
    const reply = replies.take(null);
    return reply.wait(this.raw.remove(path, reply, 0), deadlineNs);
  }

  rename(from: string, to: string, deadlineNs: i64 = NO_DEADLINE): i32 {
    if (isInterrupted()) return refused();
    const reply = replies.take(null);
    return reply.wait(this.raw.rename(from, to, reply, 0), deadlineNs);
  }

  makeDirectory(path: string, deadlineNs: i64 = NO_DEADLINE): i32 {
    if (isInterrupted()) return refused();
    const reply = replies.take(null);
    return reply.wait(this.raw.makeDirectory(path, reply, 0), deadlineNs);
  }
}

/** An open file, with a place where reading goes on. */
@final
export class FileHandle extends Closing {
  position: u64 = 0;

  constructor(readonly raw: File) {
    super();
  }

  get size(): u64 {
    return this.raw.size;
  }

  /** Fills `buffer` from `position` on, as far as the file goes. Bytes read; 0 at the end. */
  read(buffer: Uint8Array, deadlineNs: i64 = NO_DEADLINE): i32 {
    const bytes = this.readAt(this.position, buffer, 0, buffer.length, deadlineNs);
    if (bytes > 0) this.position += bytes;
    return bytes;
  }

  /** Writes all of `buffer` at `position`, which moves on. 0, or an error. */
  write(buffer: Uint8Array, deadlineNs: i64 = NO_DEADLINE): i32 {
    const result = this.writeAt(this.position, buffer, 0, buffer.length, deadlineNs);
    if (result == 0) this.position += buffer.length;
    return result;
  }

  readAt(
    position: u64,
    buffer: Uint8Array,
    offset: i32,
    length: i32,
    deadlineNs: i64 = NO_DEADLINE,
  ): i32 {
    this.check();
    if (isInterrupted()) return refused();
    const reply = replies.take(this);
    return reply.wait(this.raw.readAt(position, buffer, offset, length, reply, 0), deadlineNs);
  }

  writeAt(
    position: u64,
    buffer: Uint8Array,
    offset: i32,
    length: i32,
    deadlineNs: i64 = NO_DEADLINE,
  ): i32 {
    this.check();
    if (isInterrupted()) return refused();
    const reply = replies.take(this);
    return reply.wait(this.raw.writeAt(position, buffer, offset, length, reply, 0), deadlineNs);
  }

  truncate(size: u64, deadlineNs: i64 = NO_DEADLINE): i32 {
    this.check();
    if (isInterrupted()) return refused();
    const reply = replies.take(this);
    return reply.wait(this.raw.truncate(size, reply, 0), deadlineNs);
  }

  /** Makes what was written durable. */
  sync(deadlineNs: i64 = NO_DEADLINE): i32 {
    this.check();
    if (isInterrupted()) return refused();
    const reply = replies.take(this);
    return reply.wait(this.raw.sync(reply, 0), deadlineNs);
  }

  /** At once, or when what was left behind on it is over. */
  close(): void {
    this.closeWhenIdle();
  }

  protected shut(): void {
    this.raw.close();
  }
}
