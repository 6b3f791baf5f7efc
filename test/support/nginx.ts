/** nginx on loopback, with a configuration of its own. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { join } from "node:path";

export const HAS_NGINX = spawnSync("nginx", ["-v"]).status === 0;

const TRIES_MAX = 200;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

export class Nginx {
  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
  ) {}

  /** @param folder for its own files @param root what it serves */
  static async start(folder: string, root: string): Promise<Nginx> {
    mkdirSync(folder, { recursive: true });
    const port = await freePort();
    const path = join(folder, "nginx.conf");
    writeFileSync(path, configuration(folder, root, port));
    const child = spawn("nginx", ["-p", folder, "-e", join(folder, "error.log"), "-c", path], {
      stdio: "ignore",
    });
    const nginx = new Nginx(port, child);
    for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
      if (await isOpen(port)) return nginx;
      if (child.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    await nginx.stop();
    throw new Error("nginx did not start");
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await ended;
  }
}

async function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => {
      resolve(false);
    });
  });
}

/** One process, which says what we say where nginx leaves it to its administrator. */
function configuration(folder: string, root: string, port: number): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `  ${name}_temp_path ${join(folder, name)};`)
    .join("\n");
  return `daemon off;
master_process off;
pid ${join(folder, "nginx.pid")};
events { worker_connections 256; }
http {
${temporary}
  access_log off;
  server_tokens off;
  absolute_redirect off;
  if_modified_since before;
  lingering_timeout 500ms;
  gzip_static on;
  gzip_vary on;
  gzip_http_version 1.0;
  charset utf-8;
  types { text/html html; text/plain txt; }
  default_type application/octet-stream;
  server {
    listen 127.0.0.1:${port};
    root ${root};
  }
}
`;
}
