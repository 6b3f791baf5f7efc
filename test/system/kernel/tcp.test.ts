/** tcp-echo and the kernel's clients: streams, ends of streams, windows, many connections, path MTU. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Machine, PATIENT_MS, Talk, client, imagePath } from "../../support/machine.js";
import { Namespace, tapProblem } from "../../support/namespace.js";

const problem = tapProblem("ping", "nc", "/usr/bin/python3", "perl");
if (problem !== null) console.warn(`tests against the kernel's TCP are left out: ${problem}`);

const ADDRESS = "10.0.0.2";
const ECHO = [ADDRESS, 7] as const;
/** Both ways at once. */
const BULK_BYTES = 10_000_000;

let image: string;

beforeAll(async () => {
  if (problem === null) image = await imagePath("examples/tcp-echo");
}, 300_000);

/** A namespace with an image in it, for the tests of one block. */
function withMachine(style: string, offload: boolean, mtu = 1500) {
  const it = {} as { namespace: Namespace; machine: Machine };
  beforeAll(async () => {
    it.namespace = new Namespace();
    it.namespace.addTap();
    it.namespace.ip(`link set tap0 mtu ${mtu}`);
    it.machine = new Machine(it.namespace, image, {
      offload,
      arguments: ["--ipv4=10.0.0.2/24", `--style=${style}`],
    });
    await it.machine.answers(it.namespace);
  }, PATIENT_MS);
  afterAll(async () => {
    await it.machine.stop();
    it.namespace.close();
  }, PATIENT_MS);
  return it;
}

describe.skipIf(problem !== null).each([
  ["fibres", true, 1500],
  ["handlers", false, 1500],
  ["handlers", true, 9000],
  // RFC 1122 §3.3.2: the least that every host must reassemble. IPv6 has no such links.
  ["fibres", false, 576],
] as const)("echo by %s, offloads %s, MTU %d", (style, offload, mtu) => {
  const it = withMachine(style, offload, mtu);

  test("megabytes both ways at once come back exact", { timeout: PATIENT_MS }, async () => {
    const bytes = mtu < 1000 ? BULK_BYTES / 10 : BULK_BYTES;
    expect(await client(it.namespace, "echo", ...ECHO, bytes)).toBe(`${bytes} exact`);
  });

  test("nc: a half-closed stream is answered to its end", async () => {
    const { status, stdout } = it.namespace.run("nc", ["-N", "10.0.0.2", "7"], "a line\n");
    expect([status, stdout]).toEqual([0, "a line\n"]);
  });
});

describe.skipIf(problem !== null)("connections", { timeout: PATIENT_MS }, () => {
  const it = withMachine("handlers", true);

  test("a client that reads nothing for a while, and then all", async () => {
    expect(await client(it.namespace, "echo", ...ECHO, 8_000_000, 3.0, 4096)).toBe("8000000 exact");
  });

  test("a client that breaks off is forgotten, and the next is served", async () => {
    expect(await client(it.namespace, "reset", ...ECHO)).toBe("broken off");
    expect(await client(it.namespace, "echo", ...ECHO, 1000)).toBe("1000 exact");
  });

  test("a port at which nobody listens: RST", async () => {
    expect(await client(it.namespace, "outcome", ADDRESS, 8)).toBe("ECONNREFUSED");
  });

  test("2000 short ones in sequence", async () => {
    expect(await client(it.namespace, "sequence", ...ECHO, 2000)).toBe("2000 connections");
  });

  test("200 at once", async () => {
    expect(await client(it.namespace, "together", ...ECHO, 200)).toBe("200 connections");
  });

  test("the interface's MTU shrinks under a connection, and grows again", async () => {
    const talk = new Talk(it.namespace, ...ECHO);
    for (const [round, mtu] of [1500, 700, 1500].entries()) {
      it.namespace.ip(`link set tap0 mtu ${mtu}`);
      await talk.say(String(round).repeat(30_000));
    }
    expect(await talk.end()).toBe("over");
  });
});
