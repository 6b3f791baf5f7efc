/** Whole processes: what an operator sees, types and waits for. Runs the compiled package. */
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { sealedBytes, step, type ManifestParts } from "../../test/images.js";
import { openSwitch } from "../backends/index.js";
import type { RunOptions } from "./run.js";

const directory = mkdtempSync(join(tmpdir(), "phantasm-run-"));
afterAll(() => rmSync(directory, { recursive: true }));
const RUNNER = fileURLToPath(new URL("../../test/run-image.mjs", import.meta.url));

let images = 0;

function imageFile(body: string, parts: ManifestParts = {}): string {
  const path = join(directory, `image${++images}.wasm`);
  writeFileSync(path, sealedBytes(body, { name: "guest", ...parts }));
  return path;
}

interface Outcome {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

function start(imagePath: string, options: Partial<RunOptions> = {}) {
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, [
    RUNNER,
    JSON.stringify({ imagePath, ...options }),
  ]);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on("error", () => undefined);
  const outcome = new Promise<Outcome>((resolve) => {
    child.on("close", (status) => {
      resolve({ status, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() });
    });
  });
  const saw = async (text: string): Promise<void> => {
    while (
      !Buffer.concat([...stdout, ...stderr])
        .toString()
        .includes(text)
    )
      await sleep(5);
  };
  return { child, outcome, saw };
}

async function run(body: string, options: Partial<RunOptions> = {}, parts: ManifestParts = {}) {
  const { child, outcome } = start(imageFile(body, parts), options);
  child.stdin.end();
  const { status, stdout, stderr } = await outcome;
  return { status, stdout: stdout.toString(), stderr };
}

const say = (text: string): string =>
  `(drop (call $console_write (i32.const 16) (i32.const ${text.length})))`;
const data = (text: string): string => `(data (i32.const 16) "${text.replace("\n", "\\n")}")`;
const exit = (status: number): string => `(call $exit (i32.const ${status}))`;
const SPIN = "(func $forever (loop $l br $l))";
const NEVER = "(i64.const 0x7fffffffffffffff)";

/** Copies input to output until it ends, whatever the pieces. */
const CAT = `(global $n (mut i32) (i32.const 0)) (export "g0" (global $n))
  (global $at (mut i32) (i32.const 0)) (export "g1" (global $at))
  (func $step (param i64 i32) (result i64) (local $w i32)
    (loop $more
      (if (i32.eqz (global.get $n)) (then
        (global.set $at (i32.const 4096))
        (global.set $n (call $console_read (i32.const 4096) (i32.const 32768)))
        (if (i32.eqz (global.get $n)) (then ${exit(0)}))
        (if (i32.lt_s (global.get $n) (i32.const 0)) (then
          (global.set $n (i32.const 0)) (return ${NEVER})))))
      (local.set $w (call $console_write (global.get $at) (global.get $n)))
      (if (i32.lt_s (local.get $w) (i32.const 0)) (then (return ${NEVER})))
      (global.set $at (i32.add (global.get $at) (local.get $w)))
      (global.set $n (i32.sub (global.get $n) (local.get $w)))
      (br $more))
    (unreachable))`;

describe("endings", () => {
  test("the image's own status and output, and nothing else", async () => {
    const body = `${data("hello\n")} ${step(`${say("hello\n")} ${exit(7)}`)}`;
    expect(await run(body)).toEqual({ status: 7, stdout: "hello\n", stderr: "" });
  });

  test("a trap has its own status and a trace", async () => {
    const { status, stderr } = await run(`(func $bad unreachable) ${step("(call $bad)")}`);
    expect(status).toBe(101);
    expect(stderr).toMatch(
      /^phantasm: guest trapped: unreachable\n {4}at function 5 \(offset 0x[0-9a-f]+\)\n {4}at function 6 \(offset 0x[0-9a-f]+\)\n$/,
    );
  });

  test("an abort shows its message, escaped", async () => {
    const body = `(data (i32.const 16) "so\\1bc bad") ${step("(call $abort (i32.const 0) (i32.const 16) (i32.const 8))")}`;
    const { status, stderr } = await run(body);
    expect(status).toBe(100);
    expect(stderr.split("\n")[0]).toBe("phantasm: guest aborted: so\\x1bc bad");
  });

  test("memory: the operator's limit", async () => {
    const body = step("(drop (memory.grow (i32.const 3)))");
    const { status, stderr } = await run(body, { memoryBytesMax: 131_072 });
    expect(status).toBe(102);
    expect(stderr).toBe(
      "phantasm: guest ran out of memory: it grew to 262144 bytes of memory; the limit is 131072\n",
    );
  });

  test("a changed image is refused", async () => {
    const path = imageFile(step(exit(0)));
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    const { child, outcome } = start(path);
    child.stdin.end();
    const { status, stderr } = await outcome;
    expect(status).toBe(104);
    expect(stderr).toMatch(/is refused: .*\[content-hash\]\n$/);
  });

  test("what the engine does not take is refused in one line", async () => {
    const { status, stderr } = await run(step("(drop (i32.eqz (i64.const 0)))"));
    expect(status).toBe(104);
    expect(stderr).toMatch(
      /^phantasm: \S+ is refused: the engine refuses it: Compiling function #5 failed: [^\n]+ \[engine-refuses\]\n$/,
    );
  });

  test("a wrong digest is refused", async () => {
    const digest = `sha256:${"0".repeat(64)}`;
    const { status, stderr } = await run(step(exit(0)), { digest });
    expect(status).toBe(104);
    expect(stderr).toContain("[digest-mismatch]");
  });

  test("no image, wrong arguments, a device that is not there", async () => {
    const missing = start(join(directory, "nope.wasm"));
    expect(await missing.outcome).toMatchObject({ status: 2 });
    expect(await run(step(exit(0)), { argv: ["--what"] })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('unknown argument "--what": guest takes none') as string,
    });
    const block = [{ name: null, description: { kind: "memory", bytes: 4096 } }] as const;
    expect(await run(step(exit(0)), { block })).toMatchObject({
      status: 105,
      stderr: "phantasm: --block: guest has no block device.\n",
    });
  });

  test("a device that cannot be opened", async () => {
    const block = [
      { name: "disk", description: { kind: "file", path: join(directory, "no", "disk") } },
    ] as const;
    const parts: ManifestParts = { devices: [{ name: "disk", type: "block" }] };
    const { status, stderr } = await run(step(exit(0)), { block }, parts);
    expect(status).toBe(105);
    expect(stderr).toMatch(/^phantasm: guest cannot use a device: /);
  });

  test("a disk in memory answers", async () => {
    const block = [{ name: null, description: { kind: "memory", bytes: 4096 } }] as const;
    const parts: ManifestParts = { devices: [{ name: "disk", type: "block" }] };
    const code = `(call $block_info (i32.const 0) (i32.const 8)) (call $exit (i32.load (i32.const 8)))`;
    expect(await run(step(code), { block }, parts)).toMatchObject({ status: 8, stderr: "" });
  });

  test("--help prints the image's own arguments", async () => {
    const parts: ManifestParts = {
      capabilities: ["arguments"],
      arguments: [{ name: "port", type: "integer", help: "TCP port", required: true }],
    };
    expect(await run(step(exit(0)), { argv: ["--help"] }, parts)).toEqual({
      status: 0,
      stdout: "Arguments of guest:\n  --port=INTEGER  TCP port (required)\n",
      stderr: "",
    });
  });

  test("--stats prints counters", async () => {
    const { stderr } = await run(step(exit(0)), { stats: true });
    expect(stderr.replace(/[\d.]+[mu]?s/g, "TIME")).toBe(
      "phantasm: guest:\n" +
        "  steps       1\n" +
        "  step time   TIME in all, longest TIME\n" +
        "  memory      64 KiB\n" +
        "  hypercalls  exit  1\n",
    );
  });
});

describe("guests that do not end", () => {
  test("the step limit stops one that spins, says where, and loses no output", async () => {
    const body = `${data("before\n")} ${SPIN} ${step(`${say("before\n")} (call $forever)`)}`;
    const { status, stdout, stderr } = await run(body, { stepLimitNs: 100_000_000 });
    expect(status).toBe(103);
    expect(stdout).toBe("before\n");
    expect(stderr).toMatch(
      /^phantasm: guest was stopped: one step ran for [\d.]+m?s; the limit is 100ms\n {4}at function 5 /,
    );
  });

  test("one that grows its memory page by page is stopped, if need be with the process", async () => {
    const body = `(func $step (param i64 i32) (result i64)
      (loop $more (drop (memory.grow (i32.const 1))) (br $more)) (unreachable))`;
    const memory = { minimum: 1, maximum: 65_536 };
    const { status, stderr } = await run(body, { stepLimitNs: 100_000_000 }, { memory });
    expect(stderr).toContain("the limit is 100ms");
    // Killed by its own signal where the engine cannot take the thread down.
    if (stderr.includes("ending the process")) expect(status).toBe(null);
    else expect(status).toBe(103);
  }, 30_000);

  test("a guest that rests is never over the limit", async () => {
    const code = `(if (i64.ge_u (local.get $now) (i64.const 300000000)) (then ${exit(3)}))`;
    const { status } = await run(step(code, "(i64.const 300000000)"), { stepLimitNs: 100_000_000 });
    expect(status).toBe(3);
  });

  test("the first Ctrl-C asks", async () => {
    const code = `(if (i32.and (local.get $events) (i32.const 1)) (then ${say("bye\n")} ${exit(9)})) ${say("bye\n")}`;
    const { child, outcome, saw } = start(imageFile(`${data("bye\n")} ${step(code)}`));
    await saw("bye\n");
    child.kill("SIGINT");
    expect(await outcome).toMatchObject({ status: 9 });
  });

  test("SIGTERM asks too, and the second insists, also when it spins", async () => {
    const body = `${data("up\n")} ${SPIN} ${step(`${say("up\n")} (call $forever)`)}`;
    const { child, outcome, saw } = start(imageFile(body));
    await saw("up\n");
    child.kill("SIGTERM");
    await saw("Ctrl-C again ends it at once");
    child.kill("SIGTERM");
    const { status, stderr } = await outcome;
    expect(status).toBe(143);
    expect(stderr).toMatch(/guest was asked to end, has 10 s for it and is busy in one step for/);
    expect(stderr).toMatch(
      /guest was stopped: it was asked twice to end \(in one step for .*\)\n {4}at /,
    );
  });

  test("one that waits for nothing is named", async () => {
    const { child, outcome, saw } = start(imageFile(step("")));
    await saw("guest waits for nothing that can happen");
    child.kill("SIGINT");
    await sleep(20);
    child.kill("SIGINT");
    expect(await outcome).toMatchObject({ status: 130 });
  });
});

describe("the console", () => {
  test("megabytes pass unchanged, at whatever pace", async () => {
    const { child, outcome } = start(imageFile(CAT));
    const input = Buffer.alloc(5_000_000);
    for (let at = 0; at < input.length; at++) input[at] = (at * 7 + (at >> 8)) & 0xff;
    child.stdin.end(input);
    const { status, stdout, stderr } = await outcome;
    expect({ status, stderr, bytes: stdout.length }).toEqual({
      status: 0,
      stderr: "",
      bytes: input.length,
    });
    const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
    expect(digest(stdout)).toBe(digest(input));
  });

  test("a reader that pauses stops the guest, not the host's memory", async () => {
    const code = `(if (i32.gt_s (call $console_write (i32.const 0) (i32.const 65536)) (i32.const 0)) (then (return (local.get $now))))`;
    const { child, outcome } = start(imageFile(step(code)), { stats: true });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.stdout.pause();
    await sleep(300);
    child.kill("SIGTERM");
    child.kill("SIGINT");
    child.stdout.resume();
    const { stdout } = await outcome;
    // Ring and stream queue hold 1 MiB each; the pipe and this process a little.
    expect(stdout.length).toBeLessThan(4 * 1_048_576);
    expect(stdout.length).toBeGreaterThan(65_536);
  });

  test("a broken pipe ends it quietly", async () => {
    const code = "(drop (call $console_write (i32.const 0) (i32.const 65536)))";
    const { child, outcome } = start(imageFile(step(code, "(local.get $now)")));
    child.stdout.once("data", () => child.stdout.destroy());
    expect(await outcome).toMatchObject({ status: 141, stderr: "" });
  });

  test("input that the guest does not want is not read", () => {
    const typed = join(directory, "typed");
    writeFileSync(typed, "for somebody else");
    const descriptor = openSync(typed, "r");
    const arguments_ = [RUNNER, JSON.stringify({ imagePath: imageFile(step(exit(0))) })];
    expect(spawnSync(process.execPath, arguments_, { stdio: [descriptor] }).status).toBe(0);
    // The position in the file is shared with the process that ran.
    expect(readFileSync(descriptor, "utf8")).toBe("for somebody else");
    closeSync(descriptor);
  });
});

describe("a user network", () => {
  const parts: ManifestParts = {
    devices: [
      {
        name: "net0",
        type: "net",
        offloads: 0,
        services: [{ port: 1, protocol: "tcp", scheme: "http" }],
      },
    ],
    memory: { minimum: 2, maximum: 4 },
  };
  const publish = (hostPort: number) => [
    {
      name: null,
      description: {
        protocol: "udp" as const,
        hostAddress: "127.0.0.1",
        hostPort,
        guestPort: 53,
      },
    },
  ];

  test("is what a net device gets, and says where its services are", async () => {
    const { status, stderr } = await run(step(exit(3)), { publish: publish(0) }, parts);
    expect(status).toBe(3);
    expect(stderr).toMatch(
      /^phantasm: udp:\/\/127\.0\.0\.1:\d+ -> guest port 53\/udp\nphantasm: http:\/\/127\.0\.0\.1:\d+ -> guest port 1\n$/,
    );
  });

  test("hands out addresses to an image: the whole way there and back", async () => {
    // An ARP request for the gateway; ends with the last byte of the answer's sender address.
    const request =
      "\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\ff\\ff\\ff\\ff\\ff\\ff\\02\\00\\00\\00\\00\\09\\08\\06" +
      "\\00\\01\\08\\00\\06\\04\\00\\01\\02\\00\\00\\00\\00\\09\\0a\\00\\02\\0f\\00\\00\\00\\00\\00\\00\\0a\\00\\02\\02";
    const body = `(data (i32.const 16) "${request}")
      (global $sent (mut i32) (i32.const 0)) (export "g0" (global $sent))
      ${step(`
        (if (i32.eqz (global.get $sent)) (then
          (global.set $sent (i32.const 1))
          (drop (call $net_send (i32.const 0) (i32.const 16) (i32.const 52)))))
        (if (i32.gt_s (call $net_receive (i32.const 0) (i32.const 1024) (i32.const 65559)) (i32.const 0))
          (then (call $exit (i32.load8_u (i32.const 1065)))))`)}`;
    const quiet: ManifestParts = {
      ...parts,
      devices: [{ name: "net0", type: "net", offloads: 0 }],
    };
    expect(await run(body, {}, quiet)).toEqual({ status: 2, stdout: "", stderr: "" });
  });

  test("a port that is in use ends it before it boots", async () => {
    const taken = createSocket("udp4");
    await new Promise<void>((resolve) => taken.bind(0, "127.0.0.1", resolve));
    const { port } = taken.address();
    const { status, stderr } = await run(step(exit(0)), { publish: publish(port) }, parts);
    taken.close();
    expect({ status, stderr }).toEqual({
      status: 105,
      stderr: `phantasm: guest cannot use a device: udp port ${port} of 127.0.0.1 is in use by another program\n  Publish another one, or let the host choose one: -p 0:53/udp\n`,
    });
  });
});

describe("a switch", () => {
  const NET: ManifestParts = { devices: [{ name: "net0", type: "net", offloads: 0 }] };
  const RECEIVE = "(drop (call $net_receive (i32.const 0) (i32.const 0) (i32.const 4096)))";
  const attached = (path: string): Partial<RunOptions> => ({
    net: [{ name: null, description: { kind: "switch", path } }],
  });

  test("why a link has ended is told, which the image cannot know", async () => {
    const path = join(directory, "rude.sock");
    const rude = createServer((socket) => {
      socket.on("error", () => undefined).write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0]));
    });
    await new Promise<void>((resolve) => rude.listen(path, resolve));
    const body = step(
      `(if (i32.eq (call $net_receive (i32.const 0) (i32.const 0) (i32.const 4096)) (i32.const -6)) (then ${exit(4)}))`,
    );
    const { status, stderr } = await run(body, attached(path), NET);
    rude.close();
    expect(status).toBe(4);
    expect(stderr).toBe(
      "phantasm: guest has lost the link net0 for good: it announced a frame of 4294967295 bytes; a frame has 14 to 65549\n",
    );
  });

  test("goes on while the guest that started it spins, and ends with it", async () => {
    const path = join(directory, "lan.sock");
    const body = `${SPIN} ${data("up")} ${step(`${RECEIVE} ${say("up")} (call $forever)`)}`;
    const { child, outcome, saw } = start(imageFile(body, NET), attached(path));
    await saw("up");
    const [a, b] = [await openSwitch(path), await openSwitch(path)];
    const frame = new Uint8Array(10 + 60).fill(0xff, 10, 16);
    const into = new Uint8Array(2048);
    const woken = new Promise<void>((resolve) => b.attach(() => void resolve()));
    a.send(frame);
    await woken;
    while (b.receive(into) === 0) await sleep(5);
    expect(into[10]).toBe(0xff);
    await Promise.all([a.close(), b.close()]);
    child.kill("SIGINT");
    await sleep(50);
    child.kill("SIGINT");
    expect((await outcome).status).toBe(130);
    expect(existsSync(path)).toBe(false);
  });
});

test("an idle domain takes no processor time in either thread", async () => {
  const script = `
    import { runIsolated } from ${JSON.stringify(new URL("../../dist/isolated/index.js", import.meta.url).href)};
    setTimeout(() => {
      const before = process.cpuUsage();
      setTimeout(() => {
        const { user, system } = process.cpuUsage(before);
        console.log("busy", user + system);
        process.kill(process.pid, "SIGINT");
      }, 500);
    }, 700);
    process.exitCode = await runIsolated({ imagePath: process.argv[1] });`;
  const code = `(if (i32.and (local.get $events) (i32.const 1)) (then ${exit(0)}))
    (drop (call $console_read (i32.const 0) (i32.const 10)))`;
  const path = imageFile(step(code));
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, path]);
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await new Promise((resolve) => child.on("close", resolve));
  const busyUs = Number(/^busy (\d+)$/m.exec(text)?.[1]);
  // 2 % of the time, for the two timers of the measurement itself on a busy machine.
  expect(busyUs).toBeLessThan(10_000);
});
