/** What an operator learns of an image that hangs, spins, traps, is slow or has no memory left. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Image } from "../../packages/host/dist/index.js";
import { IsolatedDomain } from "../../packages/host/dist/isolated/index.js";
import { readTrace, type ReadTrace } from "../../packages/host/test/trace-events.js";
import { build } from "../../toolchain/dist/build.js";
import { project, type Project } from "../support/project.js";

const PHANTASM = fileURLToPath(new URL("../../toolchain/bin/phantasm.js", import.meta.url));

const CONFIGURATION = `import { console } from "@phantasm/console";
import { string, unikernel } from "phantasm";

export default unikernel("guest", {
  profile: "debug",
  devices: { console: console() },
  arguments: { mode: string({ default: "wait", help: "What it does" }) },
  memory: { maximum: "4M" },
});
`;

const MAIN = `import { MILLISECOND, SECOND } from "@phantasm/interfaces";
import { Fibre, sleep, spawn, wait, WaitQueue } from "@phantasm/fibre";
import { Devices } from "./.phantasm/devices";

const messages = new WaitQueue("a message");

class Worker extends Fibre {
  constructor(name: string) {
    super(name);
  }

  run(): i32 {
    return this.receive(2);
  }

  receive(depth: i32): i32 {
    if (depth > 0) return this.receive(depth - 1) + 1;
    return wait(messages);
  }
}

class Sleeper extends Fibre {
  constructor(private readonly ns: i64) {
    super();
  }

  run(): i32 {
    return sleep(this.ns);
  }
}

class Faulty extends Fibre {
  run(): i32 {
    sleep(MILLISECOND);
    return <i32>this.read(7);
  }

  read(index: i32): u8 {
    const bytes = new Uint8Array(4);
    return bytes[index];
  }
}

class Item {
  next: Item | null = null;
  a: i64 = 0;
  b: i64 = 0;
  c: i64 = 0;
}

let items: Item | null = null;
let sum: i64 = 0;

function spin(rounds: i64): void {
  for (let i: i64 = 0; i < rounds; i++) sum += i % 7;
}

export function main(os: Devices): void {
  const mode = os.arguments.mode;
  if (mode == "spin") {
    os.console.writeLine("ready");
    sleep(MILLISECOND);
    spin(i64.MAX_VALUE);
  }
  if (mode == "work") {
    for (let i = 0; i < 20; i++) {
      spin(2_000_000);
      sleep(MILLISECOND);
    }
    return;
  }
  if (mode == "full") {
    while (true) {
      const item = new Item();
      item.next = items;
      items = item;
    }
  }
  if (mode == "trap") spawn(new Faulty("reader")).join();
  if (mode == "sleep") {
    for (let i = 0; i < 500; i++) spawn(new Sleeper(3600 * SECOND + i));
    const first = spawn(new Sleeper(20 * MILLISECOND));
    first.join();
    const final = spawn(new Worker("last"));
    // Whoever reads this finds the last one waiting.
    sleep(MILLISECOND);
    os.console.writeLine("ready");
    final.join();
  }
  spawn(new Worker("one"));
  const last = spawn(new Worker("two"));
  os.console.writeLine("ready");
  last.join();
}
`;

let made: Project;
let image = "";

beforeAll(async () => {
  made = project({ "phantasm.config.ts": CONFIGURATION, "main.ts": MAIN });
  image = (await build({ directory: made.directory })).path;
}, 120_000);

const children = new Set<ChildProcess>();

afterAll(() => {
  // Of a test that failed.
  for (const child of children) child.kill("SIGKILL");
  made[Symbol.dispose]();
});

interface Running {
  readonly ended: Promise<{
    readonly status: number | null;
    readonly stdout: string;
    readonly stderr: string;
  }>;
  kill(signal: NodeJS.Signals): void;
  /** Waits until standard output and standard error together have this. */
  saw(text: string | RegExp): Promise<void>;
}

function start(mode: string, ...options: string[]): Running {
  const child = spawn(process.execPath, [PHANTASM, "run", image, ...options, "--", "--mode", mode]);
  children.add(child);
  child.once("close", () => children.delete(child));
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => (output[name] += text));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return {
    ended: ended.then((status) => ({ status, ...output })),
    kill: (signal) => void child.kill(signal),
    saw: async (text) => {
      for (let left = 2_000; (output.stdout + output.stderr).search(text) < 0; left--) {
        if (left === 0) throw new Error(`no ${String(text)} in: ${output.stdout}${output.stderr}`);
        await sleep(10);
      }
    },
  };
}

/** As places move with each edit of the sources above, they are looked up. */
function line(text: string): number {
  return MAIN.split("\n").findIndex((found) => found.includes(text)) + 1;
}

function traceOf(path: string): ReadTrace {
  return readTrace(readFileSync(path, "utf8"));
}

describe("an image that hangs", () => {
  test("Ctrl-\\ shows each fibre, what it waits for, and where; the image goes on", async () => {
    const running = start("wait");
    await running.saw("waits for nothing that can happen: ");
    running.kill("SIGQUIT");
    await running.saw(/4 fibres|3 fibres\n/);
    await running.saw(/main \(main\.ts:\d+/);
    running.kill("SIGUSR1");
    await running.saw(/after 4 steps[^]*main \(main\.ts:\d+/);
    running.kill("SIGTERM");
    const { status, stdout, stderr } = await running.ended;
    expect(status).toBe(0);
    expect(stdout).toBe("ready\n");
    const place = (text: string): string => `main\\.ts:${line(text)}:\\d+`;
    expect(stderr).toMatch(
      new RegExp(
        [
          "^phantasm: guest waits for nothing that can happen: 2 fibres wait for a message, 1 fibre waits for the end of a fibre; Ctrl-\\\\ shows where, .*",
          "phantasm: guest waits for nothing that can happen \\(after \\d steps\\)",
          "  memory .*, heap .*",
          "  3 fibres",
          '  fibre 1 "main" waits for the end of a fibre',
          "    at wait .*",
          "    at Fibre#join .*",
          `    at main \\(${place("  last.join();")}\\)`,
          '  2 fibres like this: fibre 2 "one" waits for a message',
          "    at wait .*",
          `    at Worker#receive \\(${place("return wait(messages)")}\\)`,
          `    at Worker#receive \\(${place("if (depth > 0)")}\\)`,
          "       … 1 more of the same",
          `    at Worker#run \\(${place("return this.receive(2)")}\\)`,
          "",
        ].join("\n"),
      ),
    );
  });

  test("many fibres are told in a few lines", async () => {
    const running = start("sleep");
    await running.saw("ready\n");
    running.kill("SIGUSR1");
    await running.saw(/Sleeper#run \(main\.ts:\d+/);
    running.kill("SIGTERM");
    const { status, stderr } = await running.ended;
    expect(status).toBe(0);
    expect(stderr).toMatch(/guest waits for its next deadline in 3\d+(\.\d+)?s \(after/);
    expect(stderr).toContain("\n  502 fibres\n");
    expect(stderr).toMatch(
      /\n {2}500 fibres like this: fibre 2 \(Sleeper\) sleeps, (the first )?for 3600s more.*\n/,
    );
    expect(stderr).toMatch(
      new RegExp(`\n    at Sleeper#run \\(main\\.ts:${line("return sleep(this.ns)")}:\\d+\\)\n`),
    );
    expect(stderr.split("\n").length).toBeLessThan(25);
  });

  test("as a library: the same, as data", async () => {
    const loaded = Image.load(readFileSync(image));
    const domain = new IsolatedDomain();
    domain.boot(loaded, { arguments: loaded.encodeArguments({ mode: "wait" }) });
    let described = await domain.describe();
    while (described === null || !("fibres" in described) || described.fibres?.count !== 3) {
      await sleep(10);
      described = await domain.describe();
    }
    expect(described.fibres.groups.map(({ count, fibres }) => [count, fibres[0]?.name])).toEqual([
      [1, "main"],
      [2, "one"],
    ]);
    await domain.kill();
    expect(await domain.describe()).toBeNull();
  });
});

describe("an image that spins", () => {
  test("Ctrl-\\ says where, and it spins on", async () => {
    const running = start("spin");
    await running.saw("ready\n");
    running.kill("SIGQUIT");
    await running.saw(/is busy in one step for/);
    running.kill("SIGQUIT");
    await running.saw(/(is busy[^]* main \(main\.ts:\d+[^]*){2}/);
    running.kill("SIGINT");
    running.kill("SIGTERM");
    const { status, stderr } = await running.ended;
    // The second request forces the end, and of two signals that wait the kernel chooses the first.
    expect([130, 143]).toContain(status);
    expect(stderr).toMatch(
      new RegExp(
        `^phantasm: guest is busy in one step for [\\d.]+s:\n    at spin \\(main\\.ts:${line("sum += i % 7")}:\\d+\\)\n    at main \\(main\\.ts:${line("spin(i64.MAX_VALUE)")}:\\d+\\)\n`,
      ),
    );
  });

  test("a profile has the names and places of its functions", async () => {
    const path = join(made.directory, "work.cpuprofile");
    expect(await start("work", "--cpu-prof", path).ended).toEqual({
      status: 0,
      stdout: "",
      stderr: "",
    });
    const { nodes } = JSON.parse(readFileSync(path, "utf8")) as {
      nodes: {
        hitCount: number;
        callFrame: { functionName: string; url: string; lineNumber: number };
      }[];
    };
    const hottest = nodes
      .filter(({ callFrame }) => !callFrame.functionName.startsWith("("))
      .sort((a, b) => b.hitCount - a.hitCount)[0]?.callFrame;
    expect(hottest?.functionName).toBe("spin");
    expect(hottest?.url).toBe(`file://${made.directory}/main.ts`);
    expect(hottest?.lineNumber).toBe(line("for (let i: i64") - 1);
  });

  test("a profile is there too when it was killed", async () => {
    const path = join(made.directory, "killed.cpuprofile");
    const { status } = await start("spin", "--cpu-prof", path, "--step-limit", "300ms").ended;
    expect(status).toBe(103);
    expect(readFileSync(path, "utf8")).toContain('"functionName":"spin"');
  });
});

describe("an image that fails", () => {
  test("a trap says in which fibre", async () => {
    const { status, stderr } = await start("trap").ended;
    expect(status).toBe(100);
    expect(stderr).toMatch(/^phantasm: guest aborted in fibre 2 "reader": Index out of range .*\n/);
    expect(stderr).toMatch(/ {4}at Faulty#read \(main\.ts:\d+:\d+\)\n {4}at Faulty#run \(main\.ts/);
  });

  test("memory that ran out says what it was full of, and where", async () => {
    const { status, stderr } = await start("full").ended;
    expect(status).toBe(102);
    expect(stderr).toMatch(
      new RegExp(
        [
          '^phantasm: guest ran out of memory in fibre 1 "main": it has 4 MiB and needs more than it may have',
          "    3\\.\\d MiB in \\d\\d \\d{3} objects of main/Item",
          "(    at Item#constructor .*",
          `)?    at main \\(main\\.ts:${line("const item = new Item()")}:\\d+\\)`,
          "$",
        ].join("\n"),
      ),
    );
  });

  test("a file that cannot be written is told before the boot", async () => {
    for (const option of ["--trace", "--cpu-prof"]) {
      const { status, stdout, stderr } = await start("work", option, "/nowhere/file").ended;
      expect([status, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(
        /^phantasm: the (trace|profile) \/nowhere\/file cannot be written: .*\n$/,
      );
    }
  });
});

describe("--trace and --stats", () => {
  test("each step is one thing, each fibre has a track, and viewers can read it", async () => {
    const path = join(made.directory, "trace.json");
    const running = start("sleep", "--trace", path, "--stats");
    await running.saw("ready\n");
    running.kill("SIGTERM");
    const { status, stderr } = await running.ended;
    expect(status).toBe(0);
    expect(stderr).toMatch(
      /^phantasm: guest:\n {2}steps {7}\d{3}\n[^]*\n {2}fibres .* 503 spawned/,
    );

    const { events, tracks, problems } = traceOf(path);
    expect(problems).toEqual([]);
    const names = [...tracks.values()];
    expect(names[0]).toBe("steps");
    expect(names).toContain('fibre 1 "main"');
    expect(names).toContain("fibre 502 (Sleeper)");
    const ofTrack = (track: string): string[] =>
      events
        .filter(({ ph, tid }) => ph === "X" && tracks.get(tid) === track)
        .sort((a, b) => a.ts - b.ts)
        .map(({ name }) => name);
    expect(ofTrack("fibre 502 (Sleeper)")).toEqual(["runs", "sleeps", "runs"]);
    expect(ofTrack('fibre 503 "last"')).toEqual(["runs", "waits for a message"]);
    expect(ofTrack('fibre 1 "main"').slice(0, 2)).toEqual(["runs", "waits for the end of a fibre"]);
    const slept = events.find(
      ({ name, tid }) => name === "sleeps" && tracks.get(tid) === "fibre 502 (Sleeper)",
    );
    expect(slept?.dur).toBeGreaterThan(19_000);
    const steps = events.filter(({ cat }) => cat === "step").map(({ name }) => name);
    expect(steps.filter((name) => name === "fibre 502 (Sleeper)")).toHaveLength(2);
    const calls = events.filter(({ cat }) => cat === "hypercall");
    expect(calls.find(({ name }) => name === "console_write")?.args).toEqual({
      length: 6,
      result: 6,
    });
    expect(events.filter(({ ph, name }) => ph === "C" && name === "heap").length).toBeGreaterThan(
      0,
    );
  });

  test("a trace is whole after a trap, and after a kill in the middle of a step", async () => {
    const trapped = join(made.directory, "trapped.json");
    await start("trap", "--trace", trapped).ended;
    expect(traceOf(trapped).problems).toEqual([]);
    expect(traceOf(trapped).events.at(-1)?.name).toMatch(/^abort 100: Index out of range/);

    const killed = join(made.directory, "killed.json");
    const { status } = await start("spin", "--trace", killed, "--step-limit", "300ms").ended;
    expect(status).toBe(103);
    const { events, problems } = traceOf(killed);
    expect(problems).toEqual([]);
    const last = events.at(-1);
    expect(last?.name).toBe("step that did not end");
    expect(last?.dur).toBeGreaterThan(300_000);
    expect(events.some(({ name }) => name === "console_write")).toBe(true);
  });

  test("a trace keeps to its limit", async () => {
    const path = join(made.directory, "small.json");
    const running = start("sleep", "--trace", path, "--trace-limit", "64K");
    await running.saw("has reached 64 KiB and ends here; see --trace-limit\n");
    await running.saw("ready\n");
    running.kill("SIGTERM");
    expect((await running.ended).status).toBe(0);
    expect(statSync(path).size).toBeLessThanOrEqual(65_536);
    expect(traceOf(path).problems).toEqual([]);
  });

  test("nothing is written that nobody asked for", async () => {
    expect(await start("work").ended).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(existsSync(join(made.directory, "guest.json"))).toBe(false);
  });
});
