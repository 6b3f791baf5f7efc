/**
 * The answer to a request: composed in the output of the server, so that it leaves with others, or sent from where it
 * lies.
 */
import { Errno } from "@phantasm/interfaces";
import { JsonWriter } from "../json/json-writer";
import {
  isFieldName,
  isFieldText,
  putHexadecimal,
  putText,
  putUtf8,
  utf8Bytes,
} from "../wire/characters";
import { Method } from "../wire/method";
import { RequestHead } from "../wire/request-head";
import { hasNoContent } from "../wire/status";
import { HttpConnection } from "./connection";
import { ResponseWriter } from "./handlers";
import { HEAD_ROOM, HttpServer } from "./server";

/** Content up to this size is composed with the head; larger one is sent from where it lies. */
const INLINE_BYTES_MAX: i32 = 8 << 10;
const FIELDS_ROOM_MIN: i32 = 256;
const TYPE_BYTES_MAX: i32 = 512;
/** Room for the size of a chunk and two ends of lines. */
const CHUNK_ROOM: i32 = 16;
/** The length of an answer that is not known when it begins. */
export const UNKNOWN_LENGTH: i64 = -1;

export abstract class Answer {
  readonly request: RequestHead;
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

  constructor(readonly server: HttpServer) {
    this.request = new RequestHead(server.limits);
  }

  /** Content of the request is left that is better not read. */
  protected abstract get leavesContent(): bool;

  /** Nobody needs it any more: gives it back to the server. */
  protected abstract recycle(): void;

  /** Adds a field to the answer. Before `send…` or `begin`. A name that is none, and a control character in a value, end the domain; so do the fields that say how long content is. */
  setField(name: string, value: string): void {
    assert(!this.hasBegun, "http: fields are set before the answer begins");
    assert(isFieldName(name), "http: no name of a field, or one that the server sets");
    assert(isFieldText(value), "http: a field has no control characters");
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
    connection.beginComposing(CHUNK_ROOM);
    const output = this.server.output;
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
    connection.beginComposing(bytes + CHUNK_ROOM);
    const output = this.server.output;
    if (this.isChunked) {
      output.at = putHexadecimal(output.at, bytes);
      output.text("\r\n");
    }
    if (bytes + 2 <= output.room) output.utf8(text);
    else {
      const encoded = new Uint8Array(bytes);
      putUtf8(encoded.dataStart, text);
      connection.flush();
      connection.write(encoded.dataStart, bytes);
    }
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
      this.recycle();
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
        connection.beginComposing(CHUNK_ROOM);
        this.server.output.text("0\r\n\r\n");
      }
    }
    this.closeAnswer(0);
  }

  /** Breaks the connection off, so that the client notices: for an answer that was begun and cannot be completed. */
  abort(): void {
    const connection = this.connection;
    if (connection === null) {
      this.recycle();
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
    assert(type.length <= TYPE_BYTES_MAX && isFieldText(type), "http: that is no media type");
    // Without chunks, its end is that of the connection.
    if (length < 0 && this.request.minor == 0 && !hasNoContent(status)) this.closes = true;
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
    } else if (this.request.minor > 0) {
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
      if (this.responder === null) this.recycle();
      else this.hasBegun = true;
      return false;
    }
    this.hasBegun = true;
    this.status = status;
    connection.beginComposing(HEAD_ROOM + more);
    const server = this.server;
    const output = server.output;
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
      const taken = connection.writeSome(this.memoryAt, piece, this.memoryOwner === null);
      this.memoryAt += <usize>taken;
      this.memoryLeft -= taken;
      if (taken < piece) return false;
    }
    this.memoryOwner = null;
    return true;
  }

  /** All that was to be sent has been sent. */
  protected get isSent(): bool {
    return this.hasEnded && this.memoryLeft == 0;
  }

  /** Gives back what it has, and is as new. */
  protected releaseAnswer(): void {
    if (this.fields != 0) {
      heap.free(this.fields);
      this.fields = 0;
      this.fieldsEnd = 0;
      this.fieldsRoom = 0;
    }
    this.connection = null;
    this.hasBegun = false;
    this.hasEnded = false;
    this.closes = false;
    this.wantsRoom = false;
    this.responder = null;
    this.isChunked = false;
    this.memoryLeft = 0;
    this.memoryOwner = null;
    this.status = 0;
    this.contentBytes = 0;
  }
}
