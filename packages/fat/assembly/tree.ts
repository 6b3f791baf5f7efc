/** What changes the tree of directories: making, removing, renaming. Each is one record of the log. */
import {
  BAD_NAME,
  CORRUPT,
  EXISTS,
  Errno,
  NOT_DIRECTORY,
  NOT_EMPTY,
  NOT_FOUND,
} from "@phantasm/interfaces";
import { Attribute, ENTRY_ATTRIBUTES, ENTRY_BYTES, setFirstCluster } from "./entry";
import { fillEntry, makeEntries, noteRemoval } from "./make";
import { SHORT_BYTES } from "./names";
import { Operation } from "./operation";
import { WAIT } from "./table";
import { Volume } from "./volume";
import { Way, walk } from "./walk";

/** The entry `..` of a directory, in its first sector. */
const PARENT_OFFSET: i32 = 32;

/** ".." and nine spaces. */
const PARENT_NAME: u64 = 0x2020_2020_2020_2e2e;

enum DirectoryStage {
  FIND,
  TAKE,
  CLEAR,
  DOTS,
  MAKE,
}

export function makeDirectory(volume: Volume, operation: Operation): i32 {
  while (operation.stage <= DirectoryStage.MAKE) {
    let status = 0;
    switch (operation.stage) {
      case DirectoryStage.FIND:
        status = walk(volume, operation, operation.path, true);
        if (status == Way.ROOT || status == Way.FOUND) return EXISTS;
        break;
      case DirectoryStage.TAKE:
        operation.taken = volume.space.take();
        if (operation.taken == WAIT) {
          operation.taken = 0;
          status = volume.cache.status;
        }
        break;
      case DirectoryStage.CLEAR:
        status = volume.clearCluster(operation, operation.taken);
        break;
      case DirectoryStage.DOTS:
        status = writeDots(volume, operation);
        break;
      default:
        return makeEntries(volume, operation, operation.path);
    }
    if (status < 0) return status;
    operation.stage++;
  }
  return 0;
}

/** `.` and `..`, in a cluster that belongs to nothing yet. */
function writeDots(volume: Volume, operation: Operation): i32 {
  const sector = volume.geometry.sectorOf(operation.taken);
  const at = volume.cache.at(sector);
  if (at == 0) return volume.cache.status;
  fillEntry(volume, operation, Attribute.DIRECTORY, operation.taken);
  const entry = operation.entry.dataStart;
  memory.copy(at, entry, ENTRY_BYTES);
  memory.fill(at, 0x20, SHORT_BYTES);
  memory.copy(at + PARENT_OFFSET, at, ENTRY_BYTES);
  store<u8>(at, 0x2e);
  store<u16>(at + PARENT_OFFSET, 0x2e2e);
  setFirstCluster(at + PARENT_OFFSET, parentCluster(volume, operation.directory));
  volume.cache.touch(sector);
  return 0;
}

/** As `..` says it: the root is 0 there. */
function parentCluster(volume: Volume, directory: u32): u32 {
  return directory == volume.root ? 0 : directory;
}

enum RemoveStage {
  FIND,
  EMPTY,
  NOTE,
  COMMIT,
  RELEASE,
  RELEASE_ADDED,
}

export function remove(volume: Volume, operation: Operation): i32 {
  while (operation.stage <= RemoveStage.RELEASE_ADDED) {
    let status = 0;
    switch (operation.stage) {
      case RemoveStage.FIND:
        status = walk(volume, operation, operation.path, false);
        if (status == Way.ROOT) return NOT_EMPTY;
        if (status == Way.MISSING) return NOT_FOUND;
        if (status == Way.FOUND) keepSource(operation);
        break;
      case RemoveStage.EMPTY:
        if (operation.sourceIsDirectory) {
          status = operation.search.next();
          if (status == 1) return NOT_EMPTY;
        }
        break;
      case RemoveStage.NOTE:
        status = noteRemoval(volume, operation);
        break;
      case RemoveStage.COMMIT:
        status = volume.log.commit(operation.transfer);
        if (status == 0)
          forget(volume, operation, operation.source.sector, operation.source.offset);
        break;
      case RemoveStage.RELEASE:
        status = volume.space.release(operation.sourceFirst);
        break;
      default:
        return volume.space.release(operation.rest);
    }
    if (status < 0) return status;
    operation.stage++;
  }
  return 0;
}

/** Keeps what was found, and begins to look into it when it is a directory. */
function keepSource(operation: Operation): void {
  const search = operation.search;
  operation.source.copy(search.places);
  operation.sourceDirectory = operation.directory;
  operation.sourceFirst = search.first;
  operation.sourceIsDirectory = search.isDirectory;
  search.needed = 0;
  search.begin(search.first);
}

/** The file of an entry is gone. What it has beside the chain on the disk is `operation.rest`. */
function forget(volume: Volume, operation: Operation, sector: u32, offset: i32): void {
  const node = volume.nodes.find(sector, offset);
  operation.rest = 0;
  if (node === null) return;
  operation.rest = node.head;
  node.head = 0;
  node.changed = false;
  node.gone = true;
}

enum RenameStage {
  FIND,
  KEEP,
  FIND_TARGET,
  PARENT,
  NOTE,
  MAKE,
  REPLACE,
  COMMIT,
  RELEASE,
  RELEASE_ADDED,
}

export function rename(volume: Volume, operation: Operation): i32 {
  while (operation.stage <= RenameStage.RELEASE_ADDED) {
    let status = 0;
    switch (operation.stage) {
      case RenameStage.FIND:
        status = walk(volume, operation, operation.path, false);
        if (status == Way.ROOT) return BAD_NAME;
        if (status == Way.MISSING) return NOT_FOUND;
        if (status == Way.FOUND) keepSource(operation);
        if (operation.sourceIsDirectory) operation.forbidden = operation.sourceFirst;
        break;
      case RenameStage.KEEP:
        status = keepEntry(volume, operation);
        break;
      case RenameStage.FIND_TARGET:
        status = findTarget(volume, operation);
        if (status == 1) return 0;
        break;
      case RenameStage.PARENT:
        status = noteParent(volume, operation);
        break;
      case RenameStage.NOTE:
        status = noteRemoval(volume, operation);
        break;
      case RenameStage.MAKE:
        // Its last part is the commit.
        if (!operation.replaces) status = makeEntries(volume, operation, operation.other);
        break;
      case RenameStage.REPLACE:
        if (operation.replaces) status = noteReplacement(volume, operation);
        break;
      case RenameStage.COMMIT:
        if (operation.replaces) status = volume.log.commit(operation.transfer);
        if (status == 0) moved(volume, operation);
        break;
      case RenameStage.RELEASE:
        if (operation.replaces) status = volume.space.release(operation.targetFirst);
        break;
      default:
        return operation.replaces ? volume.space.release(operation.rest) : 0;
    }
    if (status < 0) return status;
    operation.stage++;
  }
  return 0;
}

/** Keeps the short entry itself, with all its times. */
function keepEntry(volume: Volume, operation: Operation): i32 {
  const at = volume.cache.at(operation.source.sector);
  if (at == 0) return volume.cache.status;
  memory.copy(operation.entry.dataStart, at + operation.source.offset, ENTRY_BYTES);
  // Its new name is as it is spelled.
  store<u8>(operation.entry.dataStart, 0, 12);
  return 0;
}

/** Returns 0 when the target may get the name, 1 when it has it. */
function findTarget(volume: Volume, operation: Operation): i32 {
  const way = walk(volume, operation, operation.other, true);
  if (way < 0) return way;
  if (way == Way.ROOT) return EXISTS;
  const search = operation.search;
  operation.replaces = way == Way.FOUND;
  if (way == Way.MISSING) return search.metExactly ? 1 : 0;
  if (search.isDirectory) return EXISTS;
  if (operation.sourceIsDirectory) return NOT_DIRECTORY;
  operation.targetFirst = search.first;
  return 0;
}

/** A directory that gets another parent says so in `..`. */
function noteParent(volume: Volume, operation: Operation): i32 {
  if (!operation.sourceIsDirectory || operation.directory == operation.sourceDirectory) return 0;
  if (!volume.geometry.isCluster(operation.sourceFirst)) return CORRUPT;
  const sector = volume.geometry.sectorOf(operation.sourceFirst);
  const at = volume.log.change(sector, PARENT_OFFSET, ENTRY_BYTES);
  if (at == 0) return volume.cache.status;
  if (load<u64>(at) != PARENT_NAME) return CORRUPT;
  setFirstCluster(at, parentCluster(volume, operation.directory));
  return 0;
}

/** A file that is replaced gives its name: everything else of its entry becomes that of the other. */
function noteReplacement(volume: Volume, operation: Operation): i32 {
  const places = operation.search.places;
  const at = volume.log.change(places.sector, places.offset, ENTRY_BYTES);
  if (at == 0) return volume.cache.status;
  const entry = operation.entry.dataStart;
  store<u8>(at, load<u8>(entry, ENTRY_ATTRIBUTES), ENTRY_ATTRIBUTES);
  memory.copy(at + 13, entry + 13, ENTRY_BYTES - 13);
  return 0;
}

/** The record is durable: what is open is told where its entry is. */
function moved(volume: Volume, operation: Operation): void {
  const target = operation.replaces ? operation.search.places : operation.search.room;
  const source = operation.source;
  if (operation.replaces) forget(volume, operation, target.sector, target.offset);
  const node = volume.nodes.find(source.sector, source.offset);
  if (node === null) return;
  node.sector = target.sector;
  node.offset = target.offset;
}
