/** What `phantasm run` does once its options are read. */
import { readFileSync } from "node:fs";
import { Exit } from "@phantasm/abi";
import type { Manifest } from "@phantasm/seal";
import type {
  BlockDescription,
  FaultsDescription,
  ImpairDescription,
  Named,
  NetDescription,
  PublishWanted,
} from "../backends/options.js";
import type { PublishedPort } from "../backends/types.js";
import { streamConsole } from "../console/stream.js";
import type { WaitingFibres } from "../fibres/waiting.js";
import type { Image } from "../image.js";
import type { RunnableImage } from "../runnable.js";
import {
  IsolatedDomain,
  type BootOptions,
  type IsolatedExit,
  type IsolatedOptions,
} from "./isolated-domain.js";
import type { Profiling } from "./profiling.js";
import { Signals } from "./signals.js";
import { holdTerminal } from "./terminal.js";
import type { Tracing } from "./tracing.js";

export interface RunOptions {
  readonly imagePath: string;
  /** Words after `--`: the image's own arguments. `--help` prints them instead of booting. */
  readonly argv?: readonly string[];
  readonly net?: readonly Named<NetDescription>[];
  readonly block?: readonly Named<BlockDescription>[];
  /** Files that the frames of a net device are written to. */
  readonly pcap?: readonly Named<string>[];
  /** Ports of user networks; what the image listens for is published without being asked for. */
  readonly publish?: readonly Named<PublishWanted>[];
  /** What guests of user networks may reach. */
  readonly egress?: readonly Named<string>[];
  /** Files, or `-`, with a line for each frame of a net device. */
  readonly netTrace?: readonly Named<string>[];
  /** What is done to the frames of a net device. */
  readonly impair?: readonly Named<ImpairDescription>[];
  /** What goes wrong with the requests of a disk. */
  readonly blockFaults?: readonly Named<FaultsDescription>[];
  /** Files that the writes and flushes of a disk are recorded in. */
  readonly blockLog?: readonly Named<string>[];
  /** Each must have signed the image; texts as `PublicKey.text` has them. */
  readonly keys?: readonly { readonly text: string }[];
  /** `sha256:` and 64 hex digits: what the image must be. */
  readonly digest?: string;
  /** The contents of a detached signature. */
  readonly detached?: Uint8Array;
  readonly memoryBytesMax?: number;
  /** See `IsolatedOptions.stepLimitNs`. */
  readonly stepLimitNs?: number;
  /** Prints counters at the end. */
  readonly stats?: boolean;
  /** A file that a trace of the run is written to. */
  readonly trace?: string;
  /** The trace grows no larger; default 256 MiB. */
  readonly traceBytesMax?: number;
  /** A file that a CPU profile of the run is written to. Not with `inspect`. */
  readonly cpuProfile?: string;
  /** Opens the inspector and waits for a debugger. The domain then shares this thread. */
  readonly inspect?: boolean;
  /** Port of the inspector; 9229 unless given, 0 for any. */
  readonly inspectPort?: number;
}

/** What is known of an image before it is compiled. */
export type Declared = Pick<Manifest, "name" | "devices" | "arguments">;

/** A mistake in the call: no image, wrong arguments. Nothing ran. */
export const USAGE_STATUS = 2;
/** What a shell reports for SIGPIPE. */
const BROKEN_PIPE_STATUS = 141;

/**
 * Runs an image on this process's terminal, in a thread of its own, until it ends. Handles signals,
 * and prints what an operator should see on standard error.
 *
 * @returns the exit code of the process
 * @throws HostError for a fault of the host, never for anything an image or operator does
 */
export async function runIsolated(options: RunOptions): Promise<number> {
  if (options.inspect === true) {
    const { runInspected } = await import("./inspected.js");
    return runInspected(options);
  }
  return new Run(options).finish();
}

/**
 * Refuses what `runIsolated` would refuse, as far as that is known before the image is compiled.
 *
 * @throws BootError, ArgumentsError
 */
export async function checkRun(
  declared: Declared,
  options: Omit<RunOptions, "imagePath">,
): Promise<void> {
  const { checkDeclared } = await import("./prepare.js");
  checkDeclared(declared, options);
}

/** Prints one or more lines about the image. */
export function say(text: string): void {
  process.stderr.write(`phantasm: ${text}\n`);
}

/** One line a port, with what a terminal can open. */
export function sayPublished(name: string, ports: readonly PublishedPort[]): void {
  for (const { url, guestPort, protocol } of ports) {
    say(`${url} -> ${name} port ${guestPort}${protocol === "udp" ? "/udp" : ""}`);
  }
}

class Run {
  readonly #options: RunOptions;
  readonly #domain: IsolatedDomain;
  #name = "the image";
  #restoreTerminal: (() => void) | null = null;
  #pipeBroken = false;
  #tracing: Tracing | null = null;
  #profiling: Profiling | null = null;

  constructor(options: RunOptions) {
    this.#options = options;
    const console = streamConsole(
      () => this.#stdin(),
      () => process.stdout,
      {
        onBroken: () => this.#broken(),
      },
    );
    const { stepLimitNs } = options;
    const watched: IsolatedOptions = stepLimitNs === undefined ? {} : { stepLimitNs };
    // The thread starts here and gets ready while the image is read and verified.
    this.#domain = new IsolatedDomain({
      ...watched,
      console,
      onStuck: (waiting) => void this.#stuck(waiting),
      onUntraced: (reason) => void this.#untraced(reason),
      onPublished: (ports) => sayPublished(this.#name, ports),
      onNotice: (device, text) => void this.#notice(device, text),
      onLinkGone: (device, reason) => void this.#gone(device, reason),
    });
  }

  async finish(): Promise<number> {
    let loaded: Image | number;
    try {
      loaded = await this.#load();
    } catch (error) {
      await this.#domain.kill();
      throw error;
    }
    if (typeof loaded === "number") {
      await this.#domain.kill();
      this.#tracing?.close(0);
      return loaded;
    }
    const image = loaded;
    const signals = new Signals(
      this.#domain,
      (text) => say(`${this.#name} ${text}`),
      () => this.#describe(image),
    );
    try {
      const exit = await this.#domain.exited.finally(() => this.#closeFiles());
      const status = await this.#report(exit, loaded);
      if (this.#domain.stubborn) await this.#endProcess();
      return status;
    } finally {
      signals.release();
      this.#restoreTerminal?.();
    }
  }

  /** Reads, verifies, boots; the image, or the status to end with. */
  async #load(): Promise<Image | number> {
    const { prepare } = await import("./prepare.js");
    const prepared = prepare(this.#options, readImage);
    if (typeof prepared === "number") return prepared;
    const { image, boot } = prepared;
    this.#name = image.manifest.name;
    const { trace, cpuProfile } = this.#options;
    let runnable: RunnableImage = image;
    let traced: Pick<BootOptions, "trace" | "classes"> = {};
    if (trace !== undefined) {
      const { Tracing } = await import("./tracing.js");
      const tracing = Tracing.open(trace, this.#options, image);
      if (typeof tracing === "number") return tracing;
      this.#tracing = tracing;
      traced = { trace: tracing.file, classes: tracing.classes };
    }
    if (cpuProfile !== undefined) {
      const { Profiling } = await import("./profiling.js");
      const profiling = Profiling.open(cpuProfile, this.#options, image);
      if (typeof profiling === "number") return profiling;
      this.#profiling = profiling;
      runnable = profiling.image;
      await this.#domain.startProfile();
    }
    this.#domain.boot(runnable, { ...boot, ...traced });
    return image;
  }

  #closeFiles(): void {
    this.#tracing?.close(this.#domain.stepNs);
    this.#profiling?.close(this.#domain.profile);
  }

  async #report(exit: IsolatedExit, image: Image): Promise<number> {
    if (this.#pipeBroken) return BROKEN_PIPE_STATUS;
    if (exit.reason !== "exit" || this.#options.stats === true) {
      const { exitReport } = await import("./report.js");
      const { observation } = exit;
      process.stderr.write(await exitReport(exit, image, this.#options.imagePath, observation));
      if (this.#options.stats === true && exit.stats !== null) {
        const { statsReport } = await import("./stats-report.js");
        const { stats } = exit;
        process.stderr.write(statsReport(image.manifest.name, { stats, observation }));
      }
    }
    return exit.status;
  }

  /** Nothing else ends a thread that the engine cannot take down; everything has been said. */
  async #endProcess(): Promise<void> {
    say(
      `${this.#name}: its thread cannot be taken down on Node ${process.version}; ending the process`,
    );
    this.#restoreTerminal?.();
    for (const stream of [process.stdout, process.stderr])
      await new Promise<void>((resolve) => stream.write("", () => resolve()));
    process.kill(process.pid, "SIGKILL");
  }

  #stdin(): NodeJS.ReadStream {
    this.#restoreTerminal = holdTerminal(process.stdin);
    return process.stdin;
  }

  #broken(): void {
    this.#pipeBroken = true;
    void this.#domain.kill("nobody reads its output", Exit.STATUS_MAX);
  }

  async #notice(device: string, text: string): Promise<void> {
    const { escapeTerminal } = await import("@phantasm/seal/escape");
    say(`${device}: ${escapeTerminal(text)}`);
  }

  /** The image sees only that the link is gone; the operator reads why. */
  async #gone(device: string, reason: string): Promise<void> {
    const { goneReport } = await import("./report.js");
    process.stderr.write(goneReport(this.#name, device, reason));
  }

  async #stuck(waiting: readonly WaitingFibres[]): Promise<void> {
    const what = `${this.#name} waits for nothing that can happen`;
    if (waiting.length === 0) {
      say(`${what}; only a request to end (Ctrl-C) wakes it`);
      return;
    }
    const { waitingText } = await import("../fibres/waiting.js");
    say(
      `${what}: ${waitingText(waiting)}; Ctrl-\\ shows where, only a request to end (Ctrl-C) wakes it`,
    );
  }

  async #describe(image: Image): Promise<void> {
    const { describeOnce } = await import("./describing.js");
    await describeOnce(this.#domain, image, this.#options.imagePath);
  }

  async #untraced(reason: string): Promise<void> {
    const { escapeTerminal } = await import("@phantasm/seal/escape");
    say(escapeTerminal(reason));
  }
}

/** The bytes of an image, or the status to end with when there are none. */
export function readImage(path: string): Uint8Array | number {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code === "ENOENT") say(`there is no image ${path}; build one: phantasm build`);
    else if (code === "EISDIR") say(`${path} is a directory, not an image`);
    else say(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return USAGE_STATUS;
  }
}
