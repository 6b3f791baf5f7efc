import {
  MINUTE,
  NO_ROUTE,
  SECOND,
  TcpConnection,
  TcpHandler,
  Timer,
  TimerHandler,
} from "@phantasm/interfaces";
import { Backend } from "./backends";
import { Proxy } from "./proxy";

/** A peer that says nothing for so long is probed, so that pairs with a dead one do not stay for ever. */
const IDLE_NS: i64 = 2 * MINUTE;
const PROBE_NS: i64 = 15 * SECOND;
const PROBES: i32 = 4;

/**
 * A client's connection and the one to a backend that serves it. Bytes go over as far as there is room; what
 * there is no room for stays unread, so that a slow reader on one side closes the window of the other.
 */
export class Pair implements TcpHandler, TimerHandler {
  private server: TcpConnection | null = null;
  private backend: Backend | null = null;
  private timer: Timer | null = null;
  private isConnected: bool = false;
  private clientEnded: bool = false;
  /** Backends that were asked in vain. */
  private tries: i32 = 0;

  constructor(
    private readonly proxy: Proxy,
    private readonly client: TcpConnection,
  ) {
    client.setHandler(this);
    prepare(client);
    this.dial();
  }

  /** Asks the next backend. Nothing of the client has been read yet, so any will do. */
  private dial(): void {
    const proxy = this.proxy;
    while (this.tries++ < proxy.backends.all.length) {
      const backend = proxy.backends.choose();
      if (backend === null) break;
      const server = proxy.tcp.connect(backend.endpoint, this, 0);
      if (server === null) {
        // Else it is us who have no port left.
        if (proxy.tcp.lastError != NO_ROUTE) break;
        backend.isUp = false;
        continue;
      }
      prepare(server);
      this.server = server;
      this.backend = backend;
      backend.connections++;
      this.wait();
      return;
    }
    proxy.unservedClients++;
    this.client.abort();
  }

  onConnected(server: TcpConnection): void {
    if (server !== this.server) return;
    this.isConnected = true;
    this.patient.cancel();
    pump(this.client, server);
  }

  onReadable(connection: TcpConnection): void {
    const server = this.server;
    if (server === null || !this.isConnected) return;
    if (connection === server) pump(server, this.client);
    else pump(this.client, server);
  }

  /** There is room on one side: for what the other has sent. */
  onWritable(connection: TcpConnection): void {
    const server = this.server;
    if (server === null || !this.isConnected) return;
    if (connection === server) pump(this.client, server);
    else pump(server, this.client);
  }

  onClosed(connection: TcpConnection, reason: i32): void {
    if (connection === this.client) {
      this.clientEnded = true;
      const server = this.server;
      // Both of its streams are closed in good order: what the server has still to say is for nobody.
      if (server === null) this.proxy.pairs--;
      else if (reason != 0 || !this.isConnected) server.abort();
      return;
    }
    if (connection !== this.server) return;
    this.server = null;
    this.backend!.connections--;
    if (!this.isConnected) {
      this.patient.cancel();
      // A client that went away says nothing about the backend.
      if (!this.clientEnded) {
        this.backend!.isUp = false;
        this.dial();
        return;
      }
    } else if (reason != 0) this.client.abort();
    if (this.clientEnded) this.proxy.pairs--;
  }

  /** The backend has not accepted in time. */
  onTimer(timer: Timer): void {
    const server = this.server;
    if (server !== null && !this.isConnected) server.abort();
  }

  private wait(): void {
    const timer = this.timer;
    if (timer === null) this.timer = this.proxy.clock.after(this.proxy.patienceNs, this);
    else timer.set(this.proxy.patienceNs);
  }

  private get patient(): Timer {
    return this.timer!;
  }
}

function prepare(connection: TcpConnection): void {
  // What one side has sent by itself is not held back for more of it.
  connection.noDelay = true;
  connection.keepAlive(IDLE_NS, PROBE_NS, PROBES);
}

/** Moves what `from` has sent to `to`, and the end of the stream behind it. */
function pump(from: TcpConnection, to: TcpConnection): void {
  for (let at = from.peek(); at != 0; at = from.peek()) {
    const bytes = from.peekedBytes;
    const taken = to.writeFrom(at, bytes);
    // `onWritable` follows; or the connection is broken, and `onClosed` does.
    if (taken <= 0) return;
    from.consume(taken);
    if (taken < bytes) return;
  }
  if (from.atEnd) to.shutdown();
}
