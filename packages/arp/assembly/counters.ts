/** Sums since boot. */
export class ArpCounters {
  requestsReceived: u64 = 0;
  repliesReceived: u64 = 0;
  requestsSent: u64 = 0;
  repliesSent: u64 = 0;
  /** Not of IPv4 on Ethernet, or from a group address. */
  malformed: u64 = 0;
  /** Neighbours that did not answer. */
  silent: u64 = 0;
  /** Neighbours that were forgotten to make room. */
  evicted: u64 = 0;
  /** Neighbours that were not remembered for want of room. */
  notLearned: u64 = 0;
  /** Neighbours that came with another link address. */
  moved: u64 = 0;
  /** Packets of others with an address of ours as sender. */
  conflicts: u64 = 0;
}
