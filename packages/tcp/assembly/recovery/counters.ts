/** What recovery has done, over all connections. */
@final
class RecoveryCounters {
  /** Ranges sent again, and their bytes. */
  retransmissions: u64 = 0;
  retransmittedBytes: u64 = 0;
  /** Retransmission timers that expired. */
  timeouts: u64 = 0;
  /** Tail loss probes. */
  probes: u64 = 0;
  /** Reductions of the window for losses, and for marks of routers. */
  recoveries: u64 = 0;
  marks: u64 = 0;
  /** Reductions and time-outs that timestamps have proved needless, and that were undone. */
  undone: u64 = 0;
  /** Times that what was received twice was reported. */
  duplicates: u64 = 0;
  /** Receivers that threw away what they had reported. */
  reneged: u64 = 0;
}

export const recoveryCounters = new RecoveryCounters();
