/** Routes (RFC 4861 §5, §6.3; RFC 4191) and the choice of addresses (RFC 6724). */
import { SECOND } from "@phantasm/interfaces";
import { ChaChaRandom } from "@phantasm/random";
import { describe, expect, test } from "@phantasm/testing";
import { Address, AddressOutput, Addresses } from "./addresses";
import { ROUTES_MAX, RouteKind, makeRoutes } from "./routes";
import { destinationRank, policyOf, scopeOf, selectSource } from "./selection";
import { commonBits, maskHigh, maskLow, samePrefix } from "./wire";

const LINK: u64 = 0xfe80_0000_0000_0000;
const NET: u64 = 0x2001_0db8_0000_0000;
const IPV4: u64 = 0xffff_0000_0000;
const LATER: i64 = 1000 * SECOND;

const routes = makeRoutes();

/** A default router fe80::low. */
function router(low: u64, preference: i32, untilNs: i64 = LATER): void {
  routes.set(RouteKind.ROUTER, 0, 0, 0, LINK, low, preference, untilNs, 0);
}

/** `low` of the router for an address in the net; 0: on the link; -1: none. */
function hop(high: u64, low: u64, nowNs: i64 = 0): i64 {
  const route = routes.find(high, low, nowNs);
  return route === null ? -1 : <i64>route.hopLow;
}

test("prefixes", () => {
  expect(samePrefix(NET, 1, NET, 2, 64)).toBe(true);
  expect(samePrefix(NET, 1, NET + 1, 1, 64)).toBe(false);
  expect(samePrefix(NET, 1, NET + 1, 1, 63)).toBe(true);
  expect(samePrefix(NET, 8, NET, 9, 127)).toBe(true);
  expect(samePrefix(NET, 8, NET, 9, 128)).toBe(false);
  expect(samePrefix(0, 0, NET, 9, 0)).toBe(true);
  expect(commonBits(NET, 8, NET, 9)).toBe(127);
  expect(commonBits(NET, 8, NET, 8)).toBe(128);
  expect(commonBits(NET, 8, 0, 8)).toBe(2);
  expect(maskHigh(u64.MAX_VALUE, 1)).toBe(0x8000_0000_0000_0000);
  expect(maskHigh(u64.MAX_VALUE, 0)).toBe(0);
  expect(maskHigh(5, 64)).toBe(5);
  expect(maskLow(5, 64)).toBe(0);
  expect(maskLow(u64.MAX_VALUE, 127)).toBe(u64.MAX_VALUE - 1);
  expect(maskLow(5, 128)).toBe(5);
});

describe("a look-up", () => {
  test("finds the longest prefix, then the router that is preferred", () => {
    expect(hop(NET, 1)).toBe(-1);
    router(1, 0);
    router(2, -1);
    expect(hop(NET, 1)).toBe(1);
    router(3, 1);
    expect(hop(NET, 1)).toBe(3);
    routes.set(RouteKind.PREFIX, NET, 0, 64, 0, 0, 0, LATER, 0);
    expect(hop(NET, 1)).toBe(0);
    expect(hop(NET + 1, 1)).toBe(3);
    routes.set(RouteKind.ROUTE, NET, 0, 48, LINK, 4, -1, LATER, 0);
    expect(hop(NET + 1, 1)).toBe(4);
  });

  test("prefers routers that answer, and takes turns when none does", () => {
    router(1, 0);
    router(2, 0);
    routes.set(RouteKind.ROUTE, NET, 0, 48, LINK, 3, 1, LATER, 0);
    expect(hop(NET, 1)).toBe(3);
    const generation = routes.generation;
    routes.setSilent(LINK, 3, true);
    expect(routes.generation).not.toBe(generation);
    expect(hop(NET, 1)).toBe(1);
    routes.setSilent(LINK, 1, true);
    expect(hop(NET, 1)).toBe(2);
    routes.setSilent(LINK, 2, true);
    // Of silent ones the longest prefix, and of equals each in turn.
    expect(hop(NET, 1)).toBe(3);
    expect(hop(0x3000 << 48, 1, 10)).toBe(1);
    expect(hop(0x3000 << 48, 1, 11)).toBe(2);
    expect(hop(0x3000 << 48, 1, 12)).toBe(1);
    routes.setSilent(LINK, 2, false);
    expect(hop(NET, 1)).toBe(2);
  });

  test("knows how long its answer holds", () => {
    router(1, 0, 10 * SECOND);
    routes.set(RouteKind.PREFIX, NET, 0, 64, 0, 0, 0, 5 * SECOND, 0);
    expect(hop(NET, 1)).toBe(0);
    expect(routes.validUntilNs).toBe(5 * SECOND);
    expect(hop(NET, 1, 5 * SECOND)).toBe(1);
    expect(routes.validUntilNs).toBe(10 * SECOND);
    expect(hop(NET, 1, 10 * SECOND)).toBe(-1);
  });
});

describe("a change", () => {
  test("of a lifetime takes a route away, or keeps it", () => {
    router(1, 0);
    const generation = routes.generation;
    router(1, 0, 2 * LATER);
    // Nobody has to look anew for that.
    expect(routes.generation).toBe(generation);
    router(1, 0, 0);
    expect(routes.generation).not.toBe(generation);
    expect(hop(NET, 1)).toBe(-1);
    expect(routes.hasDefault(0)).toBe(false);
  });

  test("of a router that is one no more takes away what it said", () => {
    router(1, 0);
    routes.set(RouteKind.ROUTE, NET, 0, 48, LINK, 1, 0, LATER, 0);
    routes.set(RouteKind.STATIC, NET, 0, 32, LINK, 1, 0, LATER, 0);
    routes.removeHop(LINK, 1);
    // What the configuration says stays.
    expect(routes.isHop(LINK, 1)).toBe(true);
    expect(hop(NET, 1)).toBe(1);
    expect(hop(0x3000 << 48, 1)).toBe(-1);
  });

  test("by a redirect holds for one host, with the last one that was said", () => {
    router(1, 0);
    routes.set(RouteKind.REDIRECT, NET, 7, 128, LINK, 2, 0, LATER, 0);
    expect(hop(NET, 7)).toBe(2);
    expect(hop(NET, 8)).toBe(1);
    routes.set(RouteKind.REDIRECT, NET, 7, 128, LINK, 3, 0, LATER, 0);
    expect(hop(NET, 7)).toBe(3);
    routes.set(RouteKind.REDIRECT, NET, 7, 128, 0, 0, 0, LATER, 0);
    expect(hop(NET, 7)).toBe(0);
    // It is not there after all.
    routes.setSilent(NET, 7, true);
    expect(hop(NET, 7)).toBe(1);
  });
});

describe("a flood", () => {
  test("of routers finds eight places, and only better ones displace worse ones", () => {
    for (let low: u64 = 1; low <= 1000; low++) router(low, 0);
    expect(routes.refused).toBe(1000 - ROUTES_MAX);
    expect(hop(NET, 1)).toBe(1);
    router(2000, 1);
    expect(hop(NET, 1)).toBe(2000);
    // Those that are silent make room for anybody.
    routes.setSilent(LINK, 5, true);
    router(3000, 0);
    expect(routes.isHop(LINK, 5)).toBe(false);
    expect(routes.isHop(LINK, 3000)).toBe(true);
  });

  test("of prefixes leaves the routers", () => {
    router(1, 0);
    for (let i = 0; i < 1000; i++)
      routes.set(RouteKind.PREFIX, NET + ((<u64>i) << 16), 0, 48, 0, 0, 0, LATER, 0);
    expect(hop(0x3000 << 48, 1)).toBe(1);
    expect(hop(NET, 1)).toBe(0);
    expect(hop(NET + (999 << 16), 1)).toBe(1);
  });

  test("of redirects keeps the last ones", () => {
    router(1, 0);
    for (let i = 0; i < 1000; i++)
      routes.set(RouteKind.REDIRECT, NET, i, 128, LINK, 2, 0, LATER + i, 0);
    expect(hop(NET, 0)).toBe(1);
    for (let i = 1000 - ROUTES_MAX; i < 1000; i++) expect(hop(NET, i)).toBe(2);
  });
});

class Nobody implements AddressOutput {
  listen(address: Address): void {}
  ignore(address: Address): void {}
  probe(address: Address): void {}
  usable(address: Address): void {}
  lost(address: Address): void {}
  duplicate(address: Address): void {}
}

const addresses = new Addresses(new ChaChaRandom(), 1, 2);
addresses.owner = new Nobody();
addresses.probesMax = 0;

function own(high: u64, low: u64, length: i32 = 64): Address {
  addresses.addStatic(high, low, length, 0);
  addresses.expire(0);
  return addresses.find(high, low)!;
}

/** `low` of the source for a destination. */
function source(high: u64, low: u64): u64 {
  return selectSource(addresses, high, low, 0)!.low;
}

const ULA: u64 = 0xfd00_0000_0000_0000;

test("scopes and policies (RFC 6724 §2.1, §3)", () => {
  expect(scopeOf(LINK, 1)).toBe(2);
  expect(scopeOf(0, 1)).toBe(2);
  expect(scopeOf(NET, 1)).toBe(14);
  expect(scopeOf(ULA, 1)).toBe(14);
  expect(scopeOf(0xfec0 << 48, 1)).toBe(5);
  expect(scopeOf(0xff02 << 48, 1)).toBe(2);
  expect(scopeOf(0xff0e << 48, 1)).toBe(14);
  expect(scopeOf(0, IPV4 | 0x7f000001)).toBe(2);
  expect(scopeOf(0, IPV4 | 0xa9fe0101)).toBe(2);
  expect(scopeOf(0, IPV4 | 0x0a000001)).toBe(14);
  expect(policyOf(0, 1)).toBe(50 << 8);
  expect(policyOf(NET, 1)).toBe((40 << 8) | 1);
  expect(policyOf(0, IPV4 | 1)).toBe((35 << 8) | 4);
  expect(policyOf(0x2002 << 48, 1)).toBe((30 << 8) | 2);
  expect(policyOf(0x2001_0000_0000_0000, 1)).toBe((5 << 8) | 5);
  expect(policyOf(ULA, 1)).toBe((3 << 8) | 13);
  expect(policyOf(0, 2)).toBe((1 << 8) | 3);
  expect(policyOf(0xfec0 << 48, 1)).toBe((1 << 8) | 11);
  expect(policyOf(0x3ffe << 48, 1)).toBe((1 << 8) | 12);
});

describe("a source (RFC 6724 §5)", () => {
  test("is there when an address is", () => {
    expect(selectSource(addresses, NET, 1, 0)).toBeNull();
    own(NET, 1);
    expect(source(NET, 9)).toBe(1);
  });

  test("1: is the destination itself", () => {
    own(NET, 1);
    own(NET, 2);
    expect(source(NET, 2)).toBe(2);
  });

  test("2: reaches as far, and no farther", () => {
    own(LINK, 1);
    own(NET, 2);
    expect(source(NET + 1, 9)).toBe(2);
    expect(source(LINK, 9)).toBe(1);
    expect(source(0xff02 << 48, 1)).toBe(1);
    expect(source(0xff0e << 48, 1)).toBe(2);
    addresses.remove(addresses.find(NET, 2)!);
    expect(selectSource(addresses, NET + 1, 9, 0)).toBeNull();
    expect(source(0xff0e << 48, 1)).toBe(1);
  });

  test("3: is not deprecated", () => {
    own(NET, 1).preferredUntilNs = 0;
    own(NET + 0x1000_0000, 2);
    expect(source(NET, 9)).toBe(2);
  });

  test("6: has the label of the destination", () => {
    own(ULA, 1);
    own(NET, 2);
    expect(source(0xfd11 << 48, 9)).toBe(1);
    expect(source(0x2a00 << 48, 9)).toBe(2);
  });

  test("8: shares the longest prefix, as far as its network goes", () => {
    own(NET + 1, 1);
    own(NET + 2, 2);
    expect(source(NET + 3, 9)).toBe(2);
    expect(source(NET + 1, 9)).toBe(1);
    own(NET + 4, 8, 64);
    own(NET + 4, 16, 64);
    // Both share the network; what lies behind does not count, the first one wins.
    expect(source(NET + 4, 17)).toBe(8);
  });
});

describe("a destination (RFC 6724 §6)", () => {
  test("is better by the rules, in their order", () => {
    const rank = (high: u64, low: u64, sourceHigh: u64, sourceLow: u64): u32 =>
      destinationRank(high, low, true, sourceHigh, sourceLow, false);
    const six = rank(0x2a00 << 48, 1, NET, 1);
    // 1: the other one cannot be reached.
    expect(six).toBeGreaterThan(destinationRank(NET, 1, false, 0, 0, false));
    // 2: its source reaches it. With a link-local source only, IPv4 is better.
    const four = rank(0, IPV4 | 0x08080808, 0, IPV4 | 0x0a000001);
    expect(four).toBeGreaterThan(rank(0x2a00 << 48, 1, LINK, 1));
    // 3: its source is not deprecated.
    expect(six).toBeGreaterThan(destinationRank(0x2a00 << 48, 1, true, NET, 1, true));
    // 5: labels agree: from a ULA, IPv4 is better.
    expect(four).toBeGreaterThan(rank(0x2a00 << 48, 1, ULA, 1));
    // 6: precedence.
    expect(six).toBeGreaterThan(four);
    // 8: the smaller scope.
    expect(rank(LINK, 9, LINK, 1)).toBeGreaterThan(six);
    // 9: the longer prefix; not with IPv4.
    expect(rank(NET, 9, NET, 1)).toBeGreaterThan(six);
    expect(rank(0, IPV4 | 0x0a000002, 0, IPV4 | 0x0a000001)).toBe(four);
  });
});
