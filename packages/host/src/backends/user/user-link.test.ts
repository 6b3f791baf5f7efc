/** What the user network answers by itself: ARP, DHCP, ICMP, neighbour discovery, rules. Packet by packet. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ipFrame, ScriptGuest, type IpParts } from "./testing/script-guest.js";

let guest: ScriptGuest;
const cleanups: (() => unknown)[] = [];

beforeEach(async () => {
  guest = await ScriptGuest.open();
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await guest.network.close();
});

async function reopen(...args: Parameters<typeof ScriptGuest.open>): Promise<void> {
  await guest.network.close();
  guest = await ScriptGuest.open(...args);
}

describe("ARP", () => {
  it("is answered for the gateway and the resolver, and for nobody else", async () => {
    guest.sendsArp(1, "10.0.2.15", "10.0.2.2");
    guest.sendsArp(1, "10.0.2.15", "10.0.2.3");
    guest.sendsArp(1, "10.0.2.15", "10.0.2.4");
    guest.sendsArp(1, "10.0.2.15", "10.0.2.15");
    expect(await guest.receives()).toEqual([
      "ARP 10.0.2.2 is at 52:55:0a:00:02:02",
      "ARP 10.0.2.3 is at 52:55:0a:00:02:02",
    ]);
  });

  it("probes for the gateway's address meet its owner", async () => {
    guest.sendsArp(1, "0.0.0.0", "10.0.2.2");
    expect(await guest.receives()).toEqual(["ARP 10.0.2.2 is at 52:55:0a:00:02:02"]);
  });
});

describe("DHCP", () => {
  const TYPES = ["", "DISCOVER", "OFFER", "REQUEST", "DECLINE", "ACK", "NAK", "RELEASE", "INFORM"];

  function message(
    type: string,
    options: Record<number, number[]> = {},
    { mac = [2, 0, 0, 0, 0, 7], client = [0, 0, 0, 0], flags = 0 } = {},
  ): Uint8Array {
    const bytes = new Uint8Array(300);
    bytes.set([1, 1, 6, 0, 0xca, 0xfe, 0xba, 0xbe, 0, 0, flags >> 8, flags & 0xff]);
    bytes.set(client, 12);
    bytes.set(mac, 28);
    const all = { 53: [TYPES.indexOf(type)], ...options };
    const encoded = Object.entries(all).flatMap(([option, value]) => [
      Number(option),
      value.length,
      ...value,
    ]);
    bytes.set([0x63, 0x82, 0x53, 0x63, ...encoded, 255], 236);
    return bytes;
  }

  const sends = (bytes: Uint8Array, from = "0.0.0.0:68", to = "255.255.255.255:67"): void =>
    guest.sendsUdp(from, to, bytes);

  /** The answer, as text. */
  async function answer(): Promise<string[]> {
    await guest.settle();
    return guest.station.drain().map((frame) => {
      const head = guest.read(frame).replace(/ UDP.*/, "");
      const bytes = frame.subarray(10 + 14 + 20 + 8);
      const options: string[] = [];
      for (let at = 240; bytes[at] !== 255 && at < bytes.length;) {
        const length = bytes[at + 1] ?? 0;
        options.push(`${bytes[at]}=${bytes.slice(at + 2, at + 2 + length).join(".")}`);
        at += 2 + length;
      }
      return `${head} ${bytes.slice(16, 20).join(".")} ${options.join(" ")}`;
    });
  }

  const LEASE = "51=0.1.81.128 58=0.0.168.192 59=0.1.39.80";
  const NETWORK = "1=255.255.255.0 3=10.0.2.2 6=10.0.2.3 26=255.240";

  it("hands out address, mask, gateway, resolver, MTU and lease", async () => {
    sends(message("DISCOVER"));
    expect(await answer()).toEqual([
      `10.0.2.2:67 > 10.0.2.15:68 10.0.2.15 53=2 54=10.0.2.2 ${LEASE} ${NETWORK}`,
    ]);
    sends(message("REQUEST", { 50: [10, 0, 2, 15], 54: [10, 0, 2, 2] }));
    expect(await answer()).toEqual([
      `10.0.2.2:67 > 10.0.2.15:68 10.0.2.15 53=5 54=10.0.2.2 ${LEASE} ${NETWORK}`,
    ]);
  });

  it("renews, from the address and to it", async () => {
    sends(message("REQUEST", {}, { client: [10, 0, 2, 15] }), "10.0.2.15:68", "10.0.2.2:67");
    expect(await answer()).toEqual([
      `10.0.2.2:67 > 10.0.2.15:68 10.0.2.15 53=5 54=10.0.2.2 ${LEASE} ${NETWORK}`,
    ]);
  });

  it("answers as a broadcast when asked to", async () => {
    sends(message("DISCOVER", {}, { flags: 0x8000 }));
    expect((await answer())[0]).toMatch(/^10\.0\.2\.2:67 > 255\.255\.255\.255:68 10\.0\.2\.15 /);
  });

  it("refuses an address that is not its to give, as a broadcast", async () => {
    sends(message("REQUEST", { 50: [192, 168, 1, 5] }));
    expect(await answer()).toEqual(["10.0.2.2:67 > 255.255.255.255:68 0.0.0.0 53=6 54=10.0.2.2"]);
  });

  it("is silent about another server's lease", async () => {
    sends(message("REQUEST", { 50: [10, 0, 2, 15], 54: [10, 0, 2, 9] }));
    expect(await answer()).toEqual([]);
  });

  it("gives each client its own address, the same again, and another after DECLINE", async () => {
    const offered = async (mac: number[]): Promise<string | undefined> => {
      sends(message("DISCOVER", {}, { mac }));
      return (await answer())[0]?.split(" ")[3];
    };
    const [first, second] = [
      [2, 0, 0, 0, 0, 1],
      [2, 0, 0, 0, 0, 2],
    ] as const;
    expect(await offered([...first])).toBe("10.0.2.15");
    expect(await offered([...second])).toBe("10.0.2.16");
    expect(await offered([...first])).toBe("10.0.2.15");
    sends(message("DECLINE", { 50: [10, 0, 2, 15] }, { mac: [...first] }));
    expect(await offered([...first])).toBe("10.0.2.17");
    sends(message("RELEASE", {}, { mac: [...second], client: [10, 0, 2, 16] }));
    expect(await offered([2, 0, 0, 0, 0, 3])).toBe("10.0.2.16");
  });

  it("never runs out: the address unused longest changes hands", async () => {
    for (let client = 0; client < 17; client++) {
      sends(message("DISCOVER", {}, { mac: [2, 0, 0, 0, 1, client] }));
    }
    const offers = await answer();
    expect(offers).toHaveLength(17);
    expect(offers[16]).toContain(" 10.0.2.15 ");
  });

  it("tells a client with an address of its own the rest", async () => {
    sends(message("INFORM", {}, { client: [10, 0, 2, 77] }), "10.0.2.77:68", "10.0.2.2:67");
    expect(await answer()).toEqual([
      `10.0.2.2:67 > 10.0.2.77:68 0.0.0.0 53=5 54=10.0.2.2 ${NETWORK}`,
    ]);
  });
});

describe("ICMP", () => {
  const echo = (from: string, to: string): IpParts => {
    const ipv4 = !to.includes(":");
    const payload = Uint8Array.of(ipv4 ? 8 : 128, 0, 0, 0, 0, 1, 0, 2, 104, 105);
    return { from, to, protocol: ipv4 ? 1 : 58, payload, checksumAt: 2 };
  };

  it("echo comes from the gateway and the resolver, and from nobody else", async () => {
    guest.sendsIp(echo("10.0.2.15", "10.0.2.2"));
    guest.sendsIp(echo("10.0.2.15", "10.0.2.3"));
    guest.sendsIp(echo("10.0.2.15", "8.8.8.8"));
    guest.sendsIp(echo("fd00::15", "fd00::2"));
    guest.sendsIp(echo("fe80::15", "fe80::2"));
    guest.sendsIp(echo("fd00::15", "2001:4860:4860::8888"));
    expect(await guest.receives()).toEqual([
      "10.0.2.2 > 10.0.2.15 ICMP 0/0",
      "10.0.2.3 > 10.0.2.15 ICMP 0/0",
      "fd00::2 > fd00::15 ICMPv6 129/0",
      "fe80::2 > fe80::15 ICMPv6 129/0",
    ]);
    expect(guest.network.counters.unroutable).toBe(2);
  });

  it("carries its data back", async () => {
    guest.sendsIp(echo("10.0.2.15", "10.0.2.2"));
    await guest.settle();
    const [frame] = guest.station.drain();
    expect(frame?.subarray(44 + 4)).toEqual(Uint8Array.of(0, 1, 0, 2, 104, 105));
  });
});

describe("neighbour discovery", () => {
  const ndp = (from: string, to: string, ...payload: number[]): void =>
    guest.sendsIp({
      from,
      to,
      protocol: 58,
      payload: Uint8Array.from(payload),
      checksumAt: 2,
      hopLimit: 255,
      mac: Uint8Array.of(0x33, 0x33, 0, 0, 0, 2),
    });
  const address = (last: number, first = 0xfd): number[] => [
    first,
    first === 0xfe ? 0x80 : 0,
    ...new Array<number>(13).fill(0),
    last,
  ];

  it("a router is advertised, with prefix, MTU and resolver", async () => {
    ndp("fe80::15", "ff02::2", 133, 0, 0, 0, 0, 0, 0, 0);
    await guest.settle();
    const [frame = new Uint8Array(0)] = guest.station.drain();
    expect(guest.read(frame)).toBe("fe80::2 > fe80::15 ICMPv6 134/0");
    const hex = Buffer.from(frame.subarray(64 + 4)).toString("hex");
    const fd00 = (last: string): string => `fd${"0".repeat(30 - last.length)}${last}`;
    expect(hex).toBe(
      "4000" +
        "0708" +
        "00000000" +
        "00000000" + // hop limit, lifetime, timers
        "01015255" +
        "0a000202" + // source link-layer address
        "05010000" +
        "0000fff0" + // MTU
        "030440c0" +
        "00015180" +
        "00015180" +
        "00000000" +
        fd00("0") + // prefix
        "19030000" +
        "00000708" +
        fd00("3"), // resolver
    );
  });

  it("solicitations for its addresses are answered, also those that look for duplicates", async () => {
    ndp("fd00::15", "ff02::1:ff00:2", 135, 0, 0, 0, 0, 0, 0, 0, ...address(2));
    ndp("fd00::15", "ff02::1:ff00:3", 135, 0, 0, 0, 0, 0, 0, 0, ...address(3));
    ndp("fd00::15", "ff02::1:ff00:4", 135, 0, 0, 0, 0, 0, 0, 0, ...address(4));
    ndp("::", "ff02::1:ff00:2", 135, 0, 0, 0, 0, 0, 0, 0, ...address(2, 0xfe));
    expect(await guest.receives()).toEqual([
      "fd00::2 > fd00::15 ICMPv6 136/0",
      "fd00::3 > fd00::15 ICMPv6 136/0",
      "fe80::2 > ff02::1 ICMPv6 136/0",
    ]);
  });

  it("goes on telling hosts, once one has asked", async () => {
    await guest.after(3_600_000);
    expect(await guest.receives()).toEqual([]);
    ndp("::", "ff02::2", 133, 0, 0, 0, 0, 0, 0, 0);
    expect(await guest.receives()).toEqual(["fe80::2 > ff02::1 ICMPv6 134/0"]);
    await guest.after(1_200_000);
    expect(await guest.receives()).toEqual(new Array(2).fill("fe80::2 > ff02::1 ICMPv6 134/0"));
  });

  it("from farther away is forged", async () => {
    const payload = Uint8Array.of(133, 0, 0, 0, 0, 0, 0, 0);
    guest.sendsIp({ from: "fe80::15", to: "ff02::2", protocol: 58, payload, checksumAt: 2 });
    expect(await guest.receives()).toEqual([]);
    expect(guest.network.counters.malformed).toBe(1);
  });

  it("there is no IPv6 on a link too small for it", async () => {
    await reopen({ mtu: 1_000 });
    ndp("fe80::15", "ff02::2", 133, 0, 0, 0, 0, 0, 0, 0);
    expect(await guest.receives()).toEqual([]);
  });
});

describe("what is not for this network", () => {
  const udp = (from: string, to: string): void => guest.sendsUdp(from, to, "x");

  it("is counted and dropped, or told to be unreachable", async () => {
    udp("192.168.1.5:1000", "8.8.8.8:53");
    udp("10.0.2.2:1000", "8.8.8.8:53");
    udp("10.0.2.15:5353", "224.0.0.251:5353");
    udp("10.0.2.15:137", "10.0.2.255:137");
    expect(await guest.receives()).toEqual([]);
    udp("10.0.2.15:1000", "10.0.2.99:9");
    expect(await guest.receives()).toEqual(["10.0.2.99 > 10.0.2.15 ICMP 3/1"]);
    expect(guest.network.counters.unroutable).toBe(5);
  });

  it("fragments are dropped and counted", async () => {
    const payload = new Uint8Array(16);
    guest.sendsIp({ from: "10.0.2.15", to: "8.8.8.8", protocol: 17, payload, fragment: 0x2000 });
    guest.sendsIp({ from: "fd00::15", to: "2001:db8::1", protocol: 44, payload });
    expect(await guest.receives()).toEqual([]);
    expect(guest.network.counters.fragments).toBe(2);
  });

  it("wrong checksums are dropped and counted", async () => {
    const payload = Uint8Array.of(8, 0, 0, 0, 0, 1, 0, 2);
    const good = ipFrame({
      from: "10.0.2.15",
      to: "10.0.2.2",
      protocol: 1,
      payload,
      checksumAt: 2,
    });
    for (const at of [14 + 8, 14 + 20 + 7]) {
      const bad = Uint8Array.from(good);
      bad[at] = (bad[at] ?? 0) ^ 1;
      guest.sendsRaw(bad);
    }
    guest.sendsRaw(good);
    expect(await guest.receives()).toEqual(["10.0.2.2 > 10.0.2.15 ICMP 0/0"]);
    expect(guest.network.counters.badChecksums).toBe(2);
  });
});

describe("egress rules", () => {
  const syn = (to: string): void =>
    guest.sendsTcp({
      from: to.includes("[") ? "[fd00::15]:4000" : "10.0.2.15:4000",
      to,
      flags: "S",
      seq: 100,
    });

  it.each([
    ["10.0.2.2:80", "the host's loopback, by the gateway"],
    ["127.0.0.1:80", "the host's loopback"],
    ["169.254.169.254:80", "the metadata of a cloud"],
    ["[fd00::2]:80", "the host's loopback, by the gateway"],
    ["[::1]:80", "the host's loopback"],
  ])("a connection to %s is reset: %s", async (to) => {
    syn(to);
    const from = to.includes("[") ? "[fd00::15]:4000" : "10.0.2.15:4000";
    expect(await guest.receives()).toEqual([`${to} > ${from} RA seq=0 ack=101`]);
    expect(guest.network.counters.egressDenied).toBe(1);
  });

  it("a datagram is answered: prohibited", async () => {
    guest.sendsUdp("10.0.2.15:1000", "169.254.169.254:123", "x");
    guest.sendsUdp("[fd00::15]:1000", "[fd00::2]:123", "x");
    expect(await guest.receives()).toEqual([
      "169.254.169.254 > 10.0.2.15 ICMP 3/13",
      "fd00::2 > fd00::15 ICMPv6 1/1",
    ]);
    expect(guest.network.flows.udp).toBe(0);
  });

  it("none denies everything, names too", async () => {
    await reopen({ egress: ["none"], resolvers: () => ["127.0.0.1"] });
    syn("93.184.216.34:80");
    syn("10.0.2.3:53");
    guest.sendsUdp("10.0.2.15:1000", "93.184.216.34:123", "x");
    guest.sendsUdp("10.0.2.15:1000", "10.0.2.3:53", new Uint8Array(12));
    expect(await guest.receives()).toEqual([
      "93.184.216.34:80 > 10.0.2.15:4000 RA seq=0 ack=101",
      "10.0.2.3:53 > 10.0.2.15:4000 RA seq=0 ack=101",
      "93.184.216.34 > 10.0.2.15 ICMP 3/13",
      "10.0.2.3:53 > 10.0.2.15:1000 UDP 12 bytes",
    ]);
    expect(guest.network.counters.egressDenied).toBe(4);
  });

  it("what is allowed gets there", async () => {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    cleanups.push(() => socket.close());
    const { port } = socket.address();
    await reopen({ egress: [`allow:host-loopback:${port}/udp`] });
    const message = once(socket, "message");
    guest.sendsUdp("10.0.2.15:1000", `10.0.2.2:${port}`, "hello");
    const [data, from] = (await message) as [Buffer, { port: number }];
    expect(data.toString()).toBe("hello");
    socket.send("there", from.port, "127.0.0.1");
    expect(await guest.awaits()).toEqual([`10.0.2.2:${port} > 10.0.2.15:1000 UDP "there"`]);
    guest.sendsTcp({ from: "10.0.2.15:1000", to: `10.0.2.2:${port}`, flags: "S", seq: 7 });
    expect(await guest.receives()).toEqual([`10.0.2.2:${port} > 10.0.2.15:1000 RA seq=0 ack=8`]);
  });
});

describe("published ports", () => {
  const tcp = (hostPort: number) =>
    ({ protocol: "tcp", hostAddress: "127.0.0.1", hostPort, guestPort: 80 }) as const;

  it("0 takes a free one and says which", async () => {
    await reopen({ publish: [tcp(0), { ...tcp(0), protocol: "udp" }] });
    const [first, second] = guest.network.published;
    expect(first?.url).toBe(`http://127.0.0.1:${first?.port}`);
    expect(second?.url).toBe(`udp://127.0.0.1:${second?.port}`);
  });

  it("0 takes the same one for UDP and TCP, unless another program has it", async () => {
    const pairs: boolean[] = [];
    for (let attempt = 0; attempt < 5 && !pairs.includes(true); attempt++) {
      await reopen({ publish: [tcp(0), { ...tcp(0), protocol: "udp" }] });
      const [first, second] = guest.network.published;
      pairs.push(first?.port === second?.port);
    }
    expect(pairs).toContain(true);
  });

  it("one that is in use is an error that says what to do, unless another will do", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanups.push(() => server.close());
    const { port } = server.address() as { port: number };
    await expect(ScriptGuest.open({ publish: [tcp(0), tcp(port)] })).rejects.toThrow(
      `tcp port ${port} of 127.0.0.1 is in use by another program\n  Publish another one, or let the host choose one: -p 0:80`,
    );
    await reopen({ publish: [{ ...tcp(port), flexible: true }] });
    expect(guest.network.published[0]?.port).not.toBe(port);
  });

  it("an address that the machine does not have is an error", async () => {
    await expect(
      ScriptGuest.open({ publish: [{ ...tcp(0), hostAddress: "192.0.2.1" }] }),
    ).rejects.toThrow("this machine has no address 192.0.2.1");
  });

  it("datagrams come from the gateway, with the client's port, and answers go back", async () => {
    await reopen({ publish: [{ ...tcp(0), protocol: "udp" }] });
    const client = createSocket("udp4");
    cleanups.push(() => client.close());
    client.connect(guest.network.published[0]?.port ?? 0, "127.0.0.1");
    await once(client, "connect");
    guest.sendsArp(1, "10.0.2.15", "10.0.2.15");
    await guest.settle();
    client.send("ping");
    const { port } = client.address();
    expect(await guest.awaits()).toEqual([`10.0.2.2:${port} > 10.0.2.15:80 UDP "ping"`]);
    const answer = once(client, "message");
    guest.sendsUdp("10.0.2.15:80", `10.0.2.2:${port}`, "pong");
    expect(String((await answer)[0])).toBe("pong");
  });

  it("datagrams wait for the guest, and it is asked for", async () => {
    await reopen({ publish: [{ ...tcp(0), protocol: "udp" }] });
    const client = createSocket("udp4");
    cleanups.push(() => client.close());
    client.connect(guest.network.published[0]?.port ?? 0, "127.0.0.1");
    await once(client, "connect");
    client.send("early");
    expect(await guest.awaits()).toEqual(["ARP who has 10.0.2.15, tell 10.0.2.2"]);
    guest.sendsArp(2, "10.0.2.15", "10.0.2.2");
    expect(await guest.receives()).toEqual([
      `10.0.2.2:${client.address().port} > 10.0.2.15:80 UDP "early"`,
    ]);
  });
});
