/** What every disk promises, checked against every disk. */
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openBlock } from "./open.js";
import { Disk } from "./testing/disk.js";
import type { BlockDescription } from "./options.js";

const MIB = 2 ** 20;
const KINDS: readonly {
  readonly name: string;
  readonly description: (directory: string) => BlockDescription;
}[] = [
  { name: "memory", description: () => ({ kind: "memory", bytes: 4 * MIB }) },
  {
    name: "memory, 4096-byte sectors",
    description: () => ({ kind: "memory", bytes: 4 * MIB, sectorBytes: 4096 }),
  },
  {
    name: "file",
    description: (directory) => ({ kind: "file", path: join(directory, "d"), bytes: 4 * MIB }),
  },
  {
    name: "file, 4096-byte sectors",
    description: (directory) => ({
      kind: "file",
      path: join(directory, "d"),
      bytes: 4 * MIB,
      sectorBytes: 4096,
    }),
  },
  {
    name: "file, on other threads",
    description: (directory) => ({
      kind: "file",
      path: join(directory, "d"),
      bytes: 4 * MIB,
      async: true,
    }),
  },
  ...(hasDirect()
    ? [
        {
          name: "file, direct",
          description: (directory: string) =>
            ({
              kind: "file",
              path: join(directory, "d"),
              bytes: 4 * MIB,
              sectorBytes: 4096,
              direct: true,
            }) as const,
        },
      ]
    : []),
  ...([{}, { changes: "c" }] as const).map((more: { readonly changes?: string }) => ({
    name: more.changes === undefined ? "overlay" : "overlay with a file of changes",
    description: (directory: string): BlockDescription => {
      const path = join(directory, "d");
      if (!existsSync(path)) writeFileSync(path, Buffer.alloc(4 * MIB));
      const changes = more.changes === undefined ? {} : { changes: join(directory, more.changes) };
      return { kind: "overlay", path, ...changes };
    },
  })),
  {
    name: "faults that never happen, and a log",
    description: (directory) => ({
      kind: "file",
      path: join(directory, "d"),
      bytes: 4 * MIB,
      faults: { seed: 1, readError: 0, delayNs: 1000 },
      log: join(directory, "log"),
    }),
  },
  {
    name: "cache that loses nothing",
    description: () => ({
      kind: "memory",
      bytes: 4 * MIB,
      faults: { seed: 1, lose: 1e-300 },
    }),
  },
];

/** Whether the file system of temporary files has O_DIRECT. */
function hasDirect(): boolean {
  const { O_DIRECT } = constants as { readonly O_DIRECT?: number };
  if (O_DIRECT === undefined) return false;
  const path = join(tmpdir(), `phantasm-direct-${process.pid}`);
  try {
    closeSync(openSync(path, constants.O_CREAT | constants.O_RDWR | O_DIRECT));
    return true;
  } catch {
    return false;
  } finally {
    rmSync(path, { force: true });
  }
}

describe.each(KINDS)("$name", ({ description }) => {
  let directory: string;
  let disk: Disk;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "phantasm-block-"));
    disk = new Disk(await openBlock(description(directory)));
  });

  afterEach(async () => {
    await disk.backend.close();
    rmSync(directory, { recursive: true });
  });

  it("has the size and the sector it was opened with", () => {
    const { sectors, sectorBytes, readonly, depth } = disk.backend;
    expect(sectors * sectorBytes).toBe(4 * MIB);
    expect(sectorBytes).toBe(description(directory).sectorBytes ?? 512);
    expect(readonly).toBe(false);
    expect(depth).toBeGreaterThanOrEqual(1);
  });

  it("reads zeros at first, also at its end", async () => {
    const { sectors, sectorBytes } = disk.backend;
    expect(await disk.read(0, 8)).toEqual(new Uint8Array(8 * sectorBytes));
    expect(await disk.read(sectors - 1, 1)).toEqual(new Uint8Array(sectorBytes));
  });

  it("keeps nothing of the caller's buffer, and nothing of what it reads into", async () => {
    const data = disk.pattern(2, 1);
    const copy = data.slice();
    expect(await disk.write(5, data)).toBe("ok");
    data.fill(0xee);
    const read = await disk.read(5, 2);
    expect(read).toEqual(copy);
    read.fill(0xdd);
    expect(await disk.read(5, 2)).toEqual(copy);
  });

  it("moves a whole mebibyte, and the last sector", async () => {
    const { sectors, sectorBytes } = disk.backend;
    const large = disk.pattern(MIB / sectorBytes, 2);
    expect(await disk.write(3, large)).toBe("ok");
    expect(Buffer.compare(await disk.read(3, MIB / sectorBytes), large)).toBe(0);
    const last = disk.pattern(1, 3);
    expect(await disk.write(sectors - 1, last)).toBe("ok");
    expect(await disk.read(sectors - 1, 1)).toEqual(last);
  });

  it("names the request in each completion, and puts a read at its pointer alone", async () => {
    const { sectorBytes } = disk.backend;
    const data = disk.pattern(1, 1);
    expect(await disk.write(0, data)).toBe("ok");
    const requests = [
      { operation: "write", sector: 8, data: disk.pattern(1, 2), tag: 7 },
      { operation: "read", sector: 0, sectors: 1, tag: 7, pointer: 99 },
      { operation: "flush", tag: 7 },
    ] as const;
    disk.memory.fill(0xee);
    for (const request of requests) disk.backend.submit(request);
    const completions = await disk.completions(3);
    expect(new Set(completions.map(({ request }) => request))).toEqual(new Set(requests));
    expect(completions.map(({ status }) => status)).toEqual(["ok", "ok", "ok"]);
    expect(disk.memory.slice(99, 99 + sectorBytes)).toEqual(data);
    expect(disk.memory[98]).toBe(0xee);
    expect(disk.memory[99 + sectorBytes]).toBe(0xee);
  });

  it("wakes from the event loop, not from inside submit, and says what it has done at once", async () => {
    for (const request of [
      { operation: "read", sector: 0, sectors: 1, tag: 1, pointer: 0 },
      { operation: "flush", tag: 2 },
    ] as const) {
      const before = disk.wakes;
      const atOnce = disk.backend.submit(request);
      expect(disk.wakes).toBe(before);
      if (atOnce) expect(disk.take()).toMatchObject({ request, status: "ok" });
      else await disk.completions(1);
      if (!atOnce) expect(disk.wakes).toBeGreaterThan(before);
    }
  });

  it("takes a full depth of requests of every kind", async () => {
    const { depth } = disk.backend;
    for (let tag = 0; tag < depth; tag++) {
      if (tag % 4 === 0) disk.backend.submit({ operation: "flush", tag });
      else if (tag % 4 === 1)
        disk.backend.submit({ operation: "discard", sector: 64, sectors: 8, tag });
      else if (tag % 4 === 2) {
        disk.backend.submit({ operation: "read", sector: tag, sectors: 1, tag, pointer: 0 });
      } else {
        disk.backend.submit({ operation: "write", sector: tag, data: disk.pattern(1, tag), tag });
      }
    }
    const completions = await disk.completions(depth);
    expect(completions.map(({ request }) => request.tag).toSorted((x, y) => x - y)).toEqual(
      Array.from({ length: depth }, (_, i) => i),
    );
    expect(new Set(completions.map(({ status }) => status))).toEqual(new Set(["ok"]));
    expect(disk.take()).toBeNull();
  });

  it("changes nothing outside a write or a discard", async () => {
    const { sectorBytes } = disk.backend;
    const span = 300;
    const operation = fc.record({
      kind: fc.constantFrom("write" as const, "discard" as const),
      sector: fc.nat(span - 1),
      sectors: fc.integer({ min: 1, max: 160 }),
      seed: fc.integer({ min: 1, max: 255 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 8 }), async (operations) => {
        expect(await disk.write(0, disk.pattern(span, 99))).toBe("ok");
        const model = disk.pattern(span, 99);
        for (const { kind, sector, sectors: wanted, seed } of operations) {
          const sectors = Math.min(wanted, span - sector);
          const data = disk.pattern(sectors, seed);
          if (kind === "write") {
            expect(await disk.write(sector, data)).toBe("ok");
            model.set(data, sector * sectorBytes);
          } else {
            expect(await disk.discard(sector, sectors)).toBe("ok");
            const from = sector * sectorBytes;
            if (disk.backend.discards) model.fill(0, from, from + sectors * sectorBytes);
          }
        }
        expect(Buffer.compare(await disk.read(0, span), model)).toBe(0);
      }),
      { numRuns: 25 },
    );
  });

  it("answers gone after close, which may be called twice", async () => {
    disk.backend.submit({ operation: "write", sector: 0, data: disk.pattern(1, 1), tag: 1 });
    disk.backend.submit({ operation: "flush", tag: 2 });
    await Promise.all([disk.backend.close(), disk.backend.close()]);
    const { wakes } = disk;
    expect(disk.take()).toMatchObject({ request: { tag: 1 }, status: "ok" });
    expect(disk.take()).toMatchObject({ request: { tag: 2 }, status: "ok" });
    disk.backend.submit({ operation: "read", sector: 0, sectors: 1, tag: 3, pointer: 0 });
    expect(disk.take()).toMatchObject({ request: { tag: 3 }, status: "gone" });
    await new Promise((resolve) => setImmediate(resolve));
    expect(disk.wakes).toBe(wakes);
  });

  it("can be attached read-only", async () => {
    const data = disk.pattern(1, 4);
    await disk.write(1, data);
    await disk.flush();
    await disk.backend.close();
    const rest = description(directory);
    if (rest.kind === "overlay") return;
    const again = await openBlock({ ...rest, readonly: true });
    disk = new Disk(again);
    expect(again).toMatchObject({
      readonly: true,
      discards: false,
      sectors: (4 * MIB) / again.sectorBytes,
    });
    expect(await disk.read(1, 1)).toEqual(rest.kind === "memory" ? data.fill(0) : data);
    expect(await disk.flush()).toBe("ok");
    // The domain refuses these before; a backend that is asked all the same must not obey.
    expect(await disk.write(1, disk.pattern(1, 9))).toBe("io");
  });
});

describe("a memory disk", () => {
  it("takes memory only for what is written, and gives it back on discard", async () => {
    const { MemoryDisk } = await import("./block/memory.js");
    const backend = new MemoryDisk(2 ** 40);
    const disk = new Disk(backend);
    expect(backend.allocatedBytes).toBe(0);
    await disk.read(2 ** 30, 100);
    expect(backend.allocatedBytes).toBe(0);
    await disk.write(2 ** 30, disk.pattern(129, 1));
    expect(backend.allocatedBytes).toBe(2 * 65_536);
    await disk.discard(2 ** 30, 256);
    expect(backend.allocatedBytes).toBe(0);
    await backend.close();
  });

  it.each([0, 511, 513, -512, 1.5])("refuses a size of %d bytes", async (bytes) => {
    await expect(openBlock({ kind: "memory", bytes })).rejects.toThrow(
      `${bytes} bytes is not a disk: the size must be a multiple of the sector, 512 bytes`,
    );
  });
});
