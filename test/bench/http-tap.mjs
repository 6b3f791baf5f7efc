// HTTP with kept connections: an image on a tap beside servers on the kernel's stack, across a veth.
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { contest, ratios, rows } from "./contest.mjs";
import { has, inLab } from "./lab.mjs";
import { requests } from "./loads.mjs";

const CONNECTIONS = 64;
const NODE_SERVER = fileURLToPath(new URL("node-server.mjs", import.meta.url));

/** nginx with one worker and a page of 1 KiB, as in the foreground. */
export function nginx(lab, namespace, port) {
  const folder = join(lab.folder, `nginx-${port}`);
  mkdirSync(folder);
  // Its worker may be another user.
  for (const each of [lab.folder, folder]) chmodSync(each, 0o755);
  writeFileSync(join(folder, "index.html"), "x".repeat(1024));
  const configuration = join(folder, "nginx.conf");
  writeFileSync(
    configuration,
    `worker_processes 1; daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/log;
events { worker_connections 1024; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; open_file_cache max=10;
  types { text/html html; }
  server { listen ${port}; root ${folder}; } }
`,
  );
  return lab.server(namespace, ["nginx", "-c", configuration, "-e", join(folder, "log")]);
}

export function nodeServer(lab, namespace, kind, port) {
  return lab.server(namespace, [process.execPath, NODE_SERVER, kind, String(port)]);
}

/** Requests a second, and a second of the server's processor time; wrk on the other processor. */
export function tapHttp(report) {
  return inLab(report, "HTTP over tap", ["wrk"], async (lab) => {
    lab.tap("tap0", "10.0.0.1");
    lab.veth("veth0", "10.2.0");
    const contestants = [
      {
        name: "image",
        at: "10.0.0.2:80",
        servers: [
          await lab.phantasm("test/bench/http", ["--net", "tap:tap0"], ["--ipv4=10.0.0.2/24"]),
        ],
      },
    ];
    if (has("nginx"))
      contestants.push({
        name: "nginx over veth",
        at: "10.2.0.2:81",
        servers: [nginx(lab, lab.serve, 81)],
      });
    else report.row("HTTP over tap: nginx", "left out: no nginx here");
    contestants.push(
      {
        name: "epoll server in C over veth",
        at: "10.2.0.2:82",
        servers: [lab.server(lab.serve, [lab.compile("socket-server"), "82", "http"])],
      },
      {
        name: "Node http over veth",
        at: "10.2.0.2:83",
        servers: [nodeServer(lab, lab.serve, "http", 83)],
      },
    );
    for (const { at } of contestants) await lab.reachable(...at.split(":"));
    const results = await contest(
      contestants.map((one) => ({
        ...one,
        measure: async () => (await requests(lab, `http://${one.at}/`, CONNECTIONS)).perSecond,
      })),
    );
    rows(report, "HTTP of 1 KiB, 64 connections", results, { unit: "k", scale: 1e-3 });
    ratios(report, "HTTP of 1 KiB", results, { "nginx over veth": "≥ 1.5 ×" });
  });
}
