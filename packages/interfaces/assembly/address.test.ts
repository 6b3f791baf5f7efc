import { describe, expect, test } from "@phantasm/testing";
import { Endpoint, IpAddress } from "./address";
import { IpPrefix } from "./prefix";

/** What is read, as it is written. */
function again(text: string): string {
  const address = IpAddress.parse(text);
  return address === null ? "nothing" : address.toString();
}

function reads(texts: string[]): void {
  for (let at = 0; at < texts.length; at += 2) expect(again(texts[at])).toBe(texts[at + 1]);
}

function refuses(texts: string[]): void {
  for (let at = 0; at < texts.length; at++)
    expect(texts[at] + " is " + again(texts[at])).toBe(texts[at] + " is nothing");
}

describe("an address of IPv4", () => {
  test("is read and written", () => {
    reads(["0.0.0.0", "0.0.0.0", "10.0.0.1", "10.0.0.1", "255.255.255.255", "255.255.255.255"]);
    expect(IpAddress.parse("192.0.2.1")!.ipv4).toBe(0xc0000201);
    expect(IpAddress.parse("192.0.2.1")!.isIpv4).toBe(true);
  });

  test("has four numbers of its size, without leading zeros", () => {
    refuses(["", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4"]);
    refuses(["1..2.3", "1.2.3.", ".1.2.3", "1.2.3.a", "1.2.3.-4", "1.2.3.999999", "0x1.2.3.4"]);
  });
});

describe("an address of IPv6", () => {
  test("is read in every form of RFC 4291 §2.2, and written as RFC 5952 says", () => {
    reads(["::", "::", "::1", "::1", "1::", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"]);
    reads(["2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"]);
    reads(["FF01:0:0:0:0:0:0:101", "ff01::101", "0:0:0:0:0:0:0:1", "::1"]);
    reads(["0:0:0:0:0:0:13.1.68.3", "::d01:4403", "64:ff9b::192.0.2.33", "64:ff9b::c000:221"]);
    reads(["::ffff:192.0.2.1", "192.0.2.1", "::ffff:c000:201", "192.0.2.1"]);
    // RFC 5952 §4.2: one zero is not shortened, the longest run is, and of two the first.
    reads(["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"]);
    reads(["2001:0:0:1:0:0:0:1", "2001:0:0:1::1", "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"]);
    reads(["2001:0db8::0001", "2001:db8::1", "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"]);
    reads([
      "::2:3:4:5:6:7:8",
      "0:2:3:4:5:6:7:8",
      "fe80::1234:5678:9abc:def0",
      "fe80::1234:5678:9abc:def0",
    ]);
    expect(IpAddress.parse("2001:db8::abcd")!.high).toBe(0x2001_0db8_0000_0000);
    expect(IpAddress.parse("2001:db8::abcd")!.low).toBe(0xabcd);
  });

  test("is refused when it is none", () => {
    refuses([":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "::g"]);
    refuses(["1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4::5:6:7:8", "1:", ":1", "1:2:"]);
    refuses(["fe80::1%eth0", "[::1]", "::1 ", "::1.2.3", "::1.2.3.4.5", "1:2:3:4:5:6:7:1.2.3.4"]);
    refuses(["1.2.3.4::", "::1.2.3.4:1", "::01.2.3.4"]);
  });

  test("of all kinds comes back as it was", () => {
    let state: u64 = 1;
    for (let i = 0; i < 3000; i++) {
      let high: u64 = 0;
      let low: u64 = 0;
      for (let group = 0; group < 8; group++) {
        state = state * 6364136223846793005 + 1442695040888963407;
        // Many zeros, some short groups.
        const kind = state >> 61;
        const value = kind < 4 ? 0 : kind < 6 ? (state >> 40) & 15 : (state >> 40) & 0xffff;
        high = (high << 16) | (low >> 48);
        low = (low << 16) | value;
      }
      const address = IpAddress.parse(new IpAddress(high, low).toString())!;
      expect(address.high).toBe(high);
      expect(address.low).toBe(low);
    }
  });
});

test("an endpoint has brackets for IPv6 only", () => {
  const good = ["192.0.2.1:53", "[2001:db8::1]:53", "[::]:0", "10.0.0.1:65535"];
  for (let at = 0; at < good.length; at++)
    expect(Endpoint.parse(good[at])!.toString()).toBe(good[at]);
  const bad = ["", ":", ":53", "192.0.2.1", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:053"];
  for (let at = 0; at < bad.length; at++) expect(Endpoint.parse(bad[at])).toBeNull();
  const worse = ["2001:db8::1:53", "[192.0.2.1]:53", "[::1:53", "[::1]", "[::1]53", "[]:53", "[:1"];
  for (let at = 0; at < worse.length; at++) expect(Endpoint.parse(worse[at])).toBeNull();
});

describe("a prefix", () => {
  test("contains what begins with its bits", () => {
    const net = IpPrefix.parse("10.1.0.0/16")!;
    expect(net.contains(IpAddress.parse("10.1.255.255")!)).toBe(true);
    expect(net.contains(IpAddress.parse("10.2.0.0")!)).toBe(false);
    expect(net.contains(IpAddress.parse("::10.1.0.0")!)).toBe(false);
    const all = IpPrefix.parse("0.0.0.0/0")!;
    expect(all.contains(IpAddress.parse("255.0.0.1")!)).toBe(true);
    expect(all.contains(IpAddress.parse("::1")!)).toBe(false);
    const one = IpPrefix.parse("10.0.0.1/32")!;
    expect(one.contains(IpAddress.parse("10.0.0.1")!)).toBe(true);
    expect(one.contains(IpAddress.parse("10.0.0.0")!)).toBe(false);
  });

  test("of IPv6 ends anywhere", () => {
    const inside = IpAddress.parse("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")!;
    expect(IpPrefix.parse("2001:db8::/32")!.contains(inside)).toBe(true);
    expect(IpPrefix.parse("2001:db8::/33")!.contains(inside)).toBe(false);
    expect(IpPrefix.parse("::/0")!.contains(inside)).toBe(true);
    expect(IpPrefix.parse("2001:db8:ffff:ffff::/64")!.contains(inside)).toBe(true);
    expect(IpPrefix.parse("2001:db8:ffff:ffff:8000::/65")!.contains(inside)).toBe(true);
    expect(IpPrefix.parse("2001:db8:ffff:ffff::/65")!.contains(inside)).toBe(false);
    expect(IpPrefix.parse("::1/128")!.contains(inside)).toBe(false);
  });

  test("is refused when it is none", () => {
    const bad = [
      "",
      "/",
      "10.0.0.0",
      "10.0.0.0/",
      "10.0.0.0/33",
      "::/129",
      "::/-1",
      "10.0.0/8",
      "::/08",
    ];
    for (let at = 0; at < bad.length; at++) expect(IpPrefix.parse(bad[at])).toBeNull();
    expect(IpPrefix.parse("10.0.0.1/8")!.toString()).toBe("10.0.0.1/8");
  });
});
