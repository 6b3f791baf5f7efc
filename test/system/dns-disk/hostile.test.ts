/** Clients that mean harm to a name server, each kind for itself: others are answered meanwhile, and nothing is left of them. */
import { type ChildProcess, execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtImage } from "../../support/built.js";
import { Machine, PATIENT_MS, PYTHON } from "../../support/machine.js";
import { Namespace, tapProblem } from "../../support/namespace.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const PHANTASM = join(ROOT, "toolchain", "bin", "phantasm.js");
const HOSTILE = join(ROOT, "test", "support", "dns-hostile.py");
const SERVER = "10.0.0.2";
const SEED = Number(process.env["PHANTASM_DNS_SEED"] ?? 1);
/** How long somebody waits, on a machine with other things to do. */
const SERVED_MS_MAX = 20_000;
/** After all of them: what the collector has not come to yet is part of it. The zones are outside. */
const HEAP_KIB_MAX = 8_192;
/** With all that was needed at once, of 170 that the image may have. */
const MEMORY_KIB_MAX = 65_536;

process.env["PATH"] = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;
const problem = tapProblem("dig", PYTHON);
if (problem !== null) console.warn(`dns-disk: hostile clients are left out: ${problem}`);

const ZONE = `$TTL 1h
@ SOA ns1 hostmaster 1 2h 30m 2w 10m
@ NS ns1
ns1 A 10.0.0.2
www A 192.0.2.80
*.apps AAAA 2001:db8::7
$GENERATE 1-20000 host$ A 192.0.2.1
${Array.from({ length: 40 }, (_, index) => `big TXT "${String(index).padStart(200, "x")}"\n`).join("")}`;

describe.skipIf(problem !== null)("hostile clients", { timeout: PATIENT_MS }, () => {
  const folder = mkdtempSync(join(tmpdir(), "phantasm-dns-hostile-"));
  let namespace: Namespace;
  let machine: Machine;

  beforeAll(async () => {
    const image = await builtImage(fileURLToPath(new URL(".", import.meta.url)));
    const zone = join(folder, "example.org.zone");
    const disk = join(folder, "zones.img");
    writeFileSync(zone, ZONE);
    execFileSync(process.execPath, [PHANTASM, "zones", "compile", zone, "-o", disk], {
      stdio: "pipe",
    });
    namespace = new Namespace();
    namespace.addTap();
    // All of these are the clients'.
    namespace.ip("route add local 10.0.0.128/25 dev lo");
    const options = ["--block", `zones=${disk}:ro`, "--stats"];
    machine = new Machine(namespace, image, { options, arguments: [] });
    await machine.answers(namespace);
    await machine.says(/generation 1/);
    // The image may have to be built first.
  }, 3 * PATIENT_MS);

  afterAll(async () => {
    await machine.stop();
    namespace.close();
    rmSync(folder, { recursive: true, force: true });
  }, PATIENT_MS);

  /** The answer for somebody else. A connection makes room when it has been idle for a second; until then dig is turned away. */
  async function served(way: "+tcp" | "+notcp"): Promise<string> {
    const words = [`@${SERVER}`, way, "+short", "+time=5", "+tries=1", "www.example.org"];
    for (const end = Date.now() + SERVED_MS_MAX; ; await sleep(100)) {
      const { stdout } = await namespace.finish(["dig", ...words]);
      if (!stdout.startsWith(";;") || Date.now() > end) return stdout.trim();
    }
  }

  /** Runs an attack, during which others are answered; gives what it said, and what was answered in the end. */
  async function attack(name: string): Promise<string[]> {
    const child: ChildProcess = namespace.start([PYTHON, HOSTILE, name, String(SEED)]);
    child.stderr?.pipe(process.stderr);
    const said: string[] = [];
    const lines = createInterface({ input: child.stdout! });
    const ended = once(child, "close");
    for await (const line of lines) {
      if (line !== "ready") {
        said.push(line);
        continue;
      }
      expect(await served("+notcp")).toBe("192.0.2.80");
      expect(await served("+tcp")).toBe("192.0.2.80");
      child.stdin?.end();
    }
    await ended;
    expect(await served("+tcp")).toBe("192.0.2.80");
    return said;
  }

  test("messages that are wrong in all ways have one answer at most", async () => {
    const said = await attack("malformed");
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^[1-9]\d{2,} of \d+ answered$/);
  });

  test.each(["flood", "halfopen", "crowd", "slow", "deaf", "lengths", "transfers", "resets"])(
    "%s: others are answered",
    async (name) => {
      expect(await attack(name)).toEqual([]);
    },
  );

  test("nothing is left of them", async () => {
    const stats = await machine.stop();
    expect(machine.child.exitCode, stats).toBe(0);
    const kib = (what: string): number => {
      const [, size, unit] = new RegExp(`${what} +([\\d.]+) ([KM])iB`).exec(stats) ?? [];
      return Number(size) * (unit === "M" ? 1024 : 1);
    };
    expect(kib("heap"), stats).toBeLessThan(HEAP_KIB_MAX);
    expect(kib("memory"), stats).toBeLessThan(MEMORY_KIB_MAX);
    expect(stats).toMatch(/ limited [1-9]\d/);
    expect(stats).toMatch(/connections-idle +[1-9]/);
  });
});
