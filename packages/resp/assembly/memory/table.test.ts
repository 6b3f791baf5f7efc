import { expect, test } from "@phantasm/testing";
import { TestRandom } from "@phantasm/testing/random";
import { bytesOf } from "../testing";
import { usedBytes } from "./heap";
import { seedHash } from "./siphash";
import { Entry, Table, anyEntry, newTable } from "./table";

function key(index: i32): Uint8Array {
  return bytesOf("key" + index.toString());
}

function find(table: Table, index: i32): Entry | null {
  const bytes = key(index);
  return table.find(bytes.dataStart, bytes.length);
}

test("a table has what was added and not removed, while it grows and shrinks", () => {
  const random = new TestRandom(5);
  seedHash(random);
  const before = usedBytes;
  const table = newTable();
  const there = new Set<i32>();
  for (let round = 0; round < 40_000; round++) {
    // Mostly more, then mostly fewer.
    const index = <i32>random.below(3000);
    const entry = find(table, index);
    expect<bool>(entry !== null).toBe(there.has(index));
    const grows = round < 20_000;
    if (entry === null && (grows || random.below(20) == 0)) {
      const bytes = key(index);
      table.add(bytes.dataStart, bytes.length).extra = <i64>index;
      there.add(index);
    } else if (entry !== null && (!grows || random.below(20) == 0)) {
      expect(entry.extra).toBe(<i64>index);
      table.remove(entry);
      there.delete(index);
    }
    expect(table.count).toBe(there.size);
    if (table.count > 0) expect(there.has(<i32>anyEntry(table, random.u64()).extra)).toBe(true);
  }
  for (let index = 0; index < 3000; index++) {
    const entry = find(table, index);
    if (entry !== null) table.remove(entry);
  }
  table.freeBuckets();
  expect(usedBytes).toBe(before);
});

test("a scan gives all that is there from its beginning to its end, however the table changes meanwhile", () => {
  const random = new TestRandom(6);
  seedHash(random);
  for (let round = 0; round < 60; round++) {
    const table = newTable();
    const stays = 1 + <i32>random.below(200);
    for (let index = 0; index < stays; index++) {
      const bytes = key(index);
      table.add(bytes.dataStart, bytes.length).extra = <i64>index;
    }
    const seen = new Set<i32>();
    let cursor: u64 = 0;
    let calls = 0;
    do {
      for (let which = 0; which < table.scannedBuckets; which++) {
        for (let at = table.scanned(cursor, which); at != 0; at = <usize>changetype<Entry>(at).next)
          seen.add(<i32>changetype<Entry>(at).extra);
      }
      cursor = table.after(cursor);
      // Others come and go in between.
      for (let i = 0; i < 8; i++) {
        const index = 1000 + <i32>random.below(round % 2 == 0 ? 2000 : 60);
        const entry = find(table, index);
        if (entry !== null) table.remove(entry);
        else if (calls < 300) {
          const bytes = key(index);
          table.add(bytes.dataStart, bytes.length).extra = <i64>index;
        }
      }
      expect(++calls).toBeLessThan(100_000);
    } while (cursor != 0);
    for (let index = 0; index < stays; index++) expect(seen.has(index)).toBe(true);
  }
});
