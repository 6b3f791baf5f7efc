/** Opening files, and making them. */
import { EXHAUSTED, EXISTS, Errno, IS_DIRECTORY, NOT_FOUND, OpenFlag } from "@phantasm/interfaces";
import { cutContent } from "./content";
import { Attribute } from "./entry";
import { fillEntry, makeEntries } from "./make";
import { Node } from "./node";
import { Operation } from "./operation";
import { Volume } from "./volume";
import { Way, walk } from "./walk";

enum OpenStage {
  FIND,
  MAKE,
  TAKE,
}

/** Opens or makes a file. Call until it returns 0: then `operation.opened` is its node. */
export function open(volume: Volume, operation: Operation): i32 {
  if (operation.opened === null) {
    const status = find(volume, operation);
    if (status < 0) return status;
    const node = nodeOf(volume, operation);
    if (node === null) return EXHAUSTED;
    operation.opened = node;
    // Kept while it is cut.
    node.opens++;
    operation.stage = 0;
  }
  const node = operation.opened!;
  if ((operation.flags & OpenFlag.TRUNCATE) == 0) return 0;
  return cutContent(volume, operation, node, 0);
}

/** Finds the entry, or makes it: `operation.source`. */
function find(volume: Volume, operation: Operation): i32 {
  const search = operation.search;
  const flags = operation.flags;
  if (operation.stage == OpenStage.FIND) {
    const makes = (flags & OpenFlag.CREATE) != 0;
    const way = walk(volume, operation, operation.path, makes);
    if (way < 0) return way;
    if (way == Way.ROOT) return IS_DIRECTORY;
    if (way == Way.MISSING) {
      if (!makes) return NOT_FOUND;
      if (!volume.nodes.hasRoom) return EXHAUSTED;
      fillEntry(volume, operation, Attribute.ARCHIVE, 0);
      operation.stage = OpenStage.MAKE;
    } else {
      if (search.isDirectory) return IS_DIRECTORY;
      if (makes && flags & OpenFlag.EXCLUSIVE) return EXISTS;
      if (flags & OpenFlag.WRITE && search.attributes & Attribute.READ_ONLY) return Errno.READONLY;
      operation.source.copy(search.places);
      operation.sourceFirst = search.first;
      operation.sourceSize = search.size;
      operation.stage = OpenStage.TAKE;
    }
  }
  if (operation.stage == OpenStage.MAKE) {
    const status = makeEntries(volume, operation, operation.path);
    if (status < 0) return status;
    operation.source.copy(search.room);
    operation.sourceFirst = 0;
    operation.sourceSize = 0;
    search.changed = volume.time;
    operation.stage = OpenStage.TAKE;
  }
  return 0;
}

function nodeOf(volume: Volume, operation: Operation): Node | null {
  const places = operation.source;
  const known = volume.nodes.find(places.sector, places.offset);
  if (known !== null) return known;
  const node = volume.nodes.take(places);
  if (node === null) return null;
  node.first = operation.sourceFirst;
  node.size = operation.sourceSize;
  node.time = operation.search.changed;
  return node;
}
