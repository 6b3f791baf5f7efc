/** An appliance that leases its address and finds names, against a server that knows nothing of its code. */
import { type Image } from "@phantasm/host";
import { MS, SECOND, VirtualHost, VirtualLink, VirtualTime } from "@phantasm/host/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { imageOf } from "../drivers/boot.js";

const CONFIGURATION = `import { console } from "@phantasm/console";
import { network } from "@phantasm/net";
import { random } from "@phantasm/random";
import { integer, string, unikernel } from "phantasm";
export default unikernel("names", {
  devices: { link: network("link"), console: console(), random: random() },
  arguments: { name: string({ default: "www.example.com" }), lookups: integer({ default: 1 }) },
});
`;

/** Leases an address; looks up a name, or many. */
const MAIN = `import { IpAddress } from "@phantasm/interfaces";
import { Lease, LeaseHandler, LeasedIpv4 } from "@phantasm/dhcp";
import { Family, Lookup, LookupHandler, Resolver, ServerSource } from "@phantasm/dns";
import { Ethernet } from "@phantasm/ethernet";
import { Ipv4 } from "@phantasm/ipv4";
import { UdpLayer } from "@phantasm/udp";
import { hold } from "@phantasm/runtime";
import { Devices } from "./.phantasm/devices";

class App implements LeaseHandler, LookupHandler {
  private readonly resolver: Resolver;
  private done: i32 = 0;

  constructor(private readonly os: Devices) {
    const ipv4 = new Ipv4(new Ethernet(os.link), os.random);
    const udp = new UdpLayer(ipv4, os.random);
    const resolver = new Resolver(udp, os.random);
    this.resolver = resolver;
    resolver.hasIpv6 = false;
    hold();
    new LeasedIpv4(ipv4, udp, os.random, os.link.mac, "test", false, this).client.start();
    resolver.resolve(os.arguments.name, Family.ANY, this);
  }

  onLease(lease: Lease): void {
    const address = IpAddress.ofIpv4(lease.address);
    this.os.console.writeLine(\`lease \${address.toString()}/\${lease.prefixLength}\`);
    const servers: IpAddress[] = [];
    for (const server of lease.nameServers) servers.push(IpAddress.ofIpv4(server));
    this.resolver.setServers(ServerSource.DHCP, servers);
  }

  onLeaseLost(lease: Lease, loss: i32): void {
    this.os.console.writeLine(\`lost \${loss}\`);
    this.resolver.setServers(ServerSource.DHCP, []);
  }

  onResolved(lookup: Lookup): void {
    this.done++;
    if (this.done == <i32>this.os.arguments.lookups) {
      const first = lookup.error == 0 ? lookup.addresses[0].toString() : lookup.error.toString();
      this.os.console.writeLine(\`\${lookup.name} \${first}\`);
    } else this.resolver.resolve(\`\${this.done}.example.com\`, Family.ANY, this);
  }
}

export function main(os: Devices): void {
  new App(os);
}
`;

const MAC = [2, 0, 0, 0, 0, 1];
const SERVER_MAC = [2, 0, 0, 0, 0, 9];
const SERVER = [10, 0, 0, 1];
const ADDRESS = [10, 0, 0, 66];

/** In front of each frame: a virtio_net_hdr, which asks for nothing. */
const HEADROOM = new Uint8Array(10);

/** A network with one server: ARP, DHCP, DNS. */
class Server {
  readonly time = new VirtualTime();
  readonly link = new VirtualLink(this.time, {
    mac: Uint8Array.from(MAC),
    latencyNs: Number(1n * MS),
  });
  /** Names that were asked. */
  readonly asked: string[] = [];
  readonly messages: number[] = [];
  leaseSeconds = 3600;
  answersDhcp = true;
  /** Every second datagram is lost. */
  loses = false;
  #count = 0;

  constructor() {
    this.link.listen((frame) => this.#onFrame(frame.subarray(HEADROOM.length)));
  }

  boot(values: Record<string, string> = {}): VirtualHost {
    return new VirtualHost(image, {
      time: this.time,
      net: { link: this.link },
      arguments: values,
      seed: 3,
    });
  }

  #onFrame(frame: Uint8Array): void {
    if (this.loses && this.#count++ % 2 === 1) return;
    const type = (frame[12]! << 8) | frame[13]!;
    if (type === 0x0806 && frame[21] === 1 && [...frame.slice(38, 42)].join() === SERVER.join()) {
      const arp = [0, 1, 8, 0, 6, 4, 0, 2, ...SERVER_MAC, ...SERVER, ...frame.slice(22, 32)];
      this.link.inject(Uint8Array.from([...HEADROOM, ...MAC, ...SERVER_MAC, 8, 6, ...arp]));
    }
    if (type !== 0x0800 || frame[23] !== 17) return;
    const port = (frame[36]! << 8) | frame[37]!;
    const source = (frame[34]! << 8) | frame[35]!;
    const payload = frame.slice(42, 14 + ((frame[16]! << 8) | frame[17]!));
    if (port === 67 && this.answersDhcp) this.#dhcp(payload);
    if (port === 53) this.#send(ADDRESS, 53, source, this.#dns(payload));
  }

  #dhcp(request: Uint8Array): void {
    const type = request[242]!;
    this.messages.push(type);
    const answer = type === 1 ? 2 : type === 3 ? 5 : 0;
    if (answer === 0) return;
    const reply = new Uint8Array(240);
    reply.set(request.subarray(0, 12));
    reply[0] = 2;
    reply.set(ADDRESS, 16);
    reply.set(request.subarray(28, 44), 28);
    reply.set(request.subarray(236, 240), 236);
    const seconds = [0, 0, this.leaseSeconds >> 8, this.leaseSeconds & 255];
    const options = [53, 1, answer, 54, 4, ...SERVER, 51, 4, ...seconds, 1, 4, 255, 255, 255, 0];
    options.push(3, 4, ...SERVER, 6, 4, ...SERVER, 255);
    this.#send(ADDRESS, 67, 68, Uint8Array.from([...reply, ...options]));
  }

  /** 10.9.8.7 for every name but those below `none`. */
  #dns(query: Uint8Array): Uint8Array {
    const labels: string[] = [];
    let at = 12;
    for (; query[at] !== 0; at += query[at]! + 1)
      labels.push(Buffer.from(query.subarray(at + 1, at + 1 + query[at]!)).toString());
    this.asked.push(labels.join("."));
    const exists = labels.at(-1) !== "none";
    const question = query.subarray(12, at + 5);
    const head = [
      query[0]!,
      query[1]!,
      0x81,
      exists ? 0x80 : 0x83,
      0,
      1,
      0,
      exists ? 1 : 0,
      0,
      0,
      0,
      0,
    ];
    const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0, 0, 4, 10, 9, 8, 7];
    return Uint8Array.from([...head, ...question, ...(exists ? record : [])]);
  }

  #send(to: number[], source: number, port: number, payload: Uint8Array): void {
    const length = payload.length + 28;
    const header = [0x45, 0, length >> 8, length & 255, 0, 0, 0, 0, 64, 17, 0, 0, ...SERVER, ...to];
    let sum = 0;
    for (let i = 0; i < 20; i += 2) sum += (header[i]! << 8) | header[i + 1]!;
    sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
    header[10] = sum >> 8;
    header[11] = sum & 255;
    // RFC 768: no checksum.
    const udp = [
      source >> 8,
      source & 255,
      port >> 8,
      port & 255,
      (length - 20) >> 8,
      (length - 20) & 255,
      0,
      0,
    ];
    this.link.inject(
      Uint8Array.from([...HEADROOM, ...MAC, ...SERVER_MAC, 8, 0, ...header, ...udp, ...payload]),
    );
  }
}

let image: Image;

beforeAll(async () => {
  image = await imageOf({ "phantasm.config.ts": CONFIGURATION, "main.ts": MAIN });
}, 120_000);

describe("an image on a network", () => {
  test("leases an address, and finds a name it asked for before", () => {
    const server = new Server();
    const host = server.boot();
    server.time.advance(20n * MS);
    expect(host.output).toBe("lease 10.0.0.66/24\nwww.example.com 10.9.8.7\n");
    expect(server.messages).toEqual([1, 3]);
    expect(server.asked).toEqual(["www.example.com"]);
  });

  test("hears that a name does not exist", () => {
    const server = new Server();
    const host = server.boot({ name: "www.none" });
    server.time.advance(20n * MS);
    expect(host.output).toBe("lease 10.0.0.66/24\nwww.none -39\n");
  });

  test("finds it although every second datagram is lost", () => {
    const server = new Server();
    server.loses = true;
    const host = server.boot();
    server.time.advance(60n * SECOND);
    expect(host.output).toBe("lease 10.0.0.66/24\nwww.example.com 10.9.8.7\n");
  });

  test("renews its lease, loses it when the server falls silent, and gets another", () => {
    const server = new Server();
    server.leaseSeconds = 120;
    const host = server.boot();
    server.time.advance(200n * SECOND);
    expect(server.messages.slice(2).every((type) => type === 3)).toBe(true);
    expect(server.messages.length).toBeGreaterThanOrEqual(5);
    expect(host.output).toContain("10.9.8.7\nlease 10.0.0.66/24\n");
    expect(host.output).not.toContain("lost");
    server.answersDhcp = false;
    server.time.advance(130n * SECOND);
    expect(host.output.endsWith("lost 1\n")).toBe(true);
    server.answersDhcp = true;
    server.time.advance(70n * SECOND);
    expect(host.output.endsWith("lost 1\nlease 10.0.0.66/24\n")).toBe(true);
  });

  test("finds 20 000 names one after the other in the same memory", () => {
    const server = new Server();
    const host = server.boot({ lookups: "20000" });
    server.time.advance(4n * SECOND);
    const bytes = host.domain.stats.memoryBytes;
    expect(server.asked.length).toBeGreaterThan(1000);
    expect(host.runUntil(() => host.output.includes("19999.example.com 10.9.8.7"))).toBe(true);
    expect(server.asked.length).toBe(20_000);
    expect(host.domain.stats.memoryBytes).toBe(bytes);
  }, 60_000);
});
