import { Event, NO_DEADLINE } from "@phantasm/abi";
import { describe, expect, test, world } from "@phantasm/testing";
import { dispatch, enter, hold, leave } from "../domain";
import { observation } from "../observation";
import { Heap } from "./statistics";
import { Stress, checkCollections, setStress } from "./testing";

class Node {
  a: Node | null = null;
  b: Node | null = null;

  constructor(readonly value: i32) {}
}

/** What a test holds between two steps: no frame may. */
let root: Node | null = null;
let keptNodes: Node[] = [];
/** Static: its elements are known when the image is compiled. */
const shelf: StaticArray<Node | null> = [null, null, null, null];
let bytes: ArrayBuffer | null = null;
let behind: ArrayBuffer | null = null;
const statistics: Heap = new Heap();

/** One step that does nothing but collect; returns its deadline. */
function step(events: i32 = 0): i64 {
  enter(world.advance(1), events);
  dispatch();
  return leave();
}

function chain(length: i32): Node | null {
  let first: Node | null = null;
  for (let i = length; i > 0; i--) {
    const node = new Node(i);
    node.a = first;
    first = node;
  }
  return first;
}

function lengthOf(first: Node | null): i32 {
  let length = 0;
  let node = first;
  while (node !== null) {
    if (node.value != ++length) return -1;
    node = node.a;
  }
  return length;
}

/** Collects all there is. */
function collect(): void {
  statistics.collect();
  step();
}

describe("a collection", () => {
  test("keeps what is reachable and frees the rest", () => {
    hold();
    step();
    collect();
    const before = statistics.used;
    root = chain(1000);
    const full = statistics.used;
    expect(full).toBeGreaterThan(before + 16_000);
    collect();
    expect(statistics.used).toBe(full);
    expect(lengthOf(root)).toBe(1000);
    root = null;
    collect();
    expect(statistics.used).toBe(before);
  });

  test("frees rings", () => {
    hold();
    step();
    collect();
    const before = statistics.used;
    const first = new Node(1);
    const last = new Node(2);
    first.a = last;
    last.a = first;
    collect();
    expect(statistics.used).toBe(before);
  });

  test("is only asked for: nothing is freed before the step ends", () => {
    hold();
    step();
    root = chain(100);
    root = null;
    const used = statistics.used;
    const collections = statistics.collections;
    __collect();
    expect(statistics.used).toBe(used);
    expect(statistics.collections).toBe(collections);
    step();
    expect(statistics.used).toBeLessThan(used);
    expect(statistics.collections).toBe(collections + 1);
  });

  test("that was asked for while one runs frees what that one had passed", () => {
    hold();
    step();
    collect();
    const before = statistics.used;
    root = chain(300);
    setStress(Stress.SLICES);
    for (let i = 0; i < 320; i++) step();
    root = null;
    setStress(Stress.NONE);
    collect();
    expect(statistics.used).toBe(before);
  });
});

describe("a domain at rest", () => {
  test("asks for another step while a collection is not done, and then rests", () => {
    hold();
    step();
    root = chain(100_000);
    let steps = 0;
    let deadline = step();
    expect(deadline).toBe(world.now());
    while (deadline != NO_DEADLINE) {
      expect(deadline).toBe(world.now());
      expect(++steps).toBeLessThan(1000);
      deadline = step();
    }
    expect(steps).toBeGreaterThan(2);
    const collections = statistics.collections;
    expect(collections).toBe(1);
    for (let i = 0; i < 10; i++) expect(step()).toBe(NO_DEADLINE);
    expect(statistics.collections).toBe(collections);
    expect(lengthOf(root)).toBe(100_000);
  });
});

describe("what is allocated while the heap is swept", () => {
  test("stays, before and behind the place that was reached", () => {
    hold();
    step();
    checkCollections();
    // Garbage below and above what is kept, so that there is room on both sides.
    chain(4000);
    root = chain(50);
    chain(4000);
    setStress(Stress.SLICES);
    keptNodes = [];
    for (let i = 0; i < 1500; i++) {
      keptNodes.push(new Node(i));
      step();
    }
    expect(statistics.collections).toBeGreaterThan(1);
    for (let i = 0; i < 1500; i++) expect(keptNodes[i].value).toBe(i);
    expect(lengthOf(root)).toBe(50);
  });
});

test("a static object keeps what it refers to, in every collection", () => {
  hold();
  step();
  expect(changetype<usize>(shelf) < __heap_base).toBe(true);
  for (let round = 0; round < 4; round++) {
    unchecked((shelf[round] = chain(20)));
    collect();
    chain(100);
    for (let at = 0; at <= round; at++) expect(lengthOf(unchecked(shelf[at]))).toBe(20);
  }
  setStress(Stress.SLICES);
  checkCollections();
  for (let i = 0; i < 3000; i++) {
    const first = shelf[0];
    shelf[0] = shelf[3];
    shelf[3] = first;
    chain(2);
    step();
  }
  for (let at = 0; at < 4; at++) expect(lengthOf(shelf[at])).toBe(20);
});

function filled(size: i32): ArrayBuffer {
  const made = new ArrayBuffer(size);
  memory.fill(changetype<usize>(made), 0x5a, size);
  return made;
}

function intact(address: usize, size: i32): bool {
  for (let at = 0; at < size; at++) if (load<u8>(address + at) != 0x5a) return false;
  return true;
}

/** Grows in each slice of some collections; `block` may lie behind it. */
function grow(moved: bool): void {
  hold();
  step();
  setStress(Stress.SLICES);
  checkCollections();
  let moves = 0;
  for (let round = 0; round < 60; round++) {
    bytes = filled(40);
    if (moved) behind = filled(40);
    for (let size = 40; size < 2000; size += 160) {
      const address: usize = changetype<usize>(bytes);
      const next: usize = __renew(address, size + 160);
      if (next != address) moves++;
      bytes = changetype<ArrayBuffer>(next);
      expect(changetype<ArrayBuffer>(bytes).byteLength).toBe(size + 160);
      expect(intact(next, size)).toBe(true);
      memory.fill(next, 0x5a, size + 160);
      step();
      expect(intact(changetype<usize>(bytes), size + 160)).toBe(true);
    }
    if (moved) expect(intact(changetype<usize>(behind), 40)).toBe(true);
  }
  expect(statistics.collections).toBeGreaterThan(1);
  if (moved) expect(moves).toBeGreaterThan(60);
  // 13 times a round; what a check allocates may lie in the way.
  else expect(moves).toBeLessThan(60 * 13 - 100);
}

describe("an object that grows", () => {
  test("into the free room behind it, in every phase", () => {
    grow(false);
  });

  test("by moving, in every phase, and its neighbour is untouched", () => {
    grow(true);
  });

  test("counts for its size", () => {
    hold();
    step();
    collect();
    const before = statistics.used;
    bytes = filled(1000);
    const address = __renew(changetype<usize>(bytes), 100_000);
    bytes = changetype<ArrayBuffer>(address);
    expect(statistics.used).toBeGreaterThan(before + 100_000);
    bytes = null;
    collect();
    expect(statistics.used).toBe(before);
  });
});

describe("os.heap", () => {
  test("counts what is used and what was freed", () => {
    hold();
    step();
    collect();
    const used = statistics.used;
    const freed = statistics.freed;
    chain(500);
    const garbage = statistics.used - used;
    collect();
    expect(statistics.used).toBe(used);
    expect(statistics.freed - freed).toBe(garbage);
    expect(statistics.limit).toBeGreaterThan(0);
  });

  test("is what the host sees when it asks", () => {
    hold();
    step();
    chain(500);
    collect();
    step(Event.INSPECT);
    // Before anything else is allocated.
    const used = statistics.used;
    const block = observation();
    expect(block.heapUsedBytes).toBe(used);
    expect(block.heapFreedBytes).toBe(statistics.freed);
    expect(block.collections).toBe(statistics.collections);
    expect(block.heapLimitBytes).toBe(statistics.limit);
  });

  test("counts each slice once, by its work", () => {
    hold();
    step();
    root = chain(100_000);
    let sum: u32 = 0;
    let slices: u32 = 1;
    while (step() != NO_DEADLINE) slices++;
    for (let bucket = 0; bucket < 16; bucket++) sum += statistics.pauses(bucket);
    expect(sum).toBe(slices);
    // No slice did more than twice its budget: 2^15 units.
    for (let bucket = 10; bucket < 16; bucket++) expect(statistics.pauses(bucket)).toBe(0);
  });
});

test("memory stays flat over two million allocations", () => {
  hold();
  step();
  root = chain(1000);
  let pages = 0;
  for (let round = 0; round < 2000; round++) {
    for (let i = 0; i < 1000; i++) new Node(i);
    step();
    if (round == 200) pages = memory.size();
  }
  expect(memory.size()).toBe(pages);
  expect(statistics.collections).toBeGreaterThan(20);
  expect(lengthOf(root)).toBe(1000);
});
