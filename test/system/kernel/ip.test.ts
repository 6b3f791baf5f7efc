/** Below TCP: ping, neighbours, fragments, datagrams, addresses of IPv6; DHCP and names of dnsmasq. */
import { type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  Machine,
  PATIENT_MS,
  client,
  imagePath,
  lastLine,
  startClient,
  until,
} from "../../support/machine.js";
import { Namespace, tapProblem } from "../../support/namespace.js";

const problem = tapProblem("ping", "/usr/bin/python3", "dnsmasq", "perl");
if (problem !== null) console.warn(`tests against the kernel's IP are left out: ${problem}`);

const V4 = "10.0.0.2";
/** Fixed in the appliance's configuration. */
const V6 = "fd00:7::2";

let image: string;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "phantasm-kernel-"));
  if (problem === null) image = await imagePath("test/system/kernel/appliance");
}, 300_000);

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe.skipIf(problem !== null)("an image with fixed addresses", { timeout: PATIENT_MS }, () => {
  let namespace: Namespace;
  let machine: Machine;

  beforeAll(async () => {
    namespace = new Namespace();
    namespace.addTap();
    namespace.ip("addr add fd00:7::1/64 dev tap0 nodad");
    machine = await new Machine(namespace, image).answers(namespace);
    await machine.says(/address fd00:7::2/);
  }, PATIENT_MS);

  afterAll(async () => {
    await machine.stop();
    namespace.close();
  }, PATIENT_MS);

  const ping = async (address: string, ...options: string[]) =>
    (await namespace.finish(["ping", "-c", "3", "-i", "0.1", "-W", "10", ...options, address]))
      .stdout;

  test.each([
    ["IPv4", V4, ["-s", "56"]],
    ["IPv4, whole frames that must not be cut up", V4, ["-s", "1472", "-M", "do"]],
    ["IPv4, in fragments both ways", V4, ["-s", "4000"]],
    ["IPv4, the longest packet", V4, ["-s", "65507"]],
    ["IPv6", V6, ["-s", "56"]],
    ["IPv6, in fragments both ways", V6, ["-s", "4000"]],
  ])("ping: %s", async (_, address, options) => {
    expect(await ping(address, ...options)).toContain("3 packets transmitted, 3 received");
  });

  test("ping to the link-local address, which the kernel knows from neighbour discovery", async () => {
    const { stdout } = await namespace.finish(["ip", "-6", "neigh", "show", "dev", "tap0"]);
    expect(stdout).toMatch(/^fd00:7::2 lladdr [0-9a-f:]{17} router? ?|^fd00:7::2 lladdr/m);
    const [, mac = ""] = /fd00:7::2 lladdr ([0-9a-f:]{17})/.exec(stdout) ?? [];
    const { stdout: four } = await namespace.finish(["ip", "-4", "neigh", "show", "dev", "tap0"]);
    // One interface, one link address, whatever the version.
    expect(four).toContain(`${V4} lladdr ${mac} `);
    const address = /address (fe80::\S+)/.exec(machine.stdout)?.[1] ?? "none";
    expect(await ping(`${address}%tap0`)).toContain("3 packets transmitted, 3 received");
  });

  test("the kernel asks again for a neighbour that it has forgotten", async () => {
    namespace.ip("neigh flush dev tap0");
    expect(await ping(V4)).toContain("3 received");
    expect(await ping(V6)).toContain("3 received");
    expect(namespace.ip("neigh show dev tap0")).not.toMatch(/FAILED|INCOMPLETE/);
  });

  test.each([V4, V6])("%s: datagrams of many sizes, up to forty fragments", async (address) => {
    const sizes = [0, 1, 2, 3, 511, 1452, 1453, 1472, 1473, 2953, 8193, 32_768, 60_000];
    expect(await client(namespace, "datagrams", address, 7, ...sizes)).toBe("13 sizes");
  });

  test.each([V4, V6])("%s: a UDP port that nobody has bound", async (address) => {
    expect(await client(namespace, "datagram_outcome", address, 9)).toBe("ECONNREFUSED");
  });

  test("a broadcast: sockets hear it; no ping is answered, no closed port told of", async () => {
    // RFC 1122 §3.2.2.6 lets a host leave broadcast echoes unanswered; §3.2.2 forbids errors.
    const { stdout } = await namespace.finish(["ping", "-b", "-c", "2", "-W", "1", "10.0.0.255"]);
    expect(stdout).toContain("0 received");
    expect(await client(namespace, "broadcast", "10.0.0.255", 9)).toBe("silence");
    expect(await client(namespace, "broadcast", "10.0.0.255", 7)).toBe("answered by 10.0.0.2");
  });

  test.each([V4, V6])("%s: TCP, megabytes both ways at once", async (address) => {
    expect(await client(namespace, "echo", address, 7, 4_000_000)).toBe("4000000 exact");
  });

  test.each([V4, V6])("%s: a TCP port at which nobody listens", async (address) => {
    expect(await client(namespace, "outcome", address, 8)).toBe("ECONNREFUSED");
  });

  test.each([V4, V6])("%s: the image breaks a connection off", async (address) => {
    expect(await client(namespace, "outcome", address, 13)).toBe("ECONNRESET");
  });

  test.each([V4, V6])("%s: the image closes its stream, and hears the other's", async (address) => {
    const heard = (): number => machine.stdout.split("port 19 heard 300000, ended 0").length;
    const before = heard();
    expect(await client(namespace, "hear", address, 19, 1_000_000)).toBe("1000000 exact");
    await until("what the image heard", () => heard() === before + 1);
  });
});

describe.skipIf(problem !== null)("an image as a client", { timeout: PATIENT_MS }, () => {
  let namespace: Namespace;

  beforeAll(() => {
    namespace = new Namespace();
    namespace.addTap();
    namespace.ip("addr add fd00:7::1/64 dev tap0 nodad");
  });

  afterAll(() => namespace.close());

  /** What it prints after it has an address. */
  async function run(...words: string[]): Promise<string[]> {
    const machine = new Machine(namespace, image, { arguments: ["--ipv4=10.0.0.2/24", ...words] });
    expect(await machine.ended(), machine.stderr).toBe(0);
    return machine.stdout.split("\n").filter((line) => line !== "" && !line.startsWith("address"));
  }

  test.each(["10.0.0.1", "fd00:7::1"])("megabytes to a server at %s and back", async (address) => {
    const server = startClient(namespace, "serve", address, 80, "speak", 3_000_000);
    const end = lastLine(server);
    const place = address.includes(":") ? `[${address}]:80` : `${address}:80`;
    expect(await run(`--connect=${place}`, "--bytes=3000000")).toEqual([
      `connected to ${place}`,
      "heard 3000000, wrong 0, ended 0",
    ]);
    expect(await end).toBe("3000000 exact");
  });

  test("a server that breaks off", async () => {
    const end = lastLine(startClient(namespace, "serve", "10.0.0.1", 81, "break"));
    const [first, second] = await run("--connect=10.0.0.1:81", "--bytes=3000000");
    expect(first).toBe("connected to 10.0.0.1:81");
    // RESET.
    expect(second).toMatch(/, wrong 0, ended -33$/);
    expect(await end).toBe("broken off");
  });

  test("nobody listens: refused", async () => {
    expect(await run("--connect=10.0.0.1:82")).toEqual(["not connected: -32"]);
    expect(await run("--connect=[fd00:7::1]:82")).toEqual(["not connected: -32"]);
  });

  test("nobody is there: the neighbour is given up, or the time is over", async () => {
    // UNREACHABLE from ARP, or TIMED_OUT from the client's deadline.
    expect(await run("--connect=10.0.0.99:80", "--timeout=8")).toEqual([
      expect.stringMatching(/^not connected: -(34|17)$/),
    ]);
  });

  test("somebody is there and says nothing: the time is over", async () => {
    // Behind a router that passes nothing on.
    namespace.run("sh", ["-c", "echo 0 > /proc/sys/net/ipv4/ip_forward"]);
    expect(await run("--gateway=10.0.0.1", "--connect=10.9.9.9:80", "--timeout=4")).toEqual([
      "not connected: -17",
    ]);
  });
});

describe.skipIf(problem !== null)("dnsmasq", { timeout: PATIENT_MS }, () => {
  let server: Dnsmasq;
  /** An image that does nothing but keep its address, from the beginning on. */
  let keeper: { server: Dnsmasq; machine: Machine };

  beforeAll(async () => {
    server = await Dnsmasq.start("names");
    const other = await Dnsmasq.start("renewal");
    keeper = { server: other, machine: new Machine(other.namespace, image, { arguments: [] }) };
  }, PATIENT_MS);

  afterAll(async () => {
    await keeper.machine.stop();
    keeper.server.close();
    server.close();
  }, PATIENT_MS);

  test("a lease, and names: A, AAAA, an alias, none, and one too long for UDP", async () => {
    const names = ["both", "four", "six", "alias", "none", "many"].map((name) => `${name}.test`);
    const machine = new Machine(server.namespace, image, {
      arguments: [`--resolve=${names.join(",")}`],
      options: ["--stats"],
    });
    expect(await machine.ended(), machine.stderr).toBe(0);
    const lines = machine.stdout.split("\n");
    expect(machine.stdout).toMatch(/^address 10\.0\.0\.(5\d|60)$/m);
    expect(lines).toContain("both.test: 10.0.0.1 fd00:7::1");
    expect(lines).toContain("four.test: 10.0.0.1");
    expect(lines).toContain("six.test: fd00:7::1");
    expect(lines).toContain("alias.test: 10.0.0.1 fd00:7::1");
    // NO_SUCH_NAME.
    expect(lines).toContain("none.test: error -39");
    expect(machine.stdout).toMatch(/^many\.test: 10\.1\.0\.\d+( 10\.1\.0\.\d+)+$/m);
    expect(server.log).toMatch(/DHCPACK\(tap0\) 10\.0\.0\.\d+/);
    expect(machine.stderr).toMatch(/truncated 1\b/);
  });

  test("a connection to a name", async () => {
    const speaker = startClient(server.namespace, "serve", "10.0.0.1", 80, "speak", 100_000);
    const end = lastLine(speaker);
    const machine = new Machine(server.namespace, image, {
      arguments: ["--connect=four.test:80", "--bytes=100000"],
    });
    expect(await machine.ended(), machine.stderr).toBe(0);
    expect(machine.stdout).toContain("connected to 10.0.0.1:80\nheard 100000, wrong 0, ended 0\n");
    expect(await end).toBe("100000 exact");
  });

  test("addresses from router advertisements, which the kernel reaches", async () => {
    const trace = join(folder, "advertised.txt");
    const machine = new Machine(server.namespace, await imagePath("examples/tcp-echo"), {
      options: ["--net-trace", trace],
    });
    // RFC 4862 §5.4: it asks whether somebody has the address before it uses it.
    let address = "";
    await until("an address", () => {
      const text = existsSync(trace) ? readFileSync(trace, "latin1") : "";
      address = / out IP6 .*who has (fd00:7:[0-9a-f:]+)/.exec(text)?.[1] ?? "";
      return address !== "";
    });
    await machine.answers(server.namespace, address);
    expect(await client(server.namespace, "echo", address, 7, 1_000_000)).toBe("1000000 exact");
    await machine.stop();
  });

  test("a lease is renewed after half its time, and goes on", async () => {
    const count = (): number => keeper.server.log.split("DHCPACK(tap0)").length - 1;
    await until(
      "a renewal",
      () => count() >= 2,
      () => keeper.server.log,
    );
    const [, address = ""] = /DHCPACK\(tap0\) (10\.0\.0\.\d+)/.exec(keeper.server.log) ?? [];
    expect(keeper.machine.stdout).not.toContain("gone");
    await keeper.machine.answers(keeper.server.namespace, address);
  });
});

/** A namespace with a tap, and who leases addresses, knows names, and tells of a prefix there. */
class Dnsmasq {
  log = "";
  readonly #child: ChildProcess;

  private constructor(
    readonly namespace: Namespace,
    file: string,
  ) {
    this.#child = namespace.start(["dnsmasq", "-C", file]);
    this.#child.stderr?.on("data", (data: Buffer) => (this.log += data.toString()));
  }

  static async start(name: string): Promise<Dnsmasq> {
    const namespace = new Namespace();
    namespace.addTap();
    namespace.ip("addr add fd00:7::1/64 dev tap0 nodad");
    const file = join(folder, `${name}.conf`);
    // As many addresses as fit into no datagram that anybody asks for.
    const many = Array.from({ length: 90 }, (_, at) => `host-record=many.test,10.1.0.${at + 1}`);
    const lines = [
      ...["no-daemon", "no-resolv", "no-hosts", "log-dhcp", "log-queries", "log-facility=-"],
      ...["pid-file=", `dhcp-leasefile=${join(folder, `${name}.leases`)}`, "user=root"],
      ...["interface=tap0", "bind-interfaces", "dhcp-authoritative", "local=/test/"],
      ...["dhcp-range=10.0.0.50,10.0.0.60,2m", "dhcp-option=option:dns-server,10.0.0.1"],
      ...["enable-ra", "dhcp-range=fd00:7::,ra-only,64,10m"],
      ...["host-record=both.test,10.0.0.1,fd00:7::1", "host-record=four.test,10.0.0.1"],
      ...["host-record=six.test,fd00:7::1", "cname=alias.test,both.test", ...many],
    ];
    writeFileSync(file, lines.join("\n") + "\n");
    const server = new Dnsmasq(namespace, file);
    await until(
      "dnsmasq",
      () => server.log.includes("started"),
      () => server.log,
    );
    return server;
  }

  close(): void {
    this.#child.kill();
    this.namespace.close();
  }
}
