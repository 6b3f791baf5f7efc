/** Sums since boot. */
export class Ipv4Counters {
  /** Packets that were handed to a transport, or to ICMP. */
  received: u64 = 0;
  /** Of no version 4, too short, or with a wrong header checksum. */
  malformed: u64 = 0;
  /** From an address that nobody can have, or from ours. */
  martian: u64 = 0;
  /** To an address that is not ours. */
  notForUs: u64 = 0;
  /** With a source route. */
  sourceRouted: u64 = 0;
  /** Of a protocol without a transport. */
  unknownProtocol: u64 = 0;
  fragmentsReceived: u64 = 0;
  reassembled: u64 = 0;
  /** Datagrams of which not all came in time. */
  reassemblyTimedOut: u64 = 0;
  /** Datagrams whose fragments overlapped or did not fit. */
  reassemblyRefused: u64 = 0;
  /** Datagrams that were given up to make room. */
  reassemblyEvicted: u64 = 0;
  sent: u64 = 0;
  fragmentsSent: u64 = 0;
  /** Not sent: no route, or no address. */
  noRoute: u64 = 0;
  /** MTUs that were learned of routers. */
  mtuLearned: u64 = 0;
}
