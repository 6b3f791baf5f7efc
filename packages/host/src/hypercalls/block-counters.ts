/** What a domain asked of a disk. */
export interface BlockCounters {
  /** Requests that were accepted. */
  reads: number;
  writes: number;
  flushes: number;
  discards: number;
  /** What the accepted ones move. */
  readBytes: number;
  writtenBytes: number;
  /** Requests that completed with an error. */
  errors: number;
}

export function newBlockCounters(): BlockCounters {
  return {
    reads: 0,
    writes: 0,
    flushes: 0,
    discards: 0,
    readBytes: 0,
    writtenBytes: 0,
    errors: 0,
  };
}
