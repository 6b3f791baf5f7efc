/**
 * Where to send what: default routers, prefixes on the link, routes of routers (RFC 4191) and redirections, in one
 * table with a fixed share for each kind, so that a flood of one leaves the others alone.
 */
import { rawMemory, rawObject } from "./raw";
import { samePrefix } from "./wire";

export namespace RouteKind {
  /** From the configuration; never expires. */
  export const STATIC: i32 = 0;
  /** A default router (RFC 4861 §6.3.4). */
  export const ROUTER: i32 = 1;
  /** On the link, by a router's word or with a static address. */
  export const PREFIX: i32 = 2;
  /** A route information option. */
  export const ROUTE: i32 = 3;
  /** Of one host, by a redirect. */
  export const REDIRECT: i32 = 4;
}

/** Routes of each kind. */
export const ROUTES_MAX: i32 = 8;
const KINDS: i32 = 5;

/** An entry of the table: raw memory. */
@unmanaged
export class Route {
  high: u64;
  low: u64;
  /** The router; `::` if the destination is on the link. */
  hopHigh: u64;
  hopLow: u64;
  /** From then on it does not count. 0: it is free. */
  untilNs: i64;
  /** When a silent one was last chosen. */
  triedNs: i64;
  /** Bits of the prefix. */
  length: i32;
  /** RFC 4191 §2.1: 1 high, 0 medium, -1 low. */
  preference: i32;
  /** The router did not answer, and has not been heard since. */
  isSilent: bool;

  get isOnLink(): bool {
    return this.hopHigh == 0 && this.hopLow == 0;
  }
}

/** A table with nothing in it. */
export function makeRoutes(): Routes {
  const routes = rawObject<Routes>();
  routes.generation = 1;
  routes.validUntilNs = i64.MAX_VALUE;
  routes.first = rawMemory(KINDS * ROUTES_MAX * offsetof<Route>());
  return routes;
}

/** The table: raw memory, made by `makeRoutes`. */
@unmanaged
export class Routes {
  /** Changes with every change. */
  generation: u32;
  /** Not before a route expires: until then, and while `generation` is the same, a look-up has the same answer. */
  validUntilNs: i64;
  /** Routes that found no room. */
  refused: u64;
  first: usize;

  // @ts-ignore: decorator
  @inline
  private at(index: i32): Route {
    return changetype<Route>(this.first + index * offsetof<Route>());
  }

  /** Adds a route, or gives one a new end and preference; an end that has passed takes it away. */
  set(
    kind: i32,
    high: u64,
    low: u64,
    length: i32,
    hopHigh: u64,
    hopLow: u64,
    preference: i32,
    untilNs: i64,
    nowNs: i64,
  ): void {
    const ends = untilNs <= nowNs;
    let place: Route | null = null;
    let placeRank = 0;
    const first = kind * ROUTES_MAX;
    for (let i = first; i < first + ROUTES_MAX; i++) {
      const route = this.at(i);
      let rank = 0;
      if (route.untilNs <= nowNs) rank = 4;
      // A redirect is of one router at a time (RFC 4861 §8.3), others are of each that says so.
      else if (
        route.length == length &&
        route.high == high &&
        route.low == low &&
        (kind == RouteKind.REDIRECT || (route.hopHigh == hopHigh && route.hopLow == hopLow))
      ) {
        place = route;
        placeRank = 5;
        break;
      } else if (route.isSilent) rank = 3;
      else if (route.preference < preference) rank = 2;
      else if (kind == RouteKind.REDIRECT) rank = 1;
      if (
        rank > placeRank ||
        (rank == 1 && rank == placeRank && place !== null && route.untilNs < place.untilNs)
      ) {
        place = route;
        placeRank = rank;
      }
    }
    if (ends && placeRank < 5) return;
    if (place === null) {
      this.refused++;
      return;
    }
    const same = placeRank == 5 && place.hopHigh == hopHigh && place.hopLow == hopLow;
    if (!same) {
      place.isSilent = false;
      place.high = high;
      place.low = low;
      place.length = length;
      place.hopHigh = hopHigh;
      place.hopLow = hopLow;
    }
    place.untilNs = ends ? 0 : untilNs;
    if (!same || ends || place.preference != preference) this.generation++;
    place.preference = preference;
    if (!ends) this.validUntilNs = min(this.validUntilNs, untilNs);
  }

  /**
   * The route to an address; null: none. RFC 4191 §3.2: first the routers that answer, then the longest prefix, then
   * the preference. Of those that do not answer, each in turn (RFC 4861 §6.3.6).
   */
  find(high: u64, low: u64, nowNs: i64): Route | null {
    let found: Route | null = null;
    let foundRank = -1;
    let validUntilNs = i64.MAX_VALUE;
    for (let i = 0; i < KINDS * ROUTES_MAX; i++) {
      const route = this.at(i);
      if (route.untilNs <= nowNs) continue;
      validUntilNs = min(validUntilNs, route.untilNs);
      if (!samePrefix(route.high, route.low, high, low, route.length)) continue;
      let rank = (route.length << 2) + route.preference + 1;
      if (!route.isSilent) rank += 1 << 10;
      if (
        rank > foundRank ||
        (found !== null && rank == foundRank && route.isSilent && route.triedNs < found.triedNs)
      ) {
        found = route;
        foundRank = rank;
      }
    }
    this.validUntilNs = validUntilNs;
    if (found !== null && found.isSilent) found.triedNs = nowNs;
    return found;
  }

  /** True for the router of a route. */
  isHop(high: u64, low: u64): bool {
    for (let i = 0; i < KINDS * ROUTES_MAX; i++) {
      const route = this.at(i);
      if (route.hopLow == low && route.hopHigh == high && route.untilNs != 0) return true;
    }
    return false;
  }

  /** True if there is a default router, silent or not. */
  hasDefault(nowNs: i64): bool {
    for (let i = 0; i < KINDS * ROUTES_MAX; i++) {
      const route = this.at(i);
      if (route.length == 0 && route.untilNs > nowNs) return true;
    }
    return false;
  }

  /** A neighbour answers, or does not: a router, or a host that is said to be on the link by a redirect. */
  setSilent(high: u64, low: u64, isSilent: bool): void {
    for (let i = 0; i < KINDS * ROUTES_MAX; i++) {
      const route = this.at(i);
      if (route.untilNs == 0) continue;
      if (route.isOnLink) {
        if (!isSilent || route.length != 128 || route.low != low || route.high != high) continue;
        if (i < RouteKind.REDIRECT * ROUTES_MAX) continue;
        route.untilNs = 0;
      } else if (route.hopLow != low || route.hopHigh != high || route.isSilent == isSilent)
        continue;
      else route.isSilent = isSilent;
      this.generation++;
    }
  }

  /** It is a router no more: what it said of routes is void (RFC 4861 §7.2.5). */
  removeHop(high: u64, low: u64): void {
    for (let i = ROUTES_MAX; i < KINDS * ROUTES_MAX; i++) {
      const route = this.at(i);
      if (route.hopLow != low || route.hopHigh != high || route.isOnLink) continue;
      route.untilNs = 0;
      this.generation++;
    }
  }
}
