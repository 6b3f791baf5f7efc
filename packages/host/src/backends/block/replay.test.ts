import { describe, expect, it } from "vitest";
import { Disk } from "../testing/disk.js";
import { logWrites, MemoryLog, type LogEntry } from "./log.js";
import { MemoryDisk } from "./memory.js";
import { CrashReplay } from "./replay.js";

const SECTOR = 512;

function filled(byte: number, sectors = 1): Uint8Array {
  return new Uint8Array(sectors * SECTOR).fill(byte);
}

/** Byte of each sector, or "torn". */
function sectors(image: Uint8Array): (number | string)[] {
  return Array.from({ length: image.length / SECTOR }, (_, at) => {
    const bytes = image.subarray(at * SECTOR, (at + 1) * SECTOR);
    return bytes.every((byte) => byte === bytes[0]) ? bytes[0]! : "torn";
  });
}

async function recorded(): Promise<readonly LogEntry[]> {
  const log = new MemoryLog();
  const disk = new Disk(logWrites(new MemoryDisk(4 * SECTOR), log));
  await disk.write(0, filled(1));
  await disk.flush();
  await disk.write(0, filled(2));
  await disk.write(1, filled(3, 2));
  await disk.backend.close();
  return log.entries;
}

describe("the log", () => {
  it("has writes as they were submitted, and flushes when they began and when they had succeeded", async () => {
    expect((await recorded()).map(({ kind }) => kind)).toEqual([
      "write",
      "flush",
      "flushed",
      "write",
      "write",
    ]);
  });

  it("is an error of the test when it is full", async () => {
    const disk = new Disk(logWrites(new MemoryDisk(4 * SECTOR), new MemoryLog(SECTOR)));
    await disk.write(0, filled(1));
    await expect(disk.write(0, filled(1))).rejects.toThrow("more than 512 bytes were written");
  });
});

describe("a crash", () => {
  it("keeps all, none, or what a flush had made durable", async () => {
    const replay = new CrashReplay(await recorded(), filled(0, 4));
    const at = (entries: number, keep: "all" | "none") => sectors(replay.image(entries, { keep }));
    expect(at(1, "none")).toEqual([0, 0, 0, 0]);
    expect(at(1, "all")).toEqual([1, 0, 0, 0]);
    expect(at(2, "none")).toEqual([0, 0, 0, 0]);
    expect(at(3, "none")).toEqual([1, 0, 0, 0]);
    expect(at(5, "none")).toEqual([1, 0, 0, 0]);
    expect(at(5, "all")).toEqual([2, 3, 3, 0]);
    expect(at(1, "all")).toEqual([1, 0, 0, 0]);
  });

  it("is the same for the same seed, and differs between seeds", async () => {
    const replay = new CrashReplay(await recorded(), filled(0, 4));
    const images = Array.from({ length: 200 }, (_, seed) => replay.image(5, { seed }));
    expect(images).toEqual(images.map((_, seed) => replay.image(5, { seed })));
    const kinds = new Set(images.map((image) => sectors(image).join(" ")));
    // Lost, kept, one sector of two, and torn within a sector.
    for (const kind of ["1 0 0 0", "2 3 3 0", "2 0 0 0", "1 3 3 0", "1 3 0 0", "1 0 3 0"])
      expect(kinds).toContain(kind);
    expect([...kinds].some((kind) => kind.includes("torn"))).toBe(true);
    for (const image of images) expect(sectors(image)[3]).toBe(0);
  });

  it("tears only whole sectors when told so", async () => {
    const replay = new CrashReplay(await recorded(), filled(0, 4));
    for (let seed = 0; seed < 200; seed++)
      expect(sectors(replay.image(5, { seed, tear: "sectors" }))).not.toContain("torn");
  });

  it("does not trust a write that reported an error, even after a flush", () => {
    const entries: LogEntry[] = [
      { kind: "write", sector: 0, data: filled(9) },
      { kind: "failed", entry: 0 },
      { kind: "flush" },
      { kind: "flushed", entry: 2 },
    ];
    const replay = new CrashReplay(entries, filled(0, 4));
    const seen = new Set<number | string>();
    for (let seed = 0; seed < 100; seed++) seen.add(sectors(replay.image(4, { seed }))[0]!);
    expect(seen).toEqual(new Set([0, 9, "torn"]));
  });
});
