/** Looking at a path: what it is, and what is in it. */
import {
  BAD_NAME,
  CORRUPT,
  Cursor,
  FileList,
  FileStat,
  NOT_DIRECTORY,
  NOT_FOUND,
} from "@phantasm/interfaces";
import { checkPath } from "../paths";
import { Entry } from "./format";
import { NameOperation, NameStep } from "./name-operation";

/** Names in a page of a listing. */
export const PAGE_NAMES: i32 = 128;


@final
export class LookOperation extends NameOperation {
  /** One of these says what it is for. */
  stat: FileStat | null = null;
  list: FileList | null = null;
  /** Where the page begins. */
  from: string = "";
  private cursor: Cursor | null = null;
  private readonly listed: Entry = new Entry();

  protected recycle(): void {
    this.stat = null;
    this.list = null;
    this.cursor = null;
    this.volume.giveLook(this);
  }

  protected walked(): i32 {
    const walk = this.walk;
    if (!walk.found) return this.finish(NOT_FOUND);
    const entry = walk.entry;
    const list = this.list;
    if (list !== null) {
      if (!entry.directory) return this.finish(NOT_DIRECTORY);
      return this.beginList(list, entry.number);
    }
    const stat = this.stat!;
    stat.directory = entry.directory;
    stat.size = entry.directory ? 0 : entry.size;
    stat.modifiedNs = entry.modifiedNs;
    stat.digest = "";
    stat.mediaType = "";
    return this.finish(0);
  }

  private beginList(list: FileList, directory: u64): i32 {
    const keys = this.volume.keys;
    const from = this.from;
    list.clear();
    let first: Uint8Array | null = null;
    if (from.length > 0) {
      if (!isName(from)) return this.finish(BAD_NAME);
      first = keys.entry(directory, from, 0, from.length);
      if (first === null) return this.finish(BAD_NAME);
    }
    const cursor = this.volume.store.scan(keys.children(directory), first, null, false);
    this.cursor = cursor;
    this.step = NameStep.OWN;
    return cursor.next(this, 0);
  }

  /** The cursor stands on a name, or is at the end. */
  protected own(result: i32): i32 {
    const list = this.list!;
    if (result < 0) return this.finish(result);
    if (result == 0) return this.finish(list.names.length);
    const cursor = this.cursor!;
    const name = this.volume.keys.nameOf(cursor.key);
    const listed = this.listed;
    if (!isName(name) || !listed.parse(cursor.value, this.volume.sizeMax))
      return this.finish(CORRUPT);
    if (list.names.length == PAGE_NAMES) {
      list.next = name;
      return this.finish(PAGE_NAMES);
    }
    list.names.push(name);
    list.directories.push(listed.directory);
    list.sizes.push(listed.directory ? 0 : listed.size);
    return cursor.next(this, 0);
  }
}

/** A name and no path: whoever puts it behind a path stays below that. */
function isName(name: string): bool {
  return name.indexOf("/") < 0 && checkPath("/" + name) == 0 && name.length > 0;
}
