/** Each example as its README tells to run it; the whole printed text is the specification. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Image } from "@phantasm/host";
import { VirtualHost } from "@phantasm/host/testing";
import { builtImage } from "../support/built.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const EXAMPLES = [
  "hello",
  "hello-arguments",
  "word-count",
  "clock",
  "lottery",
  "block-check",
  "files",
  "frames",
  "swap",
  "fibres",
  "producer-consumer",
  "supervisor",
];
const PHANTASM = join(ROOT, "toolchain", "bin", "phantasm.js");

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [PHANTASM, ...args], { cwd: ROOT });
}

function ended(child: ChildProcess): Promise<Result> {
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name]?.setEncoding("utf8").on("data", (text: string) => (output[name] += text));
  return new Promise((resolve) => {
    child.on("close", (status) => {
      resolve({ status, ...output });
    });
  });
}

async function phantasm(args: readonly string[], input: Uint8Array | string = ""): Promise<Result> {
  const child = start(args);
  // An image that ends without reading closes its end of the pipe.
  child.stdin?.on("error", () => undefined).end(input);
  return ended(child);
}

/** Runs an example; `rest` are attachments, or `--` and boot arguments. */
async function run(
  example: string,
  rest: readonly string[] = [],
  input: Uint8Array | string = "",
): Promise<string> {
  const { status, stdout, stderr } = await phantasm(["run", `examples/${example}`, ...rest], input);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "phantasm-examples-"));
  // In one process, so that the compiler is loaded once; `run` finds them up to date.
  for (const example of EXAMPLES) await builtImage(join(ROOT, "examples", example));
}, 180_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("hello", async () => {
  expect(await run("hello")).toBe("Hello from a unikernel.\n");
  expect(readFileSync(join(ROOT, "examples/hello/dist/hello.wasm")).length).toBeLessThan(10_000);
});

describe("hello-arguments", () => {
  test("by default it greets the world, once", async () => {
    expect(await run("hello-arguments")).toBe("Hello, world!\n");
  });

  test("each argument has its effect", async () => {
    const args = ["--greeting=Salut", "--name", "Ada", "--times=3", "--pause=5ms", "--shout"];
    expect(await run("hello-arguments", ["--", ...args])).toBe("SALUT, ADA!\n".repeat(3));
  });

  test("a secret is read from a file, and not shown", async () => {
    const path = join(folder, "password");
    writeFileSync(path, "hunter2");
    expect(await run("hello-arguments", ["--", "--password", `@${path}`])).toBe(
      "The password has 7 characters.\nHello, world!\n",
    );
  });

  test("what does not fit is refused before the image runs", async () => {
    const refused = await phantasm(["run", "examples/hello-arguments", "--", "--times=101"]);
    expect(refused.stdout).toBe("");
    expect(refused.stderr).toContain("--times");
    expect(refused.status).toBe(2);
  });
});

describe("word-count agrees with wc", () => {
  /** Lines, words and bytes. Some versions of wc count words that nobody can see; then ours are counted here. */
  function wc(input: Buffer): string {
    const options = { input, encoding: "utf8", env: { ...process.env, LC_ALL: "C" } } as const;
    const counts = execFileSync("wc", [], options).trim().split(/\s+/);
    const invisible = execFileSync("wc", ["-w"], { ...options, input: "\u0001" }).trim() !== "0";
    if (invisible) {
      const words = input.toString("latin1").split(/[ \t\n\v\f\r]+/);
      counts[1] = String(words.filter((word) => /[!-~]/.test(word)).length);
    }
    return `${counts.join(" ")}\n`;
  }

  /** Every byte in every neighbourhood, without chance: a linear congruence. */
  function binary(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let at = 0, state = 1; at < length; at++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      bytes[at] = state >>> 24;
    }
    return bytes;
  }

  test.for<[string, Buffer]>([
    ["LICENSE", readFileSync(join(ROOT, "LICENSE"))],
    ["nothing", Buffer.alloc(0)],
    ["no final line feed", Buffer.from("one two\nthree")],
    ["blanks alone", Buffer.from(" \t\r\n\v\f ")],
    ["a megabyte of any bytes", binary(1_000_000)],
  ])("%s", async ([, input]) => {
    expect(await run("word-count", [], input)).toBe(wc(input));
  });
});

test("clock ticks in time and ends", async () => {
  const lines = (await run("clock", ["--", "--period=40ms", "--ticks=3"])).split("\n");
  expect(lines[0]).toMatch(/^It is \d\d:\d\d:\d\dZ\.$/);
  const ticks = lines.slice(1, -1).map((line) => /^tick (\d+) after (\d+) ms$/.exec(line));
  for (const tick of ticks)
    expect(Number(tick?.[2])).toBeGreaterThanOrEqual(40 * Number(tick?.[1]));
  // On a machine that is busy a tick may stand for several.
  expect(Number(ticks.at(-1)?.[1])).toBeGreaterThanOrEqual(3);
});

test("lottery draws six different numbers of 49, others each time, and any number of draws", async () => {
  const draws = (await run("lottery", ["--", "--draws=3000"])).trimEnd().split("\n");
  expect(draws.length).toBe(3000);
  const counts = new Array<number>(50).fill(0);
  for (const draw of draws) {
    const balls = new Set(draw.split(" ").map(Number));
    expect(balls.size).toBe(6);
    for (const ball of balls) counts[ball] = (counts[ball] ?? 0) + 1;
  }
  expect(counts[0]).toBe(0);
  // 367 each on average; seven standard deviations are 126.
  expect(Math.min(...counts.slice(1))).toBeGreaterThan(240);
  expect(Math.max(...counts)).toBeLessThan(494);
  const others = (await run("lottery", ["--", "--draws=10"])).trimEnd().split("\n");
  expect(others.length).toBe(10);
  expect(draws.slice(0, 10)).not.toEqual(others);
});

describe("files", () => {
  const baked = `In the image:
  /index.html: 37 bytes, text/html; charset=utf-8
    <!doctype html>
  /welcome.txt: 41 bytes, text/plain; charset=utf-8
    Welcome.
  /notes/first.md: 8 bytes, text/markdown; charset=utf-8
    # Notes
On the disk:
`;

  test("in the image, and in an archive on a disk", async () => {
    const path = join(folder, "site.tar");
    execFileSync("tar", [
      ...["-C", join(ROOT, "examples/files/htdocs"), "-cf", path],
      ...["--transform", "s/welcome/from-the-disk/", "."],
    ]);
    expect(await run("files", ["--block", `site=${path}:ro`]))
      .toBe(`${baked}  /from-the-disk.txt: 41 bytes
    Welcome.
  /index.html: 37 bytes
    <!doctype html>
  /notes/first.md: 8 bytes
    # Notes
`);
  });

  test("a disk that is no archive is told so", async () => {
    expect(await run("files", ["--block", "site=mem:1M"])).toBe(
      `${baked}  /: the device has another format\n`,
    );
  });
});

describe("block-check", () => {
  const FRESH = "No pattern on it: this is its first boot.\n";

  test("on a file it finds what the last boot wrote", async () => {
    const path = join(folder, "disk.img");
    writeFileSync(path, "");
    truncateSync(path, 1 << 20);
    const disk = "A disk of 2048 sectors of 512 bytes.\n";
    const done = "Wrote, flushed and read back 8192 bytes.\n";
    const attach = ["--block", `disk=${path}`];
    expect(await run("block-check", attach)).toBe(disk + FRESH + done);
    expect(await run("block-check", attach)).toBe(
      `${disk}The pattern of boot 1 is intact.\n${done}`,
    );
    expect(await run("block-check", attach)).toBe(
      `${disk}The pattern of boot 2 is intact.\n${done}`,
    );
    const bytes = readFileSync(path);
    bytes[5000] = (bytes[5000] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const damaged = await phantasm(["run", "examples/block-check", ...attach]);
    expect(damaged).toEqual({
      status: 1,
      stdout: `${disk}The pattern of boot 3 is damaged.\n`,
      stderr: "",
    });
  });

  test("in memory each boot is the first", async () => {
    for (let boot = 0; boot < 2; boot++)
      expect(await run("block-check", ["--block", "disk=mem:64K"])).toContain(FRESH);
  });
});

test("frames: two images on one switch", async () => {
  const attach = ["--net", `link=switch:${join(folder, "switch.sock")}`];
  const args = ["run", "examples/frames", ...attach, "--", "--count=20"];
  const [pong, ping] = await Promise.all([
    ended(start([...args, "--role=pong"])),
    ended(start([...args, "--role=ping"])),
  ]);
  expect(ping).toEqual({ status: 0, stdout: "ping: 20 answers\n", stderr: "" });
  expect(pong).toEqual({ status: 0, stdout: "pong: 20 answered\n", stderr: "" });
});

test("swap: one line of the configuration changes the implementation", async () => {
  expect(await run("swap")).toBe("3 1 6 4 3 2 3 2 1 3\n");
  const copy = join(folder, "swap");
  cpSync(join(ROOT, "examples", "swap"), copy, {
    recursive: true,
    filter: (path) => !/\/(dist|\.phantasm)$/.test(path),
  });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const path = join(copy, "phantasm.config.ts");
  const text = readFileSync(path, "utf8");
  writeFileSync(
    path,
    text.replace("dice: implementations.repeatable", "dice: implementations.random"),
  );
  expect(readFileSync(path, "utf8")).not.toBe(text);
  const rolls = await phantasm(["run", copy]);
  expect(rolls.stdout).toMatch(/^[1-6]( [1-6]){9}\n$/m);
  expect(rolls.stdout).not.toContain("3 1 6 4 3 2 3 2 1 3");
  expect(rolls.status).toBe(0);
});

test("fibres", async () => {
  expect(await run("fibres")).toBe(`10000 of 10000 fibres woke, 10000 slept at once, outcome 0
primes: 2 3 5 7 11 13 17 19 23 29 31 37 41 43 47 53 59 61 67 71
`);
});

test("producer-consumer, in virtual time", () => {
  const image = readFileSync(join(ROOT, "examples/producer-consumer/dist/producer-consumer.wasm"));
  const host = new VirtualHost(Image.load(image));
  expect(host.run().status).toBe(0);
  expect(host.output).toBe(`producer 1
producer 2
producer 3
producer 4
producer 5
producer 6
ticker 3
ticker 4
ticker 5
ticker 6
10 jobs done
2 dropped by the ticker
`);
});

describe("supervisor", () => {
  const restarts = (...delays: number[]): string =>
    delays.map((ms) => `flaky: failed with -1000, starts again in ${ms} ms\n`).join("");

  test("starts again what fails", async () => {
    expect(await run("supervisor")).toBe(
      `${restarts(20, 40, 80)}flaky: done\nsteady: done\nall done\n`,
    );
  });

  test("gives up after too many failures", async () => {
    const { status, stdout } = await phantasm([
      "run",
      "examples/supervisor",
      "--",
      "--failures",
      "5",
    ]);
    expect(status).toBe(1);
    expect(stdout).toBe(`${restarts(20, 40, 80, 160)}steady: cleaned up\ngave up: -1000\n`);
  });
});
