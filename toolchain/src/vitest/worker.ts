/** The thread in which cases run: number in, outcome out. */
import { parentPort, workerData } from "node:worker_threads";
import type { WorkerInput } from "./cases.js";
import { TestInstance } from "./instance.js";
import type { Outcome } from "./protocol.js";

const { module, seed } = workerData as WorkerInput;

function run(index: number): Outcome {
  const instance = new TestInstance(module, seed);
  const failure = instance.start();
  return failure ? { failure, log: [] } : instance.run(index);
}

parentPort?.on("message", (index: number) => parentPort?.postMessage(run(index)));
