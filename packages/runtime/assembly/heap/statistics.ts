import { PAUSE_BUCKETS, observation, pausesAddress } from "../observation";
import { collectionCount, heapFreed } from "./collector";
import { limitBytes } from "./pacing";

/** Brings the heap's counters in the observation block up to date. */
export function observeHeap(): void {
  const block = observation();
  block.heapUsedBytes = __heap_used();
  block.heapFreedBytes = heapFreed();
  block.heapLimitBytes = limitBytes();
  block.collections = collectionCount();
  block.memoryBytes = (<u64>memory.size()) << 16;
}

/** The memory of the image, as its own code may see it. */
export class Heap {
  /** Bytes of all objects that were not collected yet, with their headers. */
  get used(): usize {
    return __heap_used();
  }

  /** Bytes of memory the image may have in all, from its manifest. */
  get limit(): usize {
    return limitBytes();
  }

  /** Collections since the boot that have ended. */
  get collections(): u32 {
    return collectionCount();
  }

  /** Bytes of all objects that were collected. */
  get freed(): u64 {
    return heapFreed();
  }

  /** Asks for a whole collection as soon as this handler or fibre has given up its turn. */
  collect(): void {
    __collect();
  }

  /**
   * How many slices of collections did how much work: bucket 0 counts those below 128 units, each next
   * one of 15 up to twice as much. A unit takes 10 to 30 ns.
   */
  pauses(bucket: i32): u32 {
    assert(bucket >= 0 && bucket < PAUSE_BUCKETS, "heap: there are 16 buckets of pauses");
    return load<u32>(pausesAddress() + ((<usize>bucket) << 2));
  }
}
