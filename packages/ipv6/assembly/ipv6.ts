import { Ethernet } from "@phantasm/ethernet/ethernet";
import { EtherType, EthernetHandler, Frame } from "@phantasm/ethernet/frame";
import {
  Ip,
  LinkWaiter,
  Packet,
  Path,
  PathError,
  Protocol,
  Random,
  TransportHandler,
} from "@phantasm/interfaces";
import { fold, sumOf } from "@phantasm/ip/checksum";
import { Transports } from "@phantasm/ip/transports";
import { IpVersion } from "@phantasm/ip/version";
import { now } from "@phantasm/runtime";
import { Timed, cancelTimer, setTimer } from "@phantasm/runtime/timers";
import { ADDRESSES_MAX, AddressState } from "./addresses";
import { Arrival } from "./arrival";
import { Ipv6Counters } from "./counters";
import { Discovery, DiscoveryOutput } from "./discovery";
import { Extensions, Problem, Walk } from "./extension";
import { Icmpv6, PathMtuOutput } from "./icmp";
import { Ipv6Limits } from "./limits";
import { Ipv6Path } from "./path";
import { Paths } from "./paths";
import { rawObject } from "./raw";
import { Fragment, Reassembly, ReassemblyOutput } from "./reassembly";
import { RouteKind } from "./routes";
import { destinationRank, selectSource } from "./selection";
import {
  ALL_NODES_LOW,
  HEADER_BYTES,
  Icmp,
  LINK_GROUP_HIGH,
  MTU_MIN,
  isGroup,
  isUnicast,
  load16,
  load64,
  maskHigh,
  maskLow,
} from "./wire";

/** Offset of the next-header field, of the payload length, of the fragment offset behind its header. */
const NEXT_AT: i32 = 6;
const LENGTH_AT: i32 = 4;

/** Code of a port unreachable, and of a reassembly time that was exceeded. */
const PORT: i32 = 4;
const REASSEMBLY: i32 = 1;

/** Told what becomes of the addresses of this host. */
export interface Ipv6Listener {
  /** It may be used from now on. */
  onIpv6AddressReady(high: u64, low: u64): void;

  /** It may not be used any more; or never, since somebody else has it. */
  onIpv6AddressLost(high: u64, low: u64): void;

  /** A router has told of name servers: see `discovery.nameServers`. */
  onIpv6NameServers(): void;
}

/** IPv6 on one link (RFC 8200, RFC 8504): see the README for what it does, and what at its limits. */
@final
export class Ipv6
  extends Timed
  implements Ip, IpVersion, EthernetHandler, DiscoveryOutput, ReassemblyOutput, PathMtuOutput
{
  readonly counters: Ipv6Counters;
  readonly discovery: Discovery;
  readonly reassembly: Reassembly;
  private readonly ethernet: Ethernet;
  private readonly transports: Transports;
  private readonly icmp: Icmpv6;
  private readonly paths: Paths;
  private readonly back: Ipv6Path;
  private readonly packet: Packet = new Packet();
  private readonly arrival: Arrival = rawObject<Arrival>();
  private readonly extensions: Extensions = rawObject<Extensions>();
  private listener: Ipv6Listener | null = null;

  /**
   * Begins at once to look for addresses: the link-local one, and those of routers, unless it is not to listen to
   * routers. `keyHigh` and `keyLow` are the secret of its interface identifiers (RFC 7217): who wants the same
   * addresses after every boot gives the same one; 0 and 0 draws one.
   */
  constructor(
    ethernet: Ethernet,
    random: Random,
    listensToRouters: bool = true,
    keyHigh: u64 = 0,
    keyLow: u64 = 0,
    limits: Ipv6Limits = new Ipv6Limits(),
  ) {
    super();
    // RFC 8200 §5. Errors that anybody can ask for are that long.
    assert(ethernet.mtu >= MTU_MIN, "ipv6: a link carries packets of at least 1280 bytes");
    if (keyHigh == 0 && keyLow == 0) {
      keyHigh = random.u64();
      keyLow = random.u64();
    }
    const counters = rawObject<Ipv6Counters>();
    const discovery = new Discovery(
      ethernet,
      random,
      counters,
      listensToRouters,
      keyHigh,
      keyLow,
      limits,
    );
    const transports = new Transports();
    const icmp = new Icmpv6(discovery, transports, counters, new Ipv6Path(discovery));
    const reassembly = new Reassembly();
    this.counters = counters;
    this.transports = transports;
    this.ethernet = ethernet;
    this.discovery = discovery;
    this.reassembly = reassembly;
    this.paths = new Paths(discovery, limits.paths);
    this.back = new Ipv6Path(discovery);
    this.icmp = icmp;
    discovery.owner = this;
    reassembly.owner = this;
    icmp.owner = this;
    ethernet.register(EtherType.IPV6, this);
    discovery.start(now());
  }

  /** Adds an address of the configuration; it is probed before it is used. Its network is on the link. */
  addAddress(high: u64, low: u64, prefixLength: i32): void {
    const discovery = this.discovery;
    const nowNs = now();
    assert(isUnicast(high), "ipv6: this cannot be the address of a host");
    assert(prefixLength >= 0 && prefixLength <= 128, "ipv6: a prefix has 0 to 128 bits");
    discovery.addresses.addStatic(high, low, prefixLength, nowNs);
    if (prefixLength > 0 && prefixLength < 128)
      this.addRoute(maskHigh(high, prefixLength), maskLow(low, prefixLength), prefixLength, 0, 0);
    discovery.schedule();
  }

  /** Gives an address up, whoever made it; whoever used it is told. False: it is not there. */
  removeAddress(high: u64, low: u64): bool {
    const address = this.discovery.addresses.find(high, low);
    if (address === null) return false;
    this.discovery.addresses.remove(address);
    return true;
  }

  /** Adds a route of the configuration through a router on the link; of length 0 for the default. */
  addRoute(high: u64, low: u64, length: i32, routerHigh: u64, routerLow: u64): void {
    this.discovery.routes.set(
      RouteKind.STATIC,
      high,
      low,
      length,
      routerHigh,
      routerLow,
      0,
      i64.MAX_VALUE,
      now(),
    );
  }

  /** Takes away what `addRoute` added. */
  removeRoute(high: u64, low: u64, length: i32, routerHigh: u64, routerLow: u64): void {
    this.discovery.routes.set(
      RouteKind.STATIC,
      high,
      low,
      length,
      routerHigh,
      routerLow,
      0,
      0,
      now(),
    );
  }

  /** Who is told of addresses; those that are there already are told of at once. */
  listen(listener: Ipv6Listener): void {
    this.listener = listener;
    for (let i = 0; i < ADDRESSES_MAX; i++) {
      const address = this.discovery.addresses.at(i);
      if (address.state == AddressState.VALID)
        listener.onIpv6AddressReady(address.high, address.low);
    }
  }

  /** How good a destination is (RFC 6724 §6), for the order of a name's addresses; 0: there is no way. */
  rank(high: u64, low: u64): u32 {
    const nowNs = now();
    const source = selectSource(this.discovery.addresses, high, low, nowNs);
    const path = this.path(0, 0, high, low);
    if (source === null || path === null) return 0;
    return destinationRank(high, low, true, source.high, source.low, source.isDeprecated(nowNs));
  }

  register(protocol: u8, handler: TransportHandler): void {
    this.transports.register(protocol, handler);
  }

  path(sourceHigh: u64, sourceLow: u64, destinationHigh: u64, destinationLow: u64): Path | null {
    if (destinationHigh == 0) return null;
    const nowNs = now();
    const isAny = sourceHigh == 0;
    if (isAny) {
      // Datagrams ask for each anew.
      const known = this.paths.findAny(destinationHigh, destinationLow, nowNs);
      if (known !== null) return known.hasRoute ? known : null;
      const source = selectSource(this.discovery.addresses, destinationHigh, destinationLow, nowNs);
      if (source === null) return null;
      sourceHigh = source.high;
      sourceLow = source.low;
    }
    // There is no loop back to this host.
    if (this.discovery.addresses.has(destinationHigh, destinationLow)) return null;
    const path = this.paths.get(sourceHigh, sourceLow, destinationHigh, destinationLow, nowNs);
    path.isAny = isAny;
    return path.hasRoute ? path : null;
  }

  pathBack(packet: Packet): Path | null {
    if (packet.isGroup || !isUnicast(packet.sourceHigh)) return null;
    const back = this.back;
    back.lead(
      packet.destinationHigh,
      packet.destinationLow,
      packet.sourceHigh,
      packet.sourceLow,
      this.arrival.link,
    );
    return back.hasRoute ? back : null;
  }

  isLocal(high: u64, low: u64): bool {
    return this.discovery.addresses.has(high, low);
  }

  reject(packet: Packet, error: i32): void {
    if (packet.isGroup) return;
    if (error == PathError.PORT_UNREACHABLE) this.answer(Icmp.UNREACHABLE, PORT, 0, false);
    else this.unknownProtocol();
  }

  confirm(path: Path): void {
    changetype<Ipv6Path>(path).confirm();
  }

  whenReady(waiter: LinkWaiter): void {
    this.ethernet.whenReady(waiter);
  }

  onEthernet(frame: Frame): void {
    const at = frame.payload;
    // A payload of 0 with hop-by-hop options is a jumbogram (RFC 2675), which Ethernet does not carry: it is as
    // long as it says, 40 bytes, and has no room for them.
    let bytes = HEADER_BYTES;
    if (frame.bytes >= HEADER_BYTES) bytes += load16(at + LENGTH_AT);
    if (bytes > frame.bytes || load<u8>(at) >> 4 != 6) {
      this.counters.malformed++;
      return;
    }
    this.arrival.link = frame.source;
    this.packet.isTrusted = frame.isTrusted;
    this.packet.segmentBytes = frame.segmentBytes;
    this.packet.isGroup = frame.isGroup;
    this.arrival.isFragmented = false;
    this.receive(at, bytes);
  }

  onEthernetGone(): void {
    cancelTimer(this);
    this.discovery.stop();
  }

  timerDue(nowNs: i64): void {
    this.reassembly.expire(nowNs);
    this.schedule();
  }

  timedOut(packet: usize, bytes: i32, link: u64): void {
    const arrival = this.arrival;
    arrival.packet = packet;
    arrival.bytes = bytes;
    arrival.link = link;
    arrival.isTentative = false;
    this.answer(Icmp.TIME_EXCEEDED, REASSEMBLY, 0, false);
  }

  undeliverable(packet: usize): void {
    const bytes = HEADER_BYTES + load16(packet + LENGTH_AT);
    this.icmp.report(packet, packet + bytes, PathError.NEIGHBOUR_SILENT, 0);
  }

  pathMtuChanged(packet: Packet): void {
    this.discovery.routes.generation++;
    const path = this.paths.find(
      packet.sourceHigh,
      packet.sourceLow,
      packet.destinationHigh,
      packet.destinationLow,
    );
    if (path !== null) path.refresh();
  }

  addressUsable(high: u64, low: u64): void {
    const listener = this.listener;
    if (listener !== null) listener.onIpv6AddressReady(high, low);
  }

  nameServersTold(): void {
    const listener = this.listener;
    if (listener !== null) listener.onIpv6NameServers();
  }

  addressLost(high: u64, low: u64): void {
    this.transports.addressLost(high, low);
    this.addressDuplicate(high, low);
  }

  addressDuplicate(high: u64, low: u64): void {
    const listener = this.listener;
    if (listener !== null) listener.onIpv6AddressLost(high, low);
  }

  /** A packet whose header is there, and the bytes that it says. */
  private receive(at: usize, bytes: i32): void {
    const counters = this.counters;
    const packet = this.packet;
    const arrival = this.arrival;
    const sourceHigh = load64(at + 8);
    const sourceLow = load64(at + 16);
    const high = load64(at + 24);
    const low = load64(at + 32);
    // RFC 4291 §2.7, §2.5: no group sends, nor loopback, nor IPv4; nor do we.
    if (
      isGroup(sourceHigh) ||
      (sourceHigh == 0 && sourceLow != 0) ||
      (sourceLow == low && sourceHigh == high)
    ) {
      counters.malformed++;
      return;
    }
    arrival.isTentative = false;
    if (isGroup(high)) {
      packet.isGroup = true;
      if (
        high != LINK_GROUP_HIGH ||
        (low != ALL_NODES_LOW && !this.discovery.addresses.listens(low))
      ) {
        counters.notForUs++;
        return;
      }
    } else {
      const address = this.discovery.addresses.find(high, low);
      if (address === null || address.state == AddressState.DUPLICATE) {
        counters.notForUs++;
        return;
      }
      arrival.isTentative = address.state == AddressState.TENTATIVE;
    }
    counters.received++;
    packet.sourceHigh = sourceHigh;
    packet.sourceLow = sourceLow;
    packet.destinationHigh = high;
    packet.destinationLow = low;
    packet.hopLimit = load<u8>(at, 7);
    packet.trafficClass = <u8>(load16(at) >> 4);
    arrival.packet = at;
    arrival.bytes = bytes;
    arrival.hasRouterAlert = false;
    let next = load<u8>(at, NEXT_AT);
    let upper = at + HEADER_BYTES;
    arrival.nextPointer = NEXT_AT;
    if (next != Protocol.TCP && next != Protocol.UDP && next != Protocol.ICMPV6) {
      if (!this.walk(at, at + bytes, next)) return;
      next = this.extensions.next;
      upper = this.extensions.at;
    }
    packet.payload = upper;
    packet.bytes = <i32>(at + bytes - upper);
    if (!packet.isTrusted)
      packet.pseudoSum = fold(
        sumOf(at + 8, 32) + ((<u64>next) << 8) + <u64>bswap(<u16>packet.bytes),
      );
    if (next == Protocol.ICMPV6) {
      this.icmp.input(packet, arrival);
      return;
    }
    // RFC 4862 §5.4: a tentative address hears nothing but discovery.
    if (arrival.isTentative || sourceHigh == 0) {
      counters.notForUs++;
      return;
    }
    const transport = this.transports.find(next);
    if (transport === null) {
      counters.unknownProtocol++;
      if (!packet.isGroup) this.unknownProtocol();
      return;
    }
    counters.delivered++;
    transport.onPacket(packet);
  }

  /** Extension headers. True: the transport's header follows where they end. */
  private walk(at: usize, end: usize, next: u8): bool {
    const extensions = this.extensions;
    const arrival = this.arrival;
    const result = extensions.walk(at, at + HEADER_BYTES, end, next, NEXT_AT);
    arrival.hasRouterAlert = extensions.hasRouterAlert;
    arrival.nextPointer = extensions.nextPointer;
    if (extensions.hasFragment) {
      // One inside another: no sender does that.
      if (result == Walk.FRAGMENT && arrival.isFragmented) return this.drop();
      arrival.isFragmented = true;
    }
    if (result == Walk.UPPER) return true;
    if (result == Walk.FRAGMENT) this.assemble(at, extensions.at, end);
    else if (result == Walk.DROP) this.drop();
    else {
      this.drop();
      this.answer(
        Icmp.PARAMETER_PROBLEM,
        extensions.code,
        extensions.pointer,
        result == Walk.PROBLEM && extensions.code == Problem.OPTION,
      );
    }
    return false;
  }

  private drop(): bool {
    this.counters.malformed++;
    return false;
  }

  /** A fragment of a packet; `header` is its fragment header. */
  private assemble(at: usize, header: usize, end: usize): void {
    const packet = this.packet;
    const extensions = this.extensions;
    if (this.arrival.isTentative || packet.sourceHigh == 0) return;
    // RFC 7112: the first fragment has all headers, down to the first bytes of the transport's.
    if (load16(header + 2) >> 3 == 0) {
      const result = extensions.walk(at, header + 8, end, load<u8>(header), <i32>(header - at));
      const isShort = result == Walk.UPPER ? extensions.at + 8 > end : extensions.isShort;
      if (isShort) {
        this.drop();
        this.answer(Icmp.PARAMETER_PROBLEM, Problem.FIRST_FRAGMENT, 0, false);
        return;
      }
    }
    const whole = this.reassembly.add(at, header, end, this.arrival.link, now());
    if (whole == Fragment.BAD_LENGTH)
      this.answer(Icmp.PARAMETER_PROBLEM, Problem.FIELD, LENGTH_AT, false);
    else if (whole == Fragment.TOO_LONG)
      this.answer(Icmp.PARAMETER_PROBLEM, Problem.FIELD, <u32>(header - at) + 2, false);
    else if (whole != Fragment.KEPT) {
      this.counters.reassembled++;
      packet.isTrusted = false;
      packet.segmentBytes = 0;
      this.receive(whole, this.reassembly.packetBytes);
      return;
    }
    this.schedule();
  }

  private schedule(): void {
    const dueNs = this.reassembly.dueNs;
    if (dueNs != i64.MAX_VALUE && !this.timerIsPending) setTimer(this, dueNs);
  }

  private answer(type: u8, code: i32, parameter: u32, evenToGroup: bool): void {
    this.icmp.sendError(type, code, parameter, evenToGroup, this.arrival);
  }

  private unknownProtocol(): void {
    this.answer(Icmp.PARAMETER_PROBLEM, Problem.NEXT_HEADER, this.arrival.nextPointer, false);
  }
}
