/**
 * Server-sent events (WHATWG HTML §9.2): an answer that does not end.
 *
 *     const events = new EventStream(exchange, this);
 *     events.send("note", "{…}", "17");
 */
import { SECOND, Timer, TimerHandler } from "@phantasm/interfaces";
import { now } from "@phantasm/runtime";
import { Method } from "../wire/method";
import { UNKNOWN_LENGTH } from "./answer";
import { Exchange } from "./exchange";
import { ResponseWriter } from "./handlers";

/** Told when a client has gone, once, and never inside a call of the application. */
export interface EventStreamHandler {
  onClosed(stream: EventStream): void;
}

/** What HTML §9.2.7 proposes against proxies that cut off what is silent. */
export const KEEP_ALIVE_NS: i64 = 15 * SECOND;


@final
export class EventStream implements ResponseWriter, TimerHandler {
  /** Whatever its handler likes to find again. */
  tag: i32 = 0;
  /** Events that were dropped because the client does not read. */
  dropped: u64 = 0;
  private isOver: bool = false;
  private endsAtOnce: bool = false;
  private timer: Timer | null = null;
  /** When something was sent last. */
  private sentNs: i64 = 0;

  /**
   * Answers the request with a stream of events. It ends at once for a HEAD, and if the client has gone before:
   * `onClosed` follows.
   *
   * @param keepAliveNs after so much silence a comment is sent: proxies cut off what is silent, and a client that has
   *   gone without a word looks like one that listens until then; 0: never
   */
  constructor(
    private readonly exchange: Exchange,
    private readonly handler: EventStreamHandler,
    private readonly keepAliveNs: i64 = KEEP_ALIVE_NS,
  ) {
    const clock = exchange.server.clock;
    const endsAtOnce = exchange.method == Method.HEAD || !exchange.isOpen;
    exchange.setField("Cache-Control", "no-store");
    exchange.begin(200, "text/event-stream", UNKNOWN_LENGTH, this);
    this.sentNs = now();
    this.endsAtOnce = endsAtOnce;
    if (keepAliveNs > 0 || endsAtOnce) {
      const timer = clock.after(endsAtOnce ? 0 : keepAliveNs, this);
      timer.background();
      this.timer = timer;
    }
  }

  get isOpen(): bool {
    return !this.isOver;
  }

  /**
   * Sends an event. False: the client has gone, or does not read, and the event is dropped.
   *
   * @param event its type; empty: `message`
   * @param data may have several lines, whatever ends them
   * @param id what the client says in Last-Event-ID when it comes again; empty: none
   */
  send(event: string, data: string, id: string = ""): bool {
    if (this.isOver) return false;
    if (this.exchange.room == 0) {
      this.dropped++;
      return false;
    }
    let text = "";
    if (event.length > 0) text += `event: ${oneLine(event)}\n`;
    if (id.length > 0) text += `id: ${oneLine(id)}\n`;
    // To a client, CR LF and CR end a line as LF does.
    const lines = data.replaceAll("\r\n", "\n").replaceAll("\r", "\n").split("\n");
    for (let i = 0; i < lines.length; i++) text += `data: ${lines[i]}\n`;
    this.write(text + "\n");
    return true;
  }

  /** A line that clients pass over. */
  comment(text: string = ""): bool {
    if (this.isOver || this.exchange.room == 0) return false;
    this.write(`: ${oneLine(text)}\n\n`);
    return true;
  }

  private write(text: string): void {
    this.sentNs = now();
    this.exchange.writeText(text);
  }

  /** Ends the stream; the client comes again. */
  close(): void {
    if (this.isOver) return;
    this.over();
    this.exchange.end();
  }

  private over(): void {
    this.isOver = true;
    const timer = this.timer;
    if (timer !== null) timer.cancel();
  }

  onTimer(timer: Timer): void {
    if (this.isOver) return;
    if (this.endsAtOnce) {
      this.close();
      this.handler.onClosed(this);
      return;
    }
    let leftNs = this.sentNs + this.keepAliveNs - now();
    if (leftNs <= 0) {
      this.comment();
      leftNs = this.keepAliveNs;
    }
    timer.set(leftNs);
  }

  onWritable(exchange: Exchange): void {}

  onAborted(exchange: Exchange): void {
    if (this.isOver) return;
    this.over();
    this.handler.onClosed(this);
  }
}

/** A line end would end the field. */
function oneLine(text: string): string {
  return text.indexOf("\r") < 0 && text.indexOf("\n") < 0
    ? text
    : text.replaceAll("\r", " ").replaceAll("\n", " ");
}
