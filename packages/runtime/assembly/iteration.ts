/**
 * What for…of compiles to: the toolchain writes calls of these in the place of each loop, and puts this
 * file into an image only when there is such a loop (toolchain/src/compile/language).
 *
 * A loop over a Map or Set keeps the place of its next entry in the table of entries. When the Map gets
 * another table, the old one leads to it, so that the loop finds its place again: as in JavaScript, what is
 * deleted before its turn is not visited, and what is added is.
 */

/** Lowest bit of an entry's last word: the entry was deleted. */
const EMPTY: usize = 1;
/** Lowest bit of the word that leads to the next table: the collection was cleared in between. */
const CLEARED: usize = 1;

/** The entries of a Map or Set; its last word leads to the table that took its place. */
@final
export class Table {
  /** Called by the collector for a table that only a loop still knows. */
  private __visit(cookie: u32): void {
    const next = following(changetype<usize>(this)) & ~CLEARED;
    if (next != 0) __visit(next, cookie);
  }
}

/** Address of the last word of a table; its header says how long it is. */
// @ts-ignore: decorator
@inline
function lastWord(table: usize): usize {
  return table + load<u32>(table - sizeof<u32>()) - sizeof<usize>();
}

// @ts-ignore: decorator
@inline
function following(table: usize): usize {
  return load<usize>(lastWord(table));
}

/** In the place of `new ArrayBuffer(bytes)` in Map and Set, which read no entry that they have not written. */
export function newTable(bytes: i32): ArrayBuffer {
  const table = __new(<usize>bytes + sizeof<usize>(), idof<Table>());
  store<usize>(lastWord(table), 0);
  return changetype<ArrayBuffer>(table);
}

/** `to` holds the entries of `from` that were not deleted, in their order. */
export function replaceTable(from: ArrayBuffer, to: ArrayBuffer): void {
  store<usize>(lastWord(changetype<usize>(from)), changetype<usize>(to));
  __link(changetype<usize>(from), changetype<usize>(to), false);
}

/** A new table in the place of `from`, of which nothing is left. */
export function clearTable(from: ArrayBuffer, bytes: i32): ArrayBuffer {
  const to = newTable(bytes);
  store<usize>(lastWord(changetype<usize>(from)), changetype<usize>(to) | CLEARED);
  __link(changetype<usize>(from), changetype<usize>(to), false);
  return to;
}

/** Where a loop goes on that was before entry `index` of `from`. @param tag offset of an entry's last word */
function follow(from: usize, index: i32, to: usize, entryBytes: usize, tag: usize): i32 {
  while (from != to) {
    const next = following(from);
    let place = 0;
    if ((next & CLEARED) == 0) {
      for (let i = 0; i < index; ++i) {
        if ((load<usize>(from + <usize>i * entryBytes + tag) & EMPTY) == 0) ++place;
      }
    }
    index = place;
    from = next & ~CLEARED;
  }
  return index;
}

/** Index of the first entry from `index` on that was not deleted; `end` if there is none. */
// @ts-ignore: decorator
@inline
function skip(table: usize, index: i32, end: i32, entryBytes: usize, tag: usize): i32 {
  while (index < end && (load<usize>(table + <usize>index * entryBytes + tag) & EMPTY) != 0)
    ++index;
  return index;
}

/** Laid out as `MapEntry` of AssemblyScript's Map. */
@unmanaged
class MapSlot<K, V> {
  key: K;
  value: V;
  tag: usize;
}

// @ts-ignore: decorator
@inline
function mapSlotBytes<K, V>(): usize {
  const widest = max(sizeof<K>(), sizeof<V>());
  const mask = max(widest, sizeof<usize>()) - 1;
  return (offsetof<MapSlot<K, V>>() + mask) & ~mask;
}

// @ts-ignore: decorator
@inline
function mapSlot<K, V>(map: Map<K, V>, index: i32): MapSlot<K, V> {
  const table = load<usize>(changetype<usize>(map), offsetof<Map<K, V>>("entries"));
  return changetype<MapSlot<K, V>>(table + <usize>index * mapSlotBytes<K, V>());
}

// @ts-ignore: decorator
@inline
export function mapTable<K, V>(map: Map<K, V>): Table {
  return changetype<Table>(load<usize>(changetype<usize>(map), offsetof<Map<K, V>>("entries")));
}

/** Index behind the last entry of the table. */
// @ts-ignore: decorator
@inline
export function mapEnd<K, V>(map: Map<K, V>): i32 {
  return load<i32>(changetype<usize>(map), offsetof<Map<K, V>>("entriesOffset"));
}

/** Index of the next entry of a loop that was before `index` of `table`. */
// @ts-ignore: decorator
@inline
export function mapNext<K, V>(map: Map<K, V>, table: Table, index: i32): i32 {
  const now = changetype<usize>(mapTable(map));
  const entryBytes = mapSlotBytes<K, V>();
  const tag = offsetof<MapSlot<K, V>>("tag");
  let place = index;
  if (changetype<usize>(table) != now) {
    place = follow(changetype<usize>(table), place, now, entryBytes, tag);
  }
  return skip(now, place, mapEnd(map), entryBytes, tag);
}

// @ts-ignore: decorator
@inline
export function mapKey<K, V>(map: Map<K, V>, index: i32): K {
  return mapSlot(map, index).key;
}

// @ts-ignore: decorator
@inline
export function mapValue<K, V>(map: Map<K, V>, index: i32): V {
  return mapSlot(map, index).value;
}

/** Laid out as `SetEntry` of AssemblyScript's Set. */
@unmanaged
class SetSlot<T> {
  key: T;
  tag: usize;
}

// @ts-ignore: decorator
@inline
function setSlotBytes<T>(): usize {
  const mask = max(sizeof<T>(), sizeof<usize>()) - 1;
  return (offsetof<SetSlot<T>>() + mask) & ~mask;
}

// @ts-ignore: decorator
@inline
export function setTable<T>(set: Set<T>): Table {
  return changetype<Table>(load<usize>(changetype<usize>(set), offsetof<Set<T>>("entries")));
}

// @ts-ignore: decorator
@inline
export function setEnd<T>(set: Set<T>): i32 {
  return load<i32>(changetype<usize>(set), offsetof<Set<T>>("entriesOffset"));
}

// @ts-ignore: decorator
@inline
export function setNext<T>(set: Set<T>, table: Table, index: i32): i32 {
  const now = changetype<usize>(setTable(set));
  const entryBytes = setSlotBytes<T>();
  const tag = offsetof<SetSlot<T>>("tag");
  let place = index;
  if (changetype<usize>(table) != now) {
    place = follow(changetype<usize>(table), place, now, entryBytes, tag);
  }
  return skip(now, place, setEnd(set), entryBytes, tag);
}

// @ts-ignore: decorator
@inline
export function setValue<T>(set: Set<T>, index: i32): T {
  const table = changetype<usize>(setTable(set));
  return changetype<SetSlot<T>>(table + <usize>index * setSlotBytes<T>()).key;
}

/** An entry of a Map, or an element of an array and its index, as one object. */
export class Entry<K, V> {
  constructor(
    readonly key: K,
    readonly value: V,
  ) {}
}

export function entry<K, V>(key: K, value: V): Entry<K, V> {
  return new Entry<K, V>(key, value);
}

/** Element of anything that has `length` and `[]`; the loop has compared the index with the length. */
// @ts-ignore: decorator
@inline
export function element<T>(items: T, index: i32): valueof<T> {
  return unchecked(items[index]);
}

/** True for a place in an array of objects that never got one. */
// @ts-ignore: decorator
@inline
export function isHole<T>(value: T): bool {
  if (isReference<T>() && !isNullable<T>()) return changetype<usize>(value) == 0;
  return false;
}

/** The character at an index: two code units if they are a surrogate pair. */
export function character(text: string, index: i32): string {
  const first = text.charCodeAt(index);
  if ((first & 0xfc00) == 0xd800) {
    // -1 behind the end.
    const second = text.charCodeAt(index + 1);
    if ((second & 0xfc00) == 0xdc00) return String.fromCharCode(first, second);
  }
  return String.fromCharCode(first);
}
