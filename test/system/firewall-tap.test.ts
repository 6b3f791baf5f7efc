/** The firewall between two Linux hosts: their kernels, ping and nc find nothing odd about it. */
import { once } from "node:events";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { builtImage } from "../support/built.js";
import { Namespace, tapProblem } from "../support/namespace.js";

const problem = tapProblem("ping", "nc", "ss", "md5sum");
if (problem !== null) console.warn(`tests with tap interfaces are left out: ${problem}`);

const EXAMPLE = fileURLToPath(new URL("../../examples/firewall", import.meta.url));
const PHANTASM = fileURLToPath(new URL("../../toolchain/bin/phantasm.js", import.meta.url));
const BYTES = 30_000_000;

describe.skipIf(problem !== null)("between two Linux hosts", () => {
  let machine: Namespace;
  let inside: Namespace;
  let outside: Namespace;
  let firewall: ChildProcess;
  let output = "";

  beforeAll(async () => {
    const path = await builtImage(EXAMPLE);
    machine = new Namespace();
    inside = new Namespace();
    outside = new Namespace();
    for (const name of ["tapin", "tapout"]) {
      machine.ip(`tuntap add dev ${name} mode tap`);
      machine.ip(`link set ${name} up`);
    }
    firewall = machine.start([
      ...[process.execPath, PHANTASM, "run", path, "--stats"],
      ...["--net", "inside=tap:tapin", "--net", "outside=tap:tapout"],
    ]);
    for (const stream of [firewall.stdout, firewall.stderr])
      stream?.on("data", (data: Buffer) => (output += data.toString()));
    await vi.waitUntil(() => output.includes("Outside: 10.0.2.15\n"), { timeout: 60_000 });
    // The descriptors stay; the other ends get hosts of their own.
    machine.ip(`link set tapin netns ${inside.name}`);
    machine.ip(`link set tapout netns ${outside.name}`);
    inside.ip("addr add 192.168.77.10/24 dev tapin");
    inside.ip("link set tapin up");
    inside.ip("route add default via 192.168.77.1");
    outside.ip("addr add 10.0.2.2/24 dev tapout");
    outside.ip("link set tapout up");
  }, 300_000);

  afterAll(async () => {
    if (firewall.exitCode === null) {
      const ended = once(firewall, "exit");
      firewall.kill("SIGINT");
      await ended;
    }
    for (const namespace of [machine, inside, outside]) namespace.close();
  });

  /** Sends through one to the other, which listens; what both say of it is equal. */
  async function bulk(from: Namespace, to: Namespace, address: string, port: string, own: string) {
    const listening = to.finish(["sh", "-c", `nc -l -p ${own} -N < /dev/null | md5sum`]);
    await expect
      .poll(() => to.run("ss", ["-Hltn", `sport = :${own}`]).stdout, { timeout: 20_000 })
      .toContain(own);
    const source = `head -c ${BYTES} /dev/zero | tr '\\0' 'a'`;
    const sent = await from.finish(["sh", "-c", `${source} | nc -N ${address} ${port}`]);
    const expected = from.run("sh", ["-c", `${source} | md5sum`]).stdout;
    expect({ status: sent.status, stderr: sent.stderr }).toEqual({ status: 0, stderr: "" });
    expect((await listening).stdout).toBe(expected);
  }

  test("the router answers pings on both sides, and passes them on with one hop less", () => {
    expect(inside.run("ping", ["-c", "1", "-W", "10", "192.168.77.1"]).stdout).toContain("ttl=64");
    expect(outside.run("ping", ["-c", "1", "-W", "10", "10.0.2.15"]).stdout).toContain("ttl=64");
    const far = inside.run("ping", ["-c", "2", "-s", "1400", "-W", "10", "10.0.2.2"]);
    expect(far.stdout).toContain("ttl=63");
    expect(far.stdout).toContain("2 received");
  });

  test("a fragmented ping arrives in one piece", () => {
    const { stdout } = inside.run("ping", ["-c", "1", "-s", "5000", "-W", "10", "10.0.2.2"]);
    expect(stdout).toContain("5008 bytes from 10.0.2.2");
  });

  test("a ping whose hops end is answered by the router", () => {
    const { stdout } = inside.run("ping", ["-c", "1", "-t", "1", "-W", "10", "10.0.2.2"]);
    expect(stdout).toContain("From 192.168.77.1 icmp_seq=1 Time to live exceeded");
  });

  test("what a rule rejects is refused", () => {
    const { stderr } = inside.run("nc", ["-w", "10", "-v", "-z", "10.0.2.2", "25"]);
    expect(stderr).toContain("Connection refused");
  });

  test("an error from outside comes back to the host that it is about", () => {
    // Nobody listens there: the kernel outside answers with "port unreachable".
    const script =
      "exec 3<>/dev/udp/10.0.2.2/9; for i in 1 2 3; do echo x >&3 || exit 7; sleep 0.3; done";
    expect(inside.run("bash", ["-c", script]).status).toBe(7);
  });

  test("a stream from inside is exact", async () => {
    await bulk(inside, outside, "10.0.2.2", "5001", "5001");
  });

  test("a stream from outside to the forwarded port is exact", async () => {
    await bulk(outside, inside, "10.0.2.15", "8080", "80");
  });

  test("super-segments went on in one piece, and it ends in good order", async () => {
    const ended = once(firewall, "exit");
    firewall.kill("SIGINT");
    expect(await ended).toEqual([0, null]);
    const counted = /segments-passed ([\d \u202f\u00a0]+)/.exec(output)?.[1] ?? "";
    expect(Number(counted.replace(/\D/g, ""))).toBeGreaterThan(50);
    expect(output).not.toContain("checksums-completed");
  });
});
