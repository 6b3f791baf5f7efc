/** The link step of an AssemblyScript test: what it needs to run, and no optimisation. */
import { setConstant } from "./constants.js";
import type { Binaryen, Module } from "./optimise.js";
import { keepEdges, switches, transformSuspension } from "./suspension.js";

/** @param module is changed */
export function linkTest(binaryen: Binaryen, module: Module): void {
  const fibres = switches(module);
  setConstant(binaryen, module, "FIBRES", fibres ? 1 : 0);
  if (!fibres) return;
  binaryen.setDebugInfo(true);
  keepEdges(binaryen, module);
  transformSuspension(binaryen, module, 0);
}
