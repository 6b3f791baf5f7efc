/** A flood that comes while a small memory is full: nothing ends of it, and afterwards all are served again. */
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtImage } from "../../support/built.js";
import { answersIn, exchangeRaw } from "../../support/raw-http.js";
import { Running } from "../../support/running.js";

const CLIENTS = 300;
const LARGE_BYTES = 100 << 10;
const GET = "GET /large HTTP/1.1\r\nHost: a\r\n";

let running: Running;
let port = 0;

beforeAll(async () => {
  await builtImage(fileURLToPath(new URL("flooded", import.meta.url)));
  running = new Running(["test/system/appliances/flooded", "--stats", "-p", "0:80"]);
  port = await running.port(80);
}, 600_000);

afterAll(async () => {
  await running.stop();
});

/** The answer that somebody gets who reads it; undefined: none. */
async function served(head: string) {
  const heard = await exchangeRaw(port, `${head}Connection: close\r\n\r\n`).catch(() => "");
  return answersIn(heard, ["GET"])[0];
}

/** A client that says a lot and reads nothing, and comes again when it is thrown out. */
function greedy(words: string, isWanted: () => boolean): Socket {
  const socket = connect(port, "127.0.0.1", () => socket.write(words));
  socket.on("error", () => undefined);
  socket.on("close", () => {
    if (isWanted()) setTimeout(() => isWanted() && sockets.add(greedy(words, isWanted)), 50);
  });
  return socket;
}

const sockets = new Set<Socket>();

test("the image lives on, and serves again when there is room", async () => {
  expect((await served(GET))?.body.length).toBe(LARGE_BYTES);
  expect((await served("GET /fill HTTP/1.1\r\nHost: a\r\n"))?.status).toBe(200);
  await running.saw(/full\n/);
  let isFlood = true;
  for (let index = 0; index < CLIENTS; index++) {
    const post = `POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n${"x".repeat(50_000)}`;
    sockets.add(greedy(index % 2 === 0 ? `${GET}\r\n`.repeat(20) : post, () => isFlood));
  }
  await running.saw(/empty\n/);
  isFlood = false;
  for (const socket of sockets) socket.resetAndDestroy();
  let answer = await served(GET);
  for (let attempt = 0; attempt < 50 && answer?.status !== 200; attempt++) {
    await sleep(100);
    answer = await served(GET);
  }
  expect(answer?.body.length).toBe(LARGE_BYTES);
  const { status, stderr } = await running.stop();
  expect(status, stderr).toBe(0);
});
