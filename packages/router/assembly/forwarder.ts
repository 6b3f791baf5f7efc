/**
 * What becomes of a packet: the rules, the flows and the translation together. Pure, with time as a parameter: it
 * changes packets where they lie, and sends nothing.
 *
 * A packet from inside belongs to a flow, or begins one if the rules let it; its source becomes the outside address
 * and the port of its mapping. A packet from outside is for a port that is mapped or forwarded, or for the
 * router itself. One from inside to the outside address goes both ways (hairpin, RFC 4787 §6).
 */
import { Protocol, Random } from "@phantasm/interfaces";
import { KeyedHash } from "@phantasm/ip/hash";
import { BROADCAST, DONT_FRAGMENT, isMulticast } from "@phantasm/ipv4/wire";
import { RouterCounters } from "./counters";
import { Fragments } from "./fragments";
import { RouterLimits } from "./limits";
import { Mappings, insideAddressOf, insidePortOf, isForward, outsidePortOf } from "./mappings";
import { Networks, isForwarded } from "./network";
import { NumberReader } from "./number-reader";
import { isOpening } from "./phase";
import { Related } from "./related";
import { Action, Direction, Rules } from "./rules";
import { Flows, mappingOf } from "./tracking";
import { Kind, Tcp, Transit } from "./transit";
import { End, clampSegments, countHop, translate } from "./translation";
import { Verdict } from "./verdict";

/** Where the lease of an address outside is answered (RFC 2131 §4.1). */
const PORT_DHCP_CLIENT: u16 = 68;

/** Headers of IPv4 and TCP without options: what a maximum segment size leaves out (RFC 6691 §2). */
const HEADERS_BYTES: i32 = 40;

const NUMBERS_OF_FORWARD: i32 = 4;

/** What the configuration says. */
export class RouterPolicy {
  /** See `Rules`. */
  rules: string = "";
  /** Numbers as in `Rules`: protocol, outside port, inside address, inside port. */
  forwards: string = "";
  /** What no rule says something about. */
  out: Action = Action.ACCEPT;
  in: Action = Action.DROP;
  /** Lowers the maximum segment size of TCP to what both links carry. */
  clampsSegments: bool = true;
}


@final
export class Forwarder {
  readonly networks: Networks = new Networks();
  readonly mappings: Mappings;
  readonly flows: Flows;
  private readonly rules: Rules;
  private readonly fragments: Fragments;
  private readonly related: Related = new Related();

  constructor(
    limits: RouterLimits,
    private readonly policy: RouterPolicy,
    random: Random,
    readonly counters: RouterCounters,
  ) {
    const hash = new KeyedHash(random);
    const forwards = new NumberReader(policy.forwards);
    const forwardCount = forwards.count / NUMBERS_OF_FORWARD;
    // One more: it is made before the flow that it needs has pushed another one out.
    const mappings = new Mappings(
      limits.flows + forwardCount + 1,
      limits.portFirst,
      limits.portLast,
      hash,
      random,
    );
    this.mappings = mappings;
    this.flows = new Flows(limits, mappings, hash, counters);
    this.fragments = new Fragments(limits.fragments, limits.fragmentNs, hash);
    this.rules = new Rules(policy.rules);
    for (let at = 0; at < forwardCount; at++) {
      const protocol = <u8>forwards.next();
      const outsidePort = <u16>forwards.next();
      const address = forwards.next();
      mappings.forward(protocol, outsidePort, address, <u16>forwards.next());
    }
  }

  /** The outside address is another, or 0: it is lost. Flows cannot go on from it. */
  set outsideAddress(address: u32) {
    if (this.networks.outsideAddress == address) return;
    this.flows.clear();
    this.networks.outsideAddress = address;
  }

  /** A packet came in on the link inside. */
  fromInside(transit: Transit, nowNs: i64): Verdict {
    const counters = this.counters;
    const networks = this.networks;
    const destination = transit.destination;
    if (
      destination == networks.insideAddress ||
      destination == BROADCAST ||
      isMulticast(destination) ||
      networks.isInsideBroadcast(destination)
    )
      return Verdict.LOCAL;
    // RFC 2827: nobody here speaks in the name of others. What is for the same side was sent to us by mistake.
    if (
      !networks.isInside(transit.source) ||
      networks.isInsideBroadcast(transit.source) ||
      transit.source == networks.insideAddress ||
      networks.isInside(destination) ||
      !isForwarded(destination)
    ) {
      counters.martian++;
      return Verdict.DROP;
    }
    const verdict = this.outbound(transit, nowNs);
    if (verdict != Verdict.OUT) return verdict;
    if (transit.destination != networks.outsideAddress) {
      counters.forwardedOut++;
      return Verdict.OUT;
    }
    // Errors would quote what the sender does not know as its own.
    if (this.inbound(transit, true, nowNs) != Verdict.IN) return Verdict.DROP;
    counters.hairpinned++;
    return Verdict.IN;
  }

  /** A packet came in on the link outside. */
  fromOutside(transit: Transit, nowNs: i64): Verdict {
    const networks = this.networks;
    // Also without an address: DHCP's offers come to the one that they offer.
    if (networks.outsideAddress == 0 || transit.destination != networks.outsideAddress)
      return Verdict.LOCAL;
    if (
      networks.isInside(transit.source) ||
      transit.source == networks.outsideAddress ||
      !isForwarded(transit.source)
    ) {
      this.counters.martian++;
      return Verdict.DROP;
    }
    const verdict = this.inbound(transit, false, nowNs);
    if (verdict == Verdict.IN) this.counters.forwardedIn++;
    return verdict;
  }

  private outbound(transit: Transit, nowNs: i64): Verdict {
    const networks = this.networks;
    const address = networks.outsideAddress;
    if (transit.kind == Kind.ERROR) return this.errorOut(transit);
    if (transit.kind == Kind.FRAGMENT) {
      const known = this.fragments.find(transit.at, true, nowNs);
      if (known == 0 || known != address) return this.unknownFragment();
      const obstacle = this.obstacle(transit, networks.outsideMtu);
      if (obstacle != Verdict.OUT) return obstacle;
      countHop(transit);
      translate(transit, End.SOURCE, address, 0);
      return Verdict.OUT;
    }
    if (transit.kind == Kind.OTHER) {
      this.counters.unknownProtocol++;
      return Verdict.DROP;
    }
    const flows = this.flows;
    let flow = flows.find(
      transit.protocol,
      transit.source,
      transit.sourcePort,
      transit.destination,
      transit.destinationPort,
    );
    if (flow != 0 && !flows.continues(flow, true, transit.tcpFlags)) {
      flows.remove(flow);
      flow = 0;
    }
    if (flow == 0) {
      const verdict = this.beginOut(transit);
      if (verdict != Verdict.OUT) return verdict;
      flow = this.addOut(transit, nowNs);
      if (flow == 0) return Verdict.DROP;
    }
    const obstacle = this.obstacle(transit, networks.outsideMtu);
    if (obstacle != Verdict.OUT) return obstacle;
    flows.note(flow, true, transit.tcpFlags, nowNs);
    if (transit.isFragment) this.fragments.add(transit.at, true, address, nowNs);
    countHop(transit);
    this.clamp(transit);
    translate(transit, End.SOURCE, address, outsidePortOf(mappingOf(flow)));
    return Verdict.OUT;
  }

  /** @param isHairpin it comes from inside, its source is translated already, and its hop is counted */
  private inbound(transit: Transit, isHairpin: bool, nowNs: i64): Verdict {
    if (transit.kind == Kind.ERROR) return this.errorIn(transit, isHairpin);
    if (transit.kind == Kind.FRAGMENT) return this.fragmentIn(transit, isHairpin, nowNs);
    const mapping = this.mappings.findOutside(transit.protocol, transit.destinationPort);
    if (mapping == 0) return this.unmapped(transit, isHairpin);
    const address = insideAddressOf(mapping);
    const port = insidePortOf(mapping);
    const flows = this.flows;
    let flow = flows.find(transit.protocol, address, port, transit.source, transit.sourcePort);
    if (flow != 0 && !flows.continues(flow, false, transit.tcpFlags)) {
      flows.remove(flow);
      flow = 0;
    }
    if (flow == 0) {
      const verdict = this.beginIn(transit, address, port, isForward(mapping));
      if (verdict != Verdict.IN) return verdict;
      flow = flows.add(
        mapping,
        transit.protocol,
        address,
        port,
        transit.source,
        transit.sourcePort,
        false,
        nowNs,
      );
      if (flow == 0) return Verdict.DROP;
    } else if (mappingOf(flow) != mapping) {
      // Two forwarded ports lead to one, and the same remote port is in use by the other.
      this.counters.unsolicited++;
      return Verdict.DROP;
    }
    if (!isHairpin) {
      const obstacle = this.obstacle(transit, this.networks.insideMtu);
      if (obstacle != Verdict.OUT) return obstacle;
      countHop(transit);
    }
    flows.note(flow, false, transit.tcpFlags, nowNs);
    if (transit.isFragment) this.fragments.add(transit.at, false, address, nowNs);
    this.clamp(transit);
    translate(transit, End.DESTINATION, address, port);
    return Verdict.IN;
  }

  private fragmentIn(transit: Transit, isHairpin: bool, nowNs: i64): Verdict {
    const address = this.fragments.find(transit.at, false, nowNs);
    // It may be part of something for the router, which puts it together.
    if (address == 0) return isHairpin ? this.unknownFragment() : Verdict.LOCAL;
    if (!isHairpin) {
      const obstacle = this.obstacle(transit, this.networks.insideMtu);
      if (obstacle != Verdict.OUT) return obstacle;
      countHop(transit);
    }
    translate(transit, End.DESTINATION, address, 0);
    return Verdict.IN;
  }

  private unknownFragment(): Verdict {
    this.counters.fragmentsUnknown++;
    return Verdict.DROP;
  }

  /** From outside, for a port that leads nowhere. */
  private unmapped(transit: Transit, isHairpin: bool): Verdict {
    if (!isHairpin) {
      if (transit.protocol == Protocol.ICMP) return Verdict.LOCAL;
      if (transit.kind == Kind.UDP && transit.destinationPort == PORT_DHCP_CLIENT)
        return Verdict.LOCAL;
    }
    // RFC 5382 REQ-4: silence, so that both sides of a simultaneous open may try (RFC 9293 §3.5).
    this.counters.unsolicited++;
    return Verdict.DROP;
  }

  /** May a packet from inside begin a flow? */
  private beginOut(transit: Transit): Verdict {
    if (!begins(transit)) return this.outOfState();
    const action = this.rules.decide(
      Direction.OUT,
      transit.protocol,
      transit.source,
      transit.sourcePort,
      transit.destination,
      transit.destinationPort,
    );
    const verdict = this.ruled(transit, action == Action.NONE ? this.policy.out : action);
    if (verdict != Verdict.IN) return verdict;
    if (this.networks.outsideAddress != 0) return Verdict.OUT;
    this.counters.unreachable++;
    return Verdict.UNREACHABLE;
  }

  private addOut(transit: Transit, nowNs: i64): usize {
    const mapping = this.mappings.want(transit.protocol, transit.source, transit.sourcePort);
    if (mapping == 0) {
      this.counters.portsExhausted++;
      return 0;
    }
    return this.flows.add(
      mapping,
      transit.protocol,
      transit.source,
      transit.sourcePort,
      transit.destination,
      transit.destinationPort,
      true,
      nowNs,
    );
  }

  /** May a packet from outside begin a flow to a host inside? Rules see it with that host's address. */
  private beginIn(transit: Transit, address: u32, port: u16, isForwarded: bool): Verdict {
    if (!begins(transit)) return this.outOfState();
    let action = this.rules.decide(
      Direction.IN,
      transit.protocol,
      transit.source,
      transit.sourcePort,
      address,
      port,
    );
    if (action == Action.NONE) action = isForwarded ? Action.ACCEPT : this.policy.in;
    return this.ruled(transit, action);
  }

  /** IN: accepted. */
  private ruled(transit: Transit, action: Action): Verdict {
    if (action == Action.ACCEPT) return Verdict.IN;
    if (action == Action.REJECT) {
      this.counters.rejected++;
      return transit.kind == Kind.TCP ? Verdict.RESET : Verdict.PROHIBITED;
    }
    this.counters.dropped++;
    return Verdict.DROP;
  }

  private outOfState(): Verdict {
    this.counters.outOfState++;
    return Verdict.DROP;
  }

  /** OUT: nothing keeps it from going on to a link of that MTU. */
  private obstacle(transit: Transit, mtu: i32): Verdict {
    // RFC 1812 §5.3.1.
    if (transit.hopLimit <= 1) {
      this.counters.hopLimitExceeded++;
      return Verdict.HOPS;
    }
    // RFC 1812 §4.3.3.4. Segments that were joined are cut by their sender only.
    if (
      transit.largestBytes > mtu &&
      ((transit.cut & DONT_FRAGMENT) != 0 || transit.segmentBytes != 0)
    ) {
      this.counters.tooLarge++;
      return Verdict.TOO_LARGE;
    }
    return Verdict.OUT;
  }

  private clamp(transit: Transit): void {
    if ((transit.tcpFlags & Tcp.SYN) == 0 || !this.policy.clampsSegments) return;
    const networks = this.networks;
    const mtu = min(networks.insideMtu, networks.outsideMtu);
    clampSegments(transit, <u16>min(mtu - HEADERS_BYTES, 65535));
  }

  /** A host inside, or a router there, complains about what came from outside (RFC 5508 REQ-4, REQ-5). */
  private errorOut(transit: Transit): Verdict {
    const related = this.related;
    const quote = related.quote;
    if (!related.parse(transit) || quote.source != transit.destination) return this.unrelated();
    const flow = this.flows.find(
      quote.protocol,
      quote.destination,
      quote.destinationPort,
      quote.source,
      quote.sourcePort,
    );
    if (flow == 0 || transit.hopLimit <= 1) return this.unrelated();
    countHop(transit);
    const port = outsidePortOf(mappingOf(flow));
    related.translate(transit, End.DESTINATION, this.networks.outsideAddress, port);
    this.counters.errorsRelated++;
    return Verdict.OUT;
  }

  /** Somebody outside complains about what came from inside, or from the router (RFC 5508 REQ-3). */
  private errorIn(transit: Transit, isHairpin: bool): Verdict {
    const related = this.related;
    const quote = related.quote;
    if (!related.parse(transit) || quote.source != this.networks.outsideAddress)
      return this.unrelated();
    const mapping = this.mappings.findOutside(quote.protocol, quote.sourcePort);
    if (mapping == 0) return isHairpin ? this.unrelated() : Verdict.LOCAL;
    const address = insideAddressOf(mapping);
    const port = insidePortOf(mapping);
    const flow = this.flows.find(
      quote.protocol,
      address,
      port,
      quote.destination,
      quote.destinationPort,
    );
    if (flow == 0 || (!isHairpin && transit.hopLimit <= 1)) return this.unrelated();
    if (!isHairpin) {
      countHop(transit);
      this.counters.errorsRelated++;
    }
    related.translate(transit, End.SOURCE, address, port);
    return Verdict.IN;
  }

  private unrelated(): Verdict {
    this.counters.errorsUnrelated++;
    return Verdict.DROP;
  }
}

/** A connection begins with a SYN, a ping with a request; a datagram is always a beginning. */
// @ts-ignore: decorator
@inline
function begins(transit: Transit): bool {
  if (transit.kind == Kind.TCP) return isOpening(transit.tcpFlags);
  return transit.kind != Kind.ECHO_REPLY;
}
