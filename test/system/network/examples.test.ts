/** The examples of the network, as their READMEs tell to run them: on the user-mode network, with clients of Node's own. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { builtImage } from "../../support/built.js";
import { Running, type Ended } from "../../support/running.js";

const EXAMPLES = fileURLToPath(new URL("../../../examples/", import.meta.url));
const BUILT = ["udp-echo", "tcp-echo", "chat", "iperf", "http-get", "ping"];

beforeAll(async () => {
  for (const example of BUILT) await builtImage(join(EXAMPLES, example));
}, 600_000);

const started: Running[] = [];

function run(example: string, ...words: readonly string[]): Running {
  const running = new Running([`examples/${example}`, ...words]);
  started.push(running);
  return running;
}

function runToEnd(example: string, ...words: readonly string[]): Promise<Ended> {
  return run(example, ...words).ended;
}

afterEach(async () => {
  for (const running of started.splice(0)) await running.stop();
});

async function open(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

/** Sends everything, closes its side, and returns what came back until the other side closed. */
async function exchange(socket: Socket, bytes: Uint8Array): Promise<Buffer> {
  const pieces: Buffer[] = [];
  socket.on("data", (piece: Buffer) => pieces.push(piece));
  socket.end(bytes);
  await once(socket, "end");
  return Buffer.concat(pieces);
}

/** Bytes that repeat nowhere near. */
function pattern(bytes: number): Buffer {
  const made = Buffer.alloc(bytes);
  for (let at = 0; at + 4 <= bytes; at += 4)
    made.writeUInt32LE(Math.imul(at, 2_654_435_761) >>> 0, at);
  return made;
}

test("udp-echo answers every datagram", async () => {
  const port = await run("udp-echo", "-p", "0:7/udp").port(7, "udp");
  const client = createSocket("udp4");
  try {
    for (const size of [0, 1, 512, 1472, 8000]) {
      const sent = pattern(size);
      // The first may come before the image has an address; datagrams may be lost.
      const answer = once(client, "message");
      const again = setInterval(() => client.send(sent, port, "127.0.0.1"), 200);
      const [message] = (await answer) as [Buffer];
      clearInterval(again);
      expect(message.equals(sent)).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 250));
      client.removeAllListeners("message");
    }
  } finally {
    client.close();
  }
});

describe.each(["fibres", "handlers"])("tcp-echo with %s", (style) => {
  test("sends back every byte, of many connections at once", async () => {
    const port = await run("tcp-echo", "-p", "0:7", "--", `--style=${style}`).port(7);
    // Each larger than what the image, the host and the kernel hold together.
    const sent = pattern(5_000_000);
    const answers = await Promise.all(
      Array.from({ length: 4 }, async () => exchange(await open(port), sent)),
    );
    for (const answer of answers) expect(answer.equals(sent)).toBe(true);
    const small = await Promise.all(
      Array.from({ length: 50 }, async (_, at) => exchange(await open(port), Buffer.from(`${at}`))),
    );
    expect(small.map(String)).toEqual(Array.from({ length: 50 }, (_, at) => `${at}`));
  });
});

test("tcp-echo tells what it counted, and shows its connections", async () => {
  const running = run("tcp-echo", "-p", "0:7", "--stats");
  const socket = await open(await running.port(7));
  socket.write("x");
  await once(socket, "data");
  socket.end();
  await once(socket, "close");
  const { status, stderr } = await running.stop();
  expect(status).toBe(0);
  expect(stderr).toMatch(
    /\n {2}tcp +segments-received \d+, .*bytes-received 1, bytes-sent 1, .*accepted 1/,
  );
  expect(stderr).toMatch(/\n {2}dhcp +sent 2, received 2, leases 1\n/);
});

test("chat passes lines on", async () => {
  const port = await run("chat", "-p", "0:1234").port(1234);
  const guests = [await open(port), await open(port)];
  const [first, second] = guests.map((socket) => createInterface(socket)[Symbol.asyncIterator]());
  const line = async (lines: typeof first): Promise<string> => String((await lines?.next())?.value);
  expect(await line(first)).toMatch(/^You are guest \d; \d in the room\.$/);
  expect(await line(second)).toMatch(/^You are guest \d; \d in the room\.$/);
  // Whoever came first has heard of the other.
  guests[1]?.write("good day\r\nand a second line\n");
  const heard: string[] = [];
  while (heard.length < 2) {
    const next = await line(first);
    if (!next.endsWith("has come.")) heard.push(next);
  }
  expect(heard.map((text) => text.replace(/guest \d/, "guest"))).toEqual([
    "guest: good day",
    "guest: and a second line",
  ]);
  guests[1]?.end();
  expect(await line(first)).toMatch(/^guest \d has gone\.$/);
  guests[0]?.destroy();
});

test("http-get prints a page of the host, which must be allowed", async () => {
  const server = createServer((request, response) => {
    response.end(`the page of ${request.url} at ${request.headers.host}\n`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const words = ["--", "--host=10.0.2.2", `--port=${port}`, "--path=/a", "--timeout=30s"];
  try {
    expect(await runToEnd("http-get", "--egress", `allow:host-loopback:${port}`, ...words)).toEqual(
      { status: 0, stdout: "the page of /a at 10.0.2.2\n", stderr: "" },
    );
    expect(await runToEnd("http-get", ...words)).toEqual({
      status: 1,
      stdout: "http-get: 10.0.2.2: nobody listens there\n",
      stderr: "",
    });
  } finally {
    server.close();
  }
});

test("ping: the gateway answers, nobody else does", async () => {
  const { status, stdout } = await runToEnd("ping", "--", "--count=2", "--interval=100ms");
  expect(stdout.replace(/time=[\d.]+/g, "time=T")).toBe(
    [
      "PING 10.0.2.2: 56 bytes of data",
      "56 bytes from 10.0.2.2: seq=1 ttl=64 time=T ms",
      "56 bytes from 10.0.2.2: seq=2 ttl=64 time=T ms",
      "2 sent, 2 answered",
      "",
    ].join("\n"),
  );
  expect(status).toBe(0);
  const silent = await runToEnd("ping", "--", "--host=10.0.2.77", "--count=1", "--interval=5s");
  expect(silent.status).toBe(1);
  expect(silent.stdout).toContain("1 sent, 0 answered\n");
});

/** Reads single bytes and texts of the control connection of iperf3. */
async function hear(socket: Socket, bytes: number): Promise<Buffer> {
  for (;;) {
    const piece = socket.read(bytes) as Buffer | null;
    if (piece !== null) return piece;
    await once(socket, "readable");
  }
}

function say(socket: Socket, value: unknown): void {
  const text = Buffer.from(JSON.stringify(value));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  socket.write(Buffer.concat([length, text]));
}

test("iperf ends its streams before it asks for results: a client reads one to its end first", async () => {
  const port = await run("iperf", "-p", "0:5201").port(5201);
  const cookie = Buffer.from("abcdefghijklmnopqrstuvwxyz0123456789\0");
  const control = await open(port);
  control.write(cookie);
  expect(await hear(control, 1)).toEqual(Buffer.of(9));
  say(control, { tcp: true, reverse: true, parallel: 1, time: 1 });
  expect(await hear(control, 1)).toEqual(Buffer.of(10));
  const stream = await open(port);
  stream.write(cookie);
  expect(await hear(control, 2)).toEqual(Buffer.of(1, 2));
  let received = 0;
  stream.on("data", (piece: Buffer) => (received += piece.length));
  await once(stream, "data");
  control.write(Buffer.of(4));
  await once(stream, "end");
  expect(await hear(control, 1)).toEqual(Buffer.of(13));
  say(control, { streams: [] });
  const length = (await hear(control, 4)).readUInt32BE();
  const told = JSON.parse((await hear(control, length)).toString()) as {
    streams: { bytes: number }[];
  };
  expect(told.streams.map(({ bytes }) => bytes)).toEqual([received]);
  expect(await hear(control, 1)).toEqual(Buffer.of(14));
  control.destroy();
}, 60_000);
