/**
 * A request and its answer, as an application sees them.
 *
 * An answer is sent whole (`send…`), or begun, written in parts and ended. Either can happen at once or later, and
 * in any order over different connections; each connection gets its answers in the order of its requests.
 */
import { Errno, TcpConnection } from "@phantasm/interfaces";
import { equals, putText, putUtf8, textOf, utf8Bytes } from "../wire/characters";
import { ContentReader } from "../wire/content-reader";
import { Method } from "../wire/method";
import { RequestHead } from "../wire/request-head";
import { hasNoContent } from "../wire/status";
import { decodedText, queryValue } from "../wire/target";
import { JsonWriter } from "../json/json-writer";
import { HttpConnection } from "./connection";
import { ContentHandler, ContentSink, ResponseWriter } from "./handlers";
import { HttpServer } from "./server";

/** Content up to this size is composed with the head; larger one is sent from where it lies. */
const INLINE_BYTES_MAX: i32 = 8 << 10;
/** Room for what a head has beside the fields that were set. */
const HEAD_ROOM: i32 = 1_024;
const FIELDS_ROOM_MIN: i32 = 256;
/** Room for the size of a chunk and two ends of lines. */
const CHUNK_ROOM: i32 = 16;
/** Parameters of a path that a route names. */
export const PARAMETERS_MAX: i32 = 8;
/** The length of an answer that is not known when it begins. */
export const UNKNOWN_LENGTH: i64 = -1;

/** What becomes of the content of a request. */
enum Intake {
  /** Nobody has asked for it. */
  WAITS,
  COLLECTED,
  STREAMED,
  PAUSED,
  /** It has come. */
  DONE,
}


@final
export class Exchange {
  readonly request: RequestHead;
  readonly reader: ContentReader = new ContentReader();
  /** Whatever its handler likes to find again. */
  tag: i32 = 0;
  /** Of the answer, once it has been begun. */
  status: i32 = 0;
  /** Bytes of content that were sent. */
  contentBytes: i64 = 0;

  // The server's.
  /** Null: the client has gone, or the exchange is in the pool. */
  connection: HttpConnection | null = null;
  hasBegun: bool = false;
  hasEnded: bool = false;
  /** The connection ends with this answer. */
  closes: bool = false;
  wantsRoom: bool = false;
  responder: ResponseWriter | null = null;
  /** Memory that the head lies in, if it is its own. */
  headMemory: usize = 0;
  /** Where the parameters of the path lie, from the path's begin: u16 at, u16 bytes; and what they are called. */
  readonly parameters: StaticArray<u16> = new StaticArray<u16>(2 * PARAMETERS_MAX);
  parameterNames: string[] | null = null;

  private fields: usize = 0;
  private fieldsEnd: i32 = 0;
  private fieldsRoom: i32 = 0;
  private isChunked: bool = false;
  /** Content that was announced and has not been written yet; negative: of no length. */
  private announced: i64 = 0;
  /** Content that lies elsewhere and waits to be sent. */
  private memoryAt: usize = 0;
  private memoryLeft: i64 = 0;
  /** What it lies in, so that it stays. */
  private memoryOwner: Uint8Array | null = null;
  private intake: Intake = Intake.WAITS;
  private collector: ContentHandler | null = null;
  private sink: ContentSink | null = null;
  private collected: Uint8Array | null = null;
  private collectedBytes: i32 = 0;
  private collectMax: i32 = 0;
  private discarded: i32 = 0;

  constructor(readonly server: HttpServer) {
    this.request = new RequestHead(server.limits);
  }

  // ---- the request

  get method(): Method {
    return this.request.method;
  }

  /** The path, decoded; null: it cannot be. A slash that was encoded is one like any other here. */
  get path(): string | null {
    return decodedText(this.request.path, this.request.pathBytes, false);
  }

  /** True if the path, as it came, is that text. Allocates nothing. */
  isPath(text: string): bool {
    return equals(this.request.path, this.request.pathBytes, text);
  }

  /** The value of a parameter of the query, decoded; null: there is none. */
  query(name: string): string | null {
    return queryValue(this.request.query, this.request.queryBytes, name);
  }

  /** The value of the first field of that name; null: there is none. @param name in lower case */
  field(name: string): string | null {
    return this.request.value(name);
  }

  /** The part of the path that the route calls so, decoded; empty: it has none, or it cannot be decoded. */
  parameter(name: string): string {
    const names = this.parameterNames;
    if (names === null) return "";
    for (let i = 0; i < names.length; i++) {
      if (names[i] != name) continue;
      const at = this.request.path + <usize>this.parameters[2 * i];
      const text = decodedText(at, this.parameters[2 * i + 1], false);
      return text === null ? "" : text;
    }
    return "";
  }

  /** The connection, to ask for addresses; null: it has gone. */
  get tcp(): TcpConnection | null {
    const connection = this.connection;
    return connection === null ? null : connection.tcp;
  }

  /** The client's address; `-`: it has gone. Made once for each connection. */
  get remoteText(): string {
    const connection = this.connection;
    return connection === null ? "-" : connection.remoteText;
  }

  /** False: the client has gone, and what is sent is dropped. */
  get isOpen(): bool {
    return this.connection !== null;
  }

  // ---- its content

  /** Content follows, be it empty: `receive` or `stream` it, or it is dropped. */
  get hasContent(): bool {
    return this.request.hasContent;
  }

  /**
   * Collects the content, and hands it over when it is whole; never, if the client goes before. More than `bytesMax` are answered with 413; 0: the limit
   * of the server. At most one of `receive` and `stream`, once.
   */
  receive(handler: ContentHandler, bytesMax: i32 = 0): void {
    this.collectMax = bytesMax > 0 ? bytesMax : this.server.limits.contentBytesMax;
    this.collector = handler;
    this.begunIntake(Intake.COLLECTED);
  }

  /** Hands the content over as it comes. */
  stream(sink: ContentSink): void {
    this.sink = sink;
    this.begunIntake(Intake.STREAMED);
  }

  private begunIntake(intake: Intake): void {
    assert(this.intake == Intake.WAITS, "http: the content of a request is asked for once");
    this.intake = intake;
    const connection = this.connection;
    if (connection === null) {
      this.server.recycle(this);
      return;
    }
    if (intake == Intake.COLLECTED && this.request.contentLength > <i64>this.collectMax) {
      this.intake = Intake.DONE;
      this.sendError(413);
      return;
    }
    // RFC 9110 §10.1.1: not to somebody whose content has come already.
    if (this.request.expectsContinue && !this.reader.isDone && !this.hasBegun) {
      connection.beginWriting();
      this.server.output.text("HTTP/1.1 100 Continue\r\n\r\n");
      connection.endWriting();
    }
    connection.schedule();
  }

  /** No part comes until `resume`. The client notices: its window closes. */
  pause(): void {
    if (this.intake == Intake.STREAMED) this.intake = Intake.PAUSED;
  }

  resume(): void {
    if (this.intake != Intake.PAUSED) return;
    this.intake = Intake.STREAMED;
    const connection = this.connection;
    if (connection !== null) connection.schedule();
  }

  get wantsContent(): bool {
    return this.intake == Intake.COLLECTED || this.intake == Intake.STREAMED;
  }

  /** Content has come. True: more may. */
  takePart(at: usize, bytes: i32): bool {
    if (this.hasEnded) {
      this.discarded += bytes;
      if (this.discarded <= this.server.limits.discardBytesMax) return true;
      this.closes = true;
      return false;
    }
    const sink = this.sink;
    if (sink !== null) {
      sink.onPart(this, at, bytes);
      return this.intake == Intake.STREAMED && !this.hasEnded;
    }
    return this.collect(at, bytes);
  }

  private collect(at: usize, bytes: i32): bool {
    const needed = this.collectedBytes + bytes;
    if (needed > this.collectMax) {
      this.intake = Intake.DONE;
      this.sendError(413);
      return false;
    }
    let buffer = this.collected;
    if (buffer === null) {
      buffer = new Uint8Array(max(needed, <i32>max(this.request.contentLength, 0)));
      this.collected = buffer;
    } else if (needed > buffer.length) {
      const larger = new Uint8Array(min(this.collectMax, max(needed, 2 * buffer.length)));
      memory.copy(larger.dataStart, buffer.dataStart, <usize>this.collectedBytes);
      buffer = larger;
      this.collected = larger;
    }
    memory.copy(buffer.dataStart + <usize>this.collectedBytes, at, <usize>bytes);
    this.collectedBytes = needed;
    return true;
  }

  /** All content has come. */
  endContent(): void {
    this.intake = Intake.DONE;
    const sink = this.sink;
    if (sink !== null) {
      sink.onEnd(this);
      return;
    }
    let buffer = this.collected;
    if (buffer === null) buffer = new Uint8Array(0);
    this.collected = null;
    this.collector!.onContent(this, buffer, this.collectedBytes);
  }

  // ---- the answer

  /** Adds a field to the answer. Before `send…` or `begin`. A name or value with a control character ends the domain. */
  setField(name: string, value: string): void {
    assert(!this.hasBegun, "http: fields are set before the answer begins");
    for (let i = 0; i < value.length; i++)
      assert(
        value.charCodeAt(i) >= 0x20 || value.charCodeAt(i) == 0x09,
        "http: a field has no control characters",
      );
    const bytes = name.length + utf8Bytes(value) + 4;
    this.reserveFields(bytes);
    let at = putText(this.fields + <usize>this.fieldsEnd, name);
    at = putText(at, ": ");
    at = putUtf8(at, value);
    store<u16>(at, 0x0a0d);
    this.fieldsEnd += bytes;
  }

  /** Adds whole lines that were composed earlier. */
  setLines(at: usize, bytes: i32): void {
    this.reserveFields(bytes);
    memory.copy(this.fields + <usize>this.fieldsEnd, at, <usize>bytes);
    this.fieldsEnd += bytes;
  }

  private reserveFields(bytes: i32): void {
    const needed = this.fieldsEnd + bytes;
    if (needed <= this.fieldsRoom) return;
    assert(needed <= this.server.limits.fieldBytesMax, "http: an answer has too many fields");
    const room = max(max(needed, FIELDS_ROOM_MIN), 2 * this.fieldsRoom);
    const larger = heap.alloc(<usize>room);
    if (this.fields != 0) {
      memory.copy(larger, this.fields, <usize>this.fieldsEnd);
      heap.free(this.fields);
    }
    this.fields = larger;
    this.fieldsRoom = room;
  }

  /** Sends an answer with that text. @param type media type, as `text/plain; charset=utf-8`; empty: none is said */
  sendText(status: i32, type: string, text: string): void {
    const bytes = utf8Bytes(text);
    if (!this.openAnswer(status, type, bytes)) return;
    if (bytes <= this.server.output.room) this.server.output.utf8(text);
    else {
      const owner = new Uint8Array(bytes);
      putUtf8(owner.dataStart, text);
      this.setMemory(owner.dataStart, bytes, owner);
    }
    this.closeAnswer(bytes);
  }

  /** Sends an answer with those bytes. They are not copied if they are many: nobody may change them any more. */
  sendBytes(status: i32, type: string, buffer: Uint8Array, offset: i32, length: i32): void {
    assert(
      offset >= 0 && length >= 0 && offset <= buffer.length - length,
      "http: an answer lies outside its array",
    );
    this.sendOwned(status, type, buffer.dataStart + <usize>offset, length, buffer);
  }

  /** Sends an answer that lies in memory, for as long as the image runs. */
  sendStatic(status: i32, type: string, at: usize, bytes: i64): void {
    this.sendOwned(status, type, at, bytes, null);
  }

  private sendOwned(
    status: i32,
    type: string,
    at: usize,
    bytes: i64,
    owner: Uint8Array | null,
  ): void {
    if (!this.openAnswer(status, type, bytes)) return;
    const output = this.server.output;
    if (bytes <= INLINE_BYTES_MAX && bytes <= output.room) output.put(at, <i32>bytes);
    else this.setMemory(at, bytes, owner);
    this.closeAnswer(bytes);
  }

  /** Sends an answer whose fields were composed earlier: whole lines. @param bytes of the content, which lies there for ever */
  sendPrepared(status: i32, fields: usize, fieldBytes: i32, at: usize, bytes: i64): void {
    if (!this.openHead(status, fieldBytes)) return;
    const output = this.server.output;
    output.put(fields, fieldBytes);
    output.text("\r\n");
    if (this.isWithoutContent) {
      this.closeAnswer(0);
      return;
    }
    if (bytes <= INLINE_BYTES_MAX && bytes <= output.room) output.put(at, <i32>bytes);
    else this.setMemory(at, bytes, null);
    this.closeAnswer(bytes);
  }

  /** Sends what was written to a JsonWriter. It may be used again. */
  sendJson(status: i32, json: JsonWriter): void {
    const bytes = json.length;
    if (!this.openAnswer(status, "application/json", bytes)) return;
    const output = this.server.output;
    if (bytes <= output.room) output.put(json.bytes.dataStart, bytes);
    else {
      const owner = json.bytes.slice(0, bytes);
      this.setMemory(owner.dataStart, bytes, owner);
    }
    this.closeAnswer(bytes);
  }

  /** Sends an answer without content. */
  sendEmpty(status: i32): void {
    if (this.openAnswer(status, "", 0)) this.closeAnswer(0);
  }

  /** Sends an error page. */
  sendError(status: i32): void {
    this.sendText(status, "text/html; charset=utf-8", this.server.errorPage(status));
  }

  /** Sends the client elsewhere. @param status 301, 302, 303, 307 or 308 @param location already encoded */
  redirect(status: i32, location: string): void {
    this.setField("Location", location);
    this.sendError(status);
  }

  /**
   * Begins an answer that is written in parts.
   *
   * @param length of the content; UNKNOWN_LENGTH: it ends with `end`, in chunks, or by closing for HTTP/1.0
   * @param writer told when there is room again, and when the client has gone
   */
  begin(status: i32, type: string, length: i64, writer: ResponseWriter): void {
    this.responder = writer;
    this.openAnswer(status, type, length);
    const connection = this.connection;
    if (connection !== null) connection.endWriting();
  }

  /** Writes content. Returns how many bytes were taken; AGAIN: no room. `onWritable` follows if it were not all. */
  write(buffer: Uint8Array, offset: i32, length: i32): i32 {
    assert(
      offset >= 0 && length >= 0 && offset <= buffer.length - length,
      "http: write from a range outside its array",
    );
    return this.writeFrom(buffer.dataStart + <usize>offset, length);
  }

  writeFrom(at: usize, bytes: i32): i32 {
    assert(this.hasBegun && !this.hasEnded, "http: content is written between begin and end");
    const connection = this.connection;
    if (connection === null || bytes == 0) return bytes;
    assert(
      this.announced < 0 || <i64>bytes <= this.announced,
      "http: more content than was announced",
    );
    if (this.isWithoutContent) return bytes;
    const room = connection.room;
    // One byte more than there is room for, so that the connection tells when there is room again.
    const count = min(bytes, room + 1);
    if (count < bytes) this.wantsRoom = true;
    if (count <= 0) return Errno.AGAIN;
    connection.beginWriting();
    const output = this.server.output;
    if (output.room < CHUNK_ROOM) connection.flush();
    if (this.isChunked) {
      output.at = putHexadecimal(output.at, count);
      output.text("\r\n");
    }
    this.put(connection, at, count);
    if (this.isChunked) {
      if (output.room < 2) connection.flush();
      output.text("\r\n");
    }
    if (this.announced > 0) this.announced -= count;
    this.contentBytes += count;
    connection.endWriting();
    return count;
  }

  private put(connection: HttpConnection, at: usize, bytes: i32): void {
    const output = this.server.output;
    if (bytes <= output.room && bytes <= INLINE_BYTES_MAX) output.put(at, bytes);
    else {
      connection.flush();
      connection.write(at, bytes);
    }
  }

  /** `write` of a short text, as a whole: what finds no room is kept, up to the limit of the server. */
  writeText(text: string): void {
    const bytes = utf8Bytes(text);
    assert(this.hasBegun && !this.hasEnded, "http: content is written between begin and end");
    assert(this.announced < 0, "http: a text is written to an answer of unknown length");
    const connection = this.connection;
    if (connection === null || bytes == 0 || this.isWithoutContent) return;
    connection.beginWriting();
    const output = this.server.output;
    if (output.room < bytes + CHUNK_ROOM) connection.flush();
    assert(bytes + CHUNK_ROOM <= output.room, "http: a text is longer than the output");
    if (this.isChunked) {
      output.at = putHexadecimal(output.at, bytes);
      output.text("\r\n");
    }
    output.utf8(text);
    if (this.isChunked) output.text("\r\n");
    this.contentBytes += bytes;
    connection.endWriting();
  }

  /** Bytes that the connection would take now. */
  get room(): i32 {
    const connection = this.connection;
    return connection === null ? 0 : max(connection.room, 0);
  }

  /** The answer is complete. */
  end(): void {
    if (this.connection === null) {
      this.server.recycle(this);
      return;
    }
    assert(this.hasBegun && !this.hasEnded, "http: end follows begin, once");
    this.responder = null;
    if (!this.isWithoutContent) {
      // Who was promised more must notice.
      if (this.announced > 0) {
        this.abort();
        return;
      }
      if (this.isChunked) {
        const connection = this.connection!;
        connection.beginWriting();
        if (this.server.output.room < CHUNK_ROOM) connection.flush();
        this.server.output.text("0\r\n\r\n");
      }
    }
    this.closeAnswer(0);
  }

  /** Breaks the connection off, so that the client notices: for an answer that was begun and cannot be completed. */
  abort(): void {
    const connection = this.connection;
    if (connection === null) {
      this.server.recycle(this);
      return;
    }
    this.responder = null;
    this.hasEnded = true;
    connection.abort();
  }

  /** A HEAD, or a status without content: nothing follows the head. */
  private get isWithoutContent(): bool {
    return this.request.method == Method.HEAD || hasNoContent(this.status);
  }

  /** Composes the head. False: no content may follow, and the answer is complete. */
  private openAnswer(status: i32, type: string, length: i64): bool {
    if (!this.openHead(status, this.fieldsEnd + type.length)) return false;
    const output = this.server.output;
    if (this.fieldsEnd > 0) output.put(this.fields, this.fieldsEnd);
    if (type.length > 0) {
      output.text("Content-Type: ");
      output.text(type);
      output.text("\r\n");
    }
    if (hasNoContent(status)) length = 0;
    else if (length >= 0) {
      output.text("Content-Length: ");
      output.number(length);
      output.text("\r\n");
    } else if (this.request.minor == 0) this.closes = true;
    else {
      this.isChunked = true;
      output.text("Transfer-Encoding: chunked\r\n");
    }
    output.text("\r\n");
    this.announced = length;
    if (!this.isWithoutContent) return true;
    if (this.responder === null) this.closeAnswer(0);
    return false;
  }

  /** Status line, Date, Connection. False: the client has gone. */
  private openHead(status: i32, more: i32): bool {
    assert(!this.hasBegun, "http: a request is answered once");
    const connection = this.connection;
    if (connection === null) {
      if (this.responder === null) this.server.recycle(this);
      else this.hasBegun = true;
      return false;
    }
    this.hasBegun = true;
    this.status = status;
    connection.beginWriting();
    const server = this.server;
    const output = server.output;
    if (output.room < HEAD_ROOM + more) connection.flush();
    server.heading.refresh();
    server.heading.put(output, status);
    const request = this.request;
    if (!this.closes) this.closes = !request.keepsAlive || server.isStopping || this.leavesContent;
    // RFC 9112 §9.6, and what clients of HTTP/1.0 expect (RFC 9112 appendix C.2.2).
    if (status == 101) output.text("Connection: Upgrade\r\n");
    else if (this.closes) output.text("Connection: close\r\n");
    else if (request.minor == 0) output.text("Connection: keep-alive\r\n");
    return true;
  }

  /** So much content has not been asked for that closing is better than reading it. */
  private get leavesContent(): bool {
    if (this.intake != Intake.WAITS && this.intake != Intake.DONE) return false;
    if (this.reader.isDone) return false;
    // Somebody who waits for 100 may send it, or not (RFC 9110 §10.1.1).
    if (this.request.expectsContinue) return true;
    return this.intake == Intake.DONE || this.reader.remaining > this.server.limits.discardBytesMax;
  }

  private setMemory(at: usize, bytes: i64, owner: Uint8Array | null): void {
    this.memoryAt = at;
    this.memoryLeft = bytes;
    this.memoryOwner = owner;
  }

  private closeAnswer(bytes: i64): void {
    this.contentBytes += bytes;
    this.hasEnded = true;
    const connection = this.connection!;
    connection.endWriting();
    connection.schedule();
  }

  /** Sends content that lies elsewhere. False: no room. */
  sendMemory(): bool {
    if (this.memoryLeft == 0) return true;
    const connection = this.connection!;
    connection.flush();
    while (this.memoryLeft > 0) {
      const piece = <i32>min<i64>(this.memoryLeft, 1 << 30);
      const taken = connection.writeSome(this.memoryAt, piece);
      this.memoryAt += <usize>taken;
      this.memoryLeft -= taken;
      if (taken < piece) return false;
    }
    this.memoryOwner = null;
    return true;
  }

  // ---- the server's

  /** Answered, sent, and nothing of it is left in the connection. */
  get isDone(): bool {
    return this.hasEnded && this.memoryLeft == 0 && (this.closes || this.reader.isDone);
  }

  /** The head has been read. */
  take(connection: HttpConnection): void {
    this.connection = connection;
    const request = this.request;
    if (request.isChunked) this.reader.beginChunked();
    else this.reader.beginFixed(max(request.contentLength, 0));
  }

  /** The head outlives the memory it lies in. */
  keepHead(): void {
    const request = this.request;
    const own = heap.alloc(<usize>request.bytes);
    memory.copy(own, request.base, <usize>request.bytes);
    request.base = own;
    this.headMemory = own;
  }

  /**
   * The connection has gone, or was taken away. Whoever is waiting for it is told; an application that still has it
   * gives it back by answering it, to nobody.
   */
  abandon(): void {
    this.connection = null;
    const sink = this.sink;
    const responder = this.responder;
    const isWaiting = this.wantsContent || this.intake == Intake.PAUSED;
    if (!this.hasEnded && responder !== null) {
      this.hasEnded = true;
      responder.onAborted(this);
    } else if (!this.hasEnded && sink !== null && isWaiting) {
      this.hasEnded = true;
      sink.onAborted(this);
    } else if (!this.hasEnded && this.intake != Intake.COLLECTED) return;
    this.server.recycle(this);
  }

  /** Gives back what it has, and is as new. */
  release(): void {
    if (this.headMemory != 0) {
      heap.free(this.headMemory);
      this.headMemory = 0;
    }
    if (this.fields != 0) {
      heap.free(this.fields);
      this.fields = 0;
      this.fieldsEnd = 0;
      this.fieldsRoom = 0;
    }
    if (this.intake != Intake.WAITS) {
      this.intake = Intake.WAITS;
      this.collector = null;
      this.sink = null;
      this.collected = null;
      this.collectedBytes = 0;
    }
    this.discarded = 0;
    this.connection = null;
    this.hasBegun = false;
    this.hasEnded = false;
    this.closes = false;
    this.wantsRoom = false;
    this.responder = null;
    this.isChunked = false;
    this.memoryLeft = 0;
    this.memoryOwner = null;
    this.parameterNames = null;
    this.tag = 0;
    this.status = 0;
    this.contentBytes = 0;
  }

  /** The request line, for a log. */
  get requestLine(): string {
    return textOf(this.request.line, this.request.lineBytes);
  }
}

/** Writes a number in hexadecimal; returns the address behind it. */
function putHexadecimal(to: usize, value: i32): usize {
  let shift = 28;
  while (shift > 0 && value >>> shift == 0) shift -= 4;
  for (; shift >= 0; shift -= 4) {
    const digit = (value >>> shift) & 15;
    store<u8>(to++, <u8>(digit < 10 ? 0x30 + digit : 0x57 + digit));
  }
  return to;
}
