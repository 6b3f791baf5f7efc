// Clients of user-net-run.mjs: KIND and PORT are the arguments. Prints JSON.
import { createSocket } from "node:dgram";
import { connect } from "node:net";

const [, , kind, port] = process.argv;
const SECONDS = 3;
const CONNECTIONS = 64;
const CHUNK = Buffer.alloc(262_144);
const start = performance.now();
const over = () => performance.now() - start > SECONDS * 1000;
let count = 0;

function done() {
  const seconds = (performance.now() - start) / 1000;
  process.stdout.write(JSON.stringify({ count, seconds }));
  process.exit(0);
}

const KINDS = {
  /** Requests, one at a time on each connection. */
  http() {
    const request = "GET / HTTP/1.1\r\nHost: guest\r\n\r\n";
    for (let each = 0; each < CONNECTIONS; each++) {
      const socket = connect({ port: Number(port), host: "127.0.0.1", noDelay: true });
      let missing = 0;
      let length = 0;
      socket.on("connect", () => socket.write(request));
      socket.on("data", (data) => {
        if (length === 0) {
          const head = data.indexOf("\r\n\r\n");
          length = head + 4 + Number(/Content-Length: (\d+)/.exec(data.toString("latin1"))[1]);
        }
        if (missing === 0) missing = length;
        missing -= data.length;
        if (missing > 0) return;
        count++;
        if (over()) done();
        socket.write(request);
      });
    }
  },
  /** Bytes to the guest. */
  sink() {
    const socket = connect({ port: Number(port), host: "127.0.0.1" });
    const write = () => {
      if (over()) {
        socket.end();
        return;
      }
      count += CHUNK.length;
      socket.write(CHUNK, write);
    };
    socket.on("connect", () => {
      write();
      write();
    });
    socket.on("end", done);
    socket.resume();
  },
  /** Bytes from the guest. */
  source() {
    const buffer = Buffer.alloc(1 << 20);
    const callback = (bytes) => {
      count += bytes;
      if (over()) done();
      return true;
    };
    connect({ port: Number(port), host: "127.0.0.1", onread: { buffer, callback } });
  },
  /** Datagrams to the guest and back, 64 on their way. */
  echo() {
    const socket = createSocket("udp4");
    const data = Buffer.alloc(64);
    socket.on("message", () => {
      count++;
      if (over()) done();
      socket.send(data);
    });
    socket.connect(Number(port), "127.0.0.1", () => {
      for (let each = 0; each < CONNECTIONS; each++) socket.send(data);
    });
    setTimeout(done, SECONDS * 1500);
  },
};
KINDS[kind]();
