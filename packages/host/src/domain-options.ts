/** What a domain is given, and what it says of itself. */
import type { ArgumentRecord } from "./arguments/parse.js";
import type { BlockBackend, NetBackend } from "./backends/types.js";
import type { Clock } from "./clock.js";
import type { ConsoleBackend } from "./console/types.js";
import type { Entropy } from "./entropy.js";
import type { BlockCounters } from "./hypercalls/block-counters.js";
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
  /**
   * Goes on from a captured state of the same image instead of booting: `init` does not run, guest time
   * goes on from where it was, and a step at once lets the image ask for all it waits for. Copied by `start`.
   *
   * What the host held for the domain is not in it: input and frames that it had not read, output that had
   * not left, block requests under way. Attach devices that are where the domain left them.
   */
  readonly state?: DomainState;
  /**
   * With `state`: the domain it was taken from lives on, or another one has gone on from it. The image
   * then takes new randomness (COPY), so that no two share a secret.
   */
  readonly copy?: boolean;
  /** Element 0 holds the start of `init` or the current step (`process.hrtime`, ns), or 0: for a watchdog. */
  readonly progress?: BigInt64Array;
}

/** What has happened so far. */
export interface DomainStats {
  readonly steps: number;
  readonly memoryBytes: number;
  /** Calls by name; those that were never made are left out. */
  readonly hypercalls: Readonly<Record<string, number>>;
  /** By device; disks that were never asked for anything are left out. */
  readonly block?: Readonly<Record<string, BlockCounters>>;
  /** How long steps took; only with `observed`. */
  readonly stepTimes?: StepTimes;
}

/** All of a domain that the image can see of itself, at rest. A domain that ended cannot go on from it. */
export interface DomainState {
  /** Of the image: no other can go on from it. */
  readonly digest: string;
  readonly memory: Uint8Array;
  /** `g0`, `g1` … in order. */
  readonly globals: readonly (number | bigint)[];
  /** Guest time at which it rests. */
  readonly nowNs: bigint;
}
