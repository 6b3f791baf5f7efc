/** Data of a record: from the items of a zone file to what is sent (RFC 1035 §3.3, RFC 3597 §5). */
import { isIPv4, isIPv6 } from "node:net";
import { NAME_BYTES_MAX, NameError, parseName, unescape } from "./name.js";
import { parameters } from "./service-parameters.js";
import type { Token } from "./tokens.js";
import type { Field, RecordType } from "./types.js";

export const DATA_BYTES_MAX = 0xffff;
const TEXT_BYTES_MAX = 255;

export interface RecordData {
  /** As sent without compression. */
  readonly bytes: Buffer;
  /** Offset of the first name; -1: there is none that is known. */
  readonly nameAt: number;
}

/** What is wrong with an item, and which one it is. */
export class DataError extends Error {
  constructor(
    readonly token: Token,
    message: string,
  ) {
    super(message);
  }
}

/** Items of a record's data, taken from the front. */
export class Items {
  #at = 0;

  constructor(
    readonly tokens: readonly Token[],
    /** What an error points at where an item is missing. */
    readonly last: Token,
  ) {}

  get left(): number {
    return this.tokens.length - this.#at;
  }

  next(what: string): Token {
    const token = this.tokens[this.#at++];
    if (token === undefined) throw new DataError(this.last, `${what} is missing at the end`);
    return token;
  }

  rest(): readonly Token[] {
    const rest = this.tokens.slice(this.#at);
    this.#at = this.tokens.length;
    return rest;
  }
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds, as a number or with units: `90`, `1h30m`; null: it is none. */
export function seconds(text: string): number | null {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  if (!/^(\d{1,10}[smhdw])+$/i.test(text)) return null;
  let sum = 0;
  for (const [, digits = "", unit = ""] of text.matchAll(/(\d+)([smhdw])/gi))
    sum += Number(digits) * (UNITS[unit.toLowerCase()] ?? 0);
  return sum;
}

/** The bytes of a string, with escapes resolved. */
export function octetsOf(token: Token): Buffer {
  const { text } = token;
  if (!text.includes("\\")) return Buffer.from(text, "latin1");
  let bytes = "";
  try {
    for (let at = 0; at < text.length;) {
      const { byte, length } =
        text[at] === "\\" ? unescape(text, at) : { byte: text[at], length: 1 };
      bytes += byte ?? "";
      at += length;
    }
  } catch (error) {
    if (error instanceof NameError) throw new DataError(token, error.message);
    throw error;
  }
  return Buffer.from(bytes, "latin1");
}

function stringOf(token: Token): Buffer {
  const bytes = octetsOf(token);
  if (bytes.length > TEXT_BYTES_MAX)
    throw new DataError(
      token,
      `the text has ${bytes.length} bytes; at most ${TEXT_BYTES_MAX} are allowed: write several, each in quotation marks`,
    );
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

function number(token: Token, bytes: number, what: string): Buffer {
  const most = 2 ** (8 * bytes) - 1;
  if (!/^\d{1,10}$/.test(token.text) || Number(token.text) > most)
    throw new DataError(token, `${what} must be a number from 0 to ${most}, got ${token.text}`);
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(Number(token.text), 0, bytes);
  return buffer;
}

function time(token: Token): Buffer {
  const value = seconds(token.text);
  if (value === null || value > 0xffff_ffff)
    throw new DataError(token, `expected a time such as 3600 or 1h, got ${token.text}`);
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

export function address4(text: string): Buffer | null {
  return isIPv4(text) ? Buffer.from(text.split(".").map(Number)) : null;
}

export function address6(text: string): Buffer | null {
  if (!isIPv6(text) || text.includes("%")) return null;
  const last = text.slice(text.lastIndexOf(":") + 1);
  const tail = address4(last);
  const words = tail
    ? text.slice(0, -last.length) +
      tail.readUInt16BE(0).toString(16) +
      ":" +
      tail.readUInt16BE(2).toString(16)
    : text;
  const [head = "", back] = words.split("::");
  const front = head === "" ? [] : head.split(":");
  const behind = back === undefined || back === "" ? [] : back.split(":");
  const zeros = Array<string>(8 - front.length - behind.length).fill("0");
  const bytes = Buffer.alloc(16);
  [...front, ...zeros, ...behind].forEach((word, index) =>
    bytes.writeUInt16BE(Number.parseInt(word, 16), 2 * index),
  );
  return bytes;
}

function hexOf(tokens: readonly Token[], items: Items): Buffer {
  const text = tokens.map((token) => token.text).join("");
  if (!/^([0-9a-f]{2})*$/i.test(text))
    throw new DataError(tokens[0] ?? items.last, "expected pairs of hexadecimal digits");
  return Buffer.from(text, "hex");
}

function base64Of(tokens: readonly Token[], items: Items): Buffer {
  const text = tokens.map((token) => token.text).join("");
  const bytes = Buffer.from(text, "base64");
  if (text === "" || bytes.toString("base64") !== text)
    throw new DataError(tokens[0] ?? items.last, "expected base64 (RFC 4648 §4)");
  return bytes;
}

function nameOf(token: Token, origin: string | null): Buffer {
  try {
    return Buffer.from(parseName(token.text, origin), "latin1");
  } catch (error) {
    if (error instanceof NameError) throw new DataError(token, error.message);
    throw error;
  }
}

function fieldOf(field: Field, items: Items, origin: string | null): Buffer {
  switch (field) {
    case "u8":
      return number(items.next("a number"), 1, "it");
    case "u16":
      return number(items.next("a number"), 2, "it");
    case "u32":
      return number(items.next("a number"), 4, "it");
    case "time":
      return time(items.next("a time"));
    case "a": {
      const token = items.next("an IPv4 address");
      const bytes = address4(token.text);
      if (!bytes)
        throw new DataError(token, `expected an IPv4 address such as 192.0.2.1, got ${token.text}`);
      return bytes;
    }
    case "aaaa": {
      const token = items.next("an IPv6 address");
      const bytes = address6(token.text);
      if (!bytes)
        throw new DataError(
          token,
          `expected an IPv6 address such as 2001:db8::1, got ${token.text}`,
        );
      return bytes;
    }
    case "name":
      return nameOf(items.next("a name"), origin);
    case "text":
      return stringOf(items.next("a text"));
    case "texts": {
      const first = items.next("a text");
      return Buffer.concat([first, ...items.rest()].map(stringOf));
    }
    case "octets":
      return octetsOf(items.next("a text"));
    case "tag": {
      const token = items.next("a tag");
      // RFC 8659 §4.1.
      if (!/^[a-z0-9]{1,255}$/i.test(token.text))
        throw new DataError(token, `expected a tag such as issue, got ${token.text}`);
      return stringOf(token);
    }
    case "hex": {
      const first = items.next("a value in hexadecimal digits");
      return hexOf([first, ...items.rest()], items);
    }
    case "base64": {
      const first = items.next("a value in base64");
      return base64Of([first, ...items.rest()], items);
    }
    case "parameters":
      return parameters(items.rest());
  }
}

/** `\# 4 0a000001` (RFC 3597 §5), for any type; one that is known must be well-formed. */
function generic(items: Items, type: RecordType | undefined): RecordData {
  const length = items.next("the number of bytes");
  const count = number(length, 2, "the number of bytes").readUInt16BE();
  const bytes = hexOf(items.rest(), items);
  if (bytes.length !== count)
    throw new DataError(length, `${count} bytes are announced, and ${bytes.length} follow`);
  if (!type) return { bytes, nameAt: -1 };
  const nameAt = checkWire(type, bytes);
  if (nameAt === null) throw new DataError(length, "these bytes are no data of the record's type");
  return { bytes, nameAt };
}

/** Offset behind the name at `at`; -1: there is none. */
function skipName(bytes: Buffer, at: number): number {
  for (const start = at; at < bytes.length && at - start < NAME_BYTES_MAX;) {
    const length = bytes[at] ?? 0;
    if (length === 0) return at + 1;
    if (length > 63) return -1;
    at += 1 + length;
  }
  return -1;
}

const FIXED: Partial<Record<Field, number>> = { u8: 1, u16: 2, u32: 4, time: 4, a: 4, aaaa: 16 };

/** Offset of the first name in data of a type, -1 without one; null: malformed. */
function checkWire({ fields }: RecordType, bytes: Buffer): number | null {
  let at = 0;
  let nameAt = -1;
  for (const field of fields) {
    const fixed = FIXED[field];
    if (fixed !== undefined) at += fixed;
    else if (field === "name") {
      if (nameAt < 0) nameAt = at;
      at = skipName(bytes, at);
      if (at < 0) return null;
    } else if (field === "text" || field === "tag") at += 1 + (bytes[at] ?? 0);
    else if (field === "texts") {
      if (at === bytes.length) return null;
      while (at < bytes.length) at += 1 + (bytes[at] ?? 0);
    } else if (field === "parameters") {
      while (at < bytes.length)
        at += at + 4 <= bytes.length ? 4 + bytes.readUInt16BE(at + 2) : bytes.length;
    } else at = bytes.length;
    if (at > bytes.length) return null;
  }
  return at === bytes.length ? nameAt : null;
}

/** @throws DataError */
export function parseData(
  type: RecordType | undefined,
  items: Items,
  origin: string | null,
): RecordData {
  const [first] = items.tokens;
  if (first && !first.quoted && first.text === "\\#") {
    items.next("");
    return generic(items, type);
  }
  if (!type)
    throw new DataError(
      first ?? items.last,
      "data of this type are written as \\#, the number of bytes, and their hexadecimal digits (RFC 3597)",
    );
  let nameAt = -1;
  let length = 0;
  const parts = type.fields.map((field) => {
    if (field === "name" && nameAt < 0) nameAt = length;
    const part = fieldOf(field, items, origin);
    length += part.length;
    return part;
  });
  if (items.left > 0)
    throw new DataError(
      items.rest()[0] ?? items.last,
      "nothing may follow here: remove it, or put it in a line of its own",
    );
  if (length > DATA_BYTES_MAX)
    throw new DataError(
      items.last,
      `the data have ${length} bytes; at most ${DATA_BYTES_MAX} are allowed`,
    );
  const [only] = parts;
  return { bytes: parts.length === 1 && only ? only : Buffer.concat(parts), nameAt };
}
