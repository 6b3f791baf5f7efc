/** Records what a domain is given and what it is after each step, for `replay`. */
import {
  endOf,
  hashOf,
  stateOf,
  type RecordedCall,
  type RecordedStep,
  type State,
} from "./replay.js";

/** Numbers from a seed. */
export class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** 0 to `limit` − 1. */
  below(limit: number): number {
    // Xorshift, Marsaglia 2003.
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }
}

interface Moment {
  /** Number of the first step after it. */
  readonly step: number;
  readonly state: State;
}

const BLOCK_BYTES = 4096;

/** What differs, in runs that begin and end with a difference. */
function differences(before: Uint8Array, after: Uint8Array): { at: number; bytes: Uint8Array }[] {
  const found: { at: number; bytes: Uint8Array }[] = [];
  for (let block = 0; block < after.length; block += BLOCK_BYTES) {
    const end = Math.min(block + BLOCK_BYTES, after.length);
    const own = after.subarray(block, end);
    if (Buffer.compare(before.subarray(block, end), own) === 0) continue;
    let first = block;
    while (before[first] === after[first]) first++;
    let last = end - 1;
    while (before[last] === after[last]) last--;
    found.push({ at: first, bytes: after.slice(first, last + 1) });
  }
  return found;
}

/**
 * Of one domain. `moments` are chosen at random among all the times between two steps, as many as asked
 * for, each as likely as any other.
 */
export class Recording {
  readonly steps: RecordedStep[] = [];
  readonly moments: Moment[] = [];
  readonly #draw: Draw;
  readonly #momentsMax: number;
  #exports: WebAssembly.Exports = {};
  #calls: RecordedCall[] = [];

  constructor(draw: Draw, momentsMax: number) {
    this.#draw = draw;
    this.#momentsMax = momentsMax;
  }

  /** Runs `boot`, which instantiates the image of this domain and no other. */
  during<T>(boot: () => T): T {
    const engine = WebAssembly as { Instance: typeof WebAssembly.Instance };
    const { Instance } = engine;
    const wrap = (module: WebAssembly.Module, imports: WebAssembly.Imports): object =>
      this.#wrap(Instance, module, imports);
    engine.Instance = function (module: WebAssembly.Module, imports: WebAssembly.Imports) {
      return wrap(module, imports);
    } as unknown as typeof WebAssembly.Instance;
    try {
      return boot();
    } finally {
      engine.Instance = Instance;
    }
  }

  /** Hash of the state as it is. */
  get hash(): string {
    return hashOf(stateOf(this.#exports));
  }

  #wrap(
    Instance: typeof WebAssembly.Instance,
    module: WebAssembly.Module,
    imports: WebAssembly.Imports,
  ): object {
    const watched: WebAssembly.Imports = {};
    for (const [from, calls] of Object.entries(imports)) {
      watched[from] = {};
      for (const [name, call] of Object.entries(calls))
        watched[from][name] = this.#watch(name, call as (...args: unknown[]) => unknown);
    }
    const { exports } = new Instance(module, watched);
    this.#exports = exports;
    const step = exports["step"] as (nowNs: bigint, events: number) => bigint;
    return {
      exports: {
        ...exports,
        step: (nowNs: bigint, events: number) => this.#step(step, nowNs, events),
      },
    };
  }

  #watch(name: string, call: (...args: unknown[]) => unknown): (...args: never[]) => unknown {
    return (...args: (number | bigint)[]) => {
      const memory = (): Uint8Array =>
        new Uint8Array((this.#exports["memory"] as WebAssembly.Memory).buffer);
      const before = memory().slice();
      let result: RecordedCall["result"] = null;
      try {
        const value = call(...args) as number | bigint | undefined;
        result = { value };
        return value;
      } finally {
        this.#calls.push({ name, args, result, writes: differences(before, memory()) });
      }
    };
  }

  #step(step: (nowNs: bigint, events: number) => bigint, nowNs: bigint, events: number): bigint {
    this.#consider();
    this.#calls = [];
    let thrown: unknown;
    let deadline = 0n;
    const end = endOf(() => {
      try {
        return (deadline = step(nowNs, events));
      } catch (error) {
        thrown = error;
        throw error;
      }
    });
    this.steps.push({ nowNs, events, calls: this.#calls, end, hash: this.hash });
    if (thrown !== undefined) throw thrown as Error;
    return deadline;
  }

  /** Takes the state before a step so that in the end each moment has had the same chance. */
  #consider(): void {
    const step = this.steps.length;
    const at = step < this.#momentsMax ? step : this.#draw.below(step + 1);
    if (at >= this.#momentsMax) return;
    const { memory, globals } = stateOf(this.#exports);
    this.moments[at] = { step, state: { memory: memory.slice(), globals } };
  }
}
