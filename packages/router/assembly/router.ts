/**
 * The router: two links with a network layer each, and what goes on between them. The network layers answer for
 * the router's own addresses (ARP, ping); `Forwarder` decides, this sends.
 */
import { Link, MILLISECOND, Random, SECOND } from "@phantasm/interfaces";
import { Ethernet } from "@phantasm/ethernet/ethernet";
import { Frame } from "@phantasm/ethernet/frame";
import { Offload } from "@phantasm/ethernet/offload";
import { Unreachable } from "@phantasm/icmp/wire";
import { TokenBucket } from "@phantasm/ip/token-bucket";
import { Ipv4, PacketRouter } from "@phantasm/ipv4/ipv4";
import { AddressListener } from "@phantasm/ipv4/routes";
import { hasSourceRoute } from "@phantasm/ipv4/wire";
import { hold, now, release } from "@phantasm/runtime";
import { Timed, setTimer } from "@phantasm/runtime/timers";
import { emitError, emitReset, mayBeTold } from "./answers";
import { uncomplete } from "./completion";
import { RouterCounters } from "./counters";
import { Forwarder, RouterPolicy } from "./forwarder";
import { RouterLimits } from "./limits";
import { observeRouter } from "./observe";
import { Side } from "./side";
import { Icmp, Kind, Transit, tcpHeaderBytes } from "./transit";
import { checksumAt } from "./translation";
import { Verdict } from "./verdict";

/** Flows whose time is over are looked for so often; one lives longer by at most this. */
const SWEEP_NS: i64 = 10 * SECOND;

/** RFC 1812 §4.3.2.8: a hundred errors and resets at once, and a hundred a second. */
const ANSWER_INTERVAL_NS: i64 = 10 * MILLISECOND;
const ANSWER_BURST: i32 = 100;

/** In front of a packet: virtio_net_hdr (10 bytes) and Ethernet header. */
const FRONT_BYTES: usize = 24;
const ETHERNET_BYTES: i32 = 14;

/** Told of the address outside. Called by the dispatcher. */
export interface RouterHandler {
  /** It is this from now on, the first octet on top; 0: there is none. */
  onOutsideAddress(address: u32): void;
}


@final
export class RouterCore extends Timed implements PacketRouter, AddressListener {
  readonly counters: RouterCounters;
  readonly forwarder: Forwarder;
  readonly inside: Side;
  readonly outside: Side;
  private readonly transit: Transit = new Transit();
  private readonly answers: TokenBucket = new TokenBucket(ANSWER_INTERVAL_NS, ANSWER_BURST);
  private handler: RouterHandler | null = null;
  private isStarted: bool = false;
  private isObserved: bool = false;

  constructor(
    insideLink: Link,
    outsideLink: Link,
    random: Random,
    limits: RouterLimits,
    policy: RouterPolicy,
  ) {
    super();
    const counters = new RouterCounters();
    const insideEthernet = new Ethernet(insideLink);
    const outsideEthernet = new Ethernet(outsideLink);
    const forwarder = new Forwarder(limits, policy, random, counters);
    this.counters = counters;
    this.forwarder = forwarder;
    this.inside = new Side(insideEthernet, new Ipv4(insideEthernet, random), counters);
    this.outside = new Side(outsideEthernet, new Ipv4(outsideEthernet, random), counters);
    forwarder.networks.insideMtu = insideEthernet.mtu;
    forwarder.networks.outsideMtu = outsideEthernet.mtu;
  }

  /** Our address inside, kept whatever others say: all hosts there have it as their gateway. */
  setInside(address: u32, prefixBits: i32): void {
    const networks = this.forwarder.networks;
    networks.insideAddress = address;
    networks.addInside(address, prefixBits);
    this.inside.ipv4.addAddress(address, prefixBits, false, true);
  }

  /** A network inside that is behind another router. */
  addInside(network: u32, prefixBits: i32, gateway: u32): void {
    this.forwarder.networks.addInside(network, prefixBits);
    this.inside.ipv4.addRoute(network, prefixBits, gateway);
  }

  /**
   * The address outside and the gateway there, 0: none.
   *
   * @param probes asks first whether somebody has it (RFC 5227), and uses it seconds later
   */
  setOutside(address: u32, prefixBits: i32, gateway: u32, probes: bool): void {
    const ipv4 = this.outside.ipv4;
    if (gateway != 0) ipv4.addRoute(0, 0, gateway);
    ipv4.addAddress(address, prefixBits, probes, !probes, this);
  }

  /** Begins to forward, and keeps the domain alive until it is told to end or both links are gone. */
  start(handler: RouterHandler | null): void {
    if (this.isStarted) return;
    this.isStarted = true;
    this.handler = handler;
    if (!this.isObserved) {
      this.isObserved = true;
      observeRouter(this.counters, this.forwarder.flows);
    }
    this.inside.ipv4.router = this;
    this.outside.ipv4.router = this;
    hold();
    const address = this.forwarder.networks.outsideAddress;
    if (handler !== null && address != 0) handler.onOutsideAddress(address);
  }

  stop(): void {
    if (!this.isStarted) return;
    this.isStarted = false;
    this.inside.ipv4.router = null;
    this.outside.ipv4.router = null;
    release();
  }

  onAddressReady(address: u32): void {
    this.useOutside(address);
  }

  onAddressLost(address: u32): void {
    this.useOutside(0);
  }

  /** Flows leave from this address from now on; those that there are end when it is another one. */
  useOutside(address: u32): void {
    if (this.forwarder.networks.outsideAddress == address) return;
    this.forwarder.outsideAddress = address;
    const handler = this.handler;
    if (handler !== null) handler.onOutsideAddress(address);
  }

  onPacketInTransit(network: Ipv4, frame: Frame): bool {
    const transit = this.transit;
    const at = frame.payload;
    const forwarder = this.forwarder;
    const fromInside = network === this.inside.ipv4;
    // RFC 1812 §5.3.4: what came by a broadcast of the link is not sent on.
    if (frame.isGroup) return false;
    if (!transit.parse(at) || !this.offloads(at - FRONT_BYTES)) return this.malformed();
    // RFC 7126 §4.3.
    if (transit.headerBytes > 20 && hasSourceRoute(at + 20, at + transit.headerBytes))
      return this.malformed();
    const nowNs = now();
    const verdict = fromInside
      ? forwarder.fromInside(transit, nowNs)
      : forwarder.fromOutside(transit, nowNs);
    switch (verdict) {
      case Verdict.LOCAL:
        return false;
      case Verdict.OUT:
        this.outside.forward(transit);
        break;
      case Verdict.IN:
        this.inside.forward(transit);
        break;
      case Verdict.DROP:
        break;
      default:
        this.tell(fromInside, frame.source, verdict, nowNs);
    }
    if (!this.timerIsPending && forwarder.flows.count > 0) setTimer(this, nowNs + SWEEP_NS);
    return true;
  }

  timerDue(nowNs: i64): void {
    const flows = this.forwarder.flows;
    flows.due(nowNs);
    // Those that one step does not end are ended in the next.
    const nextNs = flows.nextNs;
    if (nextNs != i64.MAX_VALUE) setTimer(this, nextNs <= nowNs ? nowNs : nowNs + SWEEP_NS);
  }

  private malformed(): bool {
    this.counters.malformed++;
    return true;
  }

  /** Reads what the link has left open. False: it makes no sense for this packet. */
  private offloads(header: usize): bool {
    const flags = load<u8>(header);
    const kind = load<u8>(header, 1);
    const transit = this.transit;
    if (flags & Offload.NEEDS_CHECKSUM) {
      if (transit.isFragment) return false;
      if (load<u16>(header, 6) != ETHERNET_BYTES + transit.headerBytes) return false;
      if (<i32>load<u16>(header, 8) != checksumAt(transit.protocol)) return false;
      transit.isPartial = true;
    }
    if (kind == Offload.NOT_SEGMENTED) return true;
    const segmentBytes = <i32>load<u16>(header, 4);
    if (kind != Offload.TCP_V4 || transit.kind != Kind.TCP || transit.isFragment) return false;
    if (segmentBytes == 0) return false;
    const payload = transit.transportBytes - tcpHeaderBytes(transit.transport);
    if (payload <= segmentBytes) return true;
    transit.segmentBytes = segmentBytes;
    // A link that has joined segments vouches for their checksums, and has none for the whole.
    if (!transit.isPartial) uncomplete(transit);
    return true;
  }

  /** Answers a packet that was not changed. */
  private tell(fromInside: bool, mac: u64, verdict: Verdict, nowNs: i64): void {
    const transit = this.transit;
    if (!mayBeTold(transit)) return;
    if (!this.answers.take(nowNs)) {
      this.counters.errorsLimited++;
      return;
    }
    const networks = this.forwarder.networks;
    const side = fromInside ? this.inside : this.outside;
    const at = side.ethernet.begin();
    const from = fromInside ? networks.insideAddress : networks.outsideAddress;
    let type = Icmp.UNREACHABLE;
    let code: u8 = Unreachable.NETWORK;
    let rest: u32 = 0;
    switch (verdict) {
      case Verdict.RESET: {
        const bytes = emitReset(at, transit);
        if (bytes == 0) return;
        this.counters.errorsSent++;
        side.answer(mac, bytes);
        return;
      }
      case Verdict.HOPS:
        type = Icmp.TIME_EXCEEDED;
        code = 0;
        break;
      case Verdict.TOO_LARGE:
        // RFC 1191 §4.
        code = Unreachable.TOO_LARGE;
        rest = <u32>(fromInside ? networks.outsideMtu : networks.insideMtu);
        break;
      case Verdict.PROHIBITED:
        code = Unreachable.PROHIBITED;
        break;
      default:
    }
    this.counters.errorsSent++;
    side.answer(mac, emitError(at, transit, from, type, code, rest));
  }
}
