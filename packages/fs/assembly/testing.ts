/**
 * What every implementation of `Files` does, as cases to run against one: those of reading against a volume
 * that holds the tree below, those of writing against an empty one.
 *
 *     test("reads as every volume does", () => {
 *       checkReading(new Probe(files, disk));
 *     });
 */
import {
  BAD_NAME,
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
  PENDING,
} from "@phantasm/interfaces";
import { expect } from "@phantasm/testing";

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

  constructor(
    readonly files: Files,
    private readonly device: Settles,
  ) {}

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
      expect(list.directories.length).toBe(count);
      expect(list.sizes.length).toBe(count);
      for (let i = 0; i < count; i++)
        names.push(list.directories[i] ? list.names[i] + "/" : list.names[i]);
      next = list.next;
      if (next == "") break;
      assert(count > 0, "files: an empty page that is not the last");
    }
    expect(next).toBe("");
    return names.sort();
  }
}

/** A check that says what was asked. */
export function expectResult(what: string, result: i32, expected: i32): void {
  if (result != expected) expect(`${what}: ${result}`).toBe(`${what}: ${expected}`);
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

/** Bytes of `/large.bin`: no multiple of any sector. */
export const LARGE_BYTES: i32 = 100_001;
/** Files in `/many`: f000 … with their number as text. */
export const MANY_FILES: i32 = 300;

/** The tree, as path and text; directories end in `/`. `/large.bin` and `/many` come beside it. */
const TREE: StaticArray<StaticArray<string>> = [
  ["/docs/", ""],
  ["/docs/deep/", ""],
  ["/docs/deep/er/", ""],
  ["/docs/deep/er/leaf", "leaf"],
  ["/docs/index.html", "<!doctype html>\n"],
  ["/empty", ""],
  ["/hello.txt", "Hello, world!\n"],
  ["/ünïcode/", ""],
  ["/ünïcode/日本語.txt", "grüße 🎉\n"],
  ["/A name that is longer than eight and three.text", "long"],
];

function manyName(index: i32): string {
  return "f" + index.toString().padStart(3, "0");
}

/** Writes the tree that `checkReading` expects. */
export function writeTree(probe: Probe): void {
  for (let i = 0; i < TREE.length; i++) {
    const path = TREE[i][0];
    if (path.endsWith("/")) {
      const directory = path.substring(0, path.length - 1);
      expectResult("make " + directory, probe.makeDirectory(directory), 0);
    } else probe.write(path, bytesOf(TREE[i][1]));
  }
  probe.write("/large.bin", pattern(LARGE_BYTES));
  expectResult("make /many", probe.makeDirectory("/many"), 0);
  for (let i = 0; i < MANY_FILES; i++) probe.write("/many/" + manyName(i), bytesOf(i.toString()));
}

// ---- reading

/** Everything that reads, on a volume that holds the tree. */
export function checkReading(probe: Probe): void {
  expectResult("state", probe.state(), 0);
  checkLookup(probe);
  checkLists(probe);
  checkContent(probe);
  checkPieces(probe);
  checkNames(probe);
  if (!probe.files.writable) checkReadOnly(probe);
}

function expectStat(probe: Probe, path: string, directory: bool, size: u64): void {
  expectResult("stat " + path, probe.stat(path), 0);
  expect(`${path} ${probe.found.directory} ${probe.found.size}`).toBe(
    `${path} ${directory} ${size}`,
  );
}

function checkLookup(probe: Probe): void {
  expectStat(probe, "/", true, 0);
  for (let i = 0; i < TREE.length; i++) {
    const path = TREE[i][0];
    const directory = path.endsWith("/");
    const plain = directory ? path.substring(0, path.length - 1) : path;
    expectStat(probe, plain, directory, <u64>String.UTF8.byteLength(TREE[i][1]));
    expectResult("open " + plain, probe.open(plain, OpenFlag.READ), directory ? IS_DIRECTORY : 0);
    if (!directory) probe.files.takeFile().close();
  }
  expectStat(probe, "/large.bin", false, LARGE_BYTES);
  const absent: StaticArray<string> = [
    "/hello",
    "/hello.txt2",
    "/docs/hello.txt",
    "/z",
    "/docs/deep/er/lea",
    "/none/x",
  ];
  for (let i = 0; i < absent.length; i++) expectError(probe, absent[i], NOT_FOUND);
  expectError(probe, "/hello.txt/x", NOT_DIRECTORY);
  expectError(probe, "/empty/x/y", NOT_DIRECTORY);
  const list = new FileList();
  expectResult("list a file", probe.list("/hello.txt", "", list), NOT_DIRECTORY);
  expectResult("open the root", probe.open("/", OpenFlag.READ), IS_DIRECTORY);
}

function expectError(probe: Probe, path: string, error: i32): void {
  const list = new FileList();
  expectResult("stat " + path, probe.stat(path), error);
  expectResult("open " + path, probe.open(path, OpenFlag.READ), error);
  expectResult("list " + path, probe.list(path, "", list), error);
}

function checkLists(probe: Probe): void {
  expect(probe.names("/docs").join()).toBe("deep/,index.html");
  expect(probe.names("/docs/deep").join()).toBe("er/");
  expect(probe.names("/docs/deep/er").join()).toBe("leaf");
  expect(probe.names("/ünïcode").join()).toBe("日本語.txt");
  const root = probe.names("/").join();
  expect(root).toBe(
    "A name that is longer than eight and three.text,docs/,empty,hello.txt,large.bin,many/,ünïcode/",
  );
  const many = probe.names("/many");
  expect(many.length).toBe(MANY_FILES);
  for (let i = 0; i < MANY_FILES; i++) expect(many[i]).toBe(manyName(i));
}

function checkContent(probe: Probe): void {
  for (let i = 0; i < TREE.length; i++)
    if (!TREE[i][0].endsWith("/")) expect(probe.text(TREE[i][0])).toBe(TREE[i][1]);
  for (let i = 0; i < MANY_FILES; i += 37)
    expect(probe.text("/many/" + manyName(i))).toBe(i.toString());
  expect(probe.content("/large.bin")).toEqual(pattern(LARGE_BYTES));
  expect(probe.content("/large.bin", 997)).toEqual(pattern(LARGE_BYTES));
  expect(probe.content("/large.bin", LARGE_BYTES)).toEqual(pattern(LARGE_BYTES));
}

/** Position, length. */
const PIECES: StaticArray<StaticArray<i32>> = [
  [0, 1],
  [0, 512],
  [1, 511],
  [511, 2],
  [512, 512],
  [513, 4096],
  [4095, 4098],
  [4096, 65_536],
  [8191, 20_000],
  [LARGE_BYTES - 1, 1],
  [LARGE_BYTES - 1, 100],
  [LARGE_BYTES - 5000, 10_000],
  [LARGE_BYTES, 1],
  [LARGE_BYTES, 0],
  [LARGE_BYTES + 1, 10],
  [50_000, 0],
  [i32.MAX_VALUE, 10],
];

function checkPieces(probe: Probe): void {
  const file = probe.file("/large.bin", OpenFlag.READ);
  const other = probe.file("/large.bin", OpenFlag.READ);
  const expected = pattern(LARGE_BYTES);
  const buffer = new Uint8Array(70_000);
  expect(file.size).toBe(LARGE_BYTES);
  for (let i = 0; i < PIECES.length; i++) {
    const position = PIECES[i][0];
    const length = PIECES[i][1];
    const offset = i * 7;
    const count = max(0, min(length, LARGE_BYTES - position));
    buffer.fill(0xaa);
    const from = i % 2 == 0 ? file : other;
    const result = probe.readAt(from, <u64>position, buffer, offset, length);
    expectResult(`read ${length} at ${position}`, result, count);
    for (let at = 0; at < count; at++)
      if (buffer[offset + at] != expected[position + at])
        expect(`byte ${position + at} is ${buffer[offset + at]}`).toBe("another");
    // Nothing before and nothing behind is touched.
    if (offset > 0) expect(buffer[offset - 1]).toBe(0xaa);
    expect(buffer[offset + count]).toBe(0xaa);
  }
  expect(probe.readAt(file, u64.MAX_VALUE, buffer, 0, 10)).toBe(0);
  if (file.address != 0)
    expect(memory.compare(file.address, expected.dataStart, LARGE_BYTES)).toBe(0);
  file.close();
  expect(probe.readAt(other, 0, buffer, 0, 1)).toBe(1);
  other.close();
}

const BAD_PATHS: StaticArray<string> = [
  "",
  "hello.txt",
  "//",
  "/docs/",
  "//docs",
  "/docs//index.html",
  "/./docs",
  "/docs/..",
  "/docs/../hello.txt",
  "/..",
  "/.",
  "/a\0b",
  "/a\nb",
  "/\x7f",
  "/\ud800",
];

function checkNames(probe: Probe): void {
  for (let i = 0; i < BAD_PATHS.length; i++) expectError(probe, BAD_PATHS[i], BAD_NAME);
  expectError(probe, "/" + "x".repeat(100_000), BAD_NAME);
}

function checkReadOnly(probe: Probe): void {
  expect(probe.open("/hello.txt", OpenFlag.WRITE)).toBe(Errno.READONLY);
  expect(probe.open("/new", OpenFlag.WRITE | OpenFlag.CREATE)).toBe(Errno.READONLY);
  expect(probe.remove("/hello.txt")).toBe(Errno.READONLY);
  expect(probe.rename("/hello.txt", "/other")).toBe(Errno.READONLY);
  expect(probe.makeDirectory("/other")).toBe(Errno.READONLY);
  const file = probe.file("/hello.txt", OpenFlag.READ);
  expect(probe.writeAt(file, 0, bytesOf("x"), 0, 1)).toBe(Errno.READONLY);
  expect(probe.truncate(file, 0)).toBe(Errno.READONLY);
  file.close();
}

// ---- writing

/** Everything that changes, on a volume that is empty; it is empty again afterwards. */
export function checkWriting(probe: Probe): void {
  expectResult("state", probe.state(), 0);
  expect(probe.files.writable).toBe(true);
  checkCreate(probe);
  checkSizes(probe);
  checkOverwrite(probe);
  checkDirectories(probe);
  checkRename(probe);
  checkRemove(probe);
  expect(probe.names("/").join()).toBe("");
}

function checkCreate(probe: Probe): void {
  const create = OpenFlag.WRITE | OpenFlag.CREATE;
  expectResult("open what is not there", probe.open("/a", OpenFlag.WRITE), NOT_FOUND);
  probe.file("/a", create | OpenFlag.EXCLUSIVE).close();
  expectStat(probe, "/a", false, 0);
  expectResult("exclusive", probe.open("/a", create | OpenFlag.EXCLUSIVE), EXISTS);
  probe.file("/a", create).close();
  expectResult("create in nothing", probe.open("/none/a", create), NOT_FOUND);
  expectResult("create in a file", probe.open("/a/b", create), NOT_DIRECTORY);
  expectResult("create the root", probe.open("/", create), IS_DIRECTORY);
  for (let i = 0; i < BAD_PATHS.length; i++)
    expectResult("create " + BAD_PATHS[i], probe.open(BAD_PATHS[i], create), BAD_NAME);
  const file = probe.file("/a", OpenFlag.READ);
  expectResult(
    "write what is open to read",
    probe.writeAt(file, 0, bytesOf("x"), 0, 1),
    Errno.READONLY,
  );
  file.close();
  expectResult("remove /a", probe.remove("/a"), 0);
  expectResult("stat /a", probe.stat("/a"), NOT_FOUND);
}

function checkSizes(probe: Probe): void {
  const file = probe.file("/s", OpenFlag.WRITE | OpenFlag.CREATE);
  expectResult("write", probe.writeAt(file, 0, bytesOf("abcdef"), 2, 3), 0);
  expect(file.size).toBe(3);
  // A gap is filled with zeros.
  expectResult("write behind", probe.writeAt(file, 5000, bytesOf("xyz"), 0, 3), 0);
  expect(file.size).toBe(5003);
  expectStat(probe, "/s", false, 5003);
  const whole = new Uint8Array(5003);
  whole.set(bytesOf("cde"), 0);
  whole.set(bytesOf("xyz"), 5000);
  expect(probe.content("/s")).toEqual(whole);
  expectResult("cut", probe.truncate(file, 2), 0);
  expectResult("grow", probe.truncate(file, 1030), 0);
  expectResult("sync", probe.sync(file), 0);
  file.close();
  const grown = new Uint8Array(1030);
  grown.set(bytesOf("cd"), 0);
  expect(probe.content("/s")).toEqual(grown);
  probe.file("/s", OpenFlag.WRITE | OpenFlag.TRUNCATE).close();
  expectStat(probe, "/s", false, 0);
  expectResult("remove /s", probe.remove("/s"), 0);
}

function checkOverwrite(probe: Probe): void {
  const content = pattern(40_000);
  probe.write("/o", content);
  const file = probe.file("/o", OpenFlag.WRITE);
  for (let i = 0; i < PIECES.length; i++) {
    const position = PIECES[i][0];
    const length = PIECES[i][1];
    if (length == 0 || position > content.length - length) continue;
    const piece = pattern(length + 3, i + 1);
    expectResult(
      `write ${length} at ${position}`,
      probe.writeAt(file, <u64>position, piece, 3, length),
      0,
    );
    content.set(piece.subarray(3), position);
  }
  expectResult("sync", probe.sync(file), 0);
  expect(file.size).toBe(40_000);
  file.close();
  expect(probe.content("/o")).toEqual(content);
  expectResult("remove /o", probe.remove("/o"), 0);
}

function checkDirectories(probe: Probe): void {
  expectResult("make /d", probe.makeDirectory("/d"), 0);
  expectResult("make /d again", probe.makeDirectory("/d"), EXISTS);
  expectResult("make /d/e", probe.makeDirectory("/d/e"), 0);
  expectResult("make the root", probe.makeDirectory("/"), EXISTS);
  expectResult("make in nothing", probe.makeDirectory("/none/e"), NOT_FOUND);
  expectResult("make /d/..", probe.makeDirectory("/d/.."), BAD_NAME);
  probe.write("/d/f", bytesOf("f"));
  expectResult("make over a file", probe.makeDirectory("/d/f"), EXISTS);
  expectResult("make in a file", probe.makeDirectory("/d/f/g"), NOT_DIRECTORY);
  expect(probe.names("/d").join()).toBe("e/,f");
  expectResult("remove what has entries", probe.remove("/d"), NOT_EMPTY);
  expectResult("remove /d/f", probe.remove("/d/f"), 0);
  expectResult("remove /d/e", probe.remove("/d/e"), 0);
  expectResult("remove /d", probe.remove("/d"), 0);
}

function checkRename(probe: Probe): void {
  probe.write("/x", bytesOf("x"));
  probe.write("/y", bytesOf("yy"));
  expectResult("make /d", probe.makeDirectory("/d"), 0);
  expectResult("rename what is not there", probe.rename("/none", "/z"), NOT_FOUND);
  expectResult("rename to a bad name", probe.rename("/x", "/z/"), BAD_NAME);
  expectResult("rename into nothing", probe.rename("/x", "/none/z"), NOT_FOUND);
  expectResult("rename", probe.rename("/x", "/d/z"), 0);
  expectResult("stat /x", probe.stat("/x"), NOT_FOUND);
  expect(probe.text("/d/z")).toBe("x");
  expectResult("rename over a file", probe.rename("/d/z", "/y"), 0);
  expect(probe.text("/y")).toBe("x");
  expectResult("rename to itself", probe.rename("/y", "/y"), 0);
  expect(probe.text("/y")).toBe("x");
  expectResult("rename /y into /d", probe.rename("/y", "/d/y"), 0);
  expectResult("rename a directory", probe.rename("/d", "/e"), 0);
  expect(probe.names("/").join()).toBe("e/");
  expect(probe.text("/e/y")).toBe("x");
  expectResult("remove /e/y", probe.remove("/e/y"), 0);
  expectResult("remove /e", probe.remove("/e"), 0);
}

function checkRemove(probe: Probe): void {
  expectResult("remove what is not there", probe.remove("/r"), NOT_FOUND);
  probe.write("/r", bytesOf("r"));
  expectResult("remove through a file", probe.remove("/r/s"), NOT_DIRECTORY);
  expectResult("remove", probe.remove("/r"), 0);
  expect(probe.names("/").join()).toBe("");
}
