/** Puts a captured state into a domain, in the place of a boot. */
import { BootError } from "./attach.js";
import type { DomainState } from "./domain-options.js";
import { formatBytes } from "./format.js";
import type { RunnableImage } from "./runnable.js";

const PAGE_BYTES = 65_536;

/**
 * @throws Error when the state is of another image
 * @throws BootError when it has more memory than the domain may have
 */
export function checkState(image: RunnableImage, state: DomainState, bytesMax: number): void {
  const { name } = image.manifest;
  if (state.digest !== image.digest)
    throw new Error(`${name} is ${image.digest}, but the state is of ${state.digest}`);
  if (state.memory.length <= bytesMax) return;
  throw new BootError(
    "memory",
    `${name} goes on with ${formatBytes(state.memory.length)} of memory; the limit is ${formatBytes(bytesMax)}.`,
  );
}

/**
 * @param exports of an instance that has run nothing
 * @throws RangeError when the process has no room for its memory
 */
export function restore(exports: WebAssembly.Exports, { memory, globals }: DomainState): void {
  // The verifier has checked that these exports exist with these types.
  const own = exports["memory"] as WebAssembly.Memory;
  const missing = memory.length - own.buffer.byteLength;
  if (missing > 0) own.grow(missing / PAGE_BYTES);
  new Uint8Array(own.buffer).set(memory);
  globals.forEach((value, at) => {
    (exports[`g${at}`] as WebAssembly.Global).value = value;
  });
}
