// The user network with a guest of the smallest TCP in one process; clients in another. Prints JSON.
import { execFile } from "node:child_process";
import { setInterval } from "node:timers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openUserNetwork } from "../../packages/host/dist/backends/user/network.js";
import { ToyStack } from "../../packages/host/dist/backends/user/testing/toy-stack.js";

const LOAD = fileURLToPath(new URL("user-net-load.mjs", import.meta.url));
const mtu = Number(process.argv[2] ?? 65_520);
const BODY = Buffer.alloc(1024, 46);
const HEAD = `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${BODY.length}\r\n\r\n`;
const RESPONSE = Uint8Array.from(Buffer.concat([Buffer.from(HEAD), BODY]));
const CHUNK = new Uint8Array(262_144);
const AHEAD_BYTES = 1_048_576;

const publish = (guestPort, protocol = "tcp") => ({
  protocol,
  hostAddress: "127.0.0.1",
  hostPort: 0,
  guestPort,
});
const network = await openUserNetwork({
  mtu,
  publish: [publish(80), publish(9), publish(19), publish(7, "udp")],
});
const stack = new ToyStack(network);
stack.listen(80, { data: (connection) => connection.write(RESPONSE), ended: (c) => c.end() });
stack.listen(9, { ended: (connection) => connection.end() });
const sources = new Set();
stack.listen(19, {
  opened: (connection) => sources.add(connection),
  reset: (connection) => sources.delete(connection),
});
// A source that never runs dry, and never runs ahead.
setInterval(() => {
  for (const connection of sources)
    while (connection.queuedBytes < AHEAD_BYTES * 8) connection.write(CHUNK);
}, 1);
stack.onDatagram = (from, fromPort, port, data) =>
  stack.datagram("10.0.2.2", fromPort, port, Uint8Array.from(data));

const [http, sink, source, echo] = network.published.map(({ port }) => port);
const result = {};
for (const [name, port] of Object.entries({ http, sink, source, echo })) {
  const before = process.cpuUsage();
  const { stdout } = await promisify(execFile)(process.execPath, [LOAD, name, String(port)]);
  const { user, system } = process.cpuUsage(before);
  result[name] = { ...JSON.parse(stdout), cpuSeconds: (user + system) / 1e6 };
}
process.stdout.write(JSON.stringify(result));
process.exit(0);
