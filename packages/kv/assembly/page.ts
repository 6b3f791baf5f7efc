/**
 * Pages of the tree, worked on as they lie: a head, the offsets of the cells in the order of their keys, and
 * the cells from the end of the page downwards. Nothing here checks: a page that came from the disk went
 * through page-check.ts once.
 *
 * ```
 * head  offset₀ offset₁ …  →      free      ←  … cells
 * 0     24                        lowest         4096
 * ```
 */
import { compareBytes, equalBytes } from "./compare";
import {
  CELLS,
  CellFlag,
  HEAD_COUNT,
  HEAD_LOWEST,
  HEAD_UNUSED,
  INNER_CELL_KEY,
  PAGE_BYTES,
  PageKind,
} from "./layout";

/** A copy of a page that is being compacted or split. */
const scratch: usize = memory.data(4096, 8);

/** What `search` found besides the index: the key itself is there. */
export let exact: bool = false;

// @ts-ignore: decorator
@inline
export function countOf(page: usize): i32 {
  return load<u16>(page, HEAD_COUNT);
}

// @ts-ignore: decorator
@inline
export function isLeaf(page: usize): bool {
  return load<u8>(page) == PageKind.LEAF;
}

// @ts-ignore: decorator
@inline
export function cellAt(page: usize, index: i32): usize {
  return page + <usize>load<u16>(page + ((<usize>index) << 1), CELLS);
}

// @ts-ignore: decorator
@inline
export function keyBytesOf(cell: usize): i32 {
  return load<u16>(cell);
}

// @ts-ignore: decorator
@inline
export function leafKey(cell: usize): usize {
  return cell + 16 + (((<usize>load<u16>(cell, 2)) & 1) << 3);
}

// @ts-ignore: decorator
@inline
export function innerKey(cell: usize): usize {
  return cell + INNER_CELL_KEY;
}

// @ts-ignore: decorator
@inline
export function keyOf(page: usize, cell: usize): usize {
  return isLeaf(page) ? leafKey(cell) : innerKey(cell);
}

export function cellBytes(page: usize, cell: usize): i32 {
  return isLeaf(page) ? leafCellBytes(cell) : <i32>INNER_CELL_KEY + keyBytesOf(cell);
}

export function leafCellBytes(cell: usize): i32 {
  return <i32>(leafKey(cell) - cell) + keyBytesOf(cell) + load<i32>(cell, 4);
}

// @ts-ignore: decorator
@inline
export function expiryOf(cell: usize): i64 {
  return (load<u16>(cell, 2) & CellFlag.EXPIRES) != 0 ? load<i64>(cell, 16) : 0;
}

export function makePage(page: usize, level: i32): void {
  memory.fill(page, 0, CELLS);
  store<u8>(page, level == 0 ? PageKind.LEAF : PageKind.INNER);
  store<u8>(page, level, 1);
  store<u16>(page, PAGE_BYTES, HEAD_LOWEST);
}

/** Index of the first cell whose key is not below this one; `exact` says whether it is the same. */
export function search(page: usize, key: usize, keyBytes: i32): i32 {
  let low = 0;
  let high = countOf(page);
  exact = false;
  if (isLeaf(page)) {
    while (low < high) {
      const middle = (low + high) >> 1;
      const cell = cellAt(page, middle);
      const order = compareBytes(leafKey(cell), keyBytesOf(cell), key, keyBytes);
      if (order < 0) low = middle + 1;
      else {
        high = middle;
        if (order == 0) {
          exact = true;
          return middle;
        }
      }
    }
    return low;
  }
  while (low < high) {
    const middle = (low + high) >> 1;
    const cell = cellAt(page, middle);
    const order = compareBytes(innerKey(cell), keyBytesOf(cell), key, keyBytes);
    if (order < 0) low = middle + 1;
    else {
      high = middle;
      if (order == 0) {
        exact = true;
        return middle;
      }
    }
  }
  return low;
}

/** Whether a leaf has this key at that index. */
export function isKeyAt(page: usize, index: i32, key: usize, keyBytes: i32): bool {
  if (index >= countOf(page)) return false;
  const cell = cellAt(page, index);
  return keyBytesOf(cell) == keyBytes && equalBytes(leafKey(cell), key, keyBytes);
}

/** Index of the child of an inner page that has the keys around this one. */
// @ts-ignore: decorator
@inline
export function childIndex(page: usize, key: usize, keyBytes: i32): i32 {
  const index = search(page, key, keyBytes);
  return exact ? index : index - 1;
}

/** Bytes that another cell and its offset can have, once the page is compact. */
// @ts-ignore: decorator
@inline
export function freeBytes(page: usize): i32 {
  return contiguousBytes(page) + load<u16>(page, HEAD_UNUSED);
}

// @ts-ignore: decorator
@inline
function contiguousBytes(page: usize): i32 {
  return <i32>load<u16>(page, HEAD_LOWEST) - <i32>CELLS - (countOf(page) << 1);
}

/** Bytes that cells and their offsets take. */
export function usedBytes(page: usize): i32 {
  return PAGE_BYTES - <i32>CELLS - freeBytes(page);
}

function compact(page: usize): void {
  memory.copy(scratch, page, PAGE_BYTES);
  const count = countOf(page);
  let lowest = PAGE_BYTES;
  for (let index = 0; index < count; index++) {
    const cell = cellAt(scratch, index);
    const bytes = cellBytes(scratch, cell);
    lowest -= bytes;
    memory.copy(page + lowest, cell, bytes);
    store<u16>(page + ((<usize>index) << 1), lowest, CELLS);
  }
  store<u16>(page, lowest, HEAD_LOWEST);
  store<u16>(page, 0, HEAD_UNUSED);
}

/** Puts a cell at an index, if it fits: returns where it lies, or 0. Its content is for the caller to write. */
export function insertCell(page: usize, index: i32, bytes: i32): usize {
  if (contiguousBytes(page) < bytes + 2) {
    if (freeBytes(page) < bytes + 2) return 0;
    compact(page);
  }
  const count = countOf(page);
  const lowest = <i32>load<u16>(page, HEAD_LOWEST) - bytes;
  const slot = page + CELLS + ((<usize>index) << 1);
  memory.copy(slot + 2, slot, (<usize>(count - index)) << 1);
  store<u16>(slot, lowest);
  store<u16>(page, lowest, HEAD_LOWEST);
  store<u16>(page, count + 1, HEAD_COUNT);
  return page + <usize>lowest;
}

export function removeCell(page: usize, index: i32): void {
  const count = countOf(page);
  const cell = cellAt(page, index);
  const bytes = cellBytes(page, cell);
  const slot = page + CELLS + ((<usize>index) << 1);
  memory.copy(slot, slot + 2, (<usize>(count - 1 - index)) << 1);
  store<u16>(page, count - 1, HEAD_COUNT);
  if (count == 1) {
    store<u16>(page, PAGE_BYTES, HEAD_LOWEST);
    store<u16>(page, 0, HEAD_UNUSED);
  } else if (cell - page == <usize>load<u16>(page, HEAD_LOWEST)) {
    store<u16>(page, load<u16>(page, HEAD_LOWEST) + <u16>bytes, HEAD_LOWEST);
  } else {
    store<u16>(page, load<u16>(page, HEAD_UNUSED) + <u16>bytes, HEAD_UNUSED);
  }
}

/** Adds a copy of another page's cell behind the last; there is room. */
export function appendCell(page: usize, cell: usize, bytes: i32): void {
  memory.copy(insertCell(page, countOf(page), bytes), cell, bytes);
}

/**
 * Moves the cells from an index on, counted with one more cell that would stand at `at`, to the end of an empty
 * page. The index is chosen so that both halves, with that cell in one of them, have about as many bytes;
 * a cell behind all others goes to the new page alone, so that ascending keys fill their pages.
 *
 * Returns true if the new cell belongs to the right page.
 */
export function splitPage(page: usize, right: usize, at: i32, bytes: i32): bool {
  const count = countOf(page);
  let moved = count;
  let toRight = true;
  if (at < count) {
    const half = (usedBytes(page) + bytes + 2) >> 1;
    let sum = 0;
    let virtual = 0;
    // At least one cell on either side.
    for (; virtual < count; virtual++) {
      if (virtual == at) sum += bytes + 2;
      else {
        const index = virtual < at ? virtual : virtual - 1;
        sum += cellBytes(page, cellAt(page, index)) + 2;
      }
      if (sum >= half) {
        virtual++;
        break;
      }
    }
    if (virtual > count) virtual = count;
    toRight = at >= virtual;
    moved = toRight ? virtual : virtual - 1;
  }
  memory.copy(scratch, page, PAGE_BYTES);
  const level = <i32>load<u8>(page, 1);
  makePage(right, level);
  for (let index = moved; index < count; index++) {
    const cell = cellAt(scratch, index);
    // `scratch` is not touched by this: the page is empty, nothing is compacted.
    appendCell(right, cell, cellBytes(scratch, cell));
  }
  store<u16>(page, moved, HEAD_COUNT);
  let lowest = PAGE_BYTES;
  for (let index = 0; index < moved; index++) {
    const cell = cellAt(scratch, index);
    const size = cellBytes(scratch, cell);
    lowest -= size;
    memory.copy(page + lowest, cell, size);
    store<u16>(page + ((<usize>index) << 1), lowest, CELLS);
  }
  store<u16>(page, lowest, HEAD_LOWEST);
  store<u16>(page, 0, HEAD_UNUSED);
  return toRight;
}
