/** Things to do with references across waits; each returns a number that proves it found them again. */
import { pause } from "./pause";
import { Draw, mix, mixText } from "./random";

class Tree {
  left: Tree | null = null;
  right: Tree | null = null;

  constructor(readonly value: u32) {}
}

function grow(draw: Draw, depth: u32): Tree {
  const tree = new Tree(draw.below(1000));
  if (depth == 0) return tree;
  const left = grow(draw, depth - 1);
  if (draw.below(3) == 0) pause();
  tree.right = grow(draw, depth - 1);
  tree.left = left;
  return tree;
}

function sum(tree: Tree | null, digest: u32): u32 {
  if (tree === null) return digest;
  return sum(tree.right, sum(tree.left, mix(digest, tree.value)));
}

/** A tree whose halves are for a while in no field, only in frames. */
export function trees(draw: Draw): u32 {
  const tree = grow(draw, 4);
  const left = tree.left;
  const right = tree.right;
  tree.left = null;
  tree.right = null;
  pause();
  const spare = grow(draw, 2);
  pause();
  tree.left = right;
  tree.right = left;
  return sum(spare, sum(tree, 1));
}

export function strings(draw: Draw): u32 {
  let text = "";
  const parts: string[] = [];
  for (let i: u32 = 0; i < 12; i++) {
    const part = `${draw.below(1_000_000)}-${i}`;
    parts.push(part);
    text += part;
    if (i % 4 == 0) pause();
  }
  return mixText(mixText(3, text), parts.join("+"));
}

export function maps(draw: Draw): u32 {
  const byNumber = new Map<u32, Tree>();
  const byText = new Map<string, Array<Tree>>();
  const texts = new Set<string>();
  for (let i: u32 = 0; i < 60; i++) {
    const key = draw.below(40);
    if (draw.below(4) == 0) byNumber.delete(key);
    else byNumber.set(key, new Tree(key * 3 + i));
    const name = key.toString();
    if (!byText.has(name)) byText.set(name, []);
    byText.get(name).push(new Tree(i));
    texts.add(`${name}.`);
    if (i % 8 == 0) pause();
  }
  let digest: u32 = 5;
  const keys = byNumber.keys();
  for (let i = 0; i < keys.length; i++) {
    digest = mix(digest, byNumber.get(keys[i]).value);
    if (i % 16 == 0) pause();
  }
  const lists = byText.values();
  for (let i = 0; i < lists.length; i++)
    for (let j = 0; j < lists[i].length; j++) digest = mix(digest, lists[i][j].value);
  const all = texts.values();
  for (let i = 0; i < all.length; i++) digest = mixText(digest, all[i]);
  return digest;
}

/** Every method of an array that moves references. */
export function arrays(draw: Draw): u32 {
  let list: Tree[] = [];
  for (let i: u32 = 0; i < 50; i++) {
    switch (draw.below(10)) {
      case 0:
        if (list.length > 0) list.shift();
        break;
      case 1:
        list.unshift(new Tree(i));
        break;
      case 2:
        list.reverse();
        break;
      case 3:
        list = list.slice(list.length >> 2);
        break;
      case 4:
        if (list.length > 3) list.splice(1, 2);
        break;
      case 5:
        list = list.concat([new Tree(i), new Tree(i + 1)]);
        break;
      case 6:
        if (list.length > 4) list.copyWithin(0, 2, 4);
        break;
      case 7:
        if (list.length > 0) list.pop();
        break;
      default:
        list.push(new Tree(draw.below(100)));
    }
    if (i % 5 == 0) pause();
  }
  list.sort((a: Tree, b: Tree): i32 => <i32>a.value - <i32>b.value);
  pause();
  let digest: u32 = 7;
  for (let i = 0; i < list.length; i++) digest = mix(digest, list[i].value);
  return digest;
}

export function bytes(draw: Draw): u32 {
  const data = new Uint8Array(200 + draw.below(3000));
  for (let i = 0; i < data.length; i++) data[i] = <u8>draw.below(256);
  pause();
  const part = data.subarray(50, 150);
  const copy = Uint8Array.wrap(data.buffer, 10, 100);
  pause();
  let digest: u32 = 9;
  for (let i = 0; i < part.length; i++) digest = mix(digest, part[i]);
  for (let i = 0; i < copy.length; i++) digest = mix(digest, copy[i]);
  return digest;
}

abstract class Shape {
  abstract area(draw: Draw): u32;
}

class Square extends Shape {
  constructor(private readonly side: Tree) {
    super();
  }

  area(draw: Draw): u32 {
    const side = this.side;
    pause();
    return side.value * side.value;
  }
}

class Double extends Shape {
  constructor(private readonly inner: Shape) {
    super();
  }

  area(draw: Draw): u32 {
    const extra = new Tree(draw.below(9));
    return this.inner.area(draw) * 2 + extra.value;
  }
}

/** Waits inside virtual calls, calls of function values, and a deep recursion. */
export function calls(draw: Draw): u32 {
  let shape: Shape = new Square(new Tree(draw.below(50)));
  for (let i: u32 = 0; i < 1 + draw.below(6); i++) shape = new Double(shape);
  let digest = mix(11, shape.area(draw));
  const list = [new Tree(1), new Tree(draw.below(77)), new Tree(3)];
  const doubled = list.map<Tree>((tree: Tree): Tree => {
    pause();
    return new Tree(tree.value * 2);
  });
  for (let i = 0; i < doubled.length; i++) digest = mix(digest, doubled[i].value);
  return mix(digest, deep(draw, 20 + draw.below(40), new Tree(1)));
}

function deep(draw: Draw, depth: u32, below: Tree): u32 {
  if (depth == 0) {
    pause();
    return below.value;
  }
  const own = new Tree(below.value + depth);
  const result = deep(draw, depth - 1, own);
  if (depth % 8 == 0) pause();
  return result + own.value - below.value;
}

/** A ring from which links are taken and put back; what is taken out is for a while in a local only. */
class Link {
  next: Link | null = null;

  constructor(readonly value: u32) {}
}

export function rings(draw: Draw): u32 {
  const first = new Link(0);
  let last = first;
  for (let i: u32 = 1; i < 30; i++) {
    const link = new Link(i);
    last.next = link;
    last = link;
  }
  last.next = first;
  let digest: u32 = 13;
  let at: Link = first;
  for (let i: u32 = 0; i < 20; i++) {
    const taken = changetype<Link>(at.next);
    at.next = taken.next;
    taken.next = null;
    pause();
    digest = mix(digest, taken.value);
    const place = changetype<Link>(at.next);
    taken.next = place.next;
    place.next = taken;
    at = place;
  }
  return digest;
}

/** Static arrays, among them one of more elements than a collector looks at in one go. */
export function tables(draw: Draw): u32 {
  const table = new StaticArray<Tree | null>(3000);
  let digest: u32 = 17;
  for (let i = 0; i < 300; i++) {
    table[draw.below(3000)] = new Tree(i);
    if (i % 100 == 0) pause();
  }
  table.reverse();
  pause();
  for (let i = 0; i < table.length; i++) {
    const tree = table[i];
    if (tree !== null) digest = mix(digest, tree.value + i);
  }
  return digest;
}

/** In a static object of the image, not in its heap; each caller has a place of its own. */
const SHELVES: StaticArray<Tree | null> = [
  null,
  null,
  null,
  null,
  null,
  null,
  null,
  null,
  null,
  null,
  null,
  null,
  null,
  null,
  null,
  null,
];
const shelfTaken: StaticArray<bool> = new StaticArray<bool>(16);

/** What only a static object refers to. */
export function shelves(draw: Draw): u32 {
  let place = 0;
  while (place < shelfTaken.length && shelfTaken[place]) place++;
  if (place == shelfTaken.length) return sum(grow(draw, 3), 41);
  shelfTaken[place] = true;
  fillShelf(draw, place);
  for (let i = 0; i < 6; i++) pause();
  const digest = sum(SHELVES[place], 41);
  SHELVES[place] = null;
  shelfTaken[place] = false;
  return digest;
}

/** In a frame of its own, so that none refers to it afterwards. */
function fillShelf(draw: Draw, place: i32): void {
  SHELVES[place] = grow(draw, 3);
}

let hidden0: Tree | null = null;
let hidden1: Tree | null = null;
let hiddenCount: u32 = 0;

/** Not in the caller's frame: nothing but the global refers to it from here on. */
function hide(tree: Tree, place: u32): void {
  const left = tree.left;
  tree.left = null;
  if (place == 0) hidden0 = left;
  else hidden1 = left;
}

function found(place: u32): Tree | null {
  const tree = place == 0 ? hidden0 : hidden1;
  if (place == 0) hidden0 = null;
  else hidden1 = null;
  return tree;
}

/** What moves from an object to a global, and later back. */
export function globals(draw: Draw): u32 {
  const tree = grow(draw, 5);
  if (hiddenCount != 0) return sum(tree, 43);
  hiddenCount = 2;
  for (let i: u32 = 0; i < 4; i++) {
    for (let j = 0; j < 3; j++) pause();
    hide(tree, i & 1);
    for (let j = 0; j < 3; j++) pause();
    tree.left = found(i & 1);
  }
  hiddenCount = 0;
  return sum(tree, 43);
}
