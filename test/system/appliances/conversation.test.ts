/** WebSocket, fibres that answer, and the client, with Node at the other end. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtImage } from "../../support/built.js";
import { Running } from "../../support/running.js";

const FOLDER = "test/system/appliances/conversation";
const asked: string[] = [];
const connections = new Set<number | undefined>();

/** Redirects once, and answers in chunks. */
const server = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  connections.add(request.socket.remotePort);
  if (request.url === "/from") {
    response.writeHead(302, { location: "to?x=1" }).end("elsewhere");
    return;
  }
  let content = "";
  request.setEncoding("utf8").on("data", (text: string) => (content += text));
  request.on("end", () => {
    response.write(`${request.method} ${content} `);
    response.end("z".repeat(50_000));
  });
});

let running: Running;
let port = 0;

beforeAll(async () => {
  await builtImage(fileURLToPath(new URL("conversation", import.meta.url)));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port: there } = server.address() as AddressInfo;
  running = new Running([
    FOLDER,
    "-p",
    "0:80",
    "--egress",
    `allow:host-loopback:${there}`,
    "--",
    `--url=http://10.0.2.2:${there}/from`,
  ]);
  port = await running.port(80);
}, 600_000);

afterAll(async () => {
  await running.stop();
  server.close();
});

test("the client follows a redirect and keeps its connection", async () => {
  await running.saw(/^0 200 50005\n0 200 50005\n0 200 GET/m);
  expect(asked).toEqual([
    "GET /from",
    "GET /to?x=1",
    "GET /from",
    "GET /to?x=1",
    "POST /from",
    "GET /to?x=1",
  ]);
  expect(connections.size).toBe(1);
});

test("a fibre answers, in chunks", async () => {
  const body = "y".repeat(100_000);
  const answer = await fetch(`http://127.0.0.1:${port}/mirror`, { method: "POST", body });
  expect(await answer.text()).toBe(`${body} indeed`);
});

/** A frame as a client sends it. */
function frame(opcode: number, payload: Buffer): Buffer {
  const mask = Buffer.from([1, 2, 3, 4]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(payload.length));
  const [kind, size] =
    payload.length < 126
      ? [payload.length, Buffer.alloc(0)]
      : payload.length < 65_536
        ? [126, length.subarray(6)]
        : [127, length];
  const masked = payload.map((byte, index) => byte ^ (mask[index & 3] ?? 0));
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | kind]), size, mask, masked]);
}

/** What a socket has brought, taken in pieces of any size. */
class Inbox {
  #bytes = Buffer.alloc(0);
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    socket.on("data", (piece: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, piece]);
      this.#wake();
    });
  }

  async take(bytes: number): Promise<Buffer> {
    while (this.#bytes.length < bytes) await new Promise<void>((resolve) => (this.#wake = resolve));
    const taken = this.#bytes.subarray(0, bytes);
    this.#bytes = this.#bytes.subarray(bytes);
    return taken;
  }
}

async function message(inbox: Inbox): Promise<[number, Buffer]> {
  const [first = 0, second = 0] = await inbox.take(2);
  let length = second;
  if (second === 126) length = (await inbox.take(2)).readUInt16BE();
  if (second === 127) length = Number((await inbox.take(8)).readBigUInt64BE());
  return [first, await inbox.take(length)];
}

test("a WebSocket sends messages of every size back", async () => {
  const key = Buffer.alloc(16, 7).toString("base64");
  const socket = connect(port, "127.0.0.1");
  const inbox = new Inbox(socket);
  socket.write(
    "GET /echo HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  );
  let head = "";
  while (!head.endsWith("\r\n\r\n")) head += (await inbox.take(1)).toString("latin1");
  expect(head).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
  const accept = createHash("sha1")
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  expect(head).toContain(`Sec-WebSocket-Accept: ${accept}\r\n`);
  expect((await message(inbox))[1].toString()).toBe("welcome");
  for (const bytes of [0, 1, 125, 126, 65_535, 65_536, 300_000]) {
    socket.write(frame(2, Buffer.alloc(bytes, bytes & 255)));
    const [first, payload] = await message(inbox);
    expect(first).toBe(0x82);
    expect(payload.equals(Buffer.alloc(bytes, bytes & 255))).toBe(true);
  }
  socket.write(frame(1, Buffer.from("grüße 🎉")));
  expect((await message(inbox))[1].toString()).toBe("grüße 🎉");
  socket.write(frame(8, Buffer.from([0x0f, 0xa1])));
  expect(await message(inbox)).toEqual([0x88, Buffer.from([0x0f, 0xa1])]);
  await once(socket, "end");
  socket.end();
});
