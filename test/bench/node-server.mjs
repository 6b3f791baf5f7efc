// The peer in Node of the benchmarks of sockets: KIND and PORT are the arguments. Until it is killed.
import { createServer as createHttp } from "node:http";
import { createServer } from "node:net";

const [kind, port] = process.argv.slice(2);
const BODY = Buffer.alloc(1024, "x");
const KINDS = {
  http: () =>
    createHttp((_, response) => {
      response.writeHead(200, { "Content-Type": "text/html", "Content-Length": BODY.length });
      response.end(BODY);
    }),
  echo: () =>
    createServer({ noDelay: true }, (socket) => {
      socket.on("data", (data) => socket.write(data));
      socket.on("error", () => socket.destroy());
    }),
};
const backlog = 1024;
KINDS[kind]().listen({ port: Number(port), host: "0.0.0.0", backlog }, () => console.log("ready"));
