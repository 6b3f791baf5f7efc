/** Making the entries of a name, as part of one record of the log. */
import { Errno } from "@phantasm/interfaces";
import { DIRECTORY_ENTRIES_MAX } from "./directory";
import {
  ENTRY_ATTRIBUTES,
  ENTRY_BYTES,
  ENTRY_FREE,
  setChangedTime,
  setFirstCluster,
  writeLong,
} from "./entry";
import { shortChecksum } from "./names";
import { Operation } from "./operation";
import { WAIT } from "./table";
import { Volume } from "./volume";
import { chooseShortName } from "./walk";

enum MakeStage {
  NAME,
  GROW,
  CLEAR,
  LINK,
  ENTRIES,
  END,
  COMMIT,
  DONE,
}

/**
 * Makes the entries of a name, and gives the directory the clusters that this takes. What else belongs to the
 * change has been noted before. Call until it returns 0. `operation.entry` is the short entry, but for the name.
 */
export function makeEntries(volume: Volume, operation: Operation, path: string): i32 {
  while (operation.step < MakeStage.DONE) {
    let status = 0;
    switch (operation.step) {
      case MakeStage.NAME:
        status = chooseShortName(operation, path);
        break;
      case MakeStage.GROW:
        status = grow(volume, operation);
        break;
      case MakeStage.CLEAR:
        status = clearGrown(volume, operation);
        break;
      case MakeStage.LINK:
        if (operation.grownCount > 0)
          status = volume.noteLink(operation.search.cluster, operation.grown[0]);
        operation.have = 0;
        break;
      case MakeStage.ENTRIES:
        status = noteEntries(volume, operation, path);
        break;
      case MakeStage.END:
        status = noteEnd(volume, operation);
        break;
      default:
        status = volume.log.commit(operation.transfer);
        if (status == 0) {
          operation.taken = 0;
          operation.grownCount = 0;
        }
    }
    if (status < 0) return status;
    operation.step++;
  }
  return 0;
}

/** Takes the clusters by which the directory has to grow. */
function grow(volume: Volume, operation: Operation): i32 {
  const search = operation.search;
  const perCluster = volume.geometry.clusterBytes / ENTRY_BYTES;
  const missing = search.needed - search.room.count;
  const count = (missing + perCluster - 1) / perCluster;
  if (missing > 0 && search.index + <u32>missing > DIRECTORY_ENTRIES_MAX) return Errno.NOSPACE;
  while (operation.grownCount < count) {
    const cluster = volume.space.take();
    if (cluster == WAIT) return volume.cache.status;
    operation.grown[operation.grownCount++] = cluster;
  }
  return 0;
}

/** Fills them with zeros, links them to each other, and counts their entries as room. */
function clearGrown(volume: Volume, operation: Operation): i32 {
  const geometry = volume.geometry;
  while (<i32>operation.have < operation.grownCount) {
    const cluster = operation.grown[operation.have];
    const status = volume.clearCluster(operation, cluster);
    if (status < 0) return status;
    const isLast = <i32>operation.have + 1 == operation.grownCount;
    if (!isLast && !volume.table.set(cluster, operation.grown[operation.have + 1]))
      return volume.cache.status;
    const room = operation.search.room;
    for (let at = 0; at < geometry.clusterBytes; at += ENTRY_BYTES) {
      if (operation.search.hasRoom) break;
      const sector = geometry.sectorOf(cluster) + at / geometry.sectorBytes;
      room.add(sector, at & (geometry.sectorBytes - 1));
    }
    operation.have++;
  }
  return 0;
}

function noteEntries(volume: Volume, operation: Operation, path: string): i32 {
  const room = operation.search.room;
  const entry = operation.entry.dataStart;
  const checksum = shortChecksum(entry);
  for (; <i32>operation.have < room.count; operation.have++) {
    const index = <i32>operation.have;
    const at = volume.log.change(room.sectors[index], room.offsets[index], ENTRY_BYTES);
    if (at == 0) return volume.cache.status;
    const longs = room.count - 1;
    if (index == longs) memory.copy(at, entry, ENTRY_BYTES);
    else writeLong(at, longs - index, longs, path, operation.start, operation.end, checksum);
  }
  return 0;
}

function noteEnd(volume: Volume, operation: Operation): i32 {
  const search = operation.search;
  if (!search.ended || operation.grownCount > 0) return 0;
  const at = volume.log.change(search.endSector, search.endOffset, 1);
  if (at == 0) return volume.cache.status;
  store<u8>(at, 0);
  return 0;
}

/** Notes that entries are free. `operation.have` counts them, from 0. */
export function noteRemoval(volume: Volume, operation: Operation): i32 {
  const places = operation.source;
  for (; <i32>operation.have < places.count; operation.have++) {
    const index = <i32>operation.have;
    const at = volume.log.change(places.sectors[index], places.offsets[index], 1);
    if (at == 0) return volume.cache.status;
    store<u8>(at, ENTRY_FREE);
  }
  operation.have = 0;
  return 0;
}

export function fillEntry(volume: Volume, operation: Operation, attributes: i32, first: u32): void {
  const at = operation.entry.dataStart;
  const time = volume.time;
  memory.fill(at, 0, ENTRY_BYTES);
  store<u8>(at, <u8>attributes, ENTRY_ATTRIBUTES);
  store<u32>(at, time, 14);
  setChangedTime(at, time);
  setFirstCluster(at, first);
}

/** Gives back what was taken for a change that does not happen: before its record was written. */
export function giveBack(volume: Volume, operation: Operation): i32 {
  const space = volume.space;
  if (volume.cache.failed != 0) return 0;
  if (operation.taken != 0) {
    const status = space.release(operation.taken);
    if (status < 0) return status;
    operation.taken = 0;
  }
  while (operation.grownCount > 0) {
    const status = space.release(operation.grown[operation.grownCount - 1]);
    if (status < 0) return status;
    operation.grownCount--;
  }
  return 0;
}
