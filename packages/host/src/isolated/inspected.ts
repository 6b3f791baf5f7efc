/** `--inspect`: the domain in this thread, where a debugger finds it. */
import inspector from "node:inspector";
import { Exit } from "@phantasm/abi";
import { streamConsole } from "../console/stream.js";
import { Domain } from "../domain.js";
import { openDevices } from "./open-devices.js";
import { prepare } from "./prepare.js";
import { readImage, say, type RunOptions } from "./run.js";
import { exitReport, statsReport } from "./report.js";
import { Signals } from "./signals.js";
import { debuggable } from "../symbolise/debug-module.js";
import { readSideFiles } from "../symbolise/side-files.js";

/**
 * As `runIsolated`, but opens the inspector, waits until a debugger is there, and then boots. There
 * is no watchdog: a domain that a debugger has stopped is not one that spins.
 */
export async function runInspected(options: RunOptions): Promise<number> {
  const prepared = prepare(options, readImage);
  if (typeof prepared === "number") return prepared;
  const { image, boot } = prepared;
  const files = readSideFiles(options.imagePath, image.digest);
  for (const problem of files.problems) say(problem);
  if (files.sourceMap === null) say("there is no source map: the debugger shows WebAssembly only");
  const devices = await openDevices(boot);
  if (typeof devices === "string") {
    say(devices);
    return Exit.DEVICE;
  }
  inspector.open(options.inspectPort, "127.0.0.1");
  say("open chrome://inspect, or run: node inspect 127.0.0.1:PORT; the image boots then");
  inspector.waitForDebugger();
  const { memoryBytesMax } = boot;
  const domain = new Domain(debuggable(image, files), {
    ...devices,
    arguments: boot.arguments,
    console: streamConsole(
      () => process.stdin,
      () => process.stdout,
    ),
    ...(memoryBytesMax === undefined ? {} : { memoryBytesMax }),
  });
  const signals = new Signals(
    {
      stepNs: 0,
      shutdown: () => domain.shutdown(),
      kill: (why) => Promise.resolve(domain.kill(why)),
    },
    (text) => say(`${domain.name} ${text}`),
  );
  domain.start();
  try {
    const exit = await domain.exited;
    process.stderr.write(await exitReport(exit, image, options.imagePath));
    if (options.stats === true) {
      const report = { stats: domain.stats, observation: domain.observe() };
      process.stderr.write(statsReport(domain.name, report));
    }
    return exit.status;
  } finally {
    signals.release();
    inspector.close();
    process.stdin.unref();
  }
}
