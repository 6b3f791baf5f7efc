/**
 * The resolver of the network: passes queries on to the host's resolvers, one after the other, each from
 * a port and with an id of its own (RFC 5452 §9). When none answers, the guest hears SERVFAIL.
 */
import { createSocket, type Socket } from "node:dgram";
import type { Duplex } from "node:stream";
import { Task } from "../../scheduler.js";
import { random32, type Core } from "./core.js";
import { failure, isQuery, isResponse, Rcode, readId, writeId } from "./dns-message.js";
import { DnsStream } from "./dns-stream.js";
import { macOf } from "./icmp.js";
import { Protocol, type Packet } from "./packet.js";
import { Path } from "./path.js";
import { readResolvers, type Resolver } from "./resolvers.js";

/** Queries without an answer yet; more are answered SERVFAIL. */
export const DNS_QUERIES_MAX = 256;
/** How long a resolver may take: clients ask again after 5 s. */
export const DNS_WAIT_MS = 2_000;
const NS_PER_MS = 1e6;

export class DnsProxy {
  readonly #core: Core;
  readonly #queries = new Set<Query>();

  constructor(core: Core) {
    this.#core = core;
  }

  /** A datagram of the guest to the resolver. */
  receive(packet: Packet): void {
    const { counters, egress, mtu, emitter } = this.#core;
    const message = Buffer.from(packet.bytes.subarray(packet.start + 8, packet.end));
    if (!isQuery(message)) {
      counters.malformed++;
      return;
    }
    counters.dnsQueries++;
    const path = new Path(
      packet.address(packet.destination),
      packet.address(packet.source),
      macOf(packet),
      Protocol.UDP,
    );
    const { sourcePort, destinationPort } = packet;
    const answer = (data: Uint8Array): void => {
      if (!emitter.datagram(path, destinationPort, sourcePort, data, mtu)) counters.udpDropped++;
    };
    if (!egress.allowsDns("udp")) {
      counters.egressDenied++;
      counters.dnsFailures++;
      return answer(failure(message, Rcode.REFUSED));
    }
    if (this.#queries.size >= DNS_QUERIES_MAX) {
      counters.dnsFailures++;
      return answer(failure(message, Rcode.SERVFAIL));
    }
    const query = new Query(this.#core, message, (response) => {
      this.#queries.delete(query);
      if (response === null) counters.dnsFailures++;
      answer(response ?? failure(message, Rcode.SERVFAIL));
    });
    this.#queries.add(query);
    query.ask();
  }

  /** A connection of the guest to the resolver. */
  stream(): Duplex {
    this.#core.counters.dnsQueries++;
    return new DnsStream(readResolvers(this.#core.resolvers()), () => {
      this.#core.counters.dnsFailures++;
    });
  }

  /** Forgets all queries. Settles when their sockets are closed. */
  async close(): Promise<void> {
    const queries = [...this.#queries];
    this.#queries.clear();
    await Promise.all(queries.map((query) => query.cancel()));
  }
}

/** One query, and the resolvers that are left to ask. */
class Query {
  readonly #core: Core;
  readonly #message: Buffer;
  readonly #done: (response: Uint8Array | null) => void;
  readonly #resolvers: Resolver[];
  readonly #timer = new Task(() => this.ask());
  readonly #originalId: number;
  #socket: Socket | null = null;

  constructor(core: Core, message: Buffer, done: (response: Uint8Array | null) => void) {
    this.#core = core;
    this.#message = message;
    this.#done = done;
    this.#originalId = readId(message);
    this.#resolvers = readResolvers(core.resolvers());
  }

  /** Asks the next resolver; the one before it has had its time. */
  ask(): void {
    void this.#closeSocket();
    const resolver = this.#resolvers.shift();
    if (resolver === undefined) {
      this.#core.scheduler.cancel(this.#timer);
      return this.#done(null);
    }
    const id = random32(this.#core.entropy) & 0xffff;
    const socket = createSocket(resolver.address.includes(":") ? "udp6" : "udp4");
    this.#socket = socket;
    const next = (): void => {
      if (this.#socket === socket) this.ask();
    };
    socket.on("error", next);
    socket.on("message", (response) => {
      if (this.#socket !== socket || !isResponse(response) || readId(response) !== id) return;
      this.#core.tick();
      writeId(response, this.#originalId);
      void this.cancel();
      this.#done(response);
    });
    // Node tells a callback of `connect` what went wrong, and then emits no error.
    const connected = (error?: Error): void => {
      if (this.#socket !== socket) return;
      if (error !== undefined) return next();
      const query = Buffer.from(this.#message);
      writeId(query, id);
      socket.send(query, (problem) => {
        if (problem !== null) next();
      });
    };
    this.#core.scheduler.after(this.#timer, DNS_WAIT_MS * NS_PER_MS);
    socket.connect(resolver.port, resolver.address, connected);
  }

  cancel(): Promise<void> {
    this.#core.scheduler.cancel(this.#timer);
    return this.#closeSocket();
  }

  #closeSocket(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return Promise.resolve();
    return new Promise((resolve) => socket.close(() => resolve()));
  }
}
