import {
  IpAddress,
  Ip,
  NO_ROUTE,
  Packet,
  PathError,
  REFUSED,
  Random,
  TOO_LARGE,
  UNREACHABLE,
} from "@phantasm/interfaces";
import { checksum, sumOf } from "@phantasm/ip/checksum";
import { now } from "@phantasm/runtime";
import { EchoListener, Icmp } from "./icmp";
import { ICMP_HEADER_BYTES, IcmpType } from "./wire";

/** Requests that may be under way; an answer to an older one is ignored. A power of two. */
const UNDER_WAY_MAX: i32 = 64;

/** Told how it went. */
export interface EchoHandler {
  /** An answer: `bytes` of data, after `rttNs`. One may come twice. */
  onEchoReply(client: EchoClient, sequence: u16, bytes: i32, rttNs: i64, hopLimit: u8): void;

  /** It did not arrive; `error` is negative: REFUSED, UNREACHABLE, TOO_LARGE. */
  onEchoError(client: EchoClient, sequence: u16, error: i32): void;
}

/**
 * Asks a host whether it is there, as `ping` does (RFC 792). One at a time uses an `Icmp`; a domain that sends no
 * requests links nothing of it. It does not keep the domain alive, and does not wait: time-outs are its user's.
 */
@final
export class EchoClient implements EchoListener {
  /** When each was sent; 0: not under way. */
  private readonly sentNs: StaticArray<i64> = new StaticArray<i64>(UNDER_WAY_MAX);
  private readonly sequences: StaticArray<u16> = new StaticArray<u16>(UNDER_WAY_MAX);
  private readonly id: u16;

  constructor(
    private readonly icmp: Icmp,
    private readonly ip: Ip,
    random: Random,
    readonly remote: IpAddress,
    private readonly handler: EchoHandler,
  ) {
    assert(icmp.listener === null, "echo: there is a client already");
    this.id = <u16>random.u32();
    icmp.listener = this;
  }

  /**
   * Sends a request with `bytes` bytes of data. Returns 0; AGAIN, GONE as the link says; NO_ROUTE; TOO_LARGE: no
   * packet can be that long.
   */
  send(sequence: u16, bytes: i32): i32 {
    const path = this.ip.path(0, 0, this.remote.high, this.remote.low);
    if (path === null) return NO_ROUTE;
    const length = ICMP_HEADER_BYTES + bytes;
    const at = path.beginLarge(length);
    if (at == 0) return TOO_LARGE;
    store<u32>(at, IcmpType.ECHO_REQUEST);
    store<u16>(at, bswap(this.id), 4);
    store<u16>(at, bswap(sequence), 6);
    for (let i = 0; i < bytes; i++) store<u8>(at + ICMP_HEADER_BYTES + i, <u8>i);
    store<u16>(at, checksum(sumOf(at, length)), 2);
    const status = path.sendLarge(1, length, -1);
    if (status == 0) {
      const place = sequence & (UNDER_WAY_MAX - 1);
      this.sentNs[place] = now() + 1;
      this.sequences[place] = sequence;
    }
    return status;
  }

  /** No handler is called any more. */
  close(): void {
    if (this.icmp.listener === this) this.icmp.listener = null;
  }

  onEchoReply(packet: Packet): void {
    if (packet.sourceHigh != this.remote.high || packet.sourceLow != this.remote.low) return;
    const sentNs = this.underWay(packet.payload);
    if (sentNs == 0) return;
    this.handler.onEchoReply(
      this,
      bswap(load<u16>(packet.payload, 6)),
      packet.bytes - ICMP_HEADER_BYTES,
      now() + 1 - sentNs,
      packet.hopLimit,
    );
  }

  onEchoError(packet: Packet, error: i32): bool {
    if (packet.destinationHigh != this.remote.high || packet.destinationLow != this.remote.low)
      return false;
    if (load<u8>(packet.payload) != IcmpType.ECHO_REQUEST) return false;
    if (this.underWay(packet.payload) == 0) return false;
    let result = UNREACHABLE;
    if (error == PathError.TOO_LARGE) result = TOO_LARGE;
    else if (error == PathError.PROTOCOL_UNREACHABLE) result = REFUSED;
    this.handler.onEchoError(this, bswap(load<u16>(packet.payload, 6)), result);
    return true;
  }

  /** When the request was sent that the ICMP header at `at` is about; 0: we know of none. */
  private underWay(at: usize): i64 {
    if (bswap(load<u16>(at, 4)) != this.id) return 0;
    const sequence = bswap(load<u16>(at, 6));
    const place = sequence & (UNDER_WAY_MAX - 1);
    return this.sequences[place] == sequence ? this.sentNs[place] : 0;
  }
}
