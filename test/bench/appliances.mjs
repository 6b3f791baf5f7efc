// What each appliance costs, beside the servers that it would replace: bytes, the time to its first answer, memory, and
// the same load by way of the user network and loopback. The store under load: the part `store`.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "../../toolchain/dist/build.js";
import { APPLIANCES, ownFolder } from "./appliance-peers.mjs";
import { RUNS, contest, ratios, rows } from "./contest.mjs";
import { queries } from "./dns-tap.mjs";
import { firstAnswer, freePort } from "./first-answer.mjs";
import { Server, has, inLab } from "./lab.mjs";
import { answerLatencies, answers, requests } from "./loads.mjs";
import { median, spread } from "./report.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const COMMAND = join(ROOT, "toolchain", "bin", "phantasm.js");
const IN_HOST = fileURLToPath(new URL("appliance-run.mjs", import.meta.url));
const STARTS = 7;
const REST_MS = 1_000;
const CONNECTIONS = 64;
const STORED = 100_000;

const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(0)} kB`;

/** `npm run bench -- appliances`; PHANTASM_BENCH_APPLIANCES=web,dns measures some. */
export async function appliances(report) {
  const folder = mkdtempSync(join(tmpdir(), "phantasm-bench-"));
  const chosen = process.env["PHANTASM_BENCH_APPLIANCES"]?.split(",");
  try {
    for (const appliance of APPLIANCES.filter(({ name }) => chosen?.includes(name) ?? true)) {
      const contestants = await prepare(report, appliance, ownFolder(folder, appliance.name));
      await starts(report, appliance, contestants);
      inHost(report, appliance, contestants[0]);
      await loads(report, appliance, contestants);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Builds what is measured, and says how large the example is. */
async function prepare(report, appliance, folder) {
  const { name, example, peers, project, disk = false } = appliance;
  const bytes = [];
  for (const profile of ["speed", "size"]) {
    const output = join(folder, `${profile}.wasm`);
    bytes.push((await build({ directory: join(ROOT, example), profile, output })).image.length);
  }
  const [speed, size] = bytes.map(kilobytes);
  report.row(`${name}: image of ${example}, speed / size profile`, `${speed} / ${size}`);
  const output = join(folder, "image.wasm");
  await build({ directory: project(ownFolder(folder, "project")), output });
  const options = disk ? ["--block", "data=mem:64M"] : [];
  const image = {
    name: "image",
    image: output,
    program: process.execPath,
    words: (_, port) => [COMMAND, "run", output, "-p", `${port}:${appliance.port}`, ...options],
  };
  const there = peers.filter(({ program }) => has(program));
  for (const peer of peers.filter((one) => !there.includes(one)))
    report.row(`${name}: ${peer.name}`, `left out: no ${peer.program} here`);
  return [image, ...there].map((one) => ({ ...one, folder: ownFolder(folder, one.name) }));
}

/** From the start of a process to its first answer, in turn; and what it has in memory a second later. */
async function starts(report, { name, kind }, contestants) {
  const times = contestants.map(() => []);
  const resident = contestants.map(() => []);
  for (let run = 0; run < STARTS; run++)
    for (const [index, one] of contestants.entries()) {
      const port = await freePort();
      const words = one.words(one.folder, port);
      const start = performance.now();
      const child = spawn(one.program, words, { stdio: "pipe" });
      const server = new Server(child);
      try {
        await firstAnswer(kind, port, () => child.exitCode !== null);
        times[index].push(performance.now() - start);
        if (run > 0) continue;
        await delay(REST_MS);
        resident[index].push(server.residentBytes);
      } catch (error) {
        throw new Error(`${one.name}: ${error.message}: ${server.output}`, { cause: error });
      } finally {
        await server.stop();
      }
    }
  for (const [index, one] of contestants.entries())
    report.row(
      `${name}: start of the process to the first answer, ${one.name}`,
      `${spread(times[index], "ms", 0)}; then ${mebibytes(resident[index][0])} resident`,
    );
}

/** In a host that runs: from the bytes of the image to the first answer. */
function inHost(report, { name, kind, port }, { image }) {
  const words = [IN_HOST, image, kind, String(port)];
  const { firstMs, again, memoryBytes } = JSON.parse(
    execFileSync(process.execPath, words, { encoding: "utf8" }),
  );
  report.row(
    `${name}: image bytes to the first answer, in a running host`,
    `${spread(again, "ms", 1)}; the first time in a process ${firstMs.toFixed(0)} ms`,
  );
  report.row(`${name}: memory of the image after that`, mebibytes(memoryBytes));
}

/** Servers on one processor, load on the other, all at the loopback of one namespace. */
function loads(report, appliance, contestants) {
  const { name } = appliance;
  const load = LOADS[name];
  if (load === undefined) return;
  return inLab(report, `${name} under load`, load.needs, async (lab) => {
    const running = [];
    for (const [index, one] of contestants.entries()) {
      const port = 8000 + index;
      const server = lab.server(lab.load, [one.program, ...one.words(one.folder, port)]);
      running.push({ name: one.name, port, servers: [server] });
    }
    // Both listen on TCP too, but for the one of Node that only knows datagrams.
    for (const { name: whose, port } of running)
      if (whose === "Node dgram") await delay(500);
      else await lab.reachable("127.0.0.1", port);
    await load.run(report, lab, running);
    for (const { name: whose, servers } of running)
      report.row(`${name} under load, ${whose}`, `${mebibytes(servers[0].residentBytes)} resident`);
    report.row(`${name} under load: memory of the image`, await memoryOf(running[0].servers[0]));
  });
}

/** What the image says of itself when it is asked, as Ctrl-\ does. */
async function memoryOf(server) {
  server.signal("SIGUSR1");
  await server.says(", heap ");
  return /memory (.*?), heap/.exec(server.output)[1];
}

const LOADS = {
  web: {
    needs: ["wrk"],
    async run(report, lab, running) {
      for (const [what, path] of [
        ["1 KiB", ""],
        ["100 KiB", "large.bin"],
      ]) {
        const ask = ({ port }) => requests(lab, `http://127.0.0.1:${port}/${path}`, CONNECTIONS);
        await compare(
          report,
          `web by loopback, ${what}, ${CONNECTIONS} kept connections`,
          running,
          {
            rate: async (one) => (await ask(one)).perSecond,
            latencies: ask,
          },
        );
      }
    },
  },
  dns: {
    needs: ["dnsperf"],
    async run(report, lab, running) {
      const file = join(lab.folder, "queries");
      writeFileSync(file, queries(100));
      await compare(report, "dns by loopback, 100 names", running, {
        rate: ({ port }) => answers(lab, "127.0.0.1", port, file),
        latencies: ({ port }) => answerLatencies(lab, "127.0.0.1", port, file),
      });
    },
  },
  store: {
    needs: ["redis-benchmark"],
    async run(report, lab, running) {
      for (const { port } of running) {
        const words = ["-p", port, "-n", STORED, "-r", STORED, "-d", 100, "-P", 16, "-t", "set"];
        await lab.run("redis-benchmark", ...words.map(String), "-q");
      }
    },
  },
};

/** Rates and ratios; then latencies, of runs of their own. */
async function compare(report, what, running, { rate, latencies }) {
  const contestants = running.map((one) => ({ ...one, measure: () => rate(one) }));
  const results = await contest(contestants);
  rows(report, what, results, { unit: "k", scale: 1e-3 });
  const measured = running.map(() => []);
  for (let run = 0; run < RUNS; run++)
    for (const [index, one] of running.entries()) measured[index].push(await latencies(one));
  for (const [index, { name }] of running.entries()) {
    const of = (key) => median(measured[index].map((run) => run[key])).toFixed(0);
    report.row(
      `${what}, ${name}: latency`,
      `median ${of("medianUs")} µs, 99 of 100 below ${of("worstUs")} µs`,
    );
  }
  ratios(report, what, results);
}
