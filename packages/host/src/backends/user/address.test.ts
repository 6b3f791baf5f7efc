import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatAddress,
  formatEndpoint,
  inPrefix,
  parseAddress,
  parsePrefix,
  unmapped,
} from "./address.js";

describe("addresses", () => {
  it.each([
    ["10.0.2.2", "10.0.2.2"],
    ["::", "::"],
    ["::1", "::1"],
    ["fd00::", "fd00::"],
    ["FD00::00A1", "fd00::a1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"],
    ["::ffff:10.0.2.2", "10.0.2.2"],
    ["::ffff:a00:202", "10.0.2.2"],
    ["64:ff9b::10.0.2.2", "64:ff9b::a00:202"],
  ])("%s is %s (RFC 5952)", (text, expected) => {
    const address = parseAddress(text);
    expect(address && formatAddress(address)).toBe(expected);
  });

  it.each(["", "10.0.2", "10.0.2.256", "010.0.2.2", "fd00::1%eth0", "[::1]", "::1::", "localhost"])(
    "%j is none",
    (text) => expect(parseAddress(text)).toBeNull(),
  );

  it("what is written is read back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        expect(parseAddress(formatAddress(bytes))).toEqual(unmapped(bytes));
      }),
    );
  });

  it("an endpoint has brackets where they are needed", () => {
    expect(formatEndpoint("10.0.2.2", 80)).toBe("10.0.2.2:80");
    expect(formatEndpoint("::1", 80)).toBe("[::1]:80");
  });

  it.each([
    ["10.0.2.0/24", "10.0.2.255", true],
    ["10.0.2.0/24", "10.0.3.0", false],
    ["10.0.2.128/25", "10.0.2.127", false],
    ["0.0.0.0/0", "255.1.2.3", true],
    ["0.0.0.0/0", "::1", false],
    ["fe80::/10", "febf::1", true],
    ["fe80::/10", "fec0::1", false],
    ["10.0.2.2", "10.0.2.2", true],
    ["10.0.2.2", "10.0.2.3", false],
  ])("%s holds %s: %s", (prefix, address, expected) => {
    const parsed = parsePrefix(prefix);
    const bytes = parseAddress(address);
    expect(parsed && bytes && inPrefix(bytes, parsed)).toBe(expected);
  });
});
