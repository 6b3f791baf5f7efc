/** ICMPv6 (RFC 4443): answers echo requests, sends errors, heeds those that arrive. */
import { MICROSECOND, MILLISECOND, Packet, PathError, Protocol } from "@phantasm/interfaces";
import { checksumIsValid } from "@phantasm/ip/checksum";
import { TokenBucket } from "@phantasm/ip/token-bucket";
import { Transports } from "@phantasm/ip/transports";
import { now } from "@phantasm/runtime";
import { Arrival } from "./arrival";
import { Ipv6Counters } from "./counters";
import { Discovery } from "./discovery";
import { Skip } from "./extension";
import { Ipv6Path } from "./path";
import { rawObject } from "./raw";
import { selectSource } from "./selection";
import { HEADER_BYTES, Icmp, MTU_MIN, isGroup, isUnicast, load32, load64, store32 } from "./wire";

/** RFC 4443 §2.4(f): a hundred errors at once, and a hundred a second. */
const ERROR_INTERVAL_NS: i64 = 10 * MILLISECOND;
const ERROR_BURST: i32 = 100;

/** Echo replies: ten thousand a second, so that a flood of requests does not take the whole machine. */
const ECHO_INTERVAL_NS: i64 = 100 * MICROSECOND;
const ECHO_BURST: i32 = 200;

/** In front of what is quoted. */
const ICMP_BYTES: i32 = 8;
/** RFC 4443 §2.4(c). */
const QUOTE_BYTES_MAX: i32 = MTU_MIN - HEADER_BYTES - ICMP_BYTES;

export interface PathMtuOutput {
  /** The path MTU to a destination is another one. */
  pathMtuChanged(packet: Packet): void;
}


@final
export class Icmpv6 {
  private readonly errors: TokenBucket = new TokenBucket(ERROR_INTERVAL_NS, ERROR_BURST);
  private readonly echoes: TokenBucket = new TokenBucket(ECHO_INTERVAL_NS, ECHO_BURST);
  private readonly quoted: Packet = new Packet();
  /** Set by its owner before anything else. */
  owner: PathMtuOutput | null = null;
  private readonly skip: Skip = rawObject<Skip>();

  constructor(
    private readonly discovery: Discovery,
    private readonly transports: Transports,
    private readonly counters: Ipv6Counters,
    /** For answers. */
    private readonly back: Ipv6Path,
  ) {}

  input(packet: Packet, arrival: Arrival): void {
    const counters = this.counters;
    const at = packet.payload;
    if (packet.bytes < ICMP_BYTES) {
      counters.malformed++;
      return;
    }
    if (!checksumIsValid(packet)) {
      counters.icmpBadChecksum++;
      return;
    }
    counters.icmpReceived++;
    const type = load<u8>(at);
    if (type >= Icmp.NEIGHBOUR_SOLICITATION && type <= Icmp.NEIGHBOUR_ADVERTISEMENT)
      this.discover(packet, arrival);
    else if (arrival.isTentative) return;
    else if (type == Icmp.ECHO_REQUEST) this.echo(packet, arrival);
    else if (type < Icmp.INFORMATIONAL) this.heed(type, at, packet.bytes);
    else if (type == Icmp.ROUTER_ADVERTISEMENT || type == Icmp.REDIRECT)
      this.discover(packet, arrival);
    else if (type == Icmp.LISTENER_QUERY) this.discovery.query(packet, arrival.hasRouterAlert);
    else if (isUnicast(packet.sourceHigh)) {
      // RFC 4443 §2.4(b): what is unknown and informational is dropped, unless somebody waits for it: echo replies.
      const transport = this.transports.find(Protocol.ICMPV6);
      if (transport !== null) transport.onPacket(packet);
    }
  }

  /** Answers the packet that is being handled with an error, if the rules and the rate allow (RFC 4443 §2.4). */
  sendError(type: u8, code: i32, parameter: u32, evenToGroup: bool, arrival: Arrival): void {
    const packet = arrival.packet;
    const end = packet + arrival.bytes;
    const high = load64(packet + 8);
    const low = load64(packet + 16);
    // (e.3) to (e.6)
    if (!isUnicast(high) || arrival.isTentative) return;
    let sourceHigh = load64(packet + 24);
    let sourceLow = load64(packet + 32);
    if (isGroup(sourceHigh)) {
      if (!evenToGroup) return;
      const source = selectSource(this.discovery.addresses, high, low, now());
      if (source === null) return;
      sourceHigh = source.high;
      sourceLow = source.low;
    }
    // (e.1), (e.2): what might be an error itself, or a redirect.
    const skip = this.skip;
    if (skip.find(packet, end) && skip.next == Protocol.ICMPV6) {
      if (skip.at >= end) return;
      const quotedType = load<u8>(skip.at);
      if (quotedType < Icmp.INFORMATIONAL || quotedType == Icmp.REDIRECT) return;
    }
    this.quote(type, code, parameter, packet, arrival.bytes, sourceHigh, sourceLow, arrival.link);
  }

  /** Sends an error about a packet to its source. */
  quote(
    type: u8,
    code: i32,
    parameter: u32,
    packet: usize,
    bytes: i32,
    sourceHigh: u64,
    sourceLow: u64,
    link: u64,
  ): void {
    // (f)
    if (!this.errors.take(now())) {
      this.counters.errorsSuppressed++;
      return;
    }
    this.counters.errorsSent++;
    const messages = this.discovery.messages;
    const at = messages.begin();
    store<u32>(at, ((<u32>code) << 8) | type);
    store32(at + 4, parameter);
    const share = min(bytes, QUOTE_BYTES_MAX);
    memory.copy(at + ICMP_BYTES, packet, share);
    messages.send(
      sourceHigh,
      sourceLow,
      load64(packet + 8),
      load64(packet + 16),
      this.discovery.hopLimit,
      link,
      ICMP_BYTES + share,
    );
  }

  /**
   * Tells the transport of a packet of ours, of which the bytes up to `end` are there, what became of it. False:
   * nobody knows of it.
   */
  report(packet: usize, end: usize, error: i32, mtu: i32): bool {
    const skip = this.skip;
    if (!skip.find(packet, end) || end - skip.at < 8) return false;
    const transport = this.transports.find(skip.next);
    if (transport === null) return false;
    const quoted = this.quoted;
    quoted.sourceHigh = load64(packet + 8);
    quoted.sourceLow = load64(packet + 16);
    quoted.destinationHigh = load64(packet + 24);
    quoted.destinationLow = load64(packet + 32);
    if (!this.discovery.addresses.has(quoted.sourceHigh, quoted.sourceLow)) return false;
    quoted.isGroup = isGroup(quoted.destinationHigh);
    quoted.hopLimit = load<u8>(packet, 7);
    quoted.payload = skip.at;
    quoted.bytes = <i32>(end - skip.at);
    if (mtu == 0) return transport.onPathError(quoted, error, 0);
    // The MTU first; put back if the transport has not sent such a packet.
    const nowNs = now();
    const high = quoted.destinationHigh;
    const low = quoted.destinationLow;
    const mtus = this.discovery.mtus;
    let known = mtus.find(high, low, nowNs);
    const before = known === null ? this.discovery.linkMtu : known.mtu;
    // RFC 8201 §4: it only ever gets smaller by a report.
    if (mtu >= before) return false;
    if (known === null) known = mtus.add(high, low, nowNs);
    known.mtu = mtu;
    changetype<PathMtuOutput>(this.owner).pathMtuChanged(quoted);
    if (transport.onPathError(quoted, error, mtu)) return true;
    known.mtu = before;
    changetype<PathMtuOutput>(this.owner).pathMtuChanged(quoted);
    return false;
  }

  /** RFC 6980 §5: discovery does not come in fragments. */
  private discover(packet: Packet, arrival: Arrival): void {
    if (arrival.isFragmented) this.counters.discoveryInvalid++;
    else this.discovery.input(packet, arrival.link);
  }

  /** RFC 4443 §4.2: all the data comes back, also of a request to a group. */
  private echo(packet: Packet, arrival: Arrival): void {
    if (!isUnicast(packet.sourceHigh)) return;
    const nowNs = now();
    if (!this.echoes.take(nowNs)) {
      this.counters.errorsSuppressed++;
      return;
    }
    let sourceHigh = packet.destinationHigh;
    let sourceLow = packet.destinationLow;
    if (packet.isGroup) {
      const source = selectSource(
        this.discovery.addresses,
        packet.sourceHigh,
        packet.sourceLow,
        nowNs,
      );
      if (source === null) return;
      sourceHigh = source.high;
      sourceLow = source.low;
    }
    const back = this.back;
    const bytes = packet.bytes;
    back.lead(sourceHigh, sourceLow, packet.sourceHigh, packet.sourceLow, arrival.link);
    const at = back.beginLarge(bytes);
    memory.copy(at, packet.payload, bytes);
    store<u32>(at, Icmp.ECHO_REPLY);
    back.sendLarge(Protocol.ICMPV6, bytes, 2);
  }

  /** An error about a packet of ours, as far as the quotation tells. */
  private heed(type: u8, at: usize, bytes: i32): void {
    const packet = at + ICMP_BYTES;
    const code = load<u8>(at, 1);
    let error = PathError.UNREACHABLE;
    let mtu = 0;
    if (type == Icmp.UNREACHABLE) {
      if (code == 4) error = PathError.PORT_UNREACHABLE;
      else if (code == 1 || code > 4) error = PathError.PROHIBITED;
    } else if (type == Icmp.TOO_BIG) {
      error = PathError.TOO_LARGE;
      // RFC 8201 §4: less than every link carries is not to be believed.
      const said = load32(at + 4);
      mtu = said > 65535 || said < <u32>MTU_MIN ? 0 : <i32>said;
      if (mtu == 0) bytes = 0;
    } else if (type == Icmp.TIME_EXCEEDED) error = PathError.TIME_EXCEEDED;
    else if (type == Icmp.PARAMETER_PROBLEM) {
      if (code == 1) error = PathError.PROTOCOL_UNREACHABLE;
    } else return;
    if (
      bytes < ICMP_BYTES + HEADER_BYTES ||
      load<u8>(packet) >> 4 != 6 ||
      !this.report(packet, at + bytes, error, mtu)
    )
      this.counters.errorsForeign++;
  }
}
