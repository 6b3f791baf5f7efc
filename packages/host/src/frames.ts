/** The WebAssembly frames of an engine's stack trace, as numbers that side files can explain. */

/** One call inside the image. */
export interface WasmFrame {
  /** Index of the function, imports included. */
  readonly functionIndex: number;
  /** Byte offset of the instruction in the sealed image. */
  readonly offset: number;
  /** The name the engine knows, when the name section was there at compile time. */
  readonly name: string | null;
}

/** Frames kept of one trace; a stack overflow has thousands of equal ones. */
export const TRACE_FRAMES_MAX = 64;

const FRAME = /^\s*at (?:(.+) \()?wasm:\/\/[^\s)]*:wasm-function\[(\d+)\]:0x([0-9a-f]+)\)?$/;

/** Reads `Error.stack` of V8. Lines of JavaScript are left out. Innermost first. */
export function parseFrames(stack: string | undefined): WasmFrame[] {
  const frames: WasmFrame[] = [];
  for (const line of (stack ?? "").split("\n")) {
    const match = FRAME.exec(line);
    if (match === null) continue;
    frames.push({
      functionIndex: Number(match[2]),
      offset: Number.parseInt(match[3] ?? "0", 16),
      name: match[1] ?? null,
    });
  }
  return frames;
}
