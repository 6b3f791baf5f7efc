import {
  Errno,
  File,
  FileList,
  FileStat,
  Files,
  FilesHandler,
  IS_DIRECTORY,
  OpenFlag,
} from "@phantasm/interfaces";
import { ReadOnlyFile, ReadOnlyFiles, checkRoom } from "./read-only";
import { Tree } from "./tree";

/** Where entries begin; before them is their number. */
const ENTRIES_OFFSET: usize = 8;

/**
 * Files that lie in the image, as src/pack.ts writes them. Nothing ever waits. Digests and media types are
 * strings that lie there too: the collector passes over what is below the heap.
 */
@final
export class BakedFiles extends ReadOnlyFiles implements Files {
  private readonly tree: Tree;
  /** Files have no state: each is made once. */
  private readonly files: StaticArray<BakedFile | null>;
  private opened: BakedFile | null = null;

  /** @param content address of what the image has baked, a multiple of 8 */
  constructor(
    private readonly content: usize,
    bytes: i32,
  ) {
    super();
    assert(bytes >= <i32>ENTRIES_OFFSET, "files: nothing is baked there");
    this.tree = new Tree(content, content + ENTRIES_OFFSET);
    this.files = new StaticArray<BakedFile | null>(load<i32>(content));
  }

  get state(): i32 {
    return 0;
  }

  open(path: string, flags: i32, handler: FilesHandler, tag: i32): i32 {
    const index = this.tree.find(path);
    if (flags != OpenFlag.READ && (index >= 0 || flags & OpenFlag.CREATE)) return Errno.READONLY;
    if (index < 0) return index;
    const entry = this.tree.at(index);
    if (entry.isDirectory) return IS_DIRECTORY;
    let file = this.files[index];
    if (file === null) {
      file = new BakedFile(this.content + <usize>entry.position, entry.size);
      this.files[index] = file;
    }
    this.opened = file;
    return 0;
  }

  takeFile(): File {
    const file = this.opened;
    assert(file !== null, "files: takeFile without an open that went well");
    this.opened = null;
    return file!;
  }

  stat(path: string, into: FileStat, handler: FilesHandler, tag: i32): i32 {
    const index = this.tree.find(path);
    if (index < 0) return index;
    const entry = this.tree.at(index);
    into.directory = entry.isDirectory;
    into.size = entry.size;
    into.modifiedNs = entry.modifiedNs;
    into.digest = entry.isDirectory ? "" : this.text(entry.first);
    into.mediaType = entry.isDirectory ? "" : this.text(entry.count);
    return 0;
  }

  list(path: string, next: string, into: FileList, handler: FilesHandler, tag: i32): i32 {
    const index = this.tree.find(path);
    return index < 0 ? index : this.tree.list(index, next, into);
  }

  private text(offset: u32): string {
    return offset == 0 ? "" : changetype<string>(this.content + offset);
  }
}


@final
class BakedFile extends ReadOnlyFile implements File {
  constructor(
    private readonly start: usize,
    private readonly bytes: u64,
  ) {
    super();
  }

  get size(): u64 {
    return this.bytes;
  }

  get address(): usize {
    return this.start;
  }

  readAt(
    position: u64,
    buffer: Uint8Array,
    offset: i32,
    length: i32,
    handler: FilesHandler,
    tag: i32,
  ): i32 {
    checkRoom(buffer, offset, length);
    if (position >= this.bytes) return 0;
    const count = <i32>min<u64>(<u64>length, this.bytes - position);
    memory.copy(buffer.dataStart + offset, this.start + <usize>position, count);
    return count;
  }

  close(): void {}
}
