/** Two appliances on one wire that configure themselves: IPv6 and UDP as they meet in an image. */
import { type Image } from "@phantasm/host";
import { SECOND, US, VirtualHost, VirtualLink, VirtualTime } from "@phantasm/host/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { imageOf } from "../drivers/boot.js";

const CONFIGURATION = `import { console } from "@phantasm/console";
import { network } from "@phantasm/net";
import { random } from "@phantasm/random";
import { integer, string, unikernel } from "phantasm";
export default unikernel("ipv6", {
  devices: { link: network("link"), console: console(), random: random() },
  arguments: {
    address: string({ default: "" }),
    peer: string({ default: "" }),
    bytes: integer({ default: 56 }),
  },
});
`;

/** Serves UDP echo at port 7; or sends a datagram to port 7 of its peer. */
const MAIN = `import {
  Datagram, Endpoint, IpAddress, IpPrefix, UdpHandler, UdpSocket,
} from "@phantasm/interfaces";
import { Ethernet } from "@phantasm/ethernet";
import { Ipv6, Ipv6Listener } from "@phantasm/ipv6";
import { UdpLayer } from "@phantasm/udp";
import { hold, release } from "@phantasm/runtime";
import { Devices } from "./.phantasm/devices";

class App implements Ipv6Listener, UdpHandler {
  private readonly ip: Ipv6;
  private readonly udp: UdpLayer;

  constructor(private readonly os: Devices) {
    const ip = new Ipv6(new Ethernet(os.link), os.random, true, 1, os.link.mac[5]);
    this.ip = ip;
    this.udp = new UdpLayer(ip, os.random);
    const prefix = IpPrefix.parse(os.arguments.address);
    if (prefix !== null) ip.addAddress(prefix.address.high, prefix.address.low, prefix.bits);
    hold();
    ip.listen(this);
  }

  onIpv6AddressReady(high: u64, low: u64): void {
    const isLinkLocal = high == 0xfe80_0000_0000_0000;
    this.os.console.writeLine(isLinkLocal ? "link-local ready" : new IpAddress(high, low).toString() + " ready");
    const remote = IpAddress.parse(this.os.arguments.peer);
    if (isLinkLocal) return;
    const socket = this.udp.bind(remote === null ? 7 : 0, this);
    // Null: an address before this one has bound it.
    if (socket === null || remote === null) return;
    const bytes = <i32>this.os.arguments.bytes;
    const payload = new Uint8Array(bytes);
    for (let at = 0; at < bytes; at++) payload[at] = <u8>(at * 7 + at / 256);
    const status = socket.send(new Endpoint(remote, 7), payload, 0, bytes);
    if (status != 0) this.os.console.writeLine("status " + status.toString());
  }

  onIpv6AddressLost(high: u64, low: u64): void {
    this.os.console.writeLine(new IpAddress(high, low).toString() + " lost");
    release();
  }

  onIpv6NameServers(): void {}

  onDatagram(socket: UdpSocket, datagram: Datagram): void {
    const bytes = datagram.bytes;
    if (socket.localPort == 7) {
      const copy = new Uint8Array(bytes);
      datagram.copyOut(0, copy, 0, bytes);
      socket.reply(datagram, copy, 0, bytes);
      return;
    }
    let same = bytes == <i32>this.os.arguments.bytes;
    for (let at = 0; at < bytes && same; at++)
      same = load<u8>(datagram.payload + at) == <u8>(at * 7 + at / 256);
    this.os.console.writeLine(\`\${bytes} bytes back, \${same ? "the same" : "different"}\`);
  }

  onDatagramError(socket: UdpSocket, remote: Endpoint, error: i32): void {
    this.os.console.writeLine(\`error \${error}\`);
  }
}

export function main(os: Devices): void {
  new App(os);
}
`;

let image: Image;

beforeAll(async () => {
  image = await imageOf({ "phantasm.config.ts": CONFIGURATION, "main.ts": MAIN });
}, 120_000);

/** Two domains on a cable. */
class Pair {
  readonly time = new VirtualTime();
  readonly links: [VirtualLink, VirtualLink];
  readonly server: VirtualHost;

  constructor(options: { features?: number; latencyNs?: number; mtu?: number } = {}) {
    const link = (last: number): VirtualLink =>
      new VirtualLink(this.time, { mac: Uint8Array.of(2, 0, 0, 0, 0, last), ...options });
    this.links = [link(1), link(2)];
    this.links[0].connect(this.links[1]);
    this.server = this.boot(0, { address: "2001:db8::1/64" });
    this.time.advance(3n * SECOND);
  }

  boot(end: 0 | 1, values: Record<string, string>): VirtualHost {
    return new VirtualHost(image, {
      time: this.time,
      net: { link: this.links[end] },
      arguments: values,
      seed: end + 1,
    });
  }

  client(values: Record<string, string> = {}): string[] {
    const host = this.boot(1, { address: "2001:db8::2/64", peer: "2001:db8::1", ...values });
    this.time.advance(8n * SECOND);
    return host.output
      .split("\n")
      .filter((line) => line !== "" && line !== "link-local ready")
      .slice(1);
  }
}

describe("two images", () => {
  test("are ready about a second after their boot", () => {
    const pair = new Pair();
    expect(pair.server.output.split("\n").sort()).toEqual([
      "",
      "2001:db8::1 ready",
      "link-local ready",
    ]);
  });

  test.each([0, 1, 1452, 1453, 5000, 65527])("echo a datagram of %i bytes", (bytes) => {
    // More fragments than may wait for a neighbour's address are sent once it is known.
    const mtu = bytes > 9000 ? 65000 : 1500;
    const latencyNs = Number(100n * US);
    expect(new Pair({ mtu, latencyNs }).client({ bytes: String(bytes) })).toEqual([
      `${bytes} bytes back, the same`,
    ]);
  });

  test("leave checksums to a link that offers it", () => {
    expect(new Pair({ features: 15 }).client()).toEqual(["56 bytes back, the same"]);
    expect(new Pair({ features: 15 }).client({ bytes: "3000" })).toEqual([
      "3000 bytes back, the same",
    ]);
  });

  test("say that nobody is there, or that there is no way", () => {
    expect(new Pair().client({ peer: "2001:db8::9" })).toEqual(["error -34"]);
    expect(new Pair().client({ peer: "2a00::9" })).toEqual(["status -35"]);
    expect(new Pair().client({ peer: "10.0.0.1" })).toEqual(["status -35"]);
  });

  test("notice that they have the same address", () => {
    const pair = new Pair();
    const second = pair.boot(1, { address: "2001:db8::1/64" });
    pair.time.advance(5n * SECOND);
    expect(second.output).toContain("2001:db8::1 lost\n");
    expect(second.output).not.toContain("2001:db8::1 ready");
    expect(pair.server.exit).toBeNull();
  });
});
