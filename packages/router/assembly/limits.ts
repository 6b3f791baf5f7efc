import { MINUTE, SECOND } from "@phantasm/interfaces";

/** What a router may keep, and for how long. Set it before it is handed to the router. */
export class RouterLimits {
  /** Connections that are tracked; what makes room at the limit stands at `Flows`. */
  flows: i32 = 4096;
  /** Ports of the outside address that are given to hosts inside: from this one, */
  portFirst: u16 = 1024;
  /** to this one. */
  portLast: u16 = 65535;
  /** Fragmented packets of which the first fragment has passed; a power of two, at least 4. The oldest makes room. */
  fragments: i32 = 256;

  // Without a packet for so long a flow ends.

  /** A TCP connection that is being made, or (RFC 7857 §2.1) ends. RFC 5382 REQ-5: at least four minutes. */
  tcpTransitoryNs: i64 = 4 * MINUTE;
  /** RFC 5382 REQ-5: at least two hours and four minutes. */
  tcpEstablishedNs: i64 = 124 * MINUTE;
  /** Datagrams in one direction only. RFC 4787 REQ-5: at least two minutes, */
  udpOneWayNs: i64 = 2 * MINUTE;
  /** and five by default. */
  udpBothWaysNs: i64 = 5 * MINUTE;
  /** RFC 5508 REQ-1: at least a minute. */
  echoNs: i64 = 1 * MINUTE;
  /** How long later fragments may follow the first (RFC 4787 REQ-14 leaves it open; RFC 791's 15 s, twice). */
  fragmentNs: i64 = 30 * SECOND;
}
