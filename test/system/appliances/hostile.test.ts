/** Clients that mean harm, against a running image: it lives, serves others, and has given back what they took. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtImage } from "../../support/built.js";
import { answersIn, exchangeRaw } from "../../support/raw-http.js";
import { Running } from "../../support/running.js";

const GET = "GET /digits.bin HTTP/1.1\r\nHost: a\r\n";
const RANGES = "Range: bytes=0-1,3-4\r\n\r\n";
const UPGRADE =
  "GET /socket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const OPENED_AT_ONCE = 50;
/** How long somebody waits for his answer while others hoard, on a machine with other things to do. */
const SERVED_MS_MAX = 5_000;
/** What was asked before a flood was over is answered first, and may take so long on a machine with much else to do. */
const QUIET_MS_MAX = 15_000;
/** The heap after all of it, with what the collector has not come to yet; the image may have 16 MiB. */
const HEAP_KIB_MAX = 12_288;

let running: Running;
let port = 0;

beforeAll(async () => {
  await builtImage(fileURLToPath(new URL("served", import.meta.url)));
  running = new Running(["test/system/appliances/served", "--stats", "-p", "0:80", "-p", "0:81"]);
  port = await running.port(81);
  for (let attempt = 0; attempt < 100 && (await served()) !== 200; attempt++) await sleep(100);
}, 600_000);

afterAll(async () => {
  await running.stop();
});

/** The status that somebody else gets meanwhile, from a port of their choice. */
async function served(localPort = 0): Promise<number | undefined> {
  const heard = await exchangeRaw(port, `${GET}Connection: close\r\n\r\n`, QUIET_MS_MAX, localPort);
  return answersIn(heard, ["GET"])[0]?.status;
}

/** Clients that have said something, and read nothing unless they are told to. */
async function clients(count: number, words: string | Buffer): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count)
    sockets.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(OPENED_AT_ONCE, count - sockets.length) }, async () => {
          const socket = connect(port, "127.0.0.1").on("error", () => undefined);
          await once(socket, "connect");
          socket.write(words);
          return socket;
        }),
      )),
    );
  return sockets;
}

function reset(sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.resetAndDestroy();
}

test("a port that is used again and again finds no door shut by what was there before", async () => {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  const { localPort } = socket;
  socket.resetAndDestroy();
  // The image closes first, and keeps each in TIME_WAIT.
  for (let count = 0; count < 20; count++) {
    // The client's own kernel may need a moment to let go of it.
    const status = await served(localPort).catch(() => sleep(200).then(() => served(localPort)));
    expect(status).toBe(200);
  }
});

describe("heads", () => {
  test("with garbage behind them", async () => {
    const garbage = `${`${GET}\r\n`.repeat(50)}\0\x16\x03\r\n`.repeat(3);
    const heard = await Promise.all(
      Array.from({ length: 50 }, () => exchangeRaw(port, garbage, 4_000)),
    );
    const refused = heard.filter((text) => answersIn(text, []).at(-1)?.status === 400);
    expect(refused.length).toBe(50);
    expect(await served()).toBe(200);
  });

  test("that never end: others are served, and they are cut off in time", async () => {
    const slow = await clients(500, `${GET}X: `);
    for (const socket of slow) socket.resume();
    const drip = setInterval(() => {
      for (const socket of slow) if (socket.writable) socket.write("y");
    }, 2_000);
    expect(await served()).toBe(200);
    await sleep(12_500);
    clearInterval(drip);
    expect(slow.filter((socket) => !socket.readableEnded && !socket.destroyed)).toEqual([]);
    expect(await served()).toBe(200);
    reset(slow);
  });
});

test("chunks without end are not read for long", async () => {
  const [socket] = await clients(
    1,
    `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`,
  );
  if (socket === undefined) throw new Error("no client");
  socket.resume();
  const chunk = `1000\r\n${"x".repeat(4_096)}\r\n`;
  let sent = 0;
  while (socket.writable && !socket.readableEnded && sent < 64 << 20) {
    if (!socket.write(chunk)) await Promise.race([once(socket, "drain"), sleep(100)]);
    sent += chunk.length;
  }
  expect(sent).toBeLessThan(64 << 20);
  socket.destroy();
  expect(await served()).toBe(200);
});

describe("answers", () => {
  test("that are reset under way", async () => {
    for (let round = 0; round < 10; round++)
      reset(await clients(50, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n".repeat(3)));
    expect(await served()).toBe(200);
  });

  test("that nobody reads, of many requests at once", async () => {
    // Each has allocations of its own, all in few steps: collections have to come between them.
    const greedy = await clients(300, (GET + RANGES).repeat(2_000));
    await sleep(1_000);
    reset(greedy);
    await sleep(500);
    expect(await served()).toBe(200);
  });

  test("of 100 KiB that nobody reads", async () => {
    const greedy = await clients(300, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n".repeat(50));
    await sleep(1_000);
    reset(greedy);
    await sleep(500);
    expect(await served()).toBe(200);
  });
});

describe("WebSockets", () => {
  test("with large messages that are never finished", async () => {
    const header = Buffer.alloc(14);
    header.set([0x02, 0xff]);
    header.writeBigUInt64BE(1_000_000n, 2);
    const greedy = await clients(
      50,
      Buffer.concat([Buffer.from(UPGRADE), header, Buffer.alloc(900_000)]),
    );
    await sleep(1_000);
    expect(await served()).toBe(200);
    reset(greedy);
  });

  test("that break the rules", async () => {
    for (const frame of [
      "\x81\x01x",
      "\x83\x80\0\0\0\0",
      "\xc1\x80\0\0\0\0",
      "\x89\xfe\xff\xff\0\0\0\0",
    ]) {
      const heard = await exchangeRaw(port, UPGRADE + frame);
      expect(heard.slice(heard.indexOf("\r\n\r\n") + 4)).toBe("\x88\x02\x03\xea");
    }
    expect(await served()).toBe(200);
  });
});

test("a thousand that never read, and hundreds that send content byte by byte: others are served", async () => {
  const deaf = await clients(1_000, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n".repeat(50));
  const slow = await clients(600, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
  const drip = setInterval(() => {
    for (const socket of slow.map((one) => one.resume())) if (socket.writable) socket.write("x");
  }, 500);
  // Nobody is evicted before he has been stalled for a second: until then, 503 may be the answer.
  await sleep(1_500);
  const waits: number[] = [];
  for (let count = 0; count < 20; count++) {
    const start = performance.now();
    expect(await served()).toBe(200);
    waits.push(performance.now() - start);
    await sleep(50);
  }
  clearInterval(drip);
  expect(Math.max(...waits)).toBeLessThan(SERVED_MS_MAX);
  reset(deaf);
  reset(slow);
});

test("nothing is left of them", async () => {
  const { status, stderr } = await running.stop();
  expect(status, stderr).toBe(0);
  // Many were stalled while others wanted what they held.
  expect(stderr).toMatch(/tcp .* evicted [1-9]/);
  const [, size, unit] = /^ +heap +([\d.]+) ([KM])iB/m.exec(stderr) ?? [];
  expect(Number(size) * (unit === "M" ? 1024 : 1), stderr).toBeLessThan(HEAP_KIB_MAX);
});
