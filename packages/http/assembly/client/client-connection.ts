/** A connection of a client: one call at a time, then kept for the next. */
import { CLOSED, TOO_LARGE, TcpConnection, TcpHandler } from "@phantasm/interfaces";
import { Content, ContentReader } from "../wire/content-reader";
import { ResponseHead } from "../wire/response-head";
import { Attempt, ConnectedHandler } from "./connector";
import { Call, MALFORMED } from "./call";
import { HttpClient } from "./client";

const HEAD_BYTES_MIN: i32 = 1024;
/** 100 and its kind, before the answer: more are an attack. */
const INTERIM_MAX: i32 = 8;


@final
export class ClientConnection implements TcpHandler, ConnectedHandler {
  /** Null while it waits for the next one. */
  call: Call | null = null;
  /** When its last answer was whole. */
  lastUsedNs: i64 = 0;
  private tcp: TcpConnection | null = null;
  private attempt: Attempt | null = null;
  private isOver: bool = false;
  private readonly head: ResponseHead;
  private readonly reader: ContentReader = new ContentReader();
  private inContent: bool = false;
  private interim: i32 = 0;
  /** This is not its first call. */
  private isUsed: bool = false;
  private hasHeard: bool = false;
  private held: Uint8Array = new Uint8Array(HEAD_BYTES_MIN);
  private heldBytes: i32 = 0;
  private request: Uint8Array = new Uint8Array(0);
  private sent: i32 = 0;
  private bodySent: i32 = 0;

  constructor(
    private readonly client: HttpClient,
    readonly host: string,
    readonly port: u16,
  ) {
    this.head = new ResponseHead(client.limits);
  }

  /** Connects, for this call. 0 or an error. */
  connect(call: Call): i32 {
    this.call = call;
    call.connection = this;
    const attempt = this.client.connector.connect(this.host, this.port, this);
    if (attempt === null) return this.client.connector.lastError;
    this.attempt = attempt;
    return 0;
  }

  onConnection(connection: TcpConnection): void {
    this.attempt = null;
    this.tcp = connection;
    connection.setHandler(this);
    connection.noDelay = true;
    this.begin();
  }

  onNoConnection(error: i32): void {
    this.attempt = null;
    this.end();
    this.call!.fail(error);
  }

  /** Uses it for another call. */
  use(call: Call): void {
    this.call = call;
    call.connection = this;
    this.isUsed = true;
    this.begin();
  }

  private begin(): void {
    const call = this.call!;
    const body = call.body;
    let text = `${call.method} ${call.url.target} HTTP/1.1\r\nHost: ${call.url.authority}\r\n`;
    text += call.fields + call.secrets;
    if (body !== null) text += `Content-Length: ${body.length}\r\n`;
    // RFC 9110 §8.6: a method that usually has content says when there is none.
    else if (call.method == "POST" || call.method == "PUT") text += "Content-Length: 0\r\n";
    this.request = Uint8Array.wrap(String.UTF8.encode(text + "\r\n"));
    this.sent = 0;
    this.bodySent = 0;
    this.heldBytes = 0;
    this.inContent = false;
    this.hasHeard = false;
    this.interim = 0;
    this.send();
  }

  private send(): void {
    const tcp = this.tcp!;
    this.sent += this.write(tcp, this.request, this.sent);
    const body = this.call!.body;
    if (this.sent == this.request.length && body !== null)
      this.bodySent += this.write(tcp, body, this.bodySent);
  }

  private write(tcp: TcpConnection, bytes: Uint8Array, from: i32): i32 {
    if (from == bytes.length) return 0;
    return max(tcp.write(bytes, from, bytes.length - from), 0);
  }

  onConnected(connection: TcpConnection): void {}

  onWritable(connection: TcpConnection): void {
    if (this.call !== null && !this.isOver) this.send();
  }

  onReadable(connection: TcpConnection): void {
    if (this.isOver) return;
    // RFC 9112 §9.2: what nobody has asked for is not an answer to the next request.
    if (this.call === null) {
      this.end();
      connection.abort();
      return;
    }
    let goesOn: bool = true;
    while (goesOn && !this.isOver && this.call !== null)
      goesOn = this.inContent ? this.readContent(connection) : this.readHead(connection);
    if (!this.isOver && connection.atEnd && connection.readable == 0) this.atEnd(connection);
  }

  private readHead(tcp: TcpConnection): bool {
    const available = tcp.peekedBytes;
    if (available == 0) {
      tcp.peek();
      return false;
    }
    this.hasHeard = true;
    const limit = this.client.limits.headBytesMax;
    const count = min(available, limit - this.heldBytes);
    this.reserve(this.heldBytes + count);
    const to = this.held.dataStart + <usize>this.heldBytes;
    memory.copy(to, tcp.peek(), <usize>count);
    const bytes = this.head.parse(this.held.dataStart, this.heldBytes + count);
    if (bytes < 0) return this.broken(tcp, MALFORMED);
    if (bytes == 0) {
      tcp.consume(count);
      this.heldBytes += count;
      return true;
    }
    tcp.consume(bytes - this.heldBytes);
    this.heldBytes = 0;
    const status = this.head.status;
    // RFC 9110 §15.2: any number of them may come before the answer. We have not asked for another protocol.
    if (status < 200)
      return status == 101 || ++this.interim > INTERIM_MAX ? this.broken(tcp, MALFORMED) : true;
    const call = this.call!;
    call.takeHead(this.head);
    this.head.beginContent(this.reader, call.method == "HEAD");
    if (this.reader.remaining > this.client.limits.contentBytesMax)
      return this.broken(tcp, TOO_LARGE);
    this.inContent = true;
    return true;
  }

  private reserve(bytes: i32): void {
    if (bytes <= this.held.length) return;
    const larger = new Uint8Array(max(bytes, 2 * this.held.length));
    memory.copy(larger.dataStart, this.held.dataStart, <usize>this.heldBytes);
    this.held = larger;
  }

  private readContent(tcp: TcpConnection): bool {
    const bytes = tcp.peekedBytes;
    const found = this.reader.next(tcp.peek(), bytes);
    if (found == Content.BROKEN) return this.broken(tcp, MALFORMED);
    if (found == Content.DATA) {
      const problem = this.call!.takePart(this.reader.dataAt, this.reader.dataBytes);
      if (problem != 0) return this.broken(tcp, problem);
    }
    tcp.consume(this.reader.taken);
    if (found == Content.END) {
      this.completed(tcp);
      return false;
    }
    return bytes > 0;
  }

  /** The answer is whole: it is kept for the next call, or not (RFC 9112 §9.3). */
  private completed(tcp: TcpConnection): void {
    const call = this.call!;
    this.call = null;
    const body = call.body;
    const isSent =
      this.sent == this.request.length && (body === null || this.bodySent == body.length);
    if (isSent && this.head.keepsAlive && tcp.readable == 0 && !tcp.atEnd) this.client.keep(this);
    else {
      this.end();
      tcp.close();
    }
    call.complete();
  }

  private broken(tcp: TcpConnection, error: i32): bool {
    const call = this.call!;
    this.call = null;
    this.end();
    tcp.abort();
    call.fail(error);
    return false;
  }

  /** The server has closed its side. */
  private atEnd(tcp: TcpConnection): void {
    if (this.call !== null && this.inContent && this.reader.end()) {
      this.head.saysClose = true;
      this.completed(tcp);
      return;
    }
    this.end();
    tcp.close();
    this.lost(CLOSED);
  }

  onClosed(connection: TcpConnection, reason: i32): void {
    if (this.isOver) return;
    this.end();
    this.lost(reason == 0 ? CLOSED : reason);
  }

  /** A connection that was kept may have been closed meanwhile: then the call is made again (RFC 9112 §9.3.1). */
  private lost(error: i32): void {
    const call = this.call;
    this.call = null;
    if (call === null) return;
    if (this.isUsed && !this.hasHeard && call.mayRetry && call.method != "POST") {
      call.mayRetry = false;
      this.client.begin(call);
    } else call.fail(error);
  }

  /** The call has been given up. */
  giveUp(): void {
    this.call = null;
    if (this.isOver) return;
    this.end();
    const attempt = this.attempt;
    if (attempt !== null) attempt.cancel();
    const tcp = this.tcp;
    if (tcp !== null) tcp.abort();
  }

  /** Closes one that waits. */
  close(): void {
    if (this.isOver) return;
    this.end();
    this.tcp!.close();
  }

  private end(): void {
    this.isOver = true;
    this.head.free();
    this.client.forget(this);
  }
}
