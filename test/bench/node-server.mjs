// The peer in Node of the benchmarks of sockets: KIND and PORT are the arguments. Until it is killed.
import { createSocket } from "node:dgram";
import { createServer as createHttp } from "node:http";
import { createServer } from "node:net";

const [kind, port] = process.argv.slice(2);
const BODY = Buffer.alloc(1024, "x");
const LARGE = Buffer.alloc(100 * 1024, "x");
const KINDS = {
  http: () =>
    createHttp(({ url }, response) => {
      const body = url === "/large.bin" ? LARGE : BODY;
      response.writeHead(200, { "Content-Type": "text/html", "Content-Length": body.length });
      response.end(body);
    }),
  echo: () =>
    createServer({ noDelay: true }, (socket) => {
      socket.on("data", (data) => socket.write(data));
      socket.on("error", () => socket.destroy());
    }),
};

/** The least that can be called an answer: A records of one zone, whose names are `host` and a number. */
function dns() {
  const socket = createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
  socket.on("message", (query, { address, port: client }) => {
    let end = 12;
    while (query[end] !== 0) end += (query[end] ?? 0) + 1;
    const first = query.toString("latin1", 13, 13 + (query[12] ?? 0));
    const number = first.startsWith("host") ? Number(first.slice(4)) : -1;
    const isThere = number >= 0 && number < 100;
    const answer = Buffer.alloc(end + 5 + (isThere ? 16 : 0));
    query.copy(answer, 0, 0, end + 5);
    answer.writeUInt16BE(isThere ? 0x8400 : 0x8403, 2);
    answer.writeUInt16BE(isThere ? 1 : 0, 6);
    answer.fill(0, 8, 12);
    if (isThere) answer.set([0xc0, 12, 0, 1, 0, 1, 0, 0, 14, 16, 0, 4, 10, 0, 0, number], end + 5);
    socket.send(answer, client, address);
  });
  socket.bind(Number(port), "127.0.0.1", () => console.log("ready"));
}

const backlog = 1024;
if (kind === "dns") dns();
else
  KINDS[kind]().listen({ port: Number(port), host: "0.0.0.0", backlog }, () =>
    console.log("ready"),
  );
