/**
 * Between two steps, memory and mutable globals are the whole state of a domain: a fresh instance that
 * gets them goes on exactly as the first one, in this process or another, on this version of Node or
 * another. Snapshots, forks, migration and replay stand on it.
 *
 * Every example is driven at random. PHANTASM_TEST_SEED chooses another run than the one of every day,
 * PHANTASM_TEST_RUNS how many.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serialize } from "node:v8";
import { buildSync } from "esbuild";
import { Domain, Image, type ArgumentRecord, type DomainState } from "@phantasm/host";
import { MemoryConsole, MS, SeededEntropy, VirtualHost, VirtualTime } from "@phantasm/host/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build } from "../../toolchain/dist/build.js";
import { perform, type Performance } from "../support/operator.js";
import type { ReplayFile } from "../support/replay-file.js";
import { replay, type State } from "../support/replay.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SEED = Number(process.env["PHANTASM_TEST_SEED"] ?? 20_261);
const RUNS = Array.from(
  { length: Number(process.env["PHANTASM_TEST_RUNS"] ?? 1) },
  (_, run) => run,
);
const NODES = [
  process.execPath,
  ...(process.env["PHANTASM_TEST_NODES"] ?? "").split(":").filter(existsSync),
];

interface Play {
  /** Arguments of each domain. */
  readonly roles: readonly ArgumentRecord[];
  /** Other examples on the same cable, with their arguments. */
  readonly peers?: Readonly<Record<string, ArgumentRecord>>;
  /** Something that is printed only when it did its work. */
  readonly prints: RegExp;
  readonly folder?: string;
}

/** Addresses of two images on one cable. */
const CLIENT = { ipv4: "10.0.0.1/24" };
const SERVER = { ipv4: "10.0.0.2/24" };

/** A server whose client sends a request and waits in vain for a page. */
function withClient(port: number): Pick<Play, "peers" | "prints"> {
  const asked = { ...CLIENT, host: "10.0.0.2", port, timeout: "500ms" };
  return { peers: { "http-get": asked }, prints: /http-get: 10\.0\.0\.2: / };
}

/** A server of pages whose client gets one. */
function withReader(): Play {
  const asked = { ...CLIENT, host: "10.0.0.2", port: 80, timeout: "500ms" };
  return { roles: [SERVER], peers: { "http-get": asked }, prints: /<html/ };
}

const PLAYS: Readonly<Record<string, Play>> = {
  api: withReader(),
  "block-check": { roles: [{}], prints: /Wrote, flushed and read back 8192 bytes/ },
  counter: { roles: [{}], prints: /Boot 1 of this disk/ },
  "disk-lottery": { roles: [{ slot: 3 }], prints: /Slot 3: a new ticket/ },
  dns: {
    roles: [SERVER],
    peers: { ping: { ...CLIENT, host: "10.0.0.2", count: 3, interval: "50ms" } },
    prints: /56 bytes from 10\.0\.0\.2/,
  },
  // A blank disk is no volume and no archive: that is said.
  fat: { roles: [{}], prints: /fat: the device has another format/ },
  files: { roles: [{}], prints: /bytes/ },
  notes: { roles: [{}], prints: /There is no command|Give its name|What is the text/ },
  web: withReader(),
  clock: { roles: [{ period: "3ms", ticks: 60 }], prints: /tick 60 after/ },
  fibres: { roles: [{ fibres: 700 }], prints: /700 of 700 fibres woke/ },
  frames: {
    roles: [
      { role: "ping", count: 40 },
      { role: "pong", count: 40 },
    ],
    prints: /40 (answers|answered)/,
  },
  firewall: { roles: [{ outside: "10.0.0.2/24" }], prints: /Outside: 10\.0\.0\.2/ },
  hello: { roles: [{}], prints: /Hello/ },
  "hello-arguments": {
    roles: [{ name: "Ada", times: 50, pause: "2ms", password: "hunter2", shout: true }],
    prints: /(HELLO, ADA!\n){50}/,
  },
  "http-get": {
    roles: [{ ...CLIENT, host: "10.0.0.2", port: 7, timeout: "500ms" }],
    peers: { "tcp-echo": SERVER },
    prints: /it took too long/,
  },
  chat: { ...withClient(1234), roles: [SERVER] },
  iperf: { ...withClient(5201), roles: [SERVER] },
  "tcp-echo": { ...withClient(7), roles: [{ ...SERVER, style: "handlers" }] },
  "udp-echo": {
    roles: [SERVER],
    peers: { ping: { ...CLIENT, host: "10.0.0.2", count: 10, interval: "50ms", bytes: 3000 } },
    prints: /3000 bytes from 10\.0\.0\.2/,
  },
  ping: {
    roles: [{ ...CLIENT, host: "10.0.0.2", count: 10, interval: "50ms" }],
    peers: { "udp-echo": SERVER },
    prints: /56 bytes from 10\.0\.0\.2/,
  },
  proxy: {
    roles: [
      {
        ipv4: "10.0.0.1/24",
        "backend-ipv4": "10.0.1.1/24",
        backends: "10.0.1.2:80,10.0.1.3:80",
      },
    ],
    prints: /Port 8000 leads to 2 backends/,
  },
  lottery: { roles: [{ draws: 700 }], prints: /(\d+ ){5}\d+\n/ },
  "producer-consumer": { roles: [{ jobs: 30, room: 3 }], prints: /\d+ jobs done/ },
  supervisor: { roles: [{ failures: 3 }], prints: /all done/ },
  swap: { roles: [{}], prints: /^3 1 6 4 3 2/ },
  "word-count": { roles: [{}], prints: /^\d+ \d+ \d{3,}\n$/ },
  torture: {
    folder: "test/torture",
    roles: [{ fibres: 30, rounds: 8, schedule: 5, stress: 3 }],
    prints: /\d/,
  },
};

/**
 * Not one domain: a program with several, and an application that `third-party.test.ts` installs. And one
 * that takes a disk of 64 MiB and as much memory: to copy it at every step takes minutes.
 */
const OTHERS = ["embedding", "store", "third-party"];

let folder = "";
const images = new Map<string, Image>();

async function image(name: string): Promise<Image> {
  const known = images.get(name);
  if (known) return known;
  const directory = join(ROOT, PLAYS[name]?.folder ?? join("examples", name));
  const output = join(folder, `${name}.wasm`);
  const built = Image.load((await build({ directory, output })).image);
  images.set(name, built);
  return built;
}

/** The image of one of the domains that `performed` returns: roles of its own come first, then peers. */
async function imageOf(name: string, index: number): Promise<Image> {
  const { roles = [], peers = {} } = PLAYS[name] ?? {};
  return image([...roles.map(() => name), ...Object.keys(peers)][index] ?? name);
}

async function performed(name: string, seed: number, moments: number): Promise<Performance[]> {
  const played = await image(name);
  const { roles = [], peers = {} } = PLAYS[name] ?? {};
  const cast = roles.map((values) => ({ image: played, arguments: values }));
  for (const [peer, values] of Object.entries(peers))
    cast.push({ image: await image(peer), arguments: values });
  return perform(cast, seed, moments);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "phantasm-state-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test("every example is driven", () => {
  const examples = readdirSync(join(ROOT, "examples"));
  const driven = Object.keys(PLAYS).filter((name) => PLAYS[name]?.folder === undefined);
  expect([...driven, ...OTHERS].sort()).toEqual(examples.sort());
});

describe.for(Object.keys(PLAYS))("%s", (name) => {
  test.for(RUNS)(
    "goes on from any moment as if nothing had happened (run %i)",
    { timeout: 120_000 },
    async (run) => {
      const seed = SEED + run;
      const domains = await performed(name, seed, 6);
      expect(domains.map(({ output }) => output).join("")).toMatch(PLAYS[name]?.prints ?? /^$/);
      for (const [index, { recording, exit }] of domains.entries()) {
        const { module } = await imageOf(name, index);
        expect({ seed, message: exit.message, reason: exit.reason }).toEqual({
          seed,
          message: "",
          reason: "exit",
        });
        expect(recording.moments.length).toBeGreaterThan(0);
        for (const { step, state } of recording.moments) {
          const difference = replay(module, state, recording.steps.slice(step));
          expect({ seed, step, difference }).toEqual({ seed, step, difference: null });
        }
      }
    },
  );
});

describe("what is left out of a state is missed", () => {
  const NAME = "fibres";
  const EMPTY: State = { memory: new Uint8Array(0), globals: [] };

  test.for(["memory", "globals"] as const)("%s", async (part) => {
    const [domain] = await performed(NAME, SEED, 8);
    const { module } = await image(NAME);
    const { moments = [], steps = [] } = domain?.recording ?? {};
    const later = moments.filter(({ step }) => step > 3);
    expect(later.length).toBeGreaterThan(0);
    for (const { step, state } of later) {
      const without = { ...state, [part]: EMPTY[part] };
      expect(replay(module, without, steps.slice(step))).toMatch(/^in step 0 after the state: /);
    }
  });

  test("one byte, and one answer of the host", async () => {
    const [domain] = await performed("word-count", SEED, 8);
    const { module } = await image("word-count");
    const { moments = [], steps = [] } = domain?.recording ?? {};
    const moment = moments.find(({ step }) => step > 3);
    if (!moment) throw new Error("no moment is late enough");
    const rest = steps.slice(moment.step);
    const memory = moment.state.memory.slice();
    memory[memory.length - 5] = 1;
    expect(replay(module, { ...moment.state, memory }, rest)).toContain("its state is another");
    const input = rest.findIndex(({ calls }) => calls.some(({ writes }) => writes.length > 0));
    const changed = rest.map((step, at) =>
      at === input ? { ...step, calls: step.calls.map((call) => ({ ...call, writes: [] })) } : step,
    );
    expect(input).toBeGreaterThanOrEqual(0);
    expect(replay(module, moment.state, changed)).toContain(`in step ${String(input)}`);
  });
});

describe("a domain of the host goes on from a captured state", () => {
  test("with its fibres and timers", async () => {
    const played = await image("fibres");
    const values = { fibres: 500 };
    const host = new VirtualHost(played, { arguments: values });
    host.advance(40n * MS);
    const state = host.domain.capture() ?? undefined;
    const before = host.output;
    host.run();
    expect(host.output).toContain("500 of 500 fibres woke");
    const again = new VirtualHost(played, { arguments: values, ...(state && { state }) });
    expect(again.run().status).toBe(0);
    expect(before + again.output).toBe(host.output);
    expect(again.time.nowNs).toBe(host.time.nowNs - 40n * MS);
  });

  test("and no two copies draw the same numbers", async () => {
    const lottery = await image("lottery");
    const draws = (seed: number, state?: DomainState, copy = false): [string, DomainState] => {
      const time = new VirtualTime();
      const console = new MemoryConsole({ input: "", capacityBytes: 2000 });
      const domain = new Domain(lottery, {
        arguments: { draws: 10_000 },
        console,
        clock: time.clock,
        scheduler: time,
        entropy: new SeededEntropy(seed),
        ...(state && { state, copy }),
      });
      domain.start();
      time.settle();
      // It waits for room.
      const captured = domain.capture();
      if (captured === null) throw new Error("there is no state to capture");
      domain.kill();
      return [console.output, captured];
    };
    const [, state] = draws(1);
    const [moved] = draws(2, state);
    expect(draws(3, state)[0]).toBe(moved);
    // What was drawn before and waited for room is the same for all.
    const copies = [4, 5].map((seed) => draws(seed, state, true)[0].split("\n").slice(20).join());
    expect(new Set([moved.split("\n").slice(20).join(), ...copies]).size).toBe(3);
  });
});

describe("in another process", () => {
  beforeAll(() => {
    buildSync({
      entryPoints: [fileURLToPath(new URL("../support/replay-file.ts", import.meta.url))],
      outfile: join(folder, "replay-file.mjs"),
      bundle: true,
      format: "esm",
      platform: "node",
    });
  });

  const cases = Object.keys(PLAYS).flatMap((name) =>
    NODES.flatMap((node) =>
      (node === process.execPath ? [[], ["--no-liftoff"], ["--liftoff-only"]] : [[]]).map(
        (flags) => ({ name, node, flags: flags.join(" ") }),
      ),
    ),
  );

  test.for(cases)("$name goes on under $node $flags", async ({ name, node, flags }) => {
    for (const [number, { recording }] of (await performed(name, SEED, 2)).entries()) {
      const { verified } = await imageOf(name, number);
      const path = join(folder, `${name}-${String(number)}.state`);
      const moment = recording.moments.at(-1);
      if (!moment) throw new Error("there is no moment between two steps");
      const file: ReplayFile = {
        image: verified.bytes,
        state: moment.state,
        steps: recording.steps.slice(moment.step),
      };
      writeFileSync(path, serialize(file));
      const words = flags === "" ? [] : [flags];
      const { stdout, stderr } = spawnSync(
        node,
        [...words, join(folder, "replay-file.mjs"), path],
        { encoding: "utf8" },
      );
      expect({ seed: SEED, stdout, stderr }).toEqual({ seed: SEED, stdout: "equal\n", stderr: "" });
    }
  });
});
