// The user network with the real stack, beside passt: the same image through it, and a server on the
// kernel's own stack in a namespace that pasta serves.
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { contest, ratios, RUNS, rows } from "./contest.mjs";
import { has, inLab } from "./lab.mjs";
import { bulk, requests } from "./loads.mjs";
import { spread } from "./report.mjs";

const CONNECTIONS = 64;
const HTTP = "test/bench/http";
const IPERF = "examples/iperf";
const USER = "image, user network";
const PASST = "image, passt";
const PASTA = "Linux in a namespace, pasta";
const TARGETS = { [PASST]: "≥ 2 ×" };

/**
 * All listen at ports of the namespace of the load. A CPU-second is one of all processes between the load
 * and the answer: the host process; and passt; or pasta and the server.
 */
export function userNet(report) {
  return inLab(report, "user network", ["wrk", "iperf3"], async (lab) => {
    lab.tap("tap0", "10.0.0.1");
    lab.veth("veth0", "10.2.0");
    lab.defaultRoute("10.2.0.2");
    const http = [await user(lab, HTTP, 8080, 80)];
    const iperf = [await user(lab, IPERF, 5201, 5201)];
    if (has("passt")) {
      http.push(await passt(lab, HTTP, 8081, 80));
      iperf.push(await passt(lab, IPERF, 5202, 5201));
      const server = [lab.compile("socket-server"), "82", "http"];
      http.push(await pasta(lab, server, 8082, 82));
      iperf.push(await pasta(lab, ["iperf3", "-s"], 5203, 5201));
    } else report.row("user network: passt", "left out: no passt here");

    const what = "HTTP of 1 KiB, 64 connections";
    const answers = await contest(
      http.map((one) => ({
        ...one,
        measure: async () => (await requests(lab, url(one), CONNECTIONS)).perSecond,
      })),
    );
    rows(report, what, answers, { unit: "k", scale: 1e-3 });
    ratios(report, what, answers, TARGETS);
    for (const [direction, fromServer] of [
      ["to the server", false],
      ["from the server", true],
    ]) {
      const streams = await contest(
        iperf.map((one) => ({
          ...one,
          measure: () => bulk(lab, "127.0.0.1", one.port, fromServer),
        })),
      );
      rows(report, `TCP ${direction}`, streams, { unit: "Gbit", scale: 1e-9 });
      ratios(report, `TCP ${direction}`, streams, TARGETS);
    }
    await latencies(report, lab, http);
  });
}

const url = ({ port, address = "127.0.0.1" }) => `http://${address}:${port}/`;

async function user(lab, folder, port, guestPort) {
  const servers = [await lab.phantasm(folder, ["-p", `${port}:${guestPort}`])];
  await lab.reachable("127.0.0.1", port);
  return { name: USER, port, servers };
}

/** The image is passt's guest, by the framing of QEMU's stream sockets. */
async function passt(lab, folder, port, guestPort) {
  // passt drops its privileges before it makes the socket.
  const sockets = join(lab.folder, `passt-${port}`);
  mkdirSync(sockets);
  chmodSync(lab.folder, 0o755);
  chmodSync(sockets, 0o777);
  const path = join(sockets, "socket");
  const forward = ["-4", "-f", "--no-map-gw", "-s", path, "-t", `${port}:${guestPort}`];
  const carrier = lab.server(lab.load, ["passt", ...forward]);
  await carrier.says("socket bound");
  // The MTU that passt tells its guests.
  const image = await lab.phantasm(folder, ["--net", `switch:${path},mtu=65520`]);
  await lab.answers("127.0.0.1", port, guestPort === 80);
  return { name: PASST, port, servers: [carrier, image] };
}

/** A server in the other namespace; pasta makes a device there. */
async function pasta(lab, words, port, serverPort) {
  const namespace = lab.namespace(`pasta${port}`);
  const server = lab.server(namespace, words);
  const forward = ["-4", "-f", "--runas", "0", "--config-net", "--no-map-gw"];
  const ports = ["-t", `${port}:${serverPort}`, "--netns", `/var/run/netns/${namespace}`];
  const carrier = lab.server(lab.load, ["pasta", ...forward, ...ports, "--netns-only"]);
  await lab.answers("127.0.0.1", port, serverPort === 82);
  return { name: PASTA, port, servers: [carrier, server] };
}

/** One request at a time. */
async function latencies(report, lab, http) {
  const tap = await lab.phantasm(HTTP, ["--net", "tap:tap0"], ["--ipv4=10.0.0.2/24"]);
  await lab.reachable("10.0.0.2", 80);
  const contestants = [
    ...http,
    { name: "image, tap", port: 80, address: "10.0.0.2", servers: [tap] },
  ];
  const medians = contestants.map(() => []);
  for (let run = 0; run < RUNS; run++)
    for (const [index, one] of contestants.entries())
      medians[index].push((await requests(lab, url(one), 1)).medianUs);
  for (const [index, { name }] of contestants.entries())
    report.row(
      `median latency of a request, one at a time, ${name}`,
      spread(medians[index], "µs", 0),
    );
}
