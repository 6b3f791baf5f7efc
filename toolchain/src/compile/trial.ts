/**
 * Runs the `init` of a module while it is built. It makes no hypercall but `abort` and reads no input:
 * what it leaves behind is what it would leave behind at every boot.
 */
import { HYPERCALLS, IMPORT_MODULE } from "@phantasm/abi";
import { parseFrames, type WasmFrame } from "@phantasm/host";
import { coreImage } from "../link/core.js";
import { METER_EXPORTS, Stopped, meterModule, type MeterLimits } from "./meter.js";

/** What memory and globals hold after `init`. */
export interface InitialState {
  readonly memory: Uint8Array;
  /** `g0`, `g1` … of the module's core, in which floating-point globals are integers. */
  readonly globals: readonly (number | bigint)[];
}

/** It fails, and would at every boot. */
export interface Failure {
  readonly outcome: "failed";
  readonly message: string;
  /** Innermost call first; offsets in the module given. */
  readonly frames: readonly WasmFrame[];
}

/** It takes more than a build should spend on it. */
export interface Stop {
  readonly outcome: "stopped";
  readonly what: "work" | "stack" | "memory";
  readonly frames: readonly WasmFrame[];
}

export type Trial =
  | { readonly outcome: "done"; readonly state: InitialState; readonly work: number }
  | Stop
  | Failure;

/**
 * About a second of computing, a quarter of the engine's stack, and the memory that an image could hold
 * as data.
 */
const LIMITS: MeterLimits = { work: 1n << 33n, stackBytes: 256 * 1024, pages: 1024 };

/** What a hypercall throws, so that it is told from faults of the build. */
class Call extends Error {}

interface InitExports {
  readonly memory: WebAssembly.Memory;
  readonly init: () => void;
}

/** @param memory the module's, once it has one */
function imports(module: WebAssembly.Module, memory: () => Uint8Array): WebAssembly.Imports {
  const calls: Record<string, WebAssembly.ModuleImports> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    calls[from] ??= {};
    calls[from][name] =
      from === IMPORT_MODULE && name === "abort"
        ? (_reason: number, at: number, length: number): never => {
            const start = at >>> 0;
            const text = memory().subarray(start, start + (length >>> 0));
            throw new Call(new TextDecoder().decode(text) || "it is out of memory");
          }
        : (): never => {
            throw new Call(`it calls ${hypercall(name)}, but has no devices yet`);
          };
  }
  return calls;
}

function hypercall(name: string): string {
  return HYPERCALLS.some((call) => call.name === name) ? `the hypercall ${name}` : name;
}

/** The old offset that a new one comes from; `apply` never descends. */
function before(apply: (offset: number) => number, end: number, offset: number): number {
  let low = 0;
  let high = end;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (apply(middle) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * @param bytes a module as the optimiser emits it
 * @param dataPages of memory that are taken by data of devices, which are made after `init`
 */
export function tryInit(bytes: Uint8Array, dataPages = 0): Trial {
  const core = coreImage(bytes);
  const metered = meterModule(core.bytes, { ...LIMITS, pages: LIMITS.pages + dataPages });
  const module = new WebAssembly.Module(metered.bytes);
  const instance = new WebAssembly.Instance(
    module,
    imports(module, () => new Uint8Array(exported.memory.buffer)),
  );
  const exported = instance.exports as unknown as InitExports;
  const global = (name: string): number | bigint | undefined => {
    const found = instance.exports[name];
    return found instanceof WebAssembly.Global ? (found.value as number | bigint) : undefined;
  };
  let failure: Error | undefined;
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 64;
  try {
    exported.init();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    failure = error;
  } finally {
    Error.stackTraceLimit = limit;
  }
  if (failure === undefined) {
    const globals: (number | bigint)[] = [];
    for (let value = global("g0"); value !== undefined; value = global(`g${globals.length}`))
      globals.push(value);
    const work = Number(LIMITS.work - BigInt(global(METER_EXPORTS.work) ?? 0));
    const memory = new Uint8Array(exported.memory.buffer);
    return { outcome: "done", state: { memory, globals }, work };
  }
  const original = (offset: number): number => {
    const inCore = before((at) => metered.relocation.apply(at), core.bytes.length, offset);
    return before((at) => core.relocation.apply(at), bytes.length, inCore);
  };
  const frames = parseFrames(failure.stack).map((frame) => ({
    ...frame,
    offset: original(frame.offset),
  }));
  const what = stopped(global(METER_EXPORTS.reason), failure);
  if (what !== null) return { outcome: "stopped", what, frames };
  if (!(failure instanceof Call || failure instanceof WebAssembly.RuntimeError)) throw failure;
  return { outcome: "failed", message: failure.message, frames };
}

/** The limit that was met, or null: it failed by itself. */
function stopped(reason: unknown, failure: Error): Stop["what"] | null {
  if (reason === Stopped.WORK) return "work";
  if (reason === Stopped.MEMORY) return "memory";
  if (reason === Stopped.STACK || failure instanceof RangeError) return "stack";
  return null;
}
