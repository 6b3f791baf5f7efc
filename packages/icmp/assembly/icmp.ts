import { MICROSECOND, MILLISECOND, Packet, Path, PathError } from "@phantasm/interfaces";
import { checksum, fold, sumOf } from "@phantasm/ip/checksum";
import { TokenBucket } from "@phantasm/ip/token-bucket";
import { now } from "@phantasm/runtime";
import { IcmpCounters } from "./counters";
import { ICMP_HEADER_BYTES, IcmpType, Unreachable } from "./wire";

/** RFC 1812 §4.3.2.8: a hundred errors at once, and a hundred a second. */
const ERROR_INTERVAL_NS: i64 = 10 * MILLISECOND;
const ERROR_BURST: i32 = 100;

/** Echo replies: more than `ping -f` asks for, and not so many that a flood of requests takes the whole machine. */
const ECHO_INTERVAL_NS: i64 = 20 * MICROSECOND;
const ECHO_BURST: i32 = 1000;

/** RFC 1812 §4.3.2.3: an error is as long as 576 bytes allow. */
const ERROR_QUOTE_BYTES_MAX: i32 = 576 - 20 - ICMP_HEADER_BYTES;

/** Of a quoted packet: the shortest header, and 8 bytes of the transport's. */
const QUOTE_BYTES_MIN: i32 = 28;

/** What ICMP needs of the layer that it belongs to. */
export interface IcmpNetwork {
  pathBack(packet: Packet): Path | null;

  /**
   * An error about the packet of ours that begins at `quoted`, of which `bytes` bytes are there: at least header
   * and 8 bytes.
   *
   * @param mtu for TOO_LARGE what the router has said, 0 when it has said nothing
   * @returns false: we cannot have sent it
   */
  onIcmpError(quoted: usize, bytes: i32, error: i32, mtu: i32): bool;
}

/** Gets the answers to echo requests; only an image that sends some has one. */
export interface EchoListener {
  /** `packet.payload` is the ICMP header. */
  onEchoReply(packet: Packet): void;

  /** `packet` is what is quoted of our request. */
  onEchoError(packet: Packet, error: i32): bool;
}

/** Answers echo requests, sends errors, and hands those that arrive to the network layer. */
@final
export class Icmp {
  readonly counters: IcmpCounters = new IcmpCounters();
  private readonly errors: TokenBucket = new TokenBucket(ERROR_INTERVAL_NS, ERROR_BURST);
  private readonly echoes: TokenBucket = new TokenBucket(ECHO_INTERVAL_NS, ECHO_BURST);
  /** Set by the echo client. */
  listener: EchoListener | null = null;

  constructor(private readonly network: IcmpNetwork) {}

  onPacket(packet: Packet): void {
    const counters = this.counters;
    const at = packet.payload;
    const bytes = packet.bytes;
    // RFC 792: the checksum covers the whole message, without a pseudo-header.
    if (bytes < ICMP_HEADER_BYTES || fold(sumOf(at, bytes)) != 0xffff) {
      counters.malformed++;
      return;
    }
    counters.received++;
    switch (load<u8>(at)) {
      case IcmpType.ECHO_REQUEST:
        this.answer(packet);
        return;
      case IcmpType.ECHO_REPLY: {
        const listener = this.listener;
        if (listener !== null) listener.onEchoReply(packet);
        return;
      }
      case IcmpType.UNREACHABLE:
        this.heed(at, bytes, unreachable(load<u8>(at, 1)), bswap(load<u16>(at, 6)));
        return;
      case IcmpType.TIME_EXCEEDED:
        this.heed(at, bytes, PathError.TIME_EXCEEDED, 0);
        return;
      default:
      // RFC 6633 §3: source quench is ignored. Redirects too: who may send one cannot be told from who may not.
    }
  }

  /**
   * Sends an error about a packet: its IP header begins at `quoted`, and `bytes` bytes are there.
   *
   * @param packet says where it goes: back to where it came from
   */
  sendError(packet: Packet, quoted: usize, bytes: i32, type: u8, code: u8): void {
    const path = this.network.pathBack(packet);
    if (path !== null) this.sendErrorOn(path, packet, quoted, bytes, type, code);
  }

  /** `sendError` on another path. */
  sendErrorOn(path: Path, packet: Packet, quoted: usize, bytes: i32, type: u8, code: u8): void {
    // RFC 1122 §3.2.2: never about a group, nor about an error.
    if (packet.isGroup) return;
    const header = (<i32>(load<u8>(quoted) & 15)) << 2;
    if (load<u8>(quoted, 9) == 1) {
      if (bytes <= header) return;
      const type = load<u8>(quoted + header);
      if (type != IcmpType.ECHO_REQUEST && type != IcmpType.ECHO_REPLY) return;
    }
    if (!this.errors.take(now())) {
      this.counters.limited++;
      return;
    }
    const length = min(bytes, ERROR_QUOTE_BYTES_MAX);
    const at = path.begin();
    store<u32>(at, ((<u32>code) << 8) | type);
    store<u32>(at, 0, 4);
    memory.copy(at + ICMP_HEADER_BYTES, quoted, length);
    store<u16>(at, checksum(sumOf(at, ICMP_HEADER_BYTES + length)), 2);
    this.counters.errorsSent++;
    path.send(1, ICMP_HEADER_BYTES + length, -1, 0);
  }

  /** RFC 1122 §3.2.2.6: the reply has all the data of the request. */
  private answer(packet: Packet): void {
    const counters = this.counters;
    counters.echoRequests++;
    // §3.2.2.6: a request to a group may be ignored; answering is how one packet becomes many.
    if (packet.isGroup) return;
    if (!this.echoes.take(now())) {
      counters.limited++;
      return;
    }
    const path = this.network.pathBack(packet);
    if (path === null) return;
    const bytes = packet.bytes;
    const at = path.beginLarge(bytes);
    if (at == 0) return;
    memory.copy(at, packet.payload, bytes);
    store<u8>(at, IcmpType.ECHO_REPLY);
    store<u16>(at, 0, 2);
    store<u16>(at, checksum(sumOf(at, bytes)), 2);
    counters.echoReplies++;
    path.sendLarge(1, bytes, -1);
  }

  private heed(at: usize, bytes: i32, error: i32, mtu: i32): void {
    const quoted = at + ICMP_HEADER_BYTES;
    const length = bytes - ICMP_HEADER_BYTES;
    if (length >= QUOTE_BYTES_MIN && this.network.onIcmpError(quoted, length, error, mtu))
      this.counters.errorsReceived++;
    else this.counters.malformed++;
  }
}

function unreachable(code: u8): i32 {
  switch (code) {
    case Unreachable.PROTOCOL:
      return PathError.PROTOCOL_UNREACHABLE;
    case Unreachable.PORT:
      return PathError.PORT_UNREACHABLE;
    case Unreachable.TOO_LARGE:
      return PathError.TOO_LARGE;
    case Unreachable.NETWORK_PROHIBITED:
    case Unreachable.HOST_PROHIBITED:
    case Unreachable.PROHIBITED:
      return PathError.PROHIBITED;
    default:
      return PathError.UNREACHABLE;
  }
}
