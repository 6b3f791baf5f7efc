import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FileLog, readBlockLog } from "./log-file.js";
import type { LogEntry } from "./log.js";

const ENTRIES: readonly LogEntry[] = [
  { kind: "write", sector: 2 ** 40, data: new Uint8Array(1024).fill(7) },
  { kind: "discard", sector: 3, sectors: 9 },
  { kind: "flush" },
  { kind: "flushed", entry: 2 },
  { kind: "failed", entry: 1 },
];

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "phantasm-log-"));
  path = join(folder, "log");
});

afterEach(() => rmSync(folder, { recursive: true }));

function written(): void {
  const log = new FileLog(path, 2 ** 41, 512);
  for (const entry of ENTRIES) log.append(entry);
  log.close();
}

it("gives back what was recorded", () => {
  written();
  const log = readBlockLog(path);
  expect(log).toMatchObject({ sectors: 2 ** 41, sectorBytes: 512, cut: false });
  expect(
    log.entries.map((entry) => ({ ...entry, ...("data" in entry && { data: [...entry.data] }) })),
  ).toEqual(
    ENTRIES.map((entry) => ({ ...entry, ...("data" in entry && { data: [...entry.data] }) })),
  );
});

it("takes the place of an older log, and of nothing else", () => {
  written();
  written();
  expect(readBlockLog(path).entries).toHaveLength(ENTRIES.length);
  for (const content of [Buffer.alloc(4096, 1), Buffer.from("PBLK")]) {
    writeFileSync(path, content);
    expect(() => new FileLog(path, 8, 512)).toThrow("it holds something else\nname a file");
    expect(readFileSync(path)).toEqual(content);
  }
  expect(() => new FileLog(folder, 8, 512)).toThrow("it is a directory");
});

it("ends before an entry that was cut", () => {
  written();
  truncateSync(path, readFileSync(path).length - 1);
  expect(readBlockLog(path)).toMatchObject({ cut: true, entries: { length: 4 } });
  truncateSync(path, 32 + 32 + 1000);
  expect(readBlockLog(path)).toMatchObject({ cut: true, entries: [] });
});

it("finds every byte that was changed", () => {
  written();
  const good = readFileSync(path);
  for (let at = 0; at < good.length; at += at < 128 ? 1 : 37) {
    const bad = Buffer.from(good);
    bad[at] = bad[at]! ^ 0x10;
    writeFileSync(path, bad);
    let found: boolean;
    try {
      // A length that points beyond the end looks like a cut.
      found = readBlockLog(path).cut;
    } catch {
      continue;
    }
    expect(found, `byte ${at}`).toBe(true);
  }
});

it("refuses what is no log, and entries behind the end", () => {
  writeFileSync(path, "no log at all, but long enough for a header");
  expect(() => readBlockLog(path)).toThrow("it is no log of a disk");
  rmSync(path);
  written();
  appendFileSync(path, Buffer.alloc(32));
  expect(() => readBlockLog(path)).toThrow("entry 5 at byte 1216 is damaged");
});

it("says when it cannot be made", () => {
  expect(() => new FileLog(join(folder, "no", "log"), 1, 512)).toThrow("no such file or directory");
});

it("ends, and the disk goes on, when the disk of the log is full", () => {
  const log = new FileLog("/dev/full", 8, 512);
  log.append({ kind: "flush" });
  expect(log.problem).toBe("--block-log /dev/full ends here: the disk is full");
  log.close();
});
