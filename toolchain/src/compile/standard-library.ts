/**
 * Changes to AssemblyScript's own library, made in memory before the first compilation of a process. Each
 * names the text it replaces, so that another version of the compiler fails loudly.
 *
 * The collector is ours (packages/runtime/assembly/heap); the allocator is AssemblyScript's, but grows as
 * ours says; and containers tell the collector when they move references without storing them one by
 * one, and show it their elements in parts.
 */

const HEAP = "@phantasm/runtime/heap";

interface Change {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** The elements of a container, or those of one part when it has too many to visit in one go. */
function inParts(container: string, elements: string): string {
  return `let count = <u32>${elements};
      if (cookie == 0 && __visit_in_parts(changetype<usize>(${container}), count)) return;`;
}

const CHANGES: readonly Change[] = [
  {
    file: "rt/index-minimal",
    from: 'import "./tcms";',
    to: `import "${HEAP}/collector";`,
  },
  {
    file: "rt/tlsf",
    from: 'import { E_ALLOCATION_TOO_LARGE } from "../util/error";',
    to: `import { E_ALLOCATION_TOO_LARGE } from "../util/error";
import { growthPages } from "${HEAP}/pacing";
import { finishSweep } from "${HEAP}/collector";
import { outOfMemory } from "${HEAP}/exhausted";`,
  },
  {
    file: "rt/tlsf",
    from: "let pagesWanted = max(pagesBefore, pagesNeeded); // double memory",
    to: "let pagesWanted = growthPages(pagesBefore, pagesNeeded);",
  },
  {
    file: "rt/tlsf",
    from: "if (memory.grow(pagesNeeded) < 0) unreachable();",
    // What is known to be garbage may be enough.
    to: `if (memory.grow(pagesNeeded) < 0) {
      finishSweep();
      if (!searchBlock(root, size)) outOfMemory();
      return;
    }`,
  },
  // A function that waits in the middle of an array literal or of `map` shows the collector what is there.
  {
    file: "rt",
    from: "  let buffer = __new(size, id);\n  if (data) memory.copy(buffer, data, size);",
    to: "  let buffer = data ? __new(size, id) : __new_cleared(size, id);\n  if (data) memory.copy(buffer, data, size);",
  },
  // What was cut off from an array may have been collected: it must not come back when the array grows.
  {
    file: "array",
    from: "    ensureCapacity(changetype<usize>(this), newLength, alignof<T>(), false);\n",
    to: `    ensureCapacity(changetype<usize>(this), newLength, alignof<T>(), false);
    if (isManaged<T>()) clearElements(this.dataStart, this.length_, newLength);
`,
  },
  {
    file: "array",
    from: "      ensureCapacity(changetype<usize>(this), index + 1, alignof<T>());\n",
    to: `      ensureCapacity(changetype<usize>(this), index + 1, alignof<T>());
      if (isManaged<T>()) clearElements(this.dataStart, this.length_, index);
`,
  },
  {
    file: "array",
    from: "export class Array<T> {",
    to: `/** Sets references to null. */
function clearElements(start: usize, from: i32, to: i32): void {
  if (to > from) memory.fill(start + (<usize>from << 2), 0, <usize>(to - from) << 2);
}

export class Array<T> {`,
  },
  // Moves to a higher place, or in both directions.
  {
    file: "array",
    from: "    let ptr = this.dataStart;\n    memory.copy(\n      ptr + sizeof<T>(),",
    to: "    if (isManaged<T>()) __rescan(changetype<usize>(this));\n    let ptr = this.dataStart;\n    memory.copy(\n      ptr + sizeof<T>(),",
  },
  {
    file: "array",
    from: "    REVERSE<T>(this.dataStart, this.length_);",
    to: "    if (isManaged<T>()) __rescan(changetype<usize>(this));\n    REVERSE<T>(this.dataStart, this.length_);",
  },
  {
    file: "array",
    from: "    SORT<T>(this.dataStart, this.length_, comparator);",
    to: "    if (isManaged<T>()) __rescan(changetype<usize>(this));\n    SORT<T>(this.dataStart, this.length_, comparator);",
  },
  {
    file: "array",
    from: "    memory.copy( // is memmove\n",
    to: "    if (isManaged<T>()) __rescan(changetype<usize>(this));\n    memory.copy( // is memmove\n",
  },
  {
    file: "staticarray",
    from: "    memory.copy( // is memmove\n",
    to: "    if (isManaged<T>()) __rescan(changetype<usize>(this));\n    memory.copy( // is memmove\n",
  },
  {
    file: "staticarray",
    from: "    SORT<T>(changetype<usize>(this), this.length, comparator);",
    to: "    if (isManaged<T>()) __rescan(changetype<usize>(this));\n    SORT<T>(changetype<usize>(this), this.length, comparator);",
  },
  {
    file: "staticarray",
    from: "    REVERSE<T>(changetype<usize>(this), this.length);",
    to: "    if (isManaged<T>()) __rescan(changetype<usize>(this));\n    REVERSE<T>(changetype<usize>(this), this.length);",
  },
  // A new array that is filled by copying.
  {
    file: "array",
    from: "    let offset = start + deleteCount;\n",
    to: "    if (isManaged<T>()) __rescan(changetype<usize>(result));\n    let offset = start + deleteCount;\n",
  },
  // Elements in parts.
  {
    file: "array",
    from: `      let cur = this.dataStart;
      let end = cur + (<usize>this.length_ << alignof<T>());
      while (cur < end) {
        let val`,
    to: `      ${inParts("this", "this.length_")}
      let base = this.dataStart;
      let cur = base + (<usize>__part_start(cookie) << alignof<T>());
      let end = base + (<usize>__part_end(cookie, count) << alignof<T>());
      while (cur < end) {
        let val`,
  },
  {
    file: "staticarray",
    from: `      let cur = changetype<usize>(this);
      let end = cur + changetype<OBJECT>(changetype<usize>(this) - TOTAL_OVERHEAD).rtSize;
      while (cur < end) {
        let val`,
    to: `      ${inParts("this", "this.length")}
      let base = changetype<usize>(this);
      let cur = base + (<usize>__part_start(cookie) << alignof<T>());
      let end = base + (<usize>__part_end(cookie, count) << alignof<T>());
      while (cur < end) {
        let val`,
  },
  {
    file: "map",
    from: `      let cur = entries;
      let end = cur + <usize>this.entriesOffset * ENTRY_SIZE<K,V>();
      while (cur < end) {
        let entry = changetype<MapEntry<K,V>>(cur);
        if (!(entry.taggedNext & EMPTY)) {
          if (isManaged<K>()) {
            let val`,
    to: `      ${inParts("this", "this.entriesOffset")}
      let cur = entries + <usize>__part_start(cookie) * ENTRY_SIZE<K,V>();
      let end = entries + <usize>__part_end(cookie, count) * ENTRY_SIZE<K,V>();
      while (cur < end) {
        let entry = changetype<MapEntry<K,V>>(cur);
        if (!(entry.taggedNext & EMPTY)) {
          if (isManaged<K>()) {
            let val`,
  },
  {
    file: "set",
    from: `      let cur = entries;
      let end = cur + <usize>this.entriesOffset * ENTRY_SIZE<T>();
      while (cur < end) {
        let entry = changetype<SetEntry<T>>(cur);
        if (!(entry.taggedNext & EMPTY)) {
          let val`,
    to: `      ${inParts("this", "this.entriesOffset")}
      let cur = entries + <usize>__part_start(cookie) * ENTRY_SIZE<T>();
      let end = entries + <usize>__part_end(cookie, count) * ENTRY_SIZE<T>();
      while (cur < end) {
        let entry = changetype<SetEntry<T>>(cur);
        if (!(entry.taggedNext & EMPTY)) {
          let val`,
  },
];

/** The library files of a compiler, by name without extension. */
export type LibraryFiles = Record<string, string>;

const prepared = new WeakSet<LibraryFiles>();

/** Changes `files` once. */
export function prepareStandardLibrary(files: LibraryFiles): void {
  if (prepared.has(files)) return;
  prepared.add(files);
  for (const { file, from, to } of CHANGES) {
    const text = files[file];
    if (text === undefined) throw new Error(`AssemblyScript has no library file ${file}`);
    if (text.split(from).length !== 2)
      throw new Error(`AssemblyScript's library has changed: ${file} does not have once: ${from}`);
    files[file] = text.replace(from, () => to);
  }
}
