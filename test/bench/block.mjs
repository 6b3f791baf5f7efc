// Disks, beside fio on the same file.
import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "../../toolchain/dist/build.js";
import { median } from "./report.mjs";

const FILE_BYTES = 256 * 2 ** 20;
const PAIRS = 5;
const FIO_SECONDS = 1;
const KIB4 = 4096;
const MIB = 2 ** 20;

/** What is measured: fio's job, the image's arguments, how the file is attached. */
const CASES = [
  ["4 KiB random read, cached", "randread", { bytes: KIB4, count: 300_000 }],
  ["4 KiB random write, cached", "randwrite", { bytes: KIB4, count: 300_000, write: true }],
  [
    "4 KiB random read, cached, fibre-like",
    "randread",
    { bytes: KIB4, count: 300_000, apart: true },
  ],
  ["1 MiB sequential read, cached", "read", { bytes: MIB, count: 2_000, sequential: true }],
  [
    "1 MiB sequential write, cached",
    "write",
    { bytes: MIB, count: 1_000, sequential: true, write: true },
  ],
  ["4 KiB random read, direct", "randread", { bytes: KIB4, count: 5_000 }, true],
  [
    "4 KiB random read, direct, 8 in flight",
    "randread",
    { bytes: KIB4, count: 20_000, depth: 8 },
    true,
  ],
  ["4 KiB random write, direct", "randwrite", { bytes: KIB4, count: 5_000, write: true }, true],
  [
    "4 KiB random write, direct, 8 in flight",
    "randwrite",
    { bytes: KIB4, count: 20_000, depth: 8, write: true },
    true,
  ],
  ["1 MiB sequential read, direct", "read", { bytes: MIB, count: 300, sequential: true }, true],
];

/** ns that a request takes with fio: one at a time, by pread(2) and pwrite(2). */
function fio(file, job, bytes, direct) {
  const output = execFileSync(
    "fio",
    [
      "--name=peer",
      `--filename=${file}`,
      "--ioengine=psync",
      `--rw=${job}`,
      `--bs=${bytes}`,
      `--size=${FILE_BYTES}`,
      `--runtime=${FIO_SECONDS}`,
      "--time_based",
      "--norandommap",
      "--invalidate=0",
      `--direct=${direct ? 1 : 0}`,
      "--output-format=json",
    ],
    { encoding: "utf8" },
  );
  const [{ read, write }] = JSON.parse(output.slice(output.indexOf("{"))).jobs;
  return 1e9 / (read.iops || write.iops);
}

function ours(image, file, values, direct) {
  const disk = { kind: "file", path: file, ...(direct ? { direct, sectorBytes: KIB4 } : {}) };
  const script = fileURLToPath(new URL("block-run.mjs", import.meta.url));
  const args = [script, image, JSON.stringify(disk), JSON.stringify(values)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
}

function fill(file) {
  const fd = openSync(file, "w");
  const chunk = Buffer.alloc(MIB, 0x5a);
  for (let done = 0; done < FILE_BYTES; done += MIB) writeSync(fd, chunk);
  closeSync(fd);
}

/** In turn with fio, so that both see the same machine; the ratio is that of each pair. */
export async function block(report) {
  const hasPeer = spawnSync("fio", ["--version"]).status === 0;
  if (!hasPeer) report.row("fio", "not installed: no ratios; apt-get install fio");
  const folder = mkdtempSync(join(tmpdir(), "phantasm-bench-"));
  try {
    const image = join(folder, "block.wasm");
    await build({ directory: fileURLToPath(new URL("block", import.meta.url)), output: image });
    const file = join(folder, "disk");
    fill(file);
    for (const [what, job, values, direct = false] of CASES) {
      const runs = [];
      const peers = [];
      for (let pair = 0; pair < PAIRS; pair++) {
        runs.push(ours(image, file, values, direct));
        if (hasPeer) peers.push(fio(file, job, values.bytes, direct));
      }
      const each = runs.map(({ ns }) => ns);
      const steps = median(runs.map(({ stepsPerRequest }) => stepsPerRequest));
      const unit = (ns) =>
        values.bytes === MIB
          ? `${((MIB / ns) * (1e9 / MIB)).toFixed(0)} MiB/s`
          : `${(ns / 1e3).toFixed(2)} µs`;
      const ratios = peers.map((peer, pair) => peer / each[pair]);
      const ratio = hasPeer
        ? `; fio ${unit(median(peers))}; ${median(ratios).toFixed(2)} × (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`
        : "";
      report.row(
        `disk: ${what}`,
        `${unit(median(each))}, ${steps.toFixed(2)} steps${ratio}`,
        "≥ 0.9 ×",
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
