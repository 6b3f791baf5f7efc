import { describe, expect, test } from "@phantasm/testing";
import { TestRandom } from "@phantasm/ethernet/testing";
import { LocalAddress, Routes, Way, maskOf } from "./routes";

const way = new Way();

function own(address: u32, prefixBits: i32): LocalAddress {
  const made = new LocalAddress(address, prefixBits, null);
  made.isReady = true;
  return made;
}

test("a mask has as many ones", () => {
  expect(maskOf(0)).toBe(0);
  expect(maskOf(1)).toBe(0x8000_0000);
  expect(maskOf(24)).toBe(0xffff_ff00);
  expect(maskOf(32)).toBe(0xffff_ffff);
});

describe("a network", () => {
  test("has a broadcast address, unless it is too small", () => {
    expect(own(0x0a000005, 24).broadcast).toBe(0x0a0000ff);
    expect(own(0x0a000005, 30).broadcast).toBe(0x0a000007);
    expect(own(0x0a000005, 31).broadcast).toBe(0);
    expect(own(0x0a000005, 32).broadcast).toBe(0);
  });

  test("of one address needs a route to its gateway", () => {
    const routes = new Routes(4, 4);
    routes.addAddress(own(0x0a000005, 32));
    expect(routes.look(0x0a000001, way)).toBe(false);
    routes.addRoute(0x0a000001, 32, 0);
    routes.addRoute(0, 0, 0x0a000001);
    expect(routes.look(0x08080808, way)).toBe(true);
    expect(way.hop).toBe(0x0a000001);
    expect(way.source).toBe(0x0a000005);
  });

  test("whose address is not ready does not count", () => {
    const routes = new Routes(4, 4);
    const address = own(0x0a000005, 24);
    address.isReady = false;
    routes.addAddress(address);
    expect(routes.look(0x0a000001, way)).toBe(false);
    expect(routes.sourceFor(0x0a000001)).toBe(0);
    routes.addRoute(0, 0, 0x0a000001);
    expect(routes.look(0x0a000001, way)).toBe(false);
  });
});

test("the longest prefix wins, whatever the order", () => {
  const random = new TestRandom(9);
  for (let round = 0; round < 200; round++) {
    const routes = new Routes(4, 16);
    routes.addAddress(own(0x0a000001, 8));
    const networks: u32[] = [];
    const bits: i32[] = [];
    for (let at = 0; at < 16; at++) {
      const prefixBits = <i32>random.below(33);
      // Few different bits, so that prefixes lie in each other.
      const network = (0x0a00_0000 | (random.u32() & 0x0003_0303)) & maskOf(prefixBits);
      let known = false;
      for (let other = 0; other < networks.length; other++)
        if (networks[other] == network && bits[other] == prefixBits) known = true;
      if (known) continue;
      networks.push(network);
      bits.push(prefixBits);
      routes.addRoute(network, prefixBits, 0x0aff_ff00 + at);
    }
    for (let look = 0; look < 20; look++) {
      const destination = 0x0a00_0000 | (random.u32() & 0x0003_0303);
      let best = -1;
      for (let at = 0; at < networks.length; at++)
        if ((destination & maskOf(bits[at])) == networks[at])
          if (best < 0 || bits[at] > bits[best]) best = at;
      expect(routes.look(destination, way)).toBe(true);
      // The address's own network has 8 bits.
      const direct = best < 0 || bits[best] <= 8;
      if (direct) expect(way.hop).toBe(destination);
      else expect(way.hop & 0xffff_ff00).toBe(0x0aff_ff00);
      if (direct) continue;
      // Without this one another one is found.
      const hop = way.hop;
      routes.removeRoute(networks[best], bits[best]);
      routes.look(destination, way);
      expect(way.hop).not.toBe(hop);
      routes.addRoute(networks[best], bits[best], hop);
    }
  }
});
