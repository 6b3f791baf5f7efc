/** Where a stack has its IPv6 addresses from; as in ipv4-setup.ts. */
import { ServerSource } from "@phantasm/dns/servers";
import { Ethernet } from "@phantasm/ethernet/ethernet";
import { IpAddress, Random } from "@phantasm/interfaces";
import { Ipv6, Ipv6Listener } from "@phantasm/ipv6";
import { IpVersion } from "@phantasm/ip/version";
import { now } from "@phantasm/runtime";
import { observeIpv6 } from "./observe";
import { PingHandler, Pinger, Pinger6 } from "./ping";
import { SetupHost } from "./setup-host";

export interface Ipv6Setup {
  /** Makes IPv6 on this link; null: the stack has none. */
  open(ethernet: Ethernet, random: Random): IpVersion | null;

  /** The stack is complete: gets addresses. */
  start(host: SetupHost): void;

  /** Asks a host whether it is there; null: there is no IPv6. */
  ping(host: SetupHost, remote: IpAddress, handler: PingHandler): Pinger | null;
}

/** RFC 8200 §5: a link that carries less carries no IPv6. A stack that has IPv4 too goes on with that. */
const MTU_MIN: i32 = 1280;

/** No IPv6. */
@final
export class NoIpv6 implements Ipv6Setup {
  open(ethernet: Ethernet, random: Random): IpVersion | null {
    return null;
  }

  start(host: SetupHost): void {}

  ping(host: SetupHost, remote: IpAddress, handler: PingHandler): Pinger | null {
    return null;
  }
}

/** Addresses from routers. */
@final
export class AutomaticIpv6 implements Ipv6Setup, Ipv6Listener {
  private ipv6: Ipv6 | null = null;
  private host: SetupHost | null = null;

  open(ethernet: Ethernet, random: Random): IpVersion | null {
    if (ethernet.mtu < MTU_MIN) return null;
    const ipv6 = new Ipv6(ethernet, random);
    this.ipv6 = ipv6;
    observeIpv6(ipv6.counters);
    return ipv6;
  }

  start(host: SetupHost): void {
    this.host = host;
    const ipv6 = this.ipv6;
    if (ipv6 !== null) ipv6.listen(this);
  }

  ping(host: SetupHost, remote: IpAddress, handler: PingHandler): Pinger | null {
    const ipv6 = this.ipv6;
    return ipv6 === null ? null : new Pinger6(ipv6, host.random, remote, handler);
  }

  onIpv6AddressReady(high: u64, low: u64): void {
    this.host!.addressReady(high, low);
  }

  onIpv6AddressLost(high: u64, low: u64): void {
    this.host!.addressGone(high, low);
  }

  onIpv6NameServers(): void {
    const known = this.ipv6!.discovery.nameServers;
    const nowNs = now();
    const servers: IpAddress[] = [];
    for (let at = known.next(0, nowNs); at >= 0; at = known.next(at + 1, nowNs)) {
      const server = known.at(at);
      servers.push(new IpAddress(server.high, server.low));
    }
    this.host!.setNameServers(ServerSource.ADVERTISED, servers);
  }
}

/** An address that somebody has chosen, beside the link-local one. */
@final
export class FixedIpv6 implements Ipv6Setup, Ipv6Listener {
  private ipv6: Ipv6 | null = null;
  private host: SetupHost | null = null;

  /** @param gateway "": none */
  constructor(
    private readonly address: string,
    private readonly prefixBits: i32,
    private readonly gateway: string,
  ) {}

  open(ethernet: Ethernet, random: Random): IpVersion | null {
    if (ethernet.mtu < MTU_MIN) return null;
    const ipv6 = new Ipv6(ethernet, random, false);
    this.ipv6 = ipv6;
    observeIpv6(ipv6.counters);
    return ipv6;
  }

  start(host: SetupHost): void {
    this.host = host;
    const ipv6 = this.ipv6;
    if (ipv6 === null) return;
    ipv6.listen(this);
    // Checked by the configuration already.
    const address = IpAddress.parse(this.address)!;
    ipv6.addAddress(address.high, address.low, this.prefixBits);
    if (this.gateway.length == 0) return;
    const gateway = IpAddress.parse(this.gateway)!;
    ipv6.addRoute(0, 0, 0, gateway.high, gateway.low);
  }

  ping(host: SetupHost, remote: IpAddress, handler: PingHandler): Pinger | null {
    const ipv6 = this.ipv6;
    return ipv6 === null ? null : new Pinger6(ipv6, host.random, remote, handler);
  }

  onIpv6AddressReady(high: u64, low: u64): void {
    this.host!.addressReady(high, low);
  }

  onIpv6AddressLost(high: u64, low: u64): void {
    this.host!.addressGone(high, low);
  }

  /** It does not listen to routers. */
  onIpv6NameServers(): void {}
}
