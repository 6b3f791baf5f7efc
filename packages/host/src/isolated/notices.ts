/** What links have to tell the operator, each line once. */
import type { NetBackend } from "../backends/types.js";

export class Notices {
  readonly #links: readonly (readonly [string, NetBackend])[];
  readonly #tell: (device: string, text: string) => void;
  readonly #told = new Set<string>();

  constructor(
    links: Readonly<Record<string, NetBackend>>,
    tell: (device: string, text: string) => void,
  ) {
    this.#links = Object.entries(links);
    this.#tell = tell;
  }

  /** Tells what is new: at the start, and when everything is closed. */
  tell(): void {
    for (const [device, { notices = [] }] of this.#links) {
      for (const text of notices) {
        const key = `${device}\n${text}`;
        if (this.#told.has(key)) continue;
        this.#told.add(key);
        this.#tell(device, text);
      }
    }
  }
}
