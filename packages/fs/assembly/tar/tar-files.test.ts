import { TestDisk } from "@phantasm/block/testing";
import {
  CORRUPT,
  EXHAUSTED,
  Errno,
  NOT_DIRECTORY,
  NOT_FOUND,
  OpenFlag,
  PENDING,
  WRONG_FORMAT,
} from "@phantasm/interfaces";
import { expect, expectAbort, test } from "@phantasm/testing";
import { HugeDisk, Silent } from "./testing-disks";
import { Probe, Settles, bytesOf, pattern } from "../testing";
import { Archive } from "./testing-archive";
import { TarFiles } from "./tar-files";

class Runs implements Settles {
  constructor(readonly disk: TestDisk) {}
  settle(): void {
    this.disk.run();
  }
}

function diskOf(archive: Archive, sectorBytes: i32 = 512): TestDisk {
  const disk = new TestDisk(<u64>(archive.bytes.length / sectorBytes), sectorBytes);
  disk.content.set(archive.bytes);
  return disk;
}

function open(
  archive: Archive,
  sectorBytes: i32 = 512,
  entriesMax: i32 = 1000,
  namesBytesMax: i32 = 100_000,
): Probe {
  const disk = diskOf(archive, sectorBytes);
  return new Probe(new TarFiles(disk, entriesMax, namesBytesMax, 8, 4), new Runs(disk));
}

const NOTHING = new Uint8Array(0);
const silent = new Silent();

test("members in directories, said and implied", () => {
  const archive = new Archive();
  archive.add("./", NOTHING, "5");
  archive.add("./a", bytesOf("one"));
  archive.add("dir/", NOTHING, "5");
  archive.add("dir/b", bytesOf("two"));
  archive.add("x//./y/z", pattern(5000));
  archive.add("/abs/olute", bytesOf("three"));
  archive.end();
  for (let sectorBytes = 512; sectorBytes <= 4096; sectorBytes += 3584) {
    const probe = open(archive, sectorBytes);
    expect(probe.files.state).toBe(PENDING);
    expect(probe.state()).toBe(0);
    expect(probe.names("/").join()).toBe("a,abs/,dir/,x/");
    expect(probe.text("/a")).toBe("one");
    expect(probe.text("/dir/b")).toBe("two");
    expect(probe.text("/abs/olute")).toBe("three");
    expect(probe.content("/x/y/z")).toEqual(pattern(5000));
    expect(probe.content("/x/y/z", 7)).toEqual(pattern(5000));
    expect(probe.stat("/a")).toBe(0);
    expect(probe.found.modifiedNs).toBe(1_000_000 * 1_000_000_000);
    expect(probe.stat("/x")).toBe(0);
    expect(probe.found.modifiedNs).toBe(0);
  }
});

test("refuses to be written, whoever asks by way of the interface", () => {
  const archive = new Archive();
  archive.add("a", bytesOf("one"));
  archive.end();
  const probe = open(archive);
  expect(probe.state()).toBe(0);
  expect(probe.files.writable).toBe(false);
  expect(probe.remove("/a")).toBe(Errno.READONLY);
  expect(probe.rename("/a", "/b")).toBe(Errno.READONLY);
  expect(probe.makeDirectory("/d")).toBe(Errno.READONLY);
  expect(probe.open("/a", OpenFlag.READ)).toBe(0);
  const file = probe.files.takeFile();
  expect(probe.writeAt(file, 0, bytesOf("x"), 0, 1)).toBe(Errno.READONLY);
  expect(probe.truncate(file, 0)).toBe(Errno.READONLY);
  expect(probe.sync(file)).toBe(0);
  file.close();
});

test("the last of several counts, and what has something below it is a directory", () => {
  const archive = new Archive();
  archive.add("a", bytesOf("old"));
  archive.add("b", bytesOf("file"));
  archive.add("c", bytesOf("first a file"));
  archive.add("d/", NOTHING, "5");
  archive.add("./a", bytesOf("new"));
  archive.add("b/in", bytesOf("x"));
  archive.add("c", NOTHING, "5");
  archive.add("d", bytesOf("then a file"));
  const probe = open(archive.end());
  expect(probe.names("/").join()).toBe("a,b/,c/,d");
  expect(probe.text("/a")).toBe("new");
  expect(probe.text("/b/in")).toBe("x");
  expect(probe.text("/d")).toBe("then a file");
  expect(probe.stat("/d/x")).toBe(NOT_DIRECTORY);
});

test("names that cannot be paths are left out", () => {
  const archive = new Archive();
  archive.add("../up", bytesOf("x"));
  archive.add("a/../../b", bytesOf("x"));
  archive.add("new\nline", bytesOf("x"));
  const latin = archive.add("latin1 ?", bytesOf("x"));
  archive.bytes[latin + 7] = 0xe9;
  archive.seal(latin);
  archive.add("good", bytesOf("x"));
  const disk = diskOf(archive.end());
  const files = new TarFiles(disk, 100, 10_000, 8, 4);
  const probe = new Probe(files, new Runs(disk));
  expect(probe.names("/").join()).toBe("good");
  expect(files.counters.unnamed).toBe(4);
});

test("links become what they lead to", () => {
  const archive = new Archive();
  archive.add("d/file", bytesOf("content"));
  archive.add("hard", NOTHING, "1", "d/file");
  archive.add("soft", NOTHING, "2", "d/file");
  archive.add("d/up", NOTHING, "2", "../hard");
  archive.add("abs", NOTHING, "2", "/d/./file");
  archive.add("chain", NOTHING, "2", "soft");
  archive.add("again", NOTHING, "1", "./chain");
  // The same words lead elsewhere from there.
  archive.add("d/astray", NOTHING, "1", "chain");
  archive.add("d/file", NOTHING, "1", "d/file");
  // Absent, each of them.
  archive.add("todir", NOTHING, "2", "d");
  archive.add("nowhere", NOTHING, "2", "none");
  archive.add("out", NOTHING, "2", "../../etc/passwd");
  archive.add("self", NOTHING, "2", "self");
  archive.add("ping", NOTHING, "2", "pong");
  archive.add("pong", NOTHING, "2", "ping");
  archive.add("into", NOTHING, "2", "ping");
  archive.add("later", NOTHING, "1", "end");
  archive.add("harddir", NOTHING, "1", "d");
  archive.add("device", NOTHING, "3");
  archive.add("pipe", NOTHING, "6");
  archive.add("todevice", NOTHING, "2", "device");
  archive.add("end", bytesOf("end"));
  const probe = open(archive.end());
  expect(probe.names("/").join()).toBe("abs,again,chain,d/,end,hard,soft");
  expect(probe.names("/d").join()).toBe("file,up");
  const paths: string[] = ["/hard", "/soft", "/d/up", "/abs", "/chain", "/again", "/d/file"];
  for (const path of paths) expect(probe.text(path)).toBe("content");
  const absent: string[] = [
    "/todir",
    "/todir/file",
    "/out",
    "/self",
    "/ping",
    "/into",
    "/later",
    "/device",
  ];
  for (const path of absent) expect(probe.stat(path)).toBe(NOT_FOUND);
});

test("a hard link keeps what its target was", () => {
  const archive = new Archive();
  archive.add("a", bytesOf("old"));
  archive.add("b", NOTHING, "1", "a");
  archive.add("a", bytesOf("new"));
  const probe = open(archive.end());
  expect(probe.text("/a")).toBe("new");
  expect(probe.text("/b")).toBe("old");
});

function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = String.UTF8.byteLength(rest);
  let length = bytes + 1;
  while (length.toString().length + bytes != length) length++;
  return length.toString() + rest;
}

test("extended headers", () => {
  const archive = new Archive();
  const long = "long/" + "name".repeat(60);
  archive.add("global", bytesOf(record("path", "not this")), "g");
  archive.add(
    "x",
    bytesOf(record("path", long) + record("mtime", "12.345678901") + record("comment", "?")),
    "x",
  );
  archive.add("short", bytesOf("1"));
  archive.add("x", bytesOf(record("linkpath", long)), "x");
  archive.add("link", NOTHING, "2", "short");
  const header = archive.add("x", bytesOf(record("size", "3")), "x");
  const sized = archive.add("sized", bytesOf("abc"));
  archive.octal(sized + 124, 0, 12);
  archive.seal(sized);
  archive.add("x", bytesOf(record("GNU.sparse.major", "1")), "x");
  archive.add("sparse", bytesOf("holes"));
  archive.add("plain", bytesOf("2"));
  expect(header).toBeGreaterThan(0);
  const probe = open(archive.end());
  expect(probe.names("/").join()).toBe("link,long/,plain,sized");
  expect(probe.text("/" + long)).toBe("1");
  expect(probe.stat("/" + long)).toBe(0);
  expect(probe.found.modifiedNs).toBe(12_345_678_901);
  expect(probe.text("/link")).toBe("1");
  expect(probe.text("/sized")).toBe("abc");
});

test("long names of GNU, and files with holes", () => {
  const archive = new Archive();
  const long = "d/" + "ü".repeat(200);
  archive.add("././@LongLink", bytesOf(long + "\0"), "L");
  archive.add("cut", bytesOf("1"));
  archive.add("././@LongLink", bytesOf(long), "K");
  archive.add("link", NOTHING, "2", "cut");
  const sparse = archive.add("sparse", bytesOf(""), "S");
  archive.bytes[sparse + 482] = 1;
  archive.octal(sparse + 124, 600, 12);
  archive.seal(sparse);
  const map = new Uint8Array(512);
  map[504] = 1;
  archive.content(map);
  archive.content(new Uint8Array(512));
  archive.content(new Uint8Array(600).fill(0xff));
  archive.add("last", bytesOf("2"));
  const probe = open(archive.end());
  expect(probe.names("/").join()).toBe("d/,last,link");
  expect(probe.text("/" + long)).toBe("1");
  expect(probe.text("/link")).toBe("1");
  expect(probe.text("/last")).toBe("2");
});

function stateOf(archive: Archive): i32 {
  return open(archive).state();
}

test("what is no archive, or a damaged one", () => {
  const zeros = new Archive();
  zeros.content(new Uint8Array(10_240));
  expect(stateOf(zeros)).toBe(WRONG_FORMAT);
  const noise = new Archive();
  noise.content(pattern(8192, 3));
  expect(stateOf(noise)).toBe(WRONG_FORMAT);
  const cut = new Archive();
  cut.add("a", pattern(5000));
  const whole = cut.bytes;
  expect(stateOf(cut)).toBe(CORRUPT);
  cut.bytes = whole.slice(0, 4096);
  expect(stateOf(cut)).toBe(CORRUPT);
  const flipped = new Archive();
  flipped.add("a", bytesOf("1"));
  const at = flipped.add("b", bytesOf("2"));
  flipped.bytes[at + 3] ^= 1;
  expect(stateOf(flipped.end())).toBe(CORRUPT);
});

test("sizes that lie", () => {
  const sizes: StaticArray<i64> = [1 << 40, i64.MAX_VALUE, 1024 * 1024, 8_589_934_592];
  for (let i = 0; i < sizes.length; i++) {
    const archive = new Archive();
    const at = archive.add("a", bytesOf("1"));
    // GNU's binary form.
    for (let byte = 0; byte < 12; byte++)
      archive.bytes[at + 124 + byte] = byte < 4 ? 0 : <u8>(sizes[i] >> ((11 - byte) * 8));
    archive.bytes[at + 124] = 0x80;
    archive.seal(at);
    expect(stateOf(archive.end())).toBe(CORRUPT);
  }
  const texts: string[] = ["77777777777", "9", "-1", "x"];
  for (const text of texts) {
    const archive = new Archive();
    archive.add("first", bytesOf("1"));
    const at = archive.add("a", bytesOf("1"));
    archive.bytes.fill(0, at + 124, at + 136);
    archive.text(at + 124, text, 12);
    archive.seal(at);
    expect(stateOf(archive.end())).toBe(CORRUPT);
  }
  const negative = new Archive();
  negative.add("first", bytesOf("1"));
  const at = negative.add("a", bytesOf("1"));
  negative.bytes.fill(0xff, at + 124, at + 136);
  negative.seal(at);
  expect(stateOf(negative.end())).toBe(CORRUPT);
  const records: string[] = [
    "5 a=",
    "99 path=x\n",
    "0 path=x\n",
    "path=x\n",
    "12 path=abcd",
    "9 size=x\n",
    "24 size=99999999999999999\n",
  ];
  for (const text of records) {
    const archive = new Archive();
    archive.add("x", bytesOf(text), "x");
    archive.add("a", bytesOf("1"));
    expect(stateOf(archive.end())).toBe(CORRUPT);
  }
  const orphan = new Archive();
  orphan.add("x", bytesOf(record("path", "y")), "x");
  expect(stateOf(orphan.end())).toBe(CORRUPT);
});

test("a member of more than 8 GiB on a disk that has room for it", () => {
  // Only its header and what follows it are there: the disk says zeros for the rest.
  const archive = new Archive();
  const at = archive.add("large", NOTHING);
  const size: i64 = 9_000_000_000;
  for (let byte = 4; byte < 12; byte++)
    archive.bytes[at + 124 + byte] = <u8>(size >> ((11 - byte) * 8));
  archive.bytes.fill(0, at + 125, at + 128);
  archive.bytes[at + 124] = 0x80;
  archive.seal(at);
  const disk = new HugeDisk(archive.bytes, <u64>(size + 4096) / 512);
  const probe = new Probe(new TarFiles(disk, 10, 10_000, 8, 4), new Runs(disk.disk));
  expect(probe.state()).toBe(0);
  expect(probe.stat("/large")).toBe(0);
  expect(probe.found.size).toBe(size);
  const file = probe.file("/large", OpenFlag.READ);
  const buffer = new Uint8Array(1000);
  expect(probe.readAt(file, <u64>size - 10, buffer, 0, 1000)).toBe(10);
  file.close();
});

test("limits", () => {
  const archive = new Archive();
  for (let i = 0; i < 20; i++) archive.add(`d${i}/f`, bytesOf("1"));
  archive.end();
  expect(open(archive, 512, 41).state()).toBe(0);
  expect(open(archive, 512, 40).state()).toBe(EXHAUSTED);
  expect(open(archive, 512, 5).state()).toBe(EXHAUSTED);
  expect(open(archive, 512, 100, 50).state()).toBe(EXHAUSTED);
  expect(open(archive, 512, 5).stat("/")).toBe(EXHAUSTED);
  const probe = open(archive);
  for (let i = 0; i < 8; i++) probe.file("/d0/f", OpenFlag.READ);
  expect(probe.open("/d0/f", OpenFlag.READ)).toBe(EXHAUSTED);
});

test("files open and close, and give back what nobody takes", () => {
  const archive = new Archive();
  archive.add("a", bytesOf("12345"));
  const probe = open(archive.end());
  for (let i = 0; i < 20; i++) expect(probe.open("/a", OpenFlag.READ)).toBe(0);
  probe.files.takeFile().close();
  for (let i = 0; i < 20; i++) expect(probe.text("/a")).toBe("12345");
});

test("operations wait for the archive, as many as may", () => {
  const archive = new Archive();
  archive.add("a", bytesOf("12345"));
  const disk = diskOf(archive.end());
  const files = new TarFiles(disk, 10, 10_000, 8, 4);
  const probe = new Probe(files, new Runs(disk));
  for (let i = 0; i < 4; i++) expect(files.stat("/a", probe.found, silent, i)).toBe(PENDING);
  expect(files.stat("/a", probe.found, silent, 5)).toBe(EXHAUSTED);
  expect(files.counters.refused).toBe(1);
  disk.run();
  expect(silent.calls).toBe(4);
  expect(files.stat("/a", probe.found, silent, 6)).toBe(0);
});

test("errors of the disk are told, for each request that can fail", () => {
  const archive = new Archive();
  for (let i = 0; i < 60; i++) archive.add(`f${i}`, pattern(700));
  archive.end();
  for (let at = 0; at < 12; at++) {
    const disk = diskOf(archive);
    disk.failAt = at;
    const files = new TarFiles(disk, 100, 10_000, 8, 4);
    const probe = new Probe(files, new Runs(disk));
    const state = probe.state();
    if (state != 0) {
      expect(state).toBe(Errno.IO);
      expect(probe.stat("/f0")).toBe(Errno.IO);
      continue;
    }
    const file = probe.file("/f9", OpenFlag.READ);
    const buffer = new Uint8Array(700);
    const result = probe.readAt(file, 0, buffer, 0, 700);
    expect(result == 700 || result == Errno.IO).toBe(true);
    expect(probe.readAt(file, 0, buffer, 0, 700) == 700 || at >= disk.requests - 2).toBe(true);
    file.close();
  }
});

test("a disk that is gone, or takes one request at a time", () => {
  const archive = new Archive();
  archive.add("a", pattern(3000));
  archive.end();
  const gone = diskOf(archive);
  gone.refusal = Errno.GONE;
  expect(new TarFiles(gone, 10, 10_000, 8, 4).state).toBe(Errno.GONE);
  const narrow = diskOf(archive);
  narrow.requestsMax = 1;
  narrow.requestSectorsMax = 1;
  const probe = new Probe(new TarFiles(narrow, 10, 10_000, 8, 4), new Runs(narrow));
  expect(probe.content("/a", 3000)).toEqual(pattern(3000));
  const file = probe.file("/a", OpenFlag.READ);
  const buffer = new Uint8Array(12_000);
  for (let i = 0; i < 4; i++)
    expect(file.readAt(1, buffer, i * 3000, 2999, silent, i)).toBe(PENDING);
  expect(file.readAt(1, buffer, 0, 2999, silent, 4)).toBe(EXHAUSTED);
  narrow.run();
  expect(silent.calls).toBe(4);
  expect(silent.last).toBe(2999);
  const expected = pattern(3000);
  for (let i = 0; i < 4; i++)
    for (let at = 0; at < 2999; at++) expect(buffer[i * 3000 + at]).toBe(expected[at + 1]);
  narrow.refusal = Errno.GONE;
  expect(probe.readAt(file, 0, buffer, 0, 10)).toBe(Errno.GONE);
});

test("mistakes end the domain", () => {
  expectAbort(() => {
    const archive = new Archive();
    archive.add("a", bytesOf("1"));
    const file = open(archive.end()).file("/a", OpenFlag.READ);
    file.close();
    file.close();
  }, "closed twice");
});

test("a device that is open later, or never", () => {
  const archive = new Archive();
  archive.add("a", bytesOf("one"));
  archive.end();
  const disk = diskOf(archive);
  disk.state = PENDING;
  const probe = new Probe(new TarFiles(disk, 10, 1000, 8, 4), new Runs(disk));
  disk.run();
  expect(probe.files.state).toBe(PENDING);
  disk.state = 0;
  expect(probe.text("/a")).toBe("one");
  const missing = new TestDisk(64);
  missing.state = NOT_FOUND;
  expect(new Probe(new TarFiles(missing, 10, 1000, 8, 4), new Runs(missing)).state()).toBe(
    NOT_FOUND,
  );
});
