/** What every hypercall of one domain shares: its state, its memory, and how it ends. */
import { Exit, HYPERCALLS, type HypercallName } from "@phantasm/abi";
import { DeviceFailure, DomainEnded, type DomainExit } from "../exit.js";
import { parseFrames, TRACE_FRAMES_MAX } from "../frames.js";
import { GuestMemory } from "../guest-memory.js";

const CALL_INDEX = new Map<HypercallName, number>(
  HYPERCALLS.map(({ name }, index) => [name, index]),
);

/** Position in `HYPERCALLS`, for the counters. */
export function callIndex(name: HypercallName): number {
  return CALL_INDEX.get(name) ?? 0;
}

/** `new`: not started. `initialising`: only abort is allowed. `dead`: nothing is. */
export type DomainPhase = "new" | "initialising" | "resting" | "stepping" | "dead";

export class CallContext {
  state: DomainPhase = "new";
  /** Set when the domain dies. */
  exit: DomainExit | null = null;
  /** Calls by position in `HYPERCALLS`. */
  readonly counts = new Float64Array(HYPERCALLS.length);
  readonly #bytesMax: number;
  #memory: GuestMemory | null = null;
  #lengthSeen = 0;

  /** @param bytesMax what the operator allows; may be below the maximum of the image */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  setMemory(memory: WebAssembly.Memory): void {
    this.#memory = new GuestMemory(memory);
    this.#lengthSeen = this.#memory.length;
  }

  get memory(): GuestMemory {
    if (this.#memory === null) throw new Error("the memory is not there before instantiation");
    return this.#memory;
  }

  get memoryBytes(): number {
    return this.#memory?.length ?? 0;
  }

  /** First line of every hypercall. */
  enter(index: number): void {
    if (this.state !== "stepping") this.#outOfTurn(index);
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    if (this.memory.length !== this.#lengthSeen) this.checkGrowth();
  }

  /** As `enter`, for abort: init may call it too. */
  enterAbort(index: number): void {
    if (this.state === "initialising") this.counts[index] = 1;
    else this.enter(index);
  }

  /** The operator's limit. The image's own maximum is the engine's business. */
  checkGrowth(): void {
    this.#lengthSeen = this.memoryBytes;
    if (this.#lengthSeen <= this.#bytesMax) return;
    this.end({
      status: Exit.MEMORY,
      reason: "memory",
      message: `it grew to ${this.#lengthSeen} bytes of memory; the limit is ${this.#bytesMax}`,
      trace: captureFrames(),
    });
  }

  /** Ends the domain: marks it dead, then throws through the image. */
  end(exit: DomainExit): never {
    this.state = "dead";
    this.exit ??= exit;
    throw new DomainEnded(exit.message);
  }

  /** The guest broke a rule. `detail` names the parameter and its value. */
  bug(index: number, detail: string): never {
    this.end({
      status: Exit.ABORT,
      reason: "guest-bug",
      message: `${HYPERCALLS[index]?.name ?? "hypercall"}: ${detail}`,
      trace: captureFrames(),
    });
  }

  /** Ends the domain unless the range lies inside its memory. Lengths are u32 in i32 clothes. */
  checkRange(index: number, ptr: number, length: number): void {
    if (this.memory.contains(ptr, length)) return;
    this.bug(
      index,
      `ptr ${hex(ptr)} and ${length >>> 0} bytes reach beyond the memory of ${this.memoryBytes} bytes`,
    );
  }

  /** For records: also ends the domain unless `ptr` is a multiple of `alignment`. */
  checkRecord(index: number, ptr: number, bytes: number, alignment: number): void {
    if ((ptr >>> 0) % alignment !== 0) {
      this.bug(index, `ptr ${hex(ptr)} is not a multiple of ${alignment}`);
    }
    this.checkRange(index, ptr, bytes);
  }

  #outOfTurn(index: number): never {
    const name = HYPERCALLS[index]?.name ?? "hypercall";
    if (this.state === "initialising") {
      this.bug(index, "init may call nothing but abort");
    }
    throw new DomainEnded(
      this.state === "dead" ? `${name}: this domain has ended` : `${name}: not during a step`,
    );
  }
}

/** What a backend threw, as a failure of that device. A guest at the edge of its stack stays one. */
export function deviceFailure(name: string, error: unknown): unknown {
  if (isStackOverflow(error) || error instanceof DomainEnded) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new DeviceFailure(`device ${name} failed: ${reason}`, { cause: error });
}

/** V8 reports an exhausted stack as a RangeError, in WebAssembly and in the host's own calls alike. */
export function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && error.message === "Maximum call stack size exceeded";
}

/** Calls inside the image, as of now. */
export function captureFrames(): ReturnType<typeof parseFrames> {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = TRACE_FRAMES_MAX;
  const { stack } = new Error("trace");
  Error.stackTraceLimit = limit;
  return parseFrames(stack);
}

export function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}
