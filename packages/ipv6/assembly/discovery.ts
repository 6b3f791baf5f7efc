/**
 * Neighbour discovery for hosts (RFC 4861, 4862, 4191, 8106), and the reports of groups (RFC 3810) that make
 * switches forward its solicitations: the tables, what changes them, and one timer.
 */
import { Ethernet } from "@phantasm/ethernet/ethernet";
import { WaitingFrames } from "@phantasm/ethernet/waiting";
import { MILLISECOND, MINUTE, Packet, Random, SECOND } from "@phantasm/interfaces";
import { now } from "@phantasm/runtime";
import { Timed, cancelTimer, setTimer } from "@phantasm/runtime/timers";
import { Address, AddressOutput, AddressState, Addresses, endOf } from "./addresses";
import { Ipv6Counters } from "./counters";
import { Ipv6Limits } from "./limits";
import { ListenerRecord, Messages, groupLink } from "./messages";
import { PathMtus } from "./mtus";
import { NameServers } from "./name-servers";
import { Event, NEVER, Neighbour, NeighbourOutput, Neighbours, State } from "./neighbours";
import { Options } from "./options";
import { rawObject } from "./raw";
import { RouteKind, Routes, makeRoutes } from "./routes";
import { selectSource } from "./selection";
import {
  ALL_NODES_LOW,
  HOP_LIMIT_ND,
  Icmp,
  LINK_GROUP_HIGH,
  NdOption,
  SOLICITED_LOW,
  isGroup,
  isLinkLocal,
  load16,
  load32,
  load64,
  maskHigh,
  maskLow,
  solicitedLow,
} from "./wire";

/** RFC 4861 §6.3.7 wants up to a second; see START_DELAY_MS of addresses.ts. */
const SOLICITATION_DELAY_MS: u32 = 100;
/** RFC 7559 §2: the first interval between router solicitations, which doubles up to the last. */
const SOLICITATION_FIRST_NS: i64 = 4 * SECOND;
const SOLICITATION_LAST_NS: i64 = 3600 * SECOND;

/** What routers may say of times: reachable time up to an hour (RFC 4861 §6.2.1), answers in 0.1 to 10 s. */
const REACHABLE_MS_MAX: u32 = 3_600_000;
const RETRANSMIT_MS_MIN: u32 = 100;
const RETRANSMIT_MS_MAX: u32 = 10_000;

/** A redirect is forgotten after this: the router will say so again. */
const REDIRECT_NS: i64 = 10 * MINUTE;

/** RFC 3810 §9.1, §9.11. */
const REPORTS: i32 = 2;
const REPORT_INTERVAL_MS: u32 = 1000;

export interface DiscoveryOutput {
  /** The neighbour that this packet of ours waited for does not answer. */
  undeliverable(packet: usize): void;
  /** An address may be used, or may not any more. */
  addressUsable(high: u64, low: u64): void;
  addressLost(high: u64, low: u64): void;
  /** Somebody else has it, and another one cannot be made. */
  addressDuplicate(high: u64, low: u64): void;
  /** A router has told of name servers. */
  nameServersTold(): void;
}


@final
export class Discovery extends Timed implements NeighbourOutput, AddressOutput {
  readonly addresses: Addresses;
  readonly neighbours: Neighbours;
  readonly routes: Routes = makeRoutes();
  readonly mtus: PathMtus = rawObject<PathMtus>();
  readonly nameServers: NameServers = new NameServers();
  readonly waiting: WaitingFrames;
  readonly messages: Messages;
  /** Of packets on this link: its own, or what routers say. */
  linkMtu: i32;
  /** Of packets whose sender does not care. */
  hopLimit: u8 = 64;
  /** What makes flow labels hard to guess (RFC 6437 §3). */
  readonly labelKey: u32;
  /** Router advertisements count, and are asked for. */
  private readonly listensToRouters: bool;
  /** Set by its owner before anything else. */
  owner: DiscoveryOutput | null = null;
  private readonly options: Options = rawObject<Options>();
  private solicitDueNs: i64 = NEVER;
  private solicitIntervalNs: i64 = 0;
  private reportDueNs: i64 = NEVER;
  /** State changes that are still to be reported. */
  private reports: i32 = 0;

  constructor(
    readonly ethernet: Ethernet,
    readonly random: Random,
    readonly counters: Ipv6Counters,
    listensToRouters: bool,
    keyHigh: u64,
    keyLow: u64,
    limits: Ipv6Limits,
  ) {
    super();
    const addresses = new Addresses(random, keyHigh, keyLow);
    const neighbours = new Neighbours(random, limits.neighbours);
    this.addresses = addresses;
    this.neighbours = neighbours;
    this.waiting = new WaitingFrames(ethernet, limits.waiting, limits.waiting >> 1);
    this.messages = new Messages(ethernet, counters);
    this.linkMtu = ethernet.mtu;
    this.labelKey = random.u32();
    this.listensToRouters = listensToRouters;
    addresses.owner = this;
    neighbours.owner = this;
  }

  // @ts-ignore: decorator
  @inline
  private get output(): DiscoveryOutput {
    return changetype<DiscoveryOutput>(this.owner);
  }

  /** Configures the link-local address, and asks for routers. */
  start(nowNs: i64): void {
    this.ethernet.join(groupLink(ALL_NODES_LOW));
    this.addresses.addLinkLocal(nowNs);
    if (this.listensToRouters)
      this.solicitDueNs = nowNs + <i64>this.random.below(SOLICITATION_DELAY_MS) * MILLISECOND;
    this.schedule();
  }

  stop(): void {
    cancelTimer(this);
  }

  /** Sets the timer to the first due of all tables. Called after whatever may have brought it forward. */
  schedule(): void {
    const dueNs = min(
      min(this.neighbours.dueNs, this.addresses.dueNs),
      min(this.solicitDueNs, this.reportDueNs),
    );
    if (dueNs != NEVER && (!this.timerIsPending || dueNs < this.timerDueNs)) setTimer(this, dueNs);
  }

  timerDue(nowNs: i64): void {
    // Before the solicitations whose answers a switch would else keep back (RFC 3590 §4).
    if (this.reportDueNs <= nowNs) this.report(nowNs);
    this.addresses.expire(nowNs);
    this.neighbours.expire(nowNs);
    if (this.solicitDueNs <= nowNs) this.askRouters(nowNs);
    this.schedule();
  }

  /** A message of discovery. Those that are not from this link, or break a rule, do nothing. */
  input(packet: Packet, link: u64): void {
    const at = packet.payload;
    const type = load<u8>(at);
    // Reserved bits and unknown options are ignored; bytes in front of the options.
    let fixed = 24;
    if (type == Icmp.ROUTER_ADVERTISEMENT) fixed = 16;
    else if (type == Icmp.REDIRECT) fixed = 40;
    if (
      packet.hopLimit != HOP_LIMIT_ND ||
      load<u8>(at, 1) != 0 ||
      packet.bytes < fixed ||
      !this.options.read(at + fixed, at + packet.bytes) ||
      !this.accept(type, packet, link)
    )
      this.counters.discoveryInvalid++;
    this.schedule();
  }

  /** A multicast listener query (RFC 3810 §6.2): reports after a while, so that not all report at once. */
  query(packet: Packet, hasRouterAlert: bool): void {
    const at = packet.payload;
    if (packet.bytes < 24 || !hasRouterAlert) return;
    if (packet.hopLimit != 1 || !isLinkLocal(packet.sourceHigh)) return;
    const groupHigh = load64(at + 8);
    const groupLow = load64(at + 16);
    if (groupHigh != 0 && !(groupHigh == LINK_GROUP_HIGH && this.addresses.listens(groupLow)))
      return;
    // RFC 3810 §5.1.3; longer ones are a floating-point form that nobody needs here.
    const delayMs = min(load16(at + 4), 0x7fff);
    const dueNs = now() + <i64>this.random.below(delayMs + 1) * MILLISECOND;
    this.reportDueNs = min(this.reportDueNs, dueNs);
    this.schedule();
  }

  solicit(neighbour: Neighbour): void {
    const source = selectSource(this.addresses, neighbour.high, neighbour.low, now());
    if (source === null) return;
    const link = neighbour.state == State.INCOMPLETE ? 0 : neighbour.link;
    this.messages.solicit(source.high, source.low, neighbour.high, neighbour.low, link);
  }

  resolved(neighbour: Neighbour): void {
    this.routes.setSilent(neighbour.high, neighbour.low, false);
    this.waiting.sendTo(neighbour.high, neighbour.low, neighbour.link);
  }

  forgotten(neighbour: Neighbour, isSilent: bool): void {
    const high = neighbour.high;
    const low = neighbour.low;
    if (isSilent) {
      this.routes.setSilent(high, low, true);
      // RFC 4861 §7.2.2: for each packet that waits; the oldest stands for those of its flow.
      const packet = this.waiting.takeOldest(high, low);
      if (packet != 0) this.output.undeliverable(packet);
    }
    this.waiting.drop(high, low);
  }

  isNoRouter(neighbour: Neighbour): void {
    this.routes.removeHop(neighbour.high, neighbour.low);
  }

  isNextHop(high: u64, low: u64): bool {
    return this.routes.isHop(high, low);
  }

  listen(address: Address): void {
    this.ethernet.join(groupLink(solicitedLow(address.low)));
    this.reportSoon();
  }

  ignore(address: Address): void {
    this.ethernet.leave(groupLink(solicitedLow(address.low)));
  }

  probe(address: Address): void {
    this.messages.solicit(0, 0, address.high, address.low, 0);
  }

  usable(address: Address): void {
    this.routes.generation++;
    // RFC 3590 §4: once more, from an address that everybody accepts.
    if (isLinkLocal(address.high)) this.reportSoon();
    this.output.addressUsable(address.high, address.low);
  }

  lost(address: Address): void {
    this.routes.generation++;
    this.output.addressLost(address.high, address.low);
  }

  duplicate(address: Address): void {
    this.output.addressDuplicate(address.high, address.low);
  }

  private reportSoon(): void {
    this.reports = REPORTS;
    this.reportDueNs = now();
  }

  private report(nowNs: i64): void {
    const record = this.reports > 0 ? ListenerRecord.TO_EXCLUDE : ListenerRecord.IS_EXCLUDE;
    this.messages.report(record, this.addresses);
    this.reportDueNs = NEVER;
    if (this.reports > 0 && --this.reports > 0)
      this.reportDueNs = nowNs + <i64>(1 + this.random.below(REPORT_INTERVAL_MS)) * MILLISECOND;
  }

  private askRouters(nowNs: i64): void {
    const own = this.addresses.linkLocal();
    this.messages.askRouters(own === null ? 0 : own.high, own === null ? 0 : own.low);
    // RFC 7559 §2: until one is there, ever more rarely; give or take a tenth.
    const beforeNs = this.solicitIntervalNs;
    const intervalNs =
      beforeNs == 0 ? SOLICITATION_FIRST_NS : min(2 * beforeNs, SOLICITATION_LAST_NS);
    this.solicitIntervalNs = intervalNs;
    const part = <i64>this.random.below(2001) - 1000;
    this.solicitDueNs = nowNs + intervalNs + (intervalNs / 10_000) * part;
  }

  /** False: it breaks a rule of its type. */
  private accept(type: u8, packet: Packet, link: u64): bool {
    if (type == Icmp.NEIGHBOUR_SOLICITATION) return this.solicitation(packet, link);
    if (type == Icmp.NEIGHBOUR_ADVERTISEMENT) return this.advertisement(packet);
    // RFC 4861 §6.1.2, §8.1: routers speak from their link-local address.
    if (!isLinkLocal(packet.sourceHigh)) return false;
    if (type == Icmp.REDIRECT) return this.redirect(packet);
    if (this.listensToRouters) this.routerAdvertisement(packet);
    return true;
  }

  /** RFC 4861 §7.1.1, §7.2.3. */
  private solicitation(packet: Packet, link: u64): bool {
    const high = packet.sourceHigh;
    const low = packet.sourceLow;
    const targetHigh = load64(packet.payload + 8);
    const targetLow = load64(packet.payload + 16);
    const unspecified = high == 0 && low == 0;
    if (isGroup(targetHigh)) return false;
    // Somebody who probes speaks to the solicited-node group, and names no link address.
    if (
      unspecified &&
      (packet.destinationLow >> 24 != SOLICITED_LOW >> 24 || this.options.hasSource)
    )
      return false;
    const address = this.addresses.find(targetHigh, targetLow);
    if (address === null) return true;
    if (address.state == AddressState.TENTATIVE) {
      // RFC 4862 §5.4.3: another one who probes for it; whoever asks for its owner asks too early.
      if (unspecified) this.addresses.objected(address, now());
      return true;
    }
    if (address.state != AddressState.VALID) return true;
    if (this.options.sourceLink != 0) {
      link = this.options.sourceLink;
      this.neighbours.heard(high, low, link, now());
    }
    this.messages.advertise(targetHigh, targetLow, high, low, link);
    return true;
  }

  /** RFC 4861 §7.1.2, §7.2.5; RFC 4862 §5.4.4. */
  private advertisement(packet: Packet): bool {
    const at = packet.payload;
    const targetHigh = load64(at + 8);
    const targetLow = load64(at + 16);
    const flags = <i32>load<u8>(at, 4);
    const solicited = (flags & 0x40) != 0;
    if (isGroup(targetHigh) || (solicited && isGroup(packet.destinationHigh))) return false;
    const address = this.addresses.find(targetHigh, targetLow);
    if (address !== null) {
      this.addresses.objected(address, now());
      return true;
    }
    this.neighbours.advertised(
      targetHigh,
      targetLow,
      this.options.targetLink != 0,
      this.options.targetLink,
      (solicited ? Event.SOLICITED : 0) | (flags & 0x20 ? Event.OVERRIDE : 0),
      (flags & 0x80) != 0,
      now(),
    );
    return true;
  }

  /** RFC 4861 §8.1, §8.3. */
  private redirect(packet: Packet): bool {
    const at = packet.payload;
    const hopHigh = load64(at + 8);
    const hopLow = load64(at + 16);
    const high = load64(at + 24);
    const low = load64(at + 32);
    const isOnLink = hopHigh == high && hopLow == low;
    if (isGroup(high) || isLinkLocal(high) || !(isOnLink || isLinkLocal(hopHigh))) return false;
    const nowNs = now();
    // Only the router that the packet went to may send it elsewhere.
    const route = this.routes.find(high, low, nowNs);
    if (route === null || route.hopLow != packet.sourceLow || route.hopHigh != packet.sourceHigh)
      return false;
    this.routes.set(
      RouteKind.REDIRECT,
      high,
      low,
      128,
      isOnLink ? 0 : hopHigh,
      isOnLink ? 0 : hopLow,
      0,
      nowNs + REDIRECT_NS,
      nowNs,
    );
    this.heard(hopHigh, hopLow, this.options.targetLink, !isOnLink, nowNs);
    return true;
  }

  private heard(high: u64, low: u64, link: u64, isRouter: bool, nowNs: i64): void {
    const neighbour =
      link == 0 ? this.neighbours.find(high, low) : this.neighbours.heard(high, low, link, nowNs);
    if (neighbour !== null && isRouter) neighbour.isRouter = true;
  }

  /** RFC 4861 §6.3.4. */
  private routerAdvertisement(packet: Packet): void {
    const nowNs = now();
    const high = packet.sourceHigh;
    const low = packet.sourceLow;
    const at = packet.payload;
    // A hop limit below the usual would only cut this host off from the world (CVE-2015-2922).
    this.hopLimit = max(this.hopLimit, load<u8>(at, 4));
    const lifetime = load16(at + 6);
    const reachableMs = load32(at + 8);
    if (reachableMs != 0 && reachableMs <= REACHABLE_MS_MAX)
      this.neighbours.reachableNs = <i64>reachableMs * MILLISECOND;
    const retransmitMs = load32(at + 12);
    if (retransmitMs != 0) {
      const ms = min(max(retransmitMs, RETRANSMIT_MS_MIN), RETRANSMIT_MS_MAX);
      this.neighbours.retransmitNs = <i64>ms * MILLISECOND;
      this.addresses.retransmitNs = <i64>ms * MILLISECOND;
    }
    const mtu = this.options.mtu;
    if (mtu != 0 && mtu <= this.ethernet.mtu && mtu != this.linkMtu) {
      this.linkMtu = mtu;
      this.routes.generation++;
    }
    this.heard(high, low, this.options.sourceLink, true, nowNs);
    this.routes.setSilent(high, low, false);
    this.setRouter(high, low, preferenceOf(load<u8>(at, 5)), lifetime, nowNs);
    this.routerOptions(packet, high, low, nowNs);
  }

  private setRouter(high: u64, low: u64, preference: i32, lifetime: u32, nowNs: i64): void {
    const untilNs = endOf(lifetime, nowNs);
    // RFC 4191 §2.2: the reserved value means medium here.
    if (preference < -1) preference = 0;
    this.routes.set(RouteKind.ROUTER, 0, 0, 0, high, low, preference, untilNs, nowNs);
    if (lifetime != 0) {
      // Should it fall silent, ask again before it is gone.
      this.solicitIntervalNs = 0;
      this.solicitDueNs = untilNs;
    } else if (!this.routes.hasDefault(nowNs))
      this.solicitDueNs = min(this.solicitDueNs, nowNs + SOLICITATION_FIRST_NS);
  }

  /** Those that may occur more than once; their lengths have been looked at, their contents not. */
  private routerOptions(packet: Packet, high: u64, low: u64, nowNs: i64): void {
    const end = packet.payload + packet.bytes;
    let at = packet.payload + 16;
    let told: bool = false;
    while (at < end) {
      const type = load<u8>(at);
      const words = <i32>load<u8>(at, 1);
      if (type == NdOption.PREFIX && words == 4) this.prefixOption(at, nowNs);
      else if (type == NdOption.ROUTE && words <= 3) this.routeOption(at, words, high, low, nowNs);
      else if (type == NdOption.RDNSS) {
        told = true;
        const untilNs = endOf(load32(at + 4), nowNs);
        for (let word = 1; word + 1 < words; word += 2)
          this.nameServers.set(
            load64(at + (word << 3)),
            load64(at + (word << 3) + 8),
            untilNs,
            nowNs,
          );
      }
      at += words << 3;
    }
    if (told) this.output.nameServersTold();
  }

  /** RFC 4861 §6.3.4, RFC 4862 §5.5.3. */
  private prefixOption(at: usize, nowNs: i64): void {
    const length = <i32>load<u8>(at, 2);
    const flags = load<u8>(at, 3);
    const valid = load32(at + 4);
    const high = load64(at + 16);
    // Not that the whole Internet is on this link.
    if (length == 0 || length > 128 || isLinkLocal(high) || isGroup(high)) return;
    if (flags & 0x80)
      this.routes.set(
        RouteKind.PREFIX,
        maskHigh(high, length),
        maskLow(load64(at + 24), length),
        length,
        0,
        0,
        0,
        endOf(valid, nowNs),
        nowNs,
      );
    if (flags & 0x40) this.addresses.advertised(high, length, load32(at + 8), valid, nowNs);
  }

  /** RFC 4191 §2.3, §3.1: a host of type C. */
  private routeOption(at: usize, words: i32, hopHigh: u64, hopLow: u64, nowNs: i64): void {
    const length = <i32>load<u8>(at, 2);
    const preference = preferenceOf(load<u8>(at, 3));
    if (length > (words - 1) << 6 || preference < -1) return;
    const lifetime = load32(at + 4);
    if (length == 0) {
      this.setRouter(hopHigh, hopLow, preference, lifetime, nowNs);
      return;
    }
    this.routes.set(
      RouteKind.ROUTE,
      maskHigh(load64(at + 8), length),
      words < 3 ? 0 : maskLow(load64(at + 16), length),
      length,
      hopHigh,
      hopLow,
      preference,
      endOf(lifetime, nowNs),
      nowNs,
    );
  }
}

/** The two bits in the middle: 1 high, 0 medium, -1 low, -2 reserved (RFC 4191 §2.1). */
function preferenceOf(flags: u8): i32 {
  return ((<i32>flags) << 27) >> 30;
}
