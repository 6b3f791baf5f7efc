import { Exchange, JsonReader, JsonToken, JsonWriter } from "@phantasm/http";
import { CONFLICT, EXHAUSTED, NOT_FOUND, Value } from "@phantasm/interfaces";

/** What the keys of notes begin with. */
export const PREFIX: string = "note/";
/** Bytes of an identifier: the time of its making, and a number drawn at random, in hexadecimal. */
const ID_UNITS: i32 = 20;
/** Bytes of a note. */
export const TEXT_BYTES_MAX: i32 = 10_000;

export function keyOf(id: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(PREFIX + id));
}

export function idOf(key: Uint8Array): string {
  return String.UTF8.decodeUnsafe(
    key.dataStart + <usize>PREFIX.length,
    <usize>(key.length - PREFIX.length),
  );
}

/** An identifier; those of later notes come later in the order of keys. */
export function newId(wallNs: i64, drawn: u32): string {
  const time = (wallNs / 1_000_000).toString(16).padStart(12, "0");
  return time + drawn.toString(16).padStart(ID_UNITS - 12, "0");
}

export function isId(text: string): bool {
  if (text.length != ID_UNITS) return false;
  for (let i = 0; i < ID_UNITS; i++)
    if ("0123456789abcdef".indexOf(text.charAt(i)) < 0) return false;
  return true;
}

/** Writes a note as an object. */
export function writeNote(json: JsonWriter, id: string, value: Value): void {
  json.object().key("id").text(id).key("text").text(value.text()).end();
}

/** The text of `{"text": "…"}`; null: it is something else, or too long. */
export function readNote(reader: JsonReader, bytes: Uint8Array, length: i32): string | null {
  let text: string | null = null;
  reader.begin(bytes, 0, length);
  if (reader.next() != JsonToken.OBJECT) return null;
  while (reader.next() == JsonToken.KEY) {
    if (!reader.is("text")) {
      if (!reader.skip()) return null;
      continue;
    }
    if (reader.next() != JsonToken.TEXT || reader.textBytes > TEXT_BYTES_MAX) return null;
    text = reader.text();
  }
  return reader.isWhole() ? text : null;
}

/** Answers with what an error of the store means to a client. */
export function sendFailure(exchange: Exchange, error: i32): void {
  if (error == NOT_FOUND) exchange.sendError(404);
  else if (error == CONFLICT) exchange.sendError(412);
  else if (error == EXHAUSTED) exchange.sendError(503);
  else exchange.sendError(507);
}
