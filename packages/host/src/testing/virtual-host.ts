/** A domain in virtual time: seeded, deterministic, as fast as the machine allows. */
import { MemoryConsole } from "../console/memory.js";
import { Domain, type DomainOptions } from "../domain.js";
import { SeededEntropy } from "../entropy.js";
import type { DomainExit } from "../exit.js";
import type { Observation } from "../observe.js";
import type { RunnableImage } from "../runnable.js";
import { VirtualDisk } from "./virtual-disk.js";
import { VirtualLink } from "./virtual-link.js";
import { VirtualTime } from "./virtual-time.js";

export interface VirtualHostOptions extends Pick<
  DomainOptions,
  "arguments" | "net" | "block" | "memoryBytesMax" | "state" | "copy"
> {
  /** Decides every byte of entropy. Default 1. */
  readonly seed?: number | bigint;
  /** Typed in before the boot; the input ends after it unless `open` is true. */
  readonly input?: string | Uint8Array;
  /** More input follows through `feed`. Default: true without `input`. */
  readonly open?: boolean;
  /** Shared with other domains and devices. Default: one of its own. */
  readonly time?: VirtualTime;
}

export const NS = 1n;
export const US = 1_000n;
export const MS = 1_000_000n;
export const SECOND = 1_000_000_000n;

const DISK_BYTES = 1_048_576;
const OUTPUT_BYTES_MAX = 64 * 1_048_576;
const RUN_NS_MAX = 3_600n * SECOND;

/**
 * Boots an image and lets a test play its operator. Devices that the test does not attach are
 * loopback links and empty disks of 1 MiB.
 *
 * @example
 * const host = new VirtualHost(image, { seed: 7 });
 * host.feed("hello\n");
 * host.advance(200n * MS);
 * expect(host.output).toBe("hello\n");
 */
export class VirtualHost {
  readonly time: VirtualTime;
  readonly console: MemoryConsole;
  readonly domain: Domain;

  /** Boots at once, and runs what can run without time passing. */
  constructor(image: RunnableImage, options: VirtualHostOptions = {}) {
    const { input, open, arguments: values, memoryBytesMax, state, copy } = options;
    this.time = options.time ?? new VirtualTime();
    this.console = new MemoryConsole({
      capacityBytes: OUTPUT_BYTES_MAX,
      ...(input === undefined ? {} : { input }),
      ...(open === undefined ? {} : { open }),
    });
    const net: Record<string, NonNullable<DomainOptions["net"]>[string]> = { ...options.net };
    const block: Record<string, NonNullable<DomainOptions["block"]>[string]> = { ...options.block };
    for (const { name, type } of image.manifest.devices) {
      if (type === "net") net[name] ??= new VirtualLink(this.time);
      else block[name] ??= new VirtualDisk(this.time, DISK_BYTES);
    }
    this.domain = new Domain(image, {
      net,
      block,
      console: this.console,
      clock: this.time.clock,
      scheduler: this.time,
      entropy: new SeededEntropy(options.seed ?? 1),
      ...(values === undefined ? {} : { arguments: values }),
      ...(memoryBytesMax === undefined ? {} : { memoryBytesMax }),
      ...(state === undefined ? {} : { state }),
      ...(copy === undefined ? {} : { copy }),
    });
    this.domain.start();
    this.time.settle();
  }

  /** All output so far, as text. */
  get output(): string {
    return this.console.output;
  }

  /** How it ended; null while it lives. */
  get exit(): DomainExit | null {
    return this.domain.exit;
  }

  /** Types something in, and runs what it wakes. */
  feed(input: string | Uint8Array): void {
    this.console.feed(input);
    this.time.settle();
  }

  /** Ends the input, and runs what it wakes. */
  end(): void {
    this.console.end();
    this.time.settle();
  }

  /** Lets time pass; every deadline in it is met exactly. */
  advance(ns: bigint): void {
    this.time.advance(ns);
  }

  /** Jumps from deadline to deadline until `condition`; false: it was not met within `limitNs`. */
  runUntil(condition: () => boolean, limitNs = RUN_NS_MAX): boolean {
    const until = this.time.nowNs + limitNs;
    while (!condition()) {
      if (!this.time.next(until)) return false;
    }
    return true;
  }

  /**
   * Jumps from deadline to deadline until the domain has ended.
   *
   * @throws Error when it waits for what never happens, or lives longer than `limitNs`
   */
  run(limitNs = RUN_NS_MAX): DomainExit {
    if (!this.runUntil(() => this.exit !== null, limitNs) || this.exit === null) {
      const next = this.time.nextNs;
      const state = next === null ? "it waits for what never happens" : `next due at ${next} ns`;
      throw new Error(`the domain still lives at ${this.time.nowNs} ns: ${state}`);
    }
    return this.exit;
  }

  /** Asks it to end, and runs what that wakes. */
  shutdown(): void {
    this.domain.shutdown();
    this.time.settle();
  }

  /** Its counters, brought up to date by a step. */
  observe(): Observation | null {
    this.domain.refresh();
    this.time.settle();
    return this.domain.observe();
  }
}

/** What a whole run did. */
export interface Simulation {
  readonly output: string;
  readonly exit: DomainExit;
  /** How long it took in virtual time. */
  readonly elapsedNs: bigint;
}

/** Boots an image, runs it to its end, and tells what happened. Same options, same answer. */
export function simulate(image: RunnableImage, options: VirtualHostOptions = {}): Simulation {
  const host = new VirtualHost(image, { input: "", ...options });
  const exit = host.run();
  return { output: host.output, exit, elapsedNs: host.time.nowNs };
}
