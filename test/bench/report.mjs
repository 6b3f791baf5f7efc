// Statistics and the table that a benchmark prints.
import { cpus, totalmem } from "node:os";

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median, and the lowest and highest value behind it. */
export function spread(values, unit, digits = 2) {
  const low = Math.min(...values).toFixed(digits);
  const high = Math.max(...values).toFixed(digits);
  return `${median(values).toFixed(digits)} ${unit} (${low} to ${high})`;
}

/** The machine in one line. */
export function machine() {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpu?.model.trim() ?? "unknown processor"}, ${cpus().length} processors, ${memory} GiB, Node ${process.version}`;
}

/** Milliseconds of one call. */
export async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Rows of `| what | measured | target |`. */
export class Report {
  #rows = [];

  row(what, measured, target = "") {
    this.#rows.push(`| ${what} | ${measured} | ${target} |`);
    console.error(`${what}: ${measured}`);
  }

  toString() {
    return ["| what | measured | target |", "| --- | --- | --- |", ...this.#rows].join("\n");
  }
}
