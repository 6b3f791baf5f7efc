/** In a thread, so that an image that never ends can be stopped: runs it, and tells what came of it. */
import { parentPort } from "node:worker_threads";
import { Image } from "@phantasm/host";
import { VirtualHost } from "@phantasm/host/testing";

function run(image, options) {
  try {
    const host = new VirtualHost(image, { arguments: options });
    const { reason, status, message } = host.run();
    const output = host.output.trim();
    return reason === "exit" && status === 0 ? output : `${reason} ${status}: ${message}`;
  } catch (error) {
    return `no end: ${error.message}`;
  }
}

parentPort.on("message", ({ image, runs }) => {
  const loaded = Image.load(image);
  for (const options of runs) parentPort.postMessage(run(loaded, options));
});
