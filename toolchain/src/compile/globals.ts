/** The mutable globals of a module: with memory they are the whole state of a domain. */
import type { Binaryen, Module } from "./optimise.js";

const EXPORTED = /^g\d+$/;

/** Exports every mutable global as g0, g1 …, in index order. */
export function exportGlobals(binaryen: Binaryen, module: Module): void {
  let count = 0;
  for (let index = 0; index < module.getNumGlobals(); index++) {
    const { name, mutable } = binaryen.getGlobalInfo(module.getGlobalByIndex(index));
    if (mutable) module.addGlobalExport(name, `g${count++}`);
  }
}

/**
 * Takes these exports away, so that the optimiser sees who sets a global and who does not.
 *
 * @returns the names of the globals in the order of their exports
 */
export function hideGlobals(binaryen: Binaryen, module: Module): string[] {
  const names: string[] = [];
  for (let index = module.getNumExports() - 1; index >= 0; index--) {
    const { name, value } = binaryen.getExportInfo(module.getExportByIndex(index));
    if (!EXPORTED.test(name)) continue;
    names[Number(name.slice(1))] = value;
    module.removeExport(name);
  }
  return names;
}
