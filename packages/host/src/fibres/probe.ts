/**
 * The stacks of suspended fibres. Their frames are bytes in the memory of the image whose layout only
 * the image knows, so the image itself is asked: in a copy of the domain it goes back into a fibre and
 * aborts there, and the engine's own trace of that is the stack.
 */
import { IMPORT_MODULE } from "@phantasm/abi";
import type { Manifest } from "@phantasm/seal";
import { parseFrames, TRACE_FRAMES_MAX, type WasmFrame } from "../frames.js";
import { observationBlock } from "../observe.js";

/** What a copy is made of. Nothing in it is changed or kept. */
export interface Original {
  readonly manifest: Pick<Manifest, "observation">;
  readonly module: WebAssembly.Module;
  readonly memory: Uint8Array;
  /** `g0`, `g1` … in order. */
  readonly globals: readonly (number | bigint)[];
  readonly nowNs: bigint;
  /** Told when code of the image runs, and when no longer: for a watchdog. */
  readonly running: (runs: boolean) => void;
}

/** `frames` are innermost first. `not started`: it has run nothing yet. */
export type Stack =
  | { readonly frames: readonly WasmFrame[] }
  | "not started"
  /** The image has not shown it. */
  | "unknown";

interface CopyExports {
  readonly memory: WebAssembly.Memory;
  readonly step: (nowNs: bigint, events: number) => bigint;
}

const PAGE_BYTES = 65_536;
const PROBE = 104;
const RUNNING = 108;
/** What an image says of a fibre that has no frames (packages/fibre/assembly/switch.ts). */
const NO_FRAMES = "a fibre without frames";
const MESSAGE_BYTES_MAX = 64;

/** Stops the copy, from inside its first hypercall. */
class Stopped extends Error {
  readonly text: string | null;

  /** @param text the message of an abort; null: it was another hypercall */
  constructor(text: string | null) {
    super("stopped");
    this.text = text;
  }
}

/** A copy of a domain at rest, in which one fibre after the other is shown. */
export class FibreProbe {
  readonly #original: Original;
  readonly #exports: CopyExports;
  readonly #globals: readonly WebAssembly.Global[];

  private constructor(original: Original, instance: WebAssembly.Instance) {
    this.#original = original;
    // The verifier has checked that these exports exist with these types.
    this.#exports = instance.exports as unknown as CopyExports;
    const exported = instance.exports as Readonly<Record<string, unknown>>;
    this.#globals = original.globals.flatMap((_, at) => {
      const global = exported[`g${at}`];
      return global instanceof WebAssembly.Global ? [global] : [];
    });
  }

  /** Copies a domain; null when the machine has no room for its memory, or it is no image with a block. */
  static of(original: Original): FibreProbe | null {
    const { manifest, module, memory } = original;
    if (observationBlock(manifest, memory) === null) return null;
    // A machine that is out of memory ends this process, and with it the domain that was only looked at.
    if (memory.length > process.availableMemory() / 2) return null;
    let instance: WebAssembly.Instance | null = null;
    try {
      const imports: WebAssembly.ModuleImports = {};
      for (const { name } of WebAssembly.Module.imports(module)) {
        imports[name] = (_: number, pointer: number, length: number): never => {
          throw new Stopped(name === "abort" ? read(instance, pointer, length) : null);
        };
      }
      instance = new WebAssembly.Instance(module, { [IMPORT_MODULE]: imports });
      const copy = (instance.exports as unknown as CopyExports).memory;
      const missing = memory.length - copy.buffer.byteLength;
      if (missing > 0) copy.grow(missing / PAGE_BYTES);
      new Uint8Array(copy.buffer).set(memory);
      return new FibreProbe(original, instance);
    } catch {
      return null;
    }
  }

  /**
   * The stack of the fibre at an address. The image runs for it, in the copy: whoever asks is as much at
   * its mercy as in a step.
   */
  stack(address: number): Stack {
    const { manifest, memory, globals, nowNs, running } = this.#original;
    // What the image changes on the way to the fibre: its globals, its block, and the fibre's own frames,
    // which are shown once.
    this.#globals.forEach((global, at) => (global.value = globals[at]));
    const { address: start, bytes } = manifest.observation;
    const copy = new Uint8Array(this.#exports.memory.buffer);
    copy.set(memory.subarray(start, start + bytes), start);
    const block = observationBlock(manifest, copy);
    if (block === null) return "unknown";
    block.setUint32(PROBE, address, true);
    block.setUint32(RUNNING, 0, true);
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = TRACE_FRAMES_MAX;
    running(true);
    try {
      this.#exports.step(nowNs, 0);
      return "unknown";
    } catch (error) {
      if (!(error instanceof Stopped) || error.text === null) return "unknown";
      if (error.text.startsWith(NO_FRAMES)) return "not started";
      return { frames: parseFrames(error.stack) };
    } finally {
      Error.stackTraceLimit = limit;
      running(false);
    }
  }
}

function read(instance: WebAssembly.Instance | null, pointer: number, length: number): string {
  if (instance === null) return "";
  const { buffer } = (instance.exports as unknown as CopyExports).memory;
  const start = pointer >>> 0;
  const bytes = Math.min(length >>> 0, MESSAGE_BYTES_MAX, Math.max(buffer.byteLength - start, 0));
  return Buffer.from(new Uint8Array(buffer, start, bytes)).toString("latin1");
}
