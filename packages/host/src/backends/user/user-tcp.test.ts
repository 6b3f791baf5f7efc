/** TCP of the user network, segment by segment, in virtual time. The host's side is a real socket. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { SeededEntropy } from "../../entropy.js";
import { until } from "../testing/frames.js";
import type { UserLimits } from "./limits.js";
import { ScriptGuest, type TcpParts } from "./testing/script-guest.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const GUEST = "10.0.2.15:80";

/** A client of the guest's port 80; the guest's part is the test's. */
async function published(options: { known?: boolean; mtu?: number; agreed?: number } = {}) {
  const guest = await ScriptGuest.open(
    {
      publish: [{ protocol: "tcp", hostAddress: "127.0.0.1", hostPort: 0, guestPort: 80 }],
      mtu: options.mtu ?? 1500,
    },
    options.agreed,
  );
  cleanups.push(() => guest.network.close());
  if (options.known !== false) {
    guest.sendsArp(1, "10.0.2.15", "10.0.2.15");
    await guest.settle();
  }
  const socket = connect({
    port: guest.network.published[0]?.port ?? 0,
    host: "127.0.0.1",
    allowHalfOpen: true,
  });
  cleanups.push(() => socket.destroy());
  const seen = { text: "", ended: false, error: "" };
  socket.on("error", (error) => (seen.error = "code" in error ? String(error.code) : ""));
  socket.on("data", (data: Buffer) => (seen.text += data.toString()));
  socket.on("end", () => (seen.ended = true));
  await once(socket, "connect");
  const client = `10.0.2.2:${socket.localPort}`;
  const sends = (parts: Omit<TcpParts, "from" | "to">): void =>
    guest.sendsTcp({ from: GUEST, to: client, win: 1000, ...parts });
  /** A line about a segment, without its ends. */
  const lines = (texts: readonly string[]): string[] =>
    texts.map((line) => line.replace(`${client} > ${GUEST} `, ""));
  return { guest, socket, seen, client, sends, lines };
}

/** As above, and open: the guest's first sequence number is 1, the network's too. */
async function open(
  parts: Partial<TcpParts> = {},
  options: { mtu?: number; agreed?: number } = {},
) {
  const all = await published(options);
  const { guest, sends, lines } = all;
  expect(lines(await guest.awaits())).toEqual([
    `S seq=0 win=65535 mss=${(options.mtu ?? 1500) - 40} scale=5`,
  ]);
  sends({ flags: "SA", seq: 0, ack: 1, mss: 1460, scale: 0, ...parts });
  expect(lines(await guest.receives())).toEqual(["A seq=1 ack=1 win=32768"]);
  return all;
}

describe("a connection to a published port", () => {
  it("opens, carries, and ends", async () => {
    const { guest, socket, seen, sends, lines } = await open();
    socket.write("GET /");
    expect(lines(await guest.awaits())).toEqual(['PA seq=1 ack=1 win=32768 "GET /"']);
    sends({ flags: "PA", seq: 1, ack: 6, data: "200" });
    await until("the client has heard", () => seen.text === "200");
    expect(lines(await guest.receives())).toEqual(["A seq=6 ack=4 win=32767"]);
    socket.end();
    expect(lines(await guest.awaits())).toEqual(["FA seq=6 ack=4 win=32767"]);
    sends({ flags: "A", seq: 4, ack: 7 });
    sends({ flags: "FA", seq: 4, ack: 7 });
    expect(lines(await guest.receives())).toEqual(["A seq=7 ack=5 win=32767"]);
    await until("the client is done", () => seen.ended);
    // RFC 9293 §3.6.1: the acknowledgement may have been lost.
    sends({ flags: "FA", seq: 4, ack: 7 });
    expect(lines(await guest.receives())).toEqual(["A seq=7 ack=5 win=32767"]);
    expect(guest.network.flows.tcp).toBe(1);
    await guest.after(1_001);
    expect(guest.network.flows.tcp).toBe(0);
  });

  it("knocks again, less and less often, and gives up", async () => {
    const { guest, seen, lines } = await published();
    await guest.awaits();
    const knocks: number[] = [];
    for (let ms = 0; ms < 31_000; ms += 250) {
      await guest.after(250);
      for (const line of lines(await guest.receives())) {
        expect(line).toBe("S seq=0 win=65535 mss=1460 scale=5");
        knocks.push(ms + 250);
      }
    }
    expect(knocks).toEqual([500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500]);
    await until("the client has heard", () => seen.error === "ECONNRESET");
    expect(guest.network.counters.tcpTimedOut).toBe(1);
  });

  it("is given up when the guest never comes", async () => {
    const { guest, seen } = await published({ known: false });
    expect(await guest.awaits()).toEqual(["ARP who has 10.0.2.15, tell 10.0.2.2"]);
    await guest.after(29_000);
    expect(seen.error).toBe("");
    expect((await guest.receives()).length).toBe(58);
    await guest.after(1_500);
    await until("the client has heard", () => seen.error === "ECONNRESET");
    expect(guest.network.flows).toEqual({ tcp: 0, udp: 0, held: 0 });
  });

  it("is refused by the guest's reset, and by nobody else's", async () => {
    const { guest, seen, sends } = await published();
    await guest.awaits();
    sends({ flags: "RA", seq: 0, ack: 2 });
    await guest.settle();
    expect(guest.network.flows.tcp).toBe(1);
    sends({ flags: "RA", seq: 0, ack: 1 });
    await until("the client has heard", () => seen.error === "ECONNRESET");
  });

  it("tells a guest that answers something old to forget it, and asks again at once, once", async () => {
    const { guest, sends, lines } = await published();
    const [syn] = lines(await guest.awaits());
    sends({ flags: "SA", seq: 500, ack: 77 });
    expect(lines(await guest.receives())).toEqual(["R seq=77", syn]);
    sends({ flags: "A", seq: 500, ack: 77 });
    expect(lines(await guest.receives())).toEqual(["R seq=77"]);
    await guest.after(500);
    expect(lines(await guest.receives())).toEqual([syn]);
    sends({ flags: "A", seq: 500, ack: 77 });
    expect(lines(await guest.receives())).toEqual(["R seq=77", syn]);
  });

  it("has a later number than the last one of the same port", async () => {
    const { guest, seen, client, sends } = await published();
    await guest.awaits();
    const first = guest.initialOf(client, GUEST);
    sends({ flags: "RA", seq: 0, ack: 1 });
    await until("the client has heard", () => seen.error === "ECONNRESET");
    await guest.after(40_000);
    const again = connect({
      port: guest.network.published[0]?.port ?? 0,
      host: "127.0.0.1",
      localPort: Number(client.split(":")[1]),
    });
    cleanups.push(() => again.destroy());
    await guest.awaits();
    expect((guest.initialOf(client, GUEST) - first) >>> 0).toBe(40_000 * 250);
  });
});

describe("the end of the network", () => {
  it.each([0, 1, 2, 3, 4, 5])(
    "comes %i ticks after the guest's FIN, and waits for nobody",
    async (ticks) => {
      const { guest, seen, sends } = await open();
      sends({ flags: "FA", seq: 1, ack: 1 });
      for (let at = 0; at < ticks; at++)
        await new Promise<void>((resolve) => process.nextTick(resolve));
      await guest.network.close();
      await until("the client has heard", () => seen.ended || seen.error !== "");
    },
  );
});

describe("loss on the way to the guest", () => {
  it("is found out by silence: sent again, with back-off, until the guest speaks", async () => {
    const { guest, socket, sends, lines } = await open();
    socket.write("lost");
    expect(lines(await guest.awaits())).toEqual(['PA seq=1 ack=1 win=32768 "lost"']);
    // RFC 6298 §2.1: nothing has been measured yet.
    for (const wait of [1_000, 2_000, 4_000]) {
      await guest.after(wait - 10);
      expect(await guest.receives()).toEqual([]);
      await guest.after(10);
      expect(lines(await guest.receives())).toEqual(['PA seq=1 ack=1 win=32768 "lost"']);
    }
    sends({ flags: "A", seq: 1, ack: 5 });
    await guest.after(60_000);
    expect(await guest.receives()).toEqual([]);
    expect(guest.network.counters.tcpRetransmissions).toBe(3);
  });

  it("is found out by three duplicates", async () => {
    const { guest, socket, sends, lines } = await open({ win: 10_000 }, { mtu: 576 });
    const first = Buffer.alloc(536 * 4, "x");
    socket.write(first);
    const sent = lines(await guest.awaits(4));
    expect(sent.map((line) => line.split(" ")[1])).toEqual([
      "seq=1",
      "seq=537",
      "seq=1073",
      "seq=1609",
    ]);
    for (let at = 0; at < 3; at++) sends({ flags: "A", seq: 1, ack: 537, win: 10_000 });
    expect(await guest.receives()).toEqual([]);
    // The first of these acknowledged something.
    sends({ flags: "A", seq: 1, ack: 537, win: 10_000 });
    expect(lines(await guest.receives())).toEqual(["A seq=537 ack=1 win=32768 536 bytes"]);
    sends({ flags: "A", seq: 1, ack: 2145, win: 10_000 });
    await guest.after(60_000);
    expect(await guest.receives()).toEqual([]);
  });

  it("of a FIN is no different", async () => {
    const { guest, socket, lines } = await open();
    socket.end();
    expect(lines(await guest.awaits())).toEqual(["FA seq=1 ack=1 win=32768"]);
    await guest.after(1_000);
    expect(lines(await guest.receives())).toEqual(["FA seq=1 ack=1 win=32768"]);
  });

  it("for good ends the connection", async () => {
    const { guest, socket, seen, lines } = await open();
    socket.write("lost");
    await guest.awaits();
    for (let at = 0; at < 12; at++) await guest.after(60_000);
    expect(lines(await guest.receives()).at(-1)).toMatch(/^RA seq=/);
    await until("the client has heard", () => seen.error === "ECONNRESET");
  });
});

describe("a guest that takes large segments", () => {
  it("gets them, marked, with partial checksums", async () => {
    const { guest, socket } = await open({ win: 65_535 }, { mtu: 576, agreed: 15 });
    socket.write(Buffer.alloc(5_000, "x"));
    const [frame = new Uint8Array(10)] = await guest.station.expect(1);
    expect(guest.read(frame)).toMatch(/ PA seq=1 ack=1 win=32768 5000 bytes$/);
    const view = new DataView(frame.buffer);
    // virtio_net_hdr: NEEDS_CSUM, TCPv4, headers, segment, where the checksum starts and lies.
    expect([0, 1].map((at) => view.getUint8(at))).toEqual([1, 1]);
    expect([2, 4, 6, 8].map((at) => view.getUint16(at, true))).toEqual([54, 536, 34, 16]);
  });
});

describe("the guest's window", () => {
  it("is filled and no more; a segment is not cut to fit it unless nothing moves", async () => {
    const { guest, socket, sends, lines } = await open({ win: 1_000 }, { mtu: 576 });
    socket.write(Buffer.alloc(2_000, "x"));
    expect(lines(await guest.awaits())).toEqual(["A seq=1 ack=1 win=32768 536 bytes"]);
    sends({ flags: "A", seq: 1, ack: 537, win: 1_000 });
    expect(lines(await guest.receives())).toEqual(["A seq=537 ack=1 win=32768 536 bytes"]);
  });

  it("is asked about for ever while it is shut, one byte at a time", async () => {
    const { guest, socket, sends, lines } = await open({ win: 0 });
    socket.write("waiting");
    await until(
      "the data is here",
      () => guest.network.flows.tcp === 1 && socket.bytesWritten === 7,
    );
    await guest.settle();
    expect(await guest.receives()).toEqual([]);
    for (let at = 0; at < 30; at++) {
      await guest.after(60_000);
      const probes = lines(await guest.receives());
      expect(probes.length).toBeGreaterThan(0);
      expect(new Set(probes)).toEqual(new Set(['A seq=1 ack=1 win=32768 "w"']));
      sends({ flags: "A", seq: 1, ack: 1, win: 0 });
    }
    sends({ flags: "A", seq: 1, ack: 1, win: 1_000 });
    expect(lines(await guest.receives())).toEqual(['PA seq=1 ack=1 win=32768 "waiting"']);
  });

  it.each([0, 3])(
    "is where a reset goes, in front of the byte that asks: %i waits",
    async (win) => {
      const { guest, socket, sends, lines } = await open({ win });
      socket.write("waiting");
      await until(
        "the data is here",
        () => guest.network.flows.tcp === 1 && socket.bytesWritten === 7,
      );
      await guest.settle();
      if (win > 0) sends({ flags: "A", seq: 1, ack: 1 + win, win: 0 });
      await guest.after(60_000);
      await guest.receives();
      socket.resetAndDestroy();
      expect(lines(await guest.awaits())).toEqual([`RA seq=${1 + win} ack=1`]);
    },
  );
});

describe("segments of the guest", () => {
  it("out of order are put in order, and each is answered", async () => {
    const { guest, seen, sends, lines } = await open();
    sends({ flags: "A", seq: 5, ack: 1, data: "efgh" });
    expect(lines(await guest.receives())).toEqual(["A seq=1 ack=1 win=32768"]);
    sends({ flags: "A", seq: 7, ack: 1, data: "ghij" });
    expect(lines(await guest.receives())).toEqual(["A seq=1 ack=1 win=32768"]);
    sends({ flags: "FA", seq: 11, ack: 1 });
    expect(lines(await guest.receives())).toHaveLength(1);
    sends({ flags: "A", seq: 1, ack: 1, data: "abcd" });
    expect(lines(await guest.receives()).at(-1)).toMatch(/^A seq=1 ack=12 /);
    await until("the client has heard", () => seen.ended);
    expect(seen.text).toBe("abcdefghij");
  });

  it("that come twice, or overlap, count once", async () => {
    const { guest, seen, sends, lines } = await open();
    sends({ flags: "A", seq: 1, ack: 1, data: "abc" });
    sends({ flags: "A", seq: 1, ack: 1, data: "abc" });
    sends({ flags: "A", seq: 2, ack: 1, data: "bcde" });
    expect(lines(await guest.receives()).at(-1)).toMatch(/^A seq=1 ack=6 /);
    await until("the client has heard", () => seen.text === "abcde");
  });

  it("beyond the window are cut", async () => {
    const { guest, sends, lines } = await open();
    sends({ flags: "A", seq: 1 + 32_768 * 32, ack: 1, data: "too far" });
    expect(lines(await guest.receives())).toEqual(["A seq=1 ack=1 win=32768"]);
  });

  it("resets count only with the very number (RFC 5961)", async () => {
    const { guest, seen, sends, lines } = await open();
    sends({ flags: "R", seq: 2 });
    expect(lines(await guest.receives())).toEqual(["A seq=1 ack=1 win=32768"]);
    sends({ flags: "S", seq: 9 });
    expect(lines(await guest.receives())).toEqual(["A seq=1 ack=1 win=32768"]);
    sends({ flags: "A", seq: 1, ack: 50 });
    expect(lines(await guest.receives())).toEqual(["A seq=1 ack=1 win=32768"]);
    sends({ flags: "R", seq: 1 });
    await until("the client has heard", () => seen.error === "ECONNRESET");
  });

  it("of no connection are reset, resets are not", async () => {
    const { guest } = await published();
    await guest.awaits();
    const ends = { from: "10.0.2.15:1", to: "93.184.216.34:2" };
    guest.sendsTcp({ ...ends, flags: "A", seq: 5, ack: 9 });
    guest.sendsTcp({ ...ends, flags: "FSA", seq: 5, ack: 9 });
    guest.sendsTcp({ ...ends, flags: "F", seq: 5, data: "x" });
    guest.sendsTcp({ ...ends, flags: "R", seq: 5 });
    expect(await guest.receives()).toEqual([
      "93.184.216.34:2 > 10.0.2.15:1 R seq=9",
      "93.184.216.34:2 > 10.0.2.15:1 R seq=9",
      "93.184.216.34:2 > 10.0.2.15:1 RA seq=0 ack=7",
    ]);
  });
});

describe("a connection of the guest", () => {
  async function server(handler: (socket: Socket) => void = () => undefined): Promise<number> {
    const listening = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("error", () => undefined);
      cleanups.push(() => socket.destroy());
      handler(socket);
    });
    listening.listen(0, "127.0.0.1");
    await once(listening, "listening");
    cleanups.push(() => listening.close());
    return (listening.address() as AddressInfo).port;
  }

  async function script(limits: Partial<UserLimits> = {}) {
    const guest = await ScriptGuest.open({ egress: ["allow:host-loopback"], limits });
    cleanups.push(() => guest.network.close());
    return guest;
  }

  it("is answered when the host is connected; without a scale, none is offered", async () => {
    const port = await server((socket) => socket.end("hi"));
    const guest = await script();
    const [from, to] = ["10.0.2.15:4000", `10.0.2.2:${port}`];
    guest.sendsTcp({ from, to, flags: "S", seq: 100, mss: 1000 });
    expect(await guest.awaits()).toEqual([`${to} > ${from} SA seq=0 ack=101 win=65535 mss=65480`]);
    guest.sendsTcp({ from, to, flags: "A", seq: 101, ack: 1 });
    // Data and end are events of the kernel's: together or not.
    const answer = [...(await guest.awaits()), ...(await guest.receives())].join("\n");
    expect(answer).toContain('PA seq=1 ack=101 win=65535 "hi"');
  });

  it("is asked for again in vain while the host connects", async () => {
    const port = await server();
    const guest = await script();
    const [from, to] = ["10.0.2.15:4000", `10.0.2.2:${port}`];
    guest.sendsTcp({ from, to, flags: "S", seq: 100 });
    guest.sendsTcp({ from, to, flags: "S", seq: 100 });
    expect(await guest.awaits()).toHaveLength(1);
    await guest.after(500);
    expect(await guest.receives()).toEqual([
      `${to} > ${from} SA seq=0 ack=101 win=65535 mss=65480`,
    ]);
  });

  it("gets all the idle time there is, and no more", async () => {
    const port = await server();
    const guest = await script();
    const [from, to] = ["10.0.2.15:4000", `10.0.2.2:${port}`];
    guest.sendsTcp({ from, to, flags: "S", seq: 100 });
    await guest.awaits();
    guest.sendsTcp({ from, to, flags: "A", seq: 101, ack: 1 });
    await guest.after(7_439_000);
    expect(await guest.receives()).toEqual([]);
    await guest.after(2_000);
    expect(await guest.receives()).toEqual([`${to} > ${from} RA seq=1 ack=101`]);
    expect(guest.network.flows.tcp).toBe(0);
  });

  it("over IPv6 reaches the host's loopback as well", async () => {
    const listening = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.end("six");
    });
    listening.listen(0, "::1");
    await once(listening, "listening");
    cleanups.push(() => listening.close());
    const { port } = listening.address() as AddressInfo;
    const guest = await script();
    const [from, to] = ["[fd00::15]:4000", `[fd00::2]:${port}`];
    guest.sendsTcp({ from, to, flags: "S", seq: 100, mss: 1000, scale: 2 });
    expect(await guest.awaits()).toEqual([
      `${to} > ${from} SA seq=0 ack=101 win=65535 mss=65460 scale=5`,
    ]);
    guest.sendsTcp({ from, to, flags: "A", seq: 101, ack: 1 });
    const answer = [...(await guest.awaits()), ...(await guest.receives())].join("\n");
    expect(answer).toContain('PA seq=1 ack=101 win=32768 "six"');
  });

  it("that is not made yet takes one of few places; later ones may ask again", async () => {
    const port = await server();
    const guest = await script({ tcpDialling: 4 });
    const asks = (at: number): void =>
      guest.sendsTcp({
        from: `10.0.2.15:${4000 + at}`,
        to: `10.0.2.2:${port}`,
        flags: "S",
        seq: 1,
      });
    for (let at = 0; at < 5; at++) asks(at);
    expect(await guest.awaits(4)).toHaveLength(4);
    expect(guest.network.counters.tcpRefused).toBe(1);
    // None of the four is established. In time, the oldest gives way.
    await guest.after(5_000);
    await guest.receives();
    asks(4);
    const lines = [...(await guest.awaits(2)), ...(await guest.receives())];
    expect(lines[0]).toBe(`10.0.2.2:${port} > 10.0.2.15:4000 RA seq=1 ack=2`);
    expect(lines.at(-1)).toBe(
      `10.0.2.2:${port} > 10.0.2.15:4004 SA seq=0 ack=2 win=65535 mss=65480`,
    );
    expect(guest.network.flows.tcp).toBe(4);
  });

  it("is one of so many: when all places are taken, only one that rests makes room", async () => {
    const port = await server((socket) => socket.on("data", () => socket.end()).resume());
    const guest = await script({ tcpFlows: 2 });
    const to = `10.0.2.2:${port}`;
    for (const from of ["10.0.2.15:4000", "10.0.2.15:4001"]) {
      guest.sendsTcp({ from, to, flags: "S", seq: 1 });
      await guest.awaits();
      guest.sendsTcp({ from, to, flags: "A", seq: 2, ack: 1 });
    }
    const third = { from: "10.0.2.15:4002", to };
    guest.sendsTcp({ ...third, flags: "S", seq: 1 });
    expect(await guest.receives()).toEqual([]);
    expect(guest.network.counters.tcpRefused).toBe(1);
    // The host ends the first; the guest does, too.
    const first = { from: "10.0.2.15:4000", to };
    guest.sendsTcp({ ...first, flags: "A", seq: 2, ack: 1, data: "x" });
    await until("the server has ended it", () => {
      return guest.network.counters.sentFrames === 6 && guest.network.flows.tcp === 2;
    });
    await guest.awaits(2);
    guest.sendsTcp({ ...first, flags: "FA", seq: 3, ack: 2 });
    await guest.receives();
    guest.sendsTcp({ ...third, flags: "S", seq: 1 });
    expect(await guest.awaits()).toHaveLength(1);
    expect(guest.network.flows.tcp).toBe(2);
  });
});

describe("which address of the guest is knocked at", () => {
  async function knocked(hostAddress: string, ...own: string[]) {
    const guest = await ScriptGuest.open({
      publish: [{ protocol: "tcp", hostAddress, hostPort: 0, guestPort: 80 }],
    });
    cleanups.push(() => guest.network.close());
    for (const from of own) {
      if (from.includes(":")) guest.sendsUdp(`[${from}]:1`, "[fd00::2]:9", "");
      else guest.sendsArp(1, from, from);
    }
    await guest.receives();
    const socket = connect({ port: guest.network.published[0]?.port ?? 0, host: hostAddress });
    cleanups.push(() => socket.destroy());
    socket.on("error", () => undefined);
    await once(socket, "connect");
    const ends = (lines: string[]): string[] =>
      lines
        .filter((line) => line.includes(" S "))
        .map((line) => line.replace(/:\d+ > /, " > ").replace(/ S .*/, ""));
    await until(
      "it is taken notice of",
      () => guest.network.flows.tcp + guest.network.flows.held > 0,
    );
    return { at: async () => ends(await guest.receives()), guest };
  }

  it("one of the client's kind, at once", async () => {
    const four = await knocked("127.0.0.1", "fe80::15", "fd00::15", "10.0.2.15");
    expect(await four.at()).toEqual(["10.0.2.2 > 10.0.2.15:80"]);
    const six = await knocked("::1", "10.0.2.15", "fe80::15", "fd00::15");
    expect(await six.at()).toEqual(["[fd00::2] > [fd00::15]:80"]);
  });

  it("a static one, as well as that of DHCP", async () => {
    const { at } = await knocked("127.0.0.1", "10.0.2.200");
    expect(await at()).toEqual(["10.0.2.2 > 10.0.2.200:80"]);
  });

  it("one of another kind, when nobody listens at the first", async () => {
    const { at, guest } = await knocked("::1", "10.0.2.15", "fd00::15");
    const [line = ""] = (await guest.receives()).filter((one) => one.includes(" S "));
    const to = line.split(" ")[0] ?? "";
    expect(line).toMatch(/ > \[fd00::15\]:80 S /);
    guest.sendsTcp({ from: "[fd00::15]:80", to, flags: "RA", seq: 0, ack: 1 });
    const [second = ""] = await guest.receives();
    expect(second).toMatch(/^10\.0\.2\.2:\d+ > 10\.0\.2\.15:80 S /);
    guest.sendsTcp({
      from: GUEST,
      to: second.split(" ")[0] ?? "",
      flags: "RA",
      seq: 0,
      ack: 1,
    });
    expect(await at()).toEqual([]);
    expect(guest.network.flows.tcp).toBe(0);
  });

  it("one of another kind, after a second", async () => {
    const { at, guest } = await knocked("::1", "10.0.2.15");
    expect(await at()).toEqual([]);
    await guest.after(500);
    expect(await at()).toEqual([]);
    await guest.after(500);
    expect(await at()).toEqual(["10.0.2.2 > 10.0.2.15:80"]);
  });
});

describe("segments that are not what they should be", () => {
  it.each([1, 2, 3])("never throw, and end the connection at worst (seed %i)", async (seed) => {
    const { guest, socket, client, sends } = await open({ win: 60_000 });
    socket.on("data", () => undefined);
    const entropy = new SeededEntropy(seed);
    const roll = (below: number): number => Number(entropy.next() % BigInt(below));
    const near = (base: number): number => base - 8 + roll(16);
    for (let count = 0; count < 3_000; count++) {
      const flags = [..."FSRPA"].filter((flag) => roll(flag === "A" ? 8 : 12) === 0).join("");
      sends({
        flags: roll(10) === 0 ? flags : "A",
        seq: roll(4) === 0 ? roll(2 ** 32) : Math.max(near(1 + count), 0),
        ack: roll(4) === 0 ? roll(2 ** 32) : roll(60),
        win: roll(3) === 0 ? roll(3) : roll(65_536),
        data: new Uint8Array(roll(24)),
      });
      if (count % 64 === 0) {
        if (!socket.destroyed) socket.write("more");
        await guest.after(roll(3_000));
        guest.station.drain();
      }
    }
    await guest.after(1);
    guest.station.drain();
    // Whatever became of it: what the guest asks next gets an answer.
    guest.sendsTcp({ from: "10.0.2.15:9", to: client, flags: "A", seq: 5, ack: 9 });
    expect(await guest.receives()).toContain(`${client} > 10.0.2.15:9 R seq=9`);
    await guest.after(8_000_000);
    expect(guest.network.flows.tcp).toBe(0);
  });
});

describe("clients that wait for the guest", () => {
  async function waiting(clients: number, limits: Partial<UserLimits>, known: boolean) {
    const guest = await ScriptGuest.open({
      publish: [{ protocol: "tcp", hostAddress: "127.0.0.1", hostPort: 0, guestPort: 80 }],
      limits,
    });
    cleanups.push(() => guest.network.close());
    if (known) guest.sendsArp(1, "10.0.2.15", "10.0.2.15");
    await guest.settle();
    const seen = { refused: 0 };
    for (let at = 0; at < clients; at++) {
      const socket = connect({ port: guest.network.published[0]?.port ?? 0, host: "127.0.0.1" });
      cleanups.push(() => socket.destroy());
      socket.on("error", () => seen.refused++);
    }
    return { guest, seen };
  }

  it("are bounded: one more is reset", async () => {
    const { guest, seen } = await waiting(9, { tcpHeld: 8 }, false);
    await until("one is reset", () => seen.refused === 1);
    expect(guest.network.flows.held).toBe(8);
    expect(guest.network.counters.tcpRefused).toBe(1);
  });

  it("are not refused because many come at once: they take turns", async () => {
    const { guest, seen } = await waiting(20, { tcpKnocking: 6 }, true);
    await until("all are there", () => guest.network.flows.held === 14);
    let opened = 0;
    for (let rounds = 0; opened < 20 && rounds < 10; rounds++) {
      const knocks = (await guest.receives()).filter((line) => line.includes(" S "));
      expect(knocks.length).toBeLessThanOrEqual(6);
      opened += knocks.length;
      for (const line of knocks) {
        const [to = ""] = line.split(" ");
        guest.sendsTcp({ from: GUEST, to, flags: "SA", seq: 0, ack: 1 });
      }
    }
    await guest.settle();
    expect(guest.network.counters).toMatchObject({ tcpOpened: 20, tcpRefused: 0 });
    expect(seen.refused).toBe(0);
  });
});
