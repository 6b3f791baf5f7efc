/**
 * Memory for tables, once and for good, all zero: their entries are overlays without a header, which the collector
 * neither sees nor visits, and whose fields cost no code to set up.
 */
export function rawMemory(bytes: usize): usize {
  const at = heap.alloc(bytes);
  memory.fill(at, 0, bytes);
  return at;
}

/** One object in such memory. */
// @ts-ignore: decorator
@inline
export function rawObject<T>(): T {
  return changetype<T>(rawMemory(offsetof<T>()));
}

/** The same bytes at both places? Shorter than `memory.compare`, which is put in wherever it is used. */
export function sameBytes(one: usize, other: usize, bytes: i32): bool {
  for (let at = 0; at < bytes; at++) if (load<u8>(one + at) != load<u8>(other + at)) return false;
  return true;
}
