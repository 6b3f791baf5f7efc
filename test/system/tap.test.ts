/** The tap backend against the kernel: its ping, its sockets, its idea of offloads. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Guest, Namespace, tapProblem } from "../support/namespace.js";

const problem = tapProblem("ping", "nc", "perl", "tshark");
if (problem !== null) console.warn(`tests with tap interfaces are left out: ${problem}`);

const TAP = { kind: "tap", interface: "tap0" };
const MEGABYTES = "x".repeat(3_000_000);
/** Opens a tap without koffi: perl-base is part of every Debian. The descriptor is number 3. */
const LAUNCHER = `
  use Fcntl; my ($name, $flags, @program) = @ARGV;
  sysopen(my $fd, "/dev/net/tun", O_RDWR | O_NONBLOCK) or die $!;
  ioctl($fd, 0x400454ca, pack("Z16 s x22", $name, $flags)) or die $!;
  fcntl($fd, F_SETFD, 0); die "not 3" if fileno($fd) != 3;
  exec(@program);`;

const IFF_TAP_NO_PI = 0x1002;
const IFF_VNET_HDR = 0x4000;
const NOTHING_HIDDEN: string[] = [];
/** Node finds no koffi, as if it were not installed. */
const HIDE_KOFFI = [
  "--import",
  `data:text/javascript,${encodeURIComponent(`
    import { register } from "node:module";
    register("data:text/javascript," + encodeURIComponent(\`
      export function resolve(name, context, next) {
        if (name === "koffi") throw new Error("hidden");
        return next(name, context);
      }\`));`)}`,
];

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PHANTASM = join(ROOT, "toolchain", "bin", "phantasm.js");

describe.skipIf(problem !== null)("phantasm run", () => {
  let namespace: Namespace;
  let folder: string;
  let image: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "phantasm-tap-"));
    image = join(folder, "frames.wasm");
    execFileSync(process.execPath, [PHANTASM, "build", "examples/frames", "-o", image], {
      cwd: ROOT,
      stdio: "ignore",
    });
    namespace = new Namespace();
  });

  afterAll(() => {
    namespace.close();
    rmSync(folder, { recursive: true });
  });

  test("two images on a bridge of the kernel's", async () => {
    namespace.ip("link add br0 type bridge");
    namespace.ip("link set br0 up");
    for (const name of ["tap0", "tap1"]) {
      namespace.addTap(name);
      namespace.ip(`link set ${name} master br0`);
    }
    const run = (name: string, role: string, ...options: string[]) =>
      namespace.finish([
        ...[process.execPath, PHANTASM, "run", image, "--net", `link=tap:${name}`, ...options],
        ...["--", "--role", role, "--count", "100"],
      ]);
    const [ping, pong] = await Promise.all([
      run("tap0", "ping", "--net-trace", join(folder, "ping.txt"), "--impair", "delay=1ms±1ms"),
      run("tap1", "pong"),
    ]);
    expect(ping.stdout).toBe("ping: 100 answers\n");
    expect(ping.stderr).toMatch(/^phantasm: link: impaired with seed=\d+, which repeats it\n$/);
    expect(pong).toEqual({ status: 0, stdout: "pong: 100 answered\n", stderr: "" });
    expect(readFileSync(join(folder, "ping.txt"), "latin1")).toContain("ethertype 0x88b5");
  });

  test("an interface that is missing: status 105, and the commands that make it", () => {
    const words = [PHANTASM, "run", image, "--net", "link=tap:tap9", "--", "--role", "pong"];
    const { status, stdout, stderr } = namespace.run(process.execPath, words);
    expect([status, stdout]).toEqual([105, ""]);
    expect(stderr).toContain("there is no network interface tap9; make one");
    expect(stderr).toContain("  sudo ip tuntap add dev tap9 mode tap user $USER vnet_hdr");
    expect(stderr).not.toContain("at ");
  });

  test("--tap-fd: an inherited descriptor", async () => {
    const trace = join(folder, "inherited.txt");
    const program = [process.execPath, PHANTASM, "run", image, "--tap-fd", "link=3"];
    const options = ["--net-trace", trace, "--", "--role", "ping"];
    const words = ["perl", "-e", LAUNCHER, "tap8", String(IFF_TAP_NO_PI), ...program, ...options];
    const child = namespace.start(words);
    // Nobody answers: it asks until it is told to end.
    await expect.poll(() => readIfThere(trace), { timeout: 20_000 }).toContain(" out ");
    const ended = once(child, "exit");
    child.kill("SIGINT");
    await ended;
    expect(readIfThere(trace)).toContain("ethertype 0x88b5");
  });
});

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, "latin1") : "";
}

describe.skipIf(problem !== null)("tap", () => {
  let namespace: Namespace;
  let guest: Guest | null;

  beforeEach(() => {
    namespace = new Namespace();
    namespace.addTap();
    guest = null;
  });

  afterEach(() => {
    guest?.kill();
    namespace.close();
  });

  function exchange(): void {
    const ping = namespace.run("ping", ["-c", "3", "-i", "0.05", "-W", "5", "10.0.0.2"]);
    expect(ping.stdout).toContain("3 packets transmitted, 3 received");
    expect(namespace.run("nc", ["-u", "-w", "1", "10.0.0.2", "7"], "a datagram\n").stdout).toBe(
      "a datagram\n",
    );
    const { stdout } = namespace.run("nc", ["-N", "10.0.0.2", "7"], "a line\n");
    expect(stdout).toBe("a line\n");
    expect(namespace.run("nc", ["-N", "10.0.0.2", "9"], MEGABYTES).status).toBe(0);
    expect(namespace.run("nc", ["-d", "10.0.0.2", "19"]).stdout.length).toBe(1_048_576);
  }

  test("with offloads: segments of 64 KiB and partial checksums, both ways", async () => {
    const started = await Guest.start(namespace, TAP, { features: 15 });
    guest = started.guest;
    expect(started.start).toEqual({
      kind: "TapLink",
      features: 15,
      agreed: 15,
      mtu: 1500,
      notices: [],
    });
    exchange();
    const report = await guest.finish();
    expect(report.tcpBytes).toBe(3_000_007);
    expect(report.superFrames).toBeGreaterThan(0);
    expect(report.partial).toBeGreaterThanOrEqual(report.superFrames);
    expect(report.counters["droppedFrames"]).toBe(0);
  });

  test("without: what was not agreed to never comes", async () => {
    const started = await Guest.start(namespace, TAP);
    guest = started.guest;
    // SEND features harm nobody who does not use them.
    expect(started.start).toMatchObject({ features: 10, agreed: 0 });
    exchange();
    const report = await guest.finish();
    expect(report).toMatchObject({ tcpBytes: 3_000_007, superFrames: 0, partial: 0 });
  });

  test("offloads of an earlier user do not stay", async () => {
    const first = await Guest.start(namespace, TAP, { features: 15 });
    guest = first.guest;
    await guest.finish();
    const second = await Guest.start(namespace, TAP);
    guest = second.guest;
    exchange();
    expect(await guest.finish()).toMatchObject({ superFrames: 0, partial: 0 });
  });

  test("the MTU is that of the interface, unless given", async () => {
    namespace.ip("link set tap0 mtu 9000");
    const started = await Guest.start(namespace, TAP);
    guest = started.guest;
    expect(started.start.mtu).toBe(9000);
    const ping = namespace.run("ping", [
      "-c",
      "1",
      "-M",
      "do",
      "-s",
      "8972",
      "-W",
      "5",
      "10.0.0.2",
    ]);
    expect(ping.stdout).toContain("1 packets transmitted, 1 received");
    await guest.finish();
    const again = await Guest.start(namespace, { ...TAP, mtu: 1400 });
    guest = again.guest;
    expect(again.start.mtu).toBe(1400);
    // What the guest cannot hold is dropped and counted, not cut off.
    namespace.run("ping", ["-c", "1", "-M", "do", "-s", "1500", "-W", "1", "10.0.0.2"]);
    const { counters } = await guest.finish();
    expect(counters["droppedFrames"]).toBeGreaterThan(0);
  });

  test("an interface that is down is reported; frames are dropped and counted", async () => {
    namespace.ip("link set tap0 down");
    const started = await Guest.start(namespace, TAP);
    guest = started.guest;
    expect(started.start.notices).toEqual([
      "tap0 is down: nothing passes until  sudo ip link set tap0 up",
    ]);
    namespace.ip("link set tap0 up");
    exchange();
    await guest.finish();
  });

  test("an interface that is deleted ends the link, with a reason, and the process ends", async () => {
    const started = await Guest.start(namespace, TAP);
    guest = started.guest;
    namespace.ip("link del tap0");
    expect(await guest.finish()).toMatchObject({ gone: "the interface tap0 was deleted" });
  });

  test("a capture that tshark reads: no bad checksum, names, directions; and a trace of the same", async () => {
    const folder = mkdtempSync(join(tmpdir(), "phantasm-tap-"));
    const pcap = join(folder, "frames.pcapng");
    const trace = join(folder, "frames.txt");
    const net = { ...TAP, name: "lan", pcap, trace };
    const started = await Guest.start(namespace, net, { features: 15 });
    guest = started.guest;
    exchange();
    const report = await guest.finish();
    const options = ["ip", "tcp", "udp"].flatMap((layer) => ["-o", `${layer}.check_checksum:TRUE`]);
    const fields = ["frame.interface_name", "frame.packet_flags_direction", "_ws.expert.message"];
    const columns = fields.flatMap((field) => ["-e", field]);
    const { stdout, stderr } = namespace.run("tshark", [
      ...["-n", "-r", pcap, ...options],
      ...["-T", "fields", "-E", "separator=|", ...columns],
    ]);
    const lines = stdout.trimEnd().split("\n");
    const frames = report.counters["sentFrames"]! + report.counters["receivedFrames"]!;
    expect(lines.length, stderr).toBe(frames);
    expect(lines.every((line) => /^lan\|(0x0000000)?[12]\|/.test(line))).toBe(true);
    expect(stdout).not.toMatch(/bad checksum|malformed/i);
    const text = readFileSync(trace, "latin1").trimEnd().split("\n");
    expect(text.length).toBe(frames);
    const form = /^\d\d:\d\d:\d\d\.\d{9} lan (in |out) (ARP,|IP|IP6) /;
    expect(text.filter((line) => !form.test(line))).toEqual([]);
    expect(text.join()).toMatch(/ICMP echo request, id \d+, seq 1, length 64/);
    rmSync(folder, { recursive: true });
  });

  test("impaired: ping loses what the seed says, and the rest is late", async () => {
    const net = { ...TAP, impair: { loss: 0.3, delayNs: 5e6, seed: 3 } };
    const started = await Guest.start(namespace, net);
    guest = started.guest;
    const { stdout } = namespace.run("ping", ["-c", "40", "-i", "0.02", "-W", "5", "10.0.0.2"]);
    const [, received = "0"] = /(\d+) received/.exec(stdout) ?? [];
    expect(Number(received)).toBeGreaterThan(3);
    expect(Number(received)).toBeLessThan(38);
    const [, fastest = "0"] = /min\/avg\/max\/mdev = ([\d.]+)/.exec(stdout) ?? [];
    expect(Number(fastest)).toBeGreaterThanOrEqual(10);
    await guest.finish();
  });

  test("a missing interface: the commands that make it", async () => {
    const start = Guest.start(namespace, { kind: "tap", interface: "tap7" });
    await expect(start).rejects.toThrow(
      "there is no network interface tap7; make one, once after each boot of this machine:\n" +
        "  sudo ip tuntap add dev tap7 mode tap user $USER vnet_hdr && " +
        "sudo ip addr add 10.0.0.1/24 dev tap7 && sudo ip link set tap7 up",
    );
  });

  test("an interface that is in use, and one that is no tap", async () => {
    const started = await Guest.start(namespace, TAP);
    guest = started.guest;
    await expect(Guest.start(namespace, TAP)).rejects.toThrow(
      "tap:tap0: another program uses this interface",
    );
    await expect(Guest.start(namespace, { kind: "tap", interface: "lo" })).rejects.toThrow(
      "tap:lo: lo is not a tap interface",
    );
  });

  test("an interface for several queues", async () => {
    namespace.ip("link del tap0");
    namespace.ip("tuntap add dev tap0 mode tap multi_queue");
    namespace.ip("addr add 10.0.0.1/24 dev tap0");
    namespace.ip("link set tap0 up");
    const started = await Guest.start(namespace, TAP, { features: 15 });
    guest = started.guest;
    exchange();
    expect((await guest.finish()).superFrames).toBeGreaterThan(0);
  });

  test.each([
    ["with koffi, with a header", IFF_TAP_NO_PI | IFF_VNET_HDR, NOTHING_HIDDEN],
    ["with koffi, plain", IFF_TAP_NO_PI, NOTHING_HIDDEN],
    ["without koffi, with a header", IFF_TAP_NO_PI | IFF_VNET_HDR, HIDE_KOFFI],
    ["without koffi, plain", IFF_TAP_NO_PI, HIDE_KOFFI],
  ])("an inherited descriptor, %s", async (_, flags, hidden) => {
    const launch = ["perl", "-e", LAUNCHER, "tap0", String(flags)];
    const net = { kind: "tap-fd", descriptor: 3 };
    const started = await Guest.start(namespace, net, { features: 15, arguments: hidden, launch });
    guest = started.guest;
    expect(started.start).toMatchObject({
      kind: hidden.length === 0 ? "TapLink" : "InheritedLink",
      agreed: (flags & IFF_VNET_HDR) === 0 ? 0 : 15,
      mtu: 1500,
    });
    exchange();
    await guest.finish();
  });

  test("without koffi: the command that installs it, and the way without", async () => {
    const start = Guest.start(namespace, TAP, { arguments: HIDE_KOFFI });
    await expect(start).rejects.toThrow(
      "tap:tap0 needs the package koffi, which is not installed here; install it:\n" +
        "  npm install koffi\n" +
        "or inherit an open descriptor, which needs no package: --tap-fd N",
    );
  });

  test("a thread that is ended from outside gives the interface back", () => {
    const program = `
      import { Worker } from "node:worker_threads";
      import { once } from "node:events";
      const host = ${JSON.stringify(pathToFileURL(join(ROOT, "packages/host/dist/index.js")))};
      const body = \`import(\${JSON.stringify(host)}).then(async ({ openNet }) => {
        const link = await openNet({ kind: "tap", interface: "tap0" });
        link.attach(() => undefined);
        process.getBuiltinModule("node:worker_threads").parentPort.postMessage(link.mtu);
      })\`;
      for (let round = 0; round < 3; round++) {
        const thread = new Worker(body, { eval: true });
        const [mtu] = await once(thread, "message");
        console.log(mtu);
        await thread.terminate();
      }`;
    const words = ["--input-type=module", "-e", program];
    const { status, stdout, stderr } = namespace.run(process.execPath, words);
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: "1500\n1500\n1500\n",
      stderr: "",
    });
  });

  test("a descriptor that is not open", async () => {
    const start = Guest.start(namespace, { kind: "tap-fd", descriptor: 77 });
    await expect(start).rejects.toThrow("--tap-fd 77: this descriptor is not open");
  });
});
