/** `--inspect`: the domain in this thread, where a debugger finds it. */
import inspector from "node:inspector";
import { Exit } from "@phantasm/abi";
import { escapeTerminal } from "@phantasm/seal/escape";
import { streamConsole } from "../console/stream.js";
import { Domain, type DomainOptions } from "../domain.js";
import type { Image } from "../image.js";
import { Notices } from "./notices.js";
import { openDevices, publishedPorts } from "./open-devices.js";
import { prepare } from "./prepare.js";
import { readImage, say, sayPublished, type RunOptions } from "./run.js";
import { describeOnce } from "./describing.js";
import { exitReport, goneReport } from "./report.js";
import { statsReport } from "./stats-report.js";
import { Tracing } from "./tracing.js";
import { DomainTrace } from "../trace/domain-trace.js";
import { Signals } from "./signals.js";
import { holdTerminal } from "./terminal.js";
import { debuggable } from "../symbolise/debug-module.js";
import { readSideFiles } from "../symbolise/side-files.js";

/**
 * As `runIsolated`, but opens the inspector, waits until a debugger is there, and stops in it just before
 * the boot. There is no watchdog: a domain that a debugger has stopped is not one that spins.
 */
export async function runInspected(options: RunOptions): Promise<number> {
  const prepared = prepare(options, readImage);
  if (typeof prepared === "number") return prepared;
  const { image, boot } = prepared;
  const files = readSideFiles(options.imagePath, image.digest);
  for (const problem of files.problems) say(problem);
  if (files.sourceMap === null) say("there is no source map: the debugger shows WebAssembly only");
  const tracing = options.trace === undefined ? null : Tracing.open(options.trace, options, image);
  if (typeof tracing === "number") return tracing;
  const devices = await openDevices(boot);
  if (typeof devices === "string") {
    tracing?.close(0);
    say(devices);
    return Exit.DEVICE;
  }
  sayPublished(image.manifest.name, publishedPorts(devices));
  inspector.open(options.inspectPort, "127.0.0.1");
  say("open chrome://inspect; the program stops there before the image boots");
  inspector.waitForDebugger();
  const notices = new Notices({ ...devices.net, ...devices.block }, (device, text) =>
    say(`${device}: ${escapeTerminal(text)}`),
  );
  notices.tell();
  const { memoryBytesMax } = boot;
  const terminal = { restore: (): void => undefined };
  const stdin = (): NodeJS.ReadStream => {
    terminal.restore = holdTerminal(process.stdin);
    return process.stdin;
  };
  const domain = new Domain(debuggable(image, files), {
    ...devices,
    arguments: boot.arguments,
    observed: options.stats === true,
    onLinkGone: (device, reason) =>
      process.stderr.write(goneReport(image.manifest.name, device, reason)),
    console: streamConsole(stdin, () => process.stdout),
    ...tracer(tracing, image),
    ...(memoryBytesMax === undefined ? {} : { memoryBytesMax }),
  });
  const signals = new Signals(
    {
      stepNs: 0,
      shutdown: () => domain.shutdown(),
      kill: (why) => Promise.resolve(domain.kill(why)),
    },
    (text) => say(`${domain.name} ${text}`),
    () => describeOnce(domain, image, options.imagePath),
  );
  stopForBreakpoints();
  domain.start();
  try {
    const exit = await domain.exited;
    notices.tell();
    process.stderr.write(await exitReport(exit, image, options.imagePath, domain.observe()));
    if (options.stats === true) {
      const report = { stats: domain.stats, observation: domain.observe() };
      process.stderr.write(statsReport(domain.name, report));
    }
    return exit.status;
  } finally {
    signals.release();
    tracing?.close(0);
    inspector.close();
    terminal.restore();
  }
}

function tracer(tracing: Tracing | null, image: Image): Pick<DomainOptions, "trace"> {
  if (tracing === null) return {};
  tracing.file.onStop = (reason) => say(escapeTerminal(reason));
  return { trace: new DomainTrace(tracing.file, image.manifest, tracing.classes) };
}

/** Here the debugger knows the sources, and nothing of the image has run. Resume to boot it. */
function stopForBreakpoints(): void {
  // eslint-disable-next-line no-debugger
  debugger;
}
