/**
 * A client: requests, redirects, kept connections.
 *
 *     const client = new HttpClient(new DialConnector(os.stack.dial), os.clock);
 *     client.get("http://example.com/", handler);
 *
 * Wait for the stack to be up before (`stack.whenUp`). There is no TLS, so no `https`.
 */
import { Clock, EXHAUSTED, SECOND, Timer, TimerHandler } from "@phantasm/interfaces";
import { Task, now, ready } from "@phantasm/runtime";
import { isFieldName } from "../wire/characters";
import { HeadLimits } from "../wire/head";
import { Call, CallHandler } from "./call";
import { ClientConnection } from "./client-connection";
import { Connector } from "./connector";
import { HttpUrl } from "./url";

export class ClientLimits extends HeadLimits {
  /** Connections at once, kept ones included. Then a kept one is closed for another; if none is kept, EXHAUSTED. */
  connections: i32 = 32;
  /** Bytes of an answer's content: beyond, TOO_LARGE. */
  contentBytesMax: i32 = 4 << 20;
  /** Redirects that are followed: beyond, REDIRECTED. */
  redirects: i32 = 8;
  /** For a call with all its redirects: then TIMED_OUT. */
  totalNs: i64 = 60 * SECOND;
  /** A kept connection is closed after this. Servers usually wait longer. */
  keepNs: i64 = 30 * SECOND;
}

/** Tells of a failure when the application has returned. */
@final
class Failing extends Task {
  constructor(
    private readonly call: Call,
    private readonly error: i32,
  ) {
    super();
  }

  performTask(): void {
    this.call.fail(this.error);
  }
}


@final
export class HttpClient implements TimerHandler {
  /** All of them, in no order. */
  private readonly connections: ClientConnection[] = [];
  private timer: Timer | null = null;

  constructor(
    readonly connector: Connector,
    readonly clock: Clock,
    readonly limits: ClientLimits = new ClientLimits(),
  ) {}

  /** Prepares a call: set its fields and content, then `start` it. Null: that is no URL of `http`. */
  request(method: string, url: string, handler: CallHandler): Call | null {
    assert(isFieldName(method), "http: that is no method");
    const parsed = HttpUrl.parse(url);
    return parsed === null ? null : new Call(this, method, parsed, handler);
  }

  get(url: string, handler: CallHandler): Call | null {
    const call = this.request("GET", url, handler);
    return call === null ? null : call.start();
  }

  post(url: string, type: string, content: Uint8Array, handler: CallHandler): Call | null {
    const call = this.request("POST", url, handler);
    return call === null ? null : call.setContent(type, content).start();
  }

  /** Connections that wait for their next call. */
  get kept(): i32 {
    let count = 0;
    for (let i = 0; i < this.connections.length; i++)
      if (this.connections[i].call === null) count++;
    return count;
  }

  // ---- for calls and connections

  begin(call: Call): void {
    const url = call.url;
    for (let i = this.connections.length - 1; i >= 0; i--) {
      const one = this.connections[i];
      if (one.call === null && one.port == url.port && one.host == url.host) {
        one.use(call);
        return;
      }
    }
    if (this.connections.length >= this.limits.connections && !this.closeOldest()) {
      ready(new Failing(call, EXHAUSTED));
      return;
    }
    const connection = new ClientConnection(this, url.host, url.port);
    this.connections.push(connection);
    const error = connection.connect(call);
    if (error == 0) return;
    connection.giveUp();
    ready(new Failing(call, error));
  }

  /** It waits for its next call. */
  keep(connection: ClientConnection): void {
    connection.lastUsedNs = now();
    if (this.timer !== null && this.timer!.pending) return;
    this.setTimer(this.limits.keepNs);
  }

  private setTimer(ns: i64): void {
    const timer = this.timer;
    if (timer !== null) {
      timer.set(ns);
      return;
    }
    const made = this.clock.after(ns, this);
    made.background();
    this.timer = made;
  }

  forget(connection: ClientConnection): void {
    const index = this.connections.indexOf(connection);
    if (index < 0) return;
    const last = this.connections.pop();
    if (last !== connection) this.connections[index] = last;
  }

  private get oldest(): ClientConnection | null {
    let oldest: ClientConnection | null = null;
    for (let i = 0; i < this.connections.length; i++) {
      const one = this.connections[i];
      if (one.call === null && (oldest === null || one.lastUsedNs < oldest.lastUsedNs))
        oldest = one;
    }
    return oldest;
  }

  private closeOldest(): bool {
    const oldest = this.oldest;
    if (oldest === null) return false;
    oldest.close();
    return true;
  }

  onTimer(timer: Timer): void {
    for (let one = this.oldest; one !== null; one = this.oldest) {
      const left = one.lastUsedNs + this.limits.keepNs - now();
      if (left > 0) {
        this.setTimer(left);
        return;
      }
      one.close();
    }
  }

  /** Closes the connections that are kept: else they keep the domain alive for a while. */
  closeKept(): void {
    while (this.closeOldest()) continue;
  }
}
