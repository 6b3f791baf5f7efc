/** What an exception that came out of an image means. */
import { Exit } from "@phantasm/abi";
import { DeviceFailure, type DomainExit } from "./exit.js";
import { parseFrames } from "./frames.js";
import { isStackOverflow } from "./hypercalls/context.js";

/** What the engine says when an instance cannot have its memory, and when a restored one cannot. */
const NO_ROOM = /Cannot allocate Wasm memory|Unable to grow instance memory/;

/** The exit it stands for, or null: it is a fault of the host. */
export function classify(error: unknown): DomainExit | null {
  if (error instanceof DeviceFailure) {
    return { status: Exit.DEVICE, reason: "device", message: error.message, trace: [] };
  }
  if (isStackOverflow(error)) {
    const message = "its calls are nested too deeply (stack overflow)";
    return { status: Exit.TRAP, reason: "stack-overflow", message, trace: framesOf(error) };
  }
  if (error instanceof WebAssembly.RuntimeError) {
    return { status: Exit.TRAP, reason: "trap", message: error.message, trace: framesOf(error) };
  }
  if (error instanceof RangeError && NO_ROOM.test(error.message)) {
    const message = "this process has no room for the memory of another domain";
    return { status: Exit.MEMORY, reason: "memory", message, trace: [] };
  }
  return null;
}

function framesOf(error: unknown): DomainExit["trace"] {
  return error instanceof Error ? parseFrames(error.stack) : [];
}
