/**
 * The host of a unit test: what hypercalls answer inside one case, and how the case steers it.
 *
 * Time stands still until the case moves it, entropy follows from a seed, the console is memory.
 * Devices need a whole domain, and so a system test.
 */
import { Errno, Exit, Limit, type Hypercalls } from "@phantasm/abi";
import type { SourcePlace } from "./protocol.js";

/** Time of day at the start of each case: 2024-01-01T00:00:00Z. */
export const WALL_CLOCK_START_NS = 1_704_067_200_000_000_000n;

/** The case called `exit` or `abort`; it is over unless it expected that. */
export class DomainEnd extends Error {
  override readonly name: string;
  readonly kind: "exit" | "abort";
  readonly status: number;
  /** For the abort that the compiler generates. */
  readonly place: SourcePlace | undefined;

  constructor(kind: "exit" | "abort", status: number, message: string, place?: SourcePlace) {
    super(message);
    this.place = place;
    this.name = kind === "exit" ? "Exit" : "Abort";
    this.kind = kind;
    this.status = status;
  }
}

/** Splitmix32: enough for tests, and short. */
function* bytesOf(seed: number): Generator<number, never> {
  for (let state = seed | 0; ;) {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    yield (mixed ^ (mixed >>> 15)) & 0xff;
  }
}

/** The hypercalls that need no device. */
type ServedHypercalls = Omit<
  Hypercalls,
  "net_info" | "net_send" | "net_receive" | "block_info" | "block_submit" | "block_complete"
>;

export class World {
  readonly seed: number;
  /** True once the case has asked for entropy: then a failure names the seed. */
  entropyUsed = false;
  readonly #memory: () => WebAssembly.Memory;
  readonly #entropy: Generator<number, never>;
  #nowNs = 0n;
  #wallOffsetNs = WALL_CLOCK_START_NS;
  #arguments = new Uint8Array();
  #output = Buffer.alloc(0);
  #room = Infinity;
  #input = Buffer.alloc(0);
  #inputEnded = false;

  /** @param memory called at each use, since the instance comes after its imports */
  constructor(seed: number, memory: () => WebAssembly.Memory) {
    this.seed = seed;
    this.#memory = memory;
    this.#entropy = bytesOf(seed);
  }

  /** What the case wrote to the console and did not take. */
  get output(): string {
    return this.#output.toString("utf8");
  }

  readonly hypercalls: ServedHypercalls = {
    exit: (status) => {
      if (status < 0 || status > Exit.STATUS_MAX) bug("exit", `status ${status}`);
      throw new DomainEnd("exit", status, `the domain ended itself with status ${status}`);
    },
    abort: (_reason, message, length) => {
      const text = Buffer.from(this.#view("abort", message, length)).toString("utf8");
      throw new DomainEnd("abort", Exit.ABORT, text || "abort");
    },
    arguments: (ptr, capacity) => {
      const bytes = this.#arguments;
      if (capacity === 0) return bytes.length;
      if (capacity >>> 0 < bytes.length) bug("arguments", `capacity ${capacity} is too small`);
      this.#view("arguments", ptr, capacity).set(bytes);
      return bytes.length;
    },
    wall_clock: () => this.#nowNs + this.#wallOffsetNs,
    monotonic_clock: () => this.#nowNs,
    entropy: (ptr, length) => {
      if (length >>> 0 > Limit.ENTROPY_BYTES_MAX) bug("entropy", `${length} bytes are too many`);
      this.entropyUsed = true;
      const into = this.#view("entropy", ptr, length);
      for (let at = 0; at < into.length; at++) into[at] = this.#entropy.next().value;
    },
    console_write: (ptr, length) => {
      if (length === 0) bug("console_write", "length is 0");
      const bytes = this.#view("console_write", ptr, length);
      if (this.#room === 0) return Errno.AGAIN;
      const accepted = bytes.slice(0, this.#room);
      this.#room -= accepted.length;
      this.#output = Buffer.concat([this.#output, accepted]);
      return accepted.length;
    },
    console_read: (ptr, capacity) => {
      if (capacity === 0) bug("console_read", "capacity is 0");
      const into = this.#view("console_read", ptr, capacity);
      if (this.#input.length === 0) return this.#inputEnded ? 0 : Errno.AGAIN;
      const bytes = this.#input.copy(into);
      this.#input = this.#input.subarray(bytes);
      return bytes;
    },
  };

  /** What `@phantasm/testing` calls to steer it. */
  readonly controls = {
    now: (): bigint => this.#nowNs,
    advance: (ns: bigint): void => {
      if (ns < 0n) throw new Error(`advance: ${ns} ns; time never goes back`);
      this.#nowNs += ns;
    },
    set_wall_clock: (ns: bigint): void => {
      this.#wallOffsetNs = ns - this.#nowNs;
    },
    set_arguments: (ptr: number, length: number): void => {
      this.#arguments = this.#view("set_arguments", ptr, length).slice();
    },
    console_room: (bytes: number): void => {
      this.#room = bytes < 0 ? Infinity : bytes;
    },
    console_input: (ptr: number, length: number): void => {
      this.#input = Buffer.concat([this.#input, this.#view("console_input", ptr, length)]);
    },
    console_end: (): void => {
      this.#inputEnded = true;
    },
    console_output_bytes: (): number => this.#output.length,
    console_output: (ptr: number): void => {
      this.#view("console_output", ptr, this.#output.length).set(this.#output);
      this.#output = Buffer.alloc(0);
    },
  };

  #view(name: string, ptr: number, length: number): Uint8Array {
    const { buffer } = this.#memory();
    const start = ptr >>> 0;
    const bytes = length >>> 0;
    if (start + bytes > buffer.byteLength)
      bug(name, `ptr 0x${start.toString(16)} and ${bytes} bytes reach beyond the memory`);
    return new Uint8Array(buffer, start, bytes);
  }
}

/** A real host would end the domain. */
function bug(name: string, detail: string): never {
  throw new DomainEnd("abort", Exit.ABORT, `${name}: ${detail}`);
}
