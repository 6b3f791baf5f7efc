// Runs an image with `--inspect`, and plays the debugger from another thread:
// inspect-image.mjs IMAGE OFFSET sets a breakpoint at that byte of the image and says when it is hit.
import { writeSync } from "node:fs";
import { Session } from "node:inspector";
import { clearInterval, setInterval } from "node:timers";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { fileURLToPath } from "node:url";

if (isMainThread) {
  const [imagePath, offset] = process.argv.slice(2);
  const debuggerThread = new Worker(fileURLToPath(import.meta.url), { workerData: Number(offset) });
  await new Promise((resolve) => debuggerThread.once("message", resolve));
  const { runIsolated } = await import("../dist/isolated/index.js");
  process.exitCode = await runIsolated({ imagePath, inspect: true, inspectPort: 0 });
  await debuggerThread.terminate();
} else {
  const session = new Session();
  // A stream of this thread would lose its last words when the thread is taken down.
  const tell = (text) => writeSync(2, `${text}\n`);
  let scriptId = null;
  let stops = 0;
  session.connectToMainThread();
  session.on("Debugger.scriptParsed", ({ params }) => {
    // The image as it was verified is there too, without a map.
    if (params.scriptLanguage === "WebAssembly" && params.sourceMapURL !== "") {
      tell(`map ${params.sourceMapURL.slice(0, 29)}`);
      scriptId ??= params.scriptId;
    }
  });
  session.on("Debugger.paused", ({ params }) => {
    if (stops++ === 0) {
      // Before the boot.
      const location = { scriptId, lineNumber: 0, columnNumber: workerData };
      session.post("Debugger.setBreakpoint", { location }, (error) => {
        tell(`breakpoint ${error === null ? "set" : error.message}`);
        session.post("Debugger.resume");
      });
    } else {
      const [frame] = params.callFrames;
      tell(`paused ${frame.functionName} at ${frame.location.columnNumber}`);
      session.post("Debugger.resume");
    }
  });
  // The main thread waits for this once the inspector is open; until then it is not heard.
  const insist = setInterval(() => session.post("Runtime.runIfWaitingForDebugger"), 20);
  session.once("Debugger.paused", () => clearInterval(insist));
  session.post("Debugger.enable", () => parentPort.postMessage("ready"));
  parentPort.ref();
}
