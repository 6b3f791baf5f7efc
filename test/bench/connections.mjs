// Connections: how many a second, and what ten thousand idle ones cost.
import { fileURLToPath } from "node:url";
import { contest, ratios, rows } from "./contest.mjs";
import { nodeServer } from "./http-tap.mjs";
import { imageOf, inLab } from "./lab.mjs";
import { connects } from "./loads.mjs";
import { median, spread } from "./report.mjs";

const IDLE = 10_000;
const PAIR_ROUNDS = 4;
const PAIR_CONNECTIONS = 10_000;
const PORT = 7;
const PAIR = fileURLToPath(new URL("pair-run.mjs", import.meta.url));

export function connections(report) {
  return inLab(report, "connections", [], async (lab) => {
    const client = lab.compile("tcp-connect");
    lab.tap("tap0", "10.0.0.1");
    lab.veth("veth0", "10.2.0");
    await overTap(report, lab, client);
    await inProcess(report, lab);
    await idle(report, lab, client);
  });
}

const echo = (lab, ...options) =>
  lab.phantasm(
    "examples/tcp-echo",
    ["--net", "tap:tap0", ...options],
    ["--style=handlers", "--ipv4=10.0.0.2/24"],
  );

/** Connect, a byte each way, close: a second, and a second of the server's processor time. */
async function overTap(report, lab, client) {
  const image = await echo(lab);
  const peer = lab.server(lab.serve, [lab.compile("socket-server"), "8", "tcp"]);
  const node = nodeServer(lab, lab.serve, "echo", 9);
  const contestants = [
    { name: "image", address: "10.0.0.2", port: PORT, servers: [image] },
    { name: "epoll server in C over veth", address: "10.2.0.2", port: 8, servers: [peer] },
    { name: "Node net over veth", address: "10.2.0.2", port: 9, servers: [node] },
  ];
  for (const { address, port } of contestants) await lab.reachable(address, port);
  const results = await contest(
    contestants.map((one) => ({
      ...one,
      measure: () => connects(lab, client, one.address, one.port),
    })),
  );
  rows(report, "connections over tap", results, { unit: "k", scale: 1e-3 });
  ratios(report, "connections over tap", results);
  for (const { servers } of contestants) for (const server of servers) await server.stop();
}

/** Both ends in one process, so a CPU-second pays for both. */
async function inProcess(report, lab) {
  const server = await imageOf("examples/tcp-echo");
  const client = await imageOf("test/bench/connect");
  const words = [PAIR, server, client, String(PAIR_ROUNDS), String(PAIR_CONNECTIONS)];
  const { images, sockets } = JSON.parse(await lab.run(process.execPath, ...words));
  const result = (name, rates) => ({
    name,
    perSecond: rates.map(({ perSecond }) => perSecond),
    perCpuSecond: rates.map(({ perCpuSecond }) => perCpuSecond),
  });
  const results = [
    result("two images", images),
    result("Node net with itself over loopback", sockets),
  ];
  rows(report, "connections inside one process", results, { unit: "k", scale: 1e-3 });
  ratios(report, "connections inside one process", results);
}

/** What memory grows by when they come, after one has come and gone. */
async function idle(report, lab, client) {
  const grown = async (server, address) => {
    await lab.reachable(address, PORT);
    const before = server.residentBytes;
    const load = lab.server(lab.load, [client, address, String(PORT), "hold", String(IDLE)]);
    await load.says('"held"');
    const { failed } = JSON.parse(load.output);
    if (failed > 0) throw new Error(`${failed} of the idle connections failed`);
    const after = server.residentBytes;
    await load.stop();
    return (after - before) / IDLE;
  };
  const ours = [];
  const peers = [];
  let memory = "";
  for (let run = 0; run < 3; run++) {
    const image = await echo(lab, "--stats");
    ours.push(await grown(image, "10.0.0.2"));
    await image.stop("SIGINT");
    memory = /memory\s+(.+)/.exec(image.output)?.[1] ?? "not known";
    const node = nodeServer(lab, lab.serve, "echo", PORT);
    peers.push(await grown(node, "10.2.0.2"));
    await node.stop();
  }
  const what = `${IDLE} idle connections`;
  report.row(`${what}: memory of the image, all of it`, memory);
  report.row(`${what}: host process grows by, each`, spread(ours, "bytes", 0));
  report.row(
    `${what}: Node net grows by, each, sockets in the kernel left out`,
    spread(peers, "bytes", 0),
  );
  report.row(`${what}: image / Node`, `${(median(ours) / median(peers)).toFixed(2)} ×`, "< 1 ×");
}
