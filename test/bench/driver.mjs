// Runs an image of a benchmark on a bare host: virtual time that stands still unless nothing else is to
// do, no event loop between steps. What is measured is the image.
import { readFileSync } from "node:fs";
import { NO_DEADLINE } from "@phantasm/abi";
import { Image } from "@phantasm/host";

export class Driver {
  #exports;
  #memory;
  #now = 0n;
  #ended = false;
  output = "";
  steps = 0;
  /** Milliseconds of the steps, in order, when `timing`. */
  times = [];

  constructor(path, values = {}, { timing = false } = {}) {
    const image = Image.load(readFileSync(path));
    const encoded = image.encodeArguments(values);
    this.timing = timing;
    this.block = image.manifest.observation.address;
    const bytes = () => new Uint8Array(this.#memory.buffer);
    const { exports } = new WebAssembly.Instance(image.module, {
      phantasm: {
        exit: () => {
          this.#ended = true;
          throw new Error("exit");
        },
        abort: (reason, at, length) => {
          throw new Error(
            `abort ${reason}: ${new TextDecoder().decode(bytes().slice(at, at + length))}`,
          );
        },
        arguments: (at, capacity) => {
          if (capacity > 0) bytes().set(encoded, at);
          return encoded.length;
        },
        console_write: (at, length) => {
          this.output += new TextDecoder().decode(bytes().slice(at, at + length));
          return length;
        },
        console_read: () => 0,
        wall_clock: () => 0n,
        monotonic_clock: () => process.hrtime.bigint(),
      },
    });
    this.#exports = exports;
    this.#memory = exports.memory;
    exports.init();
  }

  get memoryBytes() {
    return this.#memory.buffer.byteLength;
  }

  /** Bytes of objects, as of the last step that was asked to say. */
  get heapBytes() {
    return Number(new DataView(this.#memory.buffer).getBigUint64(this.block + 16, true));
  }

  /** One step; false: the domain has ended. @param events 4 to have the counters brought up to date */
  step(events = 0) {
    this.steps++;
    const start = this.timing ? performance.now() : 0;
    let deadline;
    try {
      deadline = this.#exports.step(this.#now, events);
    } catch (error) {
      if (!this.#ended) throw error;
      return false;
    } finally {
      if (this.timing) this.times.push(performance.now() - start);
    }
    this.rests = deadline > this.#now;
    if (deadline === NO_DEADLINE) throw new Error("the image waits for what never comes");
    if (this.rests) this.next = deadline;
    return true;
  }

  /** Steps until the end; time jumps to the next deadline when nothing is to do. */
  run() {
    while (this.step()) if (this.rests) this.#now = this.next;
  }

  /** Steps until nothing is to do at this time. */
  settle() {
    do if (!this.step()) return;
    while (!this.rests);
  }
}
