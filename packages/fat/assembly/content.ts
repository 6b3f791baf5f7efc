/** Bytes of files: reading, writing, cutting. Whole sectors go straight between the disk and the caller's buffer. */
import { CORRUPT, Errno, PENDING, TOO_LARGE } from "@phantasm/interfaces";
import { Node } from "./node";
import { Operation } from "./operation";
import { END, WAIT } from "./table";
import { DEPTH, Volume } from "./volume";

/** Size of a file, at most. */
export const FILE_BYTES_MAX: u64 = 0xffff_ffff;

enum WriteStage {
  CHECK,
  EXTEND,
  ZERO,
  DATA,
  WAIT,
  UNDO,
  RELEASE,
}

enum CutStage {
  COMMIT,
  FIND,
  LINK,
  ENTRY,
  CUT,
  RELEASE,
}

/** Reads: returns the bytes that were read. */
export function readContent(volume: Volume, operation: Operation): i32 {
  const node = operation.file!.node;
  if (node.gone) return Errno.GONE;
  const size = <u64>node.size;
  if (operation.position >= size) return 0;
  const total = <i32>min<u64>(<u64>operation.length, size - operation.position);
  const sectorBytes = volume.geometry.sectorBytes;
  const buffer = operation.buffer!;
  while (operation.done < total) {
    const position = operation.position + <u64>operation.done;
    const left = total - operation.done;
    const inSector = <i32>(position & (<u64>(sectorBytes - 1)));
    if (inSector != 0 || left < sectorBytes) {
      const sector = sectorAt(volume, operation, node, position);
      if (sector == 0) return volume.cache.status;
      const at = volume.cache.at(sector);
      if (at == 0) return volume.cache.status;
      const bytes = min(sectorBytes - inSector, left);
      memory.copy(buffer.dataStart + operation.offset + operation.done, at + inSector, bytes);
      operation.done += bytes;
      continue;
    }
    if (operation.transfer.inFlight >= DEPTH) return PENDING;
    const count = volume.run(operation, node, position, left / sectorBytes);
    if (count == 0) return volume.cache.status;
    const start = volume.runStart;
    const written = volume.cache.writeBackRange(start, count);
    if (written < 0) return written;
    const offset = operation.offset + operation.done;
    if (!volume.disk.read(start, count, buffer, offset, operation.transfer))
      return refused(operation);
    operation.done += count * sectorBytes;
  }
  const outcome = operation.transfer.outcome();
  return outcome < 0 ? outcome : total;
}

/** Writes, or with a length of 0 makes the file grow up to `position`. */
export function writeContent(volume: Volume, operation: Operation): i32 {
  while (operation.stage <= WriteStage.RELEASE) {
    let status = 0;
    switch (operation.stage) {
      case WriteStage.CHECK:
        status = check(volume, operation);
        if (status < 0) return status;
        break;
      case WriteStage.EXTEND:
        status = extend(volume, operation);
        break;
      case WriteStage.ZERO:
        status = fillGap(volume, operation);
        break;
      case WriteStage.DATA:
        status = writeData(volume, operation);
        break;
      case WriteStage.WAIT:
        status = operation.transfer.outcome();
        if (status == 0) return grown(volume, operation);
        break;
      case WriteStage.UNDO:
        status = undo(volume, operation);
        break;
      default:
        status = volume.space.release(operation.rest);
        if (status == 0) return operation.error;
    }
    if (status == PENDING) return PENDING;
    if (status < 0 && operation.stage >= WriteStage.UNDO) {
      // Whether the file has these clusters is not known.
      volume.cache.failed = status;
      return operation.error;
    }
    if (status < 0) {
      operation.error = status;
      operation.stage = WriteStage.UNDO;
    } else {
      operation.stage++;
    }
  }
  return operation.error;
}

function check(volume: Volume, operation: Operation): i32 {
  const node = operation.file!.node;
  if (node.gone) return Errno.GONE;
  if (!volume.isPossible(node.size)) return CORRUPT;
  if (operation.position > FILE_BYTES_MAX) return TOO_LARGE;
  if (operation.position + <u64>operation.length > FILE_BYTES_MAX) return TOO_LARGE;
  const status = volume.marks.markDirty(operation.transfer);
  if (status < 0) return status;
  operation.have = clustersFor(volume, <u64>node.size);
  if (operation.have == 0 && node.start != 0) operation.have = 1;
  operation.zeroed = <u64>node.size;
  return 0;
}

function clustersFor(volume: Volume, bytes: u64): u32 {
  const clusterBytes = <u64>volume.geometry.clusterBytes;
  return <u32>((bytes + clusterBytes - 1) / clusterBytes);
}

/** Takes the clusters that are missing. They are linked to each other, but to the chain on the disk only by a commit. */
function extend(volume: Volume, operation: Operation): i32 {
  const node = operation.file!.node;
  const end = operation.position + <u64>operation.length;
  const needed = clustersFor(volume, max<u64>(end, <u64>node.size));
  while (operation.have < needed) {
    let last: u32 = 0;
    if (operation.have > 0) {
      last = volume.seek(operation, node, operation.have - 1);
      if (last == WAIT) return volume.cache.status;
      const next = volume.after(node, last);
      if (next == WAIT) return volume.cache.status;
      if (volume.geometry.isCluster(next)) {
        // Somebody has given it more than its size says.
        operation.have++;
        continue;
      }
      if (next != END) return CORRUPT;
    }
    if (operation.taken == 0) {
      const taken = volume.space.take();
      if (taken == WAIT) return volume.cache.status;
      operation.taken = taken;
    }
    if (node.head == 0) {
      node.head = operation.taken;
      node.tail = last;
    } else if (!volume.table.set(last, operation.taken)) {
      return volume.cache.status;
    }
    node.changed = true;
    if (operation.added == 0) {
      operation.added = operation.taken;
      operation.before = last;
    }
    operation.taken = 0;
    operation.have++;
  }
  return 0;
}

/** Zeros from the end of the file to where the data begins. */
function fillGap(volume: Volume, operation: Operation): i32 {
  const node = operation.file!.node;
  const sectorBytes = volume.geometry.sectorBytes;
  while (operation.zeroed < operation.position) {
    const position = operation.zeroed;
    const left = operation.position - position;
    const inSector = <i32>(position & (<u64>(sectorBytes - 1)));
    if (inSector != 0 || left < <u64>sectorBytes) {
      const sector = sectorAt(volume, operation, node, position);
      if (sector == 0) return volume.cache.status;
      const at = inSector == 0 ? volume.cache.fresh(sector) : volume.cache.at(sector);
      if (at == 0) return volume.cache.status;
      const bytes = <i32>min<u64>(<u64>(sectorBytes - inSector), left);
      memory.fill(at + inSector, 0, bytes);
      volume.cache.touch(sector);
      operation.zeroed += bytes;
      continue;
    }
    if (operation.transfer.inFlight >= DEPTH) return PENDING;
    const wanted = <i32>min<u64>(left / sectorBytes, <u64>volume.disk.transferMax);
    const found = volume.run(operation, node, position, wanted);
    if (found == 0) return volume.cache.status;
    const count = volume.writeZeros(volume.runStart, found, operation.transfer);
    if (count == 0) return volume.cache.status;
    operation.zeroed += <u64>count * sectorBytes;
  }
  return 0;
}

function writeData(volume: Volume, operation: Operation): i32 {
  const node = operation.file!.node;
  const sectorBytes = volume.geometry.sectorBytes;
  const total = operation.length;
  while (operation.done < total) {
    const buffer = operation.buffer!;
    const position = operation.position + <u64>operation.done;
    const left = total - operation.done;
    const inSector = <i32>(position & (<u64>(sectorBytes - 1)));
    if (inSector != 0 || left < sectorBytes) {
      const sector = sectorAt(volume, operation, node, position);
      if (sector == 0) return volume.cache.status;
      // Behind the end of the file there is nothing that has to be kept.
      const isNew = inSector == 0 && position >= <u64>node.size;
      const at = isNew ? volume.cache.fresh(sector) : volume.cache.at(sector);
      if (at == 0) return volume.cache.status;
      const bytes = min(sectorBytes - inSector, left);
      memory.copy(at + inSector, buffer.dataStart + operation.offset + operation.done, bytes);
      volume.cache.touch(sector);
      operation.done += bytes;
      continue;
    }
    if (operation.transfer.inFlight >= DEPTH) return PENDING;
    const count = volume.run(operation, node, position, left / sectorBytes);
    if (count == 0) return volume.cache.status;
    const start = volume.runStart;
    const free = volume.cache.forget(start, count);
    if (free < 0) return free;
    const offset = operation.offset + operation.done;
    if (!volume.disk.write(start, count, buffer, offset, operation.transfer))
      return refused(operation);
    operation.done += count * sectorBytes;
  }
  return 0;
}

function grown(volume: Volume, operation: Operation): i32 {
  const node = operation.file!.node;
  const end = operation.position + <u64>operation.length;
  const time = volume.time;
  if (time != node.time) {
    node.time = time;
    node.changed = true;
  }
  if (end > <u64>node.size) {
    node.size = <u32>end;
    node.changed = true;
  }
  return 0;
}

/** Takes the added clusters from the file again: it is as it was. */
function undo(volume: Volume, operation: Operation): i32 {
  const waiting = operation.transfer.outcome();
  if (waiting == PENDING) return PENDING;
  volume.space.reset();
  operation.cluster = 0;
  const node = operation.file!.node;
  if (operation.taken != 0) {
    if (!volume.table.set(operation.taken, 0)) return volume.cache.status;
    operation.taken = 0;
  }
  if (operation.added == 0) return 0;
  if (node.head == operation.added) {
    node.head = 0;
    node.tail = 0;
  } else if (!volume.table.set(operation.before, END)) {
    return volume.cache.status;
  }
  node.cuts++;
  operation.rest = operation.added;
  operation.added = 0;
  return 0;
}

/** Gives a file a smaller size, durably: only then its clusters may become somebody else's. */
export function cutContent(volume: Volume, operation: Operation, node: Node, size: u32): i32 {
  while (operation.stage <= CutStage.RELEASE) {
    let status = 0;
    switch (operation.stage) {
      case CutStage.COMMIT:
        if (node.gone) return Errno.GONE;
        status = volume.commitNode(node, operation.transfer);
        if (status == 0 && size == node.size && (size != 0 || node.first == 0)) return 0;
        break;
      case CutStage.FIND:
        status = findCut(volume, operation, node, size);
        break;
      case CutStage.LINK:
        if (size > 0 && operation.rest != 0) status = volume.noteLink(operation.cluster, END);
        break;
      case CutStage.ENTRY:
        node.time = volume.time;
        status = volume.noteEntry(node, size == 0 ? 0 : node.first, size);
        break;
      case CutStage.CUT:
        status = volume.log.commit(operation.transfer);
        if (status == 0) {
          if (size == 0) node.first = 0;
          node.size = size;
          node.cuts++;
          operation.cluster = 0;
        }
        break;
      default:
        status = volume.space.release(operation.rest);
        if (status == 0) return 0;
    }
    if (status < 0) return status;
    operation.stage++;
  }
  return 0;
}

/** Finds the last cluster that stays, and what follows it. */
function findCut(volume: Volume, operation: Operation, node: Node, size: u32): i32 {
  if (size == 0) {
    operation.rest = node.first;
    return 0;
  }
  if (!volume.isPossible(node.size)) return CORRUPT;
  const last = volume.seek(operation, node, clustersFor(volume, <u64>size) - 1);
  if (last == WAIT) return volume.cache.status;
  const next = volume.table.get(last);
  if (next == WAIT) return volume.cache.status;
  operation.rest = volume.geometry.isCluster(next) ? next : 0;
  return 0;
}

/** Gives a file another size. */
export function truncate(volume: Volume, operation: Operation): i32 {
  const node = operation.file!.node;
  // What it is at first decides; then its size may be the new one already.
  if (operation.step == 0) operation.step = operation.position > <u64>node.size ? 1 : 2;
  if (operation.step == 1) return writeContent(volume, operation);
  return cutContent(volume, operation, node, <u32>operation.position);
}

/** The sector of a byte; 0: `cache.status`. */
function sectorAt(volume: Volume, operation: Operation, node: Node, position: u64): u32 {
  const geometry = volume.geometry;
  const clusterBytes = <u64>geometry.clusterBytes;
  const cluster = volume.seek(operation, node, <u32>(position / clusterBytes));
  if (cluster == WAIT) return 0;
  return geometry.sectorOf(cluster) + <u32>(position % clusterBytes) / geometry.sectorBytes;
}

function refused(operation: Operation): i32 {
  return operation.transfer.error != 0 ? operation.transfer.error : PENDING;
}
