/** What a key stands for: an entry of the table of keys, and its value by kind. */
import { Blob, freeBlob } from "../memory/blob";
import { ENTRY_BYTES, Entry, Table } from "../memory/table";
import { List } from "./list";
import { SortedSet } from "./sorted-set";

export enum Kind {
  STRING,
  LIST,
  HASH,
  SET,
  SORTED_SET,
}

export const KEY_HEAD_BYTES: i32 = ENTRY_BYTES + 16;

/** More of an entry: kind u8, parts u16 at 2, version u64 at 8. `extra` is when it expires, in ms since 1970; 0: never. */
export function kindOf(entry: Entry): Kind {
  return <Kind>load<u8>(entry.address, <usize>ENTRY_BYTES);
}

export function setKind(entry: Entry, kind: Kind): void {
  store<u8>(entry.address, <u8>kind, <usize>ENTRY_BYTES);
}

export function partsOf(entry: Entry): i32 {
  return <i32>load<u16>(entry.address, <usize>ENTRY_BYTES + 2);
}

export function setParts(entry: Entry, parts: i32): void {
  store<u16>(entry.address, <u16>parts, <usize>ENTRY_BYTES + 2);
}

export function versionOf(entry: Entry): u64 {
  return load<u64>(entry.address, <usize>ENTRY_BYTES + 8);
}

export function blobAt(entry: Entry): Blob {
  return changetype<Blob>(<usize>entry.value);
}

export function tableAt(entry: Entry): Table {
  return changetype<Table>(<usize>entry.value);
}

export function listAt(entry: Entry): List {
  return changetype<List>(<usize>entry.value);
}

export function sortedSetAt(entry: Entry): SortedSet {
  return changetype<SortedSet>(<usize>entry.value);
}

/** With all its elements. */
export function freeTable(table: Table, isHash: bool): void {
  for (let place: u32 = 0; place < table.places; place++) {
    for (let at = table.firstAt(place); at != 0;) {
      const entry = changetype<Entry>(at);
      at = <usize>entry.next;
      if (isHash) freeBlob(blobAt(entry));
      table.freeEntry(entry);
    }
  }
  table.freeBuckets();
}

export function freeValue(entry: Entry): void {
  switch (<i32>kindOf(entry)) {
    case Kind.STRING:
      freeBlob(blobAt(entry));
      break;
    case Kind.LIST:
      listAt(entry).free();
      break;
    case Kind.SORTED_SET:
      sortedSetAt(entry).free();
      break;
    default:
      freeTable(tableAt(entry), kindOf(entry) == Kind.HASH);
  }
}

/** Elements of a collection. */
export function countOf(entry: Entry): i32 {
  switch (<i32>kindOf(entry)) {
    case Kind.LIST:
      return listAt(entry).count;
    case Kind.SORTED_SET:
      return sortedSetAt(entry).count;
    default:
      return tableAt(entry).count;
  }
}
