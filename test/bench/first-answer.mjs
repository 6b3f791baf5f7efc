// Asks a server on loopback until it answers: `http`, `dns` or `resp`.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const ANSWER_MS_MAX = 30_000;
const AGAIN_MS = 2;
/** A datagram may be lost, and one that comes before the server does not always say so. */
const DATAGRAM_AGAIN_MS = 5;
const NOERROR = 0;
const NXDOMAIN = 3;

const ASKS = {
  http: (port) =>
    stream(port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 "),
  dns: datagram,
  resp: (port) => stream(port, "*1\r\n$4\r\nPING\r\n", "+PONG"),
};

/** Ends with the first bytes of the first answer. @param isGone whether there will be none */
export async function firstAnswer(kind, port, isGone = () => false) {
  const end = performance.now() + ANSWER_MS_MAX;
  while (performance.now() < end && !isGone()) {
    if (await ASKS[kind](port)) return;
    await delay(AGAIN_MS);
  }
  throw new Error(`nothing answers at port ${port}`);
}

/** A port that nobody has now, on TCP or UDP. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Whether a connection is answered: `phantasm run` listens before its image does, and holds the client. */
function stream(port, question, beginning) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let heard = "";
    socket.setTimeout(ANSWER_MS_MAX, () => socket.destroy());
    socket.on("connect", () => socket.write(question));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(false));
    socket.setEncoding("latin1").on("data", (text) => {
      heard += text;
      if (heard.length < beginning.length) return;
      resolve(heard.startsWith(beginning));
      socket.destroy();
    });
  });
}

/** Of the zone of the benchmarks. Others say that there is no such name, which is an answer too. */
const HEADER = Buffer.from("123400000001000000000000", "hex");
const NAME = Buffer.from("\x05host1\x07example\x03org\0\0\x01\0\x01", "latin1");
const QUESTION = Buffer.concat([HEADER, NAME]);

async function datagram(port) {
  const socket = createSocket("udp4");
  socket.on("error", () => undefined);
  try {
    socket.connect(port, "127.0.0.1");
    await once(socket, "connect");
    const answered = once(socket, "message").catch(() => null);
    socket.send(QUESTION, () => undefined);
    const result = await Promise.race([answered, delay(DATAGRAM_AGAIN_MS, null)]);
    return result !== null && [NOERROR, NXDOMAIN].includes(result[0][3] & 15);
  } finally {
    socket.close();
  }
}
