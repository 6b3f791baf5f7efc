/**
 * Makes a tree of the members of an archive. Members are sorted so that the content of a directory stands
 * together; then each directory gets its entries, side by side, beginning with the root. Directories that the
 * archive only implies are made.
 *
 * Of several members with one path the last counts, and what has something below it is a directory.
 */
import { ENTRY_BYTES, Entry, EntryFlag, Tree } from "../tree";
import { resolveLinks } from "./links";
import { Member, MemberKind, Members, numberAt } from "./members";

/** Members in the order of their paths that lie in a directory, and how much of a path names it. */
@unmanaged
class Content {
  from: i32;
  to: i32;
  skip: i32;
}

const CONTENT_BYTES: usize = 12;
const SLASH: u8 = 0x2f;

/**
 * The tree, or null: it has more than `entriesMax` entries. It keeps the names; all else of the members is
 * given back.
 */
export function arrange(members: Members, entriesMax: i32): Tree | null {
  members.trim();
  const arrangement = new Arrangement(members, entriesMax);
  const fits = arrangement.run();
  const tree = fits ? arrangement.finish() : null;
  if (tree === null) members.release();
  else members.releaseMembers();
  return tree;
}


@final
class Arrangement {
  private readonly order: usize;
  private readonly contents: usize;
  private readonly entries: usize;
  private readonly tree: Tree;
  private count: i32 = 0;

  constructor(
    private readonly members: Members,
    private readonly entriesMax: i32,
  ) {
    const order = members.sorted();
    members.resolveHardLinks(order);
    this.order = order;
    this.contents = heap.alloc(<usize>entriesMax * CONTENT_BYTES);
    const entries = heap.alloc(<usize>entriesMax * ENTRY_BYTES);
    this.entries = entries;
    this.tree = new Tree(members.names, entries);
  }

  /** False: there are too many entries. */
  run(): bool {
    this.addDirectory(0, 0, 0, this.members.count, 0);
    let fits: bool = true;
    for (let index = 0; fits && index < this.count; index++)
      if (this.tree.at(index).isDirectory) fits = this.fill(index);
    if (this.order != 0) heap.free(this.order);
    heap.free(this.contents);
    if (!fits) heap.free(this.entries);
    return fits;
  }

  finish(): Tree {
    const entries = heap.realloc(this.entries, <usize>this.count * ENTRY_BYTES);
    const tree = new Tree(this.members.names, entries);
    resolveLinks(tree, this.count, this.members);
    return tree;
  }

  /** Adds the entries of one directory. False: there are too many. */
  private fill(directory: i32): bool {
    const content = this.contentOf(directory);
    const skip = content.skip;
    const first = this.count;
    let at = content.from;
    while (at < content.to) {
      const member = this.sorted(at);
      // The directory itself, which comes first.
      if (<i32>member.pathBytes <= skip) {
        this.tree.at(directory).modifiedNs = member.modifiedNs;
        at++;
        continue;
      }
      if (this.count == this.entriesMax) return false;
      const length = this.nameBytes(member, skip);
      const end = this.groupEnd(at, content.to, skip, length);
      this.addGroup(at, end, skip, length);
      at = end;
    }
    const entry = this.tree.at(directory);
    entry.first = <u32>first;
    entry.count = <u32>(this.count - first);
    return true;
  }

  /** Adds what members from `from` to before `to` stand for, which have a name in common. */
  private addGroup(from: i32, to: i32, skip: i32, length: i32): void {
    const pathBytes = skip + length;
    let below = from;
    while (below < to && <i32>this.sorted(below).pathBytes == pathBytes) below++;
    const name = this.sorted(from).path + skip;
    if (below < to) return this.addDirectory(name, length, from, to, pathBytes + 1);
    const index = below - 1;
    const member = this.sorted(index);
    if (member.kind == <u16>MemberKind.DIRECTORY)
      return this.addDirectory(name, length, index, to, pathBytes + 1);
    const entry = this.add(name, length);
    entry.size = member.size;
    entry.position = member.position;
    entry.modifiedNs = member.modifiedNs;
    entry.first = <u32>numberAt(this.order, index);
    if (member.kind == <u16>MemberKind.OTHER) entry.flags = EntryFlag.ABSENT;
    else if (member.kind != <u16>MemberKind.FILE) entry.flags = EntryFlag.LINK;
  }

  private addDirectory(name: u32, nameBytes: i32, from: i32, to: i32, skip: i32): void {
    const content = this.contentOf(this.count);
    content.from = from;
    content.to = to;
    content.skip = skip;
    this.add(name, nameBytes).flags = EntryFlag.DIRECTORY;
  }

  private add(name: u32, nameBytes: i32): Entry {
    const index = this.count++;
    memory.fill(this.entries + <usize>index * ENTRY_BYTES, 0, ENTRY_BYTES);
    const entry = this.tree.at(index);
    entry.name = name;
    entry.nameBytes = <u16>nameBytes;
    return entry;
  }

  private contentOf(directory: i32): Content {
    return changetype<Content>(this.contents + <usize>directory * CONTENT_BYTES);
  }

  private sorted(index: i32): Member {
    return this.members.at(numberAt(this.order, index));
  }

  /** Bytes of the next name in a path. */
  private nameBytes(member: Member, skip: i32): i32 {
    const start = this.members.names + member.path + skip;
    const most = <i32>member.pathBytes - skip;
    let bytes = 0;
    while (bytes < most && load<u8>(start + bytes) != SLASH) bytes++;
    return bytes;
  }

  /** Behind the last member that has the same name there as the first. */
  private groupEnd(from: i32, to: i32, skip: i32, length: i32): i32 {
    const name = this.members.names + this.sorted(from).path + skip;
    let end = from + 1;
    for (; end < to; end++) {
      const other = this.sorted(end);
      if (this.nameBytes(other, skip) != length) break;
      if (memory.compare(name, this.members.names + other.path + skip, length) != 0) break;
    }
    return end;
  }
}
