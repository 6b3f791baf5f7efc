/** Two appliances on one wire: ARP, IPv4, ICMP and UDP as they meet in an image. */
import { type Image } from "@phantasm/host";
import { MS, SECOND, US, VirtualHost, VirtualLink, VirtualTime } from "@phantasm/host/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { imageOf } from "../drivers/boot.js";

const CONFIGURATION = `import { console } from "@phantasm/console";
import { network } from "@phantasm/net";
import { random } from "@phantasm/random";
import { boolean, cidr, integer, ipv4, string, unikernel } from "phantasm";
export default unikernel("ip", {
  devices: { link: network("link"), console: console(), random: random() },
  arguments: {
    address: cidr({ default: "10.0.0.1/24" }),
    probe: boolean({ default: false }),
    peer: ipv4({ default: "0.0.0.0" }),
    task: string({ default: "serve" }),
    bytes: integer({ default: 56 }),
  },
});
`;

/** Serves UDP echo at port 7, pings, or sends datagrams to port 7 of its peer. */
const MAIN = `import {
  Console, Datagram, Endpoint, IpAddress, UdpHandler, UdpSocket,
} from "@phantasm/interfaces";
import { Ethernet } from "@phantasm/ethernet";
import { EchoClient, EchoHandler } from "@phantasm/icmp";
import { AddressListener, Ipv4 } from "@phantasm/ipv4";
import { UdpLayer } from "@phantasm/udp";
import { hold, release } from "@phantasm/runtime";
import { Devices } from "./.phantasm/devices";

class App implements AddressListener, EchoHandler, UdpHandler {
  private readonly ip: Ipv4;
  private readonly udp: UdpLayer;
  private readonly remote: IpAddress;

  constructor(private readonly os: Devices) {
    const ip = new Ipv4(new Ethernet(os.link), os.random);
    this.ip = ip;
    this.udp = new UdpLayer(ip, os.random);
    this.remote = IpAddress.ofIpv4(os.arguments.peer.value);
    const address = os.arguments.address;
    hold();
    ip.addAddress(address.address.value, address.prefixLength, os.arguments.probe, false, this);
  }

  onAddressReady(address: u32): void {
    this.os.console.writeLine("ready");
    const task = this.os.arguments.task;
    const bytes = <i32>this.os.arguments.bytes;
    if (task == "ping") {
      const client = new EchoClient(this.ip.icmp, this.ip, this.os.random, this.remote, this);
      for (let sequence = 1; sequence <= 3; sequence++) client.send(<u16>sequence, bytes);
      return;
    }
    const socket = this.udp.bind(task == "send" ? 0 : 7, this)!;
    if (task != "send") return;
    const payload = new Uint8Array(bytes);
    for (let at = 0; at < bytes; at++) payload[at] = <u8>(at * 7 + at / 256);
    const status = socket.send(new Endpoint(this.remote, 7), payload, 0, bytes);
    if (status != 0) this.os.console.writeLine("status " + status.toString());
  }

  onAddressLost(address: u32): void {
    this.os.console.writeLine("lost");
    release();
  }

  onEchoReply(client: EchoClient, sequence: u16, bytes: i32, rttNs: i64, hopLimit: u8): void {
    this.os.console.writeLine(\`\${bytes} bytes, seq \${sequence}, \${rttNs / 1000} us, ttl \${hopLimit}\`);
  }

  onEchoError(client: EchoClient, sequence: u16, error: i32): void {
    this.os.console.writeLine(\`seq \${sequence}: \${error}\`);
  }

  onDatagram(socket: UdpSocket, datagram: Datagram): void {
    const bytes = datagram.bytes;
    if (socket.localPort == 7) {
      if (bytes <= socket.replyBytesMax) {
        memory.copy(socket.beginReply(datagram), datagram.payload, bytes);
        socket.sendReply(bytes);
      } else {
        const copy = new Uint8Array(bytes);
        datagram.copyOut(0, copy, 0, bytes);
        socket.reply(datagram, copy, 0, bytes);
      }
      return;
    }
    let same = bytes == <i32>this.os.arguments.bytes;
    for (let at = 0; at < bytes && same; at++)
      same = load<u8>(datagram.payload + at) == <u8>(at * 7 + at / 256);
    this.os.console.writeLine(\`\${bytes} bytes back, \${same ? "the same" : "different"}\`);
  }

  onDatagramError(socket: UdpSocket, remote: Endpoint, error: i32): void {
    this.os.console.writeLine(\`datagram error \${error}\`);
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
    this.server = this.boot(0, { address: "10.0.0.1/24" });
  }

  boot(end: 0 | 1, values: Record<string, string>): VirtualHost {
    return new VirtualHost(image, {
      time: this.time,
      net: { link: this.links[end] },
      arguments: values,
      seed: end + 1,
    });
  }

  client(task: string, values: Record<string, string> = {}): string {
    const host = this.boot(1, { address: "10.0.0.2/24", peer: "10.0.0.1", task, ...values });
    this.time.advance(5n * SECOND);
    return host.output;
  }
}

/** Offloads of both directions. */
const ALL = 15;

describe("two images", () => {
  test("ping each other", () => {
    expect(new Pair({ latencyNs: Number(500n * US) }).client("ping")).toBe(
      // All wait for the neighbour, who is heard announcing itself.
      "ready\n" +
        "56 bytes, seq 1, 1500 us, ttl 64\n" +
        "56 bytes, seq 2, 1500 us, ttl 64\n" +
        "56 bytes, seq 3, 1500 us, ttl 64\n",
    );
  });

  test("ping with more than a frame holds", () => {
    expect(new Pair().client("ping", { bytes: "2000" })).toBe(
      "ready\n" + "2000 bytes, seq 2, 0 us, ttl 64\n" + "2000 bytes, seq 3, 0 us, ttl 64\n",
    );
  });

  test.each([0, 1, 1472])("echo a datagram of %i bytes", (bytes) => {
    expect(new Pair().client("send", { bytes: String(bytes) })).toBe(
      `ready\n${bytes} bytes back, the same\n`,
    );
  });

  test("echo a datagram that travels in fragments", () => {
    expect(new Pair().client("send", { bytes: "5000" })).toBe("ready\n5000 bytes back, the same\n");
  });

  test("echo the largest datagram over a link with a large MTU", () => {
    expect(new Pair({ mtu: 65000 }).client("send", { bytes: "65507" })).toBe(
      "ready\n65507 bytes back, the same\n",
    );
    expect(new Pair({ mtu: 65000 }).client("send", { bytes: "65508" })).toBe("ready\nstatus -36\n");
  });

  test("leave checksums to a link that offers it", () => {
    const pair = new Pair({ features: ALL });
    expect(pair.client("send")).toBe("ready\n56 bytes back, the same\n");
  });

  test("say that nobody is there", () => {
    const pair = new Pair();
    expect(pair.client("send", { peer: "10.0.0.9" })).toBe("ready\ndatagram error -34\n");
    expect(new Pair().client("ping", { peer: "10.0.0.9" })).toBe(
      "ready\nseq 1: -34\nseq 2: -34\nseq 3: -34\n",
    );
    expect(new Pair().client("send", { peer: "192.0.2.1" })).toBe("ready\nstatus -35\n");
  });

  test("notice that they have the same address", () => {
    const pair = new Pair();
    const second = pair.boot(1, { address: "10.0.0.1/24", probe: "true" });
    pair.time.advance(10n * SECOND);
    expect(second.output).toBe("lost\n");
    expect(second.exit?.status).toBe(0);
    expect(pair.server.output).toBe("ready\n");
    expect(pair.server.exit).toBeNull();
  });

  test("use a probed address after some seconds", () => {
    const pair = new Pair();
    const second = pair.boot(1, { address: "10.0.0.2/24", probe: "true" });
    pair.time.advance(5n * SECOND);
    expect(second.output).toBe("");
    pair.time.advance(4n * SECOND + 100n * MS);
    expect(second.output).toBe("ready\n");
  });
});
