// A web server as one deploys it: examples/web with files of 1 and 100 KiB, beside nginx with the same files.
import { chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { contest, ratios, rows } from "./contest.mjs";
import { has, inLab } from "./lab.mjs";
import { requests } from "./loads.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CONNECTIONS = 64;
const FILES = { "index.html": 1024, "large.bin": 100 * 1024 };

/** Writes the files, which nobody could compress better than anybody else: nobody is asked to. */
function site(folder) {
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(FILES))
    writeFileSync(join(folder, name), "x".repeat(bytes));
}

/** examples/web with these files, relative to the root. */
export function application(folder) {
  const copy = join(folder, "web");
  cpSync(join(ROOT, "examples", "web"), copy, {
    recursive: true,
    filter: (path) => !/[\\/](dist|\.phantasm|htdocs)$/.test(path),
  });
  site(join(copy, "htdocs"));
  return relative(ROOT, copy);
}

/** nginx as its manual recommends for static files; one worker, as an image has one. */
export function nginx(lab, namespace, port) {
  const folder = join(lab.folder, `nginx-web-${port}`);
  site(folder);
  for (const each of [lab.folder, folder]) chmodSync(each, 0o755);
  const configuration = join(folder, "nginx.conf");
  writeFileSync(
    configuration,
    `worker_processes 1; daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/log;
events { worker_connections 20000; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; open_file_cache max=10;
  types { text/html html; application/octet-stream bin; }
  server { listen ${port} backlog=1024; root ${folder}; } }
`,
  );
  return lab.server(namespace, ["nginx", "-c", configuration, "-e", join(folder, "log")]);
}

/** Requests a second, and a second of the server's processor time; wrk on the other processor. */
export function tapWeb(report) {
  return inLab(report, "web over tap", ["wrk"], async (lab) => {
    lab.tap("tap0", "10.0.0.1");
    lab.veth("veth0", "10.2.0");
    const contestants = [
      {
        name: "image",
        at: "10.0.0.2:80",
        servers: [
          await lab.phantasm(
            application(lab.folder),
            ["--net", "tap:tap0"],
            ["--ipv4=10.0.0.2/24"],
          ),
        ],
      },
    ];
    if (has("nginx"))
      contestants.push({
        name: "nginx over veth",
        at: "10.2.0.2:81",
        servers: [nginx(lab, lab.serve, 81)],
      });
    else report.row("web over tap: nginx", "left out: no nginx here");
    for (const { at } of contestants) await lab.reachable(...at.split(":"));
    for (const [what, path, more, target] of [
      ["1 KiB, 64 connections", "", [], "≥ 1.5 ×"],
      ["100 KiB, 64 connections", "large.bin", [], ""],
      ["1 KiB, a connection each", "", ["-H", "Connection: close"], ""],
    ]) {
      const results = await contest(
        contestants.map((one) => ({
          ...one,
          measure: async () =>
            (await requests(lab, `http://${one.at}/${path}`, CONNECTIONS, more)).perSecond,
        })),
      );
      rows(report, `web, ${what}`, results, { unit: "k", scale: 1e-3 });
      ratios(report, `web, ${what}`, results, { "nginx over veth": target });
    }
    rmSync(join(lab.folder, "web"), { recursive: true });
  });
}
