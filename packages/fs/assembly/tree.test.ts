/** Looking up in sorted names, compared with looking at each. */
import { FileList, NOT_FOUND } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { TestRandom } from "@phantasm/testing/random";
import { ENTRY_BYTES, EntryFlag, PAGE_NAMES, Tree } from "./tree";

/** A tree of one directory; names are in the order of their bytes. */
function treeOf(names: string[]): Tree {
  const entries = heap.alloc(<usize>(names.length + 1) * ENTRY_BYTES);
  const tree = new Tree(0, entries);
  memory.fill(entries, 0, <usize>(names.length + 1) * ENTRY_BYTES);
  tree.at(0).flags = EntryFlag.DIRECTORY;
  tree.at(0).first = 1;
  tree.at(0).count = names.length;
  for (let i = 0; i < names.length; i++) {
    const bytes = Uint8Array.wrap(String.UTF8.encode(names[i]));
    const copy = heap.alloc(bytes.length);
    memory.copy(copy, bytes.dataStart, bytes.length);
    tree.at(i + 1).name = <u32>copy;
    tree.at(i + 1).nameBytes = <u16>bytes.length;
  }
  return tree;
}

function compareBytes(a: string, b: string): i32 {
  const left = Uint8Array.wrap(String.UTF8.encode(a));
  const right = Uint8Array.wrap(String.UTF8.encode(b));
  const common = min(left.length, right.length);
  const order = memory.compare(left.dataStart, right.dataStart, common);
  return order != 0 ? order : left.length - right.length;
}

test("names of all lengths of UTF-8, with much in common", () => {
  const parts: string[] = [
    "a",
    "b",
    "~",
    "\u00a0",
    "ü",
    "\u07ff",
    "\u0800",
    "日",
    "\uffee",
    "🎉",
    "\u{10ffff}",
  ];
  for (let seed = 1; seed <= 60; seed++) {
    const random = new TestRandom(<u64>seed * 0x9e37_79b9);
    const names: string[] = [];
    for (let count = random.below(80); count > 0; count--) {
      let name = "";
      for (let length = 1 + random.below(5); length > 0; length--)
        name += parts[random.below(parts.length)];
      let at = 0;
      while (at < names.length && compareBytes(names[at], name) < 0) at++;
      if (at == names.length) names.push(name);
      else if (names[at] != name) {
        names.push("");
        for (let i = names.length - 1; i > at; i--) names[i] = names[i - 1];
        names[at] = name;
      }
    }
    const tree = treeOf(names);
    for (let i = 0; i < names.length; i++) {
      expect(tree.find("/" + names[i])).toBe(i + 1);
      const longer = names[i] + parts[random.below(parts.length)];
      expect(tree.find("/" + longer)).toBe(
        names.includes(longer) ? names.indexOf(longer) + 1 : NOT_FOUND,
      );
    }
    for (const part of parts)
      expect(tree.find("/" + part)).toBe(
        names.includes(part) ? names.indexOf(part) + 1 : NOT_FOUND,
      );
  }
});

test("pages", () => {
  const names: string[] = [];
  for (let i = 0; i < 2 * PAGE_NAMES + 1; i++) names.push((1000 + i).toString());
  const tree = treeOf(names);
  const list = new FileList();
  expect(tree.list(0, "", list)).toBe(PAGE_NAMES);
  expect(list.next).toBe((1000 + PAGE_NAMES).toString());
  expect(tree.list(0, list.next, list)).toBe(PAGE_NAMES);
  expect(tree.list(0, list.next, list)).toBe(1);
  expect(list.next).toBe("");
  expect(tree.list(0, "2", list)).toBe(0);
  expect(tree.list(0, "10005", list)).toBe(PAGE_NAMES);
  expect(list.names[0]).toBe("1001");
});
