/** What a checksummed disk counts, in the order of LABELS. */
@final
export class ChecksummedCounters {
  /** Reads that were CORRUPT. */
  corruptReads: u64 = 0;
}

export const LABELS = "corrupt-reads";
