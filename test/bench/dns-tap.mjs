// Authoritative answers over UDP: an image on a tap, NSD and Knot on the kernel's stack across a veth, the same zones.
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "../../toolchain/dist/build.js";
import { SECONDS, contest, ratios, rows } from "./contest.mjs";
import { has, inLab } from "./lab.mjs";

const HERE = fileURLToPath(new URL("dns", import.meta.url));
const COMMAND = fileURLToPath(new URL("../../toolchain/bin/phantasm.js", import.meta.url));
const NAMES = [100, 10_000, 1_000_000];
const QUERIES = 100_000;
const IN_FLIGHT = 64;

function zone(names) {
  const lines = [
    "$TTL 1h",
    "$ORIGIN example.org.",
    "@ IN SOA ns1 hostmaster 1 2h 30m 2w 10m",
    "@ IN NS ns1",
    "@ IN NS ns2",
    "ns1 IN A 192.0.2.1",
    "ns2 IN A 192.0.2.2",
  ];
  for (let n = 0; n < names; n++)
    lines.push(`host${n} IN A 10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
  return `${lines.join("\n")}\n`;
}

/** Four of five names exist. */
function queries(names) {
  const lines = [];
  for (let at = 0; at < QUERIES; at++) {
    const n = (at * 7919) % names;
    lines.push(at % 5 === 4 ? `none${n}.example.org A` : `host${n}.example.org A`);
  }
  return `${lines.join("\n")}\n`;
}

function nsdConfiguration(folder) {
  return `server:
  ip-address: 10.2.0.2
  server-count: 1
  username: ""
  zonesdir: "${folder}"
  database: ""
  pidfile: "${folder}/nsd.pid"
  xfrdfile: "${folder}/xfrd.state"
  xfrdir: "${folder}"
  zonelistfile: "${folder}/zone.list"
  rrl-ratelimit: 0
  minimal-responses: yes
remote-control:
  control-enable: no
zone:
  name: example.org
  zonefile: bench.zone
`;
}

function knotConfiguration(folder) {
  return `server:
  rundir: "${folder}"
  listen: 10.3.0.2@53
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: "${folder}"
template:
  - id: default
    storage: "${folder}"
    semantic-checks: off
    journal-content: none
zone:
  - domain: example.org
    file: bench.zone
`;
}

/** Answers a second. */
async function answers(lab, address, file) {
  const words = ["-s", address, "-d", file, "-l", String(SECONDS), "-q", String(IN_FLIGHT)];
  const text = await lab.run("dnsperf", ...words, "-c", "1", "-T", "1");
  const lost = /Queries lost:\s+(\d+)/.exec(text)?.[1];
  if (lost !== "0") console.error(`${address} lost ${lost} queries`);
  return Number(/Queries per second:\s+([\d.]+)/.exec(text)[1]);
}

async function compare(report, lab, names) {
  const folder = join(lab.folder, `zone-${names}`);
  cpSync(HERE, folder, { recursive: true });
  const file = join(folder, "queries");
  writeFileSync(join(folder, "bench.zone"), zone(names));
  writeFileSync(file, queries(names));
  const start = performance.now();
  const { image } = await build({ directory: folder });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  report.row(`DNS, ${names} names: image`, `${image.length} bytes, built in ${seconds} s`);
  const output = join(folder, "image.wasm");
  writeFileSync(output, image);
  const run = [process.execPath, COMMAND, "run", output, "--net", "tap:tap0"];
  const servers = [{ name: "image", at: "10.0.0.2", server: lab.server(lab.load, run) }];
  const peers = [
    ["NSD", "nsd", "10.2.0.2", nsdConfiguration, (conf) => ["-d", "-c", conf]],
    ["Knot", "knotd", "10.3.0.2", knotConfiguration, (conf) => ["-c", conf]],
  ];
  for (const [name, program, at, configuration, words] of peers) {
    if (!has(program)) {
      report.row(`DNS, ${name}`, `left out: no ${program} here`);
      continue;
    }
    const own = join(folder, program);
    mkdirSync(own);
    cpSync(join(folder, "bench.zone"), join(own, "bench.zone"));
    const conf = join(own, "conf");
    writeFileSync(conf, configuration(own));
    servers.push({ name, at, server: lab.server(lab.serve, [program, ...words(conf)]) });
  }
  try {
    for (const { at } of servers) await lab.reachable(at, 53);
    const contestants = servers.map(({ name, at, server }) => ({
      name,
      servers: [server],
      measure: () => answers(lab, at, file),
    }));
    const results = await contest(contestants);
    const what = `DNS, ${names} names`;
    rows(report, what, results, { unit: "k", scale: 1e-3, digits: 0 });
    ratios(report, what, results, { NSD: "≥ 1.2 × a CPU-second" });
  } finally {
    for (const { server } of servers) await server.stop();
  }
}

/** Answers a second, and a second of the server's processor time. */
export function dns(report) {
  return inLab(report, "DNS over tap", ["dnsperf"], async (lab) => {
    lab.tap("tap0", "10.0.0.1");
    lab.veth("veth0", "10.2.0");
    lab.veth("veth1", "10.3.0");
    const chosen = process.env["PHANTASM_DNS_NAMES"];
    for (const names of chosen ? chosen.split(",").map(Number) : NAMES)
      await compare(report, lab, names);
  });
}
