import { describe, expect, test } from "vitest";
import { getReference, setReference, view } from "./bytes.js";
import { parseLeaf } from "./cells.js";
import { check } from "./check.js";
import { MemoryDevice } from "./device.js";
import { HEAD_BYTES, PAGE_BYTES, PageKind, RecordKind } from "./layout.js";
import { chooseMeta } from "./meta.js";
import { forge, pageOf } from "../test/forge.js";
import { RecordWriter } from "../test/records.js";
import { dump, entry, numbered, pattern, storeOf } from "../test/stores.js";

const MIB = 2 ** 20;

/** All kinds of pages: two levels, values elsewhere, an expiry index. */
function small(): MemoryDevice {
  return storeOf(
    numbered(30, (at) => (at === 7 ? 5000 : at * 15)),
    64 * PAGE_BYTES,
  );
}

function copyOf({ content }: MemoryDevice): MemoryDevice {
  return new MemoryDevice(content.slice());
}

function rootOf(device: MemoryDevice): number {
  return chooseMeta(device).meta.root.page;
}

/** Pages of a kind that are in use. */
function pagesOf(device: MemoryDevice, kind: PageKind): number[] {
  const { meta } = chooseMeta(device);
  return Array.from({ length: meta.usedPages }, (_, page) => page).filter(
    (page) => page >= 20 && pageOf(device, page)[0] === kind.valueOf(),
  );
}

describe("bits that flip", () => {
  // All bits of all bytes: PHANTASM_EVERY_BIT=1, some minutes.
  const every = process.env["PHANTASM_EVERY_BIT"] === "1";
  const bits = every ? [0, 1, 2, 3, 4, 5, 6, 7] : null;
  const stride = every ? 1 : 11;

  test("each is reported, but where the format uses nothing", () => {
    const device = small();
    const { meta } = chooseMeta(device);
    for (let page = 0; page < meta.usedPages; page++) {
      if (page >= 4 && page < 4 + meta.logPages) continue;
      // Extents are the pages without a head; what lies behind their bytes is used by nothing.
      for (let at = page * PAGE_BYTES; at < (page + 1) * PAGE_BYTES; at += stride) {
        for (const bit of bits ?? [Math.imul(at, 2_654_435_761) >>> 29]) {
          device.content[at]! ^= 1 << bit;
          const { damages, notes } = safely(device);
          if (damages.length + notes.length === 0 && !isUnused(device, at))
            expect.fail(`bit ${bit} of byte ${at} (page ${page}) is not noticed`);
          if (page >= 4 && damages.length === 0 && !isUnused(device, at))
            expect.fail(`bit ${bit} of byte ${at} (page ${page}) is a note only`);
          device.content[at]! ^= 1 << bit;
        }
      }
    }
    expect(check(device).damages).toEqual([]);
  }, 600_000);

  /** The end of the last page of the only value that is elsewhere. */
  function isUnused(device: MemoryDevice, at: number): boolean {
    const bounds = { low: new Uint8Array(0), high: null };
    const [page = 0] = pagesOf(device, PageKind.LEAF)
      .flatMap((leaf) => parseLeaf(pageOf(device, leaf), bounds))
      .flatMap(({ value }) => (value instanceof Uint8Array ? [] : [value.first.page]));
    return at >= page * PAGE_BYTES + 5000 && at < (page + 2) * PAGE_BYTES;
  }

  test("those of the log are damage when the record was acknowledged, else its end", () => {
    const device = small();
    const writer = new RecordWriter(device);
    const from = writer.position;
    const batch = { version: 31n, operations: [{ key: "new", value: pattern(700) }] };
    const bytes = writer.write({ batches: [batch] });
    const unmarked = copyOf(device);
    writer.write({ kind: RecordKind.MARK });
    expect(check(device)).toMatchObject({
      damages: [],
      summary: { entries: 31, logRecords: 1, logBytes: 1024, version: "31" },
    });
    for (let at = from; at < from + bytes; at++) {
      const bit = 1 << (at & 7);
      device.content[at]! ^= bit;
      expect(check(device).damages, `byte ${at}`).toEqual([
        "log unit 0: record 1 is missing or damaged, and the record at unit 2 says that it was durable",
      ]);
      device.content[at]! ^= bit;
      unmarked.content[at]! ^= bit;
      expect(check(unmarked), `byte ${at}`).toMatchObject({
        damages: [],
        summary: { entries: 30, logRecords: 0, version: "30" },
      });
      unmarked.content[at]! ^= bit;
    }
  });
});

function safely(device: MemoryDevice): { damages: readonly string[]; notes: readonly string[] } {
  try {
    return check(device);
  } catch (error) {
    expect((error as Error).name).toBe("NoStoreError");
    return { damages: [(error as Error).message], notes: [] };
  }
}

describe("the meta page", () => {
  test("copies that are not whole are noted, and the others serve", () => {
    const device = small();
    pageOf(device, 2)[500] = 1;
    expect(check(device)).toMatchObject({
      damages: [],
      notes: ["page 2: a copy of the meta page whose checksum does not fit; page 3 serves"],
    });
    pageOf(device, 1).fill(0xaa);
    expect(check(device).notes).toEqual([
      "page 1: no copy of the meta page; page 3 serves",
      "page 2: a copy of the meta page whose checksum does not fit; page 3 serves",
    ]);
    pageOf(device, 3).fill(0);
    expect(() => check(device)).toThrow("no copy of its meta page is whole");
  });

  test.each([
    [8, 3, "its format is version 3; this program knows versions 1 to 2"],
    [32, 65, "the store has 65 pages and its device only 64: the end was cut off"],
    [40, 61, "its meta page cannot be: a log of 61 pages"],
    [44, 100, "its meta page cannot be: a log with units of another size"],
    [56, 128, "its meta page cannot be: a log that begins at unit 128"],
    [96, 17, "its meta page cannot be: a tree of 17 levels"],
    [100, 2, "its meta page cannot be: 2 index pages of the map for 64 pages"],
    [130, 1, "its meta page cannot be: bytes 128 to 159 are not 0"],
    [176, 1, "its meta page cannot be: bytes from 176 are not 0"],
  ])("a field that cannot be: byte %d is %d", (at, value, message) => {
    const device = small();
    forge(device, (meta) => (meta[at] = value));
    expect(() => check(device)).toThrow(message);
  });

  test("totals that are not those of the tree", () => {
    const device = small();
    forge(device, (meta) => {
      meta[104]!++;
      meta[120]!--;
    });
    const used = chooseMeta(device).meta.usedPages + 1;
    expect(check(device).damages).toEqual([
      "meta page: it says 31 entries, and there are 30",
      `meta page: it says ${used - 1} pages in use, and there are ${used}`,
    ]);
  });

  test.each([
    [new Uint8Array(4096), "it is too small to hold a store"],
    [new Uint8Array(64 * 4096), "there is no store in it: pages 0 to 3 are blank"],
    [
      new Uint8Array(64 * 4096).fill(7),
      "there is no store in it: pages 0 to 3 hold something else",
    ],
  ])("no store (%#)", (content, message) => {
    expect(() => check(new MemoryDevice(content))).toThrow(message);
  });
});

describe("structures with fitting checksums that cannot be", () => {
  test("a page that refers to itself, and one that two refer to", () => {
    for (const target of ["itself", "its sibling"]) {
      const device = small();
      const root = pageOf(device, rootOf(device));
      const fields = view(root);
      const first = fields.getUint16(HEAD_BYTES, true) + 8;
      const second = fields.getUint16(HEAD_BYTES + 2, true) + 8;
      const page = target === "itself" ? rootOf(device) : getReference(fields, second).page;
      setReference(fields, first, { page, checksum: 0n });
      forge(device);
      const { damages } = check(device);
      expect(damages.join("\n")).toContain(
        "it is used twice: something else in the store is there",
      );
    }
  });

  test("a leak, and a page in use that the map calls free", () => {
    const device = small();
    const { meta } = chooseMeta(device);
    const [map] = pagesOf(device, PageKind.MAP);
    const bits = pageOf(device, map!);
    const free = meta.usedPages + 3;
    bits[32 + (free >> 3)]! |= 1 << (free & 7);
    bits[32 + (21 >> 3)]! &= ~(1 << (21 & 7));
    bits[32 + (64 >> 3)] = 3;
    forge(device);
    const report = check(device);
    expect(report.damages).toEqual([
      `page 21: in use, and the map (page ${map}) says free`,
      `pages 64 to 65: the map (page ${map}) says in use, and the store has no such pages`,
      `meta page: it says ${meta.usedPages} pages in use, and there are ${meta.usedPages + 1}`,
    ]);
    expect(report.notes).toEqual([
      `page ${free}: the map (page ${map}) says in use, and nothing leads there: lost room`,
    ]);
    expect(report.summary.lostBytes).toBe(PAGE_BYTES);
  });

  test("an expiry index that lacks an entry and has another", () => {
    const device = storeOf([entry("a", "1", 1n, 5n), entry("b", "2", 2n, 6n)]);
    const leaf = pagesOf(device, PageKind.LEAF).at(-1);
    // Their index comes first: u64 big-endian behind the byte of the namespace.
    const bytes = pageOf(device, leaf);
    const cell = view(bytes).getUint16(HEAD_BYTES, true);
    expect([...bytes.subarray(cell + 16, cell + 26)]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 5, 97]);
    bytes[cell + 24] = 4;
    forge(device);
    const { damages } = check(device);
    expect(damages).toEqual([
      `page ${leaf} (leaf): the expiry index has 4 for the key "a", which has 5`,
      expect.stringMatching(
        /^page \d+ \(leaf\): the key "a" expires, and the expiry index does not have it$/,
      ),
    ]);
  });

  test("keys out of order, in a page and against the page above", () => {
    const device = small();
    const leaf = pagesOf(device, PageKind.LEAF).at(-2);
    const bytes = pageOf(device, leaf);
    const cell = view(bytes).getUint16(HEAD_BYTES, true);
    const expires = (bytes[cell + 2]! & 1) * 8;
    bytes[cell + 16 + expires + 1] = 0x7a;
    forge(device);
    expect(check(device).damages.join("\n")).toMatch(
      /page \d+ \(leaf, reached from page \d+\): the key of cell \d+ (is not above the one before it|belongs into a page)/,
    );
  });
});

describe("the log", () => {
  test("is applied to what is dumped and counted", () => {
    const device = storeOf([entry("a", "1", 1n), entry("b", "2", 2n), entry("c", "3", 3n)]);
    const writer = new RecordWriter(device);
    writer.write({
      batches: [
        {
          version: 4n,
          operations: [
            { key: "a", value: null },
            { key: "b", value: "22" },
          ],
        },
        { version: 5n, operations: [{ key: "aa", value: "new", expires: 9n }] },
      ],
    });
    writer.write({ batches: [{ version: 6n, operations: [{ key: "z", value: pattern(1500) }] }] });
    writer.write({ batches: [{ version: 7n, operations: [{ key: "nothing", value: null }] }] });
    expect(check(device)).toMatchObject({
      damages: [],
      summary: { entries: 4, version: "7", logRecords: 3, logBatches: 4 },
    });
    expect(dump(device).split("\n").slice(0, 4)).toEqual([
      '{"phantasm-kv-dump":1,"version":"7"}',
      '{"key":"aa","version":"5","expires":"9","value":"new"}',
      '{"key":"b","version":"4","value":"22"}',
      '{"key":"c","version":"3","value":"3"}',
    ]);
    expect(dump(device, { prefix: Buffer.from("b") }).split("\n")[1]).toContain('"22"');
  });

  test("goes around the ring, whose rest is filled", () => {
    const device = storeOf([entry("a", "1", 1n)]);
    // As after a checkpoint: it begins near the end.
    forge(device, (meta) => view(meta).setUint32(56, 126, true));
    const writer = new RecordWriter(device);
    const put = (version: bigint, bytes: number) =>
      writer.write({ batches: [{ version, operations: [{ key: "k", value: pattern(bytes) }] }] });
    put(2n, 100);
    writer.write({ kind: RecordKind.REST });
    expect(writer.unit).toBe(0);
    put(3n, 900);
    expect(check(device)).toMatchObject({ damages: [], summary: { version: "3", logRecords: 3 } });
  });

  test.each([
    ["a kind that is none", { kind: 3, payload: 8 }, "only fills the ring has a payload"],
    ["another kind", { kind: 9, payload: 0 }, "a record of kind 9"],
    ["batches that are not there", { kind: 1, payload: 0 }, "batch 0 reaches over the end"],
    [
      "bytes behind the batches",
      { kind: 1, payload: 40 },
      "batch 0 cannot be: version 0 comes after",
    ],
  ])("%s", (_, { kind, payload }, message) => {
    const device = storeOf([entry("a", "1", 1n)]);
    new RecordWriter(device).raw(kind, new Uint8Array(payload), 1, 0n);
    expect(check(device).damages).toEqual([expect.stringContaining(message)]);
  });

  test("batches that the tree contains already are left out", () => {
    const device = storeOf([entry("a", "1", 7n)]);
    new RecordWriter(device).write({
      batches: [
        { version: 6n, operations: [{ key: "b", value: "old" }] },
        { version: 7n, operations: [{ key: "a", value: null }] },
        { version: 8n, operations: [{ key: "c", value: "new" }] },
      ],
    });
    expect(check(device)).toMatchObject({ damages: [], summary: { entries: 2, version: "8" } });
    expect(dump(device)).not.toContain("old");
  });

  test("records that only pretend cost no more than sixteen rings", () => {
    const device = storeOf([], 16 * MIB * 16 + 4096);
    const writer = new RecordWriter(device);
    const ringBytes = writer.meta.logPages * PAGE_BYTES;
    for (let at = 0; at < ringBytes; at += 512) {
      writer.raw(1, new Uint8Array(8), 1, 99n);
      // As long as can be, and the checksum does not fit.
      const payload = Math.min(ringBytes - at, MIB) - 64;
      view(device.content).setUint32(writer.position + 8, payload, true);
      writer.unit++;
    }
    const started = performance.now();
    expect(check(device).damages).toEqual([
      expect.stringContaining("too many records that pretend to be of this epoch"),
    ]);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

test("whatever a page holds, a check ends and says what is wrong", () => {
  const seed = Number(process.env["PHANTASM_SEED"] ?? 1);
  const rounds = Number(process.env["PHANTASM_FUZZ_ROUNDS"] ?? 2000);
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return Math.floor(((state >>> 8) / 2 ** 24) * below);
  };
  const good = small();
  const { usedPages } = chooseMeta(good).meta;
  for (let round = 0; round < rounds; round++) {
    const device = copyOf(good);
    for (let change = 0; change <= random(4); change++) {
      const page = random(3) === 0 ? 2 : 20 + random(usedPages - 20);
      // Heads, offsets and references are where it hurts.
      const at = random(2) === 0 ? random(64) : random(PAGE_BYTES);
      pageOf(device, page)[at] = random(3) === 0 ? 0xff : random(256);
    }
    try {
      forge(device);
      check(device);
      dump(device);
    } catch (error) {
      const { name } = error as Error;
      if (name !== "Damage" && name !== "NoStoreError")
        throw new Error(`seed ${seed}, round ${round}`, { cause: error });
    }
  }
});
