/**
 * A store as lines of JSON: see docs/reference/key-value-dump.md.
 */
import { PUT_VALUE_BYTES_MAX } from "./layout.js";
import type { Store, StoredEntry } from "./store.js";

export const DUMP_VERSION = 1;
/** Bytes of a value in a line of its own; divisible by 3, so that base64 needs no padding between. */
export const PART_BYTES = 49_152;

export interface DumpOptions {
  /** Only keys that begin with it. */
  readonly prefix?: Uint8Array;
  /** Keys and what is known about them, without values: not to be restored. */
  readonly keysOnly?: boolean;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What JSON leaves alone and a terminal would obey: controls and marks of direction. */
const UNPRINTABLE = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

function jsonString(text: string): string {
  return JSON.stringify(text).replace(
    UNPRINTABLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** `"key":"text"`, or `"key64":"base64"` for what is not UTF-8. */
function field(name: string, bytes: Uint8Array): string {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
    return `"${name}64":"${base64}"`;
  }
  return `"${name}":${jsonString(text)}`;
}

/** The lines, each with its end. Throws Damage. Memory is bounded: no line has more than a few parts' length. */
export function* dumpLines(store: Store, options: DumpOptions = {}): Generator<string> {
  const keysOnly = options.keysOnly === true;
  const kind = keysOnly ? ',"keysOnly":true' : "";
  yield `{"phantasm-kv-dump":${DUMP_VERSION},"version":"${store.version}"${kind}}\n`;
  let entries = 0;
  for (const entry of store.entries(options.prefix)) {
    entries++;
    if (keysOnly) yield `{${head(entry)},"size":${entry.size}}\n`;
    else if (entry.size <= PUT_VALUE_BYTES_MAX)
      yield `{${head(entry)},${field("value", whole(entry))}}\n`;
    else yield* parts(entry);
  }
  yield `{"entries":${entries}}\n`;
}

function head({ key, version, expires }: StoredEntry): string {
  const expiry = expires === null ? "" : `,"expires":"${expires}"`;
  return `${field("key", key)},"version":"${version}"${expiry}`;
}

function whole({ inline, size, pieces }: StoredEntry): Uint8Array {
  if (inline !== null) return inline;
  const value = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces()) {
    value.set(piece, at);
    at += piece.length;
  }
  return value;
}

function* parts(entry: StoredEntry): Generator<string> {
  yield `{${head(entry)},"size":${entry.size}}\n`;
  const part = new Uint8Array(PART_BYTES);
  let filled = 0;
  for (const piece of entry.pieces()) {
    for (let at = 0; at < piece.length;) {
      const taken = Math.min(PART_BYTES - filled, piece.length - at);
      part.set(piece.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < PART_BYTES) continue;
      yield `{${field("part", part)}}\n`;
      filled = 0;
    }
  }
  if (filled > 0) yield `{${field("part", part.subarray(0, filled))}}\n`;
}
