// Authoritative answers over UDP: an image on a tap, NSD and Knot on the kernel's stack across a veth, the same zones.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "../../toolchain/dist/build.js";
import { contest, ratios, rows } from "./contest.mjs";
import { has, inLab } from "./lab.mjs";
import { answers } from "./loads.mjs";

const HERE = fileURLToPath(new URL("dns", import.meta.url));
const CORE = fileURLToPath(new URL("dns-core", import.meta.url));
const COMMAND = fileURLToPath(new URL("../../toolchain/bin/phantasm.js", import.meta.url));
const NAMES = [100, 10_000, 1_000_000];
const QUERIES = 100_000;

export function zone(names) {
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
export function queries(names) {
  const lines = [];
  for (let at = 0; at < QUERIES; at++) {
    const n = (at * 7919) % names;
    lines.push(at % 5 === 4 ? `none${n}.example.org A` : `host${n}.example.org A`);
  }
  return `${lines.join("\n")}\n`;
}

export function nsdConfiguration(folder, at = "10.2.0.2@53") {
  return `server:
  ip-address: ${at}
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

export function knotConfiguration(folder, at = "10.3.0.2@53") {
  return `server:
  rundir: "${folder}"
  listen: ${at}
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

/** What of it is the core's. */
async function core(report, lab, names, zoneText) {
  const folder = join(lab.folder, `core-${names}`);
  cpSync(CORE, folder, { recursive: true });
  writeFileSync(join(folder, "bench.zone"), zoneText);
  const output = join(folder, "image.wasm");
  await build({ directory: folder, output });
  const words = [fileURLToPath(new URL("dns-run.mjs", import.meta.url)), output, String(names)];
  const run = JSON.parse(execFileSync(process.execPath, words, { encoding: "utf8" }));
  const ns = (value) => `${value.toFixed(0)} ns`;
  report.row(
    `DNS, ${names} names: a query in the core`,
    `${ns(run.found)}; of a name that does not exist ${ns(run.missing)}`,
    "< 1000 ns",
  );
}

async function compare(report, lab, names) {
  const text = zone(names);
  await core(report, lab, names, text);
  const folder = join(lab.folder, `zone-${names}`);
  cpSync(HERE, folder, { recursive: true });
  const file = join(folder, "queries");
  writeFileSync(join(folder, "bench.zone"), text);
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
      measure: () => answers(lab, at, 53, file),
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
