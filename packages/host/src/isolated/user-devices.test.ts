import { describe, expect, it } from "vitest";
import type { ManifestDevice } from "@phantasm/seal";
import { manifest } from "../../test/images.js";
import { parseNetOption, parsePublishOption, type Named } from "../backends/options.js";
import { nameDevices } from "./devices.js";

function attach(
  devices: readonly ManifestDevice[],
  { net = [], publish = [], egress = [] }: Partial<Record<"net" | "publish" | "egress", string[]>>,
) {
  const wanted = {
    net: net.map(parseNetOption),
    block: [],
    pcap: [],
    netTrace: [],
    impair: [],
    blockFaults: [],
    blockLog: [],
    publish: publish.map(parsePublishOption),
    egress: egress.map((description): Named<string> => ({ name: null, description })),
  };
  return nameDevices(manifest({ name: "web", devices }), wanted).net;
}

const NET: ManifestDevice = { name: "lan", type: "net", offloads: 0 };
const OTHER: ManifestDevice = { name: "wan", type: "net", offloads: 0 };
const port = (hostPort: number, guestPort: number, more = {}) => ({
  protocol: "tcp",
  hostAddress: "127.0.0.1",
  hostPort,
  guestPort,
  ...more,
});

describe("a net device that nothing is said about", () => {
  it("gets a user network", () => {
    expect(attach([NET, OTHER], { net: ["wan=loopback"] })).toEqual({
      lan: { kind: "user" },
      wan: { kind: "loopback" },
    });
  });
});

describe("-p", () => {
  it("goes to the only user network, in the order given", () => {
    expect(attach([NET], { publish: ["8080:80", "0:22"] })).toEqual({
      lan: { kind: "user", publish: [port(8080, 80), port(0, 22)] },
    });
    expect(attach([NET, OTHER], { net: ["lan=loopback"], publish: ["1:1"] })).toEqual({
      lan: { kind: "loopback" },
      wan: { kind: "user", publish: [port(1, 1)] },
    });
  });

  it.each([
    [[NET, OTHER], {}, "-p 1:1: web has several user networks (lan, wan); say which: -p NAME:…"],
    [
      [NET],
      { net: ["lan=loopback"] },
      "-p 1:1: no net device of web is attached to a user network\n  Attach one: --net lan=user",
    ],
    [[], {}, "-p 1:1: web has no net device."],
  ])("is refused when it is not clear what it means (%#)", (devices, options, message) => {
    expect(() => attach(devices, { ...options, publish: ["1:1"] })).toThrow(
      expect.objectContaining({ message, status: 105 }),
    );
  });

  it("is refused for a device that is attached to something else, or is not there", () => {
    expect(() => attach([NET], { net: ["lan=switch:/x"], publish: ["lan:80:80/udp"] })).toThrow(
      '-p 80:80/udp: "lan" is attached to switch, and only a user network has this\n  Attach one: --net lan=user',
    );
    expect(() => attach([NET], { publish: ["man:80:80"] })).toThrow(
      '-p 80:80: web has no net device "man"\n  Its net devices: lan',
    );
  });
});

describe("services that the image declares", () => {
  const web: ManifestDevice = {
    ...NET,
    services: [
      { port: 53, protocol: "udp" },
      { port: 80, protocol: "tcp", scheme: "http" },
      { port: 6379, protocol: "tcp", scheme: "redis" },
    ],
  };

  it("are published without being asked for, on ports that need no privileges", () => {
    expect(attach([web], {})).toEqual({
      lan: {
        kind: "user",
        publish: [
          { ...port(8053, 53), protocol: "udp", flexible: true },
          port(8080, 80, { flexible: true, scheme: "http" }),
          port(6379, 6379, { flexible: true, scheme: "redis" }),
        ],
      },
    });
  });

  it("give way to what the operator says about the same port", () => {
    expect(attach([web], { publish: ["9000:6379", "0:53/tcp"] })["lan"]).toMatchObject({
      publish: [
        port(9000, 6379, { scheme: "redis" }),
        port(0, 53),
        { guestPort: 53, protocol: "udp" },
        { guestPort: 80 },
      ],
    });
  });

  it("say which protocols a port has, where the operator does not", () => {
    const dns: ManifestDevice = {
      ...NET,
      services: [
        { port: 53, protocol: "tcp" },
        { port: 53, protocol: "udp", scheme: "dns" },
      ],
    };
    const tcp = port(5353, 53);
    const udp = { ...tcp, protocol: "udp", scheme: "dns" };
    const published = (...publish: string[]): unknown => {
      const description = attach([dns], { publish })["lan"];
      return description?.kind === "user" && description.publish;
    };
    expect(published("5353:53")).toEqual([tcp, udp]);
    expect(published("5353:53/udp")).toMatchObject([udp, { protocol: "tcp", hostPort: 8053 }]);
    expect(published("5353:53", "5353:53/udp")).toEqual([tcp, udp]);
    expect(published("5353:53", "6000:53/udp")).toEqual([tcp, { ...udp, hostPort: 6000 }]);
    expect(published("5353:53", "5353:53/udp", "5354:53/tcp")).toEqual([tcp, udp, port(5354, 53)]);
  });

  it("are nobody's business on another kind of link", () => {
    expect(attach([web], { net: ["lan=loopback"] })).toEqual({ lan: { kind: "loopback" } });
  });
});

describe("--egress", () => {
  it("without a name is for every user network", () => {
    expect(
      attach([NET, OTHER, { ...NET, name: "sw" }], { net: ["sw=loopback"], egress: ["none"] }),
    ).toEqual({
      lan: { kind: "user", egress: ["none"] },
      wan: { kind: "user", egress: ["none"] },
      sw: { kind: "loopback" },
    });
  });

  it("is refused where there is none", () => {
    expect(() => attach([NET], { net: ["loopback"], egress: ["none"] })).toThrow(
      "--egress none: no net device of web is attached to a user network",
    );
  });
});
