/**
 * XXH64 of bytes: xxHash specification 0.1.1. In WebAssembly, because 64-bit products are one
 * instruction there: several GB/s, where numbers of JavaScript reach a tenth of that.
 */
import { XXH64_CODE } from "./xxh64-code.js";

interface Exports {
  readonly memory: WebAssembly.Memory;
  xxh64(at: number, bytes: number, seed: bigint): bigint;
}

const WASM_PAGE_BYTES = 65_536;

const module = new WebAssembly.Module(Buffer.from(XXH64_CODE, "base64"));
const { memory, xxh64: run } = new WebAssembly.Instance(module).exports as unknown as Exports;
let buffer = new Uint8Array(memory.buffer);

/** The memory grows to the longest input there ever was: for a store that is its log, 16 MiB. */
function reserve(bytes: number): void {
  if (bytes <= buffer.length) return;
  memory.grow(Math.ceil((bytes - buffer.length) / WASM_PAGE_BYTES));
  buffer = new Uint8Array(memory.buffer);
}

/** @returns 0 to 2⁶⁴ - 1 */
export function xxh64(bytes: Uint8Array, seed: bigint | number = 0): bigint {
  reserve(bytes.length);
  buffer.set(bytes);
  return BigInt.asUintN(64, run(0, bytes.length, BigInt.asIntN(64, BigInt(seed))));
}
