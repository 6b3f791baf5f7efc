/** Addresses: autoconfiguration, duplicates, lifetimes (RFC 4862, RFC 7217). */
import { HOUR, MILLISECOND, SECOND } from "@phantasm/interfaces";
import { ChaChaRandom } from "@phantasm/random";
import { describe, expect, test } from "@phantasm/testing";
import { ADDRESSES_MAX, Address, AddressOutput, AddressState, Addresses } from "./addresses";
import { stableIdentifier } from "./identifier";

const LINK: u64 = 0xfe80_0000_0000_0000;
const NET: u64 = 0x2001_0db8_0000_0000;

let log: string = "";

class Output implements AddressOutput {
  listen(address: Address): void {
    log += "listen;";
  }
  ignore(address: Address): void {
    log += "ignore;";
  }
  probe(address: Address): void {
    log += "probe;";
  }
  usable(address: Address): void {
    log += "usable;";
  }
  lost(address: Address): void {
    log += "lost;";
  }
  duplicate(address: Address): void {
    log += "duplicate;";
  }
}

const addresses = new Addresses(new ChaChaRandom(), 1, 2);
addresses.owner = new Output();

function logged(text: string): void {
  expect(log).toBe(text);
  log = "";
}

/** The one of that prefix. */
function only(high: u64): Address {
  for (let i = 0; i < ADDRESSES_MAX; i++) {
    const address = addresses.at(i);
    if (address.state != AddressState.FREE && address.high == high) return address;
  }
  assert(false, "there is none");
  return addresses.at(0);
}

function count(): i32 {
  let count = 0;
  for (let i = 0; i < ADDRESSES_MAX; i++) if (addresses.at(i).state != AddressState.FREE) count++;
  return count;
}

/** Probes have no answer. */
function settle(fromNs: i64): void {
  for (let ns = fromNs; ns <= fromNs + 3 * SECOND; ns += 100 * MILLISECOND) addresses.expire(ns);
  log = "";
}

describe("identifiers", () => {
  test("are the same for the same secret, and others for other prefixes, attempts and secrets", () => {
    const one = stableIdentifier(NET, 0, 1, 2);
    expect(stableIdentifier(NET, 0, 1, 2)).toBe(one);
    expect(stableIdentifier(NET + 1, 0, 1, 2)).not.toBe(one);
    expect(stableIdentifier(NET, 1, 1, 2)).not.toBe(one);
    expect(stableIdentifier(NET, 0, 1, 3)).not.toBe(one);
  });
});

describe("an address", () => {
  test("is ours when nobody objects within a second", () => {
    addresses.addLinkLocal(0);
    logged("listen;");
    const address = only(LINK);
    expect(address.low).toBe(stableIdentifier(LINK, 0, 1, 2));
    expect(address.state).toBe(AddressState.TENTATIVE);
    // The first question comes within a tenth of a second.
    const firstNs = address.dueNs;
    expect(firstNs).toBeLessThan(100 * MILLISECOND);
    addresses.expire(firstNs);
    logged("probe;");
    addresses.expire(firstNs + SECOND - 1);
    logged("");
    expect(addresses.has(LINK, address.low)).toBe(false);
    addresses.expire(firstNs + SECOND);
    logged("usable;");
    expect(addresses.has(LINK, address.low)).toBe(true);
    expect(addresses.linkLocal() === address).toBe(true);
    expect(addresses.dueNs).toBe(i64.MAX_VALUE);
  });

  test("without probes is ours at once", () => {
    addresses.probesMax = 0;
    addresses.addStatic(NET, 1, 64, 0);
    addresses.expire(0);
    logged("listen;usable;");
  });

  test("that somebody has is replaced three times, then given up", () => {
    addresses.addLinkLocal(0);
    for (let attempt = 0; attempt < 4; attempt++) {
      const address = only(LINK);
      expect(address.low).toBe(stableIdentifier(LINK, attempt, 1, 2));
      expect(address.state).toBe(AddressState.TENTATIVE);
      log = "";
      addresses.objected(address, SECOND);
      logged(attempt < 3 ? "ignore;listen;" : "ignore;duplicate;");
      // RFC 7217 §6: within a second.
      if (attempt < 3) expect(address.dueNs).toBeLessThan(2 * SECOND);
    }
    expect(only(LINK).state).toBe(AddressState.DUPLICATE);
    expect(addresses.duplicates).toBe(4);
    settle(SECOND);
    expect(addresses.linkLocal()).toBeNull();
  });

  test("of the configuration that somebody has is not used", () => {
    addresses.addStatic(NET, 1, 64, 0);
    addresses.objected(only(NET), 0);
    settle(0);
    expect(only(NET).state).toBe(AddressState.DUPLICATE);
    expect(addresses.has(NET, 1)).toBe(false);
    expect(addresses.listens(0x1_ff00_0001)).toBe(false);
    // Saying it again does not help.
    addresses.addStatic(NET, 1, 64, 0);
    expect(count()).toBe(1);
  });

  test("in use is not given up for an objection, only counted", () => {
    addresses.addStatic(NET, 1, 64, 0);
    settle(0);
    addresses.objected(only(NET), 5 * SECOND);
    expect(addresses.has(NET, 1)).toBe(true);
    expect(addresses.conflicts).toBe(1);
  });
});

describe("an advertised prefix", () => {
  test("makes an address, with the lifetimes that it has", () => {
    addresses.advertised(NET, 64, 600, 3600, 0);
    const address = only(NET);
    expect(address.low).toBe(stableIdentifier(NET, 0, 1, 2));
    expect(address.preferredUntilNs).toBe(600 * SECOND);
    expect(address.validUntilNs).toBe(3600 * SECOND);
    settle(0);
    expect(address.isDeprecated(599 * SECOND)).toBe(false);
    expect(address.isDeprecated(600 * SECOND)).toBe(true);
    addresses.expire(3600 * SECOND - 1);
    logged("");
    addresses.expire(3600 * SECOND);
    logged("ignore;lost;");
    expect(count()).toBe(0);
  });

  test("that makes no sense makes none", () => {
    addresses.advertised(NET, 48, 600, 3600, 0);
    addresses.advertised(NET, 65, 600, 3600, 0);
    addresses.advertised(NET, 64, 601, 600, 0);
    addresses.advertised(NET, 64, 0, 0, 0);
    addresses.advertised(LINK, 64, 600, 3600, 0);
    addresses.advertised(0xff02_0000_0000_0000, 64, 600, 3600, 0);
    expect(count()).toBe(0);
  });

  test("for ever is for ever", () => {
    addresses.advertised(NET, 64, 0xffff_ffff, 0xffff_ffff, 0);
    expect(only(NET).validUntilNs).toBe(i64.MAX_VALUE);
    settle(0);
    expect(addresses.dueNs).toBe(i64.MAX_VALUE);
    // More than two hours are taken as they are, less than what is left though they be.
    addresses.advertised(NET, 64, 600, 3 * 3600, 0);
    expect(only(NET).validUntilNs).toBe(3 * HOUR);
  });

  test("cannot take the address away within two hours (RFC 4862 §5.5.3 e)", () => {
    const address = (): Address => only(NET);
    addresses.advertised(NET, 64, 600, 3 * 3600, 0);
    settle(0);
    // Received > two hours: taken.
    addresses.advertised(NET, 64, 600, 3 * 3600, 60 * SECOND);
    expect(address().validUntilNs).toBe(3 * HOUR + 60 * SECOND);
    // More than two hours are left, received less: two hours.
    addresses.advertised(NET, 64, 0, 0, 120 * SECOND);
    expect(address().validUntilNs).toBe(2 * HOUR + 120 * SECOND);
    // The preferred lifetime is taken as it is.
    expect(address().isDeprecated(120 * SECOND)).toBe(true);
    // At most two hours are left, received less than is left: ignored.
    addresses.advertised(NET, 64, 30, 60, 1000 * SECOND);
    expect(address().validUntilNs).toBe(2 * HOUR + 120 * SECOND);
    // Received more than is left: taken.
    addresses.advertised(NET, 64, 30, 7000, 1000 * SECOND);
    expect(address().validUntilNs).toBe(8000 * SECOND);
  });

  test("of a flood fills eight places; those of the configuration are left", () => {
    addresses.addLinkLocal(0);
    for (let i = 0; i < 1000; i++) addresses.advertised(NET + i, 64, 600, 3600, 0);
    expect(count()).toBe(8);
    expect(addresses.refused).toBe(993);
    addresses.addStatic(NET, 1, 64, 0);
    expect(count()).toBe(9);
    settle(0);
    addresses.expire(3600 * SECOND);
    expect(count()).toBe(2);
    // And there is room again.
    addresses.advertised(NET, 64, 600, 3600, 3600 * SECOND);
    expect(count()).toBe(3);
  });
});
