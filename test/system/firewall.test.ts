/** Hosts inside and outside, each an appliance with a stack of its own, and the firewall between them. */
import { beforeAll, describe, expect, test } from "vitest";
import { NetFeature } from "@phantasm/abi";
import type { Image } from "@phantasm/host";
import { SECOND, VirtualTime, type VirtualHost } from "@phantasm/host/testing";
import { Hub, boot, imageOf } from "./network.js";

const ALL =
  NetFeature.CHECKSUM_RECEIVE |
  NetFeature.CHECKSUM_SEND |
  NetFeature.SEGMENT_RECEIVE |
  NetFeature.SEGMENT_SEND;

let firewall: Image;
let peer: Image;

beforeAll(async () => {
  firewall = await imageOf("examples/firewall");
  peer = await imageOf("test/system/peer");
}, 300_000);

class Setup {
  readonly time = new VirtualTime();
  readonly inside = new Hub(this.time);
  readonly outside = new Hub(this.time);
  readonly firewall: VirtualHost;

  constructor(
    readonly insideFeatures = 0,
    readonly outsideFeatures = 0,
  ) {
    this.firewall = boot(
      firewall,
      this.time,
      { inside: this.inside.plug(insideFeatures), outside: this.outside.plug(outsideFeatures) },
      {},
    );
    this.firewall.advance(5n * SECOND);
  }

  /** @param values of `peer` */
  in(address: string, values: Readonly<Record<string, string>>): VirtualHost {
    const link = this.inside.plug(this.insideFeatures);
    return boot(
      peer,
      this.time,
      { link },
      { ipv4: `${address}/24`, gateway: "192.168.77.1", ...values },
    );
  }

  out(address: string, values: Readonly<Record<string, string>>): VirtualHost {
    const link = this.outside.plug(this.outsideFeatures);
    return boot(peer, this.time, { link }, { ipv4: `${address}/24`, ...values });
  }

  counter(name: string): number | undefined {
    const group = this.firewall.observe()?.counters.find((found) => found.name === "router");
    return group?.counters.find((found) => found.name === name)?.value;
  }
}

function outcome(client: VirtualHost): readonly string[] {
  client.run(300n * SECOND);
  return client.output.trimEnd().split("\n");
}

describe("connections from inside", () => {
  test.each([
    ["plain", 0, 0],
    ["with offloads on both links", ALL, ALL],
    ["with offloads inside only", ALL, 0],
    ["with offloads outside only", 0, ALL],
  ] as const)("are exact, %s", (_, insideFeatures, outsideFeatures) => {
    const setup = new Setup(insideFeatures, outsideFeatures);
    setup.out("10.0.2.2", { name: "S" });
    const client = setup.in("192.168.77.30", {
      connect: "10.0.2.2:7",
      clients: "4",
      together: "4",
      bytes: "500000",
    });
    expect(outcome(client)).toEqual(Array<string>(4).fill("S 500001"));
    expect(setup.counter("flows-made")).toBe(4);
    expect(setup.counter("dropped")).toBe(0);
    const [passed, cut] = [setup.counter("segments-passed"), setup.counter("segments-cut")];
    expect({ passed: passed !== 0, cut: cut !== 0 }).toEqual({
      passed: insideFeatures === ALL && outsideFeatures === ALL,
      cut: insideFeatures !== outsideFeatures,
    });
  });

  test("of two hosts with the same ports do not get into each other's way", () => {
    const setup = new Setup();
    setup.out("10.0.2.2", { name: "S" });
    const clients = ["192.168.77.30", "192.168.77.31", "192.168.77.32"].map((address) =>
      setup.in(address, { connect: "10.0.2.2:7", clients: "50", together: "50", bytes: "1000" }),
    );
    for (const client of clients) expect(outcome(client)).toEqual(Array<string>(50).fill("S 1001"));
    expect(setup.counter("flows-made")).toBe(150);
  });

  test("to a port that a rule rejects are refused at once", () => {
    const setup = new Setup();
    setup.out("10.0.2.2", { name: "S", listen: "25" });
    const before = setup.time.nowNs;
    expect(outcome(setup.in("192.168.77.30", { connect: "10.0.2.2:25" }))).toEqual(["failed -32"]);
    expect(setup.time.nowNs - before).toBeLessThan(5n * SECOND);
    // The mail server's are not.
    expect(outcome(setup.in("192.168.77.25", { connect: "10.0.2.2:25" }))).toEqual(["S 1"]);
  });
});

describe("connections from outside", () => {
  test("to the forwarded port reach the server inside", () => {
    const setup = new Setup(ALL, 0);
    setup.in("192.168.77.10", { name: "W", listen: "80" });
    const client = setup.out("10.0.2.9", { connect: "10.0.2.15:8080", bytes: "300000" });
    expect(outcome(client)).toEqual(["W 300001"]);
  });

  test("to others reach nobody", () => {
    const setup = new Setup();
    setup.in("192.168.77.10", { name: "W", listen: "81" });
    const client = setup.out("10.0.2.9", { connect: "10.0.2.15:81", timeout: "10" });
    expect(outcome(client)).toEqual(["failed -17"]);
    expect(setup.counter("unsolicited")).toBeGreaterThan(0);
  });
});

test("a host inside reaches the server inside by the address outside", () => {
  const setup = new Setup(ALL, 0);
  setup.in("192.168.77.10", { name: "W", listen: "80" });
  const client = setup.in("192.168.77.30", { connect: "10.0.2.15:8080", bytes: "300000" });
  expect(outcome(client)).toEqual(["W 300001"]);
  expect(setup.counter("hairpinned")).toBeGreaterThan(10);
});
