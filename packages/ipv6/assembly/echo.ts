import {
  Ip,
  IpAddress,
  NO_ROUTE,
  Packet,
  PathError,
  Protocol,
  REFUSED,
  Random,
  TOO_LARGE,
  TransportHandler,
  UNREACHABLE,
} from "@phantasm/interfaces";
import { now } from "@phantasm/runtime";
import { rawMemory } from "./raw";
import { Icmp, store16 } from "./wire";

/** Requests that may be under way; an answer to an older one is ignored. A power of two. */
const UNDER_WAY_MAX: i32 = 64;
const HEADER_BYTES: i32 = 8;
const CHECKSUM_AT: i32 = 2;

/** A request: raw memory. */
@unmanaged
class Request {
  high: u64;
  low: u64;
  /** 0: there is none. */
  sentNs: i64;
  sequence: u32;
}

/** Told how it went. */
export interface Echo6Handler {
  /** An answer: `bytes` of data, after `rttNs`. One may come twice; to a group, many. */
  onEchoReply(packet: Packet, sequence: u16, bytes: i32, rttNs: i64): void;

  /** It did not arrive; `error` is negative: REFUSED, UNREACHABLE, TOO_LARGE. */
  onEchoError(high: u64, low: u64, sequence: u16, error: i32): void;
}

/**
 * Asks hosts whether they are there, as `ping -6` does (RFC 4443 §4.1). One for a stack, for good; an image that
 * makes none links nothing of it. It does not keep the domain alive, and does not wait: time-outs are its user's.
 */
@final
export class Echo6Client implements TransportHandler {
  private readonly requests: usize = rawMemory(UNDER_WAY_MAX * offsetof<Request>());
  private readonly id: u32;

  constructor(
    private readonly ip: Ip,
    random: Random,
    private readonly handler: Echo6Handler,
  ) {
    this.id = random.u32() & 0xffff;
    ip.register(Protocol.ICMPV6, this);
  }

  /**
   * Sends a request with `bytes` bytes of data. Returns 0; AGAIN, GONE as the link says; NO_ROUTE; TOO_LARGE: no
   * packet can be that long.
   */
  send(remote: IpAddress, sequence: u16, bytes: i32): i32 {
    const path = this.ip.path(0, 0, remote.high, remote.low);
    if (path === null) return NO_ROUTE;
    const at = path.beginLarge(HEADER_BYTES + bytes);
    if (at == 0) return TOO_LARGE;
    store<u32>(at, Icmp.ECHO_REQUEST);
    store16(at + 4, this.id);
    store16(at + 6, sequence);
    for (let i = 0; i < bytes; i++) store<u8>(at + HEADER_BYTES + i, <u8>i);
    const status = path.sendLarge(Protocol.ICMPV6, HEADER_BYTES + bytes, CHECKSUM_AT);
    if (status == 0) {
      const request = this.place(sequence);
      request.high = remote.high;
      request.low = remote.low;
      request.sequence = sequence;
      request.sentNs = now() + 1;
    }
    return status;
  }

  onPacket(packet: Packet): void {
    if (load<u8>(packet.payload) != Icmp.ECHO_REPLY) return;
    const request = this.underWay(packet);
    if (request === null) return;
    // A group is answered by each of its hosts.
    const isGroup = request.high >> 56 == 0xff;
    if (!isGroup && (request.low != packet.sourceLow || request.high != packet.sourceHigh)) return;
    this.handler.onEchoReply(
      packet,
      <u16>request.sequence,
      packet.bytes - HEADER_BYTES,
      now() + 1 - request.sentNs,
    );
  }

  onPathError(packet: Packet, error: i32, mtu: i32): bool {
    if (load<u8>(packet.payload) != Icmp.ECHO_REQUEST) return false;
    const request = this.underWay(packet);
    if (
      request === null ||
      request.low != packet.destinationLow ||
      request.high != packet.destinationHigh
    )
      return false;
    let result = UNREACHABLE;
    if (error == PathError.TOO_LARGE) result = TOO_LARGE;
    else if (error == PathError.PROTOCOL_UNREACHABLE) result = REFUSED;
    this.handler.onEchoError(request.high, request.low, <u16>request.sequence, result);
    return true;
  }

  onAddressLost(high: u64, low: u64): void {}

  // @ts-ignore: decorator
  @inline
  private place(sequence: u32): Request {
    return changetype<Request>(
      this.requests + (sequence & (UNDER_WAY_MAX - 1)) * offsetof<Request>(),
    );
  }

  /** The request that a message is about; null: we know of none. */
  private underWay(packet: Packet): Request | null {
    const at = packet.payload;
    if (bswap(load<u16>(at, 4)) != this.id) return null;
    const sequence = <u32>bswap(load<u16>(at, 6));
    const request = this.place(sequence);
    return request.sentNs != 0 && request.sequence == sequence ? request : null;
  }
}
