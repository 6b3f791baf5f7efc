/** What links and disks have to tell the operator, each line once. */
import type { BlockBackend, NetBackend } from "../backends/types.js";

export class Notices {
  readonly #devices: readonly (readonly [string, Pick<NetBackend | BlockBackend, "notices">])[];
  readonly #tell: (device: string, text: string) => void;
  readonly #told = new Set<string>();

  constructor(
    devices: Readonly<Record<string, Pick<NetBackend | BlockBackend, "notices">>>,
    tell: (device: string, text: string) => void,
  ) {
    this.#devices = Object.entries(devices);
    this.#tell = tell;
  }

  /** Tells what is new: at the start, and when everything is closed. */
  tell(): void {
    for (const [device, { notices = [] }] of this.#devices) {
      for (const text of notices) {
        const key = `${device}\n${text}`;
        if (this.#told.has(key)) continue;
        this.#told.add(key);
        this.#tell(device, text);
      }
    }
  }
}
