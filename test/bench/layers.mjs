// What disks on top of disks cost: beside the bare disk, in turn with it, in the memory of the host.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "../../toolchain/dist/build.js";

/** The device in layers/phantasm.config.ts, and what it is. */
const LAYERS = [
  ["sliced", "slice"],
  ["timed", "timeout"],
  ["cached", "cache"],
  ["overlaid", "overlay"],
  ["overlaidInMemory", "overlayInMemory"],
  ["checked", "checksummed"],
  ["mirrored", "mirror"],
  ["ram", "ramDisk, in the image"],
];

const CASES = [
  ["4 KiB read", { bytes: 4096, count: 20_000 }],
  ["4 KiB write", { bytes: 4096, count: 20_000, write: true }],
  ["4 KiB write, 8 in flight", { bytes: 4096, count: 20_000, depth: 8, write: true }],
  ["64 KiB read", { bytes: 65_536, count: 4_000 }],
  ["64 KiB write", { bytes: 65_536, count: 4_000, write: true }],
];

export async function layers(report) {
  const folder = mkdtempSync(join(tmpdir(), "phantasm-bench-"));
  try {
    const image = join(folder, "layers.wasm");
    await build({ directory: fileURLToPath(new URL("layers", import.meta.url)), output: image });
    const script = fileURLToPath(new URL("layers-run.mjs", import.meta.url));
    for (const [device, name] of LAYERS) {
      const cases = JSON.stringify(CASES.map(([, values]) => values));
      const output = execFileSync(process.execPath, [script, image, device, cases], {
        encoding: "utf8",
      });
      for (const [at, pairs] of JSON.parse(output).entries()) {
        // The fastest of each: what else the machine did only adds.
        const [layer, bare] = ["layer", "bare"].map((which) =>
          Math.min(...pairs.map((pair) => pair[which])),
        );
        const us = (ns) => `${(ns / 1e3).toFixed(2)} µs`;
        report.row(
          `${name}: ${CASES[at][0]}`,
          `${us(layer)}; bare ${us(bare)}; ${(layer / bare).toFixed(2)} × its time`,
        );
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
