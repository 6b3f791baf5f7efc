/** Network namespaces with tap interfaces, for tests against the kernel's own stack. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const DEVICE = "/dev/net/tun";
const GUEST = fileURLToPath(
  new URL("../../packages/host/test/scripted-guest.mjs", import.meta.url),
);
const COMMAND_MS_MAX = 30_000;

/** Why this machine cannot run tests with tap interfaces, or null: it can. */
export function tapProblem(...commands: readonly string[]): string | null {
  if (process.platform !== "linux") return "tap interfaces are only on Linux";
  if (process.getuid?.() !== 0) return "network namespaces need root";
  const missing = ["ip", ...commands].filter(
    (command) => spawnSync("which", [command], { stdio: "ignore" }).status !== 0,
  );
  if (missing.length > 0) return `the commands ${missing.join(", ")} are not installed`;
  if (!existsSync(DEVICE)) {
    mkdirSync("/dev/net", { recursive: true });
    spawnSync("mknod", [DEVICE, "c", "10", "200"]);
  }
  try {
    closeSync(openSync(DEVICE, "r+"));
  } catch (error) {
    return `${DEVICE} cannot be opened: ${error instanceof Error ? error.message : String(error)}`;
  }
  const name = `phantasm-probe-${process.pid}`;
  const made = spawnSync("ip", ["netns", "add", name], { encoding: "utf8" });
  if (made.status !== 0) return `ip netns add: ${made.stderr.trim()}`;
  const tap = spawnSync("ip", ["-n", name, "tuntap", "add", "dev", "tap0", "mode", "tap"], {
    encoding: "utf8",
  });
  spawnSync("ip", ["netns", "del", name]);
  return tap.status === 0 ? null : `ip tuntap add: ${tap.stderr.trim()}`;
}

/** A namespace of its own; `close` takes it down with everything in it. */
export class Namespace {
  static #made = 0;
  readonly name = `phantasm-${process.pid}-${Namespace.#made++}`;

  constructor() {
    execFileSync("ip", ["netns", "add", this.name]);
    this.ip("link set lo up");
  }

  /** `ip` inside it. */
  ip(words: string): string {
    return execFileSync("ip", ["-n", this.name, ...words.split(" ")], { encoding: "utf8" });
  }

  /** A tap that has the address 10.0.0.1/24, and is up. */
  addTap(name = "tap0"): void {
    this.ip(`tuntap add dev ${name} mode tap`);
    this.ip(`addr add 10.0.0.1/24 dev ${name}`);
    this.ip(`link set ${name} up`);
  }

  /** Runs a command inside it to its end. */
  run(command: string, words: readonly string[], input = "") {
    const { status, stdout, stderr } = spawnSync(
      "ip",
      ["netns", "exec", this.name, command, ...words],
      { input: Buffer.from(input), timeout: COMMAND_MS_MAX, maxBuffer: 2 ** 26 },
    );
    return { status, stdout: stdout.toString("latin1"), stderr: stderr.toString("latin1") };
  }

  /** Starts a program inside it. */
  start(words: readonly string[]): ChildProcess {
    return spawn("ip", ["netns", "exec", this.name, ...words], { stdio: "pipe" });
  }

  /** Runs a program inside it to its end, beside others. */
  async finish(words: readonly string[]) {
    const child = this.start(words);
    const texts = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const)
      child[stream]?.on("data", (data: Buffer) => (texts[stream] += data.toString()));
    child.stdin?.end();
    const timer = setTimeout(() => child.kill("SIGKILL"), COMMAND_MS_MAX);
    const [status] = (await once(child, "close")) as [number | null];
    clearTimeout(timer);
    return { status, ...texts };
  }

  close(): void {
    spawnSync("ip", ["netns", "del", this.name]);
  }
}

export interface GuestOptions {
  /** Bits of NetFeature that it accepts. */
  readonly features?: number;
  /** For Node. */
  readonly arguments?: readonly string[];
  /** A program that runs Node. */
  readonly launch?: readonly string[];
}

export interface GuestStart {
  /** The class of its backend. */
  readonly kind: string;
  readonly features: number;
  readonly agreed: number;
  readonly mtu: number;
  readonly notices: readonly string[];
}

export interface GuestReport {
  readonly frames: number;
  readonly superFrames: number;
  readonly partial: number;
  readonly tcpBytes: number;
  readonly gone: string | null;
  readonly counters: Readonly<Record<string, number>>;
}

/** `scripted-guest.mjs` in a namespace. */
export class Guest {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #errors = "";

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.on("data", (data: Buffer) => (this.#errors += data.toString()));
    this.#lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  /** Attached, or the reason why not. */
  static async start(
    namespace: Namespace,
    net: object,
    { features = 0, arguments: words = [], launch = [] }: GuestOptions = {},
  ): Promise<{ guest: Guest; start: GuestStart }> {
    const options = JSON.stringify({ net, address: "10.0.0.2", features });
    const program = [...launch, process.execPath, ...words, GUEST, options];
    const guest = new Guest(namespace.start(program));
    return { guest, start: await guest.#read<GuestStart>() };
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Ends it, and tells what it counted; `exited` settles when the process has ended by itself. */
  async finish(): Promise<GuestReport> {
    const exited = new Promise<number | null>((resolve) => {
      if (this.#child.exitCode !== null) resolve(this.#child.exitCode);
      else this.#child.once("exit", resolve);
    });
    this.#child.stdin?.end();
    const report = await this.#read<GuestReport>();
    const status = await exited;
    if (status !== 0) throw new Error(`the guest ended with ${status}: ${this.#errors}`);
    return report;
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async #read<T>(): Promise<T> {
    const next = await this.#lines.next();
    if (next.done === true) throw new Error(this.#errors || "the guest ended without a word");
    return JSON.parse(next.value) as T;
  }
}
