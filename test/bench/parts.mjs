// What `npm run bench` measures, part by part.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "../../toolchain/dist/build.js";
import { spread, timed } from "./report.mjs";
import { appliances } from "./appliances.mjs";
import { block } from "./block.mjs";
import { Driver } from "./driver.mjs";
import { keyValue } from "./key-value.mjs";
import { layers } from "./layers.mjs";
import { connections } from "./connections.mjs";
import { dns } from "./dns-tap.mjs";
import { tapHttp } from "./http-tap.mjs";
import { tap } from "./tap.mjs";
import { store } from "./store-tap.mjs";
import { tapTcp } from "./tcp-tap.mjs";
import { tapUdp } from "./udp-tap.mjs";
import { webIdle } from "./web-idle.mjs";
import { tapWeb } from "./web-tap.mjs";
import { userNet } from "./user-net.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const COMMAND = join(ROOT, "toolchain", "bin", "phantasm.js");
const PEER = `process.stdout.write("x")`;
const STARTS = 20;
const DOMAINS = 10_000;

function scratch(work) {
  const folder = mkdtempSync(join(tmpdir(), "phantasm-bench-"));
  return Promise.resolve(work(folder)).finally(() =>
    rmSync(folder, { recursive: true, force: true }),
  );
}

function examples() {
  const folder = join(ROOT, "examples");
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, "phantasm.config.ts")))
    .filter((name) => !existsSync(join(folder, name, "package.json")));
}

/** Sealed bytes of every example, in both profiles. */
async function images(report) {
  for (const name of examples()) {
    await scratch(async (folder) => {
      const directory = join(folder, name);
      cpSync(join(ROOT, "examples", name), directory, { recursive: true });
      const speed = (await build({ directory })).image.length;
      const file = join(directory, "phantasm.config.ts");
      writeFileSync(
        file,
        readFileSync(file, "utf8").replace(
          /unikernel\((".*?"), \{/,
          'unikernel($1, {\n  profile: "size",',
        ),
      );
      const size = (await build({ directory })).image.length;
      const target = name === "hello" ? "≤ 10 000" : "";
      report.row(`image ${name}, speed / size profile`, `${speed} / ${size} bytes`, target);
    });
  }
}

/** A clean build as a user starts it, and a rebuild in a process that is warm. */
async function builds(report) {
  await scratch(async (folder) => {
    cpSync(join(ROOT, "examples", "hello"), folder, {
      recursive: true,
      filter: (path) => !/[\\/](dist|\.phantasm)$/.test(path),
    });
    const clean = [];
    for (let run = 0; run < 5; run++) {
      rmSync(join(folder, ".phantasm"), { recursive: true, force: true });
      rmSync(join(folder, "dist"), { recursive: true, force: true });
      clean.push(
        await timed(() =>
          execFileSync(process.execPath, [COMMAND, "build", folder], { stdio: "ignore" }),
        ),
      );
    }
    report.row("clean build of hello, whole command", spread(clean, "ms", 0), "< 3000 ms");
    const main = join(folder, "main.ts");
    const text = readFileSync(main, "utf8");
    await build({ directory: folder });
    const rebuilds = [];
    for (let run = 0; run < 7; run++) {
      writeFileSync(main, `${text}// ${run}\n`);
      rebuilds.push(await timed(() => build({ directory: folder })));
    }
    report.row("rebuild of hello in a warm process", spread(rebuilds, "ms", 0), "< 1000 ms");
  });
}

/** Milliseconds until a process writes its first byte. */
async function firstByte(args) {
  const start = performance.now();
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  const elapsed = performance.now() - start;
  child.stdout.resume();
  await once(child, "close");
  return elapsed;
}

/** Process start to first console byte, in turn with a bare Node. */
async function starts(report) {
  await scratch(async (folder) => {
    const image = join(folder, "hello.wasm");
    await build({ directory: join(ROOT, "examples", "hello"), output: image });
    const ours = [];
    const peer = [];
    for (let run = -2; run < STARTS; run++) {
      const a = await firstByte([COMMAND, "run", image]);
      const b = await firstByte(["-e", PEER]);
      if (run < 0) continue;
      ours.push(a);
      peer.push(b);
    }
    report.row("phantasm run hello.wasm to first byte", spread(ours, "ms", 1));
    report.row(`node -e '${PEER}' to first byte`, spread(peer, "ms", 1));
    const ratios = ours.map((value, run) => value / peer[run]);
    report.row("ratio, pair by pair", spread(ratios, "×"), "≤ 2 ×");
  });
}

function runChild(name, ...args) {
  const script = fileURLToPath(new URL(name, import.meta.url));
  return JSON.parse(
    execFileSync(process.execPath, ["--expose-gc", script, ...args], {
      encoding: "utf8",
      maxBuffer: 2 ** 24,
    }),
  );
}

/** Inside a running host: image bytes to first hypercall, and compiled module to first hypercall. */
async function boots(report) {
  await scratch(async (folder) => {
    const image = join(folder, "hello.wasm");
    await build({ directory: join(ROOT, "examples", "hello"), output: image });
    const other = join(folder, "lottery.wasm");
    await build({ directory: join(ROOT, "examples", "lottery"), output: other });
    const runs = Array.from({ length: 7 }, () => runChild("boot.mjs", image, other));
    report.row(
      "first boot of any image in a process",
      spread(
        runs.map(({ firstMs }) => firstMs),
        "ms",
      ),
    );
    report.row(
      "image bytes to first hypercall, cold: an image new to a running host",
      spread(
        runs.map(({ coldMs }) => coldMs),
        "ms",
      ),
      "< 1 ms",
    );
    report.row(
      "image bytes to first hypercall, the same image again",
      spread(
        runs.map(({ againMs }) => againMs),
        "ms",
      ),
    );
    report.row(
      "compiled module to first hypercall",
      spread(
        runs.map(({ compiledUs }) => compiledUs),
        "µs",
        0,
      ),
    );
    report.row(
      "of which new WebAssembly.Instance of that module",
      spread(
        runs.map(({ instanceUs }) => instanceUs),
        "µs",
        0,
      ),
    );
  });
}

/** Live domains in one process. */
async function domains(report) {
  await scratch(async (folder) => {
    const image = join(folder, "clock.wasm");
    await build({ directory: join(ROOT, "test", "bench", "sleeper"), output: image });
    const { count, bytes, totalMs } = runChild("domains.mjs", image, String(DOMAINS));
    report.row(
      `${count} live domains in one process`,
      `${(bytes / 2 ** 20).toFixed(0)} MiB, ${(bytes / count / 1024).toFixed(1)} KiB each, ${(totalMs / 1000).toFixed(1)} s to boot them`,
      "< 500 MB",
    );
  });
}

/** The cost of crossing the boundary. */
async function hypercalls(report) {
  const runs = Array.from({ length: 3 }, () => runChild("hypercall.mjs"));
  for (const name of Object.keys(runs[0]))
    report.row(
      `hypercall ${name}`,
      spread(
        runs.map((run) => run[name]),
        "ns",
        1,
      ),
    );
}

/** An appliance of this folder, built into a scratch folder. */
function appliance(name, work) {
  return scratch(async (folder) => {
    const image = join(folder, `${name}.wasm`);
    await build({ directory: join(ROOT, "test", "bench", name), output: image });
    await work(image);
  });
}

const ns = (value) => `${value.toFixed(value < 10 ? 1 : 0)} ns`;

/** Fibres, beside generators and async functions that do the same. */
async function fibres(report) {
  await appliance("fibres", (image) => {
    const run = runChild("fibre-run.mjs", image);
    for (const [frames, value] of Object.entries(run.switching)) {
      const target = frames === "4" ? "≤ 100 ns" : "";
      report.row(`switch of a fibre with ${frames} frames`, ns(value), target);
    }
    for (const [depth, value] of Object.entries(run.generators))
      report.row(`Node: generator, ${Number(depth) + 1} deep, a yield`, ns(value));
    for (const [depth, value] of Object.entries(run.asyncFunctions))
      report.row(`Node: async function, ${Number(depth) + 1} deep, an await`, ns(value));
    report.row("spawn, run and end of a fibre", ns(run.spawn));
    for (const [count, { heapBytes, memoryBytes, ns: each }] of [
      ["1 million", run.million],
      ["4 million", run.fourMillion],
    ])
      report.row(
        `${count} sleeping fibres, each`,
        `${heapBytes.toFixed(0)} bytes of heap, ${memoryBytes.toFixed(0)} of memory, ${ns(each)} to spawn and sleep`,
        "≤ 170 bytes",
      );
    report.row("pipeline of 6 fibres, 200 000 numbers", `${run.pipelineMs.toFixed(0)} ms`);
    report.row("Node: the same with async functions", `${run.pipelinePeerMs.toFixed(0)} ms`);
    report.row("ratio", `${(run.pipelinePeerMs / run.pipelineMs).toFixed(1)} ×`, "> 1 ×");
    report.row(
      "memory before and after ten million switches",
      `${run.soakBefore / 1024} KiB, ${run.soakAfter / 1024} KiB`,
      "flat",
    );
  });
}

/** The timing wheel, beside Node's timers. */
async function timers(report) {
  await appliance("timers", (image) => {
    for (const count of [1000, 1_000_000]) {
      const { ours, node } = runChild("timer-run.mjs", image, String(count));
      for (const [what, label] of [
        ["set", "set"],
        ["move", "set anew"],
        ["cancel", "cancel"],
        ["expire", "be called"],
      ])
        report.row(
          `timers, ${count} pending: ${label}`,
          `${ns(ours[what])}; Node ${ns(node[what])}`,
        );
    }
  });
}

/** Pauses of the collector by size of the live heap, beside the same work in JavaScript. */
async function heap(report) {
  await appliance("heap", (image) => {
    for (const objects of [16_000, 125_000, 500_000, 1_000_000, 4_000_000]) {
      const run = runChild("heap-run.mjs", image, String(objects));
      const size = `${(run.liveBytes / 1e6).toFixed(0)} MB of live objects`;
      report.row(
        `${size}: longest step, 99 %, median`,
        `${run.longestMs.toFixed(2)}, ${run.percentile99Ms.toFixed(2)}, ${run.medianMs.toFixed(2)} ms; Node's longest ${run.node.longestMs.toFixed(0)} ms`,
        objects === 1_000_000 ? "< 2 ms" : "",
      );
      report.row(
        `${size}: each object made, used and collected`,
        `${ns(run.nsPerObject)}; Node ${ns(run.node.nsPerObject)}`,
      );
    }
  });
}

/**
 * The user network and a guest of the smallest TCP share a process; clients are in another. Per second
 * of the clock, and per second of that process: the second does not depend on what else runs.
 */
async function userNetwork(report) {
  for (const mtu of [65_520, 1_500]) {
    const { http, sink, source, echo } = runChild("user-net-run.mjs", String(mtu));
    const rate = ({ count, seconds, cpuSeconds }, unit, scale, digits) =>
      `${((count * scale) / seconds).toFixed(digits)} ${unit}, ${((count * scale) / cpuSeconds).toFixed(digits)} a CPU second`;
    const name = `user network, MTU ${mtu}`;
    const first = mtu !== 1_500;
    report.row(
      `${name}: HTTP requests of 1 KiB, 64 connections`,
      rate(http, "k/s", 1e-3, 1),
      first ? "> 30 k/s" : "",
    );
    report.row(
      `${name}: one stream to the guest`,
      rate(sink, "Gbit/s", 8e-9, 1),
      first ? "> 4 Gbit/s" : "",
    );
    report.row(
      `${name}: one stream from the guest`,
      rate(source, "Gbit/s", 8e-9, 1),
      first ? "> 4 Gbit/s" : "",
    );
    report.row(
      `${name}: datagrams of 64 bytes and back, 64 on their way`,
      rate(echo, "k/s", 1e-3, 1),
    );
  }
}

/** A datagram through ethernet, ip and udp, and back; the link does nothing. */
async function udp(report) {
  await appliance("udp", (image) => {
    const run = runChild("udp-run.mjs", image);
    for (const [what, label] of [
      ["ethernet", "frame of an unknown type, dropped by ethernet"],
      ["heard64", "datagram of 64 bytes, received"],
      ["echo64", "datagram of 64 bytes, received and answered"],
      ["echo512", "datagram of 512 bytes, received and answered"],
      ["heard1472", "datagram of 1472 bytes, received"],
      ["echo1472", "datagram of 1472 bytes, received and answered"],
      ["sum20", "checksum of 20 bytes"],
      ["sum64", "checksum of 64 bytes"],
      ["sum1500", "checksum of 1500 bytes"],
    ])
      report.row(label, ns(run[what]), what.startsWith("echo") ? "≤ 1000 ns" : "");
  });
  await appliance("udp6", (image) => {
    const run = runChild("udp-run.mjs", image);
    for (const [what, label] of [
      ["heard64", "IPv6: datagram of 64 bytes, received"],
      ["echo64", "IPv6: datagram of 64 bytes, received and answered"],
      ["echo512", "IPv6: datagram of 512 bytes, received and answered"],
      ["heard1452", "IPv6: datagram of 1452 bytes, received"],
      ["echo1452", "IPv6: datagram of 1452 bytes, received and answered"],
    ])
      report.row(label, ns(run[what]), what.startsWith("echo") ? "≤ 1000 ns" : "");
  });
}

/** A request through the server, and the parser alone; the connection does nothing. */
async function httpCore(report) {
  await appliance("http-core", (image) => {
    const driver = new Driver(image);
    driver.run();
    const run = JSON.parse(driver.output);
    for (const [what, label, target] of [
      ["parseShort", "head of a request as of wrk, 37 bytes, parsed", "< 1000 ns"],
      ["parseLong", "head of a request as of a browser, 692 bytes, parsed", "< 1000 ns"],
      ["serveShort", "request as of wrk, answered with a file of 1 KiB", ""],
      ["serveLong", "request as of a browser, answered with a file of 1 KiB", ""],
      ["servePipelined", "request as of wrk, 16 at once, answered with a file of 1 KiB", ""],
    ])
      report.row(label, ns(run[what]), target);
  });
}

/** A packet through the router, with address translation; the links do nothing. */
async function router(report) {
  await appliance("router", (image) => {
    const run = runChild("router-run.mjs", image);
    for (const [what, label] of [
      ["out64", "packet of 64 bytes, sent on outside"],
      ["out1500", "packet of 1500 bytes, sent on outside"],
      ["in64", "packet of 64 bytes, sent on inside"],
      ["in1500", "packet of 1500 bytes, sent on inside"],
      ["many64", "packet of 64 bytes, 8192 flows in turn"],
      ["super", "TCP super-segment of 65000 bytes, passed on"],
      ["begin", "packet of 64 bytes that begins a flow"],
      ["copy", "of these: laying the packet out again"],
    ])
      report.row(label, ns(run[what]));
  });
}

export const PARTS = {
  images,
  builds,
  starts,
  boots,
  domains,
  hypercalls,
  fibres,
  timers,
  heap,
  userNetwork,
  udp,
  router,
  httpCore,
  block,
  layers,
  "key-value": keyValue,
  tap,
  tapTcp,
  tapHttp,
  tapWeb,
  webIdle,
  tapUdp,
  dns,
  store,
  connections,
  userNet,
  appliances,
};
