/**
 * Two additions to AssemblyScript's own runtime, made in memory before the first compilation of a
 * process. Each names the text it changes, so that another version of the compiler fails loudly.
 */
import { AbortReason, IMPORT_MODULE } from "@phantasm/abi";

/** Lets the library OS see how much the collector manages. */
const HEAP_USED = `
// @ts-ignore: decorator
@global @unsafe
export function __heap_used(): usize {
  return total;
}
`;

/** Memory that cannot grow ends the domain with a reason of its own, not with a bare trap. */
const OUT_OF_MEMORY = `
// @ts-ignore: decorator
@external("${IMPORT_MODULE}", "abort")
declare function abortDomain(reason: i32, message: usize, length: i32): void;

function outOfMemory(): void {
  abortDomain(${AbortReason.MEMORY}, 0, 0);
  unreachable();
}
`;

const GROW = "if (memory.grow(pagesNeeded) < 0) unreachable();";

/** The library files of a compiler, by name without extension. */
export type LibraryFiles = Record<string, string>;

const prepared = new WeakSet<LibraryFiles>();

function file(files: LibraryFiles, name: string): string {
  const text = files[name];
  if (text === undefined) throw new Error(`AssemblyScript has no library file ${name}`);
  return text;
}

/** Changes `files` once. */
export function prepareStandardLibrary(files: LibraryFiles): void {
  if (prepared.has(files)) return;
  prepared.add(files);
  const allocator = file(files, "rt/tlsf");
  if (!allocator.includes(GROW))
    throw new Error("AssemblyScript's allocator has changed: rt/tlsf no longer grows as expected");
  files["rt/tlsf"] =
    allocator.replace(GROW, GROW.replace("unreachable()", "outOfMemory()")) + OUT_OF_MEMORY;
  files["rt/tcms"] = file(files, "rt/tcms") + HEAP_USED;
}
