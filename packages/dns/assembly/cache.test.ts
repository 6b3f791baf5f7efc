import { SECOND } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { Cache, NEGATIVE_TTL_SECONDS_MAX, TTL_SECONDS_MAX } from "./cache";
import { Dice } from "./testing";
import { NAME_BUFFER_BYTES, nameOfText } from "./wire";

const cache = new Cache(new Dice(), 64);
const name: usize = heap.alloc(NAME_BUFFER_BYTES);
const addresses: usize = heap.alloc(8 * 16);

function put(text: string, count: i32, ttl: u32, nowNs: i64 = 0, into: Cache = cache): void {
  for (let i = 0; i < count; i++) store<u64>(addresses + 16 * i, text.length + i, 8);
  into.put(name, nameOfText(text, name), 1, addresses, count, ttl, nowNs);
}

/** -1: nothing known; else how many addresses. */
function find(text: string, nowNs: i64 = 0, from: Cache = cache): i32 {
  const entry = from.find(name, nameOfText(text, name), 1, nowNs);
  if (entry == 0) return -1;
  const count = from.countOf(entry);
  for (let i = 0; i < count; i++)
    expect(load<u64>(from.addressesOf(entry) + 16 * i, 8)).toBe(text.length + i);
  return count;
}

describe("the cache", () => {
  test("keeps addresses, and that there are none", () => {
    put("a.example", 2, 60);
    put("none.example", 0, 60);
    expect(find("a.example")).toBe(2);
    expect(find("A.EXAMPLE")).toBe(2);
    expect(find("none.example")).toBe(0);
    expect(find("b.example")).toBe(-1);
    expect(cache.find(name, nameOfText("a.example", name), 28, 0)).toBe(0);
    expect(cache.hits).toBe(3);
    expect(cache.misses).toBe(2);
  });

  test("a newer answer takes the place of the older", () => {
    put("a.example", 2, 60);
    put("a.example", 1, 10, SECOND);
    expect(find("a.example", 10 * SECOND)).toBe(1);
    expect(find("a.example", 11 * SECOND)).toBe(-1);
    expect(cache.evictions).toBe(0);
  });

  test("times have limits", () => {
    put("a", 1, u32.MAX_VALUE);
    expect(find("a", <i64>TTL_SECONDS_MAX * SECOND - 1)).toBe(1);
    expect(find("a", <i64>TTL_SECONDS_MAX * SECOND)).toBe(-1);
    put("b", 0, u32.MAX_VALUE);
    expect(find("b", <i64>NEGATIVE_TTL_SECONDS_MAX * SECOND - 1)).toBe(0);
    expect(find("b", <i64>NEGATIVE_TTL_SECONDS_MAX * SECOND)).toBe(-1);
    put("c", 1, 0);
    expect(find("c")).toBe(-1);
  });

  test("limits that are set", () => {
    cache.ttlSecondsMin = 10;
    cache.ttlSecondsMax = 20;
    put("a", 1, 1);
    put("b", 1, 100);
    put("c", 1, 0);
    put("d", 0, 1);
    expect(find("a", 10 * SECOND - 1)).toBe(1);
    expect(find("a", 10 * SECOND)).toBe(-1);
    expect(find("b", 20 * SECOND - 1)).toBe(1);
    expect(find("b", 20 * SECOND)).toBe(-1);
    expect(find("c")).toBe(-1);
    expect(find("d", 10 * SECOND - 1)).toBe(0);
  });

  test("the longest name and all addresses fit, and reach no further", () => {
    const small = new Cache(new Dice(), 1);
    const long = ("a".repeat(63) + ".").repeat(3) + "b".repeat(60);
    for (let i = 0; i < 8; i++) put(long + String.fromCharCode(0x61 + i), 8, 60, 0, small);
    for (let i = 0; i < 8; i++)
      expect(find(long + String.fromCharCode(0x61 + i), 0, small)).toBe(8);
  });

  test("in a full set, who was not asked for longest goes", () => {
    const small = new Cache(new Dice(), 8);
    for (let i = 0; i < 8; i++) put(`${i}`, 1, 60, i, small);
    expect(find("0", 8, small)).toBe(1);
    put("8", 1, 60, 9, small);
    expect(small.evictions).toBe(1);
    expect(find("1", 10, small)).toBe(-1);
    expect(find("0", 10, small)).toBe(1);
    for (let i = 2; i <= 8; i++) expect(find(`${i}`, 10, small)).toBe(1);
  });

  test("who has expired goes first", () => {
    const small = new Cache(new Dice(), 8);
    for (let i = 0; i < 8; i++) put(`${i}`, 1, i == 5 ? 1 : 60, i, small);
    expect(find("5", SECOND - 1, small)).toBe(1);
    put("8", 1, 60, 2 * SECOND, small);
    expect(small.evictions).toBe(0);
    for (let i = 0; i < 9; i++) expect(find(`${i}`, 2 * SECOND, small)).toBe(i == 5 ? -1 : 1);
  });

  test("holds no more than its entries, and most of what fits", () => {
    for (let i = 0; i < 1000; i++) put(`${i}.example`, 1, 60, i);
    let found = 0;
    for (let i = 0; i < 1000; i++) if (find(`${i}.example`, 1000) == 1) found++;
    expect(found).toBe(64);
    expect(cache.evictions).toBe(936);
    cache.clear();
    put("a.example", 1, 60);
    expect(find("999.example", 1000)).toBe(-1);
    expect(find("a.example", 1000)).toBe(1);
  });

  test("without entries it keeps nothing", () => {
    const none = new Cache(new Dice(), 0);
    put("a", 1, 60, 0, none);
    expect(find("a", 0, none)).toBe(-1);
  });
});
