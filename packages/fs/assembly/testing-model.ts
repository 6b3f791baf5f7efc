/** A volume that is plain maps: what others are compared with, and what the cases of `testing.ts` are tried on. */
import {
  EXISTS,
  Errno,
  File,
  FileList,
  FileStat,
  Files,
  FilesHandler,
  IS_DIRECTORY,
  NOT_DIRECTORY,
  NOT_EMPTY,
  NOT_FOUND,
  OpenFlag,
} from "@phantasm/interfaces";
import { checkPath, parentPath } from "./paths";

const PAGE_NAMES: i32 = 7;

export class ModelNode {
  bytes: Uint8Array = new Uint8Array(0);
  constructor(readonly directory: bool) {}
}

export class ModelFiles implements Files {
  writable: bool = true;
  state: i32 = 0;
  readonly nodes: Map<string, ModelNode> = new Map<string, ModelNode>();
  private opened: File | null = null;

  constructor() {
    this.nodes.set("/", new ModelNode(true));
  }

  open(path: string, flags: i32, handler: FilesHandler, tag: i32): i32 {
    const writes = (flags & OpenFlag.WRITE) != 0;
    const missing = this.check(path);
    if (writes && !this.writable) return Errno.READONLY;
    if (missing == NOT_FOUND && flags & OpenFlag.CREATE) {
      const bad = this.checkParent(path);
      if (bad != 0) return bad;
      this.nodes.set(path, new ModelNode(false));
    } else if (missing != 0) {
      return missing;
    } else if (this.nodes.get(path).directory) {
      return IS_DIRECTORY;
    } else if (flags & OpenFlag.EXCLUSIVE) {
      return EXISTS;
    }
    const node = this.nodes.get(path);
    if (flags & OpenFlag.TRUNCATE) node.bytes = new Uint8Array(0);
    this.opened = new ModelFile(node, writes);
    return 0;
  }

  takeFile(): File {
    const file = this.opened!;
    this.opened = null;
    return file;
  }

  stat(path: string, into: FileStat, handler: FilesHandler, tag: i32): i32 {
    const missing = this.check(path);
    if (missing != 0) return missing;
    const node = this.nodes.get(path);
    into.directory = node.directory;
    into.size = <u64>node.bytes.length;
    into.modifiedNs = 0;
    into.digest = "";
    into.mediaType = "";
    return 0;
  }

  list(path: string, next: string, into: FileList, handler: FilesHandler, tag: i32): i32 {
    const missing = this.check(path);
    if (missing != 0) return missing;
    if (!this.nodes.get(path).directory) return NOT_DIRECTORY;
    into.clear();
    const names = this.namesIn(path);
    for (let i = 0; i < names.length; i++) {
      const name = names[i];
      if (name < next) continue;
      if (into.names.length == PAGE_NAMES) {
        into.next = name;
        break;
      }
      const node = this.nodes.get(path == "/" ? "/" + name : path + "/" + name);
      into.names.push(name);
      into.directories.push(node.directory);
      into.sizes.push(<u64>node.bytes.length);
    }
    return into.names.length;
  }

  remove(path: string, handler: FilesHandler, tag: i32): i32 {
    const missing = this.check(path);
    if (!this.writable) return Errno.READONLY;
    if (missing != 0) return missing;
    if (path == "/" || this.namesIn(path).length > 0) return NOT_EMPTY;
    this.nodes.delete(path);
    return 0;
  }

  rename(from: string, to: string, handler: FilesHandler, tag: i32): i32 {
    const missing = this.check(from);
    if (!this.writable) return Errno.READONLY;
    if (missing != 0) return missing;
    const target = this.check(to);
    if (target != 0 && target != NOT_FOUND) return target;
    const bad = this.checkParent(to);
    if (bad != 0) return bad;
    if (target == 0) {
      if (from == to) return 0;
      if (this.nodes.get(to).directory) return EXISTS;
      if (this.nodes.get(from).directory) return NOT_DIRECTORY;
    }
    const moved = this.nodes.keys();
    for (let i = 0; i < moved.length; i++) {
      const path = moved[i];
      if (path != from && !path.startsWith(from + "/")) continue;
      this.nodes.set(to + path.substring(from.length), this.nodes.get(path));
      this.nodes.delete(path);
    }
    return 0;
  }

  makeDirectory(path: string, handler: FilesHandler, tag: i32): i32 {
    const missing = this.check(path);
    if (!this.writable) return Errno.READONLY;
    if (missing == 0) return EXISTS;
    if (missing != NOT_FOUND) return missing;
    const bad = this.checkParent(path);
    if (bad == 0) this.nodes.set(path, new ModelNode(true));
    return bad;
  }

  private check(path: string): i32 {
    const bad = checkPath(path);
    if (bad != 0) return bad;
    if (this.nodes.has(path)) return 0;
    let above = parentPath(path);
    while (!this.nodes.has(above)) above = parentPath(above);
    return this.nodes.get(above).directory ? NOT_FOUND : NOT_DIRECTORY;
  }

  private checkParent(path: string): i32 {
    const parent = parentPath(path);
    const missing = this.check(parent);
    if (missing != 0) return missing;
    return this.nodes.get(parent).directory ? 0 : NOT_DIRECTORY;
  }

  private namesIn(path: string): string[] {
    const inside = path == "/" ? "/" : path + "/";
    const names: string[] = [];
    const paths = this.nodes.keys();
    for (let i = 0; i < paths.length; i++)
      if (
        paths[i] != "/" &&
        paths[i].startsWith(inside) &&
        paths[i].indexOf("/", inside.length) < 0
      )
        names.push(paths[i].substring(inside.length));
    return names.sort();
  }
}

class ModelFile implements File {
  constructor(
    private readonly node: ModelNode,
    private readonly writes: bool,
  ) {}

  get size(): u64 {
    return <u64>this.node.bytes.length;
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
    if (position >= this.size) return 0;
    const count = <i32>min<u64>(<u64>length, this.size - position);
    memory.copy(buffer.dataStart + offset, this.node.bytes.dataStart + <usize>position, count);
    return count;
  }

  writeAt(
    position: u64,
    buffer: Uint8Array,
    offset: i32,
    length: i32,
    handler: FilesHandler,
    tag: i32,
  ): i32 {
    if (!this.writes) return Errno.READONLY;
    if (position + length > this.size) this.resize(position + length);
    memory.copy(this.node.bytes.dataStart + <usize>position, buffer.dataStart + offset, length);
    return 0;
  }

  truncate(size: u64, handler: FilesHandler, tag: i32): i32 {
    if (!this.writes) return Errno.READONLY;
    this.resize(size);
    return 0;
  }

  sync(handler: FilesHandler, tag: i32): i32 {
    return 0;
  }

  close(): void {}

  private resize(size: u64): void {
    const bytes = new Uint8Array(<i32>size);
    const kept = min(bytes.length, this.node.bytes.length);
    memory.copy(bytes.dataStart, this.node.bytes.dataStart, kept);
    this.node.bytes = bytes;
  }
}
