/** The receiving end of a zone transfer, in an instance of its own: messages in, zones as they are compiled out. */
import type { Core } from "./core.js";

export const AXFR = 252;
export const IXFR = 251;
const DONE = 1;
const CHANGES = 3;
const WORKING = 1;

export interface ReceiverLimits {
  readonly bytes?: number;
  readonly records?: number;
  /** Of one step. */
  readonly steps?: number;
}

export class Receiver {
  readonly #limits: Required<ReceiverLimits>;

  constructor(
    readonly core: Core,
    limits: ReceiverLimits = {},
  ) {
    this.#limits = { bytes: 1 << 28, records: 4_000_000, steps: 100, ...limits };
    core.exports.receive(this.#limits.bytes, this.#limits.records);
  }

  /**
   * @param name of the zone in wire form, in lower case
   * @param old messages of a transfer of the version before, when `messages` answer IXFR
   * @returns the compiled zone, or what was wrong with it: the status, negative; 0: the end is missing; 2: of IXFR,
   * there is nothing newer
   */
  run(
    name: string,
    messages: readonly Buffer[],
    {
      id = 4711,
      old = [],
      serial = 0,
    }: { id?: number; old?: readonly Buffer[]; serial?: number } = {},
  ): Buffer | number {
    const { exports } = this.core;
    const type = old.length > 0 ? IXFR : AXFR;
    const at = this.core.put(Buffer.from(name, "latin1"), 264);
    exports.beginReceiving(at, name.length, id, type, serial);
    let status = 0;
    for (const message of messages) {
      const place = this.core.put(message, 16);
      status = exports.receiveMessage(place, message.length);
      if (status >= 0) status = exports.readMessage();
      if (status === CHANGES) {
        for (const one of old) {
          const loaded = exports.loadMessage(this.core.put(one, 16), one.length);
          if (loaded < 0) return loaded;
        }
        status = exports.readMessage();
      }
      if (status !== 0) break;
    }
    return status === DONE ? this.#write() : status;
  }

  #write(): Buffer | number {
    const { exports } = this.core;
    const { bytes, steps } = this.#limits;
    exports.beginWriting(bytes);
    for (;;) {
      const status = exports.write(steps);
      if (status < 0) return status;
      if (status === WORKING) continue;
      const zone = exports.takeWritten();
      return this.core.take(zone, this.core.take(zone + 8, 4).readUInt32LE());
    }
  }
}
