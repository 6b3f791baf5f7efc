/** Where a stack has its IPv4 address from. Each is a device of its own, so that only the one in use is linked. */
import { Lease, LeaseHandler, LeasedIpv4 } from "@phantasm/dhcp";
import { ServerSource } from "@phantasm/dns/servers";
import { Ethernet } from "@phantasm/ethernet/ethernet";
import { IpAddress, Random, ipv4Low } from "@phantasm/interfaces";
import { AddressListener, Ipv4, Ipv4Limits } from "@phantasm/ipv4";
import { CIDR, IPv4 } from "@phantasm/runtime";
import { observeDhcp, observeIpv4 } from "./observe";
import { PingHandler, Pinger, Pinger4 } from "./ping";
import { SetupHost } from "./setup-host";

export interface Ipv4Setup {
  /** Makes IPv4 on this link; null: the stack has none. */
  open(ethernet: Ethernet, random: Random, limits: Ipv4Limits): Ipv4 | null;

  /** The stack is complete: gets an address. */
  start(host: SetupHost): void;

  /** Asks a host whether it is there; null: there is no IPv4. */
  ping(host: SetupHost, remote: IpAddress, handler: PingHandler): Pinger | null;
}

/** No IPv4. */
@final
export class NoIpv4 implements Ipv4Setup {
  open(ethernet: Ethernet, random: Random, limits: Ipv4Limits): Ipv4 | null {
    return null;
  }

  start(host: SetupHost): void {}

  ping(host: SetupHost, remote: IpAddress, handler: PingHandler): Pinger | null {
    return null;
  }
}

/** An address that somebody has chosen: it is used at once, and defended. */
@final
export class FixedIpv4 implements Ipv4Setup, AddressListener {
  private ipv4: Ipv4 | null = null;
  private host: SetupHost | null = null;

  /** @param gateway 0: none. All with the first octet on top */
  constructor(
    private readonly address: u32,
    private readonly prefixBits: i32,
    private readonly gateway: u32,
  ) {}

  open(ethernet: Ethernet, random: Random, limits: Ipv4Limits): Ipv4 | null {
    const ipv4 = make(ethernet, random, limits);
    this.ipv4 = ipv4;
    return ipv4;
  }

  start(host: SetupHost): void {
    this.host = host;
    useFixed(this.ipv4!, this.address, this.prefixBits, this.gateway, this);
  }

  ping(host: SetupHost, remote: IpAddress, handler: PingHandler): Pinger | null {
    return pinger(this.ipv4!, host, remote, handler);
  }

  onAddressReady(address: u32): void {
    this.host!.addressReady(0, ipv4Low(address));
  }

  onAddressLost(address: u32): void {
    this.host!.addressGone(0, ipv4Low(address));
  }
}

function make(ethernet: Ethernet, random: Random, limits: Ipv4Limits): Ipv4 {
  const ipv4 = new Ipv4(ethernet, random, limits);
  observeIpv4(ipv4.counters, ipv4.arp.counters, ipv4.icmp.counters);
  return ipv4;
}

function pinger(ipv4: Ipv4, host: SetupHost, remote: IpAddress, handler: PingHandler): Pinger {
  return new Pinger4(ipv4.icmp, ipv4, host.random, remote, handler);
}

function useFixed(
  ipv4: Ipv4,
  address: u32,
  prefixBits: i32,
  gateway: u32,
  listener: AddressListener,
): void {
  ipv4.addAddress(address, prefixBits, false, true, listener);
  if (gateway != 0) ipv4.addRoute(0, 0, gateway);
}

/** By DHCP, unless the operator gives an address at boot. */
@final
export class DhcpIpv4 implements Ipv4Setup, LeaseHandler, AddressListener {
  private ipv4: Ipv4 | null = null;
  private host: SetupHost | null = null;
  private leased: LeasedIpv4 | null = null;
  /** The leased address that may be used; 0: none. */
  private used: u32 = 0;

  /** @param probes asks first whether somebody has the leased address: six seconds later (RFC 5227 §2.1) */
  constructor(
    private readonly hostName: string,
    private readonly probes: bool,
    private readonly address: CIDR | null,
    private readonly gateway: IPv4 | null,
  ) {}

  open(ethernet: Ethernet, random: Random, limits: Ipv4Limits): Ipv4 | null {
    const ipv4 = make(ethernet, random, limits);
    this.ipv4 = ipv4;
    return ipv4;
  }

  start(host: SetupHost): void {
    this.host = host;
    const ipv4 = this.ipv4!;
    const address = this.address;
    if (address !== null) {
      const gateway = this.gateway;
      const router: u32 = gateway === null ? 0 : gateway.value;
      useFixed(ipv4, address.address.value, address.prefixLength, router, this);
      return;
    }
    const leased = new LeasedIpv4(
      ipv4,
      host.udp,
      host.random,
      host.mac,
      this.hostName,
      this.probes,
      this,
    );
    this.leased = leased;
    observeDhcp(leased.client.counters);
    leased.client.start();
  }

  ping(host: SetupHost, remote: IpAddress, handler: PingHandler): Pinger | null {
    return pinger(this.ipv4!, host, remote, handler);
  }

  onLease(lease: Lease): void {
    if (this.used != lease.address) {
      this.drop();
      this.used = lease.address;
      this.host!.addressReady(0, ipv4Low(lease.address));
    }
    const servers: IpAddress[] = [];
    for (const server of lease.nameServers) servers.push(IpAddress.ofIpv4(server));
    this.host!.setNameServers(ServerSource.DHCP, servers);
  }

  onLeaseLost(lease: Lease, loss: i32): void {
    this.drop();
    this.host!.setNameServers(ServerSource.DHCP, []);
  }

  // Of an address that was given at boot.

  onAddressReady(address: u32): void {
    this.host!.addressReady(0, ipv4Low(address));
  }

  onAddressLost(address: u32): void {
    this.host!.addressGone(0, ipv4Low(address));
  }

  private drop(): void {
    if (this.used == 0) return;
    this.host!.addressGone(0, ipv4Low(this.used));
    this.used = 0;
  }
}
