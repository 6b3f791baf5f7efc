/** The memory of a module: its limits, and what it starts with. */
import type { DataSegment } from "./segments.js";
import type { Module } from "./optimise.js";

/** As the compiler names it. */
const MEMORY = "0";

/** Replaces limits, in pages of 64 KiB, and all data segments. */
export function setSegments(
  module: Module,
  { initial, maximum }: { readonly initial: number; readonly maximum: number },
  segments: readonly DataSegment[],
): void {
  module.removeExport("memory");
  module.setMemory(
    initial,
    maximum,
    "memory",
    segments.map(({ offset, data }) => ({
      offset: module.i32.const(offset),
      data,
      passive: false,
    })),
    false,
    false,
    MEMORY,
  );
}
