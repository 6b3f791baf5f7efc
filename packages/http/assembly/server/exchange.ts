/**
 * A request and its answer, as an application sees them.
 *
 * An answer is sent whole (`send…`), or begun, written in parts and ended. Either can happen at once or later, and
 * in any order over different connections; each connection gets its answers in the order of its requests.
 */
import { TcpConnection } from "@phantasm/interfaces";
import { equals, textOf } from "../wire/characters";
import { ContentReader } from "../wire/content-reader";
import { Method } from "../wire/method";
import { decodedText, queryValue } from "../wire/target";
import { Answer } from "./answer";
import { HttpConnection } from "./connection";
import { ContentHandler, ContentSink } from "./handlers";
import { hasRoom } from "@phantasm/runtime/heap/room";
import { Chain } from "./chain";
import { HttpServer } from "./server";
import { Need } from "./waiting";

/** Parameters of a path that a route names. */
export const PARAMETERS_MAX: i32 = 8;

/** `HTTP/1.1 100 Continue` and two ends of lines. */
const CONTINUE_BYTES: i32 = 25;

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
export class Exchange extends Answer {
  readonly reader: ContentReader = new ContentReader();
  /** Whatever its handler likes to find again. */
  tag: i32 = 0;

  // The server's.
  /** Memory that the head lies in, if it is its own. */
  headMemory: usize = 0;
  /** What that counts in the server's `partialBytes`. */
  headRoom: i32 = 0;
  /** Where the parameters of the path lie, from the path's begin: u16 at, u16 bytes; and what they are called. */
  readonly parameters: StaticArray<u16> = new StaticArray<u16>(2 * PARAMETERS_MAX);
  parameterNames: string[] | null = null;

  private intake: Intake = Intake.WAITS;
  private collector: ContentHandler | null = null;
  private sink: ContentSink | null = null;
  private readonly collected: Chain;
  private collectMax: i32 = 0;
  private discarded: i32 = 0;

  constructor(server: HttpServer) {
    super(server);
    this.collected = new Chain(server);
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

  /**
   * The part of the path that the route calls so, decoded; empty: it has none, or it cannot be decoded. What was encoded
   * may be anything, a slash and `..` too: it is no path of a file.
   */
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
      this.recycle();
      return;
    }
    if (intake == Intake.COLLECTED && this.request.contentLength > <i64>this.collectMax) {
      this.refuseContent(413);
      return;
    }
    // RFC 9110 §10.1.1: not to somebody whose content has come already.
    if (this.request.expectsContinue && !this.reader.isDone && !this.hasBegun) {
      connection.beginComposing(CONTINUE_BYTES);
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
    const collected = this.collected;
    if (bytes > this.collectMax - collected.bytes) {
      this.refuseContent(413);
      return false;
    }
    while (bytes > 0) {
      const count = collected.reserve(bytes);
      if (count == 0) {
        this.refuseBusy();
        return false;
      }
      memory.copy(collected.end, at, <usize>count);
      collected.extend(count);
      at += <usize>count;
      bytes -= count;
    }
    return true;
  }

  /** There is no room for it. */
  private refuseBusy(): void {
    this.server.counters.refusedRequests++;
    this.refuseContent(503);
  }

  /** It is not taken: says so, or breaks off an answer that has begun. */
  private refuseContent(status: i32): void {
    this.intake = Intake.DONE;
    this.collected.clear();
    if (!this.hasBegun) this.sendError(status);
    else this.connection!.cutOff();
  }

  /** It has some of that, which ends with it. */
  holds(need: Need): bool {
    if (need == Need.COLLECTED) return this.collected.isUsed;
    return need != Need.PARTIAL || this.headMemory != 0;
  }

  /** All content has come. */
  endContent(): void {
    this.intake = Intake.DONE;
    const sink = this.sink;
    if (sink !== null) {
      sink.onEnd(this);
      return;
    }
    const length = this.collected.bytes;
    if (!hasRoom(<usize>length)) {
      this.refuseBusy();
      return;
    }
    const whole = new Uint8Array(length);
    this.collected.copyTo(whole.dataStart);
    this.collected.clear();
    this.collector!.onContent(this, whole, length);
  }

  /** So much content has not been asked for that closing is better than reading it. */
  protected get leavesContent(): bool {
    if (this.intake != Intake.WAITS && this.intake != Intake.DONE) return false;
    if (this.reader.isDone) return false;
    // Somebody who waits for 100 may send it, or not (RFC 9110 §10.1.1).
    if (this.request.expectsContinue) return true;
    return this.intake == Intake.DONE || this.reader.remaining > this.server.limits.discardBytesMax;
  }

  protected recycle(): void {
    this.server.recycle(this);
  }

  // ---- the server's

  /** Answered, sent, and nothing of it is left in the connection. */
  get isDone(): bool {
    return this.isSent && (this.closes || this.reader.isDone);
  }

  /** The head has been read. */
  take(connection: HttpConnection): void {
    this.connection = connection;
    const request = this.request;
    if (request.isChunked) this.reader.beginChunked();
    else this.reader.beginFixed(max(request.contentLength, 0));
  }

  /** The head outlives the memory it lies in. It counts in `partialBytes` already. */
  keepHead(): void {
    const request = this.request;
    const bytes = request.bytes;
    const own = heap.alloc(<usize>bytes);
    memory.copy(own, request.base, <usize>bytes);
    request.base = own;
    this.headMemory = own;
    this.headRoom = bytes;
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
      this.server.partialBytes -= this.headRoom;
      this.headMemory = 0;
      this.headRoom = 0;
    }
    if (this.intake != Intake.WAITS) {
      this.intake = Intake.WAITS;
      this.collector = null;
      this.sink = null;
      this.collected.clear();
    }
    this.discarded = 0;
    this.parameterNames = null;
    this.tag = 0;
    this.releaseAnswer();
  }

  /** The request line, for a log. */
  get requestLine(): string {
    return textOf(this.request.line, this.request.lineBytes);
  }
}
