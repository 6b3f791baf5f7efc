/**
 * For tests: operations of chance on a volume, and beside them what must be on it, whatever happens in between.
 *
 * Names are such that the same file is met again and again: in other cases of letters, with long and short names.
 */
import { TestDisk, TestRandom } from "@phantasm/block/testing";
import { Probe, Settles, pattern } from "@phantasm/fs/testing";
import { OpenFlag } from "@phantasm/interfaces";
import { FatFiles } from "./files";
import { TestClock } from "./testing";

/** The disk and the clock of a volume. */
export class Running implements Settles {
  private turns: i32 = 0;
  private readonly clock: TestClock = new TestClock();

  /** @param idles one in so many operations is followed by nothing for a while, in which the volume puts itself in order */
  constructor(
    private readonly disk: TestDisk,
    private readonly idles: i32,
  ) {}

  settle(): void {
    this.disk.run();
    if (++this.turns % this.idles == 0) this.idle();
  }

  idle(): void {
    while (this.clock.fire()) this.disk.run();
  }

  mount(cacheBytes: i32): Probe {
    return new Probe(new FatFiles(this.disk, this.clock, cacheBytes, 8, 4), this);
  }
}

export function mount(disk: TestDisk, cacheBytes: i32 = 16_384): Probe {
  return new Running(disk, 1).mount(cacheBytes);
}

/** Directories and files by their paths. */
export class Tree {
  readonly paths: string[] = [];
  /** Null: a directory. */
  readonly contents: (Uint8Array | null)[] = [];

  find(path: string): i32 {
    const lower = path.toLowerCase();
    for (let i = 0; i < this.paths.length; i++) if (this.paths[i].toLowerCase() == lower) return i;
    return -1;
  }

  has(path: string): bool {
    return this.find(path) >= 0;
  }

  /** The content of a file, which is there. */
  get(path: string): Uint8Array {
    return this.contents[this.find(path)]!;
  }

  isDirectory(path: string): bool {
    const at = this.find(path);
    return at >= 0 && this.contents[at] === null;
  }

  put(path: string, content: Uint8Array | null): void {
    const at = this.find(path);
    if (at >= 0) this.contents[at] = content;
    else {
      this.paths.push(path);
      this.contents.push(content);
    }
  }

  delete(path: string): void {
    const at = this.find(path);
    this.paths.splice(at, 1);
    this.contents.splice(at, 1);
  }

  isEmpty(directory: string): bool {
    const prefix = directory.toLowerCase() + "/";
    for (let i = 0; i < this.paths.length; i++)
      if (this.paths[i].toLowerCase().startsWith(prefix)) return false;
    return true;
  }

  move(from: string, to: string): void {
    const content = this.contents[this.find(from)];
    // A name that is replaced stays spelled as it was; here it does not matter.
    if (this.has(to) && this.find(to) != this.find(from)) this.delete(to);
    this.delete(from);
    this.put(to, content);
    const prefix = from.toLowerCase() + "/";
    for (let i = 0; i < this.paths.length; i++)
      if (this.paths[i].toLowerCase().startsWith(prefix))
        this.paths[i] = to + this.paths[i].substring(from.length);
  }

  copy(): Tree {
    const tree = new Tree();
    for (let i = 0; i < this.paths.length; i++) {
      tree.paths.push(this.paths[i]);
      tree.contents.push(this.contents[i]);
    }
    return tree;
  }
}

const NAMES: StaticArray<string> = [
  "A.TXT",
  "b",
  "a longer name.text",
  "A Longer Name of 1.text",
  "ÄÖÜ äöü.txt",
  "日本語.txt",
  "x".repeat(200),
  "+,;=[].cfg",
];

const DIRECTORIES: StaticArray<string> = ["", "/D", "/a directory", "/D/inner"];

export enum Act {
  PUT,
  APPEND,
  OVERWRITE,
  CUT,
  GROW,
  REMOVE,
  RENAME,
  MAKE,
  COUNT,
}

/** One operation, made durable, and the trees before and after it. */
export class Move {
  act: Act = Act.PUT;
  path: string = "";
  result: i32 = 0;
  /** Of PUT: the file is empty in between. */
  before: Tree;
  after: Tree;
  /** Events in the journal of the disk when it was done. */
  journal: i32 = 0;

  constructor(before: Tree) {
    this.before = before;
    this.after = before;
  }
}

export class Script {
  tree: Tree = new Tree();
  probe: Probe;
  private running: Running;
  /** Files have up to so many bytes. */
  sizeMax: i32 = 6000;

  constructor(
    readonly disk: TestDisk,
    readonly random: TestRandom,
    readonly cacheBytes: i32 = 16_384,
  ) {
    const running = new Running(disk, 7);
    this.running = running;
    this.probe = running.mount(cacheBytes);
  }

  /** As if a domain had ended, and another one begun. */
  remount(): void {
    this.idle();
    this.running = new Running(this.disk, 7);
    this.probe = this.running.mount(this.cacheBytes);
  }

  /** Until the volume has put itself in order. */
  idle(): void {
    this.disk.run();
    this.running.idle();
  }

  private below(bound: i32): i32 {
    return <i32>this.random.below(bound);
  }

  private name(): string {
    const name = NAMES[this.below(NAMES.length)];
    return this.below(8) == 0 ? name.toUpperCase() : name;
  }

  private directory(): string {
    const directory = DIRECTORIES[this.below(DIRECTORIES.length)];
    return directory == "" || this.tree.isDirectory(directory) ? directory : "";
  }

  private path(): string {
    return this.directory() + "/" + this.name();
  }

  private bytes(length: i32): Uint8Array {
    return pattern(length, this.below(256));
  }

  /** Does something, and says what. */
  play(): Move {
    const move = new Move(this.tree.copy());
    move.act = <Act>this.below(Act.COUNT);
    move.path = this.path();
    const tree = this.tree.copy();
    move.after = tree;
    const act = move.act;
    if (act == Act.MAKE) move.result = this.make(move, tree);
    else if (act == Act.REMOVE) move.result = this.remove(move, tree);
    else if (act == Act.RENAME) move.result = this.rename(move, tree);
    else move.result = this.change(move, tree);
    if (move.result == 0) this.tree = tree;
    move.journal = this.disk.journalLength;
    return move;
  }

  private make(move: Move, tree: Tree): i32 {
    move.path = DIRECTORIES[1 + this.below(DIRECTORIES.length - 1)];
    if (move.path == "/D/inner" && !tree.isDirectory("/D")) move.path = "/D";
    if (tree.has(move.path)) {
      move.act = Act.REMOVE;
      if (!tree.isEmpty(move.path)) return 0;
      tree.delete(move.path);
      return this.probe.remove(move.path);
    }
    tree.put(move.path, null);
    return this.probe.makeDirectory(move.path);
  }

  private remove(move: Move, tree: Tree): i32 {
    if (!tree.has(move.path)) return 0;
    tree.delete(move.path);
    return this.probe.remove(move.path);
  }

  private rename(move: Move, tree: Tree): i32 {
    let to = this.path();
    if (this.below(6) == 0) {
      // A directory: the one that may lie elsewhere, too.
      move.path = "/D/inner";
      to = "/inner";
      if (this.tree.isDirectory(to)) {
        move.path = to;
        to = "/D/inner";
      }
      if (!tree.isDirectory("/D") || tree.has(to)) return 0;
    }
    if (!tree.has(move.path)) return 0;
    tree.move(move.path, to);
    return this.probe.rename(move.path, to);
  }

  private change(move: Move, tree: Tree): i32 {
    const probe = this.probe;
    const known = tree.has(move.path);
    if (!known) move.act = Act.PUT;
    const old = known ? tree.get(move.path) : new Uint8Array(0);
    let flags = OpenFlag.WRITE | OpenFlag.CREATE;
    if (move.act == Act.PUT) flags |= OpenFlag.TRUNCATE;
    const opened = probe.open(move.path, flags);
    if (opened < 0) return opened;
    const file = probe.files.takeFile();
    const start = move.act == Act.PUT ? 0 : old.length;
    let result = 0;
    let content = old;
    if (move.act == Act.CUT || move.act == Act.GROW) {
      const size = move.act == Act.CUT ? this.below(old.length + 1) : start + this.below(3000);
      content = new Uint8Array(size);
      memory.copy(content.dataStart, old.dataStart, min(size, old.length));
      result = probe.truncate(file, <u64>size);
    } else {
      const piece = this.bytes(this.below(this.sizeMax));
      let at = start;
      if (move.act == Act.OVERWRITE) at = this.below(old.length + 1);
      else if (this.below(4) == 0) at += this.below(2000);
      content = new Uint8Array(max(start, piece.length > 0 ? at + piece.length : start));
      memory.copy(content.dataStart, old.dataStart, start);
      memory.copy(content.dataStart + at, piece.dataStart, piece.length);
      for (let done = 0; done < piece.length && result == 0;) {
        const count = min(piece.length - done, 1 + this.below(4000));
        result = probe.writeAt(file, <u64>(at + done), piece, done, count);
        done += count;
      }
    }
    if (result == 0) result = probe.sync(file);
    tree.put(move.path, content);
    file.close();
    this.disk.run();
    return result;
  }
}

/** Reads everything from a volume. */
export function readTree(probe: Probe): Tree {
  const tree = new Tree();
  readInto(probe, "", tree, 0);
  return tree;
}

function readInto(probe: Probe, directory: string, tree: Tree, depth: i32): void {
  assert(depth < 8, "a tree without end");
  const names = probe.names(directory == "" ? "/" : directory);
  for (let i = 0; i < names.length; i++) {
    const isDirectory = names[i].endsWith("/");
    const name = isDirectory ? names[i].substring(0, names[i].length - 1) : names[i];
    const path = directory + "/" + name;
    if (isDirectory) {
      tree.put(path, null);
      readInto(probe, path, tree, depth + 1);
    } else tree.put(path, probe.content(path));
  }
}

/** The first difference between what is there and what should be; empty: none. */
export function difference(found: Tree, expected: Tree): string {
  for (let i = 0; i < expected.paths.length; i++) {
    const path = expected.paths[i];
    const at = found.find(path);
    if (at < 0) return path + " is missing";
    const a = found.contents[at];
    const b = expected.contents[i];
    if (a === null || b === null) {
      if (a !== null || b !== null) return path + " is of another kind";
      continue;
    }
    if (a.length != b.length) return `${path} has ${a.length} bytes, not ${b.length}`;
    for (let k = 0; k < a.length; k++)
      if (a[k] != b[k]) return `byte ${k} of ${path} is ${a[k]}, not ${b[k]}`;
  }
  if (found.paths.length == expected.paths.length) return "";
  for (let i = 0; i < found.paths.length; i++)
    if (!expected.has(found.paths[i])) return found.paths[i] + " is too much";
  return "names twice";
}
