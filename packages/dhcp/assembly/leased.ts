import { Random, Udp } from "@phantasm/interfaces";
import { AddressListener, Ipv4 } from "@phantasm/ipv4";
import { DhcpClient, LeaseHandler } from "./client";
import { Lease } from "./lease";

/**
 * Configures IPv4 as the lease says: address, MTU, routes; and takes all of it back when the lease is lost. Its
 * handler is told when the address may be used, and hears of renewals and of the loss.
 */
export class LeasedIpv4 implements LeaseHandler, AddressListener {
  /** Made last: it refers back to this. */
  private theClient: DhcpClient | null = null;
  /** What is configured; null: nothing. */
  private applied: Lease | null = null;
  private isReady: bool = false;

  /**
   * @param mac of the link: 6 bytes, which are kept
   * @param hostName told to the server; "": none
   * @param probes asks whether somebody has the address (RFC 5227 §2.1), which takes about six seconds; else it is
   *   used and announced at once. Either way a conflict that shows later is acted upon
   */
  constructor(
    private readonly ipv4: Ipv4,
    udp: Udp,
    random: Random,
    mac: Uint8Array,
    hostName: string,
    private readonly probes: bool,
    private readonly handler: LeaseHandler,
  ) {
    const client = new DhcpClient(udp, random, mac, hostName, this);
    // RFC 2131 §4.1: who takes in packets before it has an address does not need broadcasts.
    ipv4.acceptsUnassigned = true;
    client.wantsBroadcast = false;
    this.theClient = client;
  }

  get client(): DhcpClient {
    return changetype<DhcpClient>(this.theClient);
  }

  /** What is configured, or being probed. */
  get lease(): Lease | null {
    return this.applied;
  }

  /** Gives the lease back, stops, and takes the configuration back. The handler is not called. */
  release(): void {
    this.client.release();
    this.remove();
  }

  onLease(lease: Lease): void {
    const before = this.applied;
    if (before !== null && !isSamePlace(before, lease)) this.remove();
    const ipv4 = this.ipv4;
    const isNew = this.applied === null;
    this.applied = lease;
    ipv4.mtu = lease.mtu > 0 ? lease.mtu : ipv4.ethernet.mtu;
    if (before !== null && !isNew) {
      this.removeRoutes(before);
      this.addRoutes(lease);
      if (this.isReady) this.handler.onLease(lease);
      return;
    }
    this.addRoutes(lease);
    // Calls `onAddressReady`, now or later.
    ipv4.addAddress(lease.address, lease.prefixLength, this.probes, false, this);
  }

  onLeaseLost(lease: Lease, loss: i32): void {
    if (this.applied === null) return;
    this.remove();
    this.handler.onLeaseLost(lease, loss);
  }

  onAddressReady(address: u32): void {
    const lease = this.applied;
    if (lease === null) return;
    this.isReady = true;
    this.handler.onLease(lease);
  }

  /** Somebody else has it: RFC 5227. */
  onAddressLost(address: u32): void {
    this.client.conflict();
  }

  private remove(): void {
    const lease = this.applied;
    if (lease === null) return;
    this.applied = null;
    this.isReady = false;
    this.removeRoutes(lease);
    this.ipv4.removeAddress(lease.address);
    this.ipv4.mtu = this.ipv4.ethernet.mtu;
  }

  private addRoutes(lease: Lease): void {
    const ipv4 = this.ipv4;
    // First, since it matters most if there are more than there may be.
    if (lease.gateway != 0) ipv4.addRoute(0, 0, lease.gateway);
    for (const route of lease.routes)
      ipv4.addRoute(route.destination, route.prefixLength, route.gateway);
  }

  private removeRoutes(lease: Lease): void {
    const ipv4 = this.ipv4;
    if (lease.gateway != 0) ipv4.removeRoute(0, 0);
    for (const route of lease.routes) ipv4.removeRoute(route.destination, route.prefixLength);
  }
}

function isSamePlace(a: Lease, b: Lease): bool {
  return a.address == b.address && a.prefixLength == b.prefixLength;
}
