/** A request of a client and what came of it, redirects included. */
import { EXHAUSTED, Errno, TIMED_OUT, TOO_LARGE, Timer, TimerHandler } from "@phantasm/interfaces";
import { hasRoom } from "@phantasm/runtime/heap/room";
import { isFieldName, isFieldText, textOf } from "../wire/characters";
import { ResponseHead } from "../wire/response-head";
import { ClientConnection } from "./client-connection";
import { HttpClient } from "./client";
import { HttpUrl } from "./url";

/** The server broke the rules of HTTP. */
export const MALFORMED: i32 = -96;
/** The answer was to ask elsewhere, too often, or where we cannot. */
export const REDIRECTED: i32 = -97;

/** Told what came of a call: one of the two is called, once, and never inside a call of the application. */
export interface CallHandler {
  /** An answer, whatever its status, as a whole. */
  onResponse(call: Call): void;

  /**
   * None: NO_SUCH_NAME, REFUSED, UNREACHABLE, RESET, CLOSED (before the answer was whole), TIMED_OUT, TOO_LARGE,
   * EXHAUSTED (as many connections as there may be are busy, or no memory is left), MALFORMED, REDIRECTED, CANCELLED.
   */
  onFailed(call: Call, error: i32): void;
}


@final
export class Call implements TimerHandler {
  /** Whatever its handler likes to find again. */
  tag: i32 = 0;
  /** Where the answer came from. */
  url: HttpUrl;
  method: string;
  /** Of the answer. */
  status: i32 = 0;
  /** The content of the answer: the first `contentBytes` of `content`. */
  content: Uint8Array = new Uint8Array(0);
  contentBytes: i32 = 0;

  // The client's.
  connection: ClientConnection | null = null;
  redirects: i32 = 0;
  /** It may be asked once more if a kept connection turns out to be dead. */
  mayRetry: bool = true;
  isOver: bool = false;
  private timer: Timer | null = null;
  /** Lines of fields. */
  fields: string = "";
  /** What may be known to this host only. */
  secrets: string = "";
  body: Uint8Array | null = null;
  private names: string[] = [];
  private values: string[] = [];

  constructor(
    private readonly client: HttpClient,
    method: string,
    url: HttpUrl,
    private readonly handler: CallHandler,
  ) {
    this.method = method;
    this.url = url;
  }

  /** Adds a field to the request; before `start`. Host and the length of the content follow from the call itself. */
  setField(name: string, value: string): Call {
    const lower = name.toLowerCase();
    assert(
      isFieldName(name) && lower != "host",
      "http: no name of a field, or one that the client sets",
    );
    assert(isFieldText(value), "http: a field has no control characters");
    if (lower == "authorization" || lower == "cookie" || lower == "proxy-authorization")
      this.secrets += `${name}: ${value}\r\n`;
    else this.fields += `${name}: ${value}\r\n`;
    return this;
  }

  /** The content of the request, which nobody may change before the call has ended. @param type media type; empty: none */
  setContent(type: string, content: Uint8Array): Call {
    this.body = content;
    if (type.length > 0) this.setField("Content-Type", type);
    return this;
  }

  /** Begins. */
  start(): Call {
    const client = this.client;
    const timer = client.clock.after(client.limits.totalNs, this);
    this.timer = timer;
    client.begin(this);
    return this;
  }

  /** The handler is not called any more. */
  cancel(): void {
    if (this.isOver) return;
    this.end();
    const connection = this.connection;
    if (connection !== null) connection.giveUp();
  }

  /** The value of the first field of the answer of that name; null: there is none. @param name in lower case */
  field(name: string): string | null {
    const index = this.names.indexOf(name);
    return index < 0 ? null : this.values[index];
  }

  /** The content of the answer as text: UTF-8, or a character for each byte if it is none. */
  text(): string {
    return textOf(this.content.dataStart, this.contentBytes);
  }

  onTimer(timer: Timer): void {
    if (this.isOver) return;
    const connection = this.connection;
    if (connection !== null) connection.giveUp();
    this.fail(TIMED_OUT);
  }

  // ---- for the connection

  takeHead(head: ResponseHead): void {
    this.status = head.status;
    this.names = [];
    this.values = [];
    this.contentBytes = 0;
    for (let i = 0; i < head.fieldCount; i++) {
      this.names.push(head.nameOf(i).toLowerCase());
      this.values.push(head.valueOf(i));
    }
  }

  /** Content has come. 0, TOO_LARGE, or EXHAUSTED: there is no memory for it. */
  takePart(at: usize, bytes: i32): i32 {
    const limit = this.client.limits.contentBytesMax;
    if (bytes > limit - this.contentBytes) return TOO_LARGE;
    const needed = this.contentBytes + bytes;
    if (needed > this.content.length) {
      const room = min(limit, max(needed, 2 * this.content.length));
      if (!hasRoom(<usize>room)) return EXHAUSTED;
      const larger = new Uint8Array(room);
      memory.copy(larger.dataStart, this.content.dataStart, <usize>this.contentBytes);
      this.content = larger;
    }
    memory.copy(this.content.dataStart + <usize>this.contentBytes, at, <usize>bytes);
    this.contentBytes = needed;
    return 0;
  }

  complete(): void {
    this.connection = null;
    if (this.isOver) return;
    if (this.isRedirect) {
      this.follow();
      return;
    }
    this.end();
    this.handler.onResponse(this);
  }

  fail(error: i32): void {
    this.connection = null;
    if (this.isOver) return;
    this.end();
    this.handler.onFailed(this, error == Errno.AGAIN ? MALFORMED : error);
  }

  private end(): void {
    this.isOver = true;
    const timer = this.timer;
    if (timer !== null) timer.cancel();
  }

  // ---- redirects (RFC 9110 §15.4)

  private get isRedirect(): bool {
    const status = this.status;
    return (
      (status == 301 || status == 302 || status == 303 || status == 307 || status == 308) &&
      this.field("location") !== null
    );
  }

  private follow(): void {
    const url = this.url.resolve(this.field("location")!);
    if (url === null || this.redirects == this.client.limits.redirects) {
      this.fail(REDIRECTED);
      return;
    }
    this.redirects++;
    // What was said for one host in confidence is not told to another.
    if (!url.isSameHost(this.url)) this.secrets = "";
    this.url = url;
    const status = this.status;
    // §15.4.2, §15.4.3: as everybody does it. §15.4.4: always.
    const changes = status == 303 ? this.method != "HEAD" : status < 303 && this.method == "POST";
    if (changes) {
      this.method = "GET";
      this.body = null;
      this.fields = withoutContentFields(this.fields);
    }
    this.mayRetry = true;
    this.client.begin(this);
  }
}

/** Those lines of `fields` that are not about content. */
function withoutContentFields(fields: string): string {
  let kept = "";
  const lines = fields.split("\r\n");
  for (let i = 0; i < lines.length - 1; i++)
    if (!lines[i].toLowerCase().startsWith("content-")) kept += `${lines[i]}\r\n`;
  return kept;
}
