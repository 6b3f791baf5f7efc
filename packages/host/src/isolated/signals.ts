/** Ctrl-C and friends while a domain runs: the first asks, the second insists. Ctrl-\ looks inside. */
import { formatDuration } from "../format.js";
import type { IsolatedDomain } from "./isolated-domain.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** Ctrl-\, and what another process sends. Node would open its inspector for SIGUSR1. */
const DESCRIBE_SIGNALS = ["SIGQUIT", "SIGUSR1"] as const;
/** What a shell reports for a process that a signal ended: 128 and its number. */
const STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
/** An image that ends within this time needs no explanation. */
const EXPLAIN_MS = 1_000;
const BUSY_NS = 500_000_000;

type Handled = (typeof SIGNALS)[number];

/** The part of an isolated domain that signals need. */
export type Stoppable = Pick<IsolatedDomain, "shutdown" | "kill" | "stepNs">;

export class Signals {
  #asked = false;
  #explain: NodeJS.Timeout | null = null;
  #describing = false;
  readonly #describe: () => Promise<void>;
  readonly #domain: Stoppable;
  readonly #say: (text: string) => void;

  /**
   * Handles them from now until `release`.
   *
   * @param say prints a line for the operator
   * @param describe prints what the domain is doing; never asked twice at a time
   */
  constructor(domain: Stoppable, say: (text: string) => void, describe: () => Promise<void>) {
    this.#domain = domain;
    this.#say = say;
    this.#describe = describe;
    for (const signal of DESCRIBE_SIGNALS) process.on(signal, this.#onDescribe);
    for (const signal of SIGNALS) process.on(signal, this.#on);
  }

  /** Gives the signals back to whoever had them. */
  release(): void {
    for (const signal of SIGNALS) process.off(signal, this.#on);
    for (const signal of DESCRIBE_SIGNALS) process.off(signal, this.#onDescribe);
    if (this.#explain !== null) clearTimeout(this.#explain);
  }

  readonly #onDescribe = (): void => {
    if (this.#describing) return;
    this.#describing = true;
    void this.#describe().finally(() => (this.#describing = false));
  };

  readonly #on = (signal: NodeJS.Signals): void => {
    const handled = signal as Handled;
    if (this.#asked) {
      void this.#domain.kill(`it was asked twice to end`, STATUS[handled]);
      return;
    }
    this.#asked = true;
    this.#domain.shutdown();
    this.#explain = setTimeout(() => {
      const { stepNs } = this.#domain;
      const busy = stepNs > BUSY_NS ? ` and is busy in one step for ${formatDuration(stepNs)}` : "";
      this.#say(`was asked to end, has 10 s for it${busy}; Ctrl-C again ends it at once`);
    }, EXPLAIN_MS);
  };
}
