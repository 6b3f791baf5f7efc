import { ContentHandler, Exchange, HttpHandler, JsonReader, JsonWriter } from "@phantasm/http";
import { Batch, KeyValueHandler, PENDING, Value } from "@phantasm/interfaces";
import { Devices } from "./.phantasm/devices";
import { isId, keyOf, newId, readNote, sendFailure, writeNote } from "./note";

export enum Verb {
  MAKE,
  GET,
  PUT,
  DELETE,
}

const reader = new JsonReader();
const json = new JsonWriter();

/** A note: made, read, changed or deleted. Changes are answered when they are on the disk. */
export class Notes implements HttpHandler {
  constructor(
    private readonly os: Devices,
    private readonly verb: Verb,
  ) {}

  onRequest(exchange: Exchange): void {
    const isNew = this.verb == Verb.MAKE;
    const id = isNew ? newId(this.os.clock.wall(), this.os.random.u32()) : exchange.parameter("id");
    if (!isId(id)) {
      exchange.sendError(404);
      return;
    }
    new Operation(this.os, this.verb, exchange, id).begin();
  }
}

/** One request. */
class Operation implements ContentHandler, KeyValueHandler {
  private readonly value: Value = new Value();
  private readonly batch: Batch = new Batch();
  private text: string = "";
  private isWritten: bool = false;

  constructor(
    private readonly os: Devices,
    private readonly verb: Verb,
    private readonly exchange: Exchange,
    private readonly id: string,
  ) {}

  begin(): void {
    const hasContent = this.verb == Verb.MAKE || this.verb == Verb.PUT;
    if (hasContent) this.exchange.receive(this, 65_536);
    else this.look();
  }

  onContent(exchange: Exchange, bytes: Uint8Array, length: i32): void {
    const text = readNote(reader, bytes, length);
    if (text === null) {
      exchange.sendError(422);
      return;
    }
    this.text = text;
    if (this.verb == Verb.MAKE) this.write();
    else this.look();
  }

  /** What there is, and in which version. */
  private look(): void {
    const result = this.os.notes.get(keyOf(this.id), this.value, this, 0);
    if (result != PENDING) this.onKeyValue(0, result);
  }

  onKeyValue(tag: i32, result: i32): void {
    if (result < 0) sendFailure(this.exchange, result);
    else if (this.isWritten) this.answerWritten();
    else this.answerFound();
  }

  private get tag(): string {
    return `"${this.value.version}"`;
  }

  private answerFound(): void {
    const exchange = this.exchange;
    if (this.verb == Verb.GET) {
      writeNote(json.clear(), this.id, this.value);
      exchange.setField("ETag", this.tag);
      exchange.sendJson(200, json);
      return;
    }
    // Who says which version they mean changes no other (RFC 9110 §13.1.1).
    const wanted = exchange.field("if-match");
    if (wanted !== null && wanted != "*" && wanted != this.tag) {
      exchange.sendError(412);
      return;
    }
    this.batch.require(keyOf(this.id), this.value.version);
    this.write();
  }

  private write(): void {
    const key = keyOf(this.id);
    this.isWritten = true;
    if (this.verb == Verb.DELETE) this.batch.delete(key);
    else this.batch.put(key, Uint8Array.wrap(String.UTF8.encode(this.text)));
    const result = this.os.notes.commit(this.batch, true, this, 0);
    if (result != PENDING) this.onKeyValue(0, result);
  }

  private answerWritten(): void {
    const exchange = this.exchange;
    if (this.verb == Verb.DELETE) {
      exchange.sendEmpty(204);
      return;
    }
    json.clear().object().key("id").text(this.id).key("text").text(this.text).end();
    if (this.verb == Verb.MAKE) exchange.setField("Location", `/api/notes/${this.id}`);
    exchange.sendJson(this.verb == Verb.MAKE ? 201 : 200, json);
  }
}
