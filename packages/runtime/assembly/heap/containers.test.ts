/**
 * Containers of more elements than are looked at in one go, changed between any two slices of a marking. A
 * second marking at its end says what the first one has missed.
 */
import { describe, expect, test, world } from "@phantasm/testing";
import { dispatch, enter, hold, leave } from "../domain";
import { collectionCount } from "./collector";
import { Stress, checkCollections, setStress } from "./testing";

/** Five parts. */
const COUNT: i32 = 2500;
/** Enough for several collections. */
const SLICES: i32 = 4000;

/** Globals, so that no frame has a reference between two steps. */
let list: string[] = [];
let out: string[] = [];
let table: StaticArray<string> = [];
const map: Map<i32, string> = new Map<i32, string>();
const names: Set<string> = new Set<string>();

function slice(): void {
  enter(world.advance(1), 0);
  dispatch();
  leave();
}

/** A new string. */
function text(number: i32): string {
  return number.toString() + ".";
}

function begin(): void {
  hold();
  for (let i = 0; i < COUNT; i++) {
    list.push(text(i));
    map.set(i, text(i));
    names.add(text(i));
  }
  const copy = new StaticArray<string>(COUNT);
  for (let i = 0; i < COUNT; i++) copy[i] = text(i);
  table = copy;
  slice();
  setStress(Stress.SLICES);
  checkCollections();
}

/** All elements are what they were, whatever their order. */
function sumOf(values: string[]): i32 {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += I32.parseInt(values[i]);
  return sum;
}

const SUM: i32 = (COUNT * (COUNT - 1)) / 2;

function compare(a: string, b: string): i32 {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareBackwards(a: string, b: string): i32 {
  return compare(b, a);
}

describe("an array that is changed while it is looked at", () => {
  test("by shift and push", () => {
    begin();
    for (let i = 0; i < SLICES; i++) {
      for (let j = 0; j < 7; j++) list.push(list.shift());
      slice();
    }
    expect(sumOf(list)).toBe(SUM);
    expect(collectionCount()).toBeGreaterThan(1);
  });

  test("by unshift and pop, in every step", () => {
    begin();
    for (let i = 0; i < SLICES; i++) {
      for (let j = 0; j < 7; j++) list.unshift(list.pop());
      slice();
    }
    expect(sumOf(list)).toBe(SUM);
    expect(collectionCount()).toBeGreaterThan(1);
  });

  test("by reverse", () => {
    begin();
    for (let i = 0; i < SLICES; i++) {
      list.reverse();
      slice();
    }
    expect(sumOf(list)).toBe(SUM);
    expect(collectionCount()).toBeGreaterThan(1);
  });

  test("by sort", () => {
    begin();
    for (let i = 0; i < 300; i++) {
      list.sort(i % 2 == 0 ? compareBackwards : compare);
      slice();
    }
    expect(sumOf(list)).toBe(SUM);
  });

  test("by copyWithin, whose source is then overwritten", () => {
    begin();
    for (let i = 0; i < SLICES; i++) {
      list.copyWithin(900 + (i % 200), 600, 900);
      list.fill(text(i), 600, 900);
      slice();
    }
    expect(list.length).toBe(COUNT);
    expect(collectionCount()).toBeGreaterThan(1);
  });

  test("by copyWithin, to and fro between its ends", () => {
    begin();
    list.fill("0.", 500, COUNT);
    const sum = sumOf(list);
    let low = true;
    for (let i = 0; i < 8 * SLICES; i++) {
      if (i % 13 == 0) {
        if (low) list.copyWithin(2000, 0, 500).fill("0.", 0, 500);
        else list.copyWithin(0, 2000, COUNT).fill("0.", 2000, COUNT);
        low = !low;
      }
      slice();
    }
    expect(sumOf(list)).toBe(sum);
    expect(collectionCount()).toBeGreaterThan(1);
  });

  test("by splice, whose result is kept and put back", () => {
    begin();
    for (let i = 0; i < SLICES; i++) {
      if (i % 2 == 0) out = list.splice(i % 1500, 600);
      else {
        list = list.concat(out);
        out = [];
      }
      slice();
    }
    expect(sumOf(list)).toBe(SUM);
  });
});

describe("other containers that are changed while they are looked at", () => {
  test("a static array", () => {
    begin();
    for (let i = 0; i < SLICES; i++) {
      table.reverse();
      slice();
    }
    let sum = 0;
    for (let i = 0; i < COUNT; i++) sum += I32.parseInt(table[i]);
    expect(sum).toBe(SUM);
    expect(collectionCount()).toBeGreaterThan(1);
  });

  test("a map and a set, which move entries when they grow and shrink", () => {
    begin();
    for (let i = 0; i < SLICES; i++) {
      const key = (i * 7) % COUNT;
      const name = map.get(key);
      map.delete(key);
      names.delete(name);
      map.set(key, text(key));
      names.add(text(key));
      slice();
    }
    expect(sumOf(map.values())).toBe(SUM);
    expect(sumOf(names.values())).toBe(SUM);
    expect(collectionCount()).toBeGreaterThan(1);
  });
});
