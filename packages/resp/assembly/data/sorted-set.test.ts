import { expect, test } from "@phantasm/testing";
import { TestRandom } from "@phantasm/testing/random";
import { usedBytes } from "../memory/heap";
import { seedHash } from "../memory/siphash";
import { bytesOf } from "../testing";
import { entryOf, newSortedSet, scoreOf, seedHeights } from "./sorted-set";

test("ranks, order and links fit a sorted list", () => {
  const random = new TestRandom(3);
  seedHash(random);
  seedHeights(random.u64());
  const before = usedBytes;
  const set = newSortedSet();
  const scores = new Map<i32, f64>();
  for (let round = 0; round < 3000; round++) {
    const index = <i32>random.below(60);
    const name = bytesOf("m" + index.toString().padStart(2, "0"));
    const score = <f64>random.below(10);
    const entry = set.table.find(name.dataStart, name.length);
    expect<bool>(entry !== null).toBe(scores.has(index));
    if (entry === null) {
      set.add(name.dataStart, name.length, score);
      scores.set(index, score);
    } else if (random.below(3) == 0) {
      set.remove(entry);
      scores.delete(index);
    } else {
      set.move(entry, score);
      scores.set(index, score);
    }
    if (round % 10 != 0) continue;
    let rank = 0;
    let last: usize = 0;
    for (let value = 0; value < 10; value++) {
      for (let member = 0; member < 60; member++) {
        if (!scores.has(member) || scores.get(member) != <f64>value) continue;
        const node = set.at(rank);
        expect(scoreOf(entryOf(node))).toBe(<f64>value);
        expect(set.rank(entryOf(node))).toBe(rank);
        expect(set.previous(node)).toBe(last);
        if (last != 0) expect(set.next(last)).toBe(node);
        last = node;
        rank++;
      }
    }
    expect(set.count).toBe(rank);
    expect(set.last).toBe(last);
  }
  set.free();
  expect(usedBytes).toBe(before);
});
