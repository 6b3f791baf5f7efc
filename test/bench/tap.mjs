// Echo over a tap: an image in a domain beside a responder in C, with the kernel's sockets as the other side.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { median, spread } from "./report.mjs";

const NAMESPACE = `phantasm-bench-${process.pid}`;
const ADDRESS = "10.0.0.2";
const RUNS = 5;
const SECONDS = 2;
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const inside = (...words) => ["ip", "netns", "exec", NAMESPACE, ...words];
/** The responder on one processor, the load on the other. */
const pinned = (cpu, ...words) => inside("taskset", "-c", String(cpu), ...words);

function obstacle() {
  if (process.platform !== "linux" || process.getuid() !== 0) return "it needs root on Linux";
  for (const command of ["gcc", "ip", "taskset"])
    if (spawnSync("which", [command], { stdio: "ignore" }).status !== 0)
      return `no ${command} here`;
  const made = spawnSync("ip", ["netns", "add", NAMESPACE], { encoding: "utf8" });
  if (made.status !== 0) return made.stderr.trim();
  const tap = spawnSync("ip", ["-n", NAMESPACE, "tuntap", "add", "dev", "tap0", "mode", "tap"]);
  return tap.status === 0 ? null : tap.stderr.toString().trim();
}

function load(program, outstanding, seconds) {
  const words = pinned(1, program, ADDRESS, "7", String(outstanding), String(seconds), "64");
  return JSON.parse(execFileSync(words[0], words.slice(1), { encoding: "utf8" }));
}

/** One responder under load: frames a second, and a second of its processor time. */
async function measure(responder, generator) {
  const [command, ...words] = pinned(0, ...responder);
  const child = spawn(command, words, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  const isNode = responder[0] === process.execPath;
  if (isNode) {
    load(generator, 64, 1);
    child.stdin.write("go\n");
  }
  const { perSecond } = load(generator, 64, SECONDS);
  child.stdin.end();
  const { frames, cpuSeconds } = JSON.parse((await lines.next()).value);
  await once(child, "exit");
  return { perSecond, perCpuSecond: frames / cpuSeconds };
}

/** Echo frames per second of the responder's processor time. */
export async function tap(report) {
  const problem = obstacle();
  const folder = mkdtempSync(join(tmpdir(), "phantasm-bench-"));
  try {
    if (problem !== null) {
      report.row("echo over tap", `left out: ${problem}`);
      return;
    }
    for (const words of [
      ["addr", "add", "10.0.0.1/24", "dev", "tap0"],
      ["link", "set", "tap0", "up"],
    ])
      execFileSync("ip", ["-n", NAMESPACE, ...words]);
    const compiled = (name) => {
      const program = join(folder, name);
      execFileSync("gcc", ["-O2", "-o", program, here(`c/${name}.c`)]);
      return program;
    };
    const generator = compiled("udp-load");
    const peer = [compiled("tap-echo"), "tap0"];
    const ours = [process.execPath, here("tap-run.mjs"), "tap0"];
    const results = [];
    for (let run = 0; run < RUNS; run++)
      results.push([await measure(ours, generator), await measure(peer, generator)]);
    const row = (what, which) => {
      const cpu = results.map((pair) => pair[which].perCpuSecond / 1000);
      const wall = median(results.map((pair) => pair[which].perSecond / 1000));
      report.row(what, `${spread(cpu, "k", 0)}; ${wall.toFixed(0)} k a second`);
    };
    row("echo frames over tap per CPU-second, image", 0);
    row("the same, responder in C", 1);
    const ratios = results.map(([a, b]) => a.perCpuSecond / b.perCpuSecond);
    report.row("ratio, pair by pair", spread(ratios, "×"));
  } finally {
    spawnSync("ip", ["netns", "del", NAMESPACE]);
    rmSync(folder, { recursive: true, force: true });
  }
}
