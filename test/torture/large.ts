/** Containers of more elements than the collector looks at in one go, changed while it does. */
import { pause } from "./pause";
import { Draw, mix } from "./random";

class Leaf {
  constructor(readonly value: u32) {}
}

function compareLeaves(a: Leaf, b: Leaf): i32 {
  return <i32>a.value - <i32>b.value;
}

function leaves(draw: Draw, count: u32): Leaf[] {
  const made: Leaf[] = [];
  for (let i: u32 = 0; i < count; i++) made.push(new Leaf(draw.below(10_000)));
  return made;
}

function digestOf(list: Leaf[], digest: u32): u32 {
  for (let i = 0; i < list.length; i++) digest = mix(digest, list[i].value);
  return digest;
}

/** Moves elements; what leaves the list is kept in a local for a while. */
export function largeArrays(draw: Draw): u32 {
  let list = leaves(draw, 800 + draw.below(1000));
  let digest: u32 = 19;
  for (let i = 0; i < 16; i++) {
    pause();
    switch (draw.below(12)) {
      case 0:
        digest = mix(digest, list.shift().value);
        break;
      case 1:
        list.unshift(new Leaf(i));
        break;
      case 2: {
        // From the front: the elements of every part move down.
        const out = list.splice(0, <i32>draw.below(200));
        pause();
        digest = digestOf(out, digest);
        break;
      }
      case 3: {
        const out = list.splice(300, 300);
        pause();
        list = out.concat(list);
        break;
      }
      case 4:
        list.reverse();
        break;
      case 5:
        list.sort(compareLeaves);
        break;
      case 6:
        list.copyWithin(<i32>draw.below(700), 100, 400);
        break;
      case 7:
        list = list.slice(<i32>draw.below(50));
        break;
      case 8:
        list.fill(new Leaf(i), 10, 20);
        break;
      case 9:
        for (let j = 0; j < 40; j++) list.unshift(list.pop());
        break;
      case 10:
        for (let j = 0; j < 40; j++) list.push(list.shift());
        break;
      default:
        for (let j = 0; j < 100; j++) list.push(new Leaf(draw.below(100)));
    }
    while (list.length < 700) list.push(new Leaf(list.length));
  }
  pause();
  return digestOf(list, digest);
}

/** The same of arrays whose length is fixed. */
export function largeTables(draw: Draw): u32 {
  let table = StaticArray.fromArray(leaves(draw, 1100));
  for (let i = 0; i < 8; i++) {
    pause();
    switch (draw.below(6)) {
      case 0:
        table.reverse();
        break;
      case 1:
        table.sort(compareLeaves);
        break;
      case 2:
        table.copyWithin(<i32>draw.below(700), 50, 350);
        break;
      case 3:
        table = table.concat(StaticArray.fromArray(leaves(draw, 50)));
        break;
      case 4:
        table = table.slice<StaticArray<Leaf>>(20);
        break;
      default:
        table.fill(new Leaf(i), 100, 110);
    }
  }
  pause();
  return digestOf(table.slice<Leaf[]>(), 23);
}

/** Entries move down when a table has grown or shrunk. */
export function largeMaps(draw: Draw): u32 {
  const map = new Map<u32, Leaf>();
  const set = new Set<Leaf>();
  for (let i: u32 = 0; i < 900; i++) {
    const leaf = new Leaf(i);
    map.set(draw.below(4000), leaf);
    set.add(leaf);
    if (i % 300 == 0) pause();
  }
  for (let round: u32 = 0; round < 8; round++) {
    for (let i: u32 = 0; i < 150; i++) {
      const key = draw.below(4000);
      if (!map.has(key)) map.set(key, new Leaf(key));
      else if (draw.below(2) == 0) map.delete(key);
      else set.delete(map.get(key));
    }
    pause();
  }
  const values = map.values();
  pause();
  const kept = set.values();
  pause();
  return digestOf(kept, digestOf(values, mix(29, map.size)));
}
