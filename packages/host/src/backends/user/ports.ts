/** Published ports: the sockets of the host that wait for clients. */
import { createSocket, type Socket } from "node:dgram";
import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import { BackendError, errorCode, explain } from "../error.js";
import type { PublishedPort } from "../types.js";
import { formatEndpoint } from "./address.js";
import type { PublishDescription } from "./publish-option.js";
import type { TcpFlows } from "./tcp/flows.js";
import type { UdpFlows } from "./udp-flows.js";

/** Clients that wait to be accepted; the kernel refuses more. */
const BACKLOG = 511;
const RECEIVE_BYTES = 1 << 20;

export class Ports {
  readonly #tcp: TcpFlows;
  readonly #udp: UdpFlows;
  readonly #published: PublishedPort[] = [];
  readonly #closers: (() => Promise<void>)[] = [];

  constructor(tcp: TcpFlows, udp: UdpFlows) {
    this.#tcp = tcp;
    this.#udp = udp;
  }

  get published(): readonly PublishedPort[] {
    return this.#published;
  }

  /** @throws BackendError when the host does not let us listen there */
  async open(description: PublishDescription): Promise<void> {
    const { protocol, hostAddress, guestPort } = description;
    const port = await this.#listenSomewhere(description);
    const url = urlOf(description, port);
    this.#published.push({ protocol, address: hostAddress, port, guestPort, url });
  }

  async close(): Promise<void> {
    await Promise.all(this.#closers.splice(0).map((close) => close()));
  }

  /** Where it was asked for; the other places are for who leaves the choice to us. */
  async #listenSomewhere(description: PublishDescription): Promise<number> {
    const { hostPort, flexible = false } = description;
    const places = hostPort === 0 ? [] : [hostPort];
    if (hostPort === 0 || flexible) places.push(...this.#siblings(description), 0);
    let refused: unknown;
    for (const place of places) {
      try {
        return await this.#listen(description, place);
      } catch (error) {
        refused = error;
      }
    }
    throw refusal(description, refused);
  }

  /** Where the same port of the guest is offered with another protocol: clients of both know one number. */
  #siblings({ protocol, hostAddress, guestPort }: PublishDescription): number[] {
    return this.#published
      .filter((one) => one.guestPort === guestPort && one.address === hostAddress)
      .filter((one) => one.protocol !== protocol)
      .map(({ port }) => port);
  }

  #listen(description: PublishDescription, port: number): Promise<number> {
    return description.protocol === "tcp"
      ? this.#listenTcp(description, port)
      : this.#listenUdp(description, port);
  }

  async #listenTcp({ hostAddress, guestPort }: PublishDescription, port: number): Promise<number> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
    server.on("connection", (socket) => this.#tcp.accept(socket, guestPort));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ port, host: hostAddress, backlog: BACKLOG }, () => {
        server.off("error", reject);
        resolve();
      });
    });
    // Too many open files, for example: the client waits, others go on.
    server.on("error", () => undefined);
    this.#closers.push(() => closeServer(server));
    return (server.address() as AddressInfo).port;
  }

  async #listenUdp({ hostAddress, guestPort }: PublishDescription, port: number): Promise<number> {
    const type = hostAddress.includes(":") ? "udp6" : "udp4";
    const socket = createSocket({ type, recvBufferSize: RECEIVE_BYTES });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.bind({ port, address: hostAddress, exclusive: true }, () => {
          socket.off("error", reject);
          resolve();
        });
      });
    } catch (error) {
      await closeDatagrams(socket);
      throw error;
    }
    // An earlier answer met a client that has gone.
    socket.on("error", () => undefined);
    socket.on("message", (data, client) =>
      this.#udp.accept(data, guestPort, { socket, address: client.address, port: client.port }),
    );
    this.#closers.push(() => closeDatagrams(socket));
    return socket.address().port;
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function closeDatagrams(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}

function refusal(description: PublishDescription, error: unknown): BackendError {
  const { hostAddress, hostPort, guestPort, protocol } = description;
  const slash = protocol === "udp" ? "/udp" : "";
  const where = formatEndpoint(hostAddress, hostPort);
  const any = `let the host choose one: -p 0:${guestPort}${slash}`;
  switch (errorCode(error)) {
    case "EADDRINUSE":
      return new BackendError(
        `${protocol} port ${hostPort} of ${hostAddress} is in use by another program\n` +
          `  Publish another one, or ${any}`,
      );
    case "EACCES":
    case "EPERM":
      return new BackendError(
        `${protocol} port ${hostPort} of ${hostAddress} is not for this user\n` +
          `  Publish one from 1024 on, or ${any}`,
      );
    case "EADDRNOTAVAIL":
      return new BackendError(
        `this machine has no address ${hostAddress}\n` +
          `  Publish on 127.0.0.1 (the default), or on 0.0.0.0 for all addresses`,
      );
    default:
      return new BackendError(`${protocol} ${where} cannot be published: ${explain(error)}`);
  }
}

/** Schemes that a terminal can open, for well-known ports. */
const SCHEMES: Readonly<Record<number, string>> = { 80: "http", 8080: "http", 443: "https" };

function urlOf(description: PublishDescription, port: number): string {
  const { protocol, hostAddress, guestPort } = description;
  const scheme = description.scheme ?? (protocol === "udp" ? "udp" : (SCHEMES[guestPort] ?? "tcp"));
  // Nothing connects to "every address".
  const shown =
    hostAddress === "0.0.0.0" ? "127.0.0.1" : hostAddress === "::" ? "::1" : hostAddress;
  return `${scheme}://${formatEndpoint(shown, port)}`;
}
