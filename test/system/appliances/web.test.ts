/** examples/web, as its README tells to run it: with Node's own client, raw sockets, and curl where it is there. */
import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, get, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtImage } from "../../support/built.js";
import { Running } from "../../support/running.js";

const WEB = fileURLToPath(new URL("../../../examples/web/", import.meta.url));
const INDEX = readFileSync(join(WEB, "htdocs/index.html"));
const HAS_CURL = spawnSync("curl", ["--version"]).status === 0;

let running: Running;
let port = 0;

beforeAll(async () => {
  await builtImage(WEB);
  running = new Running(["examples/web", "-p", "0:80", "--", "--log"]);
  port = await running.port(80);
  // The host listens before the image does.
  for (let attempt = 0; ; attempt++)
    try {
      await ask("/");
      return;
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
}, 600_000);

afterAll(async () => {
  await running.stop();
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

async function ask(
  path: string,
  headers: Record<string, string> = {},
  agent?: Agent,
): Promise<Answer> {
  const request = get({ host: "127.0.0.1", port, path, headers, ...(agent && { agent }) });
  const [message] = (await once(request, "response")) as [IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of message) pieces.push(piece as Buffer);
  return { status: message.statusCode, headers: message.headers, body: Buffer.concat(pieces) };
}

/** Sends bytes as they are, and returns what came back until the other side closed. */
async function say(text: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  let heard = "";
  socket.setEncoding("latin1").on("data", (piece: string) => (heard += piece));
  socket.write(text, "latin1");
  await once(socket, "end");
  socket.end();
  return heard;
}

describe("files", () => {
  test("as they are, and compressed", async () => {
    const plain = await ask("/");
    expect(plain.status).toBe(200);
    expect(plain.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(plain.headers.vary).toBe("Accept-Encoding");
    expect(plain.body.equals(INDEX)).toBe(true);
    const gzip = await ask("/", { "accept-encoding": "gzip" });
    expect(gzip.headers["content-encoding"]).toBe("gzip");
    expect(gunzipSync(gzip.body).equals(INDEX)).toBe(true);
    const other = await ask("/index.html", { "accept-encoding": "br, gzip;q=0.5" });
    expect(other.headers["content-encoding"]).toBe("gzip");
  });

  test("if they have changed, and in parts", async () => {
    const { headers } = await ask("/");
    const etag = headers.etag ?? "";
    expect((await ask("/", { "if-none-match": etag })).status).toBe(304);
    expect((await ask("/", { "if-match": '"other"' })).status).toBe(412);
    const part = await ask("/", { range: "bytes=2-8" });
    expect(part.status).toBe(206);
    expect(part.body.equals(INDEX.subarray(2, 9))).toBe(true);
    expect((await ask("/", { range: "bytes=99999-" })).status).toBe(416);
  });

  test("that are not there", async () => {
    expect((await ask("/none")).status).toBe(404);
    expect(await say("GET /../../etc/passwd HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 404 /);
  });
});

describe("connections", () => {
  test("are used again", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let round = 0; round < 50; round++)
      expect((await ask("/icon.svg", {}, agent)).status).toBe(200);
    agent.destroy();
  });

  test("by the hundred", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 300 });
    const answers = await Promise.all(
      Array.from({ length: 1500 }, () => ask("/style.css", {}, agent)),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    agent.destroy();
  });

  test("take requests that come together, and in pieces", async () => {
    const one = "GET /icon.svg HTTP/1.1\r\nHost: a\r\n\r\n";
    const heard = await say(
      one.repeat(20) + one.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"),
    );
    expect(heard.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(21);
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.setNoDelay(true);
    for (const character of one) socket.write(character);
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    socket.destroy();
  });

  test("end with what is no request, after the answer", async () => {
    for (const [text, status] of [
      ["\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", 400],
      ["GET / HTTP/1.1\r\n\r\n", 400],
      ["GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505],
      [`GET /${"x".repeat(9000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
      [`GET / HTTP/1.1\r\nHost: a\r\nX: ${"y".repeat(20_000)}\r\n\r\n`, 431],
      [
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        400,
      ],
    ] as const)
      expect(await say(text)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });
});

test("the log has a line for each", async () => {
  await ask("/logged?yes");
  await running.saw(/\d+\.\d+\.\d+\.\d+ - - \[[^\]]+\] "GET \/logged\?yes HTTP\/1\.1" 404 \d+\n/);
  await say("HEAD /refused HTTP/1.1\r\n\r\n");
  await running.saw(/ "HEAD \/refused HTTP\/1\.1" 400 -\n/);
});

describe.skipIf(!HAS_CURL)("curl", () => {
  const curl = async (...words: string[]): Promise<string> =>
    (await promisify(execFile)("curl", ["-sS", "-m", "20", ...words], { encoding: "latin1" }))
      .stdout;
  const url = (path: string): string => `http://127.0.0.1:${port}${path}`;

  test("gets files, compressed and in parts, over one connection", async () => {
    expect(await curl("--compressed", url("/"))).toBe(INDEX.toString("latin1"));
    expect(await curl("-r", "0-4", url("/"))).toBe(INDEX.toString("latin1", 0, 5));
    const words = ["-o", "/dev/null", "-w", "%{http_code} %{num_connects}\n"];
    expect(await curl(...words, ...words.slice(0, 2), url("/"), url("/style.css"))).toBe(
      "200 1\n200 0\n",
    );
  });

  test("sees what is wrong", async () => {
    expect(await curl("-I", url("/none"))).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
    const code = ["-o", "/dev/null", "-w", "%{http_code}"];
    expect(await curl(...code, "-X", "DELETE", url("/"))).toBe("405");
    expect(await curl(...code, "--path-as-is", url("/../x"))).toBe("404");
    expect(await curl(...code, "-0", url("/"))).toBe("200");
  });
});
