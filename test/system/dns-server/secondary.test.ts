/** NSD, Knot and BIND as primaries of an image: its zones are theirs, and follow them. */
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fields, section } from "../../../packages/dns-server/test/comparison.js";
import { Peer, freePort } from "../../../packages/dns-server/test/peers.js";
import {
  type WireRecord,
  lower,
  makeQuery,
  readMessage,
  wireName,
} from "../../../packages/dns-server/test/wire.js";
import { plainZoneFiles } from "../../../packages/dns-server/test/zone-files.js";
import { builtImage } from "../../support/built.js";
import { Running } from "../../support/running.js";

const KEPT_BYTES = 16 * 1024 * 1024;
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const ZONES = ["example.org", "child.example.org"];
/** The host's loopback, as an image sees it. */
const HOST = "10.0.2.2";
const PHANTASM = join(ROOT, "toolchain", "bin", "phantasm.js");
const AXFR = 252;
const SERVFAIL = 2;
const SOA = 6;

interface Primary {
  readonly program: string;
  /** Changes are sent instead of the whole. */
  readonly hasIxfr: boolean;
  readonly start: (zones: string, notified: number) => Promise<Peer>;
}

const PRIMARIES: Readonly<Record<string, Primary>> = {
  nsd: {
    program: "nsd",
    hasIxfr: false,
    start: (zones, notified) =>
      Peer.start("nsd", "nsd", zones, (directory, port) => ({
        text: `server:
  ip-address: 127.0.0.1@${port}
  server-count: 1
  username: ""
  zonesdir: "${zones}"
  database: ""
  pidfile: "${directory}/nsd.pid"
  xfrdfile: "${directory}/xfrd.state"
  xfrdir: "${directory}"
  zonelistfile: "${directory}/zone.list"
remote-control:
  control-enable: no
${ZONES.map((zone) => `zone:\n  name: ${zone}\n  zonefile: ${zone}.zone\n  notify: 127.0.0.1@${notified} NOKEY\n  provide-xfr: 127.0.0.1 NOKEY\n`).join("")}`,
        words: (file) => ["-d", "-c", file],
      })),
  },
  knot: {
    program: "knotd",
    hasIxfr: true,
    start: (zones, notified) =>
      Peer.start("knot", "knotd", zones, (directory, port) => ({
        text: `server:
  rundir: "${directory}"
  listen: 127.0.0.1@${port}
database:
  storage: "${directory}"
remote:
  - id: image
    address: 127.0.0.1@${notified}
acl:
  - id: transfer
    address: 127.0.0.1
    action: transfer
template:
  - id: default
    storage: "${zones}"
    file: "%s.zone"
    notify: image
    acl: transfer
    semantic-checks: off
    zonefile-load: difference
    zonefile-sync: -1
zone:
${ZONES.map((zone) => `  - domain: ${zone}\n`).join("")}`,
        words: (file) => ["-c", file],
      })),
  },
  named: {
    program: "named",
    hasIxfr: true,
    start: (zones, notified) =>
      Peer.start("named", "named", zones, (directory, port) => ({
        text: `options {
  directory "${zones}";
  pid-file "${directory}/named.pid";
  session-keyfile "${directory}/session.key";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  recursion no;
  dnssec-validation no;
  check-names primary ignore;
  check-integrity no;
  ixfr-from-differences yes;
  notify explicit;
  notify-delay 0;
  startup-notify-rate 100;
  allow-transfer { 127.0.0.1; };
  also-notify { 127.0.0.1 port ${notified}; };
};
controls {};
${ZONES.map((zone) => `zone "${zone}" { type primary; file "${zones}/${zone}.zone"; };\n`).join("")}`,
        words: (file) => ["-g", "-c", file],
      })),
  },
};

function isMissing(program: string): boolean {
  try {
    execFileSync("which", [program], {
      env: { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` },
    });
    return false;
  } catch {
    return true;
  }
}

const missing = [...Object.values(PRIMARIES).map(({ program }) => program), "dig"].filter(
  isMissing,
);
if (missing.length > 0)
  console.warn(
    `dns-server: no secondary is tried of ${missing.join(", ")}; see .ci/run for packages`,
  );

/** A line of `kv dump`: what it says of a zone that is kept was so in 1970. */
function longAgo(line: string): string {
  const entry = /^\{"key/.test(line) ? (JSON.parse(line) as Record<string, string>) : {};
  const { key, key64, value, value64, ...rest } = entry;
  const name = key ?? Buffer.from(key64 ?? "", "base64").toString("latin1");
  const at = new Map([
    ["dns-secondary/zone/", 8],
    ["dns-secondary/time/", 0],
  ]).get(name.slice(0, 19));
  if (at === undefined) return line;
  const bytes = value64 === undefined ? Buffer.from(value ?? "") : Buffer.from(value64, "base64");
  bytes.writeBigInt64LE(1n, at);
  const named = key === undefined ? { key64 } : { key };
  return JSON.stringify({ ...named, ...rest, value64: bytes.toString("base64") });
}

/** The image's answers, over UDP. */
class Asker {
  readonly #socket = createSocket("udp4");

  constructor(readonly port: number) {}

  async ask(query: Buffer): Promise<Buffer> {
    for (let tries = 0; tries < 5; tries++) {
      this.#socket.send(query, this.port, "127.0.0.1");
      const timeout = AbortSignal.timeout(2000);
      try {
        const [answer] = (await once(this.#socket, "message", { signal: timeout })) as [Buffer];
        if (answer.readUInt16BE(0) === query.readUInt16BE(0)) return answer;
      } catch {
        // Once more.
      }
    }
    throw new Error("the image does not answer");
  }

  close(): void {
    this.#socket.close();
  }
}

describe.skipIf(missing.length > 0).each(Object.entries(PRIMARIES))(
  "%s as the primary",
  (_, { program, start, hasIxfr }) => {
    let zones = "";
    let primary: Peer;
    let image: Running;
    let asker: Asker;
    let words: readonly string[] = [];
    const folder = mkdtempSync(join(tmpdir(), "phantasm-kept-"));
    const disk = join(folder, "kept.img");

    beforeAll(async () => {
      zones = plainZoneFiles();
      // The image has the zone without it.
      appendFileSync(join(zones, "example.org.zone"), "first A 192.0.2.221\n");
      const port = await freePort();
      primary = await start(zones, port);
      const wasm = await builtImage(join(ROOT, "test/system/dns-server"));
      writeFileSync(disk, "");
      truncateSync(disk, KEPT_BYTES);
      words = [
        wasm,
        ...["--block", `kept=${disk}`],
        ...[
          "-p",
          `${port}:53`,
          "-p",
          `${port}:53/udp`,
          "--egress",
          `allow:host-loopback:${primary.port}`,
        ],
        ...[
          "--",
          "--log",
          "debug",
          "--secondary",
          ZONES.map((zone) => `${zone}=${HOST}#${primary.port}`).join(";"),
        ],
      ];
      image = new Running(words);
      asker = new Asker(port);
      for (const zone of ZONES) await image.saw(new RegExp(`: ${zone}: serial .* AXFR from`));
    }, 180_000);

    afterAll(async () => {
      asker.close();
      primary.stop();
      await image.stop();
      for (const one of [zones, folder]) rmSync(one, { recursive: true, force: true });
    });

    async function recordsOf(zone: string): Promise<WireRecord[]> {
      const records = (messages: readonly Buffer[]): WireRecord[] =>
        messages.flatMap((one) => readMessage(one).answers);
      const isComplete = (messages: readonly Buffer[]): boolean =>
        records(messages).filter(({ type }) => type === SOA).length === 2;
      return records(await primary.askTcp(makeQuery(wireName(zone), AXFR), isComplete));
    }

    /** Every record of the zone is asked for; those below a delegation are not the zone's to tell. */
    async function served(zone: string, there?: readonly WireRecord[]): Promise<number> {
      const records = there ?? (await recordsOf(zone));
      const cuts = records
        .filter(({ name, type }) => type === 2 && lower(name) !== wireName(zone))
        .map(({ name }) => lower(name));
      const sets = new Map<string, WireRecord[]>();
      for (const record of records) {
        const key = `${lower(record.name)} ${record.type}`;
        sets.set(key, [...(sets.get(key) ?? []), record]);
      }
      let id = 0;
      for (const set of sets.values()) {
        const [{ name, type }] = set as [WireRecord];
        if (cuts.some((cut) => lower(name).endsWith(cut) && (lower(name) !== cut || type !== 43)))
          continue;
        const answer = readMessage(
          await asker.ask(makeQuery(name, type, { id: id++, edns: 1232 })),
        );
        if (answer.flags & 0x0200) continue;
        expect({ name, type, told: section(answer.answers) }).toEqual({
          name,
          type,
          told: section(set),
        });
      }
      return id;
    }

    test("every record of its zones is answered", async () => {
      expect(await served("example.org")).toBeGreaterThan(80);
      expect(await served("child.example.org")).toBeGreaterThan(3);
      const query = makeQuery(wireName("nothing.example.org"), 1, { edns: 1232 });
      expect(fields(readMessage(await asker.ask(query)))).toEqual(
        fields(readMessage((await primary.ask(query))!)),
      );
    });

    test("its zones are transferred on", () => {
      const transfer = (port: number): string[] => {
        const words = ["@127.0.0.1", "-p", String(port), "+noall", "+answer", "+onesoa"];
        const text = execFileSync("dig", [...words, "example.org", "AXFR"], { encoding: "utf8" });
        return text
          .toLowerCase()
          .replaceAll(/[ \t]+/g, " ")
          .split("\n")
          .sort();
      };
      const there = transfer(primary.port);
      expect(there.length).toBeGreaterThan(200);
      expect(transfer(asker.port)).toEqual(there);
    });

    test("what changes there, changes here", async () => {
      const file = join(zones, "example.org.zone");
      const text = readFileSync(file, "utf8");
      writeFileSync(
        file,
        `${text.replace("2024010101 ; serial", "2024010102 ; serial").replace("\nsip A 192.0.2.60", "\nsip A 192.0.2.61")}fresh A 192.0.2.222\n`,
      );
      primary.process.kill("SIGHUP");
      await image.saw(
        new RegExp(`: example.org: serial 2024010102, .* ${hasIxfr ? "IXFR" : "AXFR"} from`),
      );
      expect(await served("example.org")).toBeGreaterThan(80);
      const answer = readMessage(await asker.ask(makeQuery(wireName("fresh.example.org"), 1)));
      expect(answer.answers).toHaveLength(1);
    }, 70_000);

    test("after a restart without the primary, its zones are answered as they were", async () => {
      const records = await recordsOf("example.org");
      await image.saw(/serial 2024010102[^]*: example.org: kept/);
      primary.process.kill("SIGTERM");
      await Promise.all([once(primary.process, "exit"), image.stop()]);
      image = new Running(words);
      for (const zone of ZONES)
        await image.saw(new RegExp(`: ${zone}: serial .* as it was kept, current \\d+ s ago`));
      expect(await served("example.org", records)).toBeGreaterThan(80);
      await image.stop();
      image = new Running(words);
      await image.saw(/: example.org: serial 2024010102, .* as it was kept/);
    }, 70_000);

    // The clock is not for a test to set, but what it was compared with is.
    const expired = async (): Promise<void> => {
      await image.stop();
      const run = (...command: readonly string[]): string =>
        execFileSync(process.execPath, [PHANTASM, "kv", ...command], {
          encoding: "utf8",
          stdio: "pipe",
        });
      const entries = run("dump", disk).split("\n");
      const dump = join(folder, "kept.jsonl");
      writeFileSync(dump, entries.map(longAgo).join("\n"));
      run("restore", disk, dump, "--force");
      image = new Running(words);
      for (const zone of ZONES) await image.saw(new RegExp(`: ${zone}: what is kept has expired`));
      const query = makeQuery(wireName("example.org"), SOA);
      expect(readMessage(await asker.ask(query)).flags & 0x000f).toBe(SERVFAIL);
    };
    if (program === "nsd") test("what has expired meanwhile is SERVFAIL", expired, 70_000);
  },
);
