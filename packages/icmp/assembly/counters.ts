/** Sums since boot. */
export class IcmpCounters {
  /** Messages that arrived with a valid checksum. */
  received: u64 = 0;
  /** Too short, with a wrong checksum, or about a packet that we cannot have sent. */
  malformed: u64 = 0;
  echoRequests: u64 = 0;
  echoReplies: u64 = 0;
  /** Errors about packets of ours that a transport was told. */
  errorsReceived: u64 = 0;
  errorsSent: u64 = 0;
  /** Echo replies and errors that were not sent because there had been many. */
  limited: u64 = 0;
}
