/** A process of its own that goes on from a state: reads what `v8.serialize` wrote, prints the outcome. */
import { readFileSync } from "node:fs";
import { deserialize } from "node:v8";
import { replay, type RecordedStep, type State } from "./replay.js";

export interface ReplayFile {
  readonly image: Uint8Array<ArrayBuffer>;
  readonly state: State;
  readonly steps: readonly RecordedStep[];
}

const { image, state, steps } = deserialize(readFileSync(process.argv[2] ?? "")) as ReplayFile;
console.log(replay(new WebAssembly.Module(image), state, steps) ?? "equal");
