import { EventStream, EventStreamHandler, Exchange, HttpHandler, JsonWriter } from "@phantasm/http";
import { KeyValue, KeyValueWatcher, SECOND } from "@phantasm/interfaces";
import { PREFIX, idOf } from "./note";

/** Clients that watch at once. */
const STREAMS_MAX: i32 = 256;
/** Who has gone while nothing changed is found out when something is sent. */
const SILENCE_NS_MAX: i64 = 5 * SECOND;

/** Tells every client that listens what has changed, as it becomes durable. */
export class Changes implements HttpHandler, EventStreamHandler, KeyValueWatcher {
  private readonly streams: EventStream[] = [];
  private readonly json: JsonWriter = new JsonWriter();

  constructor(store: KeyValue) {
    store.watch(Uint8Array.wrap(String.UTF8.encode(PREFIX)), this);
  }

  onRequest(exchange: Exchange): void {
    if (this.streams.length == STREAMS_MAX) {
      exchange.sendError(503);
      return;
    }
    this.streams.push(new EventStream(exchange, this, SILENCE_NS_MAX));
  }

  onClosed(stream: EventStream): void {
    const index = this.streams.indexOf(stream);
    if (index >= 0) this.streams.splice(index, 1);
  }

  onChange(key: Uint8Array, version: u64, deleted: bool): void {
    this.json.clear().object().key("id").text(idOf(key)).key("deleted").boolean(deleted).end();
    this.tell("note", this.json.toString());
  }

  onMissed(): void {
    this.tell("missed", "");
  }

  private tell(event: string, data: string): void {
    for (let i = 0; i < this.streams.length; i++) this.streams[i].send(event, data);
  }
}
