/** What a configuration may say of being a secondary. */
import { ConfigurationError, device, type Device } from "phantasm";
import { describe, expect, test } from "vitest";
import { secondary, type SecondaryLimits, type SecondaryZone } from "./secondary.js";

const stack = device({ module: "@phantasm/stack", class: "NetworkStack", provides: "Stack" });

function zones(list: unknown, limits: SecondaryLimits = {}): Device<"Secondary"> {
  return secondary(list as readonly SecondaryZone[], limits, { stack });
}

describe("secondary", () => {
  test("names and addresses", () => {
    expect(() =>
      zones([
        { zone: "example.net", primaries: ["192.0.2.1", "192.0.2.1#5353", "2001:db8::1#53"] },
        { zone: "2.0.192.in-addr.arpa.", primaries: ["192.0.2.1"] },
      ]),
    ).not.toThrow();
    expect(() => zones([])).not.toThrow();
  });

  test.each([
    ["an object", {}],
    ["no primaries", [{ zone: "example.net", primaries: [] }]],
    ["a name for an address", [{ zone: "example.net", primaries: ["ns1"] }]],
    ["a port of zero", [{ zone: "example.net", primaries: ["192.0.2.1#0"] }]],
    ["a port that is none", [{ zone: "example.net", primaries: ["192.0.2.1#65536"] }]],
    ["no zone", [{ zone: "a..b", primaries: ["192.0.2.1"] }]],
    ["an option that is unknown", [{ zone: "a.b", primaries: ["192.0.2.1"], key: "x" }]],
  ])("%s is refused", (_, list) => {
    expect(() => zones(list)).toThrow(ConfigurationError);
    expect(() => zones(list)).toThrow(/^dnsServer/);
  });
});
