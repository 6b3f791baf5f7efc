/** Runs appliances on `Domain` in this thread, by the real clock. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { argumentWords } from "../words.js";
import type { Attach, Case } from "../definition.js";
import {
  Domain,
  eventLoopScheduler,
  Image,
  loopback,
  loopbackPair,
  openBlock,
  systemClock,
  type BlockBackend,
  type BlockStatus,
  type Clock,
  type NetBackend,
  type Scheduler,
} from "@phantasm/host";
import { bytesOf } from "../definition.js";
import { FailingDisk } from "./failing.js";
import { ReaderConsole } from "./reader.js";
import { timeLimitMs, type Host, type Outcome } from "./types.js";

const NS_PER_MS = 1e6;
const DISK_BYTES = 1_048_576;
const FAULTS: Readonly<Partial<Record<Attach, BlockStatus>>> = {
  "failing-io": "io",
  "failing-nospace": "nospace",
  "failing-gone": "gone",
};

/** Time as domains and their operator see it. */
export interface World {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Runs an operator's action. */
  after(delayMs: number, action: () => void): void;
  /** Lets the domains run until all of these have settled. */
  settle(all: Promise<unknown>): Promise<void>;
}

function realWorld(): World {
  return {
    clock: systemClock,
    scheduler: eventLoopScheduler,
    after: (delayMs, action) => void setTimeout(action, delayMs).unref(),
    settle: async (all) => void (await all),
  };
}

interface Backends {
  net: Record<string, NetBackend>;
  block: Record<string, BlockBackend>;
}

async function openBackends(case_: Case, directory: string): Promise<Backends[]> {
  const all = case_.instances.map((): Backends => ({ net: {}, block: {} }));
  for (const { name, type, attach, bytes = DISK_BYTES } of case_.devices) {
    const pair = attach === "pair" ? loopbackPair() : null;
    for (const [index, backends] of all.entries()) {
      if (type === "net") {
        backends.net[name] = pair?.[index] ?? loopback();
      } else if (attach === "file") {
        const path = join(directory, `${name}-${index}.img`);
        backends.block[name] = await openBlock({ kind: "file", path, bytes });
      } else {
        const readonly = attach === "memory-readonly";
        const disk = await openBlock({ kind: "memory", bytes, readonly });
        const fault = FAULTS[attach];
        backends.block[name] = fault === undefined ? disk : new FailingDisk(disk, fault);
      }
    }
  }
  return all;
}

/** Runs all instances in one world. */
export async function runDomains(case_: Case, bytes: Uint8Array, world: World): Promise<Outcome[]> {
  const directory = mkdtempSync(join(tmpdir(), "phantasm-conformance-"));
  try {
    const image = Image.load(bytes);
    const backends = await openBackends(case_, directory);
    const runs = case_.instances.map((instance, index) =>
      start(case_, image, instance, backends[index], world),
    );
    await world.settle(Promise.all(runs.map(({ domain }) => domain.exited)));
    return await Promise.all(runs.map(({ outcome }) => outcome()));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function start(
  case_: Case,
  image: Image,
  { run }: Case["instances"][number],
  backends: Backends | undefined,
  world: World,
): { domain: Domain; outcome: () => Promise<Outcome> } {
  const { clock, scheduler } = world;
  let late = false;
  let endedNs = 0n;
  const console = new ReaderConsole(() => {
    for (const { afterMs, event } of run.events ?? [])
      world.after(afterMs, () => (event === "shutdown" ? domain.shutdown() : domain.kill()));
    for (const { afterMs, text, end = false } of run.feed ?? [])
      world.after(afterMs, () => {
        if (domain.exit !== null) return;
        if (text !== undefined) console.feed(bytesOf(text));
        if (end) console.end();
      });
  });
  if (run.input !== undefined) console.feed(bytesOf(run.input));
  if (run.feed === undefined) console.end();
  if (run.readAfterMs === undefined) console.startReading();
  else world.after(run.readAfterMs, () => console.startReading());
  const domain = new Domain(image, {
    arguments: image.encodeArguments(argumentWords(run)),
    console,
    clock,
    scheduler,
    ...backends,
    ...(run.memoryBytesMax === undefined ? {} : { memoryBytesMax: run.memoryBytesMax }),
    onExit: () => (endedNs = clock.monotonic()),
  });
  const bootedNs = clock.monotonic();
  domain.start();
  world.after(timeLimitMs(case_), () => {
    late = domain.exit === null;
    domain.kill();
  });
  return {
    domain,
    outcome: async () => {
      const exit = await domain.exited;
      const { steps } = domain.stats;
      const { output } = console;
      // Whatever could still happen to a dead domain has its chance to.
      await new Promise((resolve) => setImmediate(resolve));
      const problems: string[] = [];
      if (domain.stats.steps !== steps) problems.push("it was stepped after its end");
      if (console.output.length !== output.length) problems.push("it wrote after its end");
      return {
        status: late ? null : exit.status,
        output,
        message: exit.message,
        durationMs: Number(endedNs - bootedNs) / NS_PER_MS,
        observedSteps: domain.observe()?.steps ?? null,
        problems,
      };
    },
  };
}

export const domainHost: Host = {
  name: "domain",
  provides: new Set(["real-time", "cable", "observation", "files", "faults"]),
  run: (case_, image) => runDomains(case_, image, realWorld()),
};
