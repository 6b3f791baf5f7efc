/** Sums since boot. What the link itself counts (frames, bytes, refusals) is in `Link.counters`. */
export class EthernetCounters {
  /** Frames that were handed to a protocol. */
  received: u64 = 0;
  /** Unicast to somebody else, or from ourselves. */
  notForUs: u64 = 0;
  /** Multicast of groups that nobody has joined. */
  notJoined: u64 = 0;
  /** With a VLAN tag. */
  tagged: u64 = 0;
  /** Of a type that no protocol has registered for. */
  unknownType: u64 = 0;
  /** Shorter than the header, from a group address, or with offload fields that make no sense. */
  malformed: u64 = 0;
  sent: u64 = 0;
  /** Not sent: the link had no room. */
  refused: u64 = 0;
  /** Frames that waited for a link address and were given up: no room, or no answer. */
  waitingDropped: u64 = 0;
}
