import { Errno, NO_ROUTE, Path, TOO_LARGE, ipv4Low } from "@phantasm/interfaces";
import { Neighbour, NeighbourState } from "@phantasm/arp/neighbour";
import { EtherType, MAC_BROADCAST } from "@phantasm/ethernet/frame";
import { checksum, pseudoSum4, sumOf } from "@phantasm/ip/checksum";
import { largePacket } from "@phantasm/ip/large";
import { now } from "@phantasm/runtime";
import { groupMac } from "./groups";
import { Ipv4 } from "./ipv4";
import {
  BROADCAST,
  DONT_FRAGMENT,
  IPV4_BYTES_MAX,
  IPV4_HEADER_BYTES,
  MORE_FRAGMENTS,
  emitHeader,
  isMulticast,
} from "./wire";

/** Room for a header in front of a packet in `largePacket`. */
const LARGE_HEADROOM_BYTES: i32 = 40;

/** Offset of the words of the header in a TCP segment, in its upper four bits. */
const TCP_WORDS_AT: usize = 12;

/** A way to a host by IPv4; or the way back, for the packet that is being handled. */
@final
export class Ipv4Path extends Path {
  private neighbour: Neighbour | null = null;
  /** The next hop. */
  private hop: u32 = 0;
  /** Its link address when no neighbour has to be asked: a group, or the sender of a packet. */
  private mac: u64 = 0;
  /** Of the tables that it was made from; 0: of none. */
  private generation: u32 = 0;
  private isUsable: bool = false;
  /** Flags of what is not cut up. */
  private cut: u16 = DONT_FRAGMENT;
  /** When `mtu` has to be looked up again. */
  private mtuUntilNs: i64 = i64.MAX_VALUE;

  constructor(private readonly network: Ipv4) {
    super();
    this.headerBytes = IPV4_HEADER_BYTES;
  }

  get source(): u32 {
    return <u32>this.sourceLow;
  }

  get destination(): u32 {
    return <u32>this.destinationLow;
  }

  /** Brings it up to date; false: it leads nowhere. */
  refresh(): bool {
    if (this.generation != this.network.generation) this.renew();
    return this.isUsable;
  }

  /** Makes it the way between two addresses; false: there is none. */
  lead(source: u32, destination: u32): bool {
    this.sourceLow = ipv4Low(source);
    this.destinationLow = ipv4Low(destination);
    this.hopLimit = 64;
    this.trafficClass = 0;
    this.renew();
    return this.isUsable;
  }

  /** Makes it the way back to the link address that a packet came from. */
  leadBack(source: u32, destination: u32, mac: u64): void {
    this.sourceLow = ipv4Low(source);
    this.destinationLow = ipv4Low(destination);
    this.mac = mac;
    this.generation = this.network.generation;
    this.mtuUntilNs = i64.MAX_VALUE;
    this.isUsable = true;
    // What has no state cannot learn of a narrow path: routers may cut it.
    this.cut = 0;
    this.hopLimit = 64;
    this.trafficClass = 0;
    this.measure(this.network.mtu);
  }

  begin(): usize {
    this.prepare();
    return this.network.ethernet.begin() + IPV4_HEADER_BYTES;
  }

  send(protocol: u8, bytes: i32, checksumAt: i32, segmentBytes: i32): i32 {
    const network = this.network;
    if (!this.isUsable) {
      network.counters.noRoute++;
      return NO_ROUTE;
    }
    const length = IPV4_HEADER_BYTES + bytes;
    if (length <= this.mtu) segmentBytes = 0;
    else if (segmentBytes == 0 || bytes > this.bytesMax) return TOO_LARGE;
    const ethernet = network.ethernet;
    const at = ethernet.begin();
    const transport = at + IPV4_HEADER_BYTES;
    const cut = this.cut;
    this.header(at, length, cut & DONT_FRAGMENT ? 0 : network.nextIdentification(), cut, protocol);
    if (checksumAt >= 0 && ethernet.completesChecksums) {
      const pseudo = pseudoSum4(this.source, this.destination, protocol, bytes);
      store<u16>(transport + checksumAt, <u16>pseudo);
      let headers = IPV4_HEADER_BYTES;
      if (segmentBytes > 0) headers += (<i32>(load<u8>(transport, TCP_WORDS_AT) >> 4)) << 2;
      ethernet.headOffloaded(EtherType.IPV4, IPV4_HEADER_BYTES, checksumAt, headers, segmentBytes);
    } else {
      if (checksumAt >= 0) this.complete(transport, protocol, bytes, checksumAt);
      ethernet.head(EtherType.IPV4);
    }
    return this.pass(length);
  }

  beginLarge(bytes: i32): usize {
    const at = this.begin();
    if (IPV4_HEADER_BYTES + bytes <= this.mtu) return at;
    return bytes <= IPV4_BYTES_MAX - IPV4_HEADER_BYTES ? largePacket() + LARGE_HEADROOM_BYTES : 0;
  }

  /** RFC 791 §3.2, "An Example Fragmentation Procedure". */
  sendLarge(protocol: u8, bytes: i32, checksumAt: i32): i32 {
    if (IPV4_HEADER_BYTES + bytes <= this.mtu) return this.send(protocol, bytes, checksumAt, 0);
    const network = this.network;
    if (!this.isUsable) {
      network.counters.noRoute++;
      return NO_ROUTE;
    }
    const whole = largePacket() + LARGE_HEADROOM_BYTES;
    if (checksumAt >= 0) this.complete(whole, protocol, bytes, checksumAt);
    const ethernet = network.ethernet;
    const at = ethernet.begin();
    const identification = network.nextIdentification();
    const step = (this.mtu - IPV4_HEADER_BYTES) & ~7;
    for (let offset = 0; offset < bytes; offset += step) {
      const length = min(step, bytes - offset);
      const more: u16 = offset + length < bytes ? MORE_FRAGMENTS : 0;
      memory.copy(at + IPV4_HEADER_BYTES, whole + offset, length);
      const cut = more | (<u16>(offset >> 3));
      this.header(at, IPV4_HEADER_BYTES + length, identification, cut, protocol);
      ethernet.head(EtherType.IPV4);
      const status = this.pass(IPV4_HEADER_BYTES + length);
      // Once some of it has left, the rest is lost like any frame in a full queue.
      if (status < 0) return offset == 0 ? status : 0;
      network.counters.fragmentsSent++;
    }
    return 0;
  }

  /** The neighbour that packets go to, if there is one. */
  get nextHop(): Neighbour | null {
    const neighbour = this.neighbour;
    return neighbour !== null && neighbour.address == this.hop ? neighbour : null;
  }

  /** Sees that route, MTU and neighbour are what they were. */
  // @ts-ignore: decorator
  @inline
  private prepare(): void {
    if (this.generation != this.network.generation || this.mtuUntilNs <= now()) this.renew();
    if (this.mac != 0) return;
    const neighbour = this.neighbour;
    if (
      neighbour !== null &&
      neighbour.address == this.hop &&
      neighbour.state == NeighbourState.KNOWN
    )
      neighbour.isUsed = true;
    else this.resolve();
  }

  /** Slow: has the neighbour asked for, before anything is written into the frame. */
  private resolve(): void {
    if (!this.isUsable) return;
    this.neighbour = this.network.arp.want(this.hop, this.source);
  }

  /** Looks route and MTU up again. */
  private renew(): void {
    const network = this.network;
    const destination = this.destination;
    const source = this.source;
    this.generation = network.generation;
    this.mtuUntilNs = i64.MAX_VALUE;
    this.cut = DONT_FRAGMENT;
    this.mac = 0;
    if (destination == BROADCAST || network.routes.isBroadcast(destination)) {
      this.mac = MAC_BROADCAST;
      // RFC 1122 §3.2.1.3 (a): before there is an address, the source is 0.
      this.isUsable = source == 0 || network.owns(source);
    } else if (isMulticast(destination)) {
      this.mac = groupMac(destination);
      this.isUsable = network.owns(source);
    } else {
      const way = network.way;
      // There is no loopback: nobody would answer for an address of ours.
      this.isUsable =
        network.owns(source) && !network.owns(destination) && network.routes.look(destination, way);
      this.hop = way.hop;
    }
    const destinationMtu = network.destinations.find(destination, now());
    if (destinationMtu !== null && destinationMtu.mtu < network.mtu) {
      this.mtuUntilNs = destinationMtu.untilNs;
      if (destinationMtu.mayBeCut) this.cut = 0;
      this.measure(destinationMtu.mtu);
    } else this.measure(network.mtu);
  }

  private measure(mtu: i32): void {
    this.mtu = mtu;
    this.segments = this.network.ethernet.segments;
    this.bytesMax = (this.segments ? IPV4_BYTES_MAX : mtu) - IPV4_HEADER_BYTES;
  }

  private header(at: usize, length: i32, identification: u16, cut: u16, protocol: u8): void {
    emitHeader(
      at,
      this.trafficClass,
      length,
      identification,
      cut,
      this.hopLimit,
      protocol,
      this.source,
      this.destination,
    );
  }

  /** Fills in the transport's checksum. */
  private complete(transport: usize, protocol: u8, bytes: i32, checksumAt: i32): void {
    const pseudo = pseudoSum4(this.source, this.destination, protocol, bytes);
    const value = checksum(sumOf(transport, bytes) + pseudo);
    // RFC 768: zero means that there is none; the other zero is as good, for TCP too.
    store<u16>(transport + checksumAt, value == 0 ? 0xffff : value);
  }

  /** Hands the frame to the link, or lets it wait. */
  private pass(length: i32): i32 {
    const network = this.network;
    let mac = this.mac;
    if (mac == 0) {
      const neighbour = changetype<Neighbour>(this.neighbour);
      if (neighbour.state < NeighbourState.STALE) {
        if (network.ethernet.isGone) return Errno.GONE;
        network.arp.waiting.keep(0, this.hop, length);
        return 0;
      }
      mac = neighbour.mac;
    }
    const status = network.ethernet.sendTo(mac, length);
    if (status == 0) network.counters.sent++;
    return status;
  }
}
