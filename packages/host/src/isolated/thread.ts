/** Runs in the thread of the domain. It loads as little as it can: the operator waits for it. */
import { parentPort, workerData } from "node:worker_threads";
import { Exit } from "@phantasm/abi";
import { BootError } from "../attach.js";
import { Domain, type DomainOptions } from "../domain.js";
import type { DomainExit } from "../exit.js";
import { openDevices, publishedPorts } from "./open-devices.js";
import { Notices } from "./notices.js";
import type { BootMessage, FromThread, Report, ThreadData, ToThread } from "./protocol.js";
import { ByteRing } from "./ring.js";
import { ThreadConsole } from "./thread-console.js";

const NO_REPORT: Report = {
  stats: { steps: 0, memoryBytes: 0, hypercalls: {} },
  observation: null,
};

const data = workerData as ThreadData;
const console = new ThreadConsole(new ByteRing(data.output), new ByteRing(data.input), (type) =>
  tell({ type }),
);
let domain: Domain | null = null;
let stopping = false;
/** Settles when it has started; null until something is to boot. */
let started: Promise<void> | null = null;
/** Links that wait for a switch, by its path. */
const waiting = new Map<string, ((problem: string | null) => void)[]>();

parentPort?.on("message", (message: ToThread) => {
  switch (message.type) {
    case "boot":
      return void boot(message).catch(fault);
    case "console":
      return console.changed();
    case "served": {
      const { path, problem } = message;
      for (const answer of waiting.get(path) ?? []) answer(problem);
      waiting.delete(path);
      return;
    }
    case "shutdown":
      stopping = true;
      return domain?.shutdown();
    case "report":
      return tell({ type: "report", ...report() });
    case "describe":
      return void describe();
  }
});

function tell(message: FromThread): void {
  parentPort?.postMessage(message);
}

/** Has the other thread run the switch: one that runs here stops with every guest that spins. */
async function serve(path: string): Promise<void> {
  const problem = await new Promise<string | null>((resolve) => {
    const others = waiting.get(path);
    if (others !== undefined) return void others.push(resolve);
    waiting.set(path, [resolve]);
    tell({ type: "serve", path });
  });
  if (problem === null) return;
  const { BackendError } = await import("../backends/error.js");
  throw new BackendError(problem);
}

function report(): Report {
  if (domain === null) return NO_REPORT;
  return { stats: domain.stats, observation: domain.observe() };
}

async function describe(): Promise<void> {
  await started;
  tell({ type: "description", description: (await domain?.describe()) ?? null });
}

/** Loaded only for a domain that has fibres. */
async function stuck(): Promise<void> {
  const table = domain?.fibres() ?? null;
  if (table === null || table.fibres.length === 0) return tell({ type: "stuck", waiting: [] });
  const { waitingFibres } = await import("../fibres/waiting.js");
  tell({ type: "stuck", waiting: waitingFibres(table.fibres) });
}

async function openTrace(message: BootMessage): Promise<Pick<DomainOptions, "trace">> {
  if (message.trace === null) return {};
  const { TraceFile } = await import("../trace/file.js");
  const { DomainTrace } = await import("../trace/domain-trace.js");
  const { file, classes } = message.trace;
  const trace = new TraceFile(file);
  trace.onStop = (reason) => tell({ type: "untraced", reason });
  return { trace: new DomainTrace(trace, message.manifest, classes) };
}

async function boot(message: BootMessage): Promise<void> {
  let begun: () => void = () => undefined;
  started = new Promise((resolve) => (begun = resolve));
  const devices = await openDevices(message, serve);
  if (typeof devices === "string") {
    return finish({ status: Exit.DEVICE, reason: "device", message: devices, trace: [] });
  }
  const ports = publishedPorts(devices);
  if (ports.length > 0) tell({ type: "published", ports });
  const notices = new Notices({ ...devices.net, ...devices.block }, (device, text) =>
    tell({ type: "notice", device, text }),
  );
  notices.tell();
  const { memoryBytesMax, observed } = message;
  const options: DomainOptions = {
    ...devices,
    arguments: message.arguments,
    console,
    observed,
    progress: new BigInt64Array(data.progress),
    onLinkGone: (device, reason) => tell({ type: "gone", device, reason }),
    onStuck: () => void stuck(),
    ...(await openTrace(message)),
    ...(memoryBytesMax === null ? {} : { memoryBytesMax }),
  };
  try {
    domain = new Domain(message, options);
  } catch (error) {
    if (!(error instanceof BootError)) throw error;
    return finish({
      status: error.status,
      reason: error.code,
      message: error.message,
      trace: [],
    });
  }
  domain.start();
  begun();
  if (stopping) domain.shutdown();
  const exit = await domain.exited;
  notices.tell();
  finish(exit);
}

function finish(exit: DomainExit): void {
  tell({ type: "exit", exit, ...report() });
}

function fault(error: unknown): void {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  tell({ type: "fault", stack: text });
}
