/** A random graph that is changed between the smallest slices there are, and what it must look like. */
import { describe, expect, test, world } from "@phantasm/testing";
import { dispatch, enter, hold, leave } from "../domain";
import { collectionCount } from "./collector";
import { Stress, checkCollections, setStress } from "./testing";

const ROOTS: i32 = 40;
const EDGES: i32 = 3;
const NONE: i32 = -1;

class Vertex {
  readonly edges: StaticArray<Vertex | null> = new StaticArray<Vertex | null>(EDGES);

  constructor(readonly number: i32) {}
}

/** The graph, in the heap. */
const roots: StaticArray<Vertex | null> = new StaticArray<Vertex | null>(ROOTS);
/** The same in numbers, without a reference to any vertex: `EDGES` for each. */
const model: Array<i32> = new Array<i32>();
const modelRoots: StaticArray<i32> = new StaticArray<i32>(ROOTS);

let state: u32 = 1;

/** xorshift32 (Marsaglia 2003). */
function below(bound: i32): i32 {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return <i32>(state % <u32>bound);
}

function slice(): void {
  enter(world.advance(1), 0);
  dispatch();
  leave();
}

/** A vertex that some walk from a root reaches; null if it ends too early. */
function somewhere(): Vertex | null {
  let at = roots[below(ROOTS)];
  for (let left = below(6); left > 0 && at !== null; left--) {
    const next = at.edges[below(EDGES)];
    if (next === null) break;
    at = next;
  }
  return at;
}

function make(): Vertex {
  const made = new Vertex(model.length / EDGES);
  for (let edge = 0; edge < EDGES; edge++) model.push(NONE);
  return made;
}

function setRoot(place: i32, vertex: Vertex | null): void {
  roots[place] = vertex;
  modelRoots[place] = vertex === null ? NONE : vertex.number;
}

function setEdge(from: Vertex, edge: i32, to: Vertex | null): void {
  from.edges[edge] = to;
  model[from.number * EDGES + edge] = to === null ? NONE : to.number;
}

function change(): void {
  switch (below(6)) {
    case 0:
      setRoot(below(ROOTS), make());
      break;
    case 1:
      setRoot(below(ROOTS), somewhere());
      break;
    case 2: {
      // Its only reference may move from one object to another, or to a root.
      const from = somewhere();
      if (from === null) break;
      const edge = below(EDGES);
      const moved = from.edges[edge];
      setEdge(from, edge, null);
      const to = somewhere();
      if (to !== null && below(2) == 0) setEdge(to, below(EDGES), moved);
      else setRoot(below(ROOTS), moved);
      break;
    }
    case 3: {
      const from = somewhere();
      if (from !== null) setEdge(from, below(EDGES), somewhere());
      break;
    }
    default: {
      const from = somewhere();
      if (from !== null) setEdge(from, below(EDGES), make());
    }
  }
}

/** Compares all that the model can reach with the graph. */
function compare(): i32 {
  const seen = new Array<bool>(model.length / EDGES);
  const work: Vertex[] = [];
  for (let place = 0; place < ROOTS; place++) {
    const vertex = roots[place];
    expect(vertex === null ? NONE : vertex.number).toBe(modelRoots[place]);
    if (vertex !== null) work.push(vertex);
  }
  let count = 0;
  while (work.length > 0) {
    const vertex = work.pop();
    if (seen[vertex.number]) continue;
    seen[vertex.number] = true;
    count++;
    for (let edge = 0; edge < EDGES; edge++) {
      const next = vertex.edges[edge];
      const expected = model[vertex.number * EDGES + edge];
      if ((next === null ? NONE : next.number) != expected)
        expect(next === null ? NONE : next.number).toBe(expected);
      if (next !== null) work.push(next);
    }
  }
  return count;
}

function run(seed: u32, mode: u32, rounds: i32): void {
  state = seed;
  for (let place = 0; place < ROOTS; place++) modelRoots[place] = NONE;
  hold();
  slice();
  setStress(mode);
  checkCollections();
  let most = 0;
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < 100; i++) {
      change();
      slice();
    }
    most = max(most, compare());
  }
  expect(most).toBeGreaterThan(ROOTS);
  expect(collectionCount()).toBeGreaterThan(2);
}

describe("a graph that changes while it is collected is what its model says", () => {
  test("in the smallest slices", () => {
    run(1, Stress.SLICES, 150);
  });

  test("in the smallest slices, otherwise", () => {
    run(20_241, Stress.SLICES, 150);
  });

  test("when everything is collected in every step", () => {
    run(77, Stress.FULL, 30);
  });
});
