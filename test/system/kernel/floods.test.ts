/** A hostile network: floods of what nobody asked for, while a connection goes on; clients that take and never give. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  Machine,
  PATIENT_MS,
  PYTHON,
  Talk,
  client,
  imagePath,
  lastLine,
  startClient,
  until,
} from "../../support/machine.js";
import { Namespace, tapProblem } from "../../support/namespace.js";

const problem = tapProblem("ping", "/usr/bin/python3");
if (problem !== null) console.warn(`tests of floods are left out: ${problem}`);

const FLOODS = fileURLToPath(new URL("floods.py", import.meta.url));
const ECHO = ["10.0.0.2", 7] as const;
/** The default of `memory` in a configuration. */
const MEMORY_MIB_MAX = 16;

describe.skipIf(problem !== null)("floods", { timeout: 2 * PATIENT_MS }, () => {
  let namespace: Namespace;
  let machine: Machine;
  let talk: Talk;
  let mac: string;

  beforeAll(async () => {
    const image = await imagePath("test/system/kernel/appliance");
    namespace = new Namespace();
    namespace.addTap();
    namespace.ip("addr add fd00:7::1/64 dev tap0 nodad");
    machine = await new Machine(namespace, image, {
      // Strangers are answered by way of the gateway, which passes nothing on.
      arguments: ["--ipv4=10.0.0.2/24", "--gateway=10.0.0.1"],
      options: ["--stats"],
    }).answers(namespace);
    [, mac = ""] = /10\.0\.0\.2 lladdr (\S+)/.exec(namespace.ip("-4 neigh show dev tap0")) ?? [];
    talk = new Talk(namespace, ...ECHO);
    await talk.say("before");
  }, 400_000);

  afterAll(async () => {
    namespace.close();
    await machine.stop();
  }, PATIENT_MS);

  const flood = async (kind: string, count: number): Promise<void> => {
    const child = namespace.start([PYTHON, FLOODS, kind, String(count), mac, String(talk.port)]);
    const end = lastLine(child);
    let isOver = false;
    const over = end.then(() => (isOver = true));
    for (let round = 0; !isOver; round++) {
      await talk.say(`${kind} ${round}`);
      await Promise.race([over, new Promise((resolve) => setTimeout(resolve, 200))]);
    }
    expect(await end).toBe(`${count} sent`);
    await talk.say(`after ${kind}`);
  };

  const memoryMib = async (): Promise<number> => {
    const [, size = "", unit] = /memory ([\d.]+) (K|M)iB/.exec(await machine.describe()) ?? [];
    return unit === "K" ? Number(size) / 1024 : Number(size);
  };

  test("200 000 SYNs of strangers: SYN cookies, and the connection goes on", async () => {
    await flood("syn", 200_000);
    expect(await client(namespace, "echo", ...ECHO, 100_000)).toBe("100000 exact");
    expect(await memoryMib()).toBeLessThan(4);
  });

  test.each(["ack", "rst", "fragment", "udp", "arp", "nd"])("50 000 frames: %s", async (kind) => {
    await flood(kind, 50_000);
    expect(await client(namespace, "echo", ...ECHO, 100_000)).toBe("100000 exact");
    expect(await client(namespace, "echo", "fd00:7::2", 7, 100_000)).toBe("100000 exact");
    expect(await memoryMib()).toBeLessThan(4);
  });

  test("220 clients that send and do not read: memory has its limit, and others are served", async () => {
    const hoard = startClient(namespace, "hoard", ...ECHO, 220, 100_000);
    let said = "";
    hoard.stdout?.on("data", (data: Buffer) => (said += data.toString()));
    await until("hoarders", () => said.includes("hoarded"));
    const seen = await machine.describe();
    expect(Number(/memory ([\d.]+) MiB/.exec(seen)?.[1])).toBeLessThan(MEMORY_MIB_MAX);
    expect(await client(namespace, "echo", ...ECHO, 1_000_000)).toBe("1000000 exact");
    hoard.stdin?.end();
    await lastLine(hoard);
    // What they had is free again.
    await talk.say("after the hoarders");
    expect(await client(namespace, "echo", ...ECHO, 4_000_000)).toBe("4000000 exact");
  });

  test("the connection has survived all of it; what was sent is counted", async () => {
    expect(await talk.end()).toBe("over");
    const stats = await machine.stop();
    const [, cookies = "0"] = /cookies-sent ([\d ]+)/.exec(stats) ?? [];
    expect(Number(cookies.replaceAll(" ", ""))).toBeGreaterThan(1000);
    for (const counter of [
      ...[
        "cookies-refused",
        "resets-sent",
        "resets-withheld",
        "challenges-sent",
        "no-memory",
        "evicted",
      ],
      ...["reassembly-evicted", "no-port", "limited", "moved"],
    ])
      expect(stats).toMatch(new RegExp(`\\b${counter} [1-9]`));
  });
});
