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
  /** The first `addressCount` are there, in the order in which they were added. */
  private readonly addresses: StaticArray<LocalAddress | null>;
  private addressCount: i32 = 0;
  private readonly routes: StaticArray<Route | null>;
  private routeCount: i32 = 0;

  constructor(addressesMax: i32, routesMax: i32) {
    this.addresses = new StaticArray<LocalAddress | null>(addressesMax);
    this.routes = new StaticArray<Route | null>(routesMax);
  }

  find(address: u32): LocalAddress | null {
    const at = this.indexOf(address);
    return at < 0 ? null : this.addressAt(at);
  }

  /** False: it is there already, or there are as many as there may be. */
  addAddress(own: LocalAddress): bool {
    const count = this.addressCount;
    if (count == this.addresses.length || this.indexOf(own.address) >= 0) return false;
    this.addresses[count] = own;
    this.addressCount = count + 1;
    return true;
  }

  removeAddress(address: u32): LocalAddress | null {
    const found = this.indexOf(address);
    if (found < 0) return null;
    const own = this.addressAt(found);
    const last = --this.addressCount;
    // The order stays: the first is the one to send from.
    for (let at = found; at < last; at++) this.addresses[at] = this.addresses[at + 1];
    this.addresses[last] = null;
    return own;
  }

  /** Replaces the route to the same network. False: there are as many as there may be. */
  addRoute(network: u32, prefixBits: i32, gateway: u32): bool {
    this.removeRoute(network, prefixBits);
    const count = this.routeCount;
    if (count == this.routes.length) return false;
    this.routes[count] = new Route(network & maskOf(prefixBits), prefixBits, gateway);
    this.routeCount = count + 1;
    return true;
  }

  removeRoute(network: u32, prefixBits: i32): bool {
    network &= maskOf(prefixBits);
    for (let at = 0; at < this.routeCount; at++) {
      const route = this.routeAt(at);
      if (route.network != network || route.prefixBits != prefixBits) continue;
      // Of one length no two routes are alike: their order does not matter.
      const last = --this.routeCount;
      this.routes[at] = this.routes[last];
      this.routes[last] = null;
      return true;
    }
    return false;
  }

  /** True if it is the broadcast address of one of our networks. */
  isBroadcast(address: u32): bool {
    for (let at = 0, count = this.addressCount; at < count; at++)
      if (this.addressAt(at).broadcast == address) return true;
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
    for (let at = 0; at < this.routeCount; at++) {
      const route = this.routeAt(at);
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
    for (let at = 0; at < this.addressCount; at++)
      if (this.addressAt(at).isReady) return this.addressAt(at).address;
    return 0;
  }

  /** The address whose network has that one; of several the longest prefix, then the first. */
  private ownFor(destination: u32): LocalAddress | null {
    let best: LocalAddress | null = null;
    for (let at = 0; at < this.addressCount; at++) {
      const own = this.addressAt(at);
      if (!own.isReady || ((own.address ^ destination) & own.mask) != 0) continue;
      if (best === null || own.prefixBits > best.prefixBits) best = own;
    }
    return best;
  }

  private indexOf(address: u32): i32 {
    for (let at = 0, count = this.addressCount; at < count; at++)
      if (this.addressAt(at).address == address) return at;
    return -1;
  }

  // @ts-ignore: decorator
  @inline
  private addressAt(at: i32): LocalAddress {
    return changetype<LocalAddress>(unchecked(this.addresses[at]));
  }

  // @ts-ignore: decorator
  @inline
  private routeAt(at: i32): Route {
    return changetype<Route>(unchecked(this.routes[at]));
  }
}
