/**
 * Connections (RFC 9293): two streams of bytes, one each way, that arrive exact and in order or not at all.
 *
 * Nothing here waits: `read` takes what is there, `write` what there is room for, and a handler is told when
 * more can be done. Handlers are called by the dispatcher, never inside a call of the application.
 * @phantasm/socket has the same for fibres, in straight lines.
 */
import { Endpoint } from "./address";

/** States of RFC 9293 §3.3.2. */
export enum TcpState {
  CLOSED,
  LISTEN,
  SYN_SENT,
  SYN_RECEIVED,
  ESTABLISHED,
  FIN_WAIT_1,
  FIN_WAIT_2,
  CLOSE_WAIT,
  CLOSING,
  LAST_ACK,
  TIME_WAIT,
}

/** What a connection tells. One handler may serve many connections: `connection.tag` is the handler's to use. */
export interface TcpHandler {
  /** A connection that `connect` began has been made. Not called for accepted ones: they are made already. */
  onConnected(connection: TcpConnection): void;

  /** Bytes, or the end of the stream, wait to be read. Called again only after nothing was left to read. */
  onReadable(connection: TcpConnection): void;

  /** There is room again, after `write` took fewer bytes than offered. */
  onWritable(connection: TcpConnection): void;

  /**
   * It has ended, and nothing follows: 0 after both sides have closed and all that came has been read; else why:
   * REFUSED, RESET, TIMED_OUT, UNREACHABLE, CANCELLED (by `abort`, or by `close` of one that was not made yet),
   * ADDRESS_LOST, EXHAUSTED (it made room for others: it had been stalled). Called once, also when `connect` came to nothing.
   */
  onClosed(connection: TcpConnection, reason: i32): void;
}

/** A connection. Keeps the domain alive until it has ended, TIME_WAIT not included. */
export abstract class TcpConnection {
  /** Whatever its handler likes to find again: an index, or the address of an object it keeps elsewhere. */
  tag: i32 = 0;

  abstract get state(): TcpState;
  abstract get local(): Endpoint;
  abstract get remote(): Endpoint;

  /** Who is told. May be changed at any time. */
  abstract setHandler(handler: TcpHandler): void;

  /** Bytes that wait to be read. */
  abstract get readable(): i32;

  /** The other side has closed its stream: after the bytes that wait, `read` answers 0. */
  abstract get atEnd(): bool;

  /**
   * Copies up to `length` bytes into `buffer` from `offset`, and returns how many. 0: the end of the stream. AGAIN:
   * nothing waits; `onReadable` follows. Else negative: why the connection broke.
   */
  abstract read(buffer: Uint8Array, offset: i32, length: i32): i32;

  /**
   * Bytes that wait, where they lie: as many as lie in one piece, `peekedBytes`; 0 when none wait. Valid until the
   * handler returns or `consume` is called. For parsers: saves the copy of `read`.
   */
  abstract peek(): usize;
  abstract get peekedBytes(): i32;

  /** Leaves out the first bytes that wait, at most `readable`. */
  abstract consume(bytes: i32): void;

  /** Bytes that `write` would take now. */
  abstract get writable(): i32;

  /**
   * Queues up to `length` bytes of `buffer` from `offset`, copying them, and returns how many. AGAIN: no room;
   * `onWritable` follows. CLOSED after `shutdown` or `close`. Else negative: why the connection broke.
   */
  abstract write(buffer: Uint8Array, offset: i32, length: i32): i32;

  /** `write` from raw memory, for library-OS code. */
  abstract writeFrom(address: usize, bytes: i32): i32;

  /** `writeFrom` what stays where it is, and as it is, for as long as the image runs: it need not be copied. */
  writeStatic(address: usize, bytes: i32): i32 {
    return this.writeFrom(address, bytes);
  }

  /** Bytes queued and not yet acknowledged. */
  abstract get unacknowledged(): i32;

  /**
   * What is written from now until `uncork` leaves in full segments only: for an answer in parts. Uncorked at the
   * latest when the step ends.
   */
  abstract cork(): void;
  abstract uncork(): void;

  /** Small segments leave at once (no Nagle, RFC 896). False unless set. */
  abstract set noDelay(value: bool);
  abstract get noDelay(): bool;

  /**
   * Probes a silent peer after `idleNs`, then every `intervalNs`; ends with TIMED_OUT after `probes` without an
   * answer (RFC 9293 §3.8.4). 0 turns it off, the default.
   */
  abstract keepAlive(idleNs: i64, intervalNs: i64, probes: i32): void;

  /**
   * Ends with TIMED_OUT when sent bytes stay unacknowledged this long (RFC 5482); 0: the limit of the stack.
   */
  abstract userTimeout(ns: i64): void;

  /** Closes this side's stream after what is queued; the other side's goes on. Idempotent. */
  abstract shutdown(): void;

  /**
   * Closes both: what is queued is still delivered, what arrives is not wanted (answered with RST, RFC 9293
   * §3.10.4). `onClosed` follows. Idempotent.
   */
  abstract close(): void;

  /** Ends it at once with RST; `onClosed` with CANCELLED follows. Idempotent. */
  abstract abort(): void;

  /** From now on it does not keep the domain alive. */
  abstract background(): void;
}

/** Gets the connections of a listener. */
export interface TcpAcceptor {
  /**
   * A connection has been made; bytes may already wait. Set a handler, now or later: until then it buffers, at
   * most its window. Null handler when this returns: the listener queues it for `accept`, up to its backlog.
   */
  onAccept(listener: TcpListener, connection: TcpConnection): void;
}

/** A port at which connections are accepted. Keeps the domain alive until closed. */
export interface TcpListener {
  readonly port: u16;

  /** Connections that were refused because the backlog was full. */
  readonly refusedConnections: u64;

  /** No more are accepted; those that were live on. Idempotent. */
  close(): void;

  /** From now on it does not keep the domain alive. */
  background(): void;
}

export interface Tcp {
  /**
   * Begins a connection to `remote`; `handler` hears how it went. From `localPort`, or one picked at random (RFC
   * 6056 §3.3.3, double-hash). Null: no port or no connection is free; see `lastError` (ADDRESS_IN_USE, EXHAUSTED,
   * NO_ROUTE).
   */
  connect(remote: Endpoint, handler: TcpHandler, localPort: u16): TcpConnection | null;

  /**
   * Accepts connections at a port, on all addresses. At most `backlog` that the acceptor has given no handler yet
   * (1 to the limit of the stack); beyond, a SYN is dropped. Null: see `lastError` (ADDRESS_IN_USE, EXHAUSTED).
   */
  listen(port: u16, acceptor: TcpAcceptor, backlog: i32): TcpListener | null;

  /** Why the last `connect` or `listen` answered null. */
  readonly lastError: i32;

  /** Connections that there are, TIME_WAIT included. */
  readonly connections: i32;
}
