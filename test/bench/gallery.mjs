// npm run gallery: measures the appliances of docs/gallery.md and writes its table.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import prettier from "prettier";
import { build } from "../../toolchain/dist/build.js";
import { firstAnswer, freePort } from "./first-answer.mjs";
import { Server } from "./lab.mjs";
import { machine } from "./report.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const COMMAND = join(ROOT, "toolchain", "bin", "phantasm.js");
const IN_HOST = fileURLToPath(new URL("appliance-run.mjs", import.meta.url));
const PAGE = join(ROOT, "docs", "gallery.md");
const BEGIN = "<!-- figures: npm run gallery -->\n";
const END = "<!-- end of figures -->\n";
const STARTS = 7;

/** How those that answer are asked, and where. The others only have a size. */
const APPLIANCES = {
  web: { kind: "http", port: 80 },
  api: { kind: "http", port: 80 },
  dns: { kind: "dns", port: 53 },
  store: { kind: "resp", port: 6379 },
  proxy: {},
  firewall: {},
  chat: {},
  iperf: {},
};

const folder = mkdtempSync(join(tmpdir(), "phantasm-gallery-"));
const lines = [];
try {
  for (const [name, asked] of Object.entries(APPLIANCES)) {
    lines.push(await line(name, asked));
    console.log(lines.at(-1));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const table = `
| appliance | image: speed profile | size profile | start of the process to the first answer | in a host that runs | memory at rest | devices |
| --- | --- | --- | --- | --- | --- | --- |
${lines.join("\n")}

${machine()}; ${new Date().toISOString().slice(0, 10)}. The least of ${STARTS} starts and 15 boots.

`;
const page = readFileSync(PAGE, "utf8");
const begin = page.indexOf(BEGIN) + BEGIN.length;
const written = page.slice(0, begin) + table + page.slice(page.indexOf(END));
writeFileSync(PAGE, await prettier.format(written, { parser: "markdown", printWidth: 100 }));

async function line(name, { kind, port }) {
  const directory = join(ROOT, "examples", name);
  const speed = join(folder, `${name}.wasm`);
  const size = join(folder, `${name}-size.wasm`);
  const { image, manifest } = await build({ directory, profile: "speed", output: speed });
  const small = (await build({ directory, profile: "size", output: size })).image;
  const devices = manifest.devices.map((device) => `${device.name} (${device.type})`).join(", ");
  const bytes = [image, small].map(({ length }) => `${(length / 1000).toFixed(0)} kB`);
  const times = kind === undefined ? ["", "", ""] : await measured(speed, manifest, kind, port);
  return `| [${name}](../examples/${name}) | ${[...bytes, ...times, devices].join(" | ")} |`;
}

async function measured(image, { devices }, kind, guestPort) {
  const disks = devices
    .filter(({ type }) => type === "block")
    .flatMap(({ name }) => ["--block", `${name}=mem:64M`]);
  const starts = [];
  for (let run = 0; run < STARTS; run++) {
    const port = await freePort();
    const words = [COMMAND, "run", image, "-p", `${port}:${guestPort}`, ...disks];
    const start = performance.now();
    const child = spawn(process.execPath, words, { stdio: "pipe" });
    const server = new Server(child);
    try {
      await firstAnswer(kind, port, () => child.exitCode !== null);
      starts.push(performance.now() - start);
    } finally {
      await server.stop();
    }
  }
  const { again, memoryBytes } = JSON.parse(
    execFileSync(process.execPath, [IN_HOST, image, kind, String(guestPort)], { encoding: "utf8" }),
  );
  return [
    `${Math.min(...starts).toFixed(0)} ms`,
    `${Math.min(...again).toFixed(1)} ms`,
    `${(memoryBytes / 2 ** 20).toFixed(1)} MiB`,
  ];
}
