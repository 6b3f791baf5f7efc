/** What an archive holds, in the order in which it stands there. */
import { EXHAUSTED } from "@phantasm/interfaces";
import { PATH_BYTES_MAX, appendPath, comparePaths, isText } from "./names";

export enum MemberKind {
  FILE,
  DIRECTORY,
  HARD_LINK,
  SYMBOLIC_LINK,
  /** Left out: a device, a pipe, a file with holes. It hides what had its name before. */
  OTHER,
}


@unmanaged
export class Member {
  path: u32;
  pathBytes: u16;
  kind: u16;
  /** Of a symbolic link: what it says, as it says it. Of a hard link: the path it stands for. */
  link: u32;
  linkBytes: u32;
  size: u64;
  position: u64;
  modifiedNs: i64;
}

const MEMBER_BYTES: usize = 40;


@final
export class Members {
  /** Members whose names cannot be paths. */
  unnamed: i32 = 0;
  /** Where the bytes of all names lie. */
  names: usize = 0;
  private namesBytes: i32 = 0;
  private namesCapacity: i32 = 0;
  private members: usize = 0;
  count: i32 = 0;
  private capacity: i32 = 0;

  constructor(
    private readonly entriesMax: i32,
    private readonly namesBytesMax: i32,
  ) {}

  /**
   * Adds one. `prefix` stands before the name if it has any bytes. Returns 0, or EXHAUSTED: there are more
   * than may be, or their names are longer.
   */
  add(
    kind: MemberKind,
    prefix: usize,
    prefixBytes: i32,
    name: usize,
    nameBytes: i32,
    link: usize,
    linkBytes: i32,
    size: u64,
    position: u64,
    modifiedNs: i64,
  ): i32 {
    const room = this.reserve(PATH_BYTES_MAX + linkBytes);
    if (room < 0) return room;
    const path = this.names + this.namesBytes;
    let bytes = isText(prefix, prefixBytes) ? appendPath(path, 0, prefix, prefixBytes) : -1;
    if (bytes >= 0) bytes = isText(name, nameBytes) ? appendPath(path, bytes, name, nameBytes) : -1;
    if (bytes < 0) {
      this.unnamed++;
      return 0;
    }
    let words = linkBytes;
    if (kind == MemberKind.HARD_LINK) {
      words = isText(link, linkBytes) ? appendPath(path + bytes, 0, link, linkBytes) : -1;
      if (words < 0) kind = MemberKind.OTHER;
    } else if (kind == MemberKind.SYMBOLIC_LINK) {
      if (!isText(link, linkBytes)) kind = MemberKind.OTHER;
      else memory.copy(path + bytes, link, linkBytes);
    }
    if (kind != MemberKind.HARD_LINK && kind != MemberKind.SYMBOLIC_LINK) words = 0;
    if (this.namesBytes + bytes + words > this.namesBytesMax) return EXHAUSTED;
    if (this.count == this.capacity) {
      // Twice the entries: an archive may hold each in two versions.
      if (this.count >= this.entriesMax << 1) return EXHAUSTED;
      this.capacity = min(max(64, this.capacity << 1), this.entriesMax << 1);
      this.members = resized(this.members, <usize>this.capacity * MEMBER_BYTES);
    }
    const member = this.at(this.count++);
    member.path = <u32>this.namesBytes;
    member.pathBytes = <u16>bytes;
    member.kind = <u16>kind;
    member.link = <u32>(this.namesBytes + bytes);
    member.linkBytes = <u32>words;
    member.size = size;
    member.position = position;
    member.modifiedNs = modifiedNs;
    this.namesBytes += bytes + words;
    return 0;
  }

  /** Room for so many bytes of names, beyond the limit too: what is not needed is given back. */
  private reserve(bytes: i32): i32 {
    const needed = this.namesBytes + bytes;
    if (needed <= this.namesCapacity) return 0;
    if (this.namesBytes > this.namesBytesMax) return EXHAUSTED;
    this.namesCapacity = max(needed, min(this.namesCapacity << 1, this.namesBytesMax + bytes));
    this.names = resized(this.names, this.namesCapacity);
    return 0;
  }

  at(index: i32): Member {
    return changetype<Member>(this.members + <usize>index * MEMBER_BYTES);
  }

  /** Numbers of members by path, those with one path in their order: a merge sort from below. */
  sorted(): usize {
    const bytes = (<usize>this.count) << 2;
    if (bytes == 0) return 0;
    let from = heap.alloc(bytes);
    let to = heap.alloc(bytes);
    for (let i = 0; i < this.count; i++) store<u32>(from + ((<usize>i) << 2), i);
    for (let width = 1; width < this.count; width <<= 1) {
      for (let low = 0; low < this.count; low += width << 1)
        this.merge(
          from,
          to,
          low,
          min(low + width, this.count),
          min(low + (width << 1), this.count),
        );
      const other = from;
      from = to;
      to = other;
    }
    heap.free(to);
    return from;
  }

  /**
   * Makes hard links what they were when they were written: another name of a member before them.
   *
   * @param order as `sorted` returns it
   */
  resolveHardLinks(order: usize): void {
    for (let index = 0; index < this.count; index++) {
      const link = this.at(index);
      if (link.kind != <u16>MemberKind.HARD_LINK) continue;
      const found = this.before(order, index, this.names + link.link, <i32>link.linkBytes);
      const kind = found < 0 ? <u16>MemberKind.OTHER : this.at(found).kind;
      link.kind = kind == <u16>MemberKind.DIRECTORY ? <u16>MemberKind.OTHER : kind;
      if (found < 0) continue;
      const member = this.at(found);
      link.size = member.size;
      link.position = member.position;
      link.modifiedNs = member.modifiedNs;
      link.link = member.link;
      link.linkBytes = member.linkBytes;
    }
  }

  /** The last member with a path that stands before another one; -1: there is none. */
  private before(order: usize, index: i32, path: usize, bytes: i32): i32 {
    // Behind all that are less, or equal with a number that is less.
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const number = numberAt(order, middle);
      const member = this.at(number);
      const relation = comparePaths(this.names + member.path, member.pathBytes, path, bytes);
      if (relation < 0 || (relation == 0 && number < index)) low = middle + 1;
      else high = middle;
    }
    if (low == 0) return -1;
    const number = numberAt(order, low - 1);
    const member = this.at(number);
    return comparePaths(this.names + member.path, member.pathBytes, path, bytes) == 0 ? number : -1;
  }

  private merge(from: usize, to: usize, low: i32, middle: i32, high: i32): void {
    let left = low;
    let right = middle;
    for (let at = low; at < high; at++) {
      const takesLeft =
        right == high ||
        (left < middle && this.compare(numberAt(from, left), numberAt(from, right)) <= 0);
      const taken = numberAt(from, takesLeft ? left++ : right++);
      store<u32>(to + ((<usize>at) << 2), taken);
    }
  }

  private compare(a: i32, b: i32): i32 {
    const left = this.at(a);
    const right = this.at(b);
    return comparePaths(
      this.names + left.path,
      left.pathBytes,
      this.names + right.path,
      right.pathBytes,
    );
  }

  /** Gives the memory of names back that is not used. Nothing is added afterwards. */
  trim(): void {
    this.namesCapacity = max(1, this.namesBytes);
    this.names = resized(this.names, this.namesCapacity);
  }

  /** Gives back all but the names. */
  releaseMembers(): void {
    if (this.members != 0) heap.free(this.members);
    this.members = 0;
  }

  /** Gives everything back. */
  release(): void {
    this.releaseMembers();
    if (this.names != 0) heap.free(this.names);
    this.names = 0;
  }
}

/** Of a list of numbers, as `sorted` returns it. */
export function numberAt(list: usize, index: i32): i32 {
  return load<i32>(list + ((<usize>index) << 2));
}

/** A block of raw memory of another size; 0 is none yet. */
function resized(block: usize, bytes: usize): usize {
  return block == 0 ? heap.alloc(bytes) : heap.realloc(block, bytes);
}
