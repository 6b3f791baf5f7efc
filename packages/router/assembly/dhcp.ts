import { Lease, LeaseHandler, LeasedIpv4 } from "@phantasm/dhcp";
import { Link, Random } from "@phantasm/interfaces";
import { now } from "@phantasm/runtime";
import { Timed, setTimer } from "@phantasm/runtime/timers";
import { UdpLayer } from "@phantasm/udp";
import { RouterCounters } from "./counters";
import { Router, makeCore } from "./device";
import { RouterCore, RouterHandler } from "./router";

/** A router whose address outside comes from a DHCP server there. */
@final
export class DhcpRouter extends Timed implements Router, LeaseHandler {
  private readonly core: RouterCore;
  private theLeased: LeasedIpv4 | null = null;

  constructor(
    inside: Link,
    outside: Link,
    random: Random,
    networks: string,
    rules: string,
    forwards: string,
    settings: string,
  ) {
    super();
    const core = makeCore(inside, outside, random, networks, rules, forwards, settings);
    const ipv4 = core.outside.ipv4;
    const udp = new UdpLayer(ipv4, random, 1);
    this.core = core;
    this.theLeased = new LeasedIpv4(ipv4, udp, random, outside.mac, "", false, this);
  }

  start(handler: RouterHandler | null): void {
    this.core.start(handler);
    this.leased.client.start();
  }

  stop(): void {
    this.leased.release();
    this.core.useOutside(0);
    this.core.stop();
  }

  get counters(): RouterCounters {
    return this.core.counters;
  }

  get flows(): i32 {
    return this.core.forwarder.flows.count;
  }

  get outsideAddress(): u32 {
    return this.core.forwarder.networks.outsideAddress;
  }

  onLease(lease: Lease): void {
    const core = this.core;
    const networks = core.forwarder.networks;
    if (networks.isInside(lease.address)) {
      // Such an address cannot be told from one inside. Declined later: it is being added right now.
      setTimer(this, now());
      return;
    }
    networks.outsideMtu = core.outside.ipv4.mtu;
    core.useOutside(lease.address);
  }

  onLeaseLost(lease: Lease, loss: i32): void {
    this.core.useOutside(0);
  }

  timerDue(nowNs: i64): void {
    const lease = this.leased.lease;
    if (lease !== null && this.core.forwarder.networks.isInside(lease.address))
      this.leased.client.conflict();
  }

  // @ts-ignore: decorator
  @inline
  private get leased(): LeasedIpv4 {
    return changetype<LeasedIpv4>(this.theLeased);
  }
}
