/**
 * Pre-initialisation: `init` runs once while the image is built, and the image starts with what it left
 * in memory and globals. Its code, and what only it used, go.
 *
 * Whether that pays is decided by numbers that are the same on every machine: the bytes of the image both
 * ways, and the work of `init`. The debug profile keeps `init`, for a debugger to step through.
 */
import type { Profile } from "../configuration/unikernel.js";
import { BuildError, type Diagnostic } from "../diagnostics.js";
import { coreImage } from "../link/core.js";
import { exportGlobals, hideGlobals } from "./globals.js";
import { initFailure, initWarning, type Binary, type Places } from "./init-failure.js";
import type { Binaryen, Module } from "./optimise.js";
import { setSegments } from "./memory.js";
import { dataSegments } from "./segments.js";
import { tryInit, type InitialState, type Trial } from "./trial.js";

export interface FreezeOptions {
  readonly profile: Profile;
  /** The module before any pass, to find the line at which `init` fails; null: it was not kept. */
  readonly source: Binary | null;
  /** What is known of `init` from an earlier compilation. */
  readonly ended?: Ended | undefined;
  readonly places: Places;
  /** Of memory that data of devices will fill: `init` is not charged for them. */
  readonly dataPages: number;
  /** Puts back the imports that are declared but not called. */
  readonly complete: () => void;
}

/** How an `init` ended that did not come to its end. */
export type Ended = Exclude<Trial, { readonly outcome: "done" }>;

/**
 * To say at which line `init` ended, the module before any pass is needed, which takes time to emit: compile
 * again, and say how it ended.
 */
export class SourceWanted extends Error {
  readonly ended: Ended;

  constructor(ended: Ended) {
    super(`init has ${ended.outcome}`);
    this.ended = ended;
  }
}

export interface Frozen extends Binary {
  /** The image starts with what `init` left. */
  readonly frozen: boolean;
  readonly warnings: readonly Diagnostic[];
}

/**
 * Bytes that an image may grow by for each unit of work that its boot is spared. Measured: a unit takes
 * 0.03 ns in code that is warm and four times that at a first boot, where a byte of data costs 1 ns from a
 * compiled module and 2.5 ns from a file.
 */
const BYTES_PER_WORK: Readonly<Record<Profile, number>> = { speed: 1 / 32, size: 0, debug: 0 };

const PAGE_BYTES = 65_536;
const PAGES_MAX = 65_536;
/** After the values are in place: what only `init` used or set. */
const TIDY = ["simplify-globals-optimizing", "vacuum", "remove-unused-module-elements"];

function coreBytes({ binary }: Binary): number {
  return coreImage(binary).bytes.length;
}

/** Puts the values that `init` left into the globals that were exported as g0, g1 … */
function setGlobals(
  binaryen: Binaryen,
  module: Module,
  names: readonly string[],
  values: InitialState["globals"],
): void {
  /** Of a v128 the core keeps the upper half in a global of its own, behind all others. */
  let upper = names.length;
  names.forEach((name, index) => {
    const { type } = binaryen.getGlobalInfo(module.getGlobal(name));
    const value = values[index] ?? 0;
    let constant: number;
    if (type === binaryen.i32) constant = module.i32.const(Number(value));
    else if (type === binaryen.i64) constant = module.i64.const(BigInt(value));
    else if (type === binaryen.f32) constant = module.f32.const_bits(Number(value));
    else if (type === binaryen.f64) constant = module.f64.const_bits(BigInt(value));
    else {
      const halves = new DataView(new ArrayBuffer(16));
      halves.setBigInt64(0, BigInt(value), true);
      halves.setBigInt64(8, BigInt(values[upper++] ?? 0), true);
      constant = module.v128.const([...new Uint8Array(halves.buffer)]);
    }
    module.removeGlobal(name);
    module.addGlobal(name, type, true, constant);
  });
}

function setMemory(module: Module, memory: Uint8Array): void {
  const maximum = module.getMemoryInfo().max ?? PAGES_MAX;
  setSegments(module, { initial: memory.length / PAGE_BYTES, maximum }, dataSegments(memory));
}

/**
 * @param module as optimised, its mutable globals exported; is changed
 * @param plain the same, emitted
 * @throws BuildError when `init` fails, because every boot would
 * @throws SourceWanted
 */
export function freeze(
  binaryen: Binaryen,
  module: Module,
  plain: Binary,
  { profile, source, ended, places, dataPages, complete }: FreezeOptions,
): Frozen {
  const unchanged = { ...plain, frozen: false, warnings: [] };
  if (profile === "debug") return unchanged;
  const init = binaryen.getExportInfo(module.getExport("init")).value;
  const { body } = binaryen.getFunctionInfo(module.getFunction(init));
  if (binaryen.getExpressionId(body) === Number(binaryen.NopId)) return unchanged;
  const trial = ended ?? tryInit(plain.binary, dataPages);
  if (trial.outcome !== "done") {
    if (source === null) throw new SourceWanted(trial);
    if (trial.outcome === "failed") throw new BuildError([initFailure(source, places, trial)]);
    return { ...unchanged, warnings: [initWarning(source, places, trial)] };
  }
  const names = hideGlobals(binaryen, module);
  setGlobals(binaryen, module, names, trial.state.globals);
  setMemory(module, trial.state.memory);
  module.removeFunction(init);
  module.addFunction(init, binaryen.none, binaryen.none, [], module.nop());
  module.runPasses(TIDY);
  complete();
  exportGlobals(binaryen, module);
  const { binary, sourceMap } = module.emitBinary("image.wasm.map");
  const frozen = { binary, sourceMap: sourceMap ?? "{}" };
  const growth = coreBytes(frozen) - coreBytes(plain);
  if (growth > trial.work * BYTES_PER_WORK[profile]) return unchanged;
  return { ...frozen, frozen: true, warnings: [] };
}
