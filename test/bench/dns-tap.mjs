// Authoritative answers over UDP: an image on a tap, BIND, NSD and Knot on the kernel's stack across a veth, the same
// zones; and the image with its zones from a disk.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "../../toolchain/dist/build.js";
import { contest, ratios, rows } from "./contest.mjs";
import { has, inLab } from "./lab.mjs";
import { answers } from "./loads.mjs";

const HERE = fileURLToPath(new URL("dns", import.meta.url));
const CORE = fileURLToPath(new URL("dns-core", import.meta.url));
const DISK = fileURLToPath(new URL("dns-disk", import.meta.url));
const COMMAND = fileURLToPath(new URL("../../toolchain/bin/phantasm.js", import.meta.url));
const NAMES = [100, 10_000, 1_000_000];
const QUERIES = 100_000;
/** For latencies: so many queries a second, which all of them answer without a queue, for so many seconds. */
const STEADY = 20_000;
const STEADY_SECONDS = 2;
const PERCENTILES = [50, 99, 99.9];
/** A million names are read by the slowest of them in a few seconds. */
const READY_MS_MAX = 120_000;

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

function bindConfiguration(folder) {
  return `options {
  directory "${folder}";
  pid-file "${folder}/pid";
  session-keyfile "${folder}/session";
  listen-on { 10.4.0.2; };
  listen-on-v6 { };
  recursion no;
  dnssec-validation no;
  minimal-responses yes;
  notify no;
};
controls { };
zone "example.org" { type primary; file "bench.zone"; };
`;
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

/** Ends when a server has the zone. */
async function ready(lab, address) {
  const end = performance.now() + READY_MS_MAX;
  const words = ["+short", "+time=1", "+tries=1", `@${address}`, "example.org", "SOA"];
  for (;;) {
    const answer = await lab.run("dig", ...words).catch(() => "");
    if (answer.startsWith("ns1.")) return;
    if (performance.now() > end) throw new Error(`nothing answers at ${address}`);
    await delay(50);
  }
}

/** Microseconds from query to answer, for each of PERCENTILES. */
async function latencies(lab, address, file) {
  const words = ["-s", address, "-d", file, "-l", String(STEADY_SECONDS), "-Q", String(STEADY)];
  const text = await lab.run("dnsperf", ...words, "-q", "1000", "-c", "1", "-T", "1", "-v");
  const seconds = [...text.matchAll(/^> \S+ \S+ \S+ ([\d.]+)/gm)].map(([, value]) => Number(value));
  seconds.sort((a, b) => a - b);
  return PERCENTILES.map(
    (percent) =>
      seconds[Math.min(seconds.length - 1, Math.floor((seconds.length * percent) / 100))] * 1e6,
  );
}

/** From the boot to the first answer, and what is in memory then. */
async function fromDisk(report, lab, names, folder) {
  const disk = join(folder, "zones.img");
  const zone = join(folder, "bench.zone");
  const start = performance.now();
  execFileSync(process.execPath, [COMMAND, "zones", "compile", `example.org=${zone}`, "-o", disk], {
    stdio: "pipe",
  });
  const compiled = ((performance.now() - start) / 1000).toFixed(1);
  const own = join(folder, "disk");
  cpSync(DISK, own, { recursive: true });
  const { image } = await build({ directory: own });
  const output = join(own, "image.wasm");
  writeFileSync(output, image);
  const attach = ["--net", "tap:tap0", "--block", `zones=${disk}:ro`];
  const server = lab.server(lab.load, [process.execPath, COMMAND, "run", output, ...attach]);
  try {
    await ready(lab, "10.0.0.2");
    const [, milliseconds] = /read in (\d+) ms/.exec(server.output) ?? [];
    const megabytes = (server.residentBytes / 1e6).toFixed(0);
    report.row(
      `DNS, ${names} names from a disk`,
      `compiled in ${compiled} s; read and checked in ${milliseconds} ms; the process has ${megabytes} MB`,
    );
  } finally {
    await server.stop();
  }
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
    ["BIND", "named", "10.4.0.2", bindConfiguration, (conf) => ["-f", "-n", "1", "-c", conf]],
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
    for (const { at } of servers) await ready(lab, at);
    const contestants = servers.map(({ name, at, server }) => ({
      name,
      servers: [server],
      measure: () => answers(lab, at, 53, file),
    }));
    const results = await contest(contestants);
    const what = `DNS, ${names} names`;
    rows(report, what, results, { unit: "k", scale: 1e-3, digits: 0 });
    ratios(report, what, results, { NSD: "≥ 1.2 × a CPU-second" });
    for (const { name, at } of servers) {
      const values = (await latencies(lab, at, file)).map((value) => `${value.toFixed(0)} µs`);
      report.row(
        `${what}, ${name}: latency at ${STEADY / 1000} k/s`,
        `${values.join(", ")} for ${PERCENTILES.join(", ")} %`,
      );
    }
  } finally {
    for (const { server } of servers) await server.stop();
  }
  await fromDisk(report, lab, names, folder);
}

/** Answers a second, and a second of the server's processor time. */
export function dns(report) {
  return inLab(report, "DNS over tap", ["dnsperf", "dig"], async (lab) => {
    lab.tap("tap0", "10.0.0.1");
    lab.veth("veth0", "10.2.0");
    lab.veth("veth1", "10.3.0");
    lab.veth("veth2", "10.4.0");
    const chosen = process.env["PHANTASM_DNS_NAMES"];
    for (const names of chosen ? chosen.split(",").map(Number) : NAMES)
      await compare(report, lab, names);
  });
}
