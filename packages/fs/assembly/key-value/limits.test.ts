import {
  BAD_NAME,
  CORRUPT,
  EXHAUSTED,
  Errno,
  FileList,
  OpenFlag,
  PENDING,
  TOO_LARGE,
  WRONG_FORMAT,
} from "@phantasm/interfaces";
import { describe, expect, expectAbort, test } from "@phantasm/testing";
import { Probe, bytesOf, pattern } from "../testing";
import { Entry, Keys } from "./format";
import { KeyValueFiles } from "./files";
import { PAGE_NAMES } from "./look-operation";
import { Inspection, StoreSettles, TestClock, hold, volumeOn } from "./testing";
import { FakeEntry } from "./testing-map";
import { Answers, FakeStore } from "./testing-store";

const CREATE = OpenFlag.WRITE | OpenFlag.CREATE;

const store = hold(new FakeStore());
const settles = hold(new StoreSettles(store));

function mount(prefix: string = ""): Probe {
  return hold(new Probe(volumeOn(store, prefix), settles));
}

function inspect(): Inspection {
  return new Inspection(store.map.entries, "", 4096);
}

/** Puts a key by hand. */
function put(key: Uint8Array, value: Uint8Array): void {
  store.map.put(new FakeEntry(key, value, ++store.version, 0));
}

function entryOf(directory: bool, number: u64, size: u64): Uint8Array {
  const entry = new Entry();
  entry.directory = directory;
  entry.number = number;
  entry.size = size;
  return entry.encode().slice();
}

describe("names", () => {
  test("have up to 255 bytes", () => {
    const asked = mount("p".repeat(200));
    const longest = "/" + "n".repeat(255);
    asked.write(longest, bytesOf("x"));
    expect(asked.text(longest)).toBe("x");
    expect(asked.open(longest + "n", CREATE)).toBe(BAD_NAME);
    expect(asked.stat("/" + "ü".repeat(127))).toBe(-64);
    expect(asked.open("/" + "ü".repeat(128), CREATE)).toBe(BAD_NAME);
    expect(asked.makeDirectory("/" + "🎉".repeat(63))).toBe(0);
    expect(asked.makeDirectory("/" + "🎉".repeat(64))).toBe(BAD_NAME);
    expect(asked.stat(longest + "n/x")).toBe(BAD_NAME);
    expect(asked.rename(longest, "/" + "m".repeat(256))).toBe(BAD_NAME);
    expect(asked.names("/").join()).toBe("n".repeat(255) + "," + "🎉".repeat(63) + "/");
  });

  test("of a page's beginning are names too", () => {
    const asked = mount();
    const list = new FileList();
    expect(asked.list("/", "a/b", list)).toBe(BAD_NAME);
    expect(asked.list("/", "..", list)).toBe(BAD_NAME);
    expect(asked.list("/", "\ud800", list)).toBe(BAD_NAME);
    expect(asked.list("/", "x".repeat(256), list)).toBe(BAD_NAME);
    expect(asked.list("/", "x", list)).toBe(0);
    expect(list.next).toBe("");
  });

  test("ten thousand of them come a page at a time, in order", () => {
    const asked = mount();
    const keys = new Keys("");
    for (let i = 0; i < 10_000; i++) {
      const name = i.toString().padStart(5, "0");
      put(keys.entry(1, name, 0, 5)!, entryOf(i % 3 == 0, 1000 + i, i));
    }
    const list = new FileList();
    let next = "";
    let count = 0;
    let pages = 0;
    do {
      const listed = asked.list("/", next, list);
      expect(listed).toBe(list.names.length);
      for (let i = 0; i < listed; i++, count++) {
        expect(list.names[i]).toBe(count.toString().padStart(5, "0"));
        expect(list.directories[i]).toBe(count % 3 == 0);
        expect(list.sizes[i]).toBe(count % 3 == 0 ? 0 : count);
      }
      pages++;
      next = list.next;
    } while (next != "");
    expect(count).toBe(10_000);
    expect(pages).toBe((10_000 + PAGE_NAMES - 1) / PAGE_NAMES);
  });

  test("that no volume writes are not handed out", () => {
    const asked = mount();
    const keys = new Keys("");
    const list = new FileList();
    const bad: StaticArray<string> = ["a/b", "..", "a\0", "\n"];
    for (let i = 0; i < bad.length; i++) {
      const key = keys.entry(1, bad[i], 0, bad[i].length)!;
      put(key, entryOf(false, 100, 0));
      expect(asked.list("/", "", list)).toBe(CORRUPT);
      store.map.delete(key);
    }
    expect(asked.list("/", "", list)).toBe(0);
  });
});

describe("sizes", () => {
  test("of several megabytes, and everything in between", () => {
    const asked = mount();
    const content = pattern(3_000_001);
    asked.write("/large", content);
    expect(asked.content("/large", 99_991)).toEqual(content);
    const file = asked.file("/large", OpenFlag.WRITE);
    content.set(pattern(500_000, 7), 1_234_567);
    expect(asked.writeAt(file, 1_234_567, content, 1_234_567, 500_000)).toBe(0);
    expect(asked.truncate(file, 2_000_000)).toBe(0);
    file.close();
    expect(asked.content("/large", 65_536)).toEqual(content.subarray(0, 2_000_000).slice());
    settles.rest();
    expect(inspect().problems).toBe("");
    expect(inspect().garbage).toBe(0);
  });

  test("a write far behind the end writes no zeros", () => {
    const asked = mount();
    const file = hold(asked.file("/sparse", CREATE));
    expect(asked.writeAt(file, 0, bytesOf("begin"), 0, 5)).toBe(0);
    const before = store.bytesCommitted;
    expect(asked.writeAt(file, 10_000_000_000, bytesOf("end"), 0, 3)).toBe(0);
    expect(store.bytesCommitted - before < 10_000).toBe(true);
    expect(file.size).toBe(10_000_000_003);
    const buffer = new Uint8Array(100_000);
    buffer.fill(1);
    expect(asked.readAt(file, 9_999_950_000, buffer, 0, 100_000)).toBe(50_003);
    for (let at = 0; at < 50_000; at++) if (buffer[at] != 0) expect(at).toBe(-1);
    expect(String.UTF8.decodeUnsafe(buffer.dataStart + 50_000, 3)).toBe("end");
    expect(asked.truncate(file, 5)).toBe(0);
    expect(asked.truncate(file, 20_000_000_000)).toBe(0);
    expect(asked.readAt(file, 10_000_000_000, buffer, 0, 3)).toBe(3);
    expect(buffer[0]).toBe(0);
    expect(inspect().chunks).toBe(1);
    file.close();
    expect(asked.remove("/sparse")).toBe(0);
    settles.rest();
    expect(inspect().chunks).toBe(0);
    expect(inspect().garbage).toBe(0);
  });

  test("have an end", () => {
    const asked = mount();
    const file = asked.file("/f", CREATE);
    const sizeMax = <u64>4096 * 0xffff_ffff;
    expect(asked.truncate(file, sizeMax + 1)).toBe(TOO_LARGE);
    expect(asked.writeAt(file, sizeMax, bytesOf("x"), 0, 1)).toBe(TOO_LARGE);
    expect(asked.writeAt(file, u64.MAX_VALUE, bytesOf("x"), 0, 1)).toBe(TOO_LARGE);
    expect(asked.writeAt(file, sizeMax - 1, bytesOf("x"), 0, 1)).toBe(0);
    expect(file.size).toBe(sizeMax);
    expect(asked.truncate(file, sizeMax)).toBe(0);
    expect(asked.truncate(file, 1)).toBe(0);
    file.close();
    settles.rest();
    expect(inspect().chunks).toBe(0);
  });

  test("what was cut is zeros when the file grows again, however soon", () => {
    const asked = mount();
    const content = pattern(800_000);
    asked.write("/f", content);
    const file = hold(asked.file("/f", OpenFlag.WRITE));
    expect(asked.truncate(file, 5_000)).toBe(0);
    expect(inspect().garbage).toBe(1);
    expect(asked.truncate(file, 700_000)).toBe(0);
    content.fill(0, 5_000);
    expect(asked.content("/f", 50_000)).toEqual(content.slice(0, 700_000));
    // Also when another one opens it, and after an opening of the volume that could not clear it away.
    expect(asked.truncate(file, 6_000)).toBe(0);
    file.close();
    expect(inspect().problems).toBe("");
  });

  test("garbage behind the end that nobody has cleared away does not show", () => {
    const asked = mount();
    const content = pattern(800_000);
    asked.write("/f", content);
    const file = asked.file("/f", OpenFlag.WRITE);
    expect(asked.truncate(file, 5_000)).toBe(0);
    file.close();
    expect(inspect().garbage).toBe(1);
    // Opened anew, and written before the cleaner has its turn.
    const again = new KeyValueFiles(store, new TestClock(), "", 4096, 16, 32, 3);
    const probe = hold(new Probe(again, settles));
    const other = probe.file("/f", OpenFlag.WRITE);
    expect(probe.writeAt(other, 600_000, bytesOf("x"), 0, 1)).toBe(0);
    other.close();
    content.fill(0, 5_000);
    content[600_000] = 0x78;
    expect(probe.content("/f", 50_000)).toEqual(content.slice(0, 600_001));
    settles.rest();
    expect(inspect().garbage).toBe(0);
    expect(inspect().problems).toBe("");
  });
});

describe("a small store", () => {
  test("takes a large write in small batches", () => {
    store.batchBytesMax = 10_000;
    const asked = mount();
    const content = pattern(100_000);
    asked.write("/f", content);
    expect(asked.content("/f")).toEqual(content);
    const file = asked.file("/f", OpenFlag.WRITE);
    content.set(pattern(50_000, 9), 1_000);
    expect(asked.writeAt(file, 1_000, content, 1_000, 50_000)).toBe(0);
    expect(asked.content("/f")).toEqual(content);
    store.batchBytesMax = 2_000;
    expect(asked.writeAt(file, 0, content, 0, 50_000)).toBe(TOO_LARGE);
    expect(asked.content("/f")).toEqual(content);
    file.close();
  });

  test("gets small chunks", () => {
    store.freeBytes = 600_000;
    const files = new KeyValueFiles(store, new TestClock(), "", 65_536, 16, 32, 3);
    expect(files.chunkBytes).toBe(8192);
  });
});

describe("an open file", () => {
  test("can be read when it was removed or replaced, until it is closed", () => {
    const asked = mount();
    const content = pattern(100_000);
    asked.write("/a", content);
    asked.write("/b", bytesOf("b"));
    const file = hold(asked.file("/a", OpenFlag.WRITE));
    expect(asked.rename("/b", "/a")).toBe(0);
    settles.rest();
    const buffer = new Uint8Array(100_000);
    expect(asked.readAt(file, 0, buffer, 0, 100_000)).toBe(100_000);
    expect(buffer).toEqual(pattern(100_000));
    expect(asked.writeAt(file, 0, buffer, 0, 1)).toBe(Errno.GONE);
    expect(asked.truncate(file, 0)).toBe(Errno.GONE);
    expect(asked.sync(file)).toBe(Errno.GONE);
    expect(asked.text("/a")).toBe("b");
    file.close();
    settles.rest();
    expect(inspect().chunks).toBe(1);
    expect(inspect().garbage).toBe(0);
  });

  test("goes along with its directory", () => {
    const asked = mount();
    asked.makeDirectory("/d");
    asked.makeDirectory("/d/e");
    const file = asked.file("/d/e/f", CREATE);
    expect(asked.rename("/d", "/x")).toBe(0);
    expect(asked.rename("/x/e/f", "/g")).toBe(0);
    expect(asked.writeAt(file, 0, bytesOf("text"), 0, 4)).toBe(0);
    expect(asked.text("/g")).toBe("text");
    expect(asked.names("/").join()).toBe("g,x/");
    file.close();
  });

  test("is one for all that have it open", () => {
    const asked = mount();
    const first = asked.file("/f", CREATE);
    const second = asked.file("/f", OpenFlag.READ);
    expect(asked.writeAt(first, 0, bytesOf("text"), 0, 4)).toBe(0);
    expect(second.size).toBe(4);
    asked.file("/f", OpenFlag.WRITE | OpenFlag.TRUNCATE).close();
    expect(second.size).toBe(0);
    first.close();
    second.close();
  });

  test("is one of a number", () => {
    const asked = mount();
    for (let i = 0; i < 16; i++) asked.file("/f", CREATE);
    expect(asked.open("/f", OpenFlag.READ)).toBe(EXHAUSTED);
    expect(asked.open("/new", CREATE)).toBe(EXHAUSTED);
    expect(asked.names("/").join()).toBe("f");
  });

  test("is closed once, and when nothing is under way", () => {
    const asked = mount();
    const file = asked.file("/f", CREATE);
    file.close();
    expectAbort(() => {
      const other = mount().file("/f", CREATE);
      store.answers = Answers.LATER;
      other.readAt(0, new Uint8Array(1), 0, 1, mount(), 0);
      other.writeAt(0, new Uint8Array(1), 0, 1, mount(), 0);
      other.close();
    }, "under way");
  });
});

describe("a directory", () => {
  test("is not moved below itself", () => {
    const asked = mount();
    asked.makeDirectory("/d");
    asked.makeDirectory("/d/e");
    expect(asked.rename("/d", "/d/x")).toBe(BAD_NAME);
    expect(asked.rename("/d", "/d/e/x")).toBe(BAD_NAME);
    expect(asked.rename("/d", "/d/e")).toBe(BAD_NAME);
    expect(asked.rename("/d", "/d")).toBe(0);
    expect(asked.rename("/", "/d/x")).toBe(BAD_NAME);
    expect(asked.rename("/d/e", "/e")).toBe(0);
    expect(asked.rename("/d", "/e/d")).toBe(0);
    expect(asked.names("/e").join()).toBe("d/");
  });
});

describe("a volume", () => {
  test("shares a store with others", () => {
    put(bytesOf("other"), bytesOf("value"));
    put(bytesOf("zz"), bytesOf("value"));
    const first = mount("first/");
    const second = mount("second/");
    first.write("/f", bytesOf("one"));
    second.write("/f", bytesOf("two"));
    expect(first.text("/f")).toBe("one");
    expect(first.remove("/f")).toBe(0);
    settles.rest();
    expect(second.text("/f")).toBe("two");
    const other = store.map.find(bytesOf("other"));
    expect(other !== null).toBe(true);
    // Among the keys of somebody else there is none, and none is made.
    expect(mount("").state()).toBe(WRONG_FORMAT);
    expect(mount("oth").state()).toBe(WRONG_FORMAT);
    expect(mount("").stat("/")).toBe(WRONG_FORMAT);
  });

  test("that is none, or of another version, is not touched", () => {
    const headers: StaticArray<i32> = [0, 23, 24, 25];
    for (let i = 0; i < headers.length; i++) {
      put(bytesOf("h"), new Uint8Array(headers[i]));
      expect(mount().state()).toBe(WRONG_FORMAT);
      expect(mount().makeDirectory("/d")).toBe(WRONG_FORMAT);
    }
    expect(store.commits).toBe(0);
  });

  test("keeps the chunks it was made with", () => {
    mount().write("/f", pattern(10_000));
    const other = new KeyValueFiles(store, new TestClock(), "", 65_536, 16, 32, 3);
    const asked = new Probe(other, settles);
    expect(asked.content("/f")).toEqual(pattern(10_000));
    expect(other.chunkBytes).toBe(4096);
  });

  test("waits for its store, and says why there is none", () => {
    store.state = PENDING;
    const asked = mount();
    expect(asked.files.state).toBe(PENDING);
    expect(asked.files.stat("/", asked.found, asked, 0)).toBe(PENDING);
    store.failAt = store.operations;
    const broken = mount();
    expect(broken.files.state).toBe(PENDING);
    store.state = 0;
    expect(broken.state()).toBe(Errno.IO);
    expect(broken.stat("/")).toBe(Errno.IO);
  });

  test("that cannot be written can be read", () => {
    mount().write("/f", bytesOf("text"));
    store.writable = false;
    const asked = mount();
    expect(asked.files.writable).toBe(false);
    expect(asked.text("/f")).toBe("text");
    expect(asked.open("/f", OpenFlag.WRITE)).toBe(Errno.READONLY);
    expect(asked.open("/g", CREATE)).toBe(Errno.READONLY);
    expect(asked.remove("/f")).toBe(Errno.READONLY);
    expect(asked.makeDirectory("/d")).toBe(Errno.READONLY);
    expect(asked.rename("/f", "/g")).toBe(Errno.READONLY);
    const file = asked.file("/f", OpenFlag.READ);
    expect(asked.writeAt(file, 0, bytesOf("x"), 0, 1)).toBe(Errno.READONLY);
    expect(asked.sync(file)).toBe(0);
    file.close();
    store.map.entries = [];
    expect(mount().state()).toBe(WRONG_FORMAT);
  });

  test("does not give a number twice", () => {
    const asked = mount();
    for (let i = 0; i < 200; i++) asked.file(`/${i}`, CREATE).close();
    const found = inspect();
    expect(found.problems).toBe("");
    expect(found.files).toBe(200);
  });

  test("takes so many operations", () => {
    const volume = volumeOn(store, "", 3);
    const asked = new Probe(volume, settles);
    asked.write("/f", bytesOf("x"));
    store.answers = Answers.LATER;
    for (let i = 0; i < 3; i++) expect(volume.stat("/f", asked.found, asked, 0)).toBe(PENDING);
    expect(volume.stat("/f", asked.found, asked, 0)).toBe(EXHAUSTED);
    expect(volume.remove("/f", asked, 0)).toBe(EXHAUSTED);
    expect(volume.open("/f", 0, asked, 0)).toBe(EXHAUSTED);
  });

  test("tells when a file was changed", () => {
    const clock = new TestClock();
    const asked = new Probe(new KeyValueFiles(store, clock, "", 4096, 16, 32, 3), settles);
    clock.wallNs = 7;
    const file = asked.file("/f", CREATE);
    asked.stat("/f");
    expect(asked.found.modifiedNs).toBe(7);
    clock.wallNs = 8;
    asked.writeAt(file, 0, bytesOf("x"), 0, 1);
    clock.wallNs = 9;
    file.close();
    asked.rename("/f", "/g");
    asked.stat("/g");
    expect(asked.found.modifiedNs).toBe(8);
  });

  test("that is damaged says so", () => {
    const asked = mount();
    const keys = new Keys("");
    const key = keys.entry(1, "f", 0, 1)!;
    const bad: Uint8Array[] = [
      new Uint8Array(0),
      new Uint8Array(32),
      entryOf(false, 0, 0),
      entryOf(false, 1 << 62, 0),
      entryOf(false, 5, u64.MAX_VALUE),
      entryOf(true, 1, 0),
      new Uint8Array(70_000),
    ];
    for (let i = 0; i < bad.length; i++) {
      put(key, bad[i]);
      expect(asked.stat("/f")).toBe(CORRUPT);
      expect(asked.open("/f", OpenFlag.READ)).toBe(CORRUPT);
      expect(asked.remove("/f")).toBe(CORRUPT);
      expect(asked.stat("/f/x")).toBe(CORRUPT);
    }
    // A directory in itself, and chunks of any size.
    put(key, entryOf(true, 50, 0));
    put(keys.entry(50, "f", 0, 1)!, entryOf(true, 50, 0));
    expect(asked.stat("/f" + "/f".repeat(1000))).toBe(0);
    expect(asked.remove("/f/f")).toBe(-71);
    put(keys.entry(1, "g", 0, 1)!, entryOf(false, 60, 10_000));
    const chunk = keys.chunk();
    keys.setChunk(chunk, 60, 0);
    put(chunk, new Uint8Array(60_000));
    const file = asked.file("/g", OpenFlag.WRITE);
    const buffer = new Uint8Array(10_000);
    expect(asked.readAt(file, 0, buffer, 0, 10_000)).toBe(10_000);
    expect(asked.writeAt(file, 1, buffer, 0, 10)).toBe(0);
    file.close();
    put(chunk, new Uint8Array(70_000));
    const other = mount();
    const damaged = other.file("/g", OpenFlag.WRITE);
    expect(other.readAt(damaged, 0, buffer, 0, 10_000)).toBe(CORRUPT);
    expect(other.writeAt(damaged, 1, buffer, 0, 10)).toBe(CORRUPT);
    expect(other.truncate(damaged, 5)).toBe(CORRUPT);
    damaged.close();
  });

  test("clears away garbage of any kind, and comes to an end", () => {
    const asked = mount();
    const keys = new Keys("");
    put(keys.garbage(70), keys.garbageFrom(3).slice());
    put(keys.garbage(71), new Uint8Array(7));
    put(keys.garbage(u64.MAX_VALUE), keys.garbageFrom(0).slice());
    put(bytesOf("g"), bytesOf("x"));
    const chunk = keys.chunk();
    for (let i = 0; i < 6; i++) {
      keys.setChunk(chunk, 70, i == 5 ? u32.MAX_VALUE : i);
      put(chunk.slice(), bytesOf("x"));
    }
    const longer = new Uint8Array(chunk.length + 1);
    longer.set(chunk);
    put(longer, bytesOf("x"));
    mount();
    settles.rest();
    expect(inspect().chunks).toBe(3);
  });
});
