/** The way along a path, and what only looks: `stat` and `list`. */
import { BAD_NAME, CORRUPT, NOT_DIRECTORY, NOT_FOUND } from "@phantasm/interfaces";
import { Directory } from "./directory";
import { isName } from "./names";
import { Operation } from "./operation";
import { fromDosTime } from "./time";
import { Volume } from "./volume";

/** Where a path leads. */
export enum Way {
  FOUND = 0,
  ROOT = 1,
  /** Its directory is there, and `operation.directory`; in it there is no such name. */
  MISSING = 2,
}

/** Names in a page of a list. */
const PAGE_NAMES: i32 = 64;

const SHORT_NAME_TRIES: i32 = 8;

/** Follows a path: call until it returns a `Way`, or an error. With `makes`, for a name that is to be made. */
export function walk(volume: Volume, operation: Operation, path: string, makes: bool): i32 {
  if (!operation.walking) {
    operation.walking = true;
    operation.looking = false;
    operation.directory = volume.root;
    operation.start = 1;
  }
  if (path.length == 1) return leave(operation, Way.ROOT);
  const search = operation.search;
  while (true) {
    if (!operation.looking) {
      const slash = path.indexOf("/", operation.start);
      operation.end = slash < 0 ? path.length : slash;
      if (!isName(path, operation.start, operation.end)) return leave(operation, BAD_NAME);
      const last = operation.end == path.length;
      search.look(operation.directory, path, operation.start, operation.end, makes && last);
      if (operation.source.count > 0) search.overlook(operation.source);
      operation.looking = true;
    }
    const found = search.find();
    if (found < 0) return found;
    if (operation.end == path.length) return leave(operation, found ? Way.FOUND : Way.MISSING);
    // What is overlooked keeps its name until another one has it.
    const through = found ? search.first : search.met ? operation.sourceFirst : 0;
    if (!found && !search.met) return leave(operation, NOT_FOUND);
    if (!(found ? search.isDirectory : operation.sourceIsDirectory))
      return leave(operation, NOT_DIRECTORY);
    if (!volume.geometry.isCluster(through)) return leave(operation, CORRUPT);
    if (through == operation.forbidden) return leave(operation, BAD_NAME);
    operation.directory = through;
    operation.start = operation.end + 1;
    operation.looking = false;
  }
}

function leave(operation: Operation, result: i32): i32 {
  operation.walking = false;
  operation.looking = false;
  return result;
}

/**
 * Chooses the short name of what is to be made, once `walk` has said MISSING: 0 when `entry` has it. When all
 * tails of a name are taken, another name is made up, and looked for in the directory.
 */
export function chooseShortName(operation: Operation, path: string): i32 {
  const search = operation.search;
  while (operation.looking || !search.short.choose(operation.entry.dataStart)) {
    if (operation.looking) {
      const found = search.find();
      if (found < 0) return found;
      operation.looking = false;
      continue;
    }
    if (operation.attempt == SHORT_NAME_TRIES) return BAD_NAME;
    search.short.scramble(path, operation.start, operation.end, operation.attempt++);
    search.lookAgain(operation.directory);
    operation.looking = true;
  }
  return 0;
}

export function stat(volume: Volume, operation: Operation): i32 {
  const way = walk(volume, operation, operation.path, false);
  if (way < 0) return way;
  const into = operation.stat!;
  const search = operation.search;
  into.directory = true;
  into.size = 0;
  into.modifiedNs = 0;
  into.digest = "";
  into.mediaType = "";
  if (way == Way.ROOT) return 0;
  if (way == Way.MISSING) return NOT_FOUND;
  into.directory = search.isDirectory;
  into.modifiedNs = fromDosTime(search.changed);
  if (into.directory) return 0;
  const node = volume.nodes.find(search.places.sector, search.places.offset);
  into.size = <u64>(node === null ? search.size : node.size);
  if (node !== null) into.modifiedNs = fromDosTime(node.time);
  return 0;
}

export function list(volume: Volume, operation: Operation): i32 {
  const search = operation.search;
  const into = operation.list!;
  if (operation.stage == 0) {
    const way = walk(volume, operation, operation.path, false);
    if (way < 0) return way;
    if (way == Way.MISSING) return NOT_FOUND;
    if (way == Way.FOUND && !search.isDirectory) return NOT_DIRECTORY;
    const first = way == Way.ROOT ? volume.root : search.first;
    if (way == Way.FOUND && !volume.geometry.isCluster(first)) return CORRUPT;
    into.clear();
    search.needed = 0;
    search.begin(first);
    search.index = pageIndex(operation.other);
    operation.stage = 1;
  }
  while (true) {
    const found = search.next();
    if (found < 0) return found;
    if (found == 0) {
      into.next = "";
      return into.names.length;
    }
    into.names.push(nameOf(search));
    into.directories.push(search.isDirectory);
    into.sizes.push(sizeOf(volume, search));
    if (into.names.length == PAGE_NAMES) {
      into.next = search.index.toString();
      return PAGE_NAMES;
    }
  }
}

function sizeOf(volume: Volume, search: Directory): u64 {
  if (search.isDirectory) return 0;
  const node = volume.nodes.find(search.places.sector, search.places.offset);
  return <u64>(node === null ? search.size : node.size);
}

function nameOf(search: Directory): string {
  return String.UTF16.decodeUnsafe(search.name.dataStart, 2 * search.nameLength);
}

/** A page begins with an entry's number. What is none, begins at the beginning. */
function pageIndex(text: string): u32 {
  let index: u32 = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = <u32>(text.charCodeAt(i) - 0x30);
    if (digit > 9 || index > 100_000) return 0;
    index = index * 10 + digit;
  }
  return index;
}
