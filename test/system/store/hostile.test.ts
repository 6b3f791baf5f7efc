/** Clients that mean harm, against a store in an image with too little memory: it lives, refuses, and serves others. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { builtImage } from "../../support/built.js";
import { Running } from "../../support/running.js";
import { Chance } from "./commands.js";
import { RespClient, encode } from "./resp.js";

const CLIENTS = 700;
const OPENED_AT_ONCE = 50;
/** On a machine with much else to do. */
const HEARD_MS_MAX = 15_000;
const SEED = Number(process.env["PHANTASM_SEED"] ?? 1);
const OOM = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
/** The heap after all of it, of 64 MiB: TCP keeps what it once had, 28 MiB at most, and the collector is not done. */
const HEAP_KIB_MAX = 48 << 10;

let running: Running;
let port = 0;
let other: RespClient;
const opened: Socket[] = [];

beforeAll(async () => {
  await builtImage(fileURLToPath(new URL("tight", import.meta.url)));
  running = new Running(["test/system/store/tight", "--stats", "-p", "0:6379"]);
  await running.saw(/Ready/);
  port = await running.port(6379);
}, 600_000);

beforeEach(async () => {
  other = await RespClient.open(port);
});

/** Whatever a case left behind, the next one finds an empty store, and nobody else. */
afterEach(async () => {
  for (const socket of opened.splice(0)) socket.resetAndDestroy();
  expect(await other.ask("FLUSHALL")).toBe("+OK\r\n");
  // Some are on their way still.
  for (let tries = 0; tries < 100 && (await counted("connected_clients")) > 1; tries++) {
    await other.ask("CLIENT", "KILL", "TYPE", "normal");
    await other.ask("CLIENT", "KILL", "TYPE", "pubsub");
    await sleep(20);
  }
  other.close();
});

async function counted(name: string): Promise<number> {
  const info = await other.ask("INFO");
  return Number(new RegExp(`${name}:(\\d+)`).exec(info)?.[1] ?? Number.NaN);
}

async function isServed(): Promise<boolean> {
  return (await other.ask("PING")) === "+PONG\r\n";
}

/** Clients that have said something; they read only if they are told to. */
async function clients(count: number, words: string | Buffer): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count)
    sockets.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(OPENED_AT_ONCE, count - sockets.length) }, async () => {
          const socket = connect(port, "127.0.0.1").on("error", () => undefined);
          opened.push(socket);
          await once(socket, "connect");
          socket.write(words);
          return socket;
        }),
      )),
    );
  return sockets;
}

/** What one hears who says something, until the other end closes, or that is in it. */
async function heard(words: string | Buffer, end?: RegExp): Promise<string> {
  const [socket] = await clients(1, words);
  if (socket === undefined) return "";
  let text = "";
  socket.setEncoding("latin1").on("data", (more: string) => (text += more));
  const deadline = Date.now() + HEARD_MS_MAX;
  while (!socket.closed && end?.test(text) !== true && Date.now() < deadline) await sleep(20);
  socket.destroy();
  return text;
}

/** The reply to a client of its own, which may be closed for what it asks. */
async function asked(...words: string[]): Promise<string> {
  const client = await RespClient.open(port);
  const reply = await client.ask(...words);
  client.close();
  return reply;
}

describe("requests", () => {
  const HUGE = ["9223372036854775807", "9223372036854775808", "-9223372036854775808", "4294967296"];
  const broken = [
    ...HUGE.map((length) => `*1\r\n$${length}\r\n`),
    "*1\r\n$-1\r\n",
    "*1\r\n$-2147483648\r\n",
    "*2\r\n*1\r\n$4\r\nPING\r\n",
    "*1\r\n%1\r\n",
    "*1\r\n$4\r\nPING\r\n*1\r\n$8388609\r\n",
    "*1048577\r\n",
    "*9223372036854775808\r\n",
    "x".repeat(100_000),
    `*${"1".repeat(100_000)}`,
    "'never closed\r\n",
  ];
  test("that are broken are answered with a protocol error, and end their client", async () => {
    const before = await counted("malformed_requests");
    const replies = await Promise.all(broken.map((words) => heard(words, /-ERR .*\r\n/)));
    for (const [index, reply] of replies.entries())
      expect(reply, broken[index]?.slice(0, 60)).toMatch(/^(\+PONG\r\n)?-ERR Protocol error: /);
    expect((await counted("malformed_requests")) - before).toBe(broken.length);
  });

  test(`of noise (seed ${SEED})`, async () => {
    const chance = new Chance(SEED);
    const parts = ["*", "$", "\r\n", "-1", "3", "GET", "SET", "\0", "\xff", "MULTI\r\n", '"'];
    await clients(
      100,
      Buffer.from(Array.from({ length: 500 }, () => chance.of(parts)).join(""), "latin1"),
    );
    for (let i = 0; i < 40; i++)
      await clients(1, Buffer.from(Array.from({ length: 3_000 }, () => chance.below(256))));
    expect(await isServed()).toBe(true);
  });

  test("that are announced, and never come, cost nothing", async () => {
    await clients(300, "*1048576\r\n$3\r\nSET\r\n$1\r\na\r\n$8388608\r\nx");
    expect(await counted("waiting_request_bytes")).toBeLessThan(300 * 2_000);
    expect(await isServed()).toBe(true);
  });

  test("that come a byte at a time, from hundreds: others are served", async () => {
    const slow = await clients(400, "*2\r\n$4\r\nECHO\r\n$40\r\n");
    for (let round = 0; round < 10; round++) {
      for (const socket of slow) socket.write("x");
      expect(await isServed()).toBe(true);
      await sleep(50);
    }
    expect(slow.filter((socket) => socket.destroyed)).toEqual([]);
  });

  test("that are large and never finished: who is stalled goes, others are served", async () => {
    const half = `*2\r\n$3\r\nDEL\r\n$8000000\r\n${"x".repeat(2_000_000)}`;
    await clients(30, half);
    await sleep(1_200);
    expect(await isServed()).toBe(true);
    expect(await other.ask("SET", "a", "y".repeat(1_000_000))).toBe("+OK\r\n");
    expect(await counted("waiting_request_bytes")).toBeLessThan(32 << 20);
  });
});

describe("memory", () => {
  test("that is full refuses what adds to it, and nothing else", async () => {
    const value = "x".repeat(100_000);
    let reply = "";
    let count = 0;
    for (; count < 1_000 && reply !== OOM; count++)
      reply = await other.ask("SET", `k${count}`, value);
    expect(reply).toBe(OOM);
    expect(await other.ask("STRLEN", "k0")).toBe(":100000\r\n");
    expect(await other.ask("GET", "k1")).toBe(`$100000\r\n${value}\r\n`);
    expect(await other.ask("SETRANGE", "new", "8000000", "x")).toBe(OOM);
    expect(await other.ask("SETBIT", "new", "60000000", "1")).toBe(OOM);
    for (const request of [
      ["RPUSH", "list", ...Array.from({ length: 100_000 }, (_, i) => `${i}`)],
      ["SADD", "set", ...Array.from({ length: 100_000 }, (_, i) => `${i}`)],
      ["MSET", ...Array.from({ length: 100_000 }, (_, i) => `key${i}`)],
    ])
      expect(await asked(...request)).toMatch(/^-OOM /);
    expect(await other.ask("DBSIZE")).toBe(`:${count - 1}\r\n`);
    for (let i = 0; i < 40; i++) await other.ask("DEL", `k${i}`);
    expect(await other.ask("SET", "new", value)).toBe("+OK\r\n");
  });

  test("is not what results and replies end the image for", async () => {
    const members = Array.from({ length: 20_000 }, (_, i) => `member${i}`);
    for (let set = 0; set < 8; set++) await other.ask("SADD", `set${set}`, ...members);
    for (let copy = 0; copy < 20; copy++)
      expect([":20000\r\n", OOM]).toContain(await other.ask("SUNIONSTORE", `copy${copy}`, "set0"));
    for (let i = 0; i < 6; i++)
      expect(await other.ask("SUNION", "set0", "set1")).toMatch(/^(\*20000|-OOM|-ERR the reply)/);
    const reply = await other.ask("SET", "big", "x".repeat(2_000_000));
    expect(["+OK\r\n", OOM]).toContain(reply);
    await clients(60, encode(["SMEMBERS", "set0"]).repeat(20));
    await sleep(1_200);
    expect(await isServed()).toBe(true);
  });

  test("is not what many commands at once end it for", async () => {
    const words =
      encode(["MULTI"]) +
      encode(["INFO"]).repeat(20_000) +
      encode(["CONFIG", "GET", "*"]).repeat(20_000) +
      encode(["EXEC"]);
    const [socket] = await clients(1, words);
    socket?.setEncoding("latin1");
    let last = "";
    for await (const text of socket ?? []) {
      // Not all of the reply: that it begins is enough.
      if (/\*40000\r\n|-ERR the reply|-EXECABORT/.test(last + text)) break;
      last = String(text).slice(-20);
    }
    expect(await isServed()).toBe(true);
  });
});

describe("who does not read", () => {
  test("replies of a pipeline has no more of them made", async () => {
    await other.ask("SET", "big", "x".repeat(100_000));
    await clients(100, encode(["GET", "big"]).repeat(500));
    await sleep(300);
    expect(await counted("unsent_reply_bytes")).toBeLessThan(32 << 20);
    expect(await isServed()).toBe(true);
    await sleep(1_200);
    expect(await other.ask("STRLEN", "big")).toBe(":100000\r\n");
  });

  test("messages, or what others do, is closed, and counted", async () => {
    const before = await counted("closed_for_memory");
    const deaf = await clients(30, encode(["SUBSCRIBE", "news"]));
    const watching = await clients(5, encode(["MONITOR"]));
    const listener = await RespClient.open(port);
    await listener.ask("SUBSCRIBE", "news");
    const message = "m".repeat(200_000);
    for (let i = 0; i < 40; i++) {
      expect(await other.ask("PUBLISH", "news", message)).toMatch(/^:\d+\r\n$/);
      expect((await listener.replies(1))[0]?.length).toBeGreaterThan(200_000);
    }
    for (let i = 0; i < 3_000; i += 100)
      other.send(encode(["ECHO", "e".repeat(1_000)]).repeat(100));
    await other.replies(3_000);
    // How much lies in the buffers of TCP, here and there, before anybody is behind, is not known.
    expect(deaf.length + watching.length).toBe(35);
    expect((await counted("closed_for_memory")) - before).toBeGreaterThan(0);
    listener.close();
  });
});

test("of too many clients the last are told so, and those who were there are served", async () => {
  const idle = await clients(CLIENTS - 1, encode(["PING"]));
  for (let tries = 0; tries < 100 && (await counted("connected_clients")) < CLIENTS; tries++)
    await sleep(50);
  const before = await counted("rejected_connections");
  const replies = await Promise.all(Array.from({ length: 20 }, () => heard(encode(["PING"]))));
  for (const reply of replies) expect(reply).toBe("-ERR max number of clients reached\r\n");
  expect((await counted("rejected_connections")) - before).toBe(20);
  expect(await isServed()).toBe(true);
  idle[0]?.resetAndDestroy();
  for (let tries = 0; tries < 100 && (await counted("connected_clients")) === CLIENTS; tries++)
    await sleep(20);
  expect(await heard(encode(["PING"]), /PONG\r\n/)).toBe("+PONG\r\n");
});

test("nothing is left of them", async () => {
  expect(await counted("waiting_request_bytes")).toBe(0);
  expect(await counted("unsent_reply_bytes")).toBe(0);
});

afterAll(async () => {
  const { status, stderr } = await running.stop();
  expect(status, stderr).toBe(0);
  const [, size, unit] = /^ +heap +([\d.]+) ([KM])iB/m.exec(stderr) ?? [];
  expect(Number(size) * (unit === "M" ? 1024 : 1), stderr).toBeLessThan(HEAP_KIB_MAX);
});
