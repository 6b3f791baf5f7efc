/** Fills in what only the link step knows: the variables of packages/runtime/assembly/link.ts. */
import type { Binaryen, Module } from "./optimise.js";

const LINK = "~lib/@phantasm/runtime/link/";

export type LinkConstant =
  | "CLEARS"
  | "FIBRES"
  | "FIBRE_BUFFER_BYTES"
  | "MEMORY_PAGES_MAX"
  | "PLACES";

/** Arguments of the compiler that make DEBUG true; without them it is false. */
export const DEBUG_ARGUMENTS: readonly string[] = ["--use", "PHANTASM_DEBUG=1"];

/** Makes a variable a constant, so that the optimiser can act on it; nothing if the image has none. */
export function setConstant(
  binaryen: Binaryen,
  module: Module,
  name: LinkConstant,
  value: number,
): void {
  if (module.getGlobal(LINK + name) === 0) return;
  module.removeGlobal(LINK + name);
  module.addGlobal(LINK + name, binaryen.i32, false, module.i32.const(value));
}

/** Keeps the optimiser from taking a variable that is not filled in yet for a constant. */
export function keepOpen(module: Module, name: LinkConstant): () => void {
  if (module.getGlobal(LINK + name) === 0) return () => undefined;
  module.addGlobalExport(LINK + name, name);
  return () => module.removeExport(name);
}
