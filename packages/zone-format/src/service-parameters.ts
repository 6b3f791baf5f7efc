/** Parameters of SVCB and HTTPS records (RFC 9460 §2.1, §7, appendix A). */
import { DataError, address4, address6, octetsOf } from "./data.js";
import type { Token } from "./tokens.js";

const KEYS = [
  "mandatory",
  "alpn",
  "no-default-alpn",
  "port",
  "ipv4hint",
  "ech",
  "ipv6hint",
  "dohpath",
];
const MANDATORY = 0;
const ALPN = 1;
const NO_DEFAULT_ALPN = 2;
const PORT = 3;
const IPV4_HINT = 4;
const ECH = 5;
const IPV6_HINT = 6;
const KEY_MAX = 65_534;

function keyOf(text: string): number | null {
  const known = KEYS.indexOf(text);
  if (known >= 0) return known;
  const digits = /^key(0|[1-9]\d{0,4})$/.exec(text)?.[1];
  return digits === undefined || Number(digits) > KEY_MAX ? null : Number(digits);
}

/** Items between commas; `\,` and `\\` stand for themselves (appendix A.1). */
function list(bytes: Buffer): Buffer[] {
  const items: number[][] = [[]];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x2c) items.push([]);
    else items.at(-1)?.push(byte === 0x5c && at + 1 < bytes.length ? (bytes[++at] ?? 0) : byte);
  }
  return items.map((item) => Buffer.from(item));
}

function u16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}

function valueOf(key: number, value: Token | null, at: Token): Buffer {
  const refuse = (what: string): never => {
    throw new DataError(value ?? at, what);
  };
  if (value === null || value.text === "") {
    if (key === NO_DEFAULT_ALPN || key > KEYS.length - 1) return Buffer.alloc(0);
    return refuse(`${KEYS[key] ?? `key${key}`} needs a value`);
  }
  const bytes = octetsOf(value);
  const addresses = (read: (text: string) => Buffer | null): Buffer =>
    Buffer.concat(
      bytes
        .toString("latin1")
        .split(",")
        .map((one) => read(one) ?? refuse(`${one} is no such address`)),
    );
  switch (key) {
    case MANDATORY: {
      const keys = bytes
        .toString("latin1")
        .split(",")
        .map((one) => keyOf(one) ?? refuse(`there is no parameter ${one}`));
      keys.sort((a, b) => a - b);
      if (keys.includes(MANDATORY) || new Set(keys).size < keys.length)
        refuse("mandatory names each parameter once, and not itself");
      return Buffer.concat(keys.map(u16));
    }
    case ALPN:
      return Buffer.concat(
        list(bytes).map((id) =>
          id.length === 0 || id.length > 255
            ? refuse("a protocol has 1 to 255 bytes")
            : Buffer.concat([Buffer.of(id.length), id]),
        ),
      );
    case NO_DEFAULT_ALPN:
      return refuse("no-default-alpn has no value");
    case PORT:
      return /^\d{1,5}$/.test(value.text) && Number(value.text) <= 0xffff
        ? u16(Number(value.text))
        : refuse(`expected a port, got ${value.text}`);
    case IPV4_HINT:
      return addresses(address4);
    case IPV6_HINT:
      return addresses(address6);
    case ECH: {
      const decoded = Buffer.from(value.text, "base64");
      return decoded.toString("base64") === value.text ? decoded : refuse("expected base64");
    }
    default:
      return bytes;
  }
}

/** In the order of keys, each once, whatever the order they are written in. */
export function parameters(tokens: readonly Token[]): Buffer {
  const found = new Map<number, Buffer>();
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index];
    if (!token) break;
    const equals = token.text.indexOf("=");
    const name = equals < 0 ? token.text : token.text.slice(0, equals);
    const key = keyOf(name.toLowerCase());
    if (key === null)
      throw new DataError(token, `there is no parameter ${name}; others are written as key123`);
    if (found.has(key)) throw new DataError(token, `${name} is there twice`);
    let value: Token | null = equals < 0 ? null : { ...token, text: token.text.slice(equals + 1) };
    // name="value": the quoted part is an item of its own, right behind.
    const next = tokens[index + 1];
    if (
      value?.text === "" &&
      next?.quoted &&
      next.line === token.line &&
      next.column === token.column + token.text.length
    ) {
      value = next;
      index++;
    }
    found.set(key, valueOf(key, value, token));
  }
  const mandatory = found.get(MANDATORY) ?? Buffer.alloc(0);
  for (let at = 0; at < mandatory.length; at += 2)
    if (!found.has(mandatory.readUInt16BE(at)) && tokens[0])
      throw new DataError(tokens[0], "a mandatory parameter is missing");
  if (found.has(NO_DEFAULT_ALPN) && !found.has(ALPN) && tokens[0])
    throw new DataError(tokens[0], "no-default-alpn needs alpn beside it");
  return Buffer.concat(
    [...found]
      .sort(([a], [b]) => a - b)
      .flatMap(([key, value]) => [u16(key), u16(value.length), value]),
  );
}
