import { describe, expect, it } from "vitest";
import { EgressRules } from "./egress.js";
import { parseAddress } from "./address.js";

function allows(rules: readonly string[], to: string, port = 80, transport: "tcp" | "udp" = "tcp") {
  const address = parseAddress(to);
  if (address === null) throw new Error(to);
  return new EgressRules(rules).allows(transport, address, port);
}

describe("egress rules", () => {
  it.each(["8.8.8.8", "10.1.2.3", "192.168.0.1", "2001:db8::1", "fd12::1"])(
    "without one, %s is allowed",
    (to) => expect(allows([], to)).toBe(true),
  );

  it.each([
    "127.0.0.1",
    "127.255.0.1",
    "0.0.0.0",
    "0.1.2.3",
    "169.254.169.254",
    "::1",
    "::",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "fe80::1",
    "febf::1",
  ])("without one, %s is not, and no wide rule opens it", (to) => {
    for (const rules of [[], ["allow:any"], ["allow:0.0.0.0/0"], ["allow:[::/0]"]]) {
      expect(allows(rules, to)).toBe(false);
    }
  });

  it("an IPv4-mapped address is the IPv4 address, also as bytes", () => {
    const mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 1);
    expect(new EgressRules().allows("tcp", mapped, 80)).toBe(false);
    expect(
      new EgressRules(["deny:8.0.0.0/8"]).allows(
        "tcp",
        Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 8, 8, 8, 8),
        80,
      ),
    ).toBe(false);
  });

  it.each([
    [["allow:host-loopback"], "127.0.0.1", true],
    [["allow:host-loopback"], "::1", true],
    [["allow:host-loopback"], "169.254.1.1", false],
    [["allow:link-local"], "169.254.1.1", true],
    [["allow:127.0.0.1"], "127.0.0.1", true],
    [["allow:127.0.0.1"], "127.0.0.2", false],
    [["allow:169.254.169.254:80/tcp"], "169.254.169.254", true],
    [["none"], "8.8.8.8", false],
    [["deny:any"], "8.8.8.8", false],
    [["allow:8.8.8.8", "none"], "8.8.8.8", true],
    [["none", "allow:8.8.8.8"], "8.8.8.8", false],
    [["deny:10.0.0.0/8"], "10.200.0.1", false],
    [["deny:10.0.0.0/8"], "11.0.0.1", true],
    [["deny:[2001:db8::/33]"], "2001:db8:7fff::1", false],
    [["deny:[2001:db8::/33]"], "2001:db8:8000::1", true],
    [["deny:any:25,80-90"], "8.8.8.8", false],
    [["deny:any:25,81-90"], "8.8.8.8", true],
    [["deny:any/udp"], "8.8.8.8", true],
    [["deny:any:80/tcp"], "8.8.8.8", false],
    [["deny:host-loopback", "allow:host-loopback"], "127.0.0.1", false],
  ] as const)("%j, %s: %s", (rules, to, expected) => {
    expect(allows(rules, to)).toBe(expected);
  });

  it.each([
    ["NAT64", "64:ff9b::10.1.2.3"],
    ["NAT64 of a site", "64:ff9b:1::10.1.2.3"],
    ["6to4", "2002:a01:203::1"],
    ["a Teredo client", "2001:0:808:808::f5fe:fdfc"],
    ["a Teredo server", "2001:0:a01:203::f7f7:f7f7"],
  ])("what is denied of IPv4 is denied by way of %s", (_, to) => {
    expect(allows([], to)).toBe(true);
    expect(allows(["deny:10.0.0.0/8"], to)).toBe(false);
    expect(allows(["deny:10.1.2.3:80/tcp"], to)).toBe(false);
    expect(allows(["deny:10.1.2.4/30"], to)).toBe(true);
    expect(allows(["deny:11.0.0.0/8", "deny:0.0.0.0/1:81"], to)).toBe(true);
    // To be allowed, it has to be named as it is.
    expect(allows(["allow:10.0.0.0/8", "none"], to)).toBe(false);
    expect(allows([`allow:[${to}]`, "deny:10.0.0.0/8"], to)).toBe(true);
  });

  it.each([
    "64:ff9b::127.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::169.254.169.254",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:808:808::5601:5601",
    "2001:0:7f00:1::1",
  ])("%s leads where nobody goes by accident", (to) => {
    for (const rules of [
      [],
      ["allow:any"],
      ["allow:[::/0]"],
      ["allow:[2000::/3]"],
      ["allow:[64:ff9b::/96]"],
      ["allow:host-loopback"],
      ["allow:link-local"],
    ])
      expect(allows(rules, to)).toBe(false);
    expect(allows([`allow:[${to}]`], to)).toBe(true);
  });

  it("a prefix inside of what is kept opens it, however it is written", () => {
    expect(allows(["allow:[64:ff9b::a9fe:0/112]"], "64:ff9b::169.254.169.254")).toBe(true);
    expect(allows(["allow:[64:ff9b::a9fe:0/111]"], "64:ff9b::169.254.169.254")).toBe(false);
    expect(allows(["allow:[2002:7f00::/24]"], "2002:7f00:1::")).toBe(true);
  });

  it("the resolver has a name of its own, and any means it too", () => {
    const dns = (rules: string[]) => new EgressRules(rules).allowsDns("udp");
    expect(dns([])).toBe(true);
    expect(dns(["none"])).toBe(false);
    expect(dns(["allow:dns", "none"])).toBe(true);
    expect(dns(["deny:dns"])).toBe(false);
    expect(dns(["deny:10.0.0.0/8"])).toBe(true);
    expect(dns(["deny:any/tcp"])).toBe(true);
  });

  it.each([
    ["", "it is neither none, nor begins with allow: or deny:"],
    ["block:any", "it is neither none"],
    ["allow:", "what it is about is missing"],
    ["allow:example.com", '"example.com" is no address'],
    ["allow:10.0.0.1/8", '"10.0.0.1/8" is no address, and no prefix without bits behind it'],
    ["allow:10.0.0.0/33", '"10.0.0.0/33" is no address'],
    ["allow:any:0", '"0" are no ports'],
    ["allow:any:90-80", '"90-80" are no ports'],
    ["allow:any:http", '"http" are no ports'],
    ["allow:any/icmp", '"any/icmp" is no address'],
  ])("%j is refused: %s", (rule, problem) => {
    expect(() => new EgressRules([rule])).toThrow(`--egress ${rule}: ${problem}`);
  });
});
