/**
 * Thousands of clients at once: each connected, each answered, again while all stay, and nothing of them left behind.
 *
 *     PHANTASM_CROWD=10000     over the tap, instead of 2000
 */
import { type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtImage } from "../../support/built.js";
import { Machine, PATIENT_MS, PYTHON } from "../../support/machine.js";
import { Namespace, tapProblem } from "../../support/namespace.js";
import { Running } from "../../support/running.js";

const DIRECTORY = "test/system/appliances/crowd";
const CROWD = fileURLToPath(new URL("../../support/http-crowd.py", import.meta.url));
const OVER_TAP = Number(process.env["PHANTASM_CROWD"] ?? 2_000);
/** The network of the host has 4096 connections, and descriptors are as many again. */
const OVER_USER_NETWORK = 1_000;
/** Of the image for each connection that is idle: TCP, the server, a timer. */
const IDLE_BYTES_MAX = 2_048;
const KIB = 1_024;

const problem = tapProblem("ping", PYTHON);
if (problem !== null) console.warn(`the crowd over a tap is left out: ${problem}`);

let image = "";

beforeAll(async () => {
  image = await builtImage(fileURLToPath(new URL("crowd", import.meta.url)));
}, 600_000);

/** Clients in a process of their own, by the lines that it says. */
class Crowd {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.pipe(process.stderr);
    this.#lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  async says(): Promise<string> {
    const line = await this.#lines.next();
    return String(line.value);
  }

  async asksAgain(): Promise<string> {
    this.#child.stdin?.write("\n");
    return this.says();
  }

  async goes(): Promise<void> {
    const closed = once(this.#child, "close");
    this.#child.stdin?.end();
    expect(await this.says()).toBe("gone");
    await closed;
  }
}

/** Bytes of the heap, and of the whole memory, in what Ctrl-\ or `--stats` print. */
function memoryIn(text: string): { heap: number; memory: number } {
  const bytes = (pattern: RegExp): number => {
    const [, size, unit] = pattern.exec(text) ?? [];
    return Number(size) * (unit === "M" ? KIB * KIB : KIB);
  };
  return {
    heap: bytes(/heap +([\d.]+) ([KM])iB/),
    memory: bytes(/memory +([\d.]+) ([KM])iB/),
  };
}

describe.skipIf(problem !== null)("over a tap", { timeout: 2 * PATIENT_MS }, () => {
  let namespace: Namespace;
  let machine: Machine;

  beforeAll(async () => {
    namespace = new Namespace();
    namespace.addTap();
    // Each of five crowds leaves its ports in TIME_WAIT.
    namespace.run("sysctl", ["-qw", "net.ipv4.ip_local_port_range=1024 65535"]);
    machine = await new Machine(namespace, image, { options: ["--stats"] }).answers(namespace);
  }, PATIENT_MS);

  afterAll(async () => {
    await machine.stop();
    namespace.close();
  }, PATIENT_MS);

  test(`${OVER_TAP} clients`, async () => {
    const meet = (): Crowd =>
      new Crowd(
        namespace.start([PYTHON, CROWD, "10.0.0.2", "80", String(OVER_TAP), "/digits.bin"]),
      );
    const all = new RegExp(`^${OVER_TAP} answered`);
    const before = memoryIn(await machine.describe());
    const crowd = meet();
    expect(await crowd.says()).toMatch(all);
    expect(await crowd.asksAgain()).toMatch(all);
    const during = memoryIn(await machine.describe());
    expect((during.heap - before.heap) / OVER_TAP).toBeLessThan(IDLE_BYTES_MAX);
    await crowd.goes();
    const left: number[] = [];
    for (let round = 0; round < 4; round++) {
      const again = meet();
      expect(await again.says()).toMatch(all);
      await again.goes();
      left.push(memoryIn(await machine.describe()).heap);
    }
    // What a crowd has left lies about until the heap has doubled; the lowest is what nobody collects.
    expect(Math.min(...left.slice(2))).toBeLessThanOrEqual(2 * Math.min(...left.slice(0, 2)));
    if (process.env["PHANTASM_CROWD"] !== undefined)
      console.log(`${Math.round((during.heap - before.heap) / OVER_TAP)} bytes of heap each`);
    // A collection may end while one crowd leaves and the next is there; from then on the heap may double.
    const { memory } = memoryIn(await machine.describe());
    expect(memory).toBeLessThanOrEqual(4 * during.heap);
  });
});

test(
  `${OVER_USER_NETWORK} clients over the user-mode network`,
  async () => {
    const running = new Running([DIRECTORY, "--stats", "-p", "0:80"]);
    const port = await running.port(80);
    const words = ["127.0.0.1", String(port), String(OVER_USER_NETWORK), "/digits.bin"];
    const crowd = new Crowd(spawn(PYTHON, [CROWD, ...words]));
    const all = new RegExp(`^${OVER_USER_NETWORK} answered`);
    expect(await crowd.says()).toMatch(all);
    expect(await crowd.asksAgain()).toMatch(all);
    await crowd.goes();
    const { status, stderr } = await running.stop();
    expect(status, stderr).toBe(0);
    expect(stderr).toMatch(
      new RegExp(`accepted ${OVER_USER_NETWORK.toLocaleString("en").replace(",", " ")}`),
    );
  },
  PATIENT_MS,
);
