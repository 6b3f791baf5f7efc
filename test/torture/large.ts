/** Containers of more elements than the collector looks at in one go, changed while it does. */
import { yieldNow } from "@phantasm/fibre";
import { pause } from "./pause";
import { Draw, mix, mixText } from "./random";

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

const SEVERAL_PARTS: u32 = 2500;
/** So many changes are of one kind: a change of another kind would have the container looked at again. */
const CHANGES_OF_A_KIND: u32 = 1500;
const KINDS: u32 = 11;

/** A new string: holds no references, so that marking is over nearly as soon as the containers are seen. */
function text(value: u32): string {
  return value.toString() + ".";
}

function texts(draw: Draw, count: u32): string[] {
  const made: string[] = [];
  for (let i: u32 = 0; i < count; i++) made.push(text(draw.below(10_000)));
  return made;
}

function compareTexts(a: string, b: string): i32 {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareBackwards(a: string, b: string): i32 {
  return compareTexts(b, a);
}

function digestOfTexts(list: string[], digest: u32): u32 {
  for (let i = 0; i < list.length; i++) digest = mixText(digest, list[i]);
  return digest;
}

/** Held by an object, so that no frame refers to the elements while others have their turn. */
class Containers {
  list: string[] = [];
  out: string[] = [];
  table: StaticArray<string> = [];
  map: Map<u32, string> = new Map<u32, string>();

  fill(draw: Draw): void {
    this.list = texts(draw, SEVERAL_PARTS);
    this.table = StaticArray.fromArray(texts(draw, SEVERAL_PARTS));
    for (let key: u32 = 0; key < SEVERAL_PARTS; key++) this.map.set(key, text(key));
  }

  change(draw: Draw, kind: u32): void {
    const list = this.list;
    const table = this.table;
    switch (kind < 10 ? kind : 10 + draw.below(4)) {
      case 0:
        for (let i = draw.below(20); i > 0; i--) list.unshift(list.pop());
        break;
      case 1:
        for (let i = draw.below(20); i > 0; i--) list.push(list.shift());
        break;
      case 2:
        list.reverse();
        break;
      case 3:
        if (draw.below(8) == 0) list.sort(draw.below(2) == 0 ? compareTexts : compareBackwards);
        break;
      case 4:
        if (draw.below(8) == 0) {
          const from = draw.below(700);
          list.copyWithin(1024 + draw.below(150), from, from + 300);
          for (let i: u32 = from; i < from + 300; i++) list[i] = text(draw.below(10_000));
        }
        break;
      case 5:
        table.reverse();
        break;
      case 6:
        if (draw.below(8) == 0) table.sort(draw.below(2) == 0 ? compareTexts : compareBackwards);
        break;
      case 7:
        if (draw.below(8) == 0) {
          const from = draw.below(700);
          table.copyWithin(1024 + draw.below(150), from, from + 300);
          for (let i: u32 = from; i < from + 300; i++) table[i] = text(draw.below(10_000));
        }
        break;
      case 8:
        for (let i = 0; i < 30; i++) this.map.delete(draw.below(SEVERAL_PARTS));
        break;
      case 9:
        for (let i = 0; i < 20; i++) {
          const key = draw.below(SEVERAL_PARTS);
          this.map.set(key, text(key + i));
        }
        break;
      case 10:
        this.out = list.splice(draw.below(400), draw.below(400));
        break;
      case 11:
        this.list = this.out.concat(list);
        this.out = [];
        break;
      case 12:
        this.list = list.slice(10);
        break;
      case 13:
        this.table = table
          .slice<StaticArray<string>>(100)
          .concat(table.slice<StaticArray<string>>(0, 100));
        break;
      default:
        break;
    }
    while (this.list.length < 1500) this.list.push(text(this.list.length));
  }

  digest(): u32 {
    let digest = digestOfTexts(this.out, digestOfTexts(this.list, 47));
    for (let i = 0; i < this.table.length; i++) digest = mixText(digest, this.table[i]);
    return digestOfTexts(this.map.values(), digest);
  }
}

const containers: Containers = new Containers();

/** One change in a turn, so that with small slices some fall between any two parts of a container. */
export function churn(draw: Draw, changes: u32, still: bool): u32 {
  containers.fill(draw);
  for (let i: u32 = 0; i < changes; i++) {
    containers.change(draw, (i / CHANGES_OF_A_KIND) % KINDS);
    if (!still) yieldNow();
  }
  return containers.digest();
}
