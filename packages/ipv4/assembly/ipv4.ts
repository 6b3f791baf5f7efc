import {
  IPV4_HIGH,
  Ip,
  LinkWaiter,
  Packet,
  Path,
  PathError,
  Protocol,
  Random,
  TransportHandler,
  ipv4Low,
  isIpv4,
} from "@phantasm/interfaces";
import { Arp, ArpOwner } from "@phantasm/arp/arp";
import { Ethernet } from "@phantasm/ethernet/ethernet";
import { EtherType, EthernetHandler, Frame } from "@phantasm/ethernet/frame";
import { Icmp, IcmpNetwork } from "@phantasm/icmp/icmp";
import { IcmpType, TimeExceeded, Unreachable } from "@phantasm/icmp/wire";
import { fold, pseudoSum4, sumOf } from "@phantasm/ip/checksum";
import { KeyedHash } from "@phantasm/ip/hash";
import { Transports } from "@phantasm/ip/transports";
import { IpVersion } from "@phantasm/ip/version";
import { now } from "@phantasm/runtime";
import { Timed, setTimer } from "@phantasm/runtime/timers";
import { Ipv4Counters } from "./counters";
import { Destinations, PATH_MTU_MIN } from "./destinations";
import { Groups } from "./groups";
import { Ipv4Limits } from "./limits";
import { Ipv4Path } from "./path";
import { PathErrors } from "./path-errors";
import { Paths } from "./paths";
import { Reassembly, ReassemblyEvents } from "./reassembly";
import { AddressListener, LocalAddress, Routes, Way } from "./routes";
import {
  BROADCAST,
  IPV4_HEADER_BYTES,
  MORE_FRAGMENTS,
  OFFSET_MASK,
  hasSourceRoute,
  headerBytesAt,
  isMartian,
  isMulticast,
} from "./wire";

/** Sees packets before the host does: what makes a router of it. */
export interface PacketRouter {
  /**
   * A packet with a right header has arrived, at `frame.payload`; it may be changed there. True: it was dealt with;
   * false: it is for this host, or for nobody.
   */
  onPacketInTransit(network: Ipv4, frame: Frame): bool;
}

/** The Internet protocol, version 4, on one link; with ARP and ICMP. Addresses are u32, the first octet on top. */
@final
export class Ipv4
  extends Timed
  implements Ip, IpVersion, EthernetHandler, ArpOwner, IcmpNetwork, ReassemblyEvents
{
  readonly counters: Ipv4Counters = new Ipv4Counters();
  readonly routes: Routes;
  readonly destinations: Destinations;
  /** Where `routes.look` puts what it finds. */
  readonly way: Way = new Way();
  /** Gets all packets first, if there is one. */
  router: PacketRouter | null = null;
  /** Changes when paths have to be looked up again; never 0. */
  generation: u32 = 1;

  private readonly transports: Transports = new Transports();
  private readonly groups: Groups;
  private readonly packet: Packet = new Packet();
  private readonly paths: Paths;
  private identifications: u32;
  private readonly secret: u64;
  private interfaceMtu: i32;
  private acceptsAll: bool = false;

  /** Of the packet that is being handled: the link address it came from, its header, and bytes from there. */
  private senderMac: u64 = 0;
  private header: usize = 0;
  private headerAndPayloadBytes: i32 = 0;

  // Made last: they refer back to this.
  private theArp: Arp | null = null;
  private theIcmp: Icmp | null = null;
  private theReassembly: Reassembly | null = null;
  private theErrors: PathErrors | null = null;
  private back: Ipv4Path | null = null;

  constructor(
    readonly ethernet: Ethernet,
    random: Random,
    limits: Ipv4Limits = new Ipv4Limits(),
  ) {
    super();
    limits.check();
    const hash = new KeyedHash(random);
    this.routes = new Routes(limits.addresses, limits.routes);
    this.destinations = new Destinations(limits.destinations, hash);
    this.groups = new Groups(limits.groups, ethernet);
    this.paths = new Paths(limits.paths, hash);
    this.identifications = random.u32();
    this.secret = random.u64();
    this.interfaceMtu = ethernet.mtu;
    this.theArp = new Arp(
      ethernet,
      this,
      random,
      limits.neighbours,
      limits.addresses,
      limits.waiting,
    );
    this.theIcmp = new Icmp(this);
    this.theReassembly = new Reassembly(limits, ethernet.mtu, this.counters, this);
    this.theErrors = new PathErrors(this, this.transports, this.paths);
    this.back = new Ipv4Path(this);
    ethernet.register(EtherType.IPV4, this);
  }

  // @ts-ignore: decorator
  @inline
  get arp(): Arp {
    return changetype<Arp>(this.theArp);
  }

  // @ts-ignore: decorator
  @inline
  get icmp(): Icmp {
    return changetype<Icmp>(this.theIcmp);
  }

  // @ts-ignore: decorator
  @inline
  get reassembly(): Reassembly {
    return changetype<Reassembly>(this.theReassembly);
  }

  // @ts-ignore: decorator
  @inline
  private get errors(): PathErrors {
    return changetype<PathErrors>(this.theErrors);
  }

  /** Bytes of the largest packet that is sent in one frame. */
  get mtu(): i32 {
    return this.interfaceMtu;
  }

  /** At most the link's; less than 576 is ignored (DHCP's option 26). */
  set mtu(value: i32) {
    if (value < PATH_MTU_MIN) return;
    this.interfaceMtu = min(value, this.ethernet.mtu);
    this.generation++;
  }

  /**
   * While true, and as long as there is no address, packets to any address are taken in that came in a frame for
   * us: an offer of DHCP (RFC 2131 §4.1).
   */
  set acceptsUnassigned(value: bool) {
    this.acceptsAll = value;
  }

  /**
   * Adds an address with its network.
   *
   * @param probes asks whether somebody has it, and uses it about six seconds later (RFC 5227 §2.1); else it is
   *   used and announced at once
   * @param defends keeps it whatever others say (RFC 5227 §2.4 (c)); else it is given up at the second conflict
   *   in ten seconds
   * @returns false: it is there already, or the limit is reached
   */
  addAddress(
    address: u32,
    prefixBits: i32,
    probes: bool,
    defends: bool,
    listener: AddressListener | null = null,
  ): bool {
    assert(prefixBits >= 0 && prefixBits <= 32, "ipv4: a prefix has 0 to 32 bits");
    assert(!isMartian(address), "ipv4: no host can have that address");
    if (!this.routes.addAddress(new LocalAddress(address, prefixBits, listener))) return false;
    this.arp.claim(address, probes, defends);
    return true;
  }

  /** Gives an address up; whoever used it is told. False: it is not there. */
  removeAddress(address: u32): bool {
    const own = this.routes.removeAddress(address);
    if (own === null) return false;
    this.generation++;
    this.arp.release(address);
    if (own.isReady) this.transports.addressLost(IPV4_HIGH, ipv4Low(address));
    return true;
  }

  /** The first address that may be used; 0: none. */
  get address(): u32 {
    return this.routes.sourceFor(0);
  }

  /**
   * Sends packets to a network by a gateway, which is on the link. A gateway of 0: the network is on the link.
   * Replaces the route to the same network. False: the limit of routes is reached.
   */
  addRoute(network: u32, prefixBits: i32, gateway: u32): bool {
    this.generation++;
    return this.routes.addRoute(network, prefixBits, gateway);
  }

  removeRoute(network: u32, prefixBits: i32): bool {
    this.generation++;
    return this.routes.removeRoute(network, prefixBits);
  }

  /** Receives packets to a multicast address until `leaveGroup`. False: the limit is reached. No IGMP is sent. */
  joinGroup(group: u32): bool {
    return this.groups.join(group);
  }

  leaveGroup(group: u32): void {
    this.groups.leave(group);
  }

  /** It is one of ours, and may be used. */
  owns(address: u32): bool {
    const own = this.routes.find(address);
    return own !== null && own.isReady;
  }

  // Ip

  register(protocol: u8, handler: TransportHandler): void {
    this.transports.register(protocol, handler);
  }

  path(sourceHigh: u64, sourceLow: u64, destinationHigh: u64, destinationLow: u64): Path | null {
    if (!isIpv4(destinationHigh, destinationLow)) return null;
    const destination = <u32>destinationLow;
    // RFC 1122 §3.2.1.3 (g): never on a link, and there is no loop back to this host.
    if (destination >> 24 == 127) {
      this.counters.noRoute++;
      return null;
    }
    let source = sourceLow == 0 ? 0 : <u32>sourceLow;
    if (source == 0) source = this.sourceTo(destination);
    const known = this.paths.find(source, destination);
    if (known !== null && known.refresh()) return known;
    const made = new Ipv4Path(this);
    if (!made.lead(source, destination)) {
      this.counters.noRoute++;
      return null;
    }
    this.paths.put(made);
    return made;
  }

  pathBack(packet: Packet): Path | null {
    const source = <u32>packet.sourceLow;
    const destination = <u32>packet.destinationLow;
    if (packet.isGroup || source == 0 || !this.owns(destination)) return null;
    const back = changetype<Ipv4Path>(this.back);
    back.leadBack(destination, source, this.senderMac);
    return back;
  }

  isLocal(high: u64, low: u64): bool {
    return isIpv4(high, low) && this.owns(<u32>low);
  }

  reject(packet: Packet, error: i32): void {
    const code = error == PathError.PROTOCOL_UNREACHABLE ? Unreachable.PROTOCOL : Unreachable.PORT;
    this.icmp.sendError(
      packet,
      this.header,
      this.headerAndPayloadBytes,
      IcmpType.UNREACHABLE,
      code,
    );
  }

  confirm(path: Path): void {
    const neighbour = changetype<Ipv4Path>(path).nextHop;
    if (neighbour !== null) this.arp.confirm(neighbour);
  }

  whenReady(waiter: LinkWaiter): void {
    this.ethernet.whenReady(waiter);
  }

  /** A new number for a packet that may be cut up (RFC 6864 §4): none comes twice among 65536. */
  nextIdentification(): u16 {
    // A permutation of the count that depends on a secret: who gets one number cannot count our packets.
    let value = <u32>(++this.identifications & 0xffff) * ((<u32>this.secret) | 1);
    value = (value ^ ((value & 0xffff) >> 7)) * ((<u32>(this.secret >> 16)) | 1);
    return (<u16>(value ^ ((value & 0xffff) >> 9))) ^ (<u16>(this.secret >> 32));
  }

  // EthernetHandler

  onEthernet(frame: Frame): void {
    const counters = this.counters;
    const at = frame.payload;
    const bytes = frame.bytes;
    if (bytes < IPV4_HEADER_BYTES) {
      counters.malformed++;
      return;
    }
    const first = <u32>load<u8>(at);
    const headerBytes = (<i32>(first & 15)) << 2;
    const totalBytes = <i32>bswap(load<u16>(at, 2));
    if (
      first >> 4 != 4 ||
      headerBytes < IPV4_HEADER_BYTES ||
      totalBytes < headerBytes ||
      totalBytes > bytes ||
      fold(sumOf(at, headerBytes)) != 0xffff
    ) {
      counters.malformed++;
      return;
    }
    const router = this.router;
    if (router !== null && router.onPacketInTransit(this, frame)) return;
    const source = bswap(load<u32>(at, 12));
    const destination = bswap(load<u32>(at, 16));
    const isGroup = this.isGroup(destination);
    if (!isGroup && !this.takes(destination, frame.isGroup)) {
      counters.notForUs++;
      return;
    }
    // RFC 1122 §3.2.1.3 (a): 0 is the source of who asks for an address, and of nobody else.
    if (
      (isMartian(source) && !(source == 0 && isGroup)) ||
      this.owns(source) ||
      this.routes.isBroadcast(source)
    ) {
      counters.martian++;
      return;
    }
    // RFC 1122 §3.2.1.8 (c), RFC 7126 §4.3: a source route is how a packet gets to where it should not.
    if (headerBytes > IPV4_HEADER_BYTES && hasSourceRoute(at + 20, at + headerBytes)) {
      counters.sourceRouted++;
      return;
    }
    this.senderMac = frame.source;
    const packet = this.packet;
    packet.isGroup = isGroup;
    packet.sourceLow = ipv4Low(source);
    packet.destinationLow = ipv4Low(destination);
    if (bswap(load<u16>(at, 6)) & (MORE_FRAGMENTS | OFFSET_MASK)) {
      const reassembly = this.reassembly;
      const whole = reassembly.add(at, headerBytes, totalBytes, isGroup, now());
      const dueNs = reassembly.nextNs;
      if (dueNs != i64.MAX_VALUE && !this.timerIsPending) setTimer(this, dueNs);
      if (!whole) return;
      packet.isTrusted = false;
      packet.segmentBytes = 0;
      this.deliver(reassembly.header, headerBytesAt(reassembly.header), reassembly.bytes);
      return;
    }
    packet.isTrusted = frame.isTrusted;
    packet.segmentBytes = frame.segmentBytes;
    this.deliver(at, headerBytes, totalBytes);
  }

  onEthernetGone(): void {}

  // ArpOwner

  onAddressReady(address: u32): void {
    const own = this.routes.find(address);
    if (own === null) return;
    own.isReady = true;
    this.generation++;
    const listener = own.listener;
    if (listener !== null) listener.onAddressReady(address);
  }

  onAddressConflict(address: u32): void {
    const own = this.routes.removeAddress(address);
    if (own === null) return;
    this.generation++;
    if (own.isReady) this.transports.addressLost(IPV4_HIGH, ipv4Low(address));
    const listener = own.listener;
    if (listener !== null) listener.onAddressLost(address);
  }

  onNeighbourGone(address: u32): void {
    this.errors.onNeighbourGone(address);
  }

  // IcmpNetwork

  onIcmpError(quoted: usize, bytes: i32, error: i32, mtu: i32): bool {
    return this.errors.onIcmpError(quoted, bytes, error, mtu);
  }

  // ReassemblyEvents

  onReassemblyTimeout(header: usize, bytes: i32, isGroup: bool): void {
    const source = bswap(load<u32>(header, 12));
    const destination = bswap(load<u32>(header, 16));
    const packet = this.packet;
    packet.isGroup = isGroup;
    packet.sourceLow = ipv4Low(source);
    packet.destinationLow = ipv4Low(destination);
    // The sender's link address is not remembered: the route has to do.
    if (isGroup || !this.owns(destination)) return;
    const path = this.path(IPV4_HIGH, ipv4Low(destination), IPV4_HIGH, ipv4Low(source));
    if (path === null) return;
    this.icmp.sendErrorOn(
      path,
      packet,
      header,
      bytes,
      IcmpType.TIME_EXCEEDED,
      TimeExceeded.REASSEMBLY,
    );
  }

  timerDue(nowNs: i64): void {
    const reassembly = this.reassembly;
    reassembly.due(nowNs);
    const dueNs = reassembly.nextNs;
    if (dueNs != i64.MAX_VALUE) setTimer(this, dueNs);
  }

  private isGroup(destination: u32): bool {
    if (destination == BROADCAST) return true;
    if (isMulticast(destination)) return this.groups.has(destination);
    return this.routes.isBroadcast(destination);
  }

  private takes(destination: u32, frameIsGroup: bool): bool {
    // RFC 1122 §3.3.6: a packet to a host has no business in a broadcast frame.
    if (frameIsGroup) return false;
    if (this.owns(destination)) return true;
    return this.acceptsAll && this.address == 0 && !isMulticast(destination);
  }

  /** The address to send to a host from; 0: none, or the destination is a broadcast and we have none. */
  private sourceTo(destination: u32): u32 {
    const way = this.way;
    if (this.routes.look(destination, way)) return way.source;
    return this.routes.sourceFor(destination);
  }

  private deliver(at: usize, headerBytes: i32, totalBytes: i32): void {
    const packet = this.packet;
    const protocol = load<u8>(at, 9);
    const bytes = totalBytes - headerBytes;
    this.header = at;
    this.headerAndPayloadBytes = totalBytes;
    packet.payload = at + headerBytes;
    packet.bytes = bytes;
    packet.trafficClass = load<u8>(at, 1);
    packet.hopLimit = load<u8>(at, 8);
    this.counters.received++;
    if (protocol == Protocol.ICMP) {
      this.icmp.onPacket(packet);
      return;
    }
    const transport = this.transports.find(protocol);
    if (transport === null) {
      this.counters.unknownProtocol++;
      this.reject(packet, PathError.PROTOCOL_UNREACHABLE);
      return;
    }
    packet.pseudoSum = pseudoSum4(
      <u32>packet.sourceLow,
      <u32>packet.destinationLow,
      protocol,
      bytes,
    );
    transport.onPacket(packet);
  }
}
