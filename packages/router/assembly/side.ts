/** One of the router's two links: its network layer, and how packets that were translated leave by it. */
import { Errno } from "@phantasm/interfaces";
import { Neighbour, NeighbourState } from "@phantasm/arp/neighbour";
import { Ethernet } from "@phantasm/ethernet/ethernet";
import { EtherType } from "@phantasm/ethernet/frame";
import { Ipv4 } from "@phantasm/ipv4/ipv4";
import { RouterCounters } from "./counters";
import { complete, cutFragment, cutSegment, fragmentBytes } from "./completion";
import { Transit, tcpHeaderBytes } from "./transit";
import { checksumAt } from "./translation";

/** Neighbours that are found without a look into ARP's table; a power of two. */
const NEAR: u32 = 64;


@final
export class Side {
  private readonly near: StaticArray<Neighbour | null> = new StaticArray<Neighbour | null>(NEAR);
  private hop: u32 = 0;

  constructor(
    readonly ethernet: Ethernet,
    readonly ipv4: Ipv4,
    private readonly counters: RouterCounters,
  ) {}

  /** Sends a packet on: in one frame, in segments, or in fragments, whatever this link carries. */
  forward(transit: Transit): void {
    const counters = this.counters;
    const way = this.ipv4.way;
    if (!this.ipv4.routes.look(transit.destination, way)) {
      counters.unreachable++;
      return;
    }
    const hop = way.hop;
    // It may send a request, so before anything is written into the frame.
    const neighbour = this.neighbourAt(hop, way.source);
    this.hop = hop;
    const ethernet = this.ethernet;
    const segmentBytes = transit.segmentBytes;
    const bytes = transit.totalBytes;
    if (segmentBytes > 0) {
      if (!ethernet.segments) return this.forwardCut(transit, neighbour);
      counters.segmentsPassed++;
    } else if (bytes > this.ipv4.mtu) return this.forwardFragments(transit, neighbour);
    if (transit.isPartial && !ethernet.completesChecksums) {
      counters.checksumsCompleted++;
      complete(transit);
    }
    memory.copy(ethernet.begin(), transit.at, bytes);
    if (transit.isPartial) {
      let headers = transit.headerBytes;
      if (segmentBytes > 0) headers += tcpHeaderBytes(transit.transport);
      ethernet.headOffloaded(
        EtherType.IPV4,
        transit.headerBytes,
        checksumAt(transit.protocol),
        headers,
        segmentBytes,
      );
    } else ethernet.head(EtherType.IPV4);
    this.pass(neighbour, bytes);
  }

  /** Sends the first `bytes` bytes of the frame that has been begun to where a packet came from. */
  answer(mac: u64, bytes: i32): void {
    this.ethernet.head(EtherType.IPV4);
    if (this.ethernet.sendTo(mac, bytes) == Errno.AGAIN) this.counters.linkFull++;
  }

  private forwardCut(transit: Transit, neighbour: Neighbour): void {
    this.counters.segmentsCut++;
    const ethernet = this.ethernet;
    const payload = transit.totalBytes - transit.headerBytes - tcpHeaderBytes(transit.transport);
    for (let offset = 0; offset < payload; offset += transit.segmentBytes) {
      const bytes = cutSegment(transit, ethernet.begin(), offset);
      ethernet.head(EtherType.IPV4);
      if (!this.pass(neighbour, bytes)) return;
    }
  }

  private forwardFragments(transit: Transit, neighbour: Neighbour): void {
    if (transit.isPartial) complete(transit);
    const counters = this.counters;
    const step = fragmentBytes(transit, this.ipv4.mtu);
    if (step == 0) {
      counters.tooLarge++;
      return;
    }
    counters.fragmented++;
    const ethernet = this.ethernet;
    for (let offset = 0; offset < transit.transportBytes; offset += step) {
      const bytes = cutFragment(transit, ethernet.begin(), offset, step);
      ethernet.head(EtherType.IPV4);
      if (!this.pass(neighbour, bytes)) return;
    }
  }

  /** False: there is no room for more. */
  private pass(neighbour: Neighbour, bytes: i32): bool {
    if (neighbour.state < NeighbourState.STALE) {
      // Kept until the neighbour answers; what is larger than a frame is lost.
      this.ipv4.arp.waiting.keep(0, this.hop, bytes);
      return true;
    }
    if (this.ethernet.sendTo(neighbour.mac, bytes) == 0) return true;
    this.counters.linkFull++;
    return false;
  }

  // @ts-ignore: decorator
  @inline
  private neighbourAt(hop: u32, source: u32): Neighbour {
    const at = hop & (NEAR - 1);
    const known = unchecked(this.near[at]);
    if (known !== null && known.address == hop && known.state == NeighbourState.KNOWN) {
      known.isUsed = true;
      return known;
    }
    const found = this.ipv4.arp.want(hop, source);
    this.near[at] = found;
    return found;
  }
}
