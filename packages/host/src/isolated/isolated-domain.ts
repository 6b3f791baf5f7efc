/** A domain in a thread of its own: whatever it does, this thread goes on, and can end it. */
import { SHARE_ENV, Worker } from "node:worker_threads";
import { Exit, Limit } from "@phantasm/abi";
import type { BlockDescription, NetDescription } from "../backends/options.js";
import type { PublishedPort } from "../backends/types.js";
import { nullConsole, type ConsoleBackend } from "../console/types.js";
import type { DomainDescription } from "../describe.js";
import { HostError, KILLED_STATUS, type DomainExit } from "../exit.js";
import type { WaitingFibres } from "../fibres/waiting.js";
import type { WasmFrame } from "../frames.js";
import type { RunnableImage } from "../runnable.js";
import { formatDuration } from "../format.js";
import type { CpuProfile } from "../symbolise/profile.js";
import type { TraceFile } from "../trace/file.js";
import type { FromThread, Report, ThreadData, ToThread } from "./protocol.js";
import { ConsolePump } from "./pump.js";
import { ByteRing } from "./ring.js";
import { ThreadSwitches } from "./switches.js";
import type { ThreadProfiler } from "./thread-profiler.js";
import { Watchdog } from "./watchdog.js";

export interface IsolatedOptions {
  /** Lives in this thread. Closed at the end. */
  readonly console?: ConsoleBackend;
  /** One step that takes longer ends the domain (exit code 103). In ns; checked only when given. */
  readonly stepLimitNs?: number;
  /** Called once when one step has taken a second or more; checked only when given. */
  readonly onSpinning?: (stepNs: number) => void;
  /** See `DomainOptions.onStuck`. Says what its fibres wait for. */
  readonly onStuck?: (waiting: readonly WaitingFibres[]) => void;
  /** Told once, before it boots, which ports of the host lead to it; never with an empty list. */
  readonly onPublished?: (ports: readonly PublishedPort[]) => void;
  /** See `NetBackend.notices`. */
  readonly onNotice?: (device: string, text: string) => void;
  /** See `DomainOptions.onLinkGone`. */
  readonly onLinkGone?: (device: string, reason: string) => void;
  /** Called once when nothing more is written to its trace; `reason` is one line that is not escaped. */
  readonly onUntraced?: (reason: string) => void;
}

export interface BootOptions {
  readonly arguments: Uint8Array;
  readonly net?: Readonly<Record<string, NetDescription>>;
  readonly block?: Readonly<Record<string, BlockDescription>>;
  readonly memoryBytesMax?: number;
  /** See `DomainOptions.observed`. */
  readonly observed?: boolean;
  /** What it does is written there. Whoever opened the file closes it, after `exited` has settled. */
  readonly trace?: TraceFile;
  /** Names of classes by number, from `<image>.map`, for fibres without a name in the trace. */
  readonly classes?: readonly string[] | null;
}

/** A domain that does not end its step, and where it is: frames are innermost first. */
export interface BusyDomain {
  readonly stepNs: number;
  readonly trace: readonly WasmFrame[];
}

/** `stats` and `observation` are null for a domain that was ended from outside. */
export interface IsolatedExit extends DomainExit {
  readonly stats: Report["stats"] | null;
  readonly observation: Report["observation"];
}

/**
 * A thread that `terminate` has not ended by then will not end: an image that grows its memory page
 * by page keeps the engine of Node 20 and 22 collecting, and that does not look at the request.
 */
const TERMINATE_MS_MAX = 2_000;
const SPINNING_NS = 1_000_000_000;
const NS_PER_MS = 1_000_000;
/** How often it is looked whether a domain that was asked is busy. */
const DESCRIBE_MS = 100;
/** The host's own objects in that thread; the memory of the image does not count. */
const THREAD_HEAP_MIB_MAX = 512;

/** The thread starts at construction, so that it is ready when the image is. */
export class IsolatedDomain {
  /** Settles when the thread has ended and all output has left. Rejects with HostError for a fault of the host. */
  readonly exited: Promise<IsolatedExit>;
  readonly #worker: Worker;
  readonly #watchdog: Watchdog;
  readonly #pump: ConsolePump;
  readonly #options: IsolatedOptions;
  readonly #switches = new ThreadSwitches();
  #outcome: IsolatedExit | HostError | null = null;
  #ended = false;
  #stubborn = false;
  #profiler: ThreadProfiler | null = null;
  #profile: CpuProfile | null = null;
  #grace: NodeJS.Timeout | null = null;
  #reports: ((report: Report | null) => void)[] = [];
  #descriptions: ((description: DomainDescription | null) => void)[] = [];
  #resolve!: (exit: IsolatedExit) => void;
  #reject!: (error: HostError) => void;

  constructor(options: IsolatedOptions = {}) {
    this.#options = options;
    const output = new ByteRing();
    const input = new ByteRing();
    const progress = new SharedArrayBuffer(8);
    const data: ThreadData = { output: output.shared, input: input.shared, progress };
    this.#worker = new Worker(new URL("./thread.js", import.meta.url), {
      workerData: data,
      env: SHARE_ENV,
      // Options of this process, such as --input-type or a loader, are not meant for our thread.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: THREAD_HEAP_MIB_MAX },
    });
    this.#watchdog = new Watchdog(new BigInt64Array(progress));
    this.#pump = new ConsolePump(options.console ?? nullConsole, output, input, () =>
      this.#tell({ type: "console" }),
    );
    this.exited = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#worker.on("message", (message: FromThread) => this.#heard(message));
    this.#worker.on("error", (error) => this.#broke(error));
    this.#worker.on("exit", () => void this.#over());
  }

  /** Hands over what is to run. Once. */
  boot(image: RunnableImage, options: BootOptions): void {
    const { manifest, module, digest } = image;
    this.#tell({
      type: "boot",
      manifest,
      module,
      digest,
      arguments: options.arguments,
      net: options.net ?? {},
      block: options.block ?? {},
      memoryBytesMax: options.memoryBytesMax ?? null,
      observed: options.observed ?? false,
      trace:
        options.trace === undefined
          ? null
          : { file: options.trace.share, classes: options.classes ?? null },
    });
    const { stepLimitNs, onSpinning } = this.#options;
    if (stepLimitNs !== undefined) {
      this.#watchdog.watch(stepLimitNs, (stepNs) => void this.#overrun(stepNs, stepLimitNs));
    } else if (onSpinning !== undefined) {
      this.#watchdog.watch(SPINNING_NS, onSpinning);
    }
  }

  /**
   * The domain has been ended, but its thread lives on and cannot be taken down: only the end of the
   * process stops it, by a signal, since `process.exit` would wait for the thread.
   */
  get stubborn(): boolean {
    return this.#stubborn;
  }

  /**
   * Profiles its thread from now until its end; before `boot`, and for an image whose module has a name
   * section. False: the engine does not let us.
   */
  async startProfile(): Promise<boolean> {
    const { ThreadProfiler } = await import("./thread-profiler.js");
    this.#profiler = await ThreadProfiler.start(this.#worker.threadId);
    return this.#profiler !== null;
  }

  /** What `startProfile` began; from its end on, also when it was killed. */
  get profile(): CpuProfile | null {
    return this.#profile;
  }

  /** How long the current step has been running, in ns; 0 between steps. */
  get stepNs(): number {
    return this.#watchdog.stepNs;
  }

  /** Asks it to end; it is killed when SHUTDOWN_GRACE_NS have passed. Idempotent. */
  shutdown(): void {
    if (this.#ended || this.#grace !== null) return;
    this.#tell({ type: "shutdown" });
    this.#grace = setTimeout(
      () => void this.kill("it did not end within the time of grace"),
      Limit.SHUTDOWN_GRACE_NS / NS_PER_MS,
    );
  }

  /** Ends it at once, also while it spins; says where it was if so. Idempotent. */
  async kill(message = "it was killed", status = KILLED_STATUS): Promise<void> {
    const { stepNs } = this;
    const trace = stepNs > SPINNING_NS / 2 ? await this.#where() : [];
    const busy = trace.length > 0 ? ` (in one step for ${formatDuration(stepNs)})` : "";
    await this.#end({ status, reason: "killed", message: message + busy, trace });
  }

  /** Counters as of now; null when it has ended, or does not end its step within `timeoutMs`. */
  report(timeoutMs = 1_000): Promise<Report | null> {
    if (this.#ended) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.#reports.push(resolve);
      setTimeout(resolve, timeoutMs, null).unref();
      this.#tell({ type: "report" });
    });
  }

  /**
   * See `Domain.describe`; also tells where it is when it has not ended its step for a second. Null for
   * one that has not booted, or has ended.
   */
  async describe(): Promise<DomainDescription | BusyDomain | null> {
    if (this.#ended) return null;
    let look: NodeJS.Timeout | null = null;
    const busy = new Promise<BusyDomain>((resolve) => {
      look = setInterval(() => {
        const { stepNs } = this;
        if (stepNs < SPINNING_NS || look === null) return;
        clearInterval(look);
        void this.#where().then((trace) => resolve({ stepNs, trace }));
      }, DESCRIBE_MS).unref();
    });
    const told = new Promise<DomainDescription | null>((resolve) => {
      this.#descriptions.push(resolve);
      this.#tell({ type: "describe" });
    });
    try {
      return await Promise.race([busy, told]);
    } finally {
      if (look !== null) clearInterval(look);
    }
  }

  #tell(message: ToThread): void {
    if (!this.#ended) this.#worker.postMessage(message);
  }

  #heard(message: FromThread): void {
    switch (message.type) {
      case "console":
        return this.#pump.pump();
      case "want":
        return this.#pump.want();
      case "stuck":
        return this.#options.onStuck?.(message.waiting);
      case "untraced":
        return this.#options.onUntraced?.(message.reason);
      case "description":
        for (const resolve of this.#descriptions.splice(0)) resolve(message.description);
        return;
      case "published":
        return this.#options.onPublished?.(message.ports);
      case "notice":
        return this.#options.onNotice?.(message.device, message.text);
      case "gone":
        return this.#options.onLinkGone?.(message.device, message.reason);
      case "serve": {
        const { path } = message;
        return void this.#switches
          .serve(path)
          .then((problem) => this.#tell({ type: "served", path, problem }));
      }
      case "report":
        for (const resolve of this.#reports.splice(0)) resolve(message);
        return;
      case "exit": {
        const { exit, stats, observation } = message;
        this.#outcome ??= { ...exit, stats, observation };
        return void this.#leave();
      }
      case "fault": {
        const error = new HostError("the host failed while it ran a domain");
        error.stack = message.stack;
        this.#outcome ??= error;
        return void this.#leave();
      }
    }
  }

  /** It has said its last word: nothing is gained by waiting for the thread to be taken down. */
  async #leave(): Promise<void> {
    await this.#endProfile();
    void this.#worker.terminate();
    await this.#over();
  }

  async #endProfile(): Promise<void> {
    const profiler = this.#profiler;
    this.#profiler = null;
    if (profiler !== null) this.#profile = await profiler.stop();
  }

  /** The thread broke down: out of memory of its own, or a fault of ours. */
  #broke(error: unknown): void {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code === "ERR_WORKER_OUT_OF_MEMORY") {
      this.#outcome ??= {
        status: Exit.MEMORY,
        reason: "memory",
        message: "the host's own memory for it ran out",
        trace: [],
        stats: null,
        observation: null,
      };
    } else {
      this.#outcome ??= new HostError("the thread of a domain broke down", { cause: error });
    }
  }

  async #overrun(stepNs: number, limitNs: number): Promise<void> {
    const took = formatDuration(stepNs);
    const limit = formatDuration(limitNs);
    const message = `one step ran for ${took}; the limit is ${limit}`;
    const trace = await this.#where();
    await this.#end({ status: Exit.STEP_LIMIT, reason: "step-limit", message, trace });
  }

  async #where(): Promise<WasmFrame[]> {
    const { traceThread } = await import("./where.js");
    return traceThread(this.#worker.threadId);
  }

  async #end(exit: DomainExit): Promise<void> {
    this.#outcome ??= { ...exit, stats: null, observation: null };
    await this.#endProfile();
    const patience = setTimeout(() => {
      this.#stubborn = true;
      this.#worker.unref();
      void this.#over();
    }, TERMINATE_MS_MAX);
    await Promise.race([this.#worker.terminate(), this.exited.catch(() => undefined)]);
    clearTimeout(patience);
  }

  /** The thread writes no more. What it wrote is still in the ring. */
  async #over(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#watchdog.stop();
    if (this.#grace !== null) clearTimeout(this.#grace);
    for (const resolve of this.#reports.splice(0)) resolve(null);
    for (const resolve of this.#descriptions.splice(0)) resolve(null);
    await Promise.all([this.#pump.drained(), this.#switches.close()]);
    (this.#options.console ?? nullConsole).close();
    const outcome = this.#outcome ?? new HostError("the thread of a domain ended without a word");
    if (outcome instanceof HostError) this.#reject(outcome);
    else this.#resolve(outcome);
  }
}
