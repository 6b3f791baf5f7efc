/** The command as a process: a project from its template to its running image, streams and signals. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

const PROGRAM = resolve(import.meta.dirname, "../../toolchain/bin/phantasm.js");
/** Compiling takes seconds on a busy machine. */
const BUILD_MS_MAX = 90_000;

let folder = "";
let hello = "";
let built: Ended | null = null;

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a command to its end, as a program would: no terminal, no colour. */
function phantasm(args: readonly string[], input = ""): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    encoding: "utf8",
    input,
    env: { ...process.env, npm_command: "exec" },
  });
  return { status, out: normal(stdout), err: normal(stderr) };
}

/** Sizes, times and digests differ from machine to machine and from day to day. */
function normal(text: string): string {
  return text
    .replaceAll(folder, "DIR")
    .replace(/sha256:[0-9a-f]{64}/g, "DIGEST")
    .replace(/ +\d+(?:\.\d+)? k?B/g, " SIZE")
    .replace(/in \d+(?:\.\d+)? m?s\./g, "in TIME.");
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "phantasm-process-"));
  hello = join(folder, "hello");
  phantasm(["new", "hello"]);
  built = phantasm(["build", "hello"]);
}, BUILD_MS_MAX);

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("a project", () => {
  test("build ends with a card and the next command", () => {
    const { status, out, err } = built!;
    expect(status).toBe(0);
    expect(err).toBe("\nBuilt in TIME.\nBoot it:  npx phantasm run hello\n");
    const lines = out.split("\n");
    expect(lines.slice(0, 3)).toEqual([
      "  image       hello/dist/hello.wasm",
      "  size SIZE",
      "  digest      DIGEST",
    ]);
    expect(out).toMatch(/^ {2}modules {5}assemblyscript SIZE$/m);
    expect(out).toMatch(/^ {14}@phantasm\/console SIZE$/m);
    expect(out).toMatch(/^ {14}hello SIZE$/m);
    expect(lines.slice(-5)).toEqual([
      "  memory      64K to 16M",
      "  devices     none",
      "  hypercalls  @phantasm/console: console_write, console_read",
      "              @phantasm/runtime: exit, abort, arguments",
      "",
    ]);
  });

  test("run boots what was built, and says nothing itself", () => {
    expect(phantasm(["run", "hello"])).toEqual({ status: 0, out: "Hello, world!\n", err: "" });
    expect(phantasm(["run", "--stats", "hello/dist/hello.wasm", "--", "--name=Ada"])).toMatchObject(
      {
        status: 0,
        out: "Hello, Ada!\n",
      },
    );
  });

  test("--help after an image is the image's own, and so is what is wrong with its arguments", () => {
    const help = 'Arguments of hello:\n  --name=TEXT  who to greet (default "world")\n';
    expect(phantasm(["run", "hello", "--help"])).toEqual({ status: 0, out: help, err: "" });
    expect(phantasm(["run", "hello", "--", "--help"]).out).toBe(help);
    expect(phantasm(["run", "--help", "hello"]).out).toMatch(/^Usage: npx phantasm run /);
    const { status, err } = phantasm(["run", "hello", "--", "--nmae=x"]);
    expect(status).toBe(2);
    expect(err).toContain('unknown argument "--nmae"; did you mean --name?');
  });

  test("what the seal refuses does not boot", () => {
    phantasm(["keygen", "-o", "alice"]);
    expect(phantasm(["run", "hello", "--key", "alice.pub"])).toMatchObject({
      status: 104,
      out: "",
    });
    const other = `sha256:${"0".repeat(64)}`;
    expect(phantasm(["run", "hello", "--digest", other])).toMatchObject({ status: 104, out: "" });
    const bytes = readFileSync(join(hello, "dist/hello.wasm"));
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(join(folder, "changed.wasm"), bytes);
    expect(phantasm(["run", "changed.wasm"])).toMatchObject({ status: 104, out: "" });
  });

  test("an import in the configuration that is not exported", () => {
    phantasm(["new", "hello", "typing"]);
    writeFileSync(
      join(folder, "typing/phantasm.config.ts"),
      'import {\n  int,\n} from "phantasm";\nexport default int();\n',
    );
    expect(phantasm(["build", "typing"])).toEqual({
      status: 1,
      out: "",
      err: "typing/phantasm.config.ts:2:3: nothing of that name is exported: int\n    int,\n    ^^^\n",
    });
  });

  test("a configuration that waits for ever is not a success", () => {
    phantasm(["new", "hello", "waiting"]);
    writeFileSync(
      join(folder, "waiting/phantasm.config.ts"),
      "await new Promise(() => undefined);\nexport default 1;\n",
    );
    expect(phantasm(["build", "waiting"])).toEqual({
      status: 1,
      out: "",
      err: "phantasm: ended early: phantasm.config.ts waits for something that never happens\n  Look for an await in it that nothing answers.\n",
    });
  });

  test("what is wrong with the command is said before anything is built", () => {
    phantasm(["new", "block", "unbuilt"]);
    expect(phantasm(["run", "unbuilt"])).toEqual({
      status: 105,
      out: "",
      err: 'phantasm: unbuilt needs a block device "disk", and nothing is attached to it\n  Attach one: --block disk=FILE, or disk=FILE:64M to make it\n',
    });
    expect(phantasm(["run", "unbuilt", "--block", "disk=mem:1M", "--", "--none"]).err).toContain(
      'unknown argument "--none"',
    );
    expect(existsSync(join(folder, "unbuilt/dist"))).toBe(false);
  });

  test("devices that are not there", () => {
    expect(phantasm(["run", "hello", "--block", "disk=mem:1M"])).toMatchObject({
      status: 105,
      err: expect.stringContaining('hello has no block device "disk"') as string,
    });
    expect(phantasm(["run", "hello", "--block", "disk=mem:much"])).toMatchObject({ status: 2 });
  });

  test("describe as a tree, for Graphviz and for programs", () => {
    expect(phantasm(["describe", "hello"])).toEqual({
      status: 0,
      out: `hello
└─ console: Console HostConsole of @phantasm/console

Boot arguments
  --name  string: who to greet
`,
      err: "\nBuild it:  npx phantasm build hello\n",
    });
    expect(phantasm(["describe", "hello", "--dot"])).toEqual({
      status: 0,
      out: `digraph "hello" {
  node [shape=box];
  main [label="hello"];
  "console" [label="console: Console\\nHostConsole of @phantasm/console"];
  main -> "console" [label="console"];
}
`,
      err: "",
    });
    expect(JSON.parse(phantasm(["describe", "hello", "--json"]).out)).toEqual({
      name: "hello",
      devices: { console: "console" },
      nodes: [
        {
          id: "console",
          provides: "Console",
          class: "HostConsole",
          module: "@phantasm/console",
          needs: [],
        },
      ],
      arguments: [
        { name: "name", type: "string", help: "who to greet", required: false, default: "world" },
      ],
    });
  });

  test("inspect uses the names beside the image", () => {
    expect(phantasm(["inspect", "hello", "--wat"]).out).toMatch(/\(func \$main\/main/);
    expect(phantasm(["inspect", "hello", "--html"]).out).toContain("@phantasm/console");
  });

  test(
    "a mistake in a source is told at its line, and nothing is written",
    () => {
      phantasm(["new", "hello", "broken"]);
      writeFileSync(
        join(folder, "broken/main.ts"),
        'import { Devices } from "./.phantasm/devices";\n\nexport function main(os: Devices): void {\n  os.consol.writeLine("x");\n}\n',
      );
      const { status, out, err } = phantasm(["build", "broken"]);
      expect({ status, out }).toEqual({ status: 1, out: "" });
      expect(err).toBe(
        "broken/main.ts:4:6: Property 'consol' does not exist on type 'Devices'.\n    os.consol.writeLine(\"x\");\n       ^^^^^^\n  The configuration has: console.\n",
      );
      writeFileSync(join(folder, "broken/phantasm.config.ts"), "export default 1;\n");
      const configured = phantasm(["run", "broken"]);
      expect({ status: configured.status, out: configured.out }).toEqual({ status: 1, out: "" });
      expect(configured.err).toMatch(/^broken\/phantasm\.config\.ts: the default export must be /);
    },
    BUILD_MS_MAX,
  );
});

test("the packed program boots an image as the compiled one does", () => {
  const dist = resolve(PROGRAM, "../../dist");
  const packed = spawnSync(process.execPath, [join(dist, "bundle.js")], { encoding: "utf8" });
  expect(packed).toMatchObject({ status: 0, stdout: "", stderr: "" });
  const run = (...args: readonly string[]): Ended => {
    const start = [join(dist, "start/main.js"), ...args];
    const { status, stdout, stderr } = spawnSync(process.execPath, start, {
      cwd: folder,
      encoding: "utf8",
    });
    return { status, out: stdout, err: stderr };
  };
  const image = "hello/dist/hello.wasm";
  expect(run("run", image)).toEqual({ status: 0, out: "Hello, world!\n", err: "" });
  expect(run("run", image, "--memory", "1")).toMatchObject({ status: 102 });
  // Commands outside the packed file, and errors that come from them.
  expect(JSON.parse(run("inspect", image, "--json").out)).toMatchObject({
    manifest: { name: "hello" },
  });
  expect(run("keygen", "x")).toMatchObject({
    status: 2,
    err: expect.stringContaining("one operand too many") as string,
  });
});

describe("streams", () => {
  test("a reader that goes away is not an error", async () => {
    const child = spawn(process.execPath, [PROGRAM, "inspect", "hello", "--wat"], { cwd: folder });
    let err = "";
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    child.stdout.once("data", () => child.stdout.destroy());
    const status = await new Promise((settle) => child.once("close", settle));
    expect({ status, err }).toEqual({ status: 0, err: "" });
  });

  test("a closed and a full standard output", () => {
    const shell = (redirection: string): Ended => {
      const command = `"${process.execPath}" "${PROGRAM}" help ${redirection}`;
      const { status, stdout, stderr } = spawnSync("sh", ["-c", command], { encoding: "utf8" });
      return { status, out: stdout, err: stderr };
    };
    expect(shell(">&-")).toEqual({ status: 0, out: "", err: "" });
    expect(shell(">/dev/full")).toEqual({
      status: 1,
      out: "",
      err: "phantasm: the disk is full\n",
    });
  });
});

/** A command that goes on, and what it has printed so far. */
class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  #text = "";
  #changed: () => void = () => undefined;

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [PROGRAM, ...args], { cwd: folder });
    const add = (chunk: Buffer): void => {
      this.#text += chunk.toString();
      this.#changed();
    };
    this.child.stdout?.on("data", add);
    this.child.stderr?.on("data", add);
    this.ended = new Promise((settle) => this.child.once("close", settle));
  }

  /** Waits until the text, standard output and error together, matches; forgets it up to there. */
  async until(pattern: RegExp): Promise<string> {
    for (;;) {
      const match = pattern.exec(this.#text);
      if (match) {
        this.#text = this.#text.slice(match.index + match[0].length);
        return match[0];
      }
      await new Promise<void>((settle, reject) => {
        this.#changed = settle;
        void this.ended.then(() => {
          if (!pattern.test(this.#text))
            reject(new Error(`ended without ${pattern}: ${this.#text}`));
        });
      });
    }
  }
}

describe("commands that go on", () => {
  const started: Running[] = [];
  const start = (...args: readonly string[]): Running => {
    const running = new Running(args);
    started.push(running);
    return running;
  };
  afterEach(async () => {
    for (const { child, ended } of started.splice(0)) {
      if (child.exitCode === null) child.kill("SIGKILL");
      await ended;
    }
  });

  test("a switch tells who comes and goes, and ends when asked", async () => {
    const path = join(folder, "lan.sock");
    const running = start("switch", path);
    await running.until(/A switch runs on .*lan\.sock\. Ctrl-C ends it\.\n/);
    await running.until(/Attach an image: {2}.*phantasm run IMAGE --net NAME=switch:.*lan\.sock\n/);
    const second = phantasm(["switch", path]);
    expect(second).toMatchObject({
      status: 105,
      err: expect.stringContaining("a switch runs there already") as string,
    });
    await running.until(/port \d+ joined; 1 port\n/);
    await running.until(/port \d+ left.*; 0 ports\n/);
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
  });

  test(
    "--restart on-failure boots again, and stops when asked while it waits",
    async () => {
      phantasm(["new", "hello", "failing"]);
      writeFileSync(
        join(folder, "failing/main.ts"),
        'import { Devices } from "./.phantasm/devices";\n\nexport function main(os: Devices): void {\n  os.console.writeLine("up");\n  os.exit(3);\n}\n',
      );
      const running = start("run", "failing", "--restart", "on-failure");
      await running.until(/up\n/);
      await running.until(/phantasm: ended with status 3; again in 1\.0 s\n/);
      await running.until(/up\n/);
      await running.until(/phantasm: ended with status 3; again in 2\.0 s\n/);
      running.child.kill("SIGTERM");
      expect(await running.ended).toBe(3);
      const wrong = phantasm(["run", "failing", "--restart", "on-failure", "--", "--what=1"]);
      expect(wrong).toMatchObject({ status: 2, out: "" });
    },
    BUILD_MS_MAX,
  );

  test(
    "dev reboots on a change, survives a mistake, hands input to the image, ends on Ctrl-C",
    async () => {
      phantasm(["new", "console", "edited"]);
      const main = join(folder, "edited/main.ts");
      const source = readFileSync(main, "utf8");
      const running = start("dev", "edited");
      await running.until(/Built .*edited\.debug\.wasm \(.*, profile debug\) in .*\n/);
      await running.until(/Type some lines, then Ctrl-D\.\n/);
      running.child.stdin?.write("abc\n");
      await running.until(/1: 3 characters\n/);

      writeFileSync(main, source.replace("Type some lines", "Say something"));
      await running.until(/Built .*\n/);
      await running.until(/Say something, then Ctrl-D\.\n/);
      running.child.stdin?.write("abcd\n");
      await running.until(/1: 4 characters\n/);

      writeFileSync(main, source.replace("os.console", "os.nothing"));
      await running.until(/main\.ts:\d+:\d+: Property 'nothing' does not exist/);
      await running.until(/the image before this change goes on\n/);
      running.child.stdin?.write("abcde\n");
      await running.until(/2: 5 characters\n/);

      writeFileSync(main, source.replace("Type some lines", "At last"));
      await running.until(/At last, then Ctrl-D\.\n/);
      running.child.stdin?.end();
      await running.until(/0 lines\. Goodbye\.\n/);
      await running.until(/ended with status 0; waits for a change/);
      running.child.kill("SIGINT");
      expect(await running.ended).toBe(0);
    },
    BUILD_MS_MAX,
  );
});
