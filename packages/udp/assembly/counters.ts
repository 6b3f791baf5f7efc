/** Sums since boot. */
export class UdpCounters {
  /** Datagrams that were handed to a socket. */
  received: u64 = 0;
  /** Whose length makes no sense, or without a checksum where there must be one. */
  malformed: u64 = 0;
  badChecksum: u64 = 0;
  /** For a port that nobody has bound. */
  noPort: u64 = 0;
  sent: u64 = 0;
  /** Errors that came back and that a socket was told. */
  errors: u64 = 0;
}
