/** Sums since the store was opened. In the order of `LABELS`. */
export class KeyValueCounters {
  /** Pages that were wanted and in the cache, and that had to be read. */
  hits: u64 = 0;
  misses: u64 = 0;
  /** Batches applied. */
  commits: u64 = 0;
  /** Records written to the log, without marks. */
  records: u64 = 0;
  flushes: u64 = 0;
  checkpoints: u64 = 0;
  /** By checkpoints: pages of the tree, the map and the meta page. */
  pagesWritten: u64 = 0;
  /** Times that an operation had to wait for a page, for a checkpoint, or for its turn. */
  waits: u64 = 0;
  /** Operations that were refused because too many waited. */
  exhausted: u64 = 0;
  /** Pages and extents whose checksum or structure did not fit. */
  corrupt: u64 = 0;
  /** Entries that the sweeper removed. */
  expired: u64 = 0;
  /** Changes that a watcher had no room for. */
  missed: u64 = 0;
  /** Bytes of values that could not be given back because what says where they are is damaged. */
  lost: u64 = 0;
}

export const LABELS: string =
  "hits misses commits records flushes checkpoints pages-written waits exhausted corrupt expired missed lost";
