/** What a volume counts, in the order of COUNTER_LABELS. */
@final
export class TarCounters {
  /** Reads that were begun, and bytes that they asked for. */
  reads: u64 = 0;
  bytes: u64 = 0;
  /** Opens, reads and operations that found too many of their kind. */
  refused: u64 = 0;
  /** Members of the archive that are left out because their names cannot be paths. */
  unnamed: u64 = 0;
}

export const COUNTER_LABELS = "reads bytes refused unnamed";
