/** The door: what a page that was read must be before anything works on it. Its checksum has been compared. */
import { compareBytes } from "./compare";
import {
  CELLS,
  CellFlag,
  ELSEWHERE_BYTES,
  ELSEWHERE_SIZE_MAX,
  EXTENT_BYTES,
  EXTENT_PAGES_MAX,
  HEAD_COUNT,
  HEAD_LOWEST,
  HEAD_PAGE,
  HEAD_UNUSED,
  INNER_CELL_KEY,
  LEAF_CELL_BYTES_MAX,
  NAMESPACE_EXPIRY,
  NAMESPACE_USER,
  PAGE_BYTES,
  PAGE_SHIFT,
  PageKind,
  TREE_KEY_BYTES_MAX,
  VALUE_EXTENTS,
  VALUE_NEXT,
  VALUE_PAGE_EXTENTS_MAX,
} from "./layout";
import { cellAt, keyBytesOf, keyOf } from "./page";

/** Bytes of a leaf's cell, or 0 if it cannot be one. `room` bytes lie there. */
function leafCellBytes(cell: usize, room: i32, first: u64, last: u64): i32 {
  if (room < 16) return 0;
  const keyBytes = keyBytesOf(cell);
  const flags = <i32>load<u16>(cell, 2);
  const valueBytes = load<u32>(cell, 4);
  if (flags > 7 || valueBytes > <u32>LEAF_CELL_BYTES_MAX) return 0;
  const head = (flags & CellFlag.EXPIRES) != 0 ? 24 : 16;
  const bytes = head + keyBytes + <i32>valueBytes;
  if (bytes > room || bytes > LEAF_CELL_BYTES_MAX) return 0;
  if (keyBytes < 2 || keyBytes > TREE_KEY_BYTES_MAX) return 0;
  const namespace = load<u8>(cell + head);
  if (namespace == NAMESPACE_EXPIRY) {
    if (keyBytes < 10 || flags != 0 || valueBytes != 0) return 0;
  } else if (namespace != NAMESPACE_USER || keyBytes > TREE_KEY_BYTES_MAX - 8) return 0;
  if ((flags & CellFlag.ELSEWHERE) != 0) {
    if (valueBytes != ELSEWHERE_BYTES) return 0;
    const size = load<u64>(cell + head + keyBytes);
    if (size == 0 || size > ELSEWHERE_SIZE_MAX) return 0;
    const page = load<u64>(cell + head + keyBytes, 8);
    if (page < first || page >= last) return 0;
    if ((flags & CellFlag.DIRECT) != 0) {
      const pages = (size + PAGE_BYTES - 1) >> PAGE_SHIFT;
      if (pages > <u64>EXTENT_PAGES_MAX || last - page < pages) return 0;
    }
  } else if ((flags & CellFlag.DIRECT) != 0) return 0;
  return bytes;
}

function innerCellBytes(cell: usize, room: i32, index: i32, first: u64, last: u64): i32 {
  if (room < <i32>INNER_CELL_KEY) return 0;
  const keyBytes = keyBytesOf(cell);
  const bytes = <i32>INNER_CELL_KEY + keyBytes;
  if (bytes > room || keyBytes > TREE_KEY_BYTES_MAX) return 0;
  if ((keyBytes == 0) != (index == 0)) return 0;
  const page = load<u64>(cell, 8);
  return page >= first && page < last ? bytes : 0;
}

/**
 * True if it is a page of the tree at that level and place, every cell lies inside it, their keys ascend, and
 * all pages it names are at least `first` and below `last`.
 */
export function isTreePage(page: usize, number: u64, level: i32, first: u64, last: u64): bool {
  const kind = level == 0 ? PageKind.LEAF : PageKind.INNER;
  if (load<u8>(page) != kind || <i32>load<u8>(page, 1) != level) return false;
  if (load<u64>(page, HEAD_PAGE) != number) return false;
  const count = <i32>load<u16>(page, HEAD_COUNT);
  const lowest = <i32>load<u16>(page, HEAD_LOWEST);
  const slotsEnd = <i32>CELLS + count * 2;
  if (count == 0 || lowest > PAGE_BYTES || slotsEnd > lowest) return false;
  let used = 0;
  let previous: usize = 0;
  for (let index = 0; index < count; index++) {
    const cell = cellAt(page, index);
    const offset = <i32>(cell - page);
    if (offset < lowest || offset >= PAGE_BYTES) return false;
    const room = PAGE_BYTES - offset;
    const bytes =
      level == 0
        ? leafCellBytes(cell, room, first, last)
        : innerCellBytes(cell, room, index, first, last);
    if (bytes == 0) return false;
    used += bytes;
    if (previous != 0) {
      const order = compareBytes(
        keyOf(page, previous),
        keyBytesOf(previous),
        keyOf(page, cell),
        keyBytesOf(cell),
      );
      if (order >= 0) return false;
    }
    previous = cell;
  }
  // Cells that overlap would have more bytes than there are.
  return used + <i32>load<u16>(page, HEAD_UNUSED) == PAGE_BYTES - lowest;
}

/** True if it is a value page at that place whose extents lie where pages may be. */
export function isValuePage(page: usize, number: u64, first: u64, last: u64): bool {
  if (load<u8>(page) != PageKind.VALUE || load<u64>(page, HEAD_PAGE) != number) return false;
  const count = <i32>load<u16>(page, HEAD_COUNT);
  if (count == 0 || count > VALUE_PAGE_EXTENTS_MAX) return false;
  const next = load<u64>(page, VALUE_NEXT);
  if (next != 0 && (next < first || next >= last)) return false;
  for (let index = 0; index < count; index++) {
    const extent = page + VALUE_EXTENTS + <usize>index * EXTENT_BYTES;
    const start = load<u64>(extent);
    const pages = load<u32>(extent, 8);
    const bytes = load<u32>(extent, 12);
    if (pages < 1 || pages > <u32>EXTENT_PAGES_MAX || start < first) return false;
    if (start >= last || last - start < <u64>pages) return false;
    if (bytes == 0 || bytes > pages << PAGE_SHIFT || bytes <= (pages - 1) << PAGE_SHIFT)
      return false;
    // All but the last one of the value are full.
    const isLast = next == 0 && index == count - 1;
    if (!isLast && bytes != pages << PAGE_SHIFT) return false;
  }
  return true;
}
