/** Echo requests of either version, with one handler; in an image only if it asks for them. */
import { EchoClient, EchoHandler, Icmp } from "@phantasm/icmp";
import { Ip, IpAddress, Packet, Random } from "@phantasm/interfaces";
import { Echo6Client, Echo6Handler } from "@phantasm/ipv6";

export interface PingHandler {
  /** An answer, with `bytes` bytes of data, after `rttNs`. One may come twice. */
  onPingReply(sequence: u16, bytes: i32, rttNs: i64, hopLimit: u8): void;

  /** It did not arrive; `error` is negative: REFUSED, UNREACHABLE, TOO_LARGE. */
  onPingError(sequence: u16, error: i32): void;
}

/** Asks one host whether it is there. Does not keep the domain alive, and does not wait: time-outs are its user's. */
export interface Pinger {
  /** Sends a request with `bytes` bytes of data. 0; AGAIN, GONE, NO_ROUTE, TOO_LARGE. */
  send(sequence: u16, bytes: i32): i32;
}


@final
export class Pinger4 implements Pinger, EchoHandler {
  private client: EchoClient | null = null;

  constructor(
    icmp: Icmp,
    ip: Ip,
    random: Random,
    remote: IpAddress,
    private readonly handler: PingHandler,
  ) {
    this.client = new EchoClient(icmp, ip, random, remote, this);
  }

  send(sequence: u16, bytes: i32): i32 {
    return this.client!.send(sequence, bytes);
  }

  onEchoReply(client: EchoClient, sequence: u16, bytes: i32, rttNs: i64, hopLimit: u8): void {
    this.handler.onPingReply(sequence, bytes, rttNs, hopLimit);
  }

  onEchoError(client: EchoClient, sequence: u16, error: i32): void {
    this.handler.onPingError(sequence, error);
  }
}


@final
export class Pinger6 implements Pinger, Echo6Handler {
  private client: Echo6Client | null = null;

  constructor(
    ip: Ip,
    random: Random,
    private readonly remote: IpAddress,
    private readonly handler: PingHandler,
  ) {
    this.client = new Echo6Client(ip, random, this);
  }

  send(sequence: u16, bytes: i32): i32 {
    return this.client!.send(this.remote, sequence, bytes);
  }

  onEchoReply(packet: Packet, sequence: u16, bytes: i32, rttNs: i64): void {
    this.handler.onPingReply(sequence, bytes, rttNs, packet.hopLimit);
  }

  onEchoError(high: u64, low: u64, sequence: u16, error: i32): void {
    this.handler.onPingError(sequence, error);
  }
}
