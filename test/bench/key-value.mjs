// Key-value stores: durable batches, point reads, scans and recovery, beside SQLite and LevelDB on the same disk.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "../../toolchain/dist/build.js";
import { median } from "./report.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const COMMAND = join(ROOT, "toolchain", "bin", "phantasm.js");
const PEER = fileURLToPath(new URL("key-value-peers.mjs", import.meta.url));
const ROUNDS = 3;
const KEYS = 200_000;
const BATCH = 100;
const SINGLES = 2000;
const BYTES = 100;
const GIBIBYTE_KEYS = 900_000;

/** Where `npm install --prefix FOLDER better-sqlite3 classic-level` has put the peers. */
const MODULES = process.env["PHANTASM_BENCH_PEERS"] ?? "";
const PEERS = [
  ["SQLite", "sqlite", "better-sqlite3"],
  ["LevelDB", "leveldb", "classic-level"],
];

const PHASES = [
  ["fill", `durable batches of ${BATCH}, ns a put`],
  ["get", "get, ns"],
  ["scan", "scan, ns a key"],
  ["single", "durable put of one key, ns"],
];

/** ns of each phase, from lines of JSON. */
function phases(output) {
  const found = new Map();
  for (const line of output.trim().split("\n")) {
    const { phase, count, ns } = JSON.parse(line);
    found.set(phase, ns / count);
  }
  return found;
}

function node(...words) {
  return execFileSync(process.execPath, words, { encoding: "utf8", maxBuffer: 2 ** 24 });
}

function inFolder(work) {
  const folder = mkdtempSync(join(process.env["PHANTASM_BENCH_DISK"] ?? tmpdir(), "phantasm-kv-"));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function ours(image, disk, ...words) {
  return phases(node(COMMAND, "run", image, "--block", `disk=${disk}`, "--", ...words));
}

export async function keyValue(report) {
  const { path: image } = await build({ directory: join(ROOT, "test", "bench", "key-value") });
  const peers = PEERS.filter(([, , module]) => existsSync(join(MODULES, "node_modules", module)));
  if (peers.length < PEERS.length)
    report.row(
      "SQLite and LevelDB",
      "not found: npm install --prefix FOLDER better-sqlite3 classic-level, and PHANTASM_BENCH_PEERS=FOLDER",
    );
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++)
    rounds.push(
      inFolder((folder) => {
        const sizes = [`--keys=${KEYS}`, `--batch=${BATCH}`, `--singles=${SINGLES}`];
        const results = new Map([
          ["image", ours(image, `${join(folder, "store.img")}:256M`, ...sizes, `--bytes=${BYTES}`)],
        ]);
        for (const [name, peer] of peers) {
          const words = [MODULES, folder, KEYS, BATCH, SINGLES, BYTES].map(String);
          results.set(name, phases(node(PEER, peer, ...words)));
        }
        return results;
      }),
    );
  for (const [phase, what] of PHASES) {
    const of = (name) => rounds.map((round) => round.get(name).get(phase));
    const mine = of("image");
    report.row(`store, ${what}`, median(mine).toFixed(0));
    for (const [name] of peers) {
      const theirs = of(name);
      report.row(`${name}, ${what}`, median(theirs).toFixed(0));
      const ratios = theirs.map((value, round) => value / mine[round]);
      report.row(
        `${name} / store, ${what}`,
        `${median(ratios).toFixed(2)} × (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
        phase === "fill" || phase === "get" ? "≥ 1" : "",
      );
    }
  }
  inFolder((folder) => recovery(report, image, join(folder, "large.img")));
}

/** A store of about 1 GB: from the start of the image to its first answer, closed in good order and killed. */
function recovery(report, image, disk) {
  const filled = ours(
    image,
    `${disk}:2G`,
    "--phases=fill",
    `--keys=${GIBIBYTE_KEYS}`,
    "--bytes=900",
    "--durable=0",
  );
  const bytes = statSync(disk).blocks * 512;
  report.row("store of 900 000 × 900 bytes, on disk", `${(bytes / 1e9).toFixed(2)} GB`);
  report.row("filled without durability, ns a put", filled.get("fill").toFixed(0));
  const opened = [];
  for (let round = 0; round < ROUNDS; round++)
    opened.push(ours(image, disk, "--phases=get", "--keys=1", "--bytes=900").get("open") / 1e6);
  report.row("opened again", `${median(opened).toFixed(1)} ms`, "< 1000 ms");
}
