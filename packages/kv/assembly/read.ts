/** Operations that read. Each runs from the start whenever a page has come that it waited for. */
import {
  CORRUPT,
  Errno,
  NOT_FOUND,
  PENDING,
  TOO_LARGE,
  VALUE_BYTES_MAX,
  Value,
} from "@phantasm/interfaces";
import { xxh64 } from "@phantasm/checksum";
import { Purpose } from "./disk";
import { Engine } from "./engine";
import { makeUserKey, userKey } from "./keys";
import { CellFlag, PAGE_BYTES, PAGE_SHIFT } from "./layout";
import { Operation, OperationKind } from "./operation";
import { expiryOf, keyBytesOf, leafKey } from "./page";
import { View } from "./tree";
import { MEMORY_REFERENCE } from "./values";

/** Not a result: the value is elsewhere, at the cell on which the tree stands. */
export const ELSEWHERE: i32 = -1001;

/** True if an entry counts as absent by now. The time is asked for only if it can expire at all. */
// @ts-ignore: decorator
@inline
export function isExpired(engine: Engine, cell: usize): bool {
  const expiresNs = expiryOf(cell);
  return expiresNs != 0 && expiresNs <= engine.clock.wall();
}

/** Address of the value in a leaf's cell. */
// @ts-ignore: decorator
@inline
export function valueOf(cell: usize): usize {
  return leafKey(cell) + <usize>keyBytesOf(cell);
}

// @ts-ignore: decorator
@inline
export function isElsewhere(cell: usize): bool {
  return (load<u16>(cell, 2) & CellFlag.ELSEWHERE) != 0;
}

/** Of a value that is elsewhere: its bytes are where the cell says. */
// @ts-ignore: decorator
@inline
export function isDirect(cell: usize): bool {
  return (load<u16>(cell, 2) & CellFlag.DIRECT) != 0;
}

/** Makes an array for a value large enough. The old one is left to whoever has it. */
function makeRoom(into: Value, bytes: i32): void {
  if (into.bytes.length < bytes) into.bytes = new Uint8Array(bytes);
}

/** Fills in what a cell says. Returns the length of the value, ELSEWHERE, or TOO_LARGE. */
export function takeCell(cell: usize, into: Value): i32 {
  into.version = load<u64>(cell, 8);
  into.expiresNs = expiryOf(cell);
  const value = valueOf(cell);
  if (isElsewhere(cell)) {
    const size = load<u64>(value);
    into.size = size;
    into.length = 0;
    if (size > <u64>VALUE_BYTES_MAX) return TOO_LARGE;
    const page = load<u64>(value, 8);
    return page >= MEMORY_REFERENCE ? takeBytes(<usize>page, <i32>size, into) : ELSEWHERE;
  }
  return takeBytes(value, load<i32>(cell, 4), into);
}

function takeBytes(from: usize, bytes: i32, into: Value): i32 {
  makeRoom(into, bytes);
  memory.copy(into.bytes.dataStart, from, bytes);
  into.size = bytes;
  into.length = bytes;
  return bytes;
}

/** What `get` does when no page is missing; else PENDING or ELSEWHERE. */
export function lookup(engine: Engine, view: View, key: Uint8Array, into: Value): i32 {
  const tree = engine.tree;
  const status = tree.seek(view, userKey, makeUserKey(key.dataStart, key.length));
  if (status != 0) return status;
  if (!tree.found) return NOT_FOUND;
  const cell = tree.cell;
  return isExpired(engine, cell) ? NOT_FOUND : takeCell(cell, into);
}

export function runRead(engine: Engine, operation: Operation): i32 {
  switch (operation.kind) {
    case OperationKind.GET:
      return runGet(engine, operation);
    case OperationKind.OPEN:
      return runOpen(engine, operation);
    case OperationKind.NEXT:
      return runNext(engine, operation);
    default:
      return operation.reader!.run(engine, operation);
  }
}

function runGet(engine: Engine, operation: Operation): i32 {
  const into = operation.into!;
  if (operation.walk.firstPage == 0) {
    const result = lookup(engine, operation.view!, operation.key!, into);
    if (result == PENDING) operation.awaited = engine.cache.awaited;
    if (result != ELSEWHERE) return result;
    beginWhole(engine, operation, engine.tree.cell);
  }
  return readWhole(engine, operation, into);
}

function runOpen(engine: Engine, operation: Operation): i32 {
  const tree = engine.tree;
  const key = operation.key!;
  const status = tree.seek(operation.view!, userKey, makeUserKey(key.dataStart, key.length));
  if (status == PENDING) operation.awaited = engine.cache.awaited;
  if (status != 0) return status;
  if (!tree.found || isExpired(engine, tree.cell)) return NOT_FOUND;
  const cell = tree.cell;
  const into = operation.into!;
  into.version = load<u64>(cell, 8);
  into.expiresNs = expiryOf(cell);
  into.length = 0;
  into.size = isElsewhere(cell) ? load<u64>(valueOf(cell)) : load<u32>(cell, 4);
  operation.reader!.open(engine, cell, operation.snapshot);
  return 0;
}

function runNext(engine: Engine, operation: Operation): i32 {
  const cursor = operation.cursor!;
  if (operation.walk.firstPage == 0) {
    const result = cursor.step();
    if (result == PENDING) operation.awaited = engine.cache.awaited;
    if (result != ELSEWHERE) return result;
    beginWhole(engine, operation, engine.tree.cell);
  }
  const result = readWhole(engine, operation, cursor.value);
  return result < 0 ? result : 1;
}

/** An operation begins to read all of a value that is elsewhere. */
export function beginWhole(engine: Engine, operation: Operation, cell: usize): void {
  const value = valueOf(cell);
  operation.walk.begin(load<u64>(value), load<u64>(value, 8), load<u64>(value, 16), isDirect(cell));
  operation.hold = engine.hold(operation.snapshot);
  operation.position = 0;
  operation.offset = 0;
}

/** Reads the extents of a value of up to VALUE_BYTES_MAX straight into the array that is given. */
function readWhole(engine: Engine, operation: Operation, into: Value): i32 {
  const walk = operation.walk;
  const size = <i32>walk.size;
  if (size == 0) return CORRUPT;
  if (operation.position == <u64>size) {
    into.bytes = operation.buffer!;
    into.length = size;
    return size;
  }
  if (operation.buffer === null) {
    makeRoom(into, (size + PAGE_BYTES - 1) & -PAGE_BYTES);
    operation.buffer = into.bytes;
  }
  const status = walk.locate(engine.cache, operation.position);
  if (status == PENDING) operation.awaited = engine.cache.awaited;
  if (status != 0) return status;
  const read = readExtent(engine, operation, operation.buffer!, <i32>walk.start);
  if (read != 0) return read == Errno.AGAIN ? PENDING : read;
  operation.awaited = -2;
  return PENDING;
}

/** Asks for the pages of the extent from `operation.offset` (pages) on, as many as one request moves. */
export function readExtent(engine: Engine, operation: Operation, into: Uint8Array, at: i32): i32 {
  const walk = operation.walk;
  const done = operation.offset;
  const pages = min(walk.pages - done, engine.disk.requestPagesMax);
  const status = engine.disk.readPages(
    walk.page + <u64>done,
    pages,
    into,
    at + (done << PAGE_SHIFT),
    Purpose.OPERATION,
    operation.index,
  );
  if (status == 0) operation.offset = done + pages;
  return status;
}

/** A part of an extent was read. PENDING: the operation goes on. */
export function onOperationRead(engine: Engine, operation: Operation, status: i32): i32 {
  if (status != 0) return status;
  const walk = operation.walk;
  operation.awaited = -1;
  if (operation.offset < walk.pages) return PENDING;
  operation.offset = 0;
  const reader = operation.reader;
  const from =
    reader !== null ? reader.extentAddress : operation.buffer!.dataStart + <usize>walk.start;
  if (xxh64(from, walk.bytes, walk.page) != walk.checksum) {
    engine.counters.corrupt++;
    return CORRUPT;
  }
  if (reader !== null) reader.onExtent(walk);
  else operation.position = walk.start + <u64>walk.bytes;
  return PENDING;
}
