/** The resolver of the user network, against servers on loopback. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../testing/frames.js";
import { failure } from "./dns-message.js";
import { DNS_QUERIES_MAX } from "./dns-proxy.js";
import { openUserNetwork } from "./network.js";
import { readResolvers } from "./resolvers.js";
import { ScriptGuest } from "./testing/script-guest.js";
import { ToyStack } from "./testing/toy-stack.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A question for example.com A, with an id. */
function query(id: number): Buffer {
  const name = "\x07example\x03com\0";
  return Buffer.concat([
    Buffer.of(id >> 8, id & 0xff, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0),
    Buffer.from(name, "latin1"),
    Buffer.of(0, 1, 0, 1),
  ]);
}

/** What a server makes of a query: the same with the bit of a response, and 192.0.2.7. */
function answer(asked: Buffer): Buffer {
  const head = Buffer.from(asked);
  head[2] = (head[2] ?? 0) | 0x80;
  head[7] = 1;
  const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7];
  return Buffer.concat([head, Buffer.from(record)]);
}

async function server(handler: (socket: Socket, message: Buffer, port: number) => void) {
  const socket = createSocket("udp4");
  const seen: { id: number; port: number }[] = [];
  socket.on("message", (message, { port }) => {
    seen.push({ id: message.readUInt16BE(0), port });
    handler(socket, message, port);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  cleanups.push(() => socket.close());
  return { address: `127.0.0.1:${socket.address().port}`, seen };
}

const good = () =>
  server((socket, message, port) => socket.send(answer(message), port, "127.0.0.1"));

async function script(resolvers: readonly string[]) {
  const guest = await ScriptGuest.open({ resolvers: () => resolvers });
  cleanups.push(() => guest.network.close());
  return guest;
}

/** The next datagram to the guest, as its DNS message. */
async function response(guest: ScriptGuest): Promise<Buffer> {
  const [frame = new Uint8Array(0)] = await guest.station.expect(1);
  expect(guest.read(frame)).toMatch(/^10\.0\.2\.3:53 > 10\.0\.2\.15:4000 UDP /);
  return Buffer.from(frame.subarray(52));
}

describe("the resolver over UDP", () => {
  it("asks the host's, under another id and from another port each time", async () => {
    const { address, seen } = await good();
    const guest = await script([address]);
    for (const id of [1, 2]) {
      guest.sendsUdp("10.0.2.15:4000", "10.0.2.3:53", query(id));
      expect(await response(guest)).toEqual(answer(query(id)));
    }
    expect(seen).toHaveLength(2);
    expect(seen.map(({ id }) => id)).not.toEqual([1, 2]);
    expect(seen[0]?.port).not.toBe(seen[1]?.port);
    expect(guest.network.counters).toMatchObject({ dnsQueries: 2, dnsFailures: 0 });
  });

  it("believes no answer with another id", async () => {
    const { address } = await server((socket, message, port) => {
      const forged = answer(message);
      forged.writeUInt16BE(forged.readUInt16BE(0) ^ 1, 0);
      forged[forged.length - 1] = 66;
      socket.send(forged, port, "127.0.0.1");
      socket.send(answer(message), port, "127.0.0.1");
    });
    const guest = await script([address]);
    guest.sendsUdp("10.0.2.15:4000", "10.0.2.3:53", query(9));
    expect(await response(guest)).toEqual(answer(query(9)));
  });

  it("goes on to the next when one does not answer in time, or at all", async () => {
    const silent = await server(() => undefined);
    const { address } = await good();
    const guest = await script([silent.address, "127.0.0.1:1", address]);
    guest.sendsUdp("10.0.2.15:4000", "10.0.2.3:53", query(7));
    await until("the first has been asked", () => silent.seen.length === 1);
    expect(await guest.receives()).toEqual([]);
    await guest.after(2_000);
    expect(await response(guest)).toEqual(answer(query(7)));
  });

  it.each([
    ["there is none", []],
    ["none can be reached", ["127.0.0.1:1"]],
    ["the system refuses to connect", ["255.255.255.255", "fe80::1%nowhere0"]],
  ])("says SERVFAIL when %s", async (_, resolvers) => {
    const guest = await script(resolvers);
    guest.sendsUdp("10.0.2.15:4000", "10.0.2.3:53", query(7));
    const said = await response(guest);
    expect(said).toEqual(Buffer.from(failure(query(7), 2)));
    expect(said.subarray(0, 12)).toEqual(Buffer.of(0, 7, 0x81, 0x82, 0, 1, 0, 0, 0, 0, 0, 0));
    expect(guest.network.counters.dnsFailures).toBe(1);
  });

  it("has so many questions open and no more", async () => {
    const silent = await server(() => undefined);
    const guest = await script([silent.address]);
    for (let id = 0; id <= DNS_QUERIES_MAX; id++) {
      guest.sendsUdp("10.0.2.15:4000", "10.0.2.3:53", query(id));
    }
    expect(await response(guest)).toEqual(Buffer.from(failure(query(DNS_QUERIES_MAX), 2)));
  });

  it("ignores what is no question", async () => {
    const guest = await script([]);
    guest.sendsUdp("10.0.2.15:4000", "10.0.2.3:53", Buffer.alloc(11));
    guest.sendsUdp("10.0.2.15:4000", "10.0.2.3:53", answer(query(1)));
    guest.sendsUdp("10.0.2.15:4000", "10.0.2.3:54", query(1));
    expect(await guest.receives()).toEqual(["10.0.2.3 > 10.0.2.15 ICMP 3/1"]);
    expect(guest.network.counters.malformed).toBe(2);
  });
});

describe("the resolver over TCP", () => {
  const framed = (message: Buffer): Buffer =>
    Buffer.concat([Buffer.of(message.length >> 8, message.length & 0xff), message]);

  async function ask(resolvers: readonly string[]): Promise<Buffer> {
    const network = await openUserNetwork({ resolvers: () => resolvers });
    const stack = new ToyStack(network);
    cleanups.push(
      () => network.close(),
      () => stack.close(),
    );
    const pieces: Uint8Array[] = [];
    let ended = false;
    const connection = stack.connect("10.0.2.3", 53, {
      data: (_, data) => pieces.push(Uint8Array.from(data)),
      ended: () => (ended = true),
    });
    connection.write(framed(query(5)));
    await until("there is an answer", () => pieces.length > 0);
    connection.end();
    await until("the end is answered", () => ended);
    return Buffer.concat(pieces);
  }

  it("asks the first of the host's that can be reached", async () => {
    const tcp = createServer((socket) =>
      socket.on("data", (data: Buffer) => socket.write(framed(answer(data.subarray(2))))),
    ).listen(0, "127.0.0.1");
    await once(tcp, "listening");
    cleanups.push(() => tcp.close());
    const { port } = tcp.address() as AddressInfo;
    expect(await ask(["127.0.0.1:1", `127.0.0.1:${port}`])).toEqual(framed(answer(query(5))));
  });

  it("says SERVFAIL when none can", async () => {
    expect(await ask(["127.0.0.1:1"])).toEqual(framed(Buffer.from(failure(query(5), 2))));
  });
});

describe("readResolvers", () => {
  it("reads what dns.getServers writes, three at most", () => {
    expect(readResolvers(["1.1.1.1", "1.0.0.1:5353", "nonsense", "[::1]:54", "::1"])).toEqual([
      { address: "1.1.1.1", port: 53 },
      { address: "1.0.0.1", port: 5353 },
      { address: "::1", port: 54 },
    ]);
    expect(readResolvers(["fe80::1%eth0", "[::1]"])).toEqual([
      { address: "fe80::1%eth0", port: 53 },
      { address: "::1", port: 53 },
    ]);
  });
});
