import { Ethernet } from "@phantasm/ethernet/ethernet";
import { EtherType } from "@phantasm/ethernet/frame";
import { Errno, NO_ROUTE, Path, Protocol, Random, TOO_LARGE } from "@phantasm/interfaces";
import { checksum, fold, pseudoSum6, sumOf } from "@phantasm/ip/checksum";
import { largePacket } from "@phantasm/ip/large";
import { now } from "@phantasm/runtime";
import { AddressState } from "./addresses";
import { Ipv6Counters } from "./counters";
import { Discovery } from "./discovery";
import { groupLink } from "./messages";
import { Neighbour, State } from "./neighbours";
import { HEADER_BYTES, Header, isGroup, isLinkLocal, store16, store32, swap64 } from "./wire";

const PAYLOAD_BYTES_MAX: i32 = 65535;
const FRAGMENT_HEADER_BYTES: i32 = 8;


@final
export class Ipv6Path extends Path {
  /** When it was last asked for. */
  askedNs: i64 = 0;
  /** Its source was chosen here, when it was last refreshed. */
  isAny: bool = false;
  /** Of the routes it was made from; another one: look anew. 0 never is one. */
  private generation: u32 = 0;
  private validUntilNs: i64 = 0;
  /** There is a way at all. */
  private isOpen: bool = false;
  private hopHigh: u64 = 0;
  private hopLow: u64 = 0;
  private neighbour: Neighbour | null = null;
  /** The link address, when no neighbour has to be asked: of a group, or of whoever is answered. */
  private link: u64 = 0;
  /** The addresses as they lie in a header. */
  private sourceHighRaw: u64 = 0;
  private sourceLowRaw: u64 = 0;
  private highRaw: u64 = 0;
  private lowRaw: u64 = 0;
  /** Sum of both addresses. */
  private addressSum: u64 = 0;

  constructor(private readonly discovery: Discovery) {
    super();
    this.headerBytes = HEADER_BYTES;
    this.segments = discovery.ethernet.segments;
  }

  /** Leads from a source of ours to a destination; `link` is where to, when that is known, else 0. */
  lead(sourceHigh: u64, sourceLow: u64, high: u64, low: u64, link: u64): void {
    this.sourceHigh = sourceHigh;
    this.sourceLow = sourceLow;
    this.destinationHigh = high;
    this.destinationLow = low;
    this.sourceHighRaw = swap64(sourceHigh);
    this.sourceLowRaw = swap64(sourceLow);
    this.highRaw = swap64(high);
    this.lowRaw = swap64(low);
    this.addressSum = pseudoSum6(sourceHigh, sourceLow, high, low, 0, 0);
    this.trafficClass = 0;
    this.hopLimit = this.discovery.hopLimit;
    this.link = link;
    if (isGroup(high)) {
      this.link = groupLink(low);
      this.hopLimit = 1;
    }
    this.refresh();
  }

  /** False: there is no way. */
  get hasRoute(): bool {
    return this.isOpen;
  }

  /** Looks for the way anew. */
  refresh(): void {
    const discovery = this.discovery;
    const nowNs = now();
    const high = this.destinationHigh;
    const low = this.destinationLow;
    let mtu = discovery.linkMtu;
    const source = discovery.addresses.find(this.sourceHigh, this.sourceLow);
    let isOpen = source !== null && source.state == AddressState.VALID;
    // A deprecated one still serves, but whoever has no other wish may get a better one.
    let untilNs = i64.MAX_VALUE;
    if (source !== null && source.preferredUntilNs > nowNs) untilNs = source.preferredUntilNs;
    if (this.link == 0) {
      this.hopHigh = high;
      this.hopLow = low;
      if (!isLinkLocal(high)) {
        const route = discovery.routes.find(high, low, nowNs);
        untilNs = min(untilNs, discovery.routes.validUntilNs);
        if (route === null) isOpen = false;
        else if (!route.isOnLink) {
          this.hopHigh = route.hopHigh;
          this.hopLow = route.hopLow;
        }
      }
    }
    const known = discovery.mtus.find(high, low, nowNs);
    if (known !== null) {
      mtu = min(mtu, known.mtu);
      untilNs = min(untilNs, known.untilNs);
    }
    this.validUntilNs = untilNs;
    this.isOpen = isOpen;
    this.mtu = mtu;
    this.bytesMax = (this.segments ? this.discovery.ethernet.payloadBytesMax : mtu) - HEADER_BYTES;
    this.generation = discovery.routes.generation;
  }

  begin(): usize {
    this.renew();
    return this.discovery.ethernet.begin() + HEADER_BYTES;
  }

  send(protocol: u8, bytes: i32, checksumAt: i32, segmentBytes: i32): i32 {
    if (bytes > (segmentBytes > 0 ? this.bytesMax : this.mtu - HEADER_BYTES)) return TOO_LARGE;
    if (!this.isOpen) return this.closed();
    const ethernet = this.discovery.ethernet;
    const header = ethernet.begin();
    const upper = header + HEADER_BYTES;
    this.writeHeader(header, protocol, bytes, load<u32>(upper));
    if (checksumAt >= 0 && ethernet.completesChecksums) {
      store<u16>(upper + checksumAt, <u16>fold(this.pseudoSum(protocol, bytes)));
      let headerBytes = 0;
      if (segmentBytes > 0) {
        // RFC 9293 §3.1: the data offset counts words.
        const tcpBytes = ((<i32>load<u8>(upper, 12)) >> 4) << 2;
        if (bytes - tcpBytes > segmentBytes) headerBytes = HEADER_BYTES + tcpBytes;
        else segmentBytes = 0;
      }
      ethernet.headOffloaded(EtherType.IPV6, HEADER_BYTES, checksumAt, headerBytes, segmentBytes);
    } else {
      if (checksumAt >= 0) this.fillChecksum(upper, protocol, bytes, checksumAt);
      ethernet.head(EtherType.IPV6);
    }
    return this.emit(HEADER_BYTES + bytes);
  }

  beginLarge(bytes: i32): usize {
    this.renew();
    return bytes > PAYLOAD_BYTES_MAX ? 0 : largePacket() + HEADER_BYTES;
  }

  sendLarge(protocol: u8, bytes: i32, checksumAt: i32): i32 {
    const upper = largePacket() + HEADER_BYTES;
    const ethernet = this.discovery.ethernet;
    if (bytes <= this.mtu - HEADER_BYTES) {
      memory.copy(ethernet.begin() + HEADER_BYTES, upper, bytes);
      return this.send(protocol, bytes, checksumAt, 0);
    }
    if (!this.isOpen) return this.closed();
    if (checksumAt >= 0) this.fillChecksum(upper, protocol, bytes, checksumAt);
    const headersBytes = HEADER_BYTES + FRAGMENT_HEADER_BYTES;
    const shareMax = (this.mtu - headersBytes) & ~7;
    // RFC 7739 §5.3: nobody is to guess it.
    const id = this.discovery.random.u32();
    const flow = load<u32>(upper);
    for (let at = 0; at < bytes; at += shareMax) {
      const share = min(shareMax, bytes - at);
      const header = ethernet.begin();
      this.writeHeader(header, Header.FRAGMENT, FRAGMENT_HEADER_BYTES + share, flow);
      store<u16>(header + HEADER_BYTES, protocol);
      store16(header + HEADER_BYTES + 2, at | (at + share < bytes ? 1 : 0));
      store<u32>(header + HEADER_BYTES, id, 4);
      memory.copy(header + headersBytes, upper + at, share);
      ethernet.head(EtherType.IPV6);
      // When one does not get out, those that did are forgotten by the receiver after a while.
      const status = this.emit(headersBytes + share);
      if (status < 0) return status;
    }
    return 0;
  }

  /** Nothing has changed since it was made. */
  // @ts-ignore: decorator
  @inline
  get isFresh(): bool {
    return this.generation == this.discovery.routes.generation && now() < this.validUntilNs;
  }

  /** What went this way has arrived. */
  confirm(): void {
    const neighbour = this.neighbour;
    if (neighbour !== null && neighbour.low == this.hopLow && neighbour.high == this.hopHigh)
      this.discovery.neighbours.confirm(neighbour, now());
  }

  // @ts-ignore: decorator
  @inline
  private renew(): void {
    if (!this.isFresh) this.refresh();
  }

  private closed(): i32 {
    this.discovery.counters.unreachable++;
    return this.discovery.ethernet.isGone ? Errno.GONE : NO_ROUTE;
  }

  /** @param flow the first word of the transport's header: ports, or what else stays the same in a flow */
  private writeHeader(header: usize, next: u8, bytes: i32, flow: u32): void {
    // RFC 6437 §2: the same label for all packets of a flow, and hard to guess for other flows.
    const key = (<u32>this.addressSum) ^ this.discovery.labelKey;
    const label = ((flow ^ key) * 0x9e37_79b1) >> 12;
    store32(header, 0x6000_0000 | ((<u32>this.trafficClass) << 20) | label);
    store<u32>(
      header,
      (<u32>bswap(<u16>bytes)) | ((<u32>next) << 16) | ((<u32>this.hopLimit) << 24),
      4,
    );
    store<u64>(header, this.sourceHighRaw, 8);
    store<u64>(header, this.sourceLowRaw, 16);
    store<u64>(header, this.highRaw, 24);
    store<u64>(header, this.lowRaw, 32);
  }

  /** RFC 8200 §8.1. */
  // @ts-ignore: decorator
  @inline
  private pseudoSum(protocol: u8, bytes: i32): u64 {
    return this.addressSum + ((<u64>protocol) << 8) + <u64>bswap(<u16>bytes);
  }

  private fillChecksum(upper: usize, protocol: u8, bytes: i32, checksumAt: i32): void {
    let value = checksum(sumOf(upper, bytes) + this.pseudoSum(protocol, bytes));
    // RFC 8200 §8.1: 0 would mean that there is none.
    if (value == 0 && protocol == Protocol.UDP) value = 0xffff;
    store<u16>(upper + checksumAt, value);
  }

  /** Sends the frame that was begun, or keeps it until there is a link address. */
  private emit(bytes: i32): i32 {
    const discovery = this.discovery;
    discovery.counters.sent++;
    if (this.link != 0) return discovery.ethernet.sendTo(this.link, bytes);
    const nowNs = now();
    const neighbour = this.neighbour;
    if (
      neighbour !== null &&
      neighbour.state == State.REACHABLE &&
      neighbour.low == this.hopLow &&
      neighbour.high == this.hopHigh &&
      nowNs < neighbour.dueNs
    ) {
      neighbour.touchedNs = nowNs;
      return discovery.ethernet.sendTo(neighbour.link, bytes);
    }
    return this.ask(bytes, nowNs);
  }

  /** The neighbour is not known to be reachable. */
  private ask(bytes: i32, nowNs: i64): i32 {
    const discovery = this.discovery;
    const neighbours = discovery.neighbours;
    let neighbour = neighbours.find(this.hopHigh, this.hopLow);
    let status = 0;
    if (neighbour !== null && neighbours.use(neighbour, nowNs))
      status = this.discovery.ethernet.sendTo(neighbour.link, bytes);
    else {
      // First: asking overwrites the frame.
      discovery.waiting.keep(this.hopHigh, this.hopLow, bytes);
      if (neighbour === null) {
        neighbour = neighbours.resolve(this.hopHigh, this.hopLow, nowNs);
        if (neighbour === null) discovery.waiting.drop(this.hopHigh, this.hopLow);
      }
    }
    this.neighbour = neighbour;
    discovery.schedule();
    return status;
  }
}
