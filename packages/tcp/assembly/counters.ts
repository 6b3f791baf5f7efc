/** Sums since boot. */
@final
export class TcpCounters {
  segmentsReceived: u64 = 0;
  segmentsSent: u64 = 0;
  bytesReceived: u64 = 0;
  bytesSent: u64 = 0;
  segmentsRetransmitted: u64 = 0;

  connectionsOpened: u64 = 0;
  connectionsAccepted: u64 = 0;
  /** Ended by a RST of the peer. */
  connectionsReset: u64 = 0;
  connectionsTimedOut: u64 = 0;
  /** Ended to make room for others, after they had been stalled. */
  connectionsEvicted: u64 = 0;

  /** Cut off, or contradicting themselves. */
  droppedMalformed: u64 = 0;
  droppedChecksum: u64 = 0;
  /** To a broadcast or multicast address. */
  droppedGroup: u64 = 0;
  /** Outside the window. */
  droppedOutside: u64 = 0;
  /** Acknowledging what was never sent, or long ago. */
  droppedAcknowledgment: u64 = 0;
  /** Older than what has arrived (PAWS), or without the time stamp that was agreed. */
  droppedTimestamp: u64 = 0;
  /** Data for which there was no memory. */
  droppedMemory: u64 = 0;
  /** Ahead of their turn, when there were too many holes. */
  droppedHoles: u64 = 0;
  /** SYNs at the limit of connections. */
  droppedConnections: u64 = 0;
  /** SYNs, and last segments of handshakes, at a full backlog. */
  droppedBacklog: u64 = 0;
  /** For nobody, and not worth an answer. */
  droppedStray: u64 = 0;
  /** Times that data was thrown away, for want of memory, that SACK had promised to keep. */
  reneged: u64 = 0;

  resetsSent: u64 = 0;
  /** RSTs that were not sent, at their limit. */
  resetsWithheld: u64 = 0;
  challengesSent: u64 = 0;
  challengesWithheld: u64 = 0;
  cookiesSent: u64 = 0;
  cookiesAccepted: u64 = 0;
  cookiesRefused: u64 = 0;
  timeWaitReused: u64 = 0;
  /** TIME_WAITs that ended because the peer, which began anew, had forgotten them. */
  timeWaitReset: u64 = 0;
  /** TIME_WAITs that ended early, at their limit. */
  timeWaitEvicted: u64 = 0;
  probesSent: u64 = 0;
  keepAlivesSent: u64 = 0;
  pathErrors: u64 = 0;
  /** Path errors that matched nothing under way. */
  pathErrorsIgnored: u64 = 0;
}
