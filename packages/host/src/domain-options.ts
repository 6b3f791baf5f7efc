/** What a domain is given, and what it says of itself. */
import type { ArgumentRecord } from "./arguments/parse.js";
import type { BlockBackend, NetBackend } from "./backends/types.js";
import type { Clock } from "./clock.js";
import type { ConsoleBackend } from "./console/types.js";
import type { Entropy } from "./entropy.js";
import type { DomainExit } from "./exit.js";
import type { Scheduler } from "./scheduler.js";
import type { StepTimes } from "./step-times.js";
import type { DomainTrace } from "./trace/domain-trace.js";

export interface DomainOptions {
  /** Values by name, or bytes that are encoded already. Default: the defaults of the manifest. */
  readonly arguments?: ArgumentRecord | Uint8Array;
  /** Default: output is thrown away, input has ended. The domain closes it at its end. */
  readonly console?: ConsoleBackend;
  /** By name in the manifest. The domain owns them from now on and closes them at its end. */
  readonly net?: Readonly<Record<string, NetBackend>>;
  readonly block?: Readonly<Record<string, BlockBackend>>;
  readonly clock?: Clock;
  readonly entropy?: Entropy;
  /** Less than the image's own maximum; checked at every hypercall and after every step. */
  readonly memoryBytesMax?: number;
  readonly scheduler?: Scheduler;
  /** Called once, before `exited` settles. */
  readonly onExit?: (exit: DomainExit) => void;
  /**
   * Called when nothing can wake the domain any more but a shutdown request: no deadline, and no
   * hypercall waits for anything.
   */
  readonly onStuck?: () => void;
  /**
   * Called once for each link that has ended for good and says why. The image sees GONE and may go on;
   * `reason` is one line that is not escaped.
   */
  readonly onLinkGone?: (device: string, reason: string) => void;
  /**
   * The image brings its counters up to date in every step, so that they are right at the end too; and
   * `stats` says how long steps took.
   */
  readonly observed?: boolean;
  /** What it does is written there. The image does one thing in a step then, and is slower. */
  readonly trace?: DomainTrace;
  /** Element 0 holds the start of `init` or the current step (`process.hrtime`, ns), or 0: for a watchdog. */
  readonly progress?: BigInt64Array;
}

/** What has happened so far. */
export interface DomainStats {
  readonly steps: number;
  readonly memoryBytes: number;
  /** Calls by name; those that were never made are left out. */
  readonly hypercalls: Readonly<Record<string, number>>;
  /** How long steps took; only with `observed`. */
  readonly stepTimes?: StepTimes;
}

/** All of a domain that the image can see of itself, at rest. */
export interface DomainState {
  readonly memory: Uint8Array;
  /** `g0`, `g1` … in order. */
  readonly globals: readonly (number | bigint)[];
  /** Guest time at which it rests. */
  readonly nowNs: bigint;
}
