/**
 * Optimises and emits a module. Every option of Binaryen is process-wide and outlives a build, so all
 * that matter are set here each time: the same module gives the same bytes, first build or tenth.
 */
import type binaryenLibrary from "assemblyscript/binaryen";
import { HYPERCALLS, IMPORT_MODULE, type Capability } from "@phantasm/abi";
import type { Profile } from "../configuration/unikernel.js";
import type { Diagnostic } from "../diagnostics.js";
import { keepOpen, setConstant } from "./constants.js";
import { freeze } from "./freeze.js";
import { exportGlobals } from "./globals.js";
import type { Binary } from "./init-failure.js";
import { Known, STUB } from "./known.js";
import { FUNCTIONS, LEVELS, MERGE, UNUSED, wholePasses, type Levels } from "./passes.js";
import {
  checkSuspension,
  keepEdges,
  switches,
  transformSuspension,
  type SuspensionRules,
} from "./suspension.js";
import { dropUnusedStrings } from "./unused-strings.js";

export type Binaryen = typeof binaryenLibrary;
export type Module = InstanceType<Binaryen["Module"]>;

/** What the optimiser leaves: a binary with names, and the source map of its byte offsets. */
export interface Emitted {
  readonly binary: Uint8Array;
  readonly sourceMap: string;
  /** Names of the functions that can suspend; null: the image has no fibres. */
  readonly suspending: readonly string[] | null;
  /** `init` ran while the image was built: at a boot there is nothing left for it to do. */
  readonly frozen: boolean;
  readonly warnings: readonly Diagnostic[];
}

export interface OptimiseOptions {
  readonly profile: Profile;
  /** Name of the application's main function. */
  readonly main: string;
  /** Of the devices of the graph. */
  readonly capabilities: readonly Capability[];
  readonly memoryPagesMax: number;
  /** Of memory that data of devices will fill. */
  readonly dataPages: number;
  /** @param sourceMap of the module as it is before any pass */
  readonly rules: (sourceMap: string) => SuspensionRules;
}

function pin(binaryen: Binaryen, { optimize, shrink, inline }: Levels): void {
  binaryen.setOptimizeLevel(optimize);
  binaryen.setShrinkLevel(shrink);
  binaryen.setDebugInfo(true);
  binaryen.setLowMemoryUnused(true);
  binaryen.setZeroFilledMemory(true);
  binaryen.setFastMath(false);
  binaryen.setTrapsNeverHappen(false);
  binaryen.setClosedWorld(true);
  binaryen.setGenerateStackIR(true);
  binaryen.setOptimizeStackIR(true);
  binaryen.setAlwaysInlineMaxSize(inline[0]);
  binaryen.setFlexibleInlineMaxSize(inline[1]);
  binaryen.setOneCallerInlineMaxSize(inline[2]);
  binaryen.setAllowInliningFunctionsWithLoops(optimize >= 3);
  binaryen.clearPassArguments();
}

/**
 * A capability stands for all its hypercalls: those that the image does not call are imported all the
 * same, so that the manifest implies the list of imports exactly.
 */
function completeImports(
  binaryen: Binaryen,
  module: Module,
  declared: readonly Capability[],
): void {
  const imported = new Set<string>();
  for (let index = 0; index < module.getNumFunctions(); index++) {
    const info = binaryen.getFunctionInfo(module.getFunctionByIndex(index));
    if (info.module === IMPORT_MODULE && info.base !== null) imported.add(info.base);
  }
  const capabilities = new Set<Capability | null>([null, ...declared]);
  for (const { name, capability } of HYPERCALLS)
    if (imported.has(name)) capabilities.add(capability);
  const types = { i32: binaryen.i32, i64: binaryen.i64 };
  for (const { name, capability, parameters, result } of HYPERCALLS) {
    if (!capabilities.has(capability) || imported.has(name)) continue;
    module.addFunctionImport(
      `${IMPORT_MODULE}.${name}`,
      IMPORT_MODULE,
      name,
      binaryen.createType(parameters.map(({ type }) => types[type])),
      result === null ? binaryen.none : types[result.type],
    );
  }
}

/**
 * Keeps `main` and the application's handlers as functions of their own, so that a trace names them.
 * They are what the library OS calls, once an event: not where time goes.
 */
function keepHandlers(binaryen: Binaryen, module: Module, main: string): void {
  const names = Array.from(
    { length: module.getNumFunctions() },
    (_, index) => binaryen.getFunctionInfo(module.getFunctionByIndex(index)).name,
  );
  const methods = new Set(
    names
      .filter((name) => name.startsWith("~lib/") && name.endsWith(STUB))
      .map((name) => name.slice(name.lastIndexOf("#"), -STUB.length)),
  );
  for (const name of names) {
    if (name.startsWith("~lib/") || name.startsWith(".phantasm/")) continue;
    if (name !== main && !methods.has(name.slice(name.lastIndexOf("#")))) continue;
    binaryen.setPassArgument("no-inline", name);
    module.runPasses(["no-inline"]);
  }
  binaryen.clearPassArguments();
}

function emit(module: Module): Binary {
  const { binary, sourceMap } = module.emitBinary("image.wasm.map");
  return { binary, sourceMap: sourceMap ?? "{}" };
}

/**
 * @param module is changed
 * @throws BuildError when something suspends that must not, or `init` fails
 */
export function optimise(binaryen: Binaryen, module: Module, options: OptimiseOptions): Emitted {
  const { profile, main, capabilities, memoryPagesMax, dataPages, rules } = options;
  const levels = LEVELS[profile];
  const fibres = switches(module);
  pin(binaryen, levels);
  setConstant(binaryen, module, "FIBRES", fibres ? 1 : 0);
  const small = profile === "size";
  setConstant(binaryen, module, "CLEARS", small ? 1 : 0);
  setConstant(binaryen, module, "PLACES", small ? 0 : 1);
  setConstant(binaryen, module, "MEMORY_PAGES_MAX", memoryPagesMax);
  const source = emit(module);
  if (fibres) checkSuspension(source.binary, rules(source.sourceMap));
  keepHandlers(binaryen, module, main);
  if (fibres) keepEdges(binaryen, module);
  const close = keepOpen(module, "FIBRE_BUFFER_BYTES");
  if (profile !== "debug") {
    new Known(binaryen, module).apply(small);
    module.runPasses(MERGE);
    dropUnusedStrings(binaryen, module);
    module.runPasses(wholePasses(profile));
  }
  close();
  const suspending = fibres ? transformSuspension(binaryen, module, levels.optimize) : null;
  if (fibres && profile !== "debug") module.runPasses([...FUNCTIONS, ...UNUSED]);
  module.runPasses(["duplicate-import-elimination", "remove-unused-module-elements"]);
  // What is called most has the shortest numbers.
  if (small) module.runPasses(["reorder-functions"]);
  const complete = (): void => completeImports(binaryen, module, capabilities);
  complete();
  exportGlobals(binaryen, module);
  const frozen = freeze(binaryen, module, emit(module), {
    profile,
    source,
    places: rules,
    dataPages,
    complete,
  });
  return { ...frozen, suspending };
}
