/**
 * Server-sent events (WHATWG HTML §9.2): an answer that does not end.
 *
 *     const events = new EventStream(exchange, this);
 *     events.send("note", "{…}", "17");
 */
import { UNKNOWN_LENGTH } from "./answer";
import { Exchange } from "./exchange";
import { ResponseWriter } from "./handlers";

/** Told when a client has gone. */
export interface EventStreamHandler {
  onClosed(stream: EventStream): void;
}


@final
export class EventStream implements ResponseWriter {
  /** Whatever its handler likes to find again. */
  tag: i32 = 0;
  /** Events that were dropped because the client does not read. */
  dropped: u64 = 0;
  private isOver: bool = false;

  /** Answers the request with a stream of events. */
  constructor(
    private readonly exchange: Exchange,
    private readonly handler: EventStreamHandler,
  ) {
    exchange.setField("Cache-Control", "no-store");
    exchange.begin(200, "text/event-stream", UNKNOWN_LENGTH, this);
  }

  get isOpen(): bool {
    return !this.isOver;
  }

  /**
   * Sends an event. False: the client has gone, or does not read, and the event is dropped.
   *
   * @param event its type; empty: `message`
   * @param data may have several lines
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
    const lines = data.split("\n");
    for (let i = 0; i < lines.length; i++) text += `data: ${oneLine(lines[i])}\n`;
    this.exchange.writeText(text + "\n");
    return true;
  }

  /**
   * A line that clients pass over, so that something is sent from time to time: proxies cut off what is silent, and a
   * client that has closed looks like one that listens until then.
   */
  comment(text: string = ""): bool {
    if (this.isOver || this.exchange.room == 0) return false;
    this.exchange.writeText(`: ${oneLine(text)}\n\n`);
    return true;
  }

  /** Ends the stream; the client comes again. */
  close(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.exchange.end();
  }

  onWritable(exchange: Exchange): void {}

  onAborted(exchange: Exchange): void {
    if (this.isOver) return;
    this.isOver = true;
    this.handler.onClosed(this);
  }
}

/** A line end would end the field. */
function oneLine(text: string): string {
  return text.indexOf("\r") < 0 && text.indexOf("\n") < 0
    ? text
    : text.replaceAll("\r", " ").replaceAll("\n", " ");
}
