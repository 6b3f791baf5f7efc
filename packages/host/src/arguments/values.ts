/** Text of one boot argument → its value. Pure, except that a secret may be read from a file. */
import type { ManifestArgument } from "@phantasm/seal";
import { escapeTerminal } from "@phantasm/seal/escape";
import { ValueProblem } from "./problem.js";
import { Secret } from "./secret.js";

/** What an argument becomes: a signed 64-bit number, a flag, text, address bytes, or a secret. */
export type ArgumentValue = bigint | boolean | string | Uint8Array | Secret;

const INTEGER_MIN = -(2n ** 63n);
const INTEGER_MAX = 2n ** 63n - 1n;

const DURATION_UNITS_NS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
};

const SIZE_UNITS_BYTES: Readonly<Record<string, bigint>> = {
  "": 1n,
  B: 1n,
  K: 1n << 10n,
  M: 1n << 20n,
  G: 1n << 30n,
  T: 1n << 40n,
};

/** Decimal, optionally signed. */
export function parseInteger(text: string): bigint {
  if (!/^[+-]?\d{1,20}$/.test(text)) throw new ValueProblem("expected a whole number");
  return BigInt(text.startsWith("+") ? text.slice(1) : text);
}

/** `1500ms`, `2s`, `5m`, `1h30m`, `250us`, `10ns` or `0` → nanoseconds. */
export function parseDuration(text: string): bigint {
  if (text === "0") return 0n;
  if (!/^(\d{1,19}(ns|us|ms|s|m|h|d))+$/.test(text)) {
    throw new ValueProblem("expected a duration such as 1500ms, 2s, 5m or 1h30m");
  }
  let total = 0n;
  for (const [, digits, unit] of text.matchAll(/(\d+)(ns|us|ms|s|m|h|d)/g)) {
    total += BigInt(digits ?? "") * (DURATION_UNITS_NS[unit ?? ""] ?? 0n);
  }
  return total;
}

/** `512`, `64K`, `16M`, `1G`, `64KiB` → bytes; the multiples are binary. */
export function parseSize(text: string): bigint {
  const match = /^(\d{1,19})(?:([KMGT])(?:iB)?|B)?$/.exec(text);
  if (match === null) throw new ValueProblem("expected a size in bytes such as 512, 64K or 16M");
  return BigInt(match[1] ?? "") * (SIZE_UNITS_BYTES[match[2] ?? ""] ?? 1n);
}

/** Dotted decimal, no leading zeros (they mean octal elsewhere) → 4 bytes in network order. */
export function parseIpv4(text: string): Uint8Array {
  const parts = text.split(".");
  const valid = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part));
  const bytes = parts.map(Number);
  if (!valid || bytes.some((byte) => byte > 255)) {
    throw new ValueProblem("expected an IPv4 address such as 10.0.0.1");
  }
  return Uint8Array.from(bytes);
}

/** `10.0.0.1/24` → 4 address bytes and the prefix length. */
export function parseCidr(text: string): Uint8Array {
  const match = /^([\d.]{1,15})\/(\d|[12]\d|3[0-2])$/.exec(text);
  if (match === null) throw new ValueProblem("expected an address and prefix such as 10.0.0.1/24");
  return Uint8Array.from([...parseIpv4(match[1] ?? ""), Number(match[2])]);
}

function parseBoolean(text: string): boolean {
  if (text === "true") return true;
  if (text === "false") return false;
  throw new ValueProblem("expected true or false");
}

function checkBounds(argument: ManifestArgument, value: bigint): bigint {
  if (value < INTEGER_MIN || value > INTEGER_MAX) {
    throw new ValueProblem("does not fit into 64 bits");
  }
  if ("minimum" in argument && argument.minimum !== undefined && value < BigInt(argument.minimum)) {
    throw new ValueProblem(`must be at least ${formatNumber(argument.type, argument.minimum)}`);
  }
  if ("maximum" in argument && argument.maximum !== undefined && value > BigInt(argument.maximum)) {
    throw new ValueProblem(`must be at most ${formatNumber(argument.type, argument.maximum)}`);
  }
  return value;
}

/**
 * Reads the value of one argument from the text an operator gave.
 *
 * @throws ValueProblem when the text does not fit the type or the bounds
 */
export function parseValue(argument: ManifestArgument, text: string): ArgumentValue {
  switch (argument.type) {
    case "integer":
      return checkBounds(argument, parseInteger(text));
    case "duration":
      return checkBounds(argument, parseDuration(text));
    case "size":
      return checkBounds(argument, parseSize(text));
    case "boolean":
      return parseBoolean(text);
    case "ipv4":
      return parseIpv4(text);
    case "cidr":
      return parseCidr(text);
    case "string":
      return text;
    case "enumeration":
      if (argument.values.includes(text)) return text;
      throw new ValueProblem(`expected one of ${escapeTerminal(argument.values.join(", "))}`);
    case "secret":
      return Secret.read(text);
  }
}

/** The default of an argument as a value; `undefined` when it has none. */
export function defaultValue(argument: ManifestArgument): ArgumentValue | undefined {
  switch (argument.type) {
    case "integer":
    case "duration":
    case "size":
      return argument.default === undefined ? undefined : BigInt(argument.default);
    case "boolean":
      return argument.default;
    case "secret":
      return undefined;
    default:
      return argument.default === undefined ? undefined : parseValue(argument, argument.default);
  }
}

/** A number of the manifest as an operator would write it: `5000000000` of a duration is `5s`. */
export function formatNumber(type: string, decimal: string): string {
  const value = BigInt(decimal);
  const units =
    type === "duration" ? DURATION_UNITS_NS : type === "size" ? SIZE_UNITS_BYTES : undefined;
  if (units === undefined || value <= 0n) return decimal;
  for (const [unit, factor] of Object.entries(units).reverse()) {
    if (value % factor === 0n) return `${value / factor}${unit === "B" ? "" : unit}`;
  }
  return decimal;
}
