import { Link, Random } from "@phantasm/interfaces";
import { CIDR, IPv4 } from "@phantasm/runtime";
import { RouterCounters } from "./counters";
import { Router, makeCore } from "./device";
import { RouterCore, RouterHandler } from "./router";

/** A router whose address outside the operator knows. */
@final
export class StaticRouter implements Router {
  private readonly core: RouterCore;

  constructor(
    inside: Link,
    outside: Link,
    random: Random,
    networks: string,
    rules: string,
    forwards: string,
    settings: string,
    address: CIDR,
    gateway: IPv4,
  ) {
    const core = makeCore(inside, outside, random, networks, rules, forwards, settings);
    // The configuration has checked its own; the operator may have said another one.
    assert(
      !core.forwarder.networks.isInside(address.address.value),
      "router: --outside is an address of the network inside",
    );
    core.setOutside(address.address.value, address.prefixLength, gateway.value, false);
    this.core = core;
  }

  start(handler: RouterHandler | null): void {
    this.core.start(handler);
  }

  stop(): void {
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
}
