// The appliances, and the servers that they would replace: how each is started at a port of loopback.
import { chmodSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { knotConfiguration, nsdConfiguration, zone } from "./dns-tap.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const NODE_SERVER = fileURLToPath(new URL("node-server.mjs", import.meta.url));
const NAMES = 100;
const FILES = { "index.html": 1024, "large.bin": 100 * 1024 };
/** examples/dns with the zone that its peers have; at the whole rate. */
const DNS_CONFIGURATION = `import { DNS_SERVICES, dnsServer, zones } from "@phantasm/dns-server";
import { network } from "@phantasm/net";
import { tcpStack } from "@phantasm/stack";
import { unikernel } from "phantasm";

export default unikernel("dns", {
  devices: {
    server: dnsServer(
      tcpStack(network("service", { services: DNS_SERVICES })),
      zones([{ file: "./bench.zone", origin: "example.org" }]),
      { rateLimit: { answersPerSecond: 0 } },
    ),
  },
});
`;
const IGNORED = /[\\/](dist|\.phantasm)(?=[\\/]|$)/;

/** A copy of a project of this repository, in a folder. */
function copyOf(from, to) {
  cpSync(join(ROOT, from), to, { recursive: true, filter: (path) => !IGNORED.test(path) });
  return to;
}

/** Files that nobody could compress better than anybody else: nobody is asked to. */
function site(folder) {
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(FILES))
    writeFileSync(join(folder, name), "x".repeat(bytes));
}

const node = (kind) => ({
  name: `Node ${kind === "dns" ? "dgram" : "http"}`,
  program: process.execPath,
  words: (folder, port) => [NODE_SERVER, kind, String(port)],
});

const nginx = {
  name: "nginx",
  program: "nginx",
  words(folder, port) {
    site(folder);
    const file = join(folder, "nginx.conf");
    writeFileSync(
      file,
      `worker_processes 1; daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/log;
events { worker_connections 1024; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; open_file_cache max=10;
  types { text/html html; application/octet-stream bin; }
  server { listen 127.0.0.1:${port}; root ${folder}; } }
`,
    );
    return ["-c", file, "-e", join(folder, "log")];
  },
};

/** A server of the zone that the image has. */
function nameServer(name, program, configuration, words) {
  return {
    name,
    program,
    words(folder, port) {
      writeFileSync(join(folder, "bench.zone"), zone(NAMES));
      const file = join(folder, "conf");
      writeFileSync(file, configuration(folder, `127.0.0.1@${port}`));
      return words(file);
    },
  };
}

const redis = {
  name: "redis-server",
  program: "redis-server",
  words: (folder, port) => [
    ...["--bind", "127.0.0.1", "--port", String(port), "--dir", folder, "--save", ""],
    ...["--appendonly", "yes", "--appendfsync", "everysec"],
  ],
};

/**
 * What is measured. `example` is what the bytes are of; `project` makes the one that runs, whose contents are those of
 * its peers.
 */
export const APPLIANCES = [
  {
    name: "web",
    example: "examples/web",
    project(folder) {
      site(join(copyOf("toolchain/templates/web", folder), "site"));
      return folder;
    },
    kind: "http",
    port: 80,
    peers: [nginx, node("http")],
  },
  {
    name: "api",
    example: "examples/api",
    project: (folder) => copyOf("examples/api", folder),
    kind: "http",
    port: 80,
    disk: true,
    peers: [],
  },
  {
    name: "dns",
    example: "examples/dns",
    project(folder) {
      copyOf("examples/dns", folder);
      writeFileSync(join(folder, "phantasm.config.ts"), DNS_CONFIGURATION);
      writeFileSync(join(folder, "bench.zone"), zone(NAMES));
      return folder;
    },
    kind: "dns",
    port: 53,
    names: NAMES,
    peers: [
      nameServer("NSD", "nsd", nsdConfiguration, (file) => ["-d", "-c", file]),
      nameServer("Knot", "knotd", knotConfiguration, (file) => ["-c", file]),
      node("dns"),
    ],
  },
  {
    name: "store",
    example: "examples/store",
    project: (folder) => copyOf("examples/store", folder),
    kind: "resp",
    port: 6379,
    disk: true,
    peers: [redis],
  },
];

/** A folder of its own, which a server of another user may enter. */
export function ownFolder(parent, name) {
  const folder = join(parent, name.replaceAll(" ", "-"));
  mkdirSync(folder, { recursive: true });
  for (const each of [parent, folder]) chmodSync(each, 0o755);
  return folder;
}
