/**
 * Directories as a table of entries in memory that does not change: those of one directory lie side by side,
 * in the order of the bytes of their names, so that a name is found by halving. Entry 0 is the root.
 *
 *     entry  name: address and bytes, UTF-8 │ flags │ first, count │ size │ position │ modified
 *
 * Addresses are counted from a base, so that a table can lie anywhere. Looking up allocates nothing.
 */
import { FileList, NOT_DIRECTORY, NOT_FOUND } from "@phantasm/interfaces";
import { checkPath } from "./paths";

export namespace EntryFlag {
  export const DIRECTORY: u16 = 1;
  /** Found by its name, but not listed. */
  export const UNLISTED: u16 = 2;
  /** Not there: a link that leads nowhere. */
  export const ABSENT: u16 = 4;
  /** Not yet known: a link, while the tree is made. `first` is its member, `count` the link before it. */
  export const LINK: u16 = 8;
  /** One that is being followed. */
  export const FOLLOWED: u16 = 16;
}


@unmanaged
export class Entry {
  name: u32;
  nameBytes: u16;
  flags: u16;
  /** Of a directory: the number of its first entry. Of a file: what its volume keeps here. */
  first: u32;
  /** Of a directory: how many entries it has. Of a file: what its volume keeps here. */
  count: u32;
  size: u64;
  /** Of a file: where its bytes are. */
  position: u64;
  modifiedNs: i64;

  get isDirectory(): bool {
    return (this.flags & EntryFlag.DIRECTORY) != 0;
  }
}

/** As `pack` of src/pack.ts writes them. */
export const ENTRY_BYTES: usize = 40;

/** Names of one page of a list. */
export const PAGE_NAMES: i32 = 256;


@final
export class Tree {
  /** Of the last comparison: what is equal before the first difference, in UTF-16 and in bytes. */
  private equalUnits: i32 = 0;
  private equalBytes: i32 = 0;

  /**
   * @param base what addresses of names are counted from
   * @param entries address of entry 0
   */
  constructor(
    private readonly base: usize,
    private readonly entries: usize,
  ) {}

  at(index: i32): Entry {
    return changetype<Entry>(this.entries + <usize>index * ENTRY_BYTES);
  }

  /** The number of the entry of a path, or BAD_NAME, NOT_FOUND, NOT_DIRECTORY. */
  find(path: string): i32 {
    const bad = checkPath(path);
    if (bad != 0) return bad;
    const length = path.length;
    if (length == 1) return 0;
    let index = 0;
    let start = 1;
    while (start <= length) {
      const directory = this.at(index);
      if (!directory.isDirectory) return NOT_DIRECTORY;
      let end = path.indexOf("/", start);
      if (end < 0) end = length;
      const first = <i32>directory.first;
      const last = first + <i32>directory.count;
      index = this.lowerBound(first, last, path, start, end);
      if (index == last || this.compare(index, path, start, end, 0, 0) != 0) return NOT_FOUND;
      if (this.at(index).flags & EntryFlag.ABSENT) return NOT_FOUND;
      start = end + 1;
    }
    return index;
  }

  /** Fills a page with the names in a directory that are not before `next`. Returns how many. */
  list(directory: i32, next: string, into: FileList): i32 {
    const entry = this.at(directory);
    if (!entry.isDirectory) return NOT_DIRECTORY;
    into.clear();
    const last = <i32>(entry.first + entry.count);
    let index = this.lowerBound(<i32>entry.first, last, next, 0, next.length);
    for (; index < last; index++) {
      const child = this.at(index);
      if (child.flags & (EntryFlag.UNLISTED | EntryFlag.ABSENT)) continue;
      const name = String.UTF8.decodeUnsafe(this.base + child.name, child.nameBytes);
      if (into.names.length == PAGE_NAMES) {
        into.next = name;
        break;
      }
      into.names.push(name);
      into.directories.push(child.isDirectory);
      into.sizes.push(child.isDirectory ? 0 : child.size);
    }
    return into.names.length;
  }

  /**
   * The first entry from `first` to before `last` whose name is not less than this part of a path. What the
   * names at both ends have in common with it, those between have too: it is not compared again.
   */
  private lowerBound(first: i32, last: i32, path: string, start: i32, end: i32): i32 {
    let lowUnits = 0;
    let lowBytes = 0;
    let highUnits = 0;
    let highBytes = 0;
    while (first < last) {
      const middle = (first + last) >>> 1;
      const units = min(lowUnits, highUnits);
      const bytes = min(lowBytes, highBytes);
      if (this.compare(middle, path, start, end, units, bytes) < 0) {
        first = middle + 1;
        lowUnits = this.equalUnits;
        lowBytes = this.equalBytes;
      } else {
        last = middle;
        highUnits = this.equalUnits;
        highBytes = this.equalBytes;
      }
    }
    return first;
  }

  /**
   * Compares the name of an entry with a part of a path, by bytes of UTF-8: less than, equal to, more than 0.
   * So many units and bytes at the beginning are known to be equal.
   */
  private compare(index: i32, path: string, start: i32, end: i32, units: i32, bytes: i32): i32 {
    const entry = this.at(index);
    const name = this.base + entry.name;
    const stop = name + entry.nameBytes;
    let at = name + bytes;
    let i = start + units;
    let difference = 0;
    while (i < end) {
      const unit = path.charCodeAt(i);
      if (unit < 0x80) {
        difference = at == stop ? -1 : <i32>load<u8>(at) - unit;
        if (difference != 0) break;
        at++;
        i++;
        continue;
      }
      const isPair = (unit & 0xfc00) == 0xd800 && i + 1 < end;
      const code = isPair
        ? 0x10000 + ((unit & 0x3ff) << 10) + (path.charCodeAt(i + 1) & 0x3ff)
        : unit;
      difference = compareCode(at, stop, code);
      if (difference != 0) break;
      at += code < 0x800 ? 2 : isPair ? 4 : 3;
      i += isPair ? 2 : 1;
    }
    this.equalUnits = i - start;
    this.equalBytes = <i32>(at - name);
    return difference != 0 || at == stop ? difference : 1;
  }
}

/** Compares bytes with the UTF-8 of a code of 0x80 or more, beginning with the most significant byte. */
function compareCode(at: usize, stop: usize, code: i32): i32 {
  let shift = code < 0x800 ? 6 : code < 0x10000 ? 12 : 18;
  let byte = (code < 0x800 ? 0xc0 : code < 0x10000 ? 0xe0 : 0xf0) | (code >> shift);
  for (; at < stop; at++) {
    const difference = <i32>load<u8>(at) - byte;
    if (difference != 0 || shift == 0) return difference;
    shift -= 6;
    byte = 0x80 | ((code >> shift) & 0x3f);
  }
  return -1;
}
