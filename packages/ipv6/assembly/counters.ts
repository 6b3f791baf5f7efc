/** Sums since boot; raw memory. What tables refuse and displace, they count themselves. */
@unmanaged
export class Ipv6Counters {
  /** Packets for this host: fragments, and once more what they make up. */
  received: u64;
  /** Handed to a transport. */
  delivered: u64;
  /** With lengths, versions, addresses or options that cannot be. */
  malformed: u64;
  /** For another host, or a group that is not listened to. */
  notForUs: u64;
  /** Of a protocol that nobody has registered for. */
  unknownProtocol: u64;
  /** Packets put together from fragments. */
  reassembled: u64;
  sent: u64;
  /** Not sent: no route, or no neighbour. */
  unreachable: u64;
  icmpReceived: u64;
  icmpBadChecksum: u64;
  /** Messages of neighbour discovery that break a rule of RFC 4861 §6.1, §7.1 or §8.1. */
  discoveryInvalid: u64;
  errorsSent: u64;
  /** Errors that were not sent, for there were too many. */
  errorsSuppressed: u64;
  /** Errors about packets that were never sent, as far as anybody remembers. */
  errorsForeign: u64;
}
