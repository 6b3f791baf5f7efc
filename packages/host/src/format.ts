/** Quantities as people read them. */

const DURATION_UNITS = [
  ["s", 1e9],
  ["ms", 1e6],
  ["us", 1e3],
] as const;

/** `2500000000` ns → `2.5s`. At most three digits after the point. */
export function formatDuration(ns: number): string {
  for (const [unit, factor] of DURATION_UNITS) {
    if (ns >= factor) return `${Number((ns / factor).toFixed(3))}${unit}`;
  }
  return `${ns}ns`;
}

const SIZE_UNITS = [
  ["GiB", 2 ** 30],
  ["MiB", 2 ** 20],
  ["KiB", 2 ** 10],
] as const;

/** `65536` bytes → `64 KiB`. At most one digit after the point. */
export function formatBytes(bytes: number): string {
  for (const [unit, factor] of SIZE_UNITS) {
    if (bytes >= factor) return `${Number((bytes / factor).toFixed(1))} ${unit}`;
  }
  return `${bytes} bytes`;
}

/** `9998` → `9 998`. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, " ");
}
