// Where the benchmarks of the network run: namespaces of their own, servers on one processor, load on another.
import { execFile, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "../../toolchain/dist/build.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const COMMAND = join(ROOT, "toolchain", "bin", "phantasm.js");
/** Of /proc/PID/stat, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
/** Ten thousand connections are as many descriptors. */
const LIMITS = ["prlimit", "--nofile=20000"];
const ON_SERVER = [...LIMITS, "taskset", "-c", "0"];
const ON_LOAD = [...LIMITS, "taskset", "-c", "1"];
const READY_MS_MAX = 10_000;
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Why there can be no lab, or null. */
export function obstacle(commands = []) {
  if (process.platform !== "linux" || process.getuid() !== 0) return "it needs root on Linux";
  for (const command of ["gcc", "ip", "taskset", "prlimit", "curl", ...commands])
    if (!has(command)) return `no ${command} here`;
  return null;
}

export function has(command) {
  return spawnSync("which", [command], { stdio: "ignore" }).status === 0;
}

/** Runs `work` with a lab, and leaves nothing behind; one line when there can be none. */
export async function inLab(report, name, commands, work) {
  const problem = obstacle(commands);
  if (problem !== null) {
    report.row(name, `left out: ${problem}`);
    return;
  }
  const lab = new Lab();
  try {
    lab.makeNamespaces();
    await work(lab);
  } catch (error) {
    report.row(
      name,
      `left out: ${
        String(error.stderr || error.message)
          .trim()
          .split("\n")[0]
      }`,
    );
  } finally {
    await lab.close();
  }
}

/** Two namespaces: that of the load, where taps end, and that of servers on the kernel's own stack. */
export class Lab {
  folder = mkdtempSync(join(tmpdir(), "phantasm-bench-"));
  load = `phantasm-load-${process.pid}`;
  serve = `phantasm-serve-${process.pid}`;
  #children = new Set();
  #namespaces = [];

  makeNamespaces() {
    for (const name of [this.load, this.serve]) this.#makeNamespace(name);
  }

  /** One more, until the lab is closed; gives its whole name. */
  namespace(name) {
    const whole = `phantasm-${name}-${process.pid}`;
    this.#makeNamespace(whole);
    return whole;
  }

  #makeNamespace(name) {
    execFileSync("ip", ["netns", "add", name], { stdio: "pipe" });
    this.#namespaces.push(name);
    ip(name, "link set lo up");
    // Thousands of connections a second from one address: ports must come back soon.
    for (const setting of ["ip_local_port_range=1024 65000", "tcp_max_tw_buckets=1024"])
      execFileSync("ip", ["netns", "exec", name, "sysctl", "-qw", `net.ipv4.${setting}`], {
        stdio: "pipe",
      });
  }

  /** Of the load's namespace: programs look for one to find out what the machine is called. */
  defaultRoute(gateway) {
    ip(this.load, `route add default via ${gateway}`);
  }

  /** A tap in a namespace, with its address. */
  tap(name, address, { offload = true, namespace = this.load } = {}) {
    ip(namespace, `tuntap add dev ${name} mode tap ${offload ? "vnet_hdr" : ""}`);
    ip(namespace, `addr add ${address}/24 dev ${name}`);
    ip(namespace, `link set ${name} up`);
  }

  /** A cable of the kernel's between the two namespaces; the load is .1 of `network`, the server .2. */
  veth(name, network) {
    ip(this.load, `link add ${name} type veth peer name ${name} netns ${this.serve}`);
    for (const [namespace, host] of [
      [this.load, 1],
      [this.serve, 2],
    ]) {
      ip(namespace, `addr add ${network}.${host}/24 dev ${name}`);
      ip(namespace, `link set ${name} up`);
    }
  }

  compile(name) {
    const program = join(this.folder, name);
    execFileSync("gcc", ["-O2", "-o", program, here(`c/${name}.c`)], { stdio: "pipe" });
    return program;
  }

  /**
   * `phantasm run` on the servers' processor, in the load's namespace.
   *
   * @param words the image's own
   * @param opener a command that runs it
   */
  async phantasm(folder, options, words = [], opener = []) {
    const image = await imageOf(folder);
    const run = [process.execPath, COMMAND, "run", image, ...options, "--", ...words];
    return this.server(this.load, [...opener, ...run]);
  }

  /** A server on its processor. */
  server(namespace, words, options = {}) {
    const child = spawn("ip", ["netns", "exec", namespace, ...ON_SERVER, ...words], {
      stdio: ["pipe", "pipe", "pipe"],
      ...options,
    });
    const server = new Server(child);
    this.#children.add(server);
    return server;
  }

  /** Runs one command of the load on its processor, and gives what it prints. */
  async run(...words) {
    const all = ["netns", "exec", this.load, ...ON_LOAD, ...words];
    const { stdout } = await promisify(execFile)("ip", all, { maxBuffer: 2 ** 24 });
    return stdout;
  }

  /** Ends when a server answers at a port of TCP. */
  async reachable(address, port) {
    const end = performance.now() + READY_MS_MAX;
    const probe = `exec 3<>/dev/tcp/${address}/${port}`;
    for (;;) {
      const words = ["netns", "exec", this.load, "timeout", "1", "bash", "-c", probe];
      if (spawnSync("ip", words, { stdio: "ignore" }).status === 0) return;
      if (performance.now() > end) throw new Error(`nothing answers at ${address} port ${port}`);
      await delay(50);
    }
  }

  /** As `reachable`, behind something that accepts before its guest does. @param isHttp else iperf3 */
  async answers(address, port, isHttp) {
    const end = performance.now() + READY_MS_MAX;
    const words = isHttp
      ? ["curl", "-s", "-m", "2", "-o", "/dev/null", `http://${address}:${port}/`]
      : ["iperf3", "-c", address, "-p", String(port), "-n", "1K"];
    for (;;) {
      const all = ["netns", "exec", this.load, "timeout", "3", ...words];
      if (spawnSync("ip", all, { stdio: "ignore" }).status === 0) return;
      if (performance.now() > end) throw new Error(`no answer from ${address} port ${port}`);
      await delay(100);
    }
  }

  async close() {
    for (const server of this.#children) await server.stop();
    for (const name of this.#namespaces)
      spawnSync("ip", ["netns", "del", name], { stdio: "ignore" });
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function ip(namespace, text) {
  const words = text.split(" ").filter((word) => word !== "");
  execFileSync("ip", ["-n", namespace, ...words], { stdio: "pipe" });
}

const images = new Map();

/** The image of an application, built once for all labs. @param folder from the root of the repository */
export async function imageOf(folder) {
  if (!images.has(folder)) {
    const scratch = mkdtempSync(join(tmpdir(), "phantasm-bench-"));
    process.once("exit", () => rmSync(scratch, { recursive: true, force: true }));
    const output = join(scratch, "image.wasm");
    await build({ directory: join(ROOT, folder), output });
    images.set(folder, output);
  }
  return images.get(folder);
}

/** A process that serves. */
export class Server {
  output = "";
  #child;

  constructor(child) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (data) => (this.output = (this.output + data).slice(-65_536)));
  }

  /** Ends when it has printed this. */
  async says(text) {
    const end = performance.now() + READY_MS_MAX;
    while (!this.output.includes(text)) {
      if (this.#child.exitCode !== null || performance.now() > end)
        throw new Error(`a server did not start: ${this.output.trim().split("\n").at(-1)}`);
      await delay(20);
    }
  }

  /** Seconds of its processor time so far, all threads and children that live. */
  get cpuSeconds() {
    return processes(this.#child.pid).reduce((sum, pid) => sum + cpuSecondsOf(pid), 0);
  }

  /** Bytes in memory, of all its processes: what they share counts for each. */
  get residentBytes() {
    return processes(this.#child.pid).reduce((sum, pid) => sum + residentBytesOf(pid), 0);
  }

  signal(name) {
    this.#child.kill(name);
  }

  async stop(signal = "SIGKILL") {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    for (const pid of processes(this.#child.pid).reverse()) kill(pid, signal);
    await gone;
  }
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // Ended by itself meanwhile.
  }
}

/** A process and its descendants; none when it has ended. */
function processes(pid) {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return [pid, ...children.trim().split(" ").filter(Boolean).map(Number).flatMap(processes)];
  } catch {
    return [];
  }
}

function residentBytesOf(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function cpuSecondsOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}
