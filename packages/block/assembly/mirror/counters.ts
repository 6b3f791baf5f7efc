/** What a mirror counts, in the order of LABELS. */
@final
export class MirrorCounters {
  /** Legs that are left out. */
  degraded: u64 = 0;
  /** Reads that one leg had CORRUPT, and places that were written back. */
  corruptReads: u64 = 0;
  repaired: u64 = 0;
}

export const LABELS = "degraded corrupt-reads repaired";
