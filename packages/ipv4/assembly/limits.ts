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
  /** Fragments that wait; the oldest datagram is given up. */
  fragments: i32 = 64;
  /** What they may take in all, each as much as the MTU; but two fit always. */
  reassemblyBytes: i32 = 262_144;
  /** How long a datagram may take to arrive in full. */
  reassemblyNs: i64 = 30 * SECOND;

  /** Ends the domain if one makes no sense. */
  check(): void {
    const smallest = min(min(this.addresses, this.neighbours), min(this.waiting, this.datagrams));
    assert(smallest > 0 && this.fragments > 0, "ipv4: a limit is less than 1");
    assert(
      popcnt(this.paths) == 1 && popcnt(this.destinations) == 1,
      "ipv4: paths and destinations must be powers of two",
    );
  }
}
