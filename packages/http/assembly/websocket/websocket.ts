/**
 * WebSocket (RFC 6455), the server's side: messages both ways over a connection that began with a request.
 *
 *     onRequest(exchange) {
 *       const socket = WebSocket.accept(exchange, this);
 *       if (socket === null) return; // it was refused, and has been answered
 *     }
 *
 * Extensions are not agreed on, so nothing is compressed. Pings are answered, and sent when a client is silent.
 */
import { SECOND } from "@phantasm/interfaces";
import { hasRoom } from "@phantasm/runtime/heap/room";
import { Chain } from "../server/chain";
import { HttpConnection } from "../server/connection";
import { Exchange } from "../server/exchange";
import { Upgraded } from "../server/upgraded";
import { putText, putUtf8, utf8Bytes } from "../wire/characters";
import { Method } from "../wire/method";
import { base64, isBase64Of } from "../wire/base64";
import { Utf8Check } from "../wire/utf8";
import {
  CONTROL_BYTES_MAX,
  CloseCode,
  FrameHeader,
  HEADER_BYTES_MAX,
  Opcode,
  isCloseCode,
  putHeader,
  unmask,
} from "./frame";
import { SHA1_BYTES, sha1 } from "./sha1";

/** What a WebSocket tells. */
export interface WebSocketHandler {
  /** A message: the first `length` of `bytes`, valid during the call. Text is UTF-8, checked. */
  onMessage(socket: WebSocket, bytes: Uint8Array, length: i32, isText: bool): void;

  /** There is room again, after `send` was refused. */
  onWritable(socket: WebSocket): void;

  /** It has ended; nothing follows. NONE: the client said no code; ABNORMAL: it broke. Called once. */
  onClosed(socket: WebSocket, code: i32): void;
}

/** What one may need. */
export class WebSocketLimits {
  /** Bytes of a message: beyond, it is closed with TOO_LARGE. Without room in `collectedBytes` of the server: TRY_AGAIN. */
  messageBytesMax: i32 = 1 << 20;
  /** A ping is sent after so much silence; after as much again it is cut off. */
  idleNs: i64 = 30 * SECOND;
  /** For the client to answer our close. */
  closeNs: i64 = 5 * SECOND;
}

/** RFC 6455 §1.3. */
const GUID: string = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const KEY_BYTES: i32 = 24;
/** Of one WebSocket, with its parts. */
const OBJECT_BYTES: usize = 1 << 10;
/** So much of a message has to come before its wait begins anew. */
const STEP_BYTES: i32 = 16 << 10;

const scratch: usize = memory.data(96);

enum State {
  OPEN,
  /** Our close has been sent. */
  CLOSING,
  /** Both have closed. */
  CLOSED,
}

export class WebSocket implements Upgraded {
  /** Whatever its handler likes to find again. */
  tag: i32 = 0;
  private state: State = State.OPEN;
  private readonly header: FrameHeader = new FrameHeader();
  /** A header that came in pieces, and control frames. */
  private readonly part: Uint8Array = new Uint8Array(HEADER_BYTES_MAX + CONTROL_BYTES_MAX);
  private partBytes: i32 = 0;
  private inPayload: bool = false;
  /** Bytes of this frame's payload that have come. */
  private position: u64 = 0;
  /** The message so far, unless it came in one piece. */
  private readonly message: Chain;
  /** Bytes of it since its wait began. */
  private progress: i32 = 0;
  /** TEXT or BINARY while a message is under way; 0: none is. */
  private kind: i32 = 0;
  private readonly utf8: Utf8Check = new Utf8Check();
  private isPinged: bool = false;
  private wantsRoom: bool = false;
  private closeCode: i32 = CloseCode.ABNORMAL;

  private constructor(
    private readonly connection: HttpConnection,
    private readonly handler: WebSocketHandler,
    private readonly limits: WebSocketLimits,
  ) {
    this.message = new Chain(connection.server);
  }

  /**
   * Makes a WebSocket of a request (§4.2). Null: it was no handshake, and has been answered so.
   *
   * @param protocol the subprotocol that is chosen, one of those that the request names; empty: none
   */
  static accept(
    exchange: Exchange,
    handler: WebSocketHandler,
    limits: WebSocketLimits = new WebSocketLimits(),
    protocol: string = "",
  ): WebSocket | null {
    const head = exchange.request;
    const connection = exchange.connection;
    if (
      connection === null ||
      head.method != Method.GET ||
      head.minor == 0 ||
      !head.saysUpgrade ||
      !head.lists("upgrade", "websocket") ||
      head.hasContent
    ) {
      exchange.setField("Upgrade", "websocket");
      exchange.sendError(426);
      return null;
    }
    const version = head.value("sec-websocket-version");
    if (version === null || version != "13") {
      exchange.setField("Sec-WebSocket-Version", "13");
      exchange.sendError(426);
      return null;
    }
    const key = head.find("sec-websocket-key");
    if (
      key < 0 ||
      head.find("sec-websocket-key", key + 1) >= 0 ||
      !isBase64Of(head.valueAt(key), head.valueBytes(key), 16)
    ) {
      exchange.sendError(400);
      return null;
    }
    if (!hasRoom(OBJECT_BYTES)) {
      connection.server.counters.refusedRequests++;
      exchange.sendError(503);
      return null;
    }
    memory.copy(scratch, head.valueAt(key), KEY_BYTES);
    const end = putText(scratch + KEY_BYTES, GUID);
    sha1(scratch, <i32>(end - scratch), scratch);
    exchange.setField("Upgrade", "websocket");
    exchange.setField("Sec-WebSocket-Accept", base64(scratch, SHA1_BYTES));
    if (protocol.length > 0) exchange.setField("Sec-WebSocket-Protocol", protocol);
    exchange.sendEmpty(101);
    const socket = new WebSocket(connection, handler, limits);
    connection.upgraded = socket;
    connection.setDeadline(limits.idleNs);
    return socket;
  }

  // ---- sending

  get isOpen(): bool {
    return this.state == State.OPEN;
  }

  /** Sends a text. False: no room, or it is closing; `onWritable` follows if it is not. */
  sendText(text: string): bool {
    const bytes = utf8Bytes(text);
    if (!this.hasRoom(bytes)) return false;
    const connection = this.connection;
    connection.beginWriting();
    const output = connection.server.output;
    if (output.room < bytes + HEADER_BYTES_MAX) connection.flush();
    output.at += <usize>putHeader(output.at, Opcode.TEXT, bytes);
    if (bytes <= output.room) output.utf8(text);
    else {
      const encoded = new Uint8Array(bytes);
      putUtf8(encoded.dataStart, text);
      connection.flush();
      connection.write(encoded.dataStart, bytes);
    }
    connection.endWriting();
    return true;
  }

  /** Sends bytes, which are copied. */
  sendBytes(buffer: Uint8Array, offset: i32, length: i32): bool {
    assert(
      offset >= 0 && length >= 0 && offset <= buffer.length - length,
      "websocket: a message lies outside its array",
    );
    if (!this.hasRoom(length)) return false;
    this.put(Opcode.BINARY, buffer.dataStart + <usize>offset, length);
    return true;
  }

  /** All of a message is sent, or nothing: what the connection does not take now is kept, one message. */
  private hasRoom(bytes: i32): bool {
    if (this.state != State.OPEN) return false;
    if (this.connection.room >= 0) return true;
    this.wantsRoom = true;
    return false;
  }

  private put(opcode: i32, at: usize, bytes: i32): void {
    const connection = this.connection;
    connection.beginWriting();
    const output = connection.server.output;
    if (output.room < HEADER_BYTES_MAX) connection.flush();
    output.at += <usize>putHeader(output.at, opcode, bytes);
    if (bytes <= output.room) output.put(at, bytes);
    else {
      connection.flush();
      connection.write(at, bytes);
    }
    connection.endWriting();
  }

  /** Begins to close (§7.1.2). `onClosed` follows when the client has answered. @param code NORMAL, GOING_AWAY, 3000 to 4999 … */
  close(code: i32 = CloseCode.NORMAL): void {
    if (this.state != State.OPEN) return;
    assert(isCloseCode(code), "websocket: no code to close with");
    this.sendClose(code);
    this.state = State.CLOSING;
    this.connection.setDeadline(this.limits.closeNs);
  }

  private sendClose(code: i32): void {
    store<u16>(scratch, bswap<u16>(<u16>code));
    this.put(Opcode.CLOSE, scratch, 2);
  }

  /** Closes because of what the client did, and does not listen any more (§7.1.7). */
  private fail(code: i32): bool {
    if (this.state == State.OPEN) this.sendClose(code);
    this.closeCode = code;
    return this.finish();
  }

  /** The server closes first (§7.1.1). */
  private finish(): bool {
    this.state = State.CLOSED;
    const connection = this.connection;
    connection.upgraded = null;
    connection.isLast = true;
    this.message.clear();
    this.handler.onClosed(this, this.closeCode);
    return true;
  }

  // ---- receiving

  onTurn(): bool {
    const tcp = this.connection.tcp;
    if (this.wantsRoom && this.state == State.OPEN && this.connection.room >= 0) {
      this.wantsRoom = false;
      this.handler.onWritable(this);
      return !this.connection.isOver;
    }
    const available = tcp.peekedBytes;
    if (available == 0) {
      if (!tcp.atEnd) return false;
      return this.finish();
    }
    this.isPinged = false;
    if (this.state == State.OPEN) this.connection.setDeadline(this.limits.idleNs);
    return this.inPayload
      ? this.readPayload(tcp.peek(), available)
      : this.readHeader(tcp.peek(), available);
  }

  private readHeader(at: usize, available: i32): bool {
    const count = min(available, HEADER_BYTES_MAX - this.partBytes);
    const part = this.part.dataStart;
    memory.copy(part + <usize>this.partBytes, at, <usize>count);
    const bytes = this.header.read(part, this.partBytes + count);
    if (bytes < 0) return this.fail(CloseCode.PROTOCOL_ERROR);
    if (bytes == 0) {
      this.partBytes += count;
      this.connection.tcp.consume(count);
      return true;
    }
    this.connection.tcp.consume(bytes - this.partBytes);
    this.partBytes = 0;
    this.position = 0;
    this.inPayload = true;
    const problem = this.beginFrame();
    if (problem != 0) return this.fail(problem);
    return this.header.payloadBytes > 0 ? true : this.endFrame();
  }

  /** 0, or why it cannot be. */
  private beginFrame(): i32 {
    const header = this.header;
    if (header.opcode >= Opcode.CLOSE) return 0;
    // §5.4: a message goes on with CONTINUATION, and only then.
    if ((header.opcode == Opcode.CONTINUATION) != (this.kind != 0)) return CloseCode.PROTOCOL_ERROR;
    if (this.kind == 0) {
      this.kind = header.opcode;
      this.utf8.clear();
    }
    const room = <u64>(this.limits.messageBytesMax - this.message.bytes);
    return header.payloadBytes > room ? CloseCode.TOO_LARGE : 0;
  }

  private readPayload(at: usize, available: i32): bool {
    const header = this.header;
    const left = header.payloadBytes - this.position;
    let count = <u64>available < left ? available : <i32>left;
    let to = this.part.dataStart + <usize>this.position;
    if (header.opcode < Opcode.CLOSE) {
      const message = this.message;
      // Most messages come as a whole, and are never kept.
      if (header.isFinal && message.bytes == 0 && <u64>count == header.payloadBytes)
        return this.readWhole(at, count);
      count = message.reserve(count);
      if (count == 0 || this.connection.isOver) return this.refuse();
      to = message.end;
      message.extend(count);
    }
    unmask(to, at, count, header.mask, this.position);
    this.position += <u64>count;
    this.connection.tcp.consume(count);
    if (header.opcode < Opcode.CLOSE) {
      // §8.1: at once, not only when the message is whole.
      if (this.kind == Opcode.TEXT && !this.utf8.follow(to, count))
        return this.fail(CloseCode.INVALID_DATA);
      this.progress += count;
      this.connection.awaitMessage(this.progress >= STEP_BYTES);
      if (this.progress >= STEP_BYTES) this.progress = 0;
    }
    return this.position < header.payloadBytes ? true : this.endFrame();
  }

  /** A message of one frame that has come in one piece. */
  private readWhole(at: usize, bytes: i32): bool {
    const whole = this.takeWhole(bytes);
    if (whole === null) return this.refuse();
    unmask(whole.dataStart, at, bytes, this.header.mask, 0);
    this.connection.tcp.consume(bytes);
    this.inPayload = false;
    if (this.kind == Opcode.TEXT && !this.utf8.follow(whole.dataStart, bytes)) {
      this.connection.server.giveWhole(whole);
      return this.fail(CloseCode.INVALID_DATA);
    }
    return this.deliver(whole, bytes);
  }

  /** Null: there is no room, or it was cut off while others made some. */
  private takeWhole(bytes: i32): Uint8Array | null {
    const connection = this.connection;
    const whole = connection.server.takeWhole(bytes);
    if (whole === null || !connection.isOver) return whole;
    connection.server.giveWhole(whole);
    return null;
  }

  /** There is no room for a message. Who was cut off meanwhile is told so later. */
  private refuse(): bool {
    if (this.connection.isOver) return false;
    this.connection.server.counters.refusedRequests++;
    return this.fail(CloseCode.TRY_AGAIN);
  }

  get collects(): bool {
    return this.message.isUsed;
  }

  /** It has not sent the rest of its message for long, and others need the room. */
  giveWay(): void {
    this.fail(CloseCode.TRY_AGAIN);
    this.connection.turn();
  }

  private endFrame(): bool {
    const header = this.header;
    this.inPayload = false;
    switch (header.opcode) {
      case Opcode.CLOSE:
        return this.wasClosed();
      case Opcode.PING:
        if (this.state == State.OPEN && this.connection.room >= 0)
          this.put(Opcode.PONG, this.part.dataStart, <i32>header.payloadBytes);
        return true;
      case Opcode.PONG:
        return true;
    }
    if (!header.isFinal) return true;
    const message = this.message;
    const bytes = message.bytes;
    const whole = this.takeWhole(bytes);
    if (whole === null) return this.refuse();
    message.copyTo(whole.dataStart);
    message.clear();
    this.progress = 0;
    this.connection.gotMessage();
    return this.deliver(whole, bytes);
  }

  private deliver(whole: Uint8Array, bytes: i32): bool {
    const isText = this.kind == Opcode.TEXT;
    this.kind = 0;
    const isRight = !isText || this.utf8.isWhole;
    // §1.4: after our close, what comes is of no interest.
    if (isRight && this.state == State.OPEN) this.handler.onMessage(this, whole, bytes, isText);
    this.connection.server.giveWhole(whole);
    if (!isRight) return this.fail(CloseCode.INVALID_DATA);
    return !this.connection.isOver;
  }

  /** §5.5.1. */
  private wasClosed(): bool {
    const bytes = <i32>this.header.payloadBytes;
    const at = this.part.dataStart;
    let code = CloseCode.NONE;
    if (bytes == 1) return this.fail(CloseCode.PROTOCOL_ERROR);
    if (bytes >= 2) {
      code = bswap<u16>(load<u16>(at));
      if (!isCloseCode(code)) return this.fail(CloseCode.PROTOCOL_ERROR);
      this.utf8.clear();
      if (!this.utf8.follow(at + 2, bytes - 2) || !this.utf8.isWhole)
        return this.fail(CloseCode.INVALID_DATA);
    }
    if (this.state == State.OPEN) this.sendClose(code == CloseCode.NONE ? CloseCode.NORMAL : code);
    this.closeCode = code;
    return this.finish();
  }

  onDeadline(): void {
    if (this.state != State.OPEN || this.isPinged) {
      this.connection.abort();
      return;
    }
    this.isPinged = true;
    if (this.connection.room >= 0) this.put(Opcode.PING, scratch, 0);
    this.connection.setDeadline(this.limits.idleNs);
  }

  onCaughtUp(): void {
    this.isPinged = false;
    this.connection.setDeadline(
      this.state == State.OPEN ? this.limits.idleNs : this.limits.closeNs,
    );
  }

  onGone(): void {
    if (this.state == State.CLOSED) return;
    this.state = State.CLOSED;
    this.message.clear();
    this.handler.onClosed(this, CloseCode.ABNORMAL);
  }
}
