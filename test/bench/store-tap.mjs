// examples/store beside redis-server under redis-benchmark: over a tap and a veth, and by way of the user network and
// loopback. 50 connections; a file of its own for each server on the same file system.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { contest, ratios, rows } from "./contest.mjs";
import { inLab } from "./lab.mjs";
import { median } from "./report.mjs";

const STORE = "examples/store";
const CONNECTIONS = 50;
const KEYS = 100_000;
const BYTES = 100;
const PORT = 6379;
/** Requests of a run, so that it takes about a second: without pipelines, and with. */
const REQUESTS = { 1: 60_000, 16: 400_000 };
/** What a list grows by in all runs has to fit into memory. */
const PUSHES_MAX = 50_000;
const TARGET = "≥ 1 × a CPU-second";

/**
 * What is kept, as both say it. Redis without its file keeps nothing at all, the image whatever it comes to write: the
 * peer has it easier.
 */
const MODES = [
  {
    name: "kept in memory",
    durability: "no",
    redis: ["--appendonly", "no"],
    tests: ["SET", "GET", "INCR", "LPUSH"],
  },
  {
    name: "kept within a second",
    durability: "everysec",
    redis: appendOnly("everysec"),
    tests: ["SET", "GET"],
  },
  {
    name: "kept before the reply",
    durability: "always",
    redis: appendOnly("always"),
    tests: ["SET"],
  },
];

function appendOnly(when) {
  return ["--appendonly", "yes", "--appendfsync", when, "--auto-aof-rewrite-percentage", "0"];
}

/** Runs redis-benchmark once, which prints a line of name, requests a second and latencies in ms. */
async function load(lab, at, test, pipeline) {
  const [address, port] = at.split(":");
  const requests = test === "LPUSH" ? Math.min(PUSHES_MAX, REQUESTS[pipeline]) : REQUESTS[pipeline];
  const words = [
    "-h",
    address,
    "-p",
    port,
    "-c",
    CONNECTIONS,
    "-n",
    requests,
    "-P",
    pipeline,
    "-r",
    KEYS,
  ];
  const text = await lab.run(
    "redis-benchmark",
    ...[...words, "-d", BYTES, "-t", test.toLowerCase(), "--csv"].map(String),
  );
  const line = text.split("\n").find((each) => each.startsWith(`"${test}"`));
  if (line === undefined) throw new Error(`redis-benchmark: ${text.trim().split("\n").at(-1)}`);
  const [perSecond, , , p50, , p99] = line
    .split(",")
    .slice(1)
    .map((field) => Number(field.replaceAll('"', "")));
  return { perSecond, seconds: requests / perSecond, p50, p99 };
}

async function compare(report, lab, what, contestants, tests) {
  for (const test of tests)
    for (const pipeline of [1, 16]) {
      const latencies = contestants.map(() => []);
      const results = await contest(
        contestants.map((one, index) => ({
          ...one,
          measure: async () => {
            const run = await load(lab, one.at, test, pipeline);
            latencies[index].push(run);
            return run;
          },
        })),
      );
      const name = `${test}, ${pipeline} at once, ${what}`;
      rows(report, name, results, { unit: "k", scale: 1e-3 });
      for (const [index, one] of contestants.entries()) {
        // The first run counts for nothing here either.
        const of = (key) => median(latencies[index].slice(1).map((run) => run[key])).toFixed(2);
        report.row(
          `${name}, ${one.name}: latency`,
          `median ${of("p50")} ms, 99 of 100 below ${of("p99")} ms`,
        );
      }
      ratios(report, name, results, { [contestants[1].name]: TARGET });
    }
}

async function round(report, lab, mode, { name, at, options, words }, peer) {
  const folder = mkdtempSync(join(process.env["PHANTASM_BENCH_DISK"] ?? lab.folder, "store-"));
  mkdirSync(join(folder, "redis"));
  const disk = ["--block", `data=${join(folder, "store.img")}:512M`];
  const image = await lab.phantasm(
    STORE,
    [...options, ...disk],
    [`--durability=${mode.durability}`, "--maxmemory=128M", ...words],
  );
  const redis = lab.server(peer.namespace, [
    "redis-server",
    ...[
      "--bind",
      "0.0.0.0",
      "--protected-mode",
      "no",
      "--port",
      peer.at.split(":")[1],
      "--save",
      "",
    ],
    ...["--dir", join(folder, "redis"), ...mode.redis],
  ]);
  try {
    await image.says("Ready to accept connections");
    await lab.reachable(...peer.at.split(":"));
    const contestants = [
      { name, at, servers: [image] },
      { name: peer.name, at: peer.at, servers: [redis] },
    ];
    await compare(report, lab, mode.name, contestants, mode.tests);
  } finally {
    await image.stop();
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Requests a second, and a second of the server's processor time. */
export function store(report) {
  return inLab(report, "store", ["redis-server", "redis-benchmark"], async (lab) => {
    lab.tap("tap0", "10.0.0.1");
    lab.veth("veth0", "10.2.0");
    const tap = {
      name: "image over tap",
      at: `10.0.0.2:${PORT}`,
      options: ["--net", "tap:tap0"],
      words: ["--ipv4=10.0.0.2/24"],
    };
    const veth = { name: "redis-server over veth", at: `10.2.0.2:${PORT}`, namespace: lab.serve };
    for (const mode of MODES) await round(report, lab, mode, tap, veth);
    const user = {
      name: "image, user network",
      at: `127.0.0.1:${PORT}`,
      options: ["-p", `${PORT}:${PORT}`],
      words: [],
    };
    const loopback = {
      name: "redis-server, loopback",
      at: `127.0.0.1:${PORT + 1}`,
      namespace: lab.load,
    };
    await round(report, lab, { ...MODES[1], name: "by loopback" }, user, loopback);
  });
}
