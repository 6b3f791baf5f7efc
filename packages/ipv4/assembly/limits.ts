import { SECOND } from "@phantasm/interfaces";

/** What a stack may keep. Set it before it is handed to `Ipv4`. */
export class Ipv4Limits {
  /** Addresses of our own; one more is refused. */
  addresses: i32 = 8;
  /** Routes but for those of the addresses; one more is refused. */
  routes: i32 = 16;
  /** Multicast groups; one more is refused. */
  groups: i32 = 8;
  /** Neighbours; the one that is missed least makes room. */
  neighbours: i32 = 128;
  /** Frames that wait for a neighbour's address; the oldest makes room. */
  waiting: i32 = 8;
  /** Paths that are found again; beyond, one that is asked for again may be another object. A power of two. */
  paths: i32 = 256;
  /** Destinations with an MTU of their own; the one in its place is forgotten. A power of two. */
  destinations: i32 = 64;
  /** Datagrams that are put together at once; the oldest is given up. */
  datagrams: i32 = 16;
  /** Fragments that wait, each as large as the MTU; the oldest datagram is given up. */
  fragments: i32 = 64;
  /** How long a datagram may take to arrive in full. */
  reassemblyNs: i64 = 30 * SECOND;
}
