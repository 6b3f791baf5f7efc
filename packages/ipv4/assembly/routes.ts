/** Where packets go: our addresses with their networks, and routes (RFC 1122 §3.3.1). */

/** The network mask of a prefix length, 0 to 32. */
export function maskOf(prefixBits: i32): u32 {
  return prefixBits == 0 ? 0 : u32.MAX_VALUE << (32 - prefixBits);
}

/** Told what becomes of an address. */
export interface AddressListener {
  /** It may be used from now on. */
  onAddressReady(address: u32): void;

  /** Somebody else has it; it is removed already. Not called for `removeAddress`. */
  onAddressLost(address: u32): void;
}


@final
export class LocalAddress {
  /** False while it is probed. */
  isReady: bool = false;

  constructor(
    readonly address: u32,
    readonly prefixBits: i32,
    readonly listener: AddressListener | null,
  ) {}

  get mask(): u32 {
    return maskOf(this.prefixBits);
  }

  /** The broadcast address of its network; 0: there is none (RFC 3021). */
  get broadcast(): u32 {
    return this.prefixBits < 31 ? this.address | ~this.mask : 0;
  }
}


@final
class Route {
  constructor(
    readonly network: u32,
    readonly prefixBits: i32,
    readonly gateway: u32,
  ) {}
}

/** What `Routes.look` has found. */
@final
export class Way {
  /** The next hop; on the link. */
  hop: u32 = 0;
  /** The address of ours to send from. */
  source: u32 = 0;
}


@final
export class Routes {
  readonly addresses: LocalAddress[] = [];
  private readonly routes: Route[] = [];

  constructor(
    private readonly addressesMax: i32,
    private readonly routesMax: i32,
  ) {}

  find(address: u32): LocalAddress | null {
    for (let at = 0, count = this.addresses.length; at < count; at++) {
      const own = unchecked(this.addresses[at]);
      if (own.address == address) return own;
    }
    return null;
  }

  /** False: it is there already, or there are as many as there may be. */
  addAddress(own: LocalAddress): bool {
    if (this.addresses.length == this.addressesMax || this.find(own.address) !== null) return false;
    this.addresses.push(own);
    return true;
  }

  removeAddress(address: u32): LocalAddress | null {
    for (let at = 0; at < this.addresses.length; at++)
      if (this.addresses[at].address == address) return this.addresses.splice(at, 1)[0];
    return null;
  }

  /** Replaces the route to the same network. False: there are as many as there may be. */
  addRoute(network: u32, prefixBits: i32, gateway: u32): bool {
    this.removeRoute(network, prefixBits);
    if (this.routes.length == this.routesMax) return false;
    this.routes.push(new Route(network & maskOf(prefixBits), prefixBits, gateway));
    return true;
  }

  removeRoute(network: u32, prefixBits: i32): bool {
    network &= maskOf(prefixBits);
    for (let at = 0; at < this.routes.length; at++) {
      const route = this.routes[at];
      if (route.network != network || route.prefixBits != prefixBits) continue;
      this.routes.splice(at, 1);
      return true;
    }
    return false;
  }

  /** True if it is the broadcast address of one of our networks. */
  isBroadcast(address: u32): bool {
    for (let at = 0, count = this.addresses.length; at < count; at++)
      if (unchecked(this.addresses[at]).broadcast == address) return true;
    return false;
  }

  /**
   * The next hop to a host and the address to send from; false: no route. RFC 1122 §3.3.1.2, and the longest
   * prefix of all networks and routes (RFC 1812 §5.2.4.3).
   */
  look(destination: u32, way: Way): bool {
    const own = this.ownFor(destination);
    let bits = own === null ? -1 : own.prefixBits;
    way.hop = destination;
    for (let at = 0; at < this.routes.length; at++) {
      const route = this.routes[at];
      if (route.prefixBits <= bits) continue;
      if ((destination & maskOf(route.prefixBits)) != route.network) continue;
      bits = route.prefixBits;
      way.hop = route.gateway == 0 ? destination : route.gateway;
    }
    if (bits < 0) return false;
    way.source = this.sourceFor(way.hop);
    return way.source != 0;
  }

  /** The address to send from to a hop: in its network if there is one, else the first. 0: none. */
  sourceFor(hop: u32): u32 {
    const own = this.ownFor(hop);
    if (own !== null) return own.address;
    for (let at = 0; at < this.addresses.length; at++)
      if (this.addresses[at].isReady) return this.addresses[at].address;
    return 0;
  }

  /** The address whose network has that one; of several the longest prefix, then the first. */
  private ownFor(destination: u32): LocalAddress | null {
    let best: LocalAddress | null = null;
    for (let at = 0; at < this.addresses.length; at++) {
      const own = this.addresses[at];
      if (!own.isReady || ((own.address ^ destination) & own.mask) != 0) continue;
      if (best === null || own.prefixBits > best.prefixBits) best = own;
    }
    return best;
  }
}
