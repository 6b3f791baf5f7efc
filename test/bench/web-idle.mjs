// What a client costs a web server that has answered it and keeps its connection: examples/web beside nginx.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { has, inLab } from "./lab.mjs";
import { median, spread } from "./report.mjs";
import { application, nginx } from "./web-tap.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CROWD = fileURLToPath(new URL("../support/http-crowd.py", import.meta.url));
const PYTHON = "/usr/bin/python3";
const IDLE = 10_000;
/** The stack allows one connection for each 4 KiB; see the README of @phantasm/stack. */
const MEMORY = '  memory: { maximum: "48M" },\n';
const RUNS = 3;

/** examples/web, with memory for so many. */
function roomy(folder) {
  const directory = application(folder);
  const file = join(ROOT, directory, "phantasm.config.ts");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace("  arguments:", `${MEMORY}  arguments:`));
  return directory;
}

/** Bytes by which the server's process grows for each of them. */
async function grown(lab, server, address, port) {
  await lab.answers(address, port, true);
  const before = server.residentBytes;
  const words = [PYTHON, CROWD, address, String(port), String(IDLE), "/"];
  const crowd = lab.server(lab.load, words);
  await crowd.says("answered");
  if (!crowd.output.includes(`${IDLE} answered`)) throw new Error(crowd.output.trim());
  const after = server.residentBytes;
  await crowd.stop();
  return (after - before) / IDLE;
}

/** Memory of idle connections, each of which was answered once. */
export function webIdle(report) {
  return inLab(report, "idle clients of a web server", [PYTHON], async (lab) => {
    lab.tap("tap0", "10.0.0.1");
    lab.veth("veth0", "10.2.0");
    const folder = roomy(lab.folder);
    const ours = [];
    const peers = [];
    let memory = "";
    for (let run = 0; run < RUNS; run++) {
      const image = await lab.phantasm(
        folder,
        ["--net", "tap:tap0", "--stats"],
        ["--ipv4=10.0.0.2/24"],
      );
      ours.push(await grown(lab, image, "10.0.0.2", 80));
      await image.stop("SIGINT");
      memory = /memory\s+(.+)/.exec(image.output)?.[1] ?? "not known";
      if (!has("nginx")) continue;
      const peer = nginx(lab, lab.serve, 81);
      peers.push(await grown(lab, peer, "10.2.0.2", 81));
      await peer.stop();
    }
    const what = `${IDLE} idle clients of a web server`;
    report.row(`${what}: memory of the image, all of it`, memory);
    report.row(`${what}: host process grows by, each`, spread(ours, "bytes", 0));
    if (peers.length === 0) {
      report.row(`${what}: nginx`, "left out: no nginx here");
    } else {
      const kernel = "sockets in the kernel left out";
      report.row(`${what}: nginx grows by, each, ${kernel}`, spread(peers, "bytes", 0));
      const ratio = median(ours) / median(peers);
      report.row(`${what}: image / nginx`, `${ratio.toFixed(2)} ×`);
    }
    rmSync(join(lab.folder, "web"), { recursive: true });
  });
}
