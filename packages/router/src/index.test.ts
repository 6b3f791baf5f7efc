import { describe, expect, test } from "vitest";
import { network } from "@phantasm/net";
import type { Device } from "phantasm";
import { router } from "./index.js";

const BASE = {
  inside: network("inside"),
  outside: network("outside"),
  insideAddress: "192.168.1.1/24",
} as const;

function make(options: object): Device<"Router"> {
  return router({ ...BASE, ...options });
}

/** What the image gets for a parameter. */
function valueOf(device: Device<"Router">, name: string): unknown {
  const found = device.parameters?.find((parameter) => parameter.name === name);
  return found !== undefined && "value" in found ? found.value : undefined;
}

/** The message, and the key whose line it is reported at. */
function mistake(options: object): string {
  try {
    make(options);
  } catch (error) {
    const { message, key } = error as { message: string; key?: string };
    return `${key}: ${message}`;
  }
  return "";
}

describe("a router", () => {
  test("asks for an address by DHCP, unless one is given", () => {
    expect(make({}).class).toBe("DhcpRouter");
    const fixed = make({ outsideAddress: "198.51.100.2/24", gateway: "198.51.100.1" });
    expect(fixed.class).toBe("StaticRouter");
    expect(fixed.arguments?.["outside"]?.default).toBe("198.51.100.2/24");
    expect(fixed.arguments?.["gateway"]?.default).toBe("198.51.100.1");
  });

  test("hands numbers to the image", () => {
    const device = make({
      insideRoutes: { "10.1.0.0/16": "192.168.1.2" },
      rules: [
        { direction: "out", action: "reject", protocol: "tcp", destinationPort: 25 },
        {
          direction: "in",
          action: "drop",
          source: "10.0.0.0/8",
          protocol: "udp",
          sourcePort: "1-9",
        },
        { direction: "in", action: "accept" },
      ],
      forwards: [
        { protocol: "tcp", port: 8080, to: "192.168.1.10:80" },
        { protocol: "udp", port: "5000-5001", to: "10.1.0.4" },
      ],
      policy: { in: "reject" },
      clampSegments: false,
      limits: { flows: 100, ports: "2000-3000" },
    });
    expect(valueOf(device, "networks")).toBe("3232235777 24 0;167837696 16 3232235778");
    expect(valueOf(device, "rules")).toBe(
      "0 2 6 0 0 0 65535 0 0 25 25;1 1 17 167772160 8 1 9 0 0 0 65535;1 0 0 0 0 0 65535 0 0 0 65535",
    );
    expect(valueOf(device, "forwards")).toBe(
      "6 8080 3232235786 80;17 5000 167837700 5000;17 5001 167837700 5001",
    );
    expect(valueOf(device, "settings")).toBe("100 256 2000 3000 0 2 0");
  });
});

describe("a mistake is told at its key", () => {
  const cases: readonly (readonly [string, object, string])[] = [
    [
      "option",
      { insides: 1 },
      `insides: router: there is no option "insides"; did you mean inside?`,
    ],
    [
      "no network",
      { insideAddress: "192.168.1.1" },
      `insideAddress: router: insideAddress: expected a host's address with its network such as 192.168.1.1/24, got "192.168.1.1"`,
    ],
    [
      "network's own address",
      { insideAddress: "192.168.1.0/24" },
      `insideAddress: router: insideAddress: expected a host's address with its network such as 192.168.1.1/24, got "192.168.1.0/24"`,
    ],
    [
      "overlap",
      { outsideAddress: "192.168.0.9/16" },
      "outsideAddress: router: 192.168.0.9/16 overlaps 192.168.1.0/24 inside",
    ],
    [
      "gateway elsewhere",
      { outsideAddress: "198.51.100.2/24", gateway: "198.51.101.1" },
      "gateway: router: 198.51.101.1 is not in the network outside",
    ],
    [
      "gateway and DHCP",
      { gateway: "10.0.0.1" },
      "gateway: router: DHCP says which gateway there is",
    ],
    [
      "route",
      { insideRoutes: { "192.168.1.128/25": "192.168.1.2" } },
      "insideRoutes: router: 192.168.1.128/25 overlaps another network inside",
    ],
    [
      "route by a stranger",
      { insideRoutes: { "10.0.0.0/8": "10.0.0.1" } },
      "insideRoutes: router: 10.0.0.1 is not in the network inside",
    ],
    [
      "direction",
      { rules: [{ direction: "up", action: "drop" }] },
      `direction: router: rules[0]: direction must be "out" or "in", got "up"`,
    ],
    [
      "rule's option",
      { rules: [{ direction: "in", action: "drop", port: 5 }] },
      `port: router: rules[0]: there is no option "port"; the options are direction, action, protocol, source, sourcePort, destination, destinationPort`,
    ],
    [
      "address",
      { rules: [{ direction: "in", action: "drop", source: "10.0.0.256" }] },
      `source: router: rules[0].source: expected an address such as 192.168.1.1, got "10.0.0.256"`,
    ],
    [
      "prefix",
      { rules: [{ direction: "in", action: "drop", source: "10.0.0.0/33" }] },
      `source: router: rules[0].source: expected a network such as 192.168.1.0/24, got "10.0.0.0/33"`,
    ],
    [
      "ports without a protocol",
      { rules: [{ direction: "in", action: "drop", destinationPort: 5 }] },
      `protocol: router: rules[0]: ports need the protocol "tcp" or "udp"`,
    ],
    [
      "port",
      { rules: [{ direction: "in", action: "drop", protocol: "tcp", destinationPort: "9-5" }] },
      `destinationPort: router: rules[0].destinationPort: expected a port such as 80 or "8000-8080", got "9-5"`,
    ],
    [
      "forward to nobody",
      { forwards: [{ protocol: "tcp", port: 80, to: "10.0.0.1" }] },
      "to: router: forwards[0]: 10.0.0.1 is no host inside",
    ],
    [
      "forward to the router",
      { forwards: [{ protocol: "tcp", port: 80, to: "192.168.1.1:80" }] },
      "to: router: forwards[0]: 192.168.1.1 is no host inside",
    ],
    [
      "forward twice",
      {
        forwards: [
          { protocol: "tcp", port: "80-90", to: "192.168.1.2" },
          { protocol: "tcp", port: 85, to: "192.168.1.3" },
        ],
      },
      "port: router: forwards[1]: tcp port 85 is forwarded already",
    ],
    [
      "too many forwards",
      { forwards: [{ protocol: "tcp", port: "1000-2000", to: "192.168.1.2" }] },
      "forwards: router: at most 256 ports are forwarded",
    ],
    [
      "limit",
      { limits: { flows: 4 } },
      "flows: router: limits.flows must be a whole number from 16 to 262144, got 4",
    ],
    [
      "policy",
      { policy: { in: "deny" } },
      `policy: router: policy.in must be one of accept, drop, reject, got "deny"`,
    ],
  ];
  test.each(cases)("%s", (_, options, expected) => {
    expect(mistake(options)).toBe(expected);
  });

  test("a link that is none", () => {
    expect(mistake({ outside: undefined })).toContain(
      "outside must be a device that provides Link",
    );
  });
});
