/** exit, abort, arguments, clocks, entropy: the calls without a device. */
import { AbortReason, Exit, Limit, type HypercallName } from "@phantasm/abi";
import { escapeTerminal } from "@phantasm/seal/escape";
import type { Clock } from "../clock.js";
import type { Entropy } from "../entropy.js";
import { formatBytes } from "../format.js";
import { callIndex, captureFrames, type CallContext } from "./context.js";

export interface PlainOptions {
  readonly arguments: Uint8Array;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Reading of the monotonic clock at which the guest's time was 0. */
  readonly originNs: bigint;
}

const EXIT = callIndex("exit");
const ABORT = callIndex("abort");
const ARGUMENTS = callIndex("arguments");
const WALL_CLOCK = callIndex("wall_clock");
const MONOTONIC_CLOCK = callIndex("monotonic_clock");
const ENTROPY = callIndex("entropy");

/** The function for one import, or null when `name` is not of this group. */
export function plainCall(
  context: CallContext,
  options: PlainOptions,
  name: HypercallName,
): WebAssembly.ImportValue | null {
  switch (name) {
    case "exit":
      return (status: number) => exit(context, status);
    case "abort":
      return (reason: number, message: number, length: number) =>
        abort(context, reason, message, length);
    case "arguments":
      return (ptr: number, capacity: number) => readArguments(context, options, ptr, capacity);
    case "wall_clock":
      return () => {
        context.enter(WALL_CLOCK);
        return options.clock.wall();
      };
    case "monotonic_clock":
      return () => {
        context.enter(MONOTONIC_CLOCK);
        return options.clock.monotonic() - options.originNs;
      };
    case "entropy":
      return (ptr: number, length: number) => entropy(context, options, ptr, length);
    default:
      return null;
  }
}

function exit(context: CallContext, status: number): never {
  context.enter(EXIT);
  if (status < 0 || status > Exit.STATUS_MAX) {
    context.bug(EXIT, `status ${status} is outside 0 to ${Exit.STATUS_MAX}`);
  }
  context.end({ status, reason: "exit", message: "", trace: [] });
}

function abort(context: CallContext, reason: number, message: number, length: number): never {
  context.enterAbort(ABORT);
  if (reason !== AbortReason.FAILURE && reason !== AbortReason.MEMORY) {
    context.bug(ABORT, `reason ${reason} is neither 0 nor 1`);
  }
  context.checkRange(ABORT, message, length);
  const kept = Math.min(length >>> 0, Limit.ABORT_MESSAGE_BYTES_MAX);
  const text = escapeTerminal(new TextDecoder().decode(context.memory.view(message, kept)));
  const trace = captureFrames();
  if (reason === AbortReason.MEMORY) {
    const told = `it has ${formatBytes(context.memoryBytes)} and needs more than it may have`;
    context.end({ status: Exit.MEMORY, reason: "memory", message: text || told, trace });
  }
  context.end({ status: Exit.ABORT, reason: "abort", message: text || "abort", trace });
}

function readArguments(
  context: CallContext,
  options: PlainOptions,
  ptr: number,
  capacity: number,
): number {
  context.enter(ARGUMENTS);
  const bytes = options.arguments;
  if (capacity === 0) return bytes.length;
  if (capacity >>> 0 < bytes.length) {
    context.bug(ARGUMENTS, `capacity ${capacity >>> 0} is less than the ${bytes.length} needed`);
  }
  context.checkRange(ARGUMENTS, ptr, capacity);
  context.memory.bytes.set(bytes, ptr >>> 0);
  return bytes.length;
}

function entropy(context: CallContext, options: PlainOptions, ptr: number, length: number): void {
  context.enter(ENTROPY);
  if (length >>> 0 > Limit.ENTROPY_BYTES_MAX) {
    context.bug(ENTROPY, `length ${length >>> 0} is more than ${Limit.ENTROPY_BYTES_MAX}`);
  }
  context.checkRange(ENTROPY, ptr, length);
  options.entropy.fill(context.memory.view(ptr, length));
}
