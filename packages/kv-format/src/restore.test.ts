import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { check } from "./check.js";
import { MemoryDevice } from "./device.js";
import { dumpLines } from "./dump.js";
import { Store } from "./store.js";
import { StoreWriter } from "./store-writer.js";
import { dump, entry, numbered, pattern, restored, storeOf, type Entry } from "../test/stores.js";

const MIB = 2 ** 20;

test("an empty store", () => {
  const device = storeOf([]);
  expect(check(device)).toMatchObject({
    damages: [],
    notes: [],
    summary: { entries: 0, depth: 0, usedBytes: (4 + 16 + 2) * 4096, storeBytes: 64 * 4096 },
  });
  expect(dump(device)).toBe('{"phantasm-kv-dump":1,"version":"0"}\n{"entries":0}\n');
});

test("a dump, line by line", () => {
  const device = storeOf([
    entry("a", "one", 3n),
    entry("b\u202e\u009b31m\n", 'quoted "', 4n, 1_800_000_000_000_000_000n),
    { ...entry("", new Uint8Array(0), 5n), key: Uint8Array.of(0xc3) },
    { ...entry("", Uint8Array.of(0xff, 0), 6n), key: Uint8Array.of(0xc3, 0xa4) },
    { ...entry("", "\ufeffBOM", 7n), key: Uint8Array.of(0xff, 0xff) },
  ]);
  const text = [
    '{"phantasm-kv-dump":1,"version":"7"}',
    '{"key":"a","version":"3","value":"one"}',
    '{"key":"b\\u202e\\u009b31m\\n","version":"4","expires":"1800000000000000000","value":"quoted \\""}',
    '{"key64":"ww==","version":"5","value":""}',
    '{"key":"ä","version":"6","value64":"/wA="}',
    '{"key64":"//8=","version":"7","value":"\\ufeffBOM"}',
    '{"entries":5}',
    "",
  ].join("\n");
  expect(dump(device)).toBe(text);
  expect(dump(restored(text))).toBe(text);
  expect(dump(device, { prefix: Buffer.from("b"), keysOnly: true })).toBe(
    [
      '{"phantasm-kv-dump":1,"version":"7","keysOnly":true}',
      '{"key":"b\\u202e\\u009b31m\\n","version":"4","expires":"1800000000000000000","size":8}',
      '{"entries":1}',
      "",
    ].join("\n"),
  );
  expect(dump(device, { prefix: Uint8Array.of(0xff) })).toContain('"//8="');
});

const bytes = (max: number): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    fc.uint8Array({ maxLength: max }),
    fc.string({ unit: "binary", maxLength: max / 8 }).map((text) => Buffer.from(text)),
  );

const entries = fc.uniqueArray(
  fc.record({
    key: bytes(511).filter(({ length }) => length >= 1 && length <= 511),
    value: fc.oneof(
      { weight: 8, arbitrary: bytes(1200) },
      // Of a pattern: a failure prints the size alone.
      { weight: 1, arbitrary: fc.integer({ min: 900, max: 300_000 }) },
    ),
    version: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
    expires: fc.option(fc.bigInt({ min: 1n, max: 2n ** 64n - 1n })),
  }),
  { maxLength: 60, selector: ({ key }) => Buffer.from(key).toString("hex") },
);

function made(list: readonly (Omit<Entry, "value"> & { value: Uint8Array | number })[]): Entry[] {
  return list
    .map(({ value, ...head }) => ({
      ...head,
      value: typeof value === "number" ? pattern(value) : value,
    }))
    .sort((x, y) => Buffer.compare(x.key, y.key));
}

test("dump, restore and dump again give the same; what was put is there", () => {
  fc.assert(
    fc.property(entries, fc.constantFrom(1000, 4096, 65_536), (drawn, pieceBytes) => {
      const list = made(drawn);
      const size = 64 * 4096 + list.reduce((sum, { value }) => sum + value.length + 12_288, 0);
      const device = storeOf(list, size);
      expect(check(device)).toMatchObject({ damages: [], notes: [] });
      const text = dump(device);
      const again = restored(text, size, pieceBytes);
      expect(check(again)).toMatchObject({ damages: [], summary: { entries: list.length } });
      expect(dump(again)).toBe(text);
      const found: Entry[] = [...new Store(again).entries()].map((stored) => ({
        key: Buffer.from(stored.key),
        version: stored.version,
        expires: stored.expires,
        value: Buffer.concat(Array.from(stored.pieces(), (piece) => Buffer.from(piece))),
      }));
      expect(found.map(({ key }) => key)).toEqual(list.map(({ key }) => Buffer.from(key)));
      for (const [at, { value, version, expires }] of found.entries()) {
        expect(Buffer.compare(value, list[at]!.value)).toBe(0);
        expect({ version, expires }).toEqual({
          version: list[at]!.version,
          expires: list[at]!.expires,
        });
      }
    }),
    { numRuns: 40 },
  );
});

test("100 000 entries, of which 20 000 expire: trees of three levels", () => {
  const device = storeOf(
    numbered(100_000, (at) => at % 90),
    64 * MIB,
  );
  const report = check(device);
  expect(report).toMatchObject({
    damages: [],
    summary: { entries: 100_000, expiring: 20_000, depth: 3, version: "100000" },
  });
  const text = dump(device);
  expect(dump(restored(text, 64 * MIB))).toBe(text);
});

test("the expiry index is sorted in runs when there are many", async () => {
  const { Sorter } = await import("./sort.js");
  for (const runs of [1, 2, 3, 7, 40]) {
    const sorter = new Sorter(97);
    const items = Array.from({ length: 97 * runs - 5 }, (_, at) => pattern(1 + (at % 500), at));
    for (const item of items) sorter.add(item);
    const sorted = [...sorter.sorted()].map((item) => Buffer.from(item));
    sorter.close();
    expect(sorted).toEqual(items.toSorted((x, y) => Buffer.compare(x, y)));
  }
});

test("a value of 64 MiB goes around", () => {
  const device = new MemoryDevice(new Uint8Array(80 * MIB));
  const writer = new StoreWriter(device, { logUnitBytes: 4096 });
  const piece = pattern(MIB);
  for (let at = 0; at < 64; at++) writer.write(piece);
  writer.write(piece.subarray(0, 5));
  const head = { key: Buffer.from("large"), version: 1n, expires: null };
  writer.end(head, 64 * MIB + 5);
  writer.put({ ...head, key: Buffer.from("small") }, Buffer.from("x"));
  writer.finish(1n, 1n);
  writer.close();
  expect(check(device)).toMatchObject({ damages: [], summary: { entries: 2, depth: 1 } });
  const again = restored(dump(device), 80 * MIB);
  expect(check(again)).toMatchObject({ damages: [] });
  const [large] = new Store(again).entries();
  let at = 0;
  for (const found of large!.pieces()) {
    for (let from = 0; from < found.length;) {
      const within = (at + from) % MIB;
      const length = Math.min(MIB - within, found.length - from);
      const expected = piece.subarray(within, within + length);
      expect(Buffer.compare(found.subarray(from, from + length), expected)).toBe(0);
      from += length;
    }
    at += found.length;
  }
  expect(at).toBe(64 * MIB + 5);
}, 60_000);

describe("what is no dump", () => {
  const HEAD = '{"phantasm-kv-dump":1,"version":"9"}\n';
  const A = '{"key":"a","version":"1","value":""}\n';
  test.each([
    ["", "line 1: the dump ends before its last line: it was cut off"],
    ["hello\n", "line 1: it is no line of a dump: JSON is expected"],
    [A, 'line 1: it is no dump: {"phantasm-kv-dump":1,…} is expected first'],
    ['{"phantasm-kv-dump":2,"version":"1"}\n', "line 1: version 2 of dumps is not known"],
    [
      '{"phantasm-kv-dump":1,"version":"1","keysOnly":true}\n',
      "line 1: a dump of --keys has no values to restore",
    ],
    [HEAD + HEAD, "line 2: a dump begins here, inside of another one"],
    [HEAD + A, "line 3: the dump ends before its last line: it was cut off"],
    [HEAD + A + '{"entries":2}\n', "line 3: 2 entries are said, and 1 came"],
    [HEAD + '{"entries":0}\n\n', "line 3: it is no line of a dump: JSON is expected"],
    [HEAD + '{"entries":0}\n' + A, "line 3: something follows the last line of the dump"],
    [HEAD + A + A, 'line 3: the key "a" came before: a dump is sorted by the bytes of its keys'],
    [
      HEAD + A.replace("a", "b").replace('"key":"a"', '"key":"b"') + A,
      /^line 2: "key"|^line 3: the key "a" is not above "b"/,
    ],
    [HEAD + '{"key":"","version":"1","value":""}\n', "line 2: the key is empty"],
    [HEAD + '{"key":"a","version":"0","value":""}\n', 'line 2: "version" is at least "1"'],
    [
      HEAD + '{"key":"a","version":1,"value":""}\n',
      'line 2: "version" is a number in quotes, from "0" to "9223372036854775807"',
    ],
    [
      HEAD + '{"key":"a","version":"9223372036854775808","value":""}\n',
      'line 2: "version" is a number in quotes, from "0" to "9223372036854775807"',
    ],
    [
      '{"phantasm-kv-dump":1,"version":"18446744073709551615"}\n',
      'line 1: "version" is a number in quotes, from "0" to "9223372036854775807"',
    ],
    [
      HEAD + '{"key":"a","key64":"YQ==","version":"1","value":""}\n',
      'line 2: "key" or "key64" is expected, one of the two',
    ],
    [HEAD + '{"key64":"YQ","version":"1","value":""}\n', 'line 2: "key64" is no base64'],
    [
      HEAD + '{"key":"\\ud800","version":"1","value":""}\n',
      'line 2: "key" is no text that can be stored',
    ],
    [
      HEAD + `{"key":"${"k".repeat(512)}","version":"1","value":""}\n`,
      'line 2: "key" has 512 bytes; at most 511',
    ],
    [HEAD + '{"part":"x"}\n', "line 2: a part of a value that was not begun"],
    [
      HEAD + '{"key":"a","version":"1","size":8589934593}\n',
      "line 2: a value has at most 8589934592 bytes, not 8589934593",
    ],
    [
      HEAD + '{"key":"a","version":"1","size":9}\n' + A,
      "line 3: the value before has 0 of 9 bytes",
    ],
    [
      HEAD + '{"key":"a","version":"1","size":1}\n{"part":"xy"}\n',
      "line 3: a part of 2 bytes in a value of 1",
    ],
    [HEAD + `"${"x".repeat(2 ** 20)}`, "line 2: it has more than 1048576 bytes"],
  ])("%#", (text, message) => {
    expect(() => restored(text)).toThrow(message);
  });

  test("more than fits", () => {
    const text = dump(
      storeOf(
        numbered(500, () => 400),
        MIB,
      ),
    );
    expect(() => restored(text)).toThrow(/^line \d+: the store is full; \d+ entries fit$/);
  });

  test("bytes at random never end in anything but a refusal", () => {
    const text = Buffer.from(dump(storeOf(numbered(20, (at) => at * 5))));
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(text);
        changed[at] = byte;
        try {
          const device = restored(changed.toString("latin1"));
          expect(check(device).damages).toEqual([]);
        } catch (error) {
          expect((error as Error).name).toBe("DumpError");
        }
      }),
      { numRuns: 300 },
    );
  });
});

test("what is read of a store is bounded by its prefix", () => {
  const device = storeOf(
    numbered(20_000, () => 100),
    16 * MIB,
  );
  let reads = 0;
  const counting = {
    bytes: device.bytes,
    read(into: Uint8Array, position: number) {
      reads++;
      device.read(into, position);
    },
  };
  const lines = [...dumpLines(new Store(counting), { prefix: Buffer.from("k0123") })];
  expect(lines).toHaveLength(102);
  expect(reads).toBeLessThan(20);
});
