/** An image that runs in a namespace with a tap, and clients of the kernel's there. */
import { type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { builtImage } from "./built.js";
import { type Namespace } from "./namespace.js";

const ROOT = new URL("../../", import.meta.url);
const PHANTASM = fileURLToPath(new URL("toolchain/bin/phantasm.js", ROOT));
const CLIENTS = fileURLToPath(new URL("test/system/kernel/clients.py", ROOT));
/** Debian's own: a newer one in front of it may be a shell script, and slow. */
export const PYTHON = "/usr/bin/python3";
const END_MS_MAX = 30_000;

/** For tests, hooks, and every wait here: a machine may have much else to do. */
export const PATIENT_MS = 120_000;

/** Opens a tap without a header, and so without offloads, as file descriptor 3. */
const PLAIN_TAP = `
  use Fcntl; my ($name, @program) = @ARGV;
  sysopen(my $fd, "/dev/net/tun", O_RDWR | O_NONBLOCK) or die $!;
  ioctl($fd, 0x400454ca, pack("Z16 s x22", $name, 0x1002)) or die $!;
  fcntl($fd, F_SETFD, 0); die "not 3" if fileno($fd) != 3;
  exec(@program);`;

/** The image of a project below the repository, built if need be. */
export async function imagePath(directory: string): Promise<string> {
  const path = await builtImage(fileURLToPath(new URL(directory, ROOT)));
  return path;
}

export interface MachineOptions {
  /** Of `phantasm run`. */
  readonly options?: readonly string[];
  /** Of the image. Default: the address 10.0.0.2. */
  readonly arguments?: readonly string[];
  /** Name of its tap. */
  readonly tap?: string;
  /** With checksum and segmentation offloads. Default true. */
  readonly offload?: boolean;
}

export class Machine {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";

  constructor(namespace: Namespace, image: string, settings: MachineOptions = {}) {
    const { options = [], tap = "tap0", offload = true } = settings;
    const words = settings.arguments ?? ["--ipv4=10.0.0.2/24"];
    const attach = offload ? ["--net", `tap:${tap}`] : ["--tap-fd", "3"];
    const launch = offload ? [] : ["perl", "-e", PLAIN_TAP, tap];
    const run = [process.execPath, PHANTASM, "run", image, ...attach, ...options, "--", ...words];
    this.child = namespace.start([...launch, ...run]);
    this.child.stdout?.on("data", (data: Buffer) => (this.stdout += data.toString()));
    this.child.stderr?.on("data", (data: Buffer) => (this.stderr += data.toString()));
  }

  /** Waits until it answers ARP and ping. */
  async answers(namespace: Namespace, address = "10.0.0.2"): Promise<this> {
    await until(`answers of ${address}`, async () => {
      if (this.child.exitCode !== null) throw new Error(`it ended: ${this.stderr}`);
      const ping = await namespace.finish(["ping", "-c", "1", "-W", "1", address]);
      return ping.status === 0;
    });
    return this;
  }

  /** Waits until it has said this. */
  async says(text: RegExp, stream: "stdout" | "stderr" = "stdout"): Promise<void> {
    await until(
      String(text),
      () => text.test(this[stream]),
      () => this.stdout + this.stderr,
    );
  }

  /** What Ctrl-\ prints. */
  async describe(): Promise<string> {
    const before = this.stderr.length;
    this.child.kill("SIGUSR1");
    // It is written at once, but may be read in parts: whole is what stays the same for a while.
    let last = "";
    await until("a description", async () => {
      await sleep(500);
      const text = this.stderr.slice(before);
      const isWhole = text.endsWith("\n") && text === last;
      last = text;
      return isWhole;
    });
    return last;
  }

  /** The status it ends with; whoever waits for it to end by itself says so. */
  async ended(): Promise<number | null> {
    if (this.child.exitCode === null) await once(this.child, "exit");
    return this.child.exitCode;
  }

  /** Ends it, and tells what was written to standard error, for instance with `--stats`. */
  async stop(): Promise<string> {
    if (this.child.exitCode !== null) return this.stderr;
    const closed = once(this.child, "close");
    this.child.kill("SIGINT");
    // Whoever does not listen to that.
    const again = setTimeout(() => this.child.kill("SIGINT"), END_MS_MAX / 3);
    const last = setTimeout(() => this.child.kill("SIGKILL"), END_MS_MAX);
    await closed;
    clearTimeout(again);
    clearTimeout(last);
    return this.stderr;
  }
}

/** Waits for a condition, in hooks as well as in tests. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  details = () => "",
): Promise<void> {
  const endMs = Date.now() + PATIENT_MS;
  while (!(await holds())) {
    if (Date.now() > endMs) throw new Error(`waited in vain for ${what}; ${details()}`);
    await sleep(100);
  }
}

/** Runs `clients.py` to its end; its last line. */
export async function client(namespace: Namespace, ...words: (string | number)[]): Promise<string> {
  const child = startClient(namespace, ...words);
  child.stdin?.end();
  return lastLine(child);
}

/** Starts `clients.py`; `lastLine` waits for its end. */
export function startClient(namespace: Namespace, ...words: (string | number)[]): ChildProcess {
  return namespace.start([PYTHON, CLIENTS, ...words.map(String)]);
}

/** Waits for the end of a program, and tells what it has said. */
export async function finished(child: ChildProcess): Promise<{ stdout: string; stderr: string }> {
  const texts = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream]?.on("data", (data: Buffer) => (texts[stream] += data.toString()));
  await once(child, "close");
  return texts;
}

/** Its last line, or what went wrong. */
export async function lastLine(child: ChildProcess): Promise<string> {
  const { stdout, stderr } = await finished(child);
  const line = stdout.trimEnd().split("\n").at(-1) ?? "";
  return line === "" ? stderr.trimEnd() : line;
}

/** A connection over which every line comes back. */
export class Talk {
  readonly #child: ChildProcess;
  readonly #end: Promise<string>;
  #heard = "";

  constructor(namespace: Namespace, ...where: (string | number)[]) {
    this.#child = startClient(namespace, "talk", ...where);
    this.#child.stdout?.on("data", (data: Buffer) => (this.#heard += data.toString()));
    this.#end = lastLine(this.#child);
  }

  /** The client's own. */
  get port(): number {
    return Number(/^port (\d+)$/m.exec(this.#heard)?.[1] ?? 0);
  }

  /** Says a line, and waits until it has come back. */
  async say(line: string): Promise<void> {
    this.#child.stdin?.write(`${line}\n`);
    await until(
      `the echo of ${line}`,
      () => this.#heard.endsWith(`back ${line}\n`),
      () => this.#heard.slice(-200),
    );
  }

  /** Its last word: "over", if the connection lasted until now. */
  async end(): Promise<string> {
    this.#child.stdin?.end();
    return this.#end;
  }
}
