/** `phantasm doctor`: what this machine can do, and the command that enables what it cannot. */
import { accessSync, constants, existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, freemem, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { explain } from "./files.js";
import type { Invocation } from "./parse.js";
import type { Terminal } from "./terminal.js";
import { formatBytes } from "./text.js";
import { version } from "./version.js";

const NODE_MINIMUM = [20, 19] as const;
const FREE_BYTES_MIN = 256 * 1024 * 1024;
const DISK_BYTES = 65_536;
const WORKER_MS_MAX = 10_000;

/** One line of the report. */
export interface Check {
  readonly name: string;
  readonly status: "ok" | "missing";
  readonly detail: string;
  /** Nothing works without it. */
  readonly required: boolean;
  /** What to do when it is missing: a command where there is one. */
  readonly enable?: string;
}

function check(
  name: string,
  required: boolean,
  ok: boolean,
  detail: string,
  enable?: string,
): Check {
  return {
    name,
    status: ok ? "ok" : "missing",
    detail,
    required,
    ...(ok || enable === undefined ? {} : { enable }),
  };
}

function node(): Check {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [needMajor, needMinor] = NODE_MINIMUM;
  const ok = major > needMajor || (major === needMajor && minor >= needMinor);
  const detail = `${process.versions.node} on ${process.platform} ${process.arch}`;
  return check("node", true, ok, detail, `install Node ${needMajor}.${needMinor} or later`);
}

/** A package as Node finds it from here; undefined when it is not installed. */
function installedVersion(name: string): string | undefined {
  const require = createRequire(import.meta.url);
  for (const folder of require.resolve.paths(name) ?? []) {
    const path = join(folder, name, "package.json");
    if (!existsSync(path)) continue;
    const { version: found } = require(path) as { version?: unknown };
    return typeof found === "string" ? found : undefined;
  }
  return undefined;
}

function tool(name: string): Check {
  const found = installedVersion(name);
  return check(name, true, found !== undefined, found ?? "not installed", "npm install");
}

function memory(): Check {
  const free = freemem();
  const detail = `${formatBytes(free)} free of ${formatBytes(totalmem())}, ${availableParallelism()} processors`;
  return check("memory", true, free >= FREE_BYTES_MIN, detail, "end other programs");
}

function worker(): Promise<Check> {
  const enable = "raise the limits of this user: ulimit -u, ulimit -v";
  return new Promise((resolve) => {
    const started = new Worker("", { eval: true });
    const end = (ok: boolean, detail: string): void => {
      clearTimeout(timer);
      resolve(check("threads", true, ok, detail, enable));
    };
    const timer = setTimeout(() => {
      void started.terminate();
      end(false, `no thread started within ${WORKER_MS_MAX / 1000} s`);
    }, WORKER_MS_MAX);
    started.once("error", (error) => end(false, error.message));
    started.once("exit", (status) => end(status === 0, "an image runs in a thread of its own"));
  });
}

/** Opens one disk twice, as two programs would. */
async function locking(): Promise<Check> {
  const { openBlock } = await import("@phantasm/host");
  const folder = mkdtempSync(join(tmpdir(), "phantasm-doctor-"));
  const disk = { kind: "file", path: join(folder, "disk") } as const;
  const result = (ok: boolean, detail: string): Check =>
    check("file locks", false, ok, detail, "install the command flock (package util-linux)");
  try {
    const first = await openBlock({ ...disk, bytes: DISK_BYTES });
    const second = await openBlock(disk).catch(() => null);
    await first.close();
    await second?.close();
    return second === null
      ? result(true, "a disk has one writer at a time")
      : result(false, "two images could write to one disk");
  } catch (error) {
    return result(false, error instanceof Error ? (error.message.split("\n")[0] ?? "") : "");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What `,direct` and discards come to in this directory. */
async function disks(): Promise<Check[]> {
  const { diskSupport } = await import("@phantasm/host");
  try {
    const { directSectorBytes, directProblem, punches, hasLibrary } = await diskSupport(".");
    const more = directSectorBytes === 4096 ? " with ,sector=4096" : "";
    return [
      check(
        "direct disks",
        false,
        directSectorBytes !== null,
        directProblem ?? `--block NAME=FILE,direct works here${more}`,
        "keep disks on another file system, as ext4 or xfs",
      ),
      check(
        "disk discards",
        false,
        punches,
        punches
          ? "what an image discards gives its space back"
          : hasLibrary
            ? "the file system here takes no space out of a file: discards have no effect"
            : "koffi is not there: discards have no effect",
        hasLibrary ? "keep disks on another file system, as ext4 or xfs" : "npm install koffi",
      ),
    ];
  } catch (error) {
    const detail = error instanceof Error ? (error.message.split("\n")[0] ?? "") : "";
    return ["direct disks", "disk discards"].map((name) => check(name, false, false, detail));
  }
}

/** The default of every net device: there is nothing that could be missing. */
function userNetwork(): Check {
  return check("user network", false, true, "needs no root and nothing installed: run -p 8080:80");
}

function tun(): Check {
  const path = "/dev/net/tun";
  const name = "tap devices";
  if (process.platform !== "linux") return check(name, false, false, "only on Linux");
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return check(name, false, true, `${path} can be opened`);
  } catch (error) {
    const missing = !existsSync(path);
    return check(
      name,
      false,
      false,
      `${path}: ${explain(error) ?? "cannot be opened"}`,
      missing ? "sudo modprobe tun" : `sudo setfacl -m u:$USER:rw ${path}`,
    );
  }
}

/** The library that attaches to taps, and the interfaces there are. */
async function taps(): Promise<Check[]> {
  const { tapSupport } = await import("@phantasm/host");
  const { hasLibrary, interfaces, creation } = await tapSupport();
  const found = installedVersion("koffi");
  const library = hasLibrary
    ? `${found ?? "loaded"}, for --net NAME=tap:IF`
    : found === undefined
      ? "not installed; --net NAME=tap:IF needs it, --tap-fd does not"
      : `${found} does not work on this machine`;
  const listed = interfaces.map(
    ({ name, obstacle, isUp }) => `${name} (${obstacle ?? (isUp ? "free" : "free, but down")})`,
  );
  const free =
    interfaces.find(({ obstacle, isUp }) => obstacle === null && isUp) ??
    interfaces.find(({ obstacle }) => obstacle === null);
  const usable = free !== undefined && free.isUp;
  const enable = free === undefined ? creation : `sudo ip link set ${free.name} up`;
  return [
    check("koffi", false, hasLibrary, library, "npm install koffi"),
    check("tap interfaces", false, usable, listed.join(", ") || "none yet", enable),
  ];
}

function screen({ interactive, columns }: Terminal): Check {
  return check(
    "terminal",
    false,
    interactive,
    interactive ? `${columns} columns` : "standard error is not one: no colour, no progress",
  );
}

async function checks(terminal: Terminal): Promise<Check[]> {
  return [
    node(),
    ...["assemblyscript", "binaryen", "wabt", "esbuild"].map(tool),
    memory(),
    await worker(),
    await locking(),
    ...(await disks()),
    userNetwork(),
    tun(),
    ...(await taps()),
    screen(terminal),
  ];
}

/** `phantasm doctor [--json]`. The status is 1 when something is missing that everything needs. */
export async function doctor(invocation: Invocation, terminal: Terminal): Promise<number> {
  const results = await checks(terminal);
  const healthy = results.every(({ status, required }) => status === "ok" || !required);
  if (invocation.flag("json")) {
    const report = { version: version(), healthy, checks: results };
    terminal.out(`${JSON.stringify(report, null, 2)}\n`);
    return healthy ? 0 : 1;
  }
  const { green, red, yellow } = terminal.outStyle;
  const width = Math.max(...results.map(({ name }) => name.length));
  terminal.out(`phantasm ${version()}\n`);
  for (const { name, status, detail, required, enable } of results) {
    const mark = status === "ok" ? green("ok     ") : required ? red("missing") : yellow("missing");
    terminal.out(`  ${mark}  ${name.padEnd(width)}  ${detail}\n`);
    if (enable !== undefined) terminal.out(`  ${" ".repeat(7 + 2 + width)}  enable: ${enable}\n`);
  }
  terminal.say(
    healthy
      ? `\nThis machine can build and boot images:  ${terminal.program} new hello my-app\n`
      : "\nWhat is marked in red is needed; the lines below it say how to get it.\n",
  );
  return healthy ? 0 : 1;
}
