/** Sums since boot. */
export class RouterCounters {
  /** Packets that were sent on, to the outside and to the inside. */
  forwardedOut: u64 = 0;
  forwardedIn: u64 = 0;
  /** Packets that went from one inside host to another by the outside address (RFC 4787 §6). */
  hairpinned: u64 = 0;
  /** TCP super-segments that went on in one piece, and that the router had to cut. */
  segmentsPassed: u64 = 0;
  segmentsCut: u64 = 0;
  /** Checksums that the router had to complete: the next link does not. */
  checksumsCompleted: u64 = 0;
  /** Packets that were cut into fragments. */
  fragmented: u64 = 0;

  // Flows.

  flowsMade: u64 = 0;
  flowsExpired: u64 = 0;
  /** Flows that made room for a new one: closed ones, or such as had no answer yet. */
  flowsEvicted: u64 = 0;
  /** New flows that were refused: the table is full of live ones, */
  flowsRefused: u64 = 0;
  /** or no port of the outside address was found free. */
  portsExhausted: u64 = 0;

  // Packets that were not sent on.

  /** A rule, or the policy, said drop. */
  dropped: u64 = 0;
  /** A rule, or the policy, said reject. */
  rejected: u64 = 0;
  /** From outside, for no flow and no forwarded port. */
  unsolicited: u64 = 0;
  /** TCP that belongs to no connection and begins none. */
  outOfState: u64 = 0;
  /** From an address that does not belong on that side, or to one that is not forwarded. */
  martian: u64 = 0;
  /** With a transport's header that makes no sense, a source route, or offload fields that do not fit. */
  malformed: u64 = 0;
  /** Of a protocol without ports. */
  unknownProtocol: u64 = 0;
  /** Their hop limit ended here. */
  hopLimitExceeded: u64 = 0;
  /** Larger than the next link, and not to be cut. */
  tooLarge: u64 = 0;
  /** Fragments whose first one has not passed. */
  fragmentsUnknown: u64 = 0;
  /** ICMP errors about packets of no flow, or that are no such. */
  errorsUnrelated: u64 = 0;
  /** ICMP errors that were translated. */
  errorsRelated: u64 = 0;
  /** No address outside, or no route. */
  unreachable: u64 = 0;
  /** The next link had no room. */
  linkFull: u64 = 0;
  /** ICMP errors and resets of our own, and those that were not sent because there had been many. */
  errorsSent: u64 = 0;
  errorsLimited: u64 = 0;
}
