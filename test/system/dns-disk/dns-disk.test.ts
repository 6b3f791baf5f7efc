/**
 * An image on a tap that has its zones from a disk, replaced while it runs: BIND, NSD and Knot are its secondaries, and
 * the clients that people have ask it. One image, one namespace.
 */
import type { ChildProcess } from "node:child_process";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtImage } from "../../support/built.js";
import { Namespace, tapProblem } from "../../support/namespace.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const PHANTASM = join(ROOT, "toolchain", "bin", "phantasm.js");
const WAIT_MS_MAX = 60_000;
const SERVER = "10.0.0.2";

process.env["PATH"] = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;
const problem = tapProblem("named", "nsd", "knotd", "dig", "drill", "delv", "kdig", "dnsperf");
if (problem !== null) console.warn(`dns-disk: secondaries and clients are left out: ${problem}`);

function zone(serial: number, lines = ""): string {
  return `$TTL 1h
@ SOA ns1 hostmaster ${serial} 2h 30m 2w 10m
@ NS ns1
@ NS ns2
@ MX 10 mail
ns1 A 10.0.0.2
ns2 A 10.0.0.1
mail AAAA 2001:db8::25
web CNAME www
$GENERATE 1-500 host$ A 192.0.2.1
${lines}`;
}

function bind(folder: string): string {
  return `options {
  directory "${folder}";
  pid-file "${folder}/pid";
  session-keyfile "${folder}/session";
  listen-on { 10.0.0.1; };
  listen-on-v6 { };
  allow-transfer { any; };
  recursion no;
  dnssec-validation no;
  notify no;
};
controls { };
zone "example.org" { type secondary; primaries { ${SERVER}; }; file "copy"; masterfile-format text; };
`;
}

function nsd(folder: string): string {
  return `server:
  ip-address: 10.0.0.11
  server-count: 1
  username: ""
  zonesdir: "${folder}"
  database: ""
  pidfile: "${folder}/nsd.pid"
  xfrdfile: "${folder}/xfrd.state"
  xfrdir: "${folder}"
  zonelistfile: "${folder}/zone.list"
  xfrd-reload-timeout: 0
remote-control:
  control-enable: no
zone:
  name: example.org
  zonefile: copy
  allow-notify: ${SERVER} NOKEY
  request-xfr: ${SERVER} NOKEY
  outgoing-interface: 10.0.0.11
  provide-xfr: 10.0.0.0/24 NOKEY
`;
}

function knot(folder: string): string {
  return `server:
  rundir: "${folder}"
  listen: 10.0.0.12@53
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: "${folder}"
remote:
  - id: primary
    address: ${SERVER}@53
    via: 10.0.0.12
acl:
  - id: primary
    address: ${SERVER}
    action: notify
  - id: transfer
    address: 10.0.0.0/24
    action: transfer
zone:
  - domain: example.org
    storage: "${folder}"
    file: copy
    master: primary
    acl: [primary, transfer]
    semantic-checks: off
`;
}

const SECONDARIES = [
  {
    name: "BIND",
    at: "10.0.0.1",
    program: "named",
    text: bind,
    words: (conf: string) => ["-f", "-c", conf],
  },
  {
    name: "NSD",
    at: "10.0.0.11",
    program: "nsd",
    text: nsd,
    words: (conf: string) => ["-d", "-c", conf],
  },
  {
    name: "Knot",
    at: "10.0.0.12",
    program: "knotd",
    text: knot,
    words: (conf: string) => ["-c", conf],
  },
];

describe.skipIf(problem !== null)("zones on a disk", () => {
  const folder = mkdtempSync(join(tmpdir(), "phantasm-dns-disk-"));
  const disk = join(folder, "zones.img");
  const children: ChildProcess[] = [];
  let namespace: Namespace;
  let image: ChildProcess;
  let said = "";

  async function compile(text: string): Promise<void> {
    const file = join(folder, "example.org.zone");
    writeFileSync(file, text);
    await promisify(execFile)(process.execPath, [PHANTASM, "zones", "compile", file, "-o", disk]);
  }

  async function until(what: string, is: () => Promise<boolean> | boolean): Promise<void> {
    for (const end = Date.now() + WAIT_MS_MAX; Date.now() < end; await sleep(100))
      if (await is()) return;
    throw new Error(`${what}: not in ${WAIT_MS_MAX} ms; the image said:\n${said}`);
  }

  async function run(...words: string[]): Promise<string> {
    const { stdout, stderr, status } = await namespace.finish(words);
    return status === 0 ? stdout : `${stdout}${stderr}[${status}]`;
  }

  async function serial(at: string): Promise<string | undefined> {
    const text = await run("dig", `@${at}`, "+short", "+time=1", "+tries=1", "example.org", "SOA");
    return text.split(" ")[2];
  }

  async function transferred(at: string): Promise<string[]> {
    const text = await run(
      "dig",
      `@${at}`,
      "+nocomments",
      "+nocmd",
      "+nostats",
      "example.org",
      "AXFR",
    );
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith(";"));
    return [...new Set(lines.map((line) => line.replace(/\s+/g, " ").toLowerCase()))].sort();
  }

  beforeAll(async () => {
    const path = await builtImage(fileURLToPath(new URL(".", import.meta.url)));
    await compile(zone(1, "www A 192.0.2.80\n"));
    namespace = new Namespace();
    namespace.addTap("tap0");
    for (const at of ["10.0.0.11", "10.0.0.12"]) namespace.ip(`addr add ${at}/24 dev tap0`);
    const attach = ["--net", "tap:tap0", "--block", `zones=${disk}:ro`, "--stats"];
    image = namespace.start([process.execPath, PHANTASM, "run", path, ...attach]);
    children.push(image);
    for (const stream of [image.stdout, image.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => (said += text));
    await until("the image answers", async () => (await serial(SERVER)) === "1");
    for (const { name, program, text, words } of SECONDARIES) {
      const own = join(folder, name);
      mkdirSync(own);
      const conf = join(own, "conf");
      writeFileSync(conf, text(own));
      children.push(namespace.start([program, ...words(conf)]));
    }
  }, 180_000);

  afterAll(async () => {
    for (const child of children.reverse()) child.kill("SIGTERM");
    for (const child of children)
      if (child.exitCode === null && child.signalCode === null)
        await new Promise((resolve) => child.once("exit", resolve));
    namespace.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("BIND, NSD and Knot take the zone, hear of another version, and take what is new", async () => {
    for (const { name, at } of SECONDARIES)
      await until(`${name} has the zone`, async () => (await serial(at)) === "1");
    const versions = [
      zone(2, "www A 192.0.2.81\nwww A 192.0.2.82\n"),
      zone(3, "www A 192.0.2.81\n*.apps TXT everything\nsub NS ns.sub\nns.sub A 192.0.2.9\n"),
    ];
    for (const [index, version] of versions.entries()) {
      await compile(version);
      const wanted = String(index + 2);
      await until("the image has read it", async () => (await serial(SERVER)) === wanted);
      const ours = await transferred(SERVER);
      for (const { name, at } of SECONDARIES) {
        await until(`${name} has version ${wanted}`, async () => (await serial(at)) === wanted);
        expect({ name, lines: await transferred(at) }).toEqual({ name, lines: ours });
      }
    }
    const dump = await run(
      process.execPath,
      PHANTASM,
      "zones",
      "dump",
      disk,
      "--zone",
      "example.org",
    );
    const dumped = dump.split("\n").filter((line) => line !== "" && !line.startsWith(";"));
    expect(
      [...new Set(dumped.map((line) => line.replace(/\s+/g, " ").toLowerCase()))].sort(),
    ).toEqual(await transferred(SERVER));
  }, 120_000);

  test("a disk that is damaged meanwhile changes nothing, and is told of", async () => {
    const { open } = await import("node:fs/promises");
    const file = await open(disk, "r+");
    // The third generation's header is the second one.
    await file.write("damaged", 4096 + 20);
    await file.close();
    await until("it is told", () => /header 1: its checksum does not fit/.test(said));
    expect(await serial(SERVER)).toBe("3");
    await compile(zone(4, "www A 192.0.2.84\n"));
    await until("the next one is read", async () => (await serial(SERVER)) === "4");
  }, 120_000);

  test("drill, kdig, delv, dig and dnsperf", async () => {
    expect(await run("drill", `@${SERVER}`, "web.example.org", "A")).toMatch(
      /rcode: NOERROR[^]*web\.example\.org\.\s+3600\s+IN\s+CNAME\s+www\.example\.org\.\nwww\.example\.org\.\s+3600\s+IN\s+A\s+192\.0\.2\.84/,
    );
    expect(await run("drill", "-t", `@${SERVER}`, "none.example.org", "MX")).toContain(
      "rcode: NXDOMAIN",
    );
    expect(
      await run(
        "kdig",
        `@${SERVER}`,
        "+short",
        "+tcp",
        "+keepopen",
        "mail.example.org",
        "AAAA",
        "example.org",
        "MX",
      ),
    ).toBe("2001:db8::25\n10 mail.example.org.\n");
    expect(await run("delv", "-i", `@${SERVER}`, "www.example.org", "A")).toMatch(
      /; authoritative\nwww\.example\.org\.\s+3600\s+IN\s+A\s+192\.0\.2\.84/,
    );
    const hosts = Array.from({ length: 100 }, (_, index) => `host${1 + index}.example.org`);
    const pipelined = await run("dig", "+tcp", "+keepopen", "+short", `@${SERVER}`, ...hosts);
    expect(pipelined).toBe("192.0.2.1\n".repeat(100));
    const file = join(folder, "queries");
    writeFileSync(file, hosts.map((host) => `${host} A\n`).join(""));
    for (const mode of ["udp", "tcp"]) {
      const report = await run(
        "dnsperf",
        "-s",
        SERVER,
        "-d",
        file,
        "-n",
        "10",
        "-m",
        mode,
        "-q",
        "50",
      );
      expect(report).toMatch(/Queries completed:\s+1000 \(100\.00%\)/);
    }
  }, 60_000);

  test("it has told what it did", async () => {
    const ended = new Promise((resolve) => image.once("exit", resolve));
    image.kill("SIGTERM");
    await ended;
    const counter = (name: string): number =>
      Number(new RegExp(`${name}\\s+(\\d+)`).exec(said)?.[1]);
    expect(counter("transfers-incremental")).toBeGreaterThanOrEqual(SECONDARIES.length);
    expect(counter("notifies-answered")).toBeGreaterThanOrEqual(SECONDARIES.length);
  }, 30_000);
});
