/** iperf3 as a client, bytes over a bad network, what --stats and Ctrl-\ show. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Machine, PATIENT_MS, Talk, client, imagePath } from "../../support/machine.js";
import { Namespace, tapProblem } from "../../support/namespace.js";

const problem = tapProblem("ping", "iperf3", "/usr/bin/python3");
if (problem !== null) console.warn(`tests of iperf and bad networks are left out: ${problem}`);

interface IperfReport {
  readonly error?: string;
  readonly start: { readonly connected: readonly unknown[] };
  readonly end: {
    readonly streams: readonly {
      readonly sender: { readonly bytes: number };
      readonly receiver: { readonly bytes: number };
    }[];
  };
}

describe.skipIf(problem !== null).each([
  ["with offloads", true],
  ["without offloads", false],
])("iperf %s", { timeout: PATIENT_MS }, (_, offload) => {
  let namespace: Namespace;
  let machine: Machine;

  beforeAll(async () => {
    const image = await imagePath("examples/iperf");
    namespace = new Namespace();
    namespace.addTap();
    machine = await new Machine(namespace, image, { offload }).answers(namespace);
  }, 400_000);

  afterAll(async () => {
    await machine.stop();
    namespace.close();
  }, PATIENT_MS);

  test.each([
    ["to the image", [], 1],
    ["from the image", ["-R"], 1],
    ["to the image, four streams", ["-P", "4"], 4],
    ["from the image, four streams", ["-P", "4", "-R"], 4],
    ["an amount of bytes, not a time", ["-n", "5000000"], 1],
  ] as const)("iperf3 %s", async (_, options, streams) => {
    const time = options[0] === "-n" ? [] : ["-t", "2"];
    const words = ["iperf3", "-c", "10.0.0.2", "-J", ...time, ...options];
    const { status, stdout } = await namespace.finish(words);
    const report = JSON.parse(stdout) as IperfReport;
    expect(report.error).toBeUndefined();
    expect(status).toBe(0);
    expect(report.end.streams.length).toBe(streams);
    for (const { sender, receiver } of report.end.streams) {
      expect(sender.bytes).toBeGreaterThan(0);
      expect(receiver.bytes).toBeGreaterThan(0);
      // What was received was sent: both ends count.
      expect(receiver.bytes).toBeLessThanOrEqual(sender.bytes);
    }
  });

  test("what it does not have is refused with a reason, and it serves on", async () => {
    const { stdout } = await namespace.finish(["iperf3", "-c", "10.0.0.2", "-u", "-J"]);
    expect((JSON.parse(stdout) as IperfReport).error).toBeTruthy();
    const again = await namespace.finish(["iperf3", "-c", "10.0.0.2", "-t", "1", "-J"]);
    expect((JSON.parse(again.stdout) as IperfReport).error).toBeUndefined();
  });
});

describe.skipIf(problem !== null)("a bad network", { timeout: 2 * PATIENT_MS }, () => {
  test.each([
    ["fibres", true, "loss=2%,delay=5ms±2ms,reorder=2%,duplicate=1%,corrupt=0.5%,seed=4"],
    ["handlers", false, "loss=5%,delay=1ms±1ms,reorder=5%,seed=5"],
    ["handlers", false, "delay=20ms,rate=20Mbit,loss=1%,seed=6"],
  ])(
    "2 MB both ways by %s, offloads %s: %s",
    async (style, offload, impair) => {
      const namespace = new Namespace();
      namespace.addTap();
      const machine = new Machine(namespace, await imagePath("examples/tcp-echo"), {
        arguments: ["--ipv4=10.0.0.2/24", `--style=${style}`],
        offload,
        options: ["--impair", impair, "--stats"],
      });
      await machine.answers(namespace);
      expect(await client(namespace, "echo", "10.0.0.2", 7, 2_000_000)).toBe("2000000 exact");
      expect(await client(namespace, "sequence", "10.0.0.2", 7, 20)).toBe("20 connections");
      const stats = await machine.stop();
      // With offloads there are few frames, and all may be lucky.
      if (!offload) expect(stats).toMatch(/segments-retransmitted [1-9]/);
      namespace.close();
    },
    400_000,
  );
});

describe.skipIf(problem !== null)("what the operator sees", { timeout: PATIENT_MS }, () => {
  test("connections of all kinds at Ctrl-\\, and what each layer has counted at the end", async () => {
    const namespace = new Namespace();
    namespace.addTap();
    const machine = new Machine(namespace, await imagePath("test/system/kernel/appliance"), {
      options: ["--stats"],
    });
    await machine.answers(namespace);
    const talk = new Talk(namespace, "10.0.0.2", 7);
    await talk.say("hello");
    // The image closes first: TIME-WAIT is its.
    expect(await client(namespace, "hear", "10.0.0.2", 19, 1_000_000)).toBe("1000000 exact");
    await machine.says(/port 19 heard 300000/);
    const seen = await machine.describe();
    const rows = seen.split("\n").map((line) => line.trim().split(/ +/));
    const row = (...words: string[]): boolean =>
      rows.some((columns) => words.every((word, at) => columns[at] === word));
    expect(row("udp", "[::]:7", "*"), seen).toBe(true);
    for (const port of [7, 9, 13, 19])
      expect(row("tcp", `[::]:${port}`, "*", "LISTEN"), seen).toBe(true);
    expect(row("tcp", "10.0.0.2:7", `10.0.0.1:${talk.port}`, "ESTABLISHED"), seen).toBe(true);
    expect(seen).toMatch(/tcp +10\.0\.0\.2:19 +10\.0\.0\.1:\d+ +TIME-WAIT/);
    expect(await talk.end()).toBe("over");
    const stats = await machine.stop();
    for (const layer of ["link", "ethernet", "arp", "ipv4", "icmp", "ipv6", "tcp"])
      expect(stats).toMatch(new RegExp(`^  ${layer} +\\S+ [\\d ]+`, "m"));
    expect(stats).toMatch(/tcp .*accepted 2\b/);
    namespace.close();
  }, 400_000);
});
