/** Reads a line of a dump. */
import { DUMP_VERSION, PART_BYTES } from "./dump.js";
import { PUT_VALUE_BYTES_MAX, USER_KEY_BYTES_MAX } from "./layout.js";

/** A dump cannot be restored. The message begins with the line where. */
export class DumpError extends Error {
  override readonly name = "DumpError";

  constructor(line: number, what: string) {
    super(`line ${line}: ${what}`);
  }
}

interface EntryHead {
  readonly key: Uint8Array;
  readonly version: bigint;
  readonly expires: bigint | null;
}

export type DumpLine =
  | { readonly kind: "head"; readonly version: bigint }
  | (EntryHead & { readonly kind: "entry"; readonly value: Uint8Array })
  | (EntryHead & { readonly kind: "large"; readonly size: number })
  | { readonly kind: "part"; readonly bytes: Uint8Array }
  | { readonly kind: "end"; readonly entries: number };

type Fields = Readonly<Record<string, unknown>>;

const U64_MAX = 2n ** 64n - 1n;
/** No store counts so far, and none that begins here comes to the end of 64 bits. */
const VERSION_MAX = 2n ** 63n - 1n;

/** @throws DumpError */
export function parseLine(text: string, line: number): DumpLine {
  const refuse = (what: string): never => {
    throw new DumpError(line, what);
  };
  const bytesOf = (fields: Fields, name: string, max: number): Uint8Array => {
    const plain = fields[name];
    const base64 = fields[`${name}64`];
    if ((plain === undefined) === (base64 === undefined))
      return refuse(`"${name}" or "${name}64" is expected, one of the two`);
    const bytes = typeof plain === "string" ? fromText(plain) : fromBase64(base64);
    if (bytes === null)
      return refuse(
        plain === undefined
          ? `"${name}64" is no base64`
          : `"${name}" is no text that can be stored`,
      );
    return bytes.length <= max
      ? bytes
      : refuse(`"${name}" has ${bytes.length} bytes; at most ${max}`);
  };
  const number = (fields: Fields, name: string, max: bigint): bigint => {
    const value = fields[name];
    if (typeof value !== "string" || !/^\d{1,20}$/.test(value) || BigInt(value) > max)
      return refuse(`"${name}" is a number in quotes, from "0" to "${max}"`);
    return BigInt(value);
  };
  const whole = (fields: Fields, name: string): number => {
    const value = fields[name];
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0
      ? value
      : refuse(`"${name}" is not a whole number`);
  };

  const fields = parseJson(text) ?? refuse("it is no line of a dump: JSON is expected");
  if ("phantasm-kv-dump" in fields) {
    if (fields["phantasm-kv-dump"] !== DUMP_VERSION)
      refuse(`version ${String(fields["phantasm-kv-dump"])} of dumps is not known`);
    if (fields["keysOnly"] !== undefined) refuse("a dump of --keys has no values to restore");
    return { kind: "head", version: number(fields, "version", VERSION_MAX) };
  }
  if ("entries" in fields) return { kind: "end", entries: whole(fields, "entries") };
  if ("part" in fields || "part64" in fields)
    return { kind: "part", bytes: bytesOf(fields, "part", PART_BYTES) };
  const head: EntryHead = {
    key: bytesOf(fields, "key", USER_KEY_BYTES_MAX),
    version: number(fields, "version", VERSION_MAX),
    expires: fields["expires"] === undefined ? null : number(fields, "expires", U64_MAX),
  };
  if (head.key.length === 0) refuse("the key is empty");
  if (head.version === 0n) refuse(`"version" is at least "1"`);
  if ("size" in fields) return { ...head, kind: "large", size: whole(fields, "size") };
  return { ...head, kind: "entry", value: bytesOf(fields, "value", PUT_VALUE_BYTES_MAX) };
}

function parseJson(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Fields)
      : null;
  } catch {
    return null;
  }
}

/** null: half of a surrogate pair, which has no bytes. */
function fromText(text: string): Uint8Array | null {
  // eslint-disable-next-line no-control-regex -- the quick test for the usual case
  if (!/^[\x00-\x7f]*$/.test(text) && /\p{Surrogate}/u.test(text)) return null;
  return Buffer.from(text, "utf8");
}

function fromBase64(text: unknown): Uint8Array | null {
  if (typeof text !== "string") return null;
  const bytes = Buffer.from(text, "base64");
  // Buffer skips what it does not know.
  return bytes.toString("base64") === text ? bytes : null;
}
