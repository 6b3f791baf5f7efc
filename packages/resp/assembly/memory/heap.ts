/** Memory of keys and values: raw, so that the collector has nothing to look at, and counted. */

import { hasRoom } from "@phantasm/runtime/heap/room";

/** Of the image's memory, bytes that are left for those who take theirs without asking: the network's queues above all. */
let spareBytes: usize = 0;

export function spare(bytes: i32): void {
  spareBytes = <usize>bytes;
}

/** Whether so many bytes can be allocated. To be asked before what others send makes anything grow. */
export function isRoomFor(bytes: usize): bool {
  return hasRoom(bytes, spareBytes);
}

/** What the allocator needs for a block, and what rounding wastes on average. */
const BLOCK_OVERHEAD_BYTES: i64 = 12;

/** Bytes that keys and values take. */
export let usedBytes: i64 = 0;

/** The largest `usedBytes` so far. */
export let peakBytes: i64 = 0;

export function allocate(bytes: i32): usize {
  usedBytes += <i64>bytes + BLOCK_OVERHEAD_BYTES;
  if (usedBytes > peakBytes) peakBytes = usedBytes;
  return heap.alloc(<usize>bytes);
}

/** @param bytes that it was allocated with */
export function release(address: usize, bytes: i32): void {
  usedBytes -= <i64>bytes + BLOCK_OVERHEAD_BYTES;
  heap.free(address);
}
