/** Sums since boot, of the zones that others are the primary of. */
export class SecondaryCounters {
  /** Questions which version there is. */
  questions: u64 = 0;
  /** Zones that were transferred, as a whole or by changes. */
  wholes: u64 = 0;
  changes: u64 = 0;
  /** Looks at a primary that ended with the newest version here; that did not, for whatever reason. */
  current: u64 = 0;
  failed: u64 = 0;
  /** Zones that are not answered any more. */
  expired: u64 = 0;
  /** NOTIFY that arrived from a primary, and others. */
  notifies: u64 = 0;
  notifiesRefused: u64 = 0;
}

export const SECONDARY_LABELS: string =
  "questions wholes changes current failed expired notifies notifies-refused";
