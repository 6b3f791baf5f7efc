/** Real clients and real secondaries of examples/dns and of a server that lets zones be transferred. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Peer, peersProblem, together } from "../../../packages/dns-server/test/peers.js";
import { makeQuery, readMessage, wireName } from "../../../packages/dns-server/test/wire.js";
import { builtImage } from "../../support/built.js";
import { Running } from "../../support/running.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const execute = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "phantasm-dns-"));

async function has(program: string): Promise<boolean> {
  return execute(program, ["-h"]).then(
    () => true,
    (error: unknown) => (error as NodeJS.ErrnoException).code !== "ENOENT",
  );
}

const missing = (
  await Promise.all(["dig", "kdig", "dnsperf"].map(async (one) => ((await has(one)) ? [] : [one])))
).flat();
const problem = missing.length > 0 ? `there is no ${missing.join(", ")}` : peersProblem();
if (problem !== null)
  console.warn(`dns-server: some real clients are left out: ${problem}; see .ci/run for packages`);

class Server {
  running!: Running;
  udp = 0;
  tcp = 0;

  async start(directory: string, ...words: readonly string[]): Promise<void> {
    const image = await builtImage(join(ROOT, directory));
    this.running = new Running([image, "-p", "0:53", "-p", "0:53/udp", ...words]);
    this.tcp = await this.running.port(53);
    this.udp = await this.running.port(53, "udp");
  }

  async ask(program: "dig" | "kdig", ...words: readonly string[]): Promise<string> {
    const port = words.includes("+tcp") || words.includes("AXFR") ? this.tcp : this.udp;
    const { stdout } = await execute(program, ["@127.0.0.1", "-p", String(port), ...words]);
    return stdout.trimEnd();
  }
}

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("examples/dns", () => {
  const server = new Server();
  beforeAll(() => server.start("examples/dns"), 300_000);
  afterAll(() => server.running.stop());

  test.skipIf(problem !== null)("dig and kdig, over UDP and TCP", async () => {
    for (const program of ["dig", "kdig"] as const)
      for (const way of ["+notcp", "+tcp"]) {
        const short = (...words: readonly string[]): Promise<string> =>
          server.ask(program, way, "+short", ...words);
        expect(await short("www.example.org", "A")).toBe("example.org.\n192.0.2.80");
        expect(await short("-x", "192.0.2.25")).toBe("mail.example.org.");
        expect(await short("example.org", "MX")).toBe("10 mail.example.org.");
        expect(await short("_imaps._tcp.example.org", "SRV")).toBe("0 1 993 mail.example.org.");
        expect(await short("a.b.apps.example.org", "A")).toBe("192.0.2.90");
        expect(await short("host-7.example.org", "A")).toBe("192.0.2.107");
        expect(await short("example.org", "CAA")).toBe('0 issue "ca.example.net"');
        expect(await short("none.example.org", "A")).toBe("");
      }
    expect(await server.ask("dig", "+cookie", "example.org")).toMatch(/COOKIE: \w{48} \(good\)/);
    expect(await server.ask("dig", "nothing.example.org")).toContain("status: NXDOMAIN");
    expect(await server.ask("dig", "example.com")).toContain("status: REFUSED");
    expect(await server.ask("dig", "version.bind", "CH", "TXT")).toContain("status: REFUSED");
    expect(await server.ask("dig", "example.org", "AXFR")).toContain("Transfer failed");
    expect(await server.ask("dig", "+edns=1", "+noednsneg", "example.org")).toContain(
      "status: BADVERS",
    );
  });

  test.skipIf(problem !== null)("dnsperf: everything is answered", async () => {
    const file = join(folder, "queries");
    const names = Array.from({ length: 25 }, (_, index) => `host-${index}.example.org A\n`);
    writeFileSync(file, `${names.join("")}example.org MX\nx.lab.example.org A\n`);
    const words = ["-s", "127.0.0.1", "-p", String(server.udp), "-d", file, "-n", "20", "-q", "20"];
    const { stdout } = await execute("dnsperf", words);
    expect(stdout).toMatch(/Queries completed:\s+540 \(100\.00%\)/);
    expect(stdout).toMatch(/NXDOMAIN 100 /);
  });
});

describe("a server that lets zones be transferred", () => {
  const server = new Server();
  beforeAll(() => server.start("test/system/dns-server", "--block", "kept=mem:1M"), 300_000);
  afterAll(() => server.running.stop());

  /** All of a zone in presentation form, in lower case, in an order of its own. */
  async function transfer(program: "dig" | "kdig", zone: string): Promise<string[]> {
    const text = await server.ask(program, "+nocomments", "+nocmd", "+nostats", zone, "AXFR");
    return sorted(text);
  }

  function sorted(text: string): string[] {
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith(";"));
    return [...new Set(lines.map((line) => line.replace(/\s+/g, " ").toLowerCase()))].sort();
  }

  test.skipIf(problem !== null)("dig takes a zone", async () => {
    const lines = await transfer("dig", "child.example.org");
    expect(lines).toEqual([
      "child.example.org. 600 in ns ns.child.example.org.",
      "child.example.org. 600 in soa ns.child.example.org. admin.example.org. 7 3600 600 86400 60",
      "ns.child.example.org. 600 in a 192.0.2.120",
      "up.child.example.org. 600 in cname web.example.org.",
      "www.child.example.org. 600 in a 192.0.2.121",
    ]);
  });

  test.skipIf(problem !== null)("Knot and NSD are secondaries", async () => {
    const zones = ["example.org", "child.example.org", "other.test"];
    const peers = await together([
      Peer.start("knot", "knotd", folder, (directory, port) => ({
        text: `server:
  rundir: "${directory}"
  listen: 127.0.0.1@${port}
database:
  storage: "${directory}"
remote:
  - id: primary
    address: 127.0.0.1@${server.tcp}
acl:
  - id: transfer
    address: 127.0.0.1
    action: transfer
template:
  - id: default
    storage: "${directory}"
    master: primary
    acl: transfer
    semantic-checks: off
zone:
${zones.map((zone) => `  - domain: ${zone}\n`).join("")}`,
        words: (file) => ["-c", file],
      })),
      Peer.start("nsd", "nsd", folder, (directory, port) => ({
        text: `server:
  ip-address: 127.0.0.1@${port}
  server-count: 1
  username: ""
  zonesdir: "${directory}"
  database: ""
  pidfile: "${directory}/nsd.pid"
  xfrdfile: "${directory}/xfrd.state"
  xfrdir: "${directory}"
  zonelistfile: "${directory}/zone.list"
remote-control:
  control-enable: no
${zones.map((zone) => `zone:\n  name: ${zone}\n  zonefile: ${zone}.zone\n  request-xfr: AXFR 127.0.0.1@${server.tcp} NOKEY\n  provide-xfr: 127.0.0.1 NOKEY\n`).join("")}`,
        words: (file) => ["-d", "-c", file],
      })),
    ]);
    try {
      for (const peer of peers)
        for (const zone of zones) {
          const words = [
            "@127.0.0.1",
            "-p",
            String(peer.port),
            "+nocomments",
            "+nocmd",
            "+nostats",
          ];
          const theirs = async (): Promise<string[]> =>
            sorted((await execute("dig", [...words, zone, "AXFR"])).stdout);
          const ours = await transfer("dig", zone);
          for (let tries = 0; tries < 50 && (await theirs()).length === 0; tries++)
            await new Promise((resolve) => setTimeout(resolve, 100));
          expect({ peer: peer.name, zone, lines: await theirs() }).toEqual({
            peer: peer.name,
            zone,
            lines: ours,
          });
        }
    } finally {
      for (const peer of peers) peer.stop();
    }
  });

  async function open(): Promise<Socket> {
    const socket = connect(server.tcp, "127.0.0.1");
    await once(socket, "connect");
    // A reset is an end like others here: see `closed`.
    return socket.on("error", () => undefined);
  }

  async function closed(socket: Socket): Promise<void> {
    await new Promise((resolve) => socket.resume().once("close", resolve));
  }

  function framed(...queries: readonly Buffer[]): Buffer {
    return Buffer.concat(
      queries.flatMap((query) => [Buffer.of(query.length >> 8, query.length & 0xff), query]),
    );
  }

  /** Messages until there are `count`, or the end. */
  async function messages(socket: Socket, count: number): Promise<Buffer[]> {
    const found: Buffer[] = [];
    let received = Buffer.alloc(0);
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0);
        found.push(Buffer.from(received.subarray(2, end)));
        received = received.subarray(end);
      }
      if (found.length >= count) break;
    }
    return found;
  }

  test("a thousand queries in one connection, in pieces of all sizes", async () => {
    const socket = await open();
    const names = ["www", "big", "huge", "none", "sub"];
    const queries = Array.from({ length: 1000 }, (_, id) =>
      makeQuery(wireName(`${names[id % 5]}.example.org`), id % 5 === 1 ? 16 : 1, { id }),
    );
    const bytes = framed(...queries);
    for (let at = 0; at < bytes.length; at += 777) socket.write(bytes.subarray(at, at + 777));
    const answers = (await messages(socket, 1000)).map(readMessage);
    expect(answers.map(({ id }) => id)).toEqual(queries.map((_, id) => id));
    expect(answers[2]?.answers).toHaveLength(100);
    socket.destroy();
  });

  test("who is silent or slow is let go, others are answered", async () => {
    const [silent, slow] = [await open(), await open()];
    slow.write(Buffer.of(0, 40, 1));
    const gone = Promise.all([closed(silent), closed(slow)]);
    const socket = await open();
    const start = Date.now();
    while (Date.now() - start < 4000) {
      socket.write(framed(makeQuery(wireName("www.example.org"), 1)));
      await once(socket, "data");
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await gone;
    expect(socket.closed).toBe(false);
    socket.destroy();
  });

  test("garbage ends a connection, and nothing else", async () => {
    const socket = await open();
    socket.write(Buffer.alloc(5000, 0xff));
    await closed(socket);
    const other = await open();
    other.write(framed(makeQuery(wireName("www.example.org"), 1)));
    expect(await messages(other, 1)).toHaveLength(1);
    other.destroy();
  });
});
