import {
  existsSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BROADCAST, frame, numberOf, Station, until } from "../testing/frames.js";
import type { NetBackend } from "../types.js";
import { openSwitch, type SwitchLink, type SwitchLinkOptions } from "./client.js";
import { runSwitch } from "./open.js";
import type { SwitchEvent, SwitchServer, SwitchServerOptions } from "./server.js";

let directory: string;
let path: string;
let open: { close(): Promise<void> }[];
let sockets: Socket[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "phantasm-switch-"));
  path = join(directory, "lan.sock");
  open = [];
  sockets = [];
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(open.map((each) => each.close()));
  rmSync(directory, { recursive: true });
});

async function serve(options: SwitchServerOptions = {}): Promise<SwitchServer> {
  const server = await runSwitch(path, options);
  open.push(server);
  return server;
}

async function join_(options: SwitchLinkOptions = {}): Promise<SwitchLink> {
  const link = await openSwitch(path, options);
  open.push(link);
  return link;
}

/** A client that speaks bytes. */
async function raw(): Promise<{ socket: Socket; received: () => Buffer; closed: () => boolean }> {
  const socket = connect(path);
  sockets.push(socket);
  const chunks: Buffer[] = [];
  let closed = false;
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("error", () => {});
  socket.on("close", () => (closed = true));
  await new Promise((resolve) => socket.once("connect", resolve));
  return { socket, received: () => Buffer.concat(chunks), closed: () => closed };
}

function wire(bytes: Uint8Array): Buffer {
  const ethernet = bytes.subarray(10);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(ethernet.length);
  return Buffer.concat([length, ethernet]);
}

const SOMEBODY = Uint8Array.of(2, 0, 0, 0, 0, 0x77);

describe("the socket", () => {
  it("is private to the user and disappears with the switch", async () => {
    const server = await serve();
    expect(lstatSync(path).isSocket()).toBe(true);
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(["lan.sock"]);
    await server.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  it("replaces the socket of a dead process", async () => {
    // Bound, then abandoned without unlink: what kill -9 leaves behind.
    const abandoned = createServer().listen(join(directory, "x"));
    await new Promise((resolve) => abandoned.once("listening", resolve));
    linkSync(join(directory, "x"), path);
    await new Promise((resolve) => abandoned.close(resolve));
    expect(existsSync(path)).toBe(true);
    const link = await join_();
    expect(link.server).not.toBeNull();
    expect((await join_()).server).toBeNull();
  });

  it("leaves the socket of another switch alone when it closes", async () => {
    const first = await serve();
    rmSync(path);
    const second = await serve();
    await first.close();
    expect(existsSync(path)).toBe(true);
    await second.close();
    expect(existsSync(path)).toBe(false);
  });

  it("never replaces a file", async () => {
    writeFileSync(path, "precious");
    await expect(openSwitch(path)).rejects.toThrow(
      `switch ${path}: a file that is not a socket is in the way\nchoose another path, or remove the file`,
    );
    expect(lstatSync(path).size).toBe(8);
  });

  it("says so when the directory is missing, or the path is too long or empty", async () => {
    await expect(openSwitch(join(directory, "no", "lan"))).rejects.toThrow(
      /^switch .*\/no\/lan: .*\/no: no such file or directory$/,
    );
    await expect(openSwitch(`/tmp/${"x".repeat(200)}`)).rejects.toThrow(
      "the path of a unix socket has at most",
    );
    await expect(openSwitch("")).rejects.toThrow("as in switch:/tmp/lan.sock");
  });

  it("takes the longest path the kernel takes", async () => {
    const room = (process.platform === "linux" ? 107 : 103) - directory.length - 1;
    path = join(directory, "s".repeat(room));
    const a = await join_();
    expect(a.server).not.toBeNull();
    expect((await join_()).server).toBeNull();
    await expect(openSwitch(`${path}s`)).rejects.toThrow("at most");
  });

  it("cannot be served twice", async () => {
    await serve();
    await expect(runSwitch(path)).rejects.toThrow(
      `switch ${path}: a switch runs there already\nattach images to it with --net NAME=switch:${path}`,
    );
  });
});

describe("the switch", () => {
  it("reports who joins and leaves, and counts", async () => {
    const events: SwitchEvent[] = [];
    const server = await serve({ onEvent: (event) => events.push(event) });
    const a = new Station(await join_());
    const b = new Station(await join_());
    a.link.send(frame(BROADCAST, a.link.mac, 1));
    expect(await b.expect(1)).toHaveLength(1);
    b.link.send(frame(a.link.mac, b.link.mac, 2));
    expect(await a.expect(1)).toHaveLength(1);
    expect(server.counters).toMatchObject({
      frames: 2,
      bytes: 120,
      floodedFrames: 1,
      droppedFrames: 0,
    });
    expect(server.addresses).toBe(2);
    expect(server.ports.map(({ counters }) => counters.receivedFrames)).toEqual([1, 1]);
    await b.link.close();
    await until("two joins and a leave", () => events.length === 3);
    expect(server.ports.map(({ id }) => id)).toEqual([1]);
    expect(server.addresses).toBe(1);
    expect(events).toEqual([
      { type: "joined", port: 1, ports: 1 },
      { type: "joined", port: 2, ports: 2 },
      { type: "left", port: 2, ports: 1, reason: null },
    ]);
  });

  it.each([
    ["an HTTP request", Buffer.from("GET / HTTP/1.1\r\n\r\n"), 0x47455420],
    ["an empty frame", Buffer.alloc(4), 0],
    ["a frame too long", Buffer.from([0, 1, 0, 14]), 65_550],
  ])("disconnects a client that sends %s, says why, and goes on", async (_, bytes, length) => {
    const events: SwitchEvent[] = [];
    await serve({ onEvent: (event) => events.push(event) });
    const a = new Station(await join_());
    const b = new Station(await join_());
    const bad = await raw();
    bad.socket.write(Buffer.concat([wire(frame(BROADCAST, SOMEBODY, 5)), bytes]));
    await until("the disconnection", bad.closed);
    await until("the event", () => events.some(({ type }) => type === "left"));
    expect(events.at(-1)).toEqual({
      type: "left",
      port: 3,
      ports: 2,
      reason: `it announced a frame of ${length} bytes; a frame has 14 to 65549`,
    });
    expect((await a.expect(1)).map(numberOf)).toEqual([5]);
    a.link.send(frame(BROADCAST, a.link.mac, 6));
    expect((await b.expect(2)).map(numberOf)).toEqual([5, 6]);
  });

  it("forgets half a frame of a client that goes away", async () => {
    await serve();
    const a = new Station(await join_());
    const half = await raw();
    half.socket.end(wire(frame(BROADCAST, SOMEBODY, 1)).subarray(0, 30));
    const whole = await raw();
    whole.socket.write(wire(frame(BROADCAST, SOMEBODY, 2)));
    expect((await a.expect(1)).map(numberOf)).toEqual([2]);
  });

  it("bounds what waits for a client that does not read, and serves the others", async () => {
    const server = await serve();
    const slow = await raw();
    slow.socket.pause();
    const a = new Station(await join_());
    const b = new Station(await join_());
    const total = 4000;
    const got: number[] = [];
    for (let number = 0; number < total; number++) {
      expect(a.link.send(frame(BROADCAST, a.link.mac, number, 1500))).toBe(true);
      if (number % 64 !== 63 && number !== total - 1) continue;
      await until(`frame ${number}`, () => {
        got.push(...b.drain().map(numberOf));
        return got.length === number + 1;
      });
    }
    const [behind, , receiver] = server.ports;
    expect(receiver!.counters.droppedFrames).toBe(0);
    expect(behind!.counters.droppedFrames).toBe(server.counters.droppedFrames);
    expect(behind!.counters.droppedFrames + behind!.counters.sentFrames).toBe(total);
    // 1 MiB here and what the kernel's own buffer takes.
    expect(behind!.counters.sentBytes).toBeLessThan(2.5 * 2 ** 20);
    // What it then gets is whole frames.
    slow.socket.resume();
    const expected = behind!.counters.sentFrames * 1518;
    await until("the rest", () => slow.received().length === expected);
  });

  it("disconnects one client too many", async () => {
    const events: SwitchEvent[] = [];
    await serve({ portsMax: 1, onEvent: (event) => events.push(event) });
    await join_();
    const extra = await raw();
    await until("the disconnection", extra.closed);
    expect(events.at(-1)).toEqual({ type: "refused", reason: "all 1 ports are taken" });
  });

  it("carries 100 000 frames in order, each step in few writes", async () => {
    await serve();
    const a = new Station(await join_());
    const b = new Station(await join_());
    b.link.send(frame(BROADCAST, b.link.mac, 0));
    await a.expect(1);
    const total = 100_000;
    const bytes = frame(b.link.mac, a.link.mac, 0);
    const number = new DataView(bytes.buffer, 24);
    let next = 0;
    for (let sent = 0; sent < total;) {
      for (let i = 0; i < 500; i++) {
        number.setUint32(0, sent++);
        expect(a.link.send(bytes)).toBe(true);
      }
      await until(`${sent} frames`, () => {
        for (let got = b.take(); got !== null; got = b.take()) {
          if (numberOf(got) !== next) throw new Error(`frame ${numberOf(got)} instead of ${next}`);
          next++;
        }
        return next === sent;
      });
    }
    expect(next).toBe(total);
  });
});

describe("a device", () => {
  it("drops frames longer than its MTU and counts them", async () => {
    const a = new Station(await join_({ mtu: 9000 }));
    const b = new Station(await join_());
    a.link.send(frame(BROADCAST, a.link.mac, 1, 9000));
    a.link.send(frame(BROADCAST, a.link.mac, 2, 9001));
    a.link.send(frame(BROADCAST, a.link.mac, 3, 1500));
    expect((await b.expect(1)).map(numberOf)).toEqual([3]);
    expect(b.link.counters.droppedFrames).toBe(1);
    expect(a.link.counters).toMatchObject({ sentFrames: 2, droppedFrames: 1 });
  });

  it("pauses a sender it cannot follow, and loses nothing of what the switch could queue", async () => {
    // A peer that is no switch and so never drops: everything it writes must come through.
    const total = 5000;
    let written = 0;
    let stuck = 0;
    const peer = createServer((socket) => {
      sockets.push(socket);
      const write = (): void => {
        while (written < total) {
          if (!socket.write(wire(frame(BROADCAST, SOMEBODY, written++, 1500)))) {
            stuck++;
            socket.once("drain", write);
            return;
          }
        }
      };
      write();
    }).listen(path);
    await new Promise((resolve) => peer.once("listening", resolve));
    const link = await join_({ reconnect: false });
    const station = new Station(link);
    await until("a wake-up", () => station.wakes > 0);
    let before = -1;
    while (written !== before) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(stuck).toBeGreaterThan(0);
    expect(written).toBeLessThan((2 * 2 ** 20) / 1518);
    expect((await station.expect(total)).map(numberOf)).toEqual(
      Array.from({ length: total }, (_, i) => i),
    );
    peer.close();
  });

  /** A device whose peer reads nothing until it is told to, and then counts. */
  async function deaf(): Promise<{ link: SwitchLink; station: Station; read: () => () => number }> {
    const accepted = new Promise<Socket>((resolve) => {
      const peer = createServer({ pauseOnConnect: true }, (socket) => {
        peer.close();
        sockets.push(socket);
        resolve(socket);
      }).listen(path);
    });
    await until("the listener", () => existsSync(path));
    const link = await join_();
    const socket = await accepted;
    const read = (): (() => number) => {
      let bytes = 0;
      socket.on("data", (chunk: Buffer) => (bytes += chunk.length));
      socket.resume();
      return () => bytes;
    };
    return { link, station: new Station(link), read };
  }

  /** Sends, with turns between, until there is no room; the frames that were accepted. */
  async function fill(link: SwitchLink): Promise<number> {
    let sent = 0;
    while (link.send(frame(BROADCAST, link.mac, sent, 1500))) {
      if (++sent % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return sent;
  }

  it("answers no room to a guest whose switch does not read, and wakes it when it does", async () => {
    const { link, station, read } = await deaf();
    const sent = await fill(link);
    expect(sent * 1518).toBeGreaterThan(0.9 * 2 ** 20);
    expect(sent * 1518).toBeLessThan(2 * 2 ** 20);
    await new Promise((resolve) => setImmediate(resolve));
    const { wakes } = station;
    const bytes = read();
    await until("a wake-up", () => station.wakes > wakes);
    expect(link.send(frame(BROADCAST, link.mac, sent, 1500))).toBe(true);
    await until("all frames", () => bytes() === (sent + 1) * 1518);
    expect(link.counters).toMatchObject({ sentFrames: sent + 1, droppedFrames: 0 });
  });

  it("wakes a guest that waits for room when the switch goes away", async () => {
    const { link, station } = await deaf();
    await fill(link);
    await new Promise((resolve) => setImmediate(resolve));
    const { wakes } = station;
    sockets[0]?.destroy();
    await until("a wake-up", () => station.wakes > wakes);
    expect(link.send(frame(BROADCAST, link.mac, 1))).toBe(true);
  });

  it("hands over what it had accepted when it closes, behind a write that is stuck", async () => {
    const { link, read } = await deaf();
    const sent = await fill(link);
    const closing = link.close();
    const bytes = read();
    await closing;
    await until("all frames", () => bytes() === sent * 1518);
  });

  it("closes in time when the switch never reads", async () => {
    const { link } = await deaf();
    await fill(link);
    const started = performance.now();
    await link.close();
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it("writes all frames of a step at once", async () => {
    const chunks: number[] = [];
    const peer = createServer((socket) => {
      sockets.push(socket);
      socket.on("data", (chunk) => chunks.push(chunk.length));
    }).listen(path);
    await new Promise((resolve) => peer.once("listening", resolve));
    const link = await join_();
    for (let number = 0; number < 64; number++) link.send(frame(BROADCAST, link.mac, number));
    await until("the frames", () => chunks.length > 0);
    expect(chunks).toEqual([64 * 64]);
    peer.close();
  });

  it("ends, with the reason, when the other side does not speak the framing", async () => {
    const peer = createServer((socket) => {
      sockets.push(socket);
      socket.write(Buffer.concat([wire(frame(BROADCAST, SOMEBODY, 1)), Buffer.from("SSH-2.0-")]));
    }).listen(path);
    await new Promise((resolve) => peer.once("listening", resolve));
    const link = await join_();
    const station = new Station(link);
    expect(await station.expect(1)).toHaveLength(1);
    await until("the end", () => (station.drain(), link.gone));
    expect(link.reason).toBe("it announced a frame of 1397966893 bytes; a frame has 14 to 65549");
    peer.close();
  });

  it("ends with the switch when it was told not to look for another", async () => {
    const server = await serve();
    const link = await join_({ reconnect: false });
    const station = new Station(link);
    const { wakes } = station;
    await server.close();
    await until("the end", () => link.gone);
    expect(link.reason).toBe("the switch has gone away");
    await until("a wake-up", () => station.wakes > wakes);
  });

  it("keeps the cable in when the switch leaves: one becomes the new switch", async () => {
    const owner = await join_();
    const others = [await join_(), await join_(), await join_()].map((link) => new Station(link));
    expect(owner.server).not.toBeNull();
    await owner.close();
    const links = others.map(({ link }) => link as SwitchLink);
    await until("one wire again", () => {
      const server = links.find((link) => link.server !== null)?.server;
      return server?.ports.length === 3;
    });
    const [a, b, c] = others as [Station, Station, Station];
    a.link.send(frame(BROADCAST, a.link.mac, 9));
    expect((await b.expect(1)).map(numberOf)).toEqual([9]);
    expect((await c.expect(1)).map(numberOf)).toEqual([9]);
    expect(others.map(({ link }) => link.gone)).toEqual([false, false, false]);
  });

  it("drops and counts while the switch is away, and still hands over what had come", async () => {
    const server = await serve();
    const link = await join_();
    const station = new Station(link);
    const peer = await raw();
    peer.socket.write(wire(frame(BROADCAST, SOMEBODY, 4)));
    await until("a frame", () => station.wakes > 0);
    await server.close();
    await until("the loss", () => !link.connected);
    expect(link.send(frame(BROADCAST, link.mac, 1))).toBe(true);
    expect(link.counters).toMatchObject({ sentFrames: 0, droppedFrames: 1 });
    expect(station.drain().map(numberOf)).toEqual([4]);
    await until("a switch of its own", () => link.connected && link.server !== null);
  });

  it("takes the frames of the old switch first, then those of the new one", async () => {
    const server = await serve();
    const station = new Station(await join_());
    const before = await raw();
    before.socket.write(wire(frame(BROADCAST, SOMEBODY, 1)));
    await until("a frame", () => station.wakes > 0);
    await server.close();
    const link = station.link as SwitchLink;
    await until("a switch of its own", () => link.connected && link.server !== null);
    const after = await raw();
    after.socket.write(wire(frame(BROADCAST, SOMEBODY, 2)));
    const { wakes } = station;
    await until("another frame", () => station.wakes > wakes);
    expect(station.drain().map(numberOf)).toEqual([1, 2]);
    after.socket.write(wire(frame(BROADCAST, SOMEBODY, 3)));
    expect((await station.expect(1)).map(numberOf)).toEqual([3]);
  });

  it("ends, with the reason, when there is no way back", async () => {
    const server = await serve();
    const link = await join_();
    rmSync(directory, { recursive: true });
    await server.close();
    await until("the end", () => link.gone);
    expect(link.reason).toMatch(/no such file or directory$/);
    directory = mkdtempSync(join(tmpdir(), "phantasm-switch-"));
  });

  it("closes promptly while it looks for a switch", async () => {
    const server = await serve();
    const link: NetBackend = await join_();
    await Promise.all([server.close(), link.close()]);
    expect(link.gone).toBe(true);
    expect(readdirSync(directory)).toEqual([]);
  });
});
