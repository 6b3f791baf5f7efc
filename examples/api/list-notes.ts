import { Exchange, HttpHandler, JsonWriter } from "@phantasm/http";
import { Cursor, KeyValue, KeyValueHandler, PENDING } from "@phantasm/interfaces";
import { PREFIX, idOf, keyOf, sendFailure, writeNote } from "./note";

/** Notes of one page. */
const PAGE_NOTES: i32 = 100;

/** Notes, the newest first: `?before=ID` goes on behind that one. */
export class ListNotes implements HttpHandler {
  constructor(private readonly store: KeyValue) {}

  onRequest(exchange: Exchange): void {
    const before = exchange.query("before");
    const cursor = this.store.scan(
      Uint8Array.wrap(String.UTF8.encode(PREFIX)),
      null,
      before === null ? null : keyOf(before),
      true,
    );
    new Page(exchange, cursor).goOn();
  }
}

class Page implements KeyValueHandler {
  private readonly json: JsonWriter = new JsonWriter(4096);
  private count: i32 = 0;

  constructor(
    private readonly exchange: Exchange,
    private readonly cursor: Cursor,
  ) {
    this.json.array();
  }

  onKeyValue(tag: i32, result: i32): void {
    if (this.take(result)) this.goOn();
  }

  goOn(): void {
    let result = this.cursor.next(this, 0);
    while (result != PENDING && this.take(result)) result = this.cursor.next(this, 0);
  }

  /** True if there may be more. */
  private take(result: i32): bool {
    if (result < 0) {
      sendFailure(this.exchange, result);
      return false;
    }
    if (result == 1) writeNote(this.json, idOf(this.cursor.key), this.cursor.value);
    if (result == 1 && ++this.count < PAGE_NOTES) return true;
    this.exchange.sendJson(200, this.json.end());
    return false;
  }
}
