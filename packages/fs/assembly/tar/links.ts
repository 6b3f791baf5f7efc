/**
 * Symbolic links of an archive become what they lead to: a file. One that leads to a directory, out of the archive, in
 * a circle or nowhere is absent, so that no tree has a circle in it.
 */
import { normalPath } from "../paths";
import { EntryFlag, Tree } from "../tree";
import { Members } from "./members";

const SLASH: u8 = 0x2f;
/** Ends the way back. */
const NONE: u32 = 0xffff_ffff;

export function resolveLinks(tree: Tree, count: i32, members: Members): void {
  for (let index = 0; index < count; index++)
    if (tree.at(index).flags & EntryFlag.LINK) follow(tree, index, members);
}

/** Follows a link to its end; then all links on the way are what is there. */
function follow(tree: Tree, start: i32, members: Members): void {
  let last = NONE;
  let index = start;
  while (index >= 0 && (tree.at(index).flags & EntryFlag.LINK) != 0) {
    const entry = tree.at(index);
    if (entry.flags & EntryFlag.FOLLOWED) {
      index = -1;
      break;
    }
    entry.flags |= EntryFlag.FOLLOWED;
    entry.count = last;
    last = <u32>index;
    index = target(tree, <i32>entry.first, entry.nameBytes, members);
  }
  const found = index >= 0 && !tree.at(index).isDirectory;
  while (last != NONE) {
    const entry = tree.at(<i32>last);
    last = entry.count;
    entry.flags = found ? 0 : EntryFlag.ABSENT;
    if (!found) continue;
    const file = tree.at(index);
    entry.size = file.size;
    entry.position = file.position;
    entry.modifiedNs = file.modifiedNs;
  }
}

/** The entry that a link names, which may be another link; less than 0: there is none. */
function target(tree: Tree, index: i32, nameBytes: i32, members: Members): i32 {
  const member = members.at(index);
  const bytes = <i32>member.linkBytes;
  const at = members.names + member.link;
  const text = String.UTF8.decodeUnsafe(at, bytes);
  if (bytes > 0 && load<u8>(at) == SLASH) return tree.find(normalPath(text));
  const parent = String.UTF8.decodeUnsafe(
    members.names + member.path,
    <i32>member.pathBytes - nameBytes,
  );
  return tree.find(normalPath(parent + text));
}
