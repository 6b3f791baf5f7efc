// What `npm run bench` measures, part by part.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "../../toolchain/dist/build.js";
import { spread, timed } from "./report.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const COMMAND = join(ROOT, "toolchain", "bin", "phantasm.js");
const PEER = `process.stdout.write("x")`;
const STARTS = 20;
const DOMAINS = 10_000;

function scratch(work) {
  const folder = mkdtempSync(join(tmpdir(), "phantasm-bench-"));
  return Promise.resolve(work(folder)).finally(() =>
    rmSync(folder, { recursive: true, force: true }),
  );
}

function examples() {
  const folder = join(ROOT, "examples");
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, "phantasm.config.ts")))
    .filter((name) => !existsSync(join(folder, name, "package.json")));
}

/** Sealed bytes of every example, in both profiles. */
async function images(report) {
  for (const name of examples()) {
    await scratch(async (folder) => {
      const directory = join(folder, name);
      cpSync(join(ROOT, "examples", name), directory, { recursive: true });
      const speed = (await build({ directory })).image.length;
      const file = join(directory, "phantasm.config.ts");
      writeFileSync(
        file,
        readFileSync(file, "utf8").replace(
          /unikernel\((".*?"), \{/,
          'unikernel($1, {\n  profile: "size",',
        ),
      );
      const size = (await build({ directory })).image.length;
      const target = name === "hello" ? "≤ 10 000" : "";
      report.row(`image ${name}, speed / size profile`, `${speed} / ${size} bytes`, target);
    });
  }
}

/** A clean build as a user starts it, and a rebuild in a process that is warm. */
async function builds(report) {
  await scratch(async (folder) => {
    cpSync(join(ROOT, "examples", "hello"), folder, {
      recursive: true,
      filter: (path) => !/[\\/](dist|\.phantasm)$/.test(path),
    });
    const clean = [];
    for (let run = 0; run < 5; run++) {
      rmSync(join(folder, ".phantasm"), { recursive: true, force: true });
      rmSync(join(folder, "dist"), { recursive: true, force: true });
      clean.push(
        await timed(() =>
          execFileSync(process.execPath, [COMMAND, "build", folder], { stdio: "ignore" }),
        ),
      );
    }
    report.row("clean build of hello, whole command", spread(clean, "ms", 0), "< 3000 ms");
    const main = join(folder, "main.ts");
    const text = readFileSync(main, "utf8");
    await build({ directory: folder });
    const rebuilds = [];
    for (let run = 0; run < 7; run++) {
      writeFileSync(main, `${text}// ${run}\n`);
      rebuilds.push(await timed(() => build({ directory: folder })));
    }
    report.row("rebuild of hello in a warm process", spread(rebuilds, "ms", 0), "< 1000 ms");
  });
}

/** Milliseconds until a process writes its first byte. */
async function firstByte(args) {
  const start = performance.now();
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  const elapsed = performance.now() - start;
  child.stdout.resume();
  await once(child, "close");
  return elapsed;
}

/** Process start to first console byte, in turn with a bare Node. */
async function starts(report) {
  await scratch(async (folder) => {
    const image = join(folder, "hello.wasm");
    await build({ directory: join(ROOT, "examples", "hello"), output: image });
    const ours = [];
    const peer = [];
    for (let run = -2; run < STARTS; run++) {
      const a = await firstByte([COMMAND, "run", image]);
      const b = await firstByte(["-e", PEER]);
      if (run < 0) continue;
      ours.push(a);
      peer.push(b);
    }
    report.row("phantasm run hello.wasm to first byte", spread(ours, "ms", 1));
    report.row(`node -e '${PEER}' to first byte`, spread(peer, "ms", 1));
    const ratios = ours.map((value, run) => value / peer[run]);
    report.row("ratio, pair by pair", spread(ratios, "×"), "≤ 2 ×");
  });
}

function runChild(name, ...args) {
  const script = fileURLToPath(new URL(name, import.meta.url));
  return JSON.parse(
    execFileSync(process.execPath, ["--expose-gc", script, ...args], {
      encoding: "utf8",
      maxBuffer: 2 ** 24,
    }),
  );
}

/** Inside a running host: image bytes to first hypercall, and compiled module to first hypercall. */
async function boots(report) {
  await scratch(async (folder) => {
    const image = join(folder, "hello.wasm");
    await build({ directory: join(ROOT, "examples", "hello"), output: image });
    const other = join(folder, "lottery.wasm");
    await build({ directory: join(ROOT, "examples", "lottery"), output: other });
    const runs = Array.from({ length: 7 }, () => runChild("boot.mjs", image, other));
    report.row(
      "first boot of any image in a process",
      spread(
        runs.map(({ firstMs }) => firstMs),
        "ms",
      ),
    );
    report.row(
      "image bytes to first hypercall, cold: an image new to a running host",
      spread(
        runs.map(({ coldMs }) => coldMs),
        "ms",
      ),
      "< 1 ms",
    );
    report.row(
      "image bytes to first hypercall, the same image again",
      spread(
        runs.map(({ againMs }) => againMs),
        "ms",
      ),
    );
    report.row(
      "compiled module to first hypercall",
      spread(
        runs.map(({ compiledUs }) => compiledUs),
        "µs",
        0,
      ),
    );
    report.row(
      "of which new WebAssembly.Instance of that module",
      spread(
        runs.map(({ instanceUs }) => instanceUs),
        "µs",
        0,
      ),
    );
  });
}

/** Live domains in one process. */
async function domains(report) {
  await scratch(async (folder) => {
    const image = join(folder, "clock.wasm");
    await build({ directory: join(ROOT, "test", "bench", "sleeper"), output: image });
    const { count, bytes, totalMs } = runChild("domains.mjs", image, String(DOMAINS));
    report.row(
      `${count} live domains in one process`,
      `${(bytes / 2 ** 20).toFixed(0)} MiB, ${(bytes / count / 1024).toFixed(1)} KiB each, ${(totalMs / 1000).toFixed(1)} s to boot them`,
      "< 500 MB",
    );
  });
}

/** The cost of crossing the boundary. */
async function hypercalls(report) {
  const runs = Array.from({ length: 3 }, () => runChild("hypercall.mjs"));
  for (const name of Object.keys(runs[0]))
    report.row(
      `hypercall ${name}`,
      spread(
        runs.map((run) => run[name]),
        "ns",
        1,
      ),
    );
}

export const PARTS = { images, builds, starts, boots, domains, hypercalls };
