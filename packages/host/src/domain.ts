/** One running image: boot, steps, death. */
import {
  Event,
  Exit,
  HYPERCALLS,
  IMPORT_MODULE,
  Limit,
  NO_DEADLINE,
  type HypercallName,
} from "@phantasm/abi";
import type { ArgumentRecord } from "./arguments/parse.js";
import { checkMemory, memoryBytesMax, openPorts } from "./attach.js";
import { systemClock, type Clock } from "./clock.js";
import { nullConsole } from "./console/types.js";
import { systemEntropy } from "./entropy.js";
import { KILLED_STATUS, type DomainExit, HostError } from "./exit.js";
import { classify } from "./failure.js";
import { TRACE_FRAMES_MAX } from "./frames.js";
import { BlockPort } from "./hypercalls/block.js";
import { ConsolePort } from "./hypercalls/console.js";
import { CallContext } from "./hypercalls/context.js";
import { deviceCall, type DevicePorts } from "./hypercalls/devices.js";
import { plainCall, type PlainOptions } from "./hypercalls/plain.js";
import type { DomainDescription } from "./describe.js";
import type { DomainOptions, DomainState, DomainStats } from "./domain-options.js";
import { readFibres, readRunningFibre, type FibreTable } from "./fibres/table.js";
import { readObservation, type Observation } from "./observe.js";
import { checkState, restore } from "./restore.js";
import { implies, importedCalls, type RunnableImage } from "./runnable.js";
import { eventLoopScheduler, Task, type Scheduler } from "./scheduler.js";
import { StepClock } from "./step-times.js";
import type { DomainTrace } from "./trace/domain-trace.js";

export type { DomainOptions, DomainState, DomainStats };

const NS_PER_MS = 1e6;

interface ImageExports {
  readonly memory: WebAssembly.Memory;
  readonly init: () => void;
  readonly step: (nowNs: bigint, events: number) => bigint;
}

/**
 * Runs an image in this thread. Domains of one thread take turns between steps; one that never ends
 * its step stops them all, and the program too: `runIsolated` puts a domain into a thread of its own.
 *
 * A live domain keeps the process alive, as an open server does; see `unref`.
 */
export class Domain {
  readonly image: RunnableImage;
  /**
   * Settles when the domain has ended, its devices are closed and its output has left. Rejects with
   * HostError for a fault of the host, never for anything an image does.
   */
  readonly exited: Promise<DomainExit>;
  readonly #context: CallContext;
  readonly #options: DomainOptions;
  readonly #scheduler: Scheduler;
  readonly #clock: Clock;
  readonly #console: ConsolePort;
  readonly #ports: DevicePorts;
  readonly #task = new Task(() => this.#step());
  readonly #plain: PlainOptions;
  readonly #trace: DomainTrace | null;
  readonly #stepClock: StepClock | null;
  #grace: Task | null = null;
  #exports: ImageExports | null = null;
  #events = 0;
  #steps = 0;
  #deadlineNs: bigint | null = null;
  /** They wait for a step that brings the counters up to date. */
  #askers: (() => void)[] = [];
  #toldStuck = false;
  #wantsHold = true;
  #holds = false;
  #buried = false;
  #resolve!: (exit: DomainExit) => void;
  #reject!: (error: Error) => void;

  /**
   * @throws BootError when a device has no backend, a backend no device, or the image starts with
   *   more memory than it may have
   * @throws Error when the state is of another image
   * @throws ArgumentsError when the arguments do not fit the manifest
   */
  constructor(image: RunnableImage, options: DomainOptions = {}) {
    this.image = image;
    this.#options = options;
    this.#scheduler = options.scheduler ?? eventLoopScheduler;
    this.#clock = options.clock ?? systemClock;
    const bytesMax = memoryBytesMax(image.manifest, options.memoryBytesMax);
    checkMemory(image.manifest, bytesMax);
    const { state } = options;
    if (state !== undefined) checkState(image, state, bytesMax);
    if (state !== undefined && options.copy === true) this.#events |= Event.COPY;
    this.#plain = {
      arguments: encoded(image, options.arguments),
      clock: this.#clock,
      entropy: options.entropy ?? systemEntropy,
      originNs: this.#clock.monotonic() - (state?.nowNs ?? 0n),
    };
    this.#context = new CallContext(bytesMax);
    this.#trace = options.trace ?? null;
    this.#stepClock = options.observed === true ? new StepClock() : null;
    if (options.observed === true) this.#events |= Event.INSPECT;
    const ready = (): void => this.#scheduler.ready(this.#task);
    this.#ports = openPorts(this.#context, image.manifest, options, {
      ready,
      gone: (device, reason) => options.onLinkGone?.(device, reason),
    });
    this.#console = new ConsolePort(this.#context, options.console ?? nullConsole, ready);
    this.exited = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get name(): string {
    return this.image.manifest.name;
  }

  /** How it ended, from the moment it did; null before. */
  get exit(): DomainExit | null {
    return this.#context.exit;
  }

  /**
   * Boots: instantiates, runs `init` or restores a state, and makes the first step ready. Failures end
   * the domain.
   */
  start(): void {
    if (this.#context.state !== "new") throw new Error("a domain starts once");
    this.#context.state = "initialising";
    this.#hold(this.#wantsHold);
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = TRACE_FRAMES_MAX;
    try {
      const imports = { [IMPORT_MODULE]: this.#imports() };
      const { module } = this.image;
      const instance = this.#booting(
        "instantiate",
        () => new WebAssembly.Instance(module, imports),
      );
      // The verifier has checked that these exports exist with these types.
      const exports = instance.exports as unknown as ImageExports;
      this.#exports = exports;
      this.#context.setMemory(exports.memory);
      this.#mark(true);
      const { state } = this.#options;
      if (state === undefined) this.#booting("init", () => exports.init());
      else this.#booting("restore", () => restore(instance.exports, state));
      this.#context.checkGrowth();
      if (this.#context.exit !== null) return this.#finish(this.#context.exit);
      this.#context.state = "resting";
      this.#scheduler.ready(this.#task);
    } catch (error) {
      this.#failed(error);
    } finally {
      Error.stackTraceLimit = limit;
      this.#mark(false);
    }
  }

  /** Asks it to end: it sees SHUTDOWN, and is killed when SHUTDOWN_GRACE_NS have passed. Idempotent. */
  shutdown(): void {
    if (this.#context.state === "new") return this.kill("it was stopped before it started");
    if (this.#context.state === "dead" || this.#grace !== null) return;
    this.#events |= Event.SHUTDOWN;
    this.#grace = new Task(() => this.kill("it did not end within the time of grace"));
    this.#scheduler.after(this.#grace, Limit.SHUTDOWN_GRACE_NS);
    this.#scheduler.ready(this.#task);
  }

  /** Ends it at once. It has no say; output that was accepted still leaves. Idempotent. */
  kill(message = "it was killed"): void {
    const { state } = this.#context;
    if (state === "dead") return;
    const exit: DomainExit = { status: KILLED_STATUS, reason: "killed", message, trace: [] };
    if (state === "new" || state === "resting") return this.#finish(exit);
    // Called by a backend from inside a hypercall: the image runs on to its next one, which throws.
    this.#context.state = "dead";
    this.#context.exit = exit;
  }

  /**
   * The counters the image keeps, as of its last step, also after its death. Null when there are
   * none, before the boot, and during a step.
   */
  observe(): Observation | null {
    if (this.#exports === null || this.#context.state === "stepping") return null;
    return readObservation(this.image.manifest, this.#context.memory.bytes);
  }

  /** Makes the image bring its counters up to date with a step of its own; read them after it. */
  refresh(): void {
    this.#events |= Event.INSPECT;
    this.#scheduler.ready(this.#task);
  }

  /**
   * The fibres of the image, as of its last step, also after its death. Null when it has no table of
   * them, before the boot, and during a step.
   */
  fibres(): FibreTable | null {
    if (this.#exports === null || this.#context.state === "stepping") return null;
    return readFibres(this.image.manifest, this.#context.memory.bytes);
  }

  /**
   * What it waits for, its counters, and its fibres with their stacks: after one more step, which brings
   * the counters up to date. It goes on afterwards. Null for one that has not started, or ends first.
   *
   * The stacks take a copy of its memory, and up to half a second in which it stands still.
   */
  async describe(): Promise<DomainDescription | null> {
    const { state } = this.#context;
    if (state === "new" || state === "dead") return null;
    const stepped = new Promise<void>((resolve) => void this.#askers.push(resolve));
    this.refresh();
    // Loaded only now: nobody asks a domain that does what it should.
    const [{ describeDomain }] = await Promise.all([import("./describe.js"), stepped]);
    if (this.#exports === null || this.exit !== null) return null;
    const resting = {
      steps: this.#steps,
      nowNs: this.#clock.monotonic() - this.#plain.originNs,
      deadlineNs: this.#deadlineNs,
      waitsFor: this.#armed,
    };
    const globals = this.#globals(this.#exports);
    const { bytes } = this.#context.memory;
    return describeDomain(this.image, bytes, globals, resting, (runs) => this.#mark(runs));
  }

  /** A copy of the whole state. Null before the boot and during a step. */
  capture(): DomainState | null {
    if (this.#exports === null || this.#context.state === "stepping") return null;
    // Not the time of its last step: it may have read a clock since that began.
    const nowNs = this.#clock.monotonic() - this.#plain.originNs;
    const memory = this.#context.memory.bytes.slice();
    return { digest: this.image.digest, memory, globals: this.#globals(this.#exports), nowNs };
  }

  get stats(): DomainStats {
    const hypercalls: Record<string, number> = {};
    HYPERCALLS.forEach(({ name }, index) => {
      const count = this.#context.counts[index] ?? 0;
      if (count > 0) hypercalls[name] = count;
    });
    const stepTimes = this.#stepClock === null ? {} : { stepTimes: this.#stepClock.times };
    const used = this.#ports.flatMap((port, at) =>
      port instanceof BlockPort && port.used
        ? [[this.image.manifest.devices[at]?.name ?? "", { ...port.counters }] as const]
        : [],
    );
    const block = used.length === 0 ? {} : { block: Object.fromEntries(used) };
    const { memoryBytes } = this.#context;
    return { steps: this.#steps, memoryBytes, hypercalls, ...block, ...stepTimes };
  }

  /** From now on the process may end although the domain lives. */
  unref(): void {
    this.#wantsHold = false;
    this.#hold(false);
  }

  /** The opposite of `unref`, and the default. */
  ref(): void {
    this.#wantsHold = true;
    this.#hold(this.#context.state !== "new" && !this.#buried);
  }

  #hold(hold: boolean): void {
    if (hold === this.#holds) return;
    this.#holds = hold;
    if (hold) this.#scheduler.hold();
    else this.#scheduler.release();
  }

  /** Only what the module imports and the manifest implies. */
  #imports(): WebAssembly.ModuleImports {
    const imports: WebAssembly.ModuleImports = {};
    for (const name of importedCalls(this.image.module)) {
      if (!implies(this.image.manifest, name)) continue;
      const call =
        plainCall(this.#context, this.#plain, name) ??
        this.#console.call(name) ??
        deviceCall(this.#context, this.#ports, name);
      if (call !== null) imports[name] = this.#traced(name, call);
    }
    return imports;
  }

  #traced(name: HypercallName, call: WebAssembly.ImportValue): WebAssembly.ImportValue {
    if (this.#trace === null || typeof call !== "function") return call;
    const memory = (): Uint8Array => this.#context.memory.bytes;
    return this.#trace.call(name, memory, call as Parameters<DomainTrace["call"]>[2]);
  }

  #booting<T>(name: string, action: () => T): T {
    return this.#trace === null ? action() : this.#trace.boot(name, action);
  }

  #globals(exports: ImageExports): (number | bigint)[] {
    const globals: (number | bigint)[] = [];
    const exported = exports as unknown as Readonly<Record<string, unknown>>;
    for (let at = 0; ; at++) {
      const global = exported[`g${at}`];
      if (!(global instanceof WebAssembly.Global)) return globals;
      globals.push(global.value as number | bigint);
    }
  }

  #step(): void {
    const context = this.#context;
    if (context.state !== "resting" || this.#exports === null) return;
    const now = this.#clock.monotonic() - this.#plain.originNs;
    const events = this.#events | (this.#trace?.beginStep() ?? 0);
    // SHUTDOWN stays set; the others were for this step.
    this.#events &= Event.SHUTDOWN;
    if (this.#options.observed === true) this.#events |= Event.INSPECT;
    this.#steps++;
    let deadline: bigint;
    try {
      deadline = this.#run(this.#exports, now, events);
      if (context.exit !== null) return this.#finish(context.exit);
      context.state = "resting";
    } catch (error) {
      return this.#failed(error);
    }
    this.#deadlineNs = deadline === NO_DEADLINE ? null : deadline;
    const asked = (events & Event.INSPECT) !== 0 && this.#askers.length > 0;
    if (!asked) this.#toldStuck = false;
    this.#sleep(deadline, now, asked);
    if (asked) this.#answer();
  }

  /** Takes a step. Throws whatever comes out of the image. */
  #run(exports: ImageExports, now: bigint, events: number): bigint {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = TRACE_FRAMES_MAX;
    this.#context.state = "stepping";
    this.#mark(true);
    const startMs = this.#stepClock === null ? 0 : performance.now();
    try {
      const deadline = exports.step(now, events);
      this.#context.checkGrowth();
      return deadline;
    } finally {
      Error.stackTraceLimit = limit;
      this.#mark(false);
      this.#stepClock?.count((performance.now() - startMs) * NS_PER_MS);
      this.#trace?.endStep(this.#context.memory.bytes);
    }
  }

  /** Lets `describe` go on: its step has been taken, or none will be. */
  #answer(): void {
    for (const resolve of this.#askers.splice(0)) resolve();
  }

  /** Tells a watchdog whether code of the image runs: a step, or `init`, which may be as wrong as one. */
  #mark(running: boolean): void {
    const { progress } = this.#options;
    if (progress !== undefined) Atomics.store(progress, 0, running ? process.hrtime.bigint() : 0n);
  }

  /** @param asked somebody wanted to look: no reason to tell once more that it is stuck */
  #sleep(deadline: bigint, now: bigint, asked: boolean): void {
    if (deadline <= now) {
      this.#scheduler.ready(this.#task);
    } else if (deadline === NO_DEADLINE) {
      this.#scheduler.after(this.#task, Infinity);
      const { onStuck } = this.#options;
      if (onStuck === undefined || !this.#stuck || (asked && this.#toldStuck)) return;
      this.#toldStuck = true;
      onStuck();
    } else {
      const left = deadline + this.#plain.originNs - this.#clock.monotonic();
      this.#scheduler.after(this.#task, Number(left));
    }
  }

  get #stuck(): boolean {
    const asked = this.#grace !== null;
    return !this.#task.queued && !asked && this.#armed.length === 0;
  }

  /** What a hypercall asked to be woken by. */
  get #armed(): string[] {
    const { devices } = this.image.manifest;
    const armed = devices.filter((_, at) => this.#ports[at]?.armed === true);
    return [...(this.#console.armed ? ["console"] : []), ...armed.map(({ name }) => name)];
  }

  #failed(error: unknown): void {
    const exit = this.#context.exit ?? classify(error);
    if (exit !== null) return this.#finish(exit);
    this.#bury();
    const bug = new HostError(`the host failed while it ran ${this.name}`, { cause: error });
    void this.#close().finally(() => this.#reject(bug));
  }

  /** Nothing of the image runs from here on. */
  #bury(): void {
    this.#buried = true;
    this.#context.state = "dead";
    this.#hold(false);
    this.#scheduler.cancel(this.#task);
    if (this.#grace !== null) this.#scheduler.cancel(this.#grace);
    this.#answer();
  }

  #finish(outcome: DomainExit): void {
    const exit = this.#withFibre(outcome);
    this.#context.exit = exit;
    this.#bury();
    this.#trace?.end(exit, this.#exports === null ? null : this.#context.memory.bytes);
    const ended = this.#close().then((failure) => {
      // An image that ended well has still lost data when its disk cannot be closed.
      const told =
        failure !== null && exit.reason === "exit"
          ? ({ status: Exit.DEVICE, reason: "device", message: failure, trace: [] } as const)
          : exit;
      this.#context.exit = told;
      this.#options.onExit?.(told);
      this.#resolve(told);
    });
    ended.catch((cause: unknown) => {
      this.#reject(new HostError(`a callback for the end of ${this.name} failed`, { cause }));
    });
  }

  /** Says in which fibre it happened, when it happened in code of the image. */
  #withFibre(exit: DomainExit): DomainExit {
    if (this.#exports === null || exit.reason === "exit" || exit.reason === "killed") return exit;
    const fibre = readRunningFibre(this.image.manifest, this.#context.memory.bytes);
    if (fibre === null) return exit;
    const { id, name, classId } = fibre;
    return { ...exit, fibre: { id, name, classId } };
  }

  /** Closes everything; says what could not be closed. Never rejects. */
  async #close(): Promise<string | null> {
    const { net = {}, block = {}, console = nullConsole } = this.#options;
    const devices = [...Object.entries(net), ...Object.entries(block)];
    // A backend may throw instead of rejecting: the others are closed all the same.
    const closing = devices.map(async ([, backend]) => backend.close());
    const results = await Promise.allSettled(closing);
    try {
      await console.drained();
      console.close();
    } catch (error) {
      return `the console could not be closed: ${reasonOf(error)}`;
    }
    const failures = results.flatMap((result, at) =>
      result.status === "rejected"
        ? [`device ${devices[at]?.[0]} could not be closed: ${reasonOf(result.reason)}`]
        : [],
    );
    return failures[0] ?? null;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function encoded(
  image: RunnableImage,
  values: ArgumentRecord | Uint8Array | undefined,
): Uint8Array {
  if (values instanceof Uint8Array) return values;
  if (image.encodeArguments !== undefined) return image.encodeArguments(values ?? {});
  if (image.manifest.arguments.length === 0) return new Uint8Array(0);
  throw new Error("this image takes its arguments only in encoded form");
}
