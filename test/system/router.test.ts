/** The firewall between two links whose other ends are this test: a host inside, a server outside. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { NetFeature } from "@phantasm/abi";
import { Image } from "@phantasm/host";
import { SECOND, VirtualHost, VirtualLink, VirtualTime } from "@phantasm/host/testing";
import { build } from "../../toolchain/dist/build.js";
import { builtImage } from "../support/built.js";
import { HELLO_MAIN, diagnosticsOf, project } from "../support/project.js";

const EXAMPLE = fileURLToPath(new URL("../../examples/firewall", import.meta.url));
const ALL =
  NetFeature.CHECKSUM_RECEIVE |
  NetFeature.CHECKSUM_SEND |
  NetFeature.SEGMENT_RECEIVE |
  NetFeature.SEGMENT_SEND;

const GATEWAY = "192.168.77.1";
const OUTSIDE = "10.0.2.15";
const HOST = "192.168.77.30";
const SERVER = "203.0.114.9";
const [SYN, RST, ACK] = [2, 4, 16] as const;

let image: Image;

beforeAll(async () => {
  const path = await builtImage(EXAMPLE);
  image = Image.load(readFileSync(path));
}, 180_000);

const octets = (address: string): number[] => address.split(".").map(Number);
const dotted = (bytes: Uint8Array): string => [...bytes].join(".");

/** RFC 1071, the slow way. */
function sum(bytes: Uint8Array): number {
  let total = 0;
  for (const [at, byte] of bytes.entries()) total += at % 2 === 0 ? byte * 256 : byte;
  while (total > 0xffff) total = (total & 0xffff) + Math.floor(total / 0x10000);
  return total;
}

interface Segment {
  readonly from: string;
  readonly fromPort: number;
  readonly to: string;
  readonly toPort: number;
  readonly flags: number;
  readonly bytes?: number;
}

/** One end of a link: answers ARP for every address, and remembers what else arrives. */
class Peer {
  readonly link: VirtualLink;
  readonly seen: string[] = [];
  readonly #mac: readonly number[];

  constructor(time: VirtualTime, number: number, features = 0) {
    this.link = new VirtualLink(time, { features, mac: Uint8Array.of(2, 0, 0, 0, 1, number) });
    this.#mac = [2, 0, 0, 0, 2, number];
    this.link.listen((frame) => this.#hear(frame));
  }

  /** @param segmentBytes not 0: a super-segment with a partial checksum */
  send({ from, fromPort, to, toPort, flags, bytes = 0 }: Segment, segmentBytes = 0): void {
    const tcp = new Uint8Array(20 + bytes).fill(7, 20);
    const view = new DataView(tcp.buffer);
    view.setUint16(0, fromPort);
    view.setUint16(2, toPort);
    view.setUint32(4, 1000);
    tcp[12] = 0x50;
    tcp[13] = flags;
    const pseudo = Uint8Array.of(
      ...octets(from),
      ...octets(to),
      0,
      6,
      tcp.length >> 8,
      tcp.length & 255,
    );
    view.setUint16(16, segmentBytes === 0 ? ~sum(Uint8Array.of(...pseudo, ...tcp)) : sum(pseudo));
    const header = Uint8Array.of(
      0x45,
      0,
      (tcp.length + 20) >> 8,
      (tcp.length + 20) & 255,
      0,
      1,
      0x40,
      0,
      64,
      6,
      0,
      0,
      ...octets(from),
      ...octets(to),
    );
    new DataView(header.buffer).setUint16(10, ~sum(header));
    const offload =
      segmentBytes === 0
        ? [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        : [1, 1, 54, 0, segmentBytes & 255, segmentBytes >> 8, 34, 0, 16, 0];
    this.link.inject(
      Uint8Array.of(...offload, ...this.link.mac, ...this.#mac, 8, 0, ...header, ...tcp),
    );
  }

  /** What has arrived since the last call. */
  take(): readonly string[] {
    return this.seen.splice(0);
  }

  #hear(frame: Uint8Array): void {
    const packet = frame.subarray(24);
    if (frame[23] === 6) {
      // Who has any address but the sender's own? This end.
      const isQuestion =
        frame[31] === 1 && dotted(frame.subarray(38, 42)) !== dotted(frame.subarray(48, 52));
      if (!isQuestion) return;
      const target = frame.subarray(48, 52);
      const reply = [0, 1, 8, 0, 6, 4, 0, 2, ...this.#mac, ...target, ...frame.subarray(32, 42)];
      this.link.inject(
        Uint8Array.of(
          ...new Array<number>(10).fill(0),
          ...this.link.mac,
          ...this.#mac,
          8,
          6,
          ...reply,
        ),
      );
      return;
    }
    this.seen.push(this.#text(frame.subarray(0, 10), packet));
  }

  #text(offload: Uint8Array, packet: Uint8Array): string {
    const from = dotted(packet.subarray(12, 16));
    const to = dotted(packet.subarray(16, 20));
    const total = packet[2]! * 256 + packet[3]!;
    const carried = packet.subarray(20, total);
    const bad = sum(packet.subarray(0, 20)) === 0xffff ? "" : " BAD HEADER";
    if (packet[9] === 1) return `icmp ${from} > ${to} ${carried[0]}/${carried[1]}${bad}`;
    const view = new DataView(carried.slice().buffer);
    const pseudo = [...packet.subarray(12, 20), 0, 6, carried.length >> 8, carried.length & 255];
    const isPartial = (offload[0]! & 1) === 1;
    const right = isPartial
      ? view.getUint16(16) === sum(Uint8Array.from(pseudo))
      : sum(Uint8Array.of(...pseudo, ...carried)) === 0xffff;
    const cut = offload[1] === 1 ? ` cut to ${offload[4]! + offload[5]! * 256}` : "";
    return (
      `tcp ${from}:${view.getUint16(0)} > ${to}:${view.getUint16(2)} flags ${carried[13]}` +
      `, ${carried.length - 20} bytes${cut}${right ? "" : " BAD CHECKSUM"}${bad}`
    );
  }
}

class Setup {
  readonly time = new VirtualTime();
  readonly inside: Peer;
  readonly outside: Peer;
  readonly host: VirtualHost;

  constructor(insideFeatures = 0, outsideFeatures = 0) {
    this.inside = new Peer(this.time, 1, insideFeatures);
    this.outside = new Peer(this.time, 2, outsideFeatures);
    this.host = new VirtualHost(image, {
      time: this.time,
      net: { inside: this.inside.link, outside: this.outside.link },
    });
    this.settle();
  }

  settle(): void {
    this.host.advance(3n * SECOND);
  }

  out(segment: Segment, segmentBytes = 0): readonly string[] {
    this.inside.send(segment, segmentBytes);
    this.settle();
    return this.outside.take();
  }

  in(segment: Segment): readonly string[] {
    this.outside.send(segment);
    this.settle();
    return this.inside.take();
  }
}

const forth = (flags: number, bytes = 0): Segment => ({
  from: HOST,
  fromPort: 5000,
  to: SERVER,
  toPort: 80,
  flags,
  bytes,
});

const back = (flags: number, bytes = 0): Segment => ({
  from: SERVER,
  fromPort: 80,
  to: OUTSIDE,
  toPort: 5000,
  flags,
  bytes,
});

describe("the firewall", () => {
  test("says its address, and ends when it is told to", () => {
    const { host } = new Setup();
    expect(host.output).toBe(`Outside: ${OUTSIDE}\n`);
    expect(host.exit).toBe(null);
    host.shutdown();
    expect(host.exit?.status).toBe(0);
  });

  test("carries a connection from inside", () => {
    const setup = new Setup();
    expect(setup.out(forth(SYN))).toEqual([`tcp ${OUTSIDE}:5000 > ${SERVER}:80 flags 2, 0 bytes`]);
    expect(setup.in(back(SYN | ACK))).toEqual([
      `tcp ${SERVER}:80 > ${HOST}:5000 flags 18, 0 bytes`,
    ]);
    expect(setup.out(forth(ACK, 1000))).toEqual([
      `tcp ${OUTSIDE}:5000 > ${SERVER}:80 flags 16, 1000 bytes`,
    ]);
  });

  test("keeps out what nobody has asked for, and lets in what is forwarded", () => {
    const setup = new Setup();
    expect(setup.in(back(SYN))).toEqual([]);
    const knock = { ...back(SYN), toPort: 8080 };
    expect(setup.in(knock)).toEqual([`tcp ${SERVER}:80 > 192.168.77.10:80 flags 2, 0 bytes`]);
    // The rules keep this network out.
    expect(setup.in({ ...knock, from: "203.0.113.9" })).toEqual([]);
  });

  test("lets mail out by the mail server only", () => {
    const setup = new Setup();
    expect(setup.out({ ...forth(SYN), toPort: 25 })).toEqual([]);
    expect(setup.inside.take()).toEqual([
      `tcp ${SERVER}:25 > ${HOST}:5000 flags ${RST | ACK}, 0 bytes`,
    ]);
    expect(setup.out({ ...forth(SYN), toPort: 25, from: "192.168.77.25" })).toHaveLength(1);
  });

  test("passes a super-segment on where both links have them, and cuts it where not", () => {
    const whole = new Setup(ALL, ALL);
    whole.out(forth(SYN));
    whole.in(back(SYN | ACK));
    expect(whole.out(forth(ACK, 30_000), 1460)).toEqual([
      `tcp ${OUTSIDE}:5000 > ${SERVER}:80 flags 16, 30000 bytes cut to 1460`,
    ]);
    const cut = new Setup(ALL, 0);
    cut.out(forth(SYN));
    cut.in(back(SYN | ACK));
    const line = `tcp ${OUTSIDE}:5000 > ${SERVER}:80 flags 16, `;
    expect(cut.out(forth(ACK, 3000), 1460)).toEqual([
      `${line}1460 bytes`,
      `${line}1460 bytes`,
      `${line}80 bytes`,
    ]);
  });

  test("keeps its memory and its connections in a flood", () => {
    const setup = new Setup();
    const flood = (network: number): number | undefined => {
      for (let burst = 0; burst < 100; burst++) {
        for (let at = 0; at < 100; at++)
          setup.inside.send({
            from: HOST,
            fromPort: 1024 + burst * 100 + at,
            to: `${network}.0.${burst}.${at}`,
            toPort: 80,
            flags: SYN,
          });
        setup.host.advance(1_000_000n);
        setup.outside.take();
      }
      return setup.host.observe()?.memoryBytes;
    };
    setup.out(forth(SYN));
    setup.in(back(SYN | ACK));
    setup.out(forth(ACK));
    const before = flood(11);
    expect(flood(12)).toBe(before);
    expect(setup.in(back(ACK, 10))).toEqual([`tcp ${SERVER}:80 > ${HOST}:5000 flags 16, 10 bytes`]);
    expect(setup.inside.link.counters.droppedFrames).toBe(0);
  });

  test("shows what it counts, and its flows", () => {
    const setup = new Setup();
    setup.out(forth(SYN));
    setup.in(back(SYN | ACK));
    setup.out(forth(ACK));
    setup.in({ ...back(SYN), toPort: 9 });
    const observation = setup.host.observe();
    const group = observation?.counters.find(({ name }) => name === "router");
    const counted = Object.fromEntries(
      (group?.counters ?? []).map(({ name, value }) => [name, value]),
    );
    expect(counted).toMatchObject({
      "forwarded-out": 2,
      "forwarded-in": 1,
      unsolicited: 1,
      "errors-limited": 0,
    });
    expect(observation?.connections.connections).toMatchObject([
      {
        protocol: "tcp",
        state: "ESTABLISHED",
        local: { address: HOST, port: 5000 },
        remote: { address: SERVER, port: 80 },
      },
    ]);
  });

  test("is a host of its own, too", () => {
    const setup = new Setup();
    // To the router itself: there is no TCP.
    setup.inside.send({ ...forth(SYN), to: GATEWAY });
    setup.settle();
    expect(setup.inside.take()).toEqual([`icmp ${GATEWAY} > ${HOST} 3/2`]);
  });
});

test("a mistake in a rule is told at its line", async () => {
  const configuration = `import { network } from "@phantasm/net";
import { router } from "@phantasm/router";
import { unikernel } from "phantasm";

export default unikernel("a", {
  devices: {
    router: router({
      inside: network("inside"),
      outside: network("outside"),
      insideAddress: "192.168.1.1/24",
      rules: [
        { direction: "out", action: "reject", protocol: "tcp", destinationPort: 25 },
        { direction: "in", action: "accept", protocol: "icmp", destinationPort: 80 },
      ],
    }),
  },
});
`;
  using made = project({ "phantasm.config.ts": configuration, "main.ts": HELLO_MAIN });
  expect(await diagnosticsOf(made.directory, build({ directory: made.directory }))).toMatch(
    /^phantasm\.config\.ts:\d+:\d+: router: rules\[1\]: ports need the protocol "tcp" or "udp"/,
  );
});
