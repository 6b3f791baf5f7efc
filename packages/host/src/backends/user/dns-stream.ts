/** DNS over TCP (RFC 7766): a stream to the first resolver that can be reached, or one that says SERVFAIL. */
import { connect, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { DNS_HEADER_BYTES, failure, isQuery, Rcode } from "./dns-message.js";
import type { Resolver } from "./resolvers.js";

const CONNECT_MS_MAX = 3_000;
/** RFC 1035 §4.2.2: two bytes of length before each message. */
const LENGTH_BYTES = 2;
type Callback = (error?: Error | null) => void;

export class DnsStream extends Duplex {
  readonly #resolvers: Resolver[];
  readonly #failed: () => void;
  #socket: Socket | null = null;
  /** Null while a resolver is looked for; false: there is none. */
  #reached: boolean | null = null;
  #waiting: (() => void) | null = null;
  #unread = Buffer.alloc(0);

  /** @param failed called for each query that nobody could be asked */
  constructor(resolvers: readonly Resolver[], failed: () => void) {
    super({ allowHalfOpen: true });
    this.#resolvers = [...resolvers];
    this.#failed = failed;
    this.#dial();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Callback): void {
    this.#whenReached(() => {
      if (this.#reached === true) this.#socket?.write(chunk, done);
      else this.#answer(chunk, done);
    });
  }

  override _final(done: Callback): void {
    this.#whenReached(() => {
      if (this.#reached === true) this.#socket?.end();
      else this.push(null);
      done();
    });
  }

  override _read(): void {
    this.#socket?.resume();
  }

  override _destroy(error: Error | null, done: Callback): void {
    this.#socket?.destroy();
    done(error);
  }

  /** Writes are one at a time, so one waits at most. */
  #whenReached(action: () => void): void {
    if (this.#reached === null) this.#waiting = action;
    else action();
  }

  #dial(): void {
    const resolver = this.#resolvers.shift();
    if (resolver === undefined) return this.#settle(false);
    const { address: host, port } = resolver;
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
    this.#socket = socket;
    socket.setTimeout(CONNECT_MS_MAX, () => socket.destroy(new Error("no answer")));
    socket.once("connect", () => {
      socket.setTimeout(0);
      this.#settle(true);
    });
    socket.on("data", (data) => {
      if (!this.push(data)) socket.pause();
    });
    socket.on("end", () => this.push(null));
    socket.on("error", (error) => {
      if (this.destroyed) return;
      if (this.#reached === null) this.#dial();
      else this.destroy(error);
    });
  }

  #settle(reached: boolean): void {
    this.#reached = reached;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.();
  }

  /** SERVFAIL to each query that is whole. */
  #answer(chunk: Buffer, done: Callback): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    while (this.#unread.length >= LENGTH_BYTES) {
      const bytes = this.#unread.readUInt16BE(0);
      if (bytes < DNS_HEADER_BYTES) return done(new Error("no DNS message is so short"));
      if (this.#unread.length < LENGTH_BYTES + bytes) break;
      const query = this.#unread.subarray(LENGTH_BYTES, LENGTH_BYTES + bytes);
      this.#unread = this.#unread.subarray(LENGTH_BYTES + bytes);
      if (!isQuery(query)) return done(new Error("it is no query"));
      this.#failed();
      const answer = failure(query, Rcode.SERVFAIL);
      this.push(Buffer.concat([Buffer.of(answer.length >>> 8, answer.length & 0xff), answer]));
    }
    done();
  }
}
