/** The server: accepts connections, and has what they share. */
import { Clock, Tcp, TcpAcceptor, TcpConnection, TcpListener } from "@phantasm/interfaces";
import { limitBytes } from "@phantasm/runtime/heap/pacing";
import { hasRoom } from "@phantasm/runtime/heap/room";
import { observeCounters } from "@phantasm/runtime/observed";
import { equals, findControl, utf8Bytes } from "../wire/characters";
import { reasonOf } from "../wire/status";
import { HttpConnection } from "./connection";
import { Exchange } from "./exchange";
import { AccessSink, ErrorPages, HttpHandler } from "./handlers";
import { Heading } from "./heading";
import { COUNTER_LABELS, HttpCounters, HttpLimits } from "./limits";
import { Output } from "./output";
import { Sender } from "./sender";
import { Need, Waiting, WaitingList } from "./waiting";

const CR_LF: u16 = 0x0a0d;
/** How a line begins that asks for no content. */
const HEAD: string = "HEAD ";
const OUTPUT_BYTES_MIN: i32 = 16 << 10;
/** Room for what a head has beside the fields that were set. */
export const HEAD_ROOM: i32 = 1_024;
/** Read without glasses on a phone, and at night. */
const LOOK: string =
  '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">';
/** Of the memory of the image, for each connection: a little more than the stack wants, so that it has one to spare for whoever comes next. */
const CONNECTION_BYTES: usize = 4_352;
/** What an exchange takes, with its fields and without its content. */
const EXCHANGE_BYTES: usize = 1 << 10;
/** Messages up to this size share one array from the beginning. */
const WHOLE_BYTES_MIN: i32 = 16 << 10;


@final
export class HttpServer implements TcpAcceptor {
  readonly counters: HttpCounters = new HttpCounters();
  /** Connections that there are. */
  connections: i32 = 0;
  /** Is told of every answer. */
  access: AccessSink | null = null;
  /** Makes the pages of errors. */
  errorPages: ErrorPages | null = null;

  // What connections share.
  readonly output: Output;
  readonly heading: Heading;
  /** Whose output it is. */
  writer: Sender | null = null;
  /** Answers end their connections. */
  isStopping: bool = false;
  partialBytes: i32 = 0;
  unsentBytes: i32 = 0;
  collectedBytes: i32 = 0;
  /** Who waits: for a request; for the rest of a head; for content or room. */
  readonly idle: WaitingList = new WaitingList();
  readonly partial: WaitingList = new WaitingList();
  readonly busy: WaitingList = new WaitingList();
  /** Where messages become whole. */
  private whole: Uint8Array | null = null;
  /** Of that one, be it in use or not. */
  private wholeBytes: i32 = 0;
  private listener: TcpListener | null = null;
  private readonly pool: Exchange[] = [];
  private exchanges: i32 = 0;

  /**
   * @param handler answers every request; a Router, a Site
   * @param name what Server says; empty: nothing
   */
  constructor(
    readonly clock: Clock,
    readonly handler: HttpHandler,
    readonly limits: HttpLimits = new HttpLimits(),
    name: string = "",
  ) {
    assert(limits.outputBytes >= OUTPUT_BYTES_MIN, "http: the output has at least 16 KiB");
    assert(
      limits.lineBytesMax + 4 < limits.headBytesMax,
      "http: a head is larger than its first line",
    );
    assert(
      limits.fieldBytesMax + 2 * HEAD_ROOM <= limits.outputBytes,
      "http: the fields of an answer are more than the output has room for",
    );
    // What is held for clients must never be what an image runs out of, half of whose memory TCP may have.
    const memoryBytes = limitBytes();
    limits.connections = atMost(limits.connections, memoryBytes / CONNECTION_BYTES);
    limits.partialBytes = atMost(limits.partialBytes, memoryBytes >> 4);
    limits.unsentBytes = atMost(limits.unsentBytes, memoryBytes >> 4);
    limits.collectedBytes = atMost(limits.collectedBytes, memoryBytes >> 4);
    limits.exchanges = atMost(limits.exchanges, (memoryBytes >> 5) / EXCHANGE_BYTES);
    this.output = new Output(limits.outputBytes);
    this.heading = new Heading(clock, name);
    observeCounters("http", COUNTER_LABELS, this.counters);
  }

  /** Listens at a port. False: it is taken. */
  listen(tcp: Tcp, port: u16): bool {
    const listener = tcp.listen(port, this, this.limits.backlog);
    this.listener = listener;
    return listener !== null;
  }

  /** Accepts no more; answers that are under way are the last ones of their connections. */
  stop(): void {
    const listener = this.listener;
    this.listener = null;
    this.isStopping = true;
    if (listener !== null) listener.close();
  }

  onAccept(listener: TcpListener, tcp: TcpConnection): void {
    this.accept(tcp);
  }

  /** Serves a connection that somebody else has accepted. */
  accept(tcp: TcpConnection): void {
    // More for a moment: who makes room may still say goodbye.
    if (this.connections >= this.limits.connections || !hasRoom(CONNECTION_BYTES)) {
      if (!this.makeRoom(Need.CONNECTION) || !hasRoom(CONNECTION_BYTES)) {
        this.refuse(tcp);
        return;
      }
    }
    this.counters.accepted++;
    this.connections++;
    // Answers are composed before they are written: nothing small follows that would be worth waiting for.
    tcp.noDelay = true;
    const connection = new HttpConnection(this, tcp);
    tcp.setHandler(connection);
    connection.turn();
  }

  /** One connection too many: it is told, and forgotten. */
  private refuse(tcp: TcpConnection): void {
    this.counters.refusedConnections++;
    this.takeOutput(null);
    this.putError(null, 503, false);
    const output = this.output;
    tcp.writeFrom(output.start, output.used);
    output.at = output.start;
    tcp.close();
  }

  /** The time of day, in seconds since 1970 UTC. */
  get seconds(): i64 {
    this.heading.refresh();
    return this.heading.seconds;
  }

  // ---- for connections

  /** Ends the connection that has waited longest for its client, of those that hold what is needed. False: there is none. */
  makeRoom(need: Need): bool {
    const stallNs = this.limits.stallNs;
    let longest = this.busy.longest(need, stallNs);
    if (need == Need.CONNECTION) longest = earlier(longest, this.idle.longest(need, stallNs));
    if (need == Need.CONNECTION || need == Need.PARTIAL)
      longest = earlier(longest, this.partial.longest(need, stallNs));
    if (longest === null) return false;
    this.counters.evicted++;
    // Applications send, and are not told of others meanwhile.
    if (need == Need.UNSENT) longest.cutOff();
    else longest.giveWay();
    return true;
  }

  /** Hands the output to another connection; what was in it leaves. */
  takeOutput(connection: Sender | null): void {
    const writer = this.writer;
    this.writer = connection;
    if (writer !== null) writer.flush();
  }

  /** Counts so many bytes more of heads, which can be allocated then. False: there is no room, and nobody makes any. */
  reservePartial(bytes: i32): bool {
    while (this.partialBytes + bytes > this.limits.partialBytes || !hasRoom(<usize>bytes))
      if (!this.makeRoom(Need.PARTIAL)) return false;
    this.partialBytes += bytes;
    return true;
  }

  /**
   * An array in which a message of that length becomes whole, to be given back with `giveWhole`: one for all, as large as
   * the largest one was, which counts in `collectedBytes`. Null: there is no room, and nobody makes any.
   */
  takeWhole(bytes: i32): Uint8Array | null {
    const array = this.whole;
    if (array !== null && array.length >= bytes) {
      this.whole = null;
      return array;
    }
    this.dropWhole();
    // Powers of two: what was too small and is garbage now is less than what there is.
    const room = 1 << (32 - clz(max(bytes, WHOLE_BYTES_MIN) - 1));
    if (!this.makeCollectable(room)) return null;
    this.wholeBytes = room;
    return new Uint8Array(room);
  }

  giveWhole(array: Uint8Array): void {
    this.whole = array;
  }

  /** It is made anew for the next message. False: there is none that nobody uses. */
  private dropWhole(): bool {
    const array = this.whole;
    if (array === null) return false;
    this.whole = null;
    this.wholeBytes = 0;
    return true;
  }

  /** Counts so many bytes more of content and messages, which can be allocated then. False: there is no room, and nobody makes any. */
  reserveCollected(bytes: i32): bool {
    if (!this.makeCollectable(bytes)) return false;
    this.collectedBytes += bytes;
    return true;
  }

  private makeCollectable(bytes: i32): bool {
    while (
      this.collectedBytes + this.wholeBytes + bytes > this.limits.collectedBytes ||
      !hasRoom(<usize>bytes)
    )
      // What nobody needs now goes first.
      if (!this.dropWhole() && !this.makeRoom(Need.COLLECTED)) return false;
    return true;
  }

  takeExchange(): Exchange | null {
    if (this.pool.length > 0) return this.pool.pop();
    if (this.exchanges == this.limits.exchanges || !hasRoom(EXCHANGE_BYTES))
      return this.makeRoom(Need.EXCHANGE) && this.pool.length > 0 ? this.pool.pop() : null;
    this.exchanges++;
    return new Exchange(this);
  }

  giveExchange(exchange: Exchange): void {
    this.pool.push(exchange);
  }

  /** An exchange without a connection has ended. */
  recycle(exchange: Exchange): void {
    exchange.release();
    this.giveExchange(exchange);
  }

  forget(connection: HttpConnection): void {
    // It stays the writer: whatever is still composed for it goes nowhere.
    if (this.writer === connection) this.output.at = this.output.start;
    this.connections--;
  }

  errorPage(status: i32): string {
    const pages = this.errorPages;
    return pages !== null ? pages.errorPage(status) : plainPage(status);
  }

  /**
   * Composes an answer that no exchange is for, and that ends its connection.
   *
   * @param at what has come of the request: a line or more, a part of one, or nothing
   */
  putRefusal(connection: Sender, status: i32, at: usize, bytes: i32): void {
    const line = firstLine(at, at + <usize>bytes);
    const lineBytes = <i32>(findControl(line, at + <usize>bytes) - line);
    // RFC 9110 §9.3.2: as far as we know what was asked for.
    const isHead = lineBytes > HEAD.length && equals(line, HEAD.length, HEAD);
    const contentBytes = this.putError(connection, status, isHead);
    const access = this.access;
    if (access === null) return;
    const remote = connection.remoteText;
    access.onRefused(remote, this.heading.seconds, status, line, lineBytes, contentBytes);
  }

  /**
   * Composes an error page after which the connection ends. Returns its bytes.
   *
   * @param connection whose output it is; null: nobody's, and empty
   */
  private putError(connection: Sender | null, status: i32, isHead: bool): i32 {
    const output = this.output;
    let page = this.errorPage(status);
    let pageBytes = utf8Bytes(page);
    // In a hurry, nothing large is sent.
    if (pageBytes > OUTPUT_BYTES_MIN - HEAD_ROOM) {
      page = plainPage(status);
      pageBytes = utf8Bytes(page);
    }
    if (connection !== null) connection.beginComposing(HEAD_ROOM + pageBytes);
    this.heading.refresh();
    this.heading.put(output, status);
    output.text("Content-Type: text/html; charset=utf-8\r\nContent-Length: ");
    output.number(pageBytes);
    output.text("\r\nConnection: close\r\n\r\n");
    if (isHead) return 0;
    output.utf8(page);
    return pageBytes;
  }
}

function plainPage(status: i32): string {
  const title = `${status} ${reasonOf(status)}`;
  return `<!doctype html>\n<html lang="en">\n${LOOK}\n<title>${title}</title>\n<h1>${title}</h1>\n`;
}

function earlier(one: Waiting | null, other: Waiting | null): Waiting | null {
  if (one === null || other === null) return one === null ? other : one;
  return other.sinceNs < one.sinceNs ? other : one;
}

/** Behind the empty line that may come before a request (RFC 9112 §2.2). */
function firstLine(at: usize, end: usize): usize {
  return end - at >= 2 && load<u16>(at) == CR_LF ? at + 2 : at;
}

function atMost(value: i32, limit: usize): i32 {
  return limit < <usize>value ? <i32>limit : value;
}
