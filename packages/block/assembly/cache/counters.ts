/** What a cache counts, in the order of LABELS. */
@final
export class CacheCounters {
  /** Reads that were answered from memory, and those that had to go to the disk. */
  hits: u64 = 0;
  misses: u64 = 0;
  /** Requests and sectors that were written back. */
  writeBacks: u64 = 0;
  sectorsWritten: u64 = 0;
}

export const LABELS = "hits misses write-backs sectors-written";
