/** The cases of `testing.ts` that read a tree, and the tree. */
import {
  BAD_NAME,
  Errno,
  FileList,
  IS_DIRECTORY,
  NOT_DIRECTORY,
  NOT_FOUND,
  OpenFlag,
} from "@phantasm/interfaces";
import { Probe, bytesOf, expectResult, pattern, same, sameBytes } from "./testing-probe";

/** Bytes of `/large.bin`: no multiple of any sector. */
export const LARGE_BYTES: i32 = 100_001;
/** Files in `/many`: f000 … with their number as text. */
export const MANY_FILES: i32 = 300;

/** The tree, as path and text; directories end in `/`. `/large.bin` and `/many` come beside it. */
const TREE: string[][] = [
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

export function expectStat(probe: Probe, path: string, directory: bool, size: u64): void {
  expectResult("stat " + path, probe.stat(path), 0);
  same(
    "'path probe.found.directory probe.found.size'",
    `${path} ${probe.found.directory} ${probe.found.size}`,
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
  same("names in /docs", probe.names("/docs").join(), "deep/,index.html");
  same("names in /docs/deep", probe.names("/docs/deep").join(), "er/");
  same("names in /docs/deep/er", probe.names("/docs/deep/er").join(), "leaf");
  same("names in /ünïcode", probe.names("/ünïcode").join(), "日本語.txt");
  const root = probe.names("/").join();
  same(
    "names in /",
    root,
    "A name that is longer than eight and three.text,docs/,empty,hello.txt,large.bin,many/,ünïcode/",
  );
  const many = probe.names("/many");
  same("number of files in /many", many.length, MANY_FILES);
  for (let i = 0; i < MANY_FILES; i++) same("name in /many", many[i], manyName(i));
}

function checkContent(probe: Probe): void {
  for (let i = 0; i < TREE.length; i++)
    if (!TREE[i][0].endsWith("/"))
      same("text of " + TREE[i][0], probe.text(TREE[i][0]), TREE[i][1]);
  for (let i = 0; i < MANY_FILES; i += 37)
    same("text in /many", probe.text("/many/" + manyName(i)), i.toString());
  sameBytes("/large.bin", probe.content("/large.bin"), pattern(LARGE_BYTES));
  sameBytes("/large.bin", probe.content("/large.bin", 997), pattern(LARGE_BYTES));
  sameBytes("/large.bin", probe.content("/large.bin", LARGE_BYTES), pattern(LARGE_BYTES));
}

function checkPieces(probe: Probe): void {
  const file = probe.file("/large.bin", OpenFlag.READ);
  const other = probe.file("/large.bin", OpenFlag.READ);
  const expected = pattern(LARGE_BYTES);
  const buffer = new Uint8Array(70_000);
  same("size", file.size, LARGE_BYTES);
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
        same(
          "'byte position + at is buffer[offset + at]'",
          `byte ${position + at} is ${buffer[offset + at]}`,
          "another",
        );
    // Nothing before and nothing behind is touched.
    if (offset > 0) same("byte before what was read", buffer[offset - 1], 0xaa);
    same("byte behind what was read", buffer[offset + count], 0xaa);
  }
  same("read far behind the end", probe.readAt(file, u64.MAX_VALUE, buffer, 0, 10), 0);
  if (file.address != 0)
    same("bytes at the address", memory.compare(file.address, expected.dataStart, LARGE_BYTES), 0);
  file.close();
  same("read of another that is open", probe.readAt(other, 0, buffer, 0, 1), 1);
  other.close();
}

function checkNames(probe: Probe): void {
  for (let i = 0; i < BAD_PATHS.length; i++) expectError(probe, BAD_PATHS[i], BAD_NAME);
  expectError(probe, "/" + "x".repeat(100_000), BAD_NAME);
}

function checkReadOnly(probe: Probe): void {
  same("open on a read-only volume", probe.open("/hello.txt", OpenFlag.WRITE), Errno.READONLY);
  same(
    "open on a read-only volume",
    probe.open("/new", OpenFlag.WRITE | OpenFlag.CREATE),
    Errno.READONLY,
  );
  same("remove on a read-only volume", probe.remove("/hello.txt"), Errno.READONLY);
  same("rename on a read-only volume", probe.rename("/hello.txt", "/other"), Errno.READONLY);
  same("makeDirectory on a read-only volume", probe.makeDirectory("/other"), Errno.READONLY);
  const file = probe.file("/hello.txt", OpenFlag.READ);
  same("write on a read-only volume", probe.writeAt(file, 0, bytesOf("x"), 0, 1), Errno.READONLY);
  same("truncate on a read-only volume", probe.truncate(file, 0), Errno.READONLY);
  file.close();
}

/** None of them is a path. */
export const BAD_PATHS: StaticArray<string> = [
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

/** Position and length of pieces of the large file. */
export const PIECES: i32[][] = [
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
