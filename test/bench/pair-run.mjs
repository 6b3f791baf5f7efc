// pair-run.mjs SERVER CLIENT ROUNDS CONNECTIONS: two images on one cable in this process, an echo server and
// one that connects to it again and again; then Node's sockets doing the same. Prints JSON: for both, how
// many connections a second and a second of processor time, round by round. The first of each is warm-up.
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { once } from "node:events";
import { Domain, Image, loopbackPair, memoryConsole } from "@phantasm/host";

const AT_ONCE = 64;
const [serverFile, clientFile] = process.argv.slice(2);
const [rounds, connections] = process.argv.slice(4).map(Number);

/** Rates of the rounds so far, but the first. */
class Rounds {
  rates = [];
  #count = 0;

  begin() {
    this.start = performance.now();
    this.cpu = process.cpuUsage();
  }

  end() {
    const { user, system } = process.cpuUsage(this.cpu);
    const seconds = (performance.now() - this.start) / 1000;
    if (this.#count++ > 0)
      this.rates.push({
        perSecond: connections / seconds,
        perCpuSecond: connections / ((user + system) / 1e6),
      });
    this.begin();
  }
}

async function images() {
  const measured = new Rounds();
  const [serverNet, clientNet] = loopbackPair();
  const server = new Domain(Image.load(readFileSync(serverFile)), {
    net: { service: serverNet },
    arguments: { style: "handlers", ipv4: "10.0.0.2/24" },
  });
  let failed = 0;
  // A line a round.
  const output = memoryConsole({
    onOutput: (bytes) => {
      failed += JSON.parse(new TextDecoder().decode(bytes)).failed;
      measured.end();
    },
  });
  const client = new Domain(Image.load(readFileSync(clientFile)), {
    net: { client: clientNet },
    console: output,
    arguments: { ipv4: "10.0.0.1/24", server: "10.0.0.2", rounds, connections },
  });
  server.start();
  measured.begin();
  client.start();
  await client.exited;
  server.shutdown();
  await server.exited;
  if (failed > 0) throw new Error(`${failed} connections failed`);
  return measured.rates;
}

async function sockets() {
  const measured = new Rounds();
  const server = createServer({ noDelay: true }, (socket) =>
    socket.on("data", (data) => socket.write(data)),
  );
  await once(server.listen({ port: 0, host: "127.0.0.1", backlog: 1024 }), "listening");
  const { port } = server.address();
  measured.begin();
  for (let round = 0; round < rounds; round++) {
    let left = connections;
    const worker = async () => {
      while (left-- > 0) {
        const socket = connect({ port, host: "127.0.0.1", noDelay: true });
        socket.on("connect", () => socket.write("x"));
        socket.on("data", () => socket.end());
        await once(socket, "close");
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    measured.end();
  }
  server.close();
  return measured.rates;
}

console.log(JSON.stringify({ images: await images(), sockets: await sockets() }));
