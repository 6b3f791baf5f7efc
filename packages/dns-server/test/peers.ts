/** NSD and Knot on the loopback interface, with the zones of the tests. Each is ended by its process. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const READY_MS_MAX = 20_000;
const ANSWER_MS_MAX = 2_000;

export interface ServedZone {
  readonly name: string;
  readonly file: string;
}

/** Why the servers cannot be run here; null: they can. */
export function peersProblem(): string | null {
  for (const [program, version] of [
    ["nsd", "-v"],
    ["knotd", "-V"],
  ] as const)
    try {
      execFileSync(program, [version], { stdio: "pipe", env: environment() });
    } catch {
      return `there is no ${program}: apt-get install nsd knot`;
    }
  return null;
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` };
}

/** Free for both, a moment ago. */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const socket = createSocket("udp4");
    const isFree = await new Promise<boolean>((resolve) => {
      socket.once("error", () => {
        resolve(false);
      });
      socket.bind(port, "127.0.0.1", () => {
        resolve(true);
      });
    });
    socket.close();
    server.close();
    await once(server, "close");
    if (isFree) return port;
  }
}

/** A server, and a socket to ask it. */
export class Peer {
  readonly #waiting = new Map<number, (answer: Buffer | null) => void>();
  readonly #socket: Socket = createSocket("udp4");

  private constructor(
    readonly name: string,
    readonly port: number,
    readonly process: ChildProcess,
    readonly directory: string,
  ) {
    this.#socket.on("message", (answer) => {
      const id = answer.readUInt16BE(0);
      this.#waiting.get(id)?.(answer);
    });
    // Nobody there yet is as good as no answer.
    this.#socket.on("error", () => undefined);
    this.#socket.connect(port, "127.0.0.1");
  }

  static async start(
    name: string,
    program: string,
    zones: string,
    configure: (
      directory: string,
      port: number,
    ) => { readonly text: string; readonly words: (file: string) => string[] },
  ): Promise<Peer> {
    const directory = mkdtempSync(join(tmpdir(), `phantasm-${name}-`));
    const port = await freePort();
    const { text, words } = configure(directory, port);
    const file = join(directory, `${name}.conf`);
    writeFileSync(file, text);
    const child = spawn(program, words(file), {
      // Where NSD looks for files that are included.
      cwd: zones,
      stdio: ["ignore", "pipe", "pipe"],
      env: environment(),
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (more: string) => (said += more));
    const peer = new Peer(name, port, child, directory);
    await once(peer.#socket, "connect");
    const deadline = Date.now() + READY_MS_MAX;
    // example.org SOA, with an id that nothing else has
    const probe = Buffer.from("ffff01000001000000000000076578616d706c65036f72670000060001", "hex");
    for (;;) {
      const answer = await peer.ask(probe, 200);
      if (answer && (answer.readUInt8(3) & 15) === 0) return peer;
      if (child.exitCode !== null || Date.now() > deadline) {
        peer.stop();
        throw new Error(`${name} does not answer; it said:\n${said}`);
      }
    }
  }

  /** Asks in a datagram; null: there is no answer. */
  async ask(query: Buffer, wait = ANSWER_MS_MAX): Promise<Buffer | null> {
    const id = query.readUInt16BE(0);
    return new Promise((resolve) => {
      const done = (answer: Buffer | null): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(answer);
      };
      const timer = setTimeout(() => {
        done(null);
      }, wait);
      this.#waiting.set(id, done);
      this.#socket.send(query, () => undefined);
    });
  }

  /** Asks in a connection; all messages that come within the time, or until `count`. */
  async askTcp(
    query: Buffer,
    isComplete: (messages: readonly Buffer[]) => boolean,
  ): Promise<Buffer[]> {
    const socket = connect(this.port, "127.0.0.1");
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    socket.write(Buffer.concat([length, query]));
    socket.setTimeout(ANSWER_MS_MAX, () => socket.destroy());
    const messages: Buffer[] = [];
    let received = Buffer.alloc(0);
    try {
      for await (const chunk of socket as AsyncIterable<Buffer>) {
        received = Buffer.concat([received, chunk]);
        while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
          const end = 2 + received.readUInt16BE(0);
          messages.push(Buffer.from(received.subarray(2, end)));
          received = received.subarray(end);
        }
        if (isComplete(messages)) break;
      }
    } catch {
      // It was broken off: what came before counts.
    }
    socket.destroy();
    return messages;
  }

  stop(): void {
    this.process.kill("SIGTERM");
    this.#socket.close();
    const remove = (): void => {
      rmSync(this.directory, { recursive: true, force: true });
    };
    if (this.process.exitCode !== null) remove();
    else this.process.once("exit", remove);
  }
}

/** @param zonesDirectory where the zones' files are */
function startNsd(zonesDirectory: string, zones: readonly ServedZone[]): Promise<Peer> {
  return Peer.start("nsd", "nsd", zonesDirectory, (directory, port) => ({
    text: `server:
  ip-address: 127.0.0.1@${port}
  server-count: 1
  username: ""
  zonesdir: "${zonesDirectory}"
  database: ""
  pidfile: "${directory}/nsd.pid"
  xfrdfile: "${directory}/xfrd.state"
  xfrdir: "${directory}"
  zonelistfile: "${directory}/zone.list"
  rrl-ratelimit: 0
  ipv4-edns-size: 1232
  hide-version: yes
  hide-identity: yes
  minimal-responses: yes
remote-control:
  control-enable: no
${zones.map(({ name, file }) => `zone:\n  name: "${name}"\n  zonefile: "${file}"\n  provide-xfr: 127.0.0.1 NOKEY\n`).join("")}`,
    words: (file) => ["-d", "-c", file],
  }));
}

function startKnot(directory: string, zones: readonly ServedZone[]): Promise<Peer> {
  return Peer.start("knot", "knotd", directory, (directory, port) => {
    mkdirSync(join(directory, "run"));
    return {
      text: `server:
  rundir: "${directory}/run"
  listen: 127.0.0.1@${port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
  udp-max-payload: 1232
  version: ""
  identity: ""
database:
  storage: "${directory}"
log:
  - target: stderr
    any: warning
acl:
  - id: transfer
    address: 127.0.0.1
    action: transfer
template:
  - id: default
    storage: "/"
    semantic-checks: off
    zonefile-load: whole
    journal-content: none
    acl: transfer
zone:
${zones.map(({ name, file }) => `  - domain: "${name}"\n    file: "${file}"\n`).join("")}`,
      words: (file) => ["-c", file],
    };
  });
}

/** All that `starts` begin; when one does not start, none is left running. */
export async function together(starts: readonly Promise<Peer>[]): Promise<Peer[]> {
  const results = await Promise.allSettled(starts);
  const started = results.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = results.find((one) => one.status === "rejected");
  if (!failed) return started;
  for (const peer of started) peer.stop();
  throw failed.reason;
}

/** NSD and Knot. */
export function startPeers(directory: string, zones: readonly ServedZone[]): Promise<Peer[]> {
  return together([startNsd(directory, zones), startKnot(directory, zones)]);
}
