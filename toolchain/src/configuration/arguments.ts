/** Boot arguments: what the operator may say to an image, with types, defaults and help. */
import { ConfigurationError } from "./location.js";

interface Common {
  /** One line for `--help`. */
  readonly help?: string;
  /** Boot is refused without a value; not together with a default. */
  readonly required?: boolean;
}

export interface NumberOptions extends Common {
  readonly default?: number | bigint;
  readonly minimum?: number | bigint;
  readonly maximum?: number | bigint;
}

/** A duration or size: a number (nanoseconds, bytes) or text such as `"1500ms"`, `"64K"`. */
export interface QuantityOptions extends Common {
  readonly default?: number | bigint | string;
  readonly minimum?: number | bigint | string;
  readonly maximum?: number | bigint | string;
}

export interface BooleanOptions extends Common {
  readonly default?: boolean;
}

export interface TextOptions extends Common {
  readonly default?: string;
}

export type ArgumentType =
  | "integer"
  | "duration"
  | "size"
  | "boolean"
  | "string"
  | "ipv4"
  | "cidr"
  | "enumeration"
  | "secret";

/** What a combinator below returns; the manifest holds the same facts. */
export interface Argument {
  readonly type: ArgumentType;
  readonly help: string;
  readonly required: boolean;
  readonly default?: string | boolean;
  readonly minimum?: string;
  readonly maximum?: string;
  readonly values?: readonly string[];
}

const HELP_CHARACTERS_MAX = 200;
const I64_MIN = -(2n ** 63n);
const I64_MAX = 2n ** 63n - 1n;

const NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
};

const BYTES: Readonly<Record<string, bigint>> = {
  "": 1n,
  B: 1n,
  K: 1n << 10n,
  M: 1n << 20n,
  G: 1n << 30n,
  T: 1n << 40n,
};

/** Parses `1h30m`, `250ms`, `10ns`. Undefined when it is not a duration. Nanoseconds. */
export function parseDuration(text: string): bigint | undefined {
  if (!/^(?:\d+(?:ns|us|ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0n;
  for (const [, count = "", unit = ""] of text.matchAll(/(\d+)(ns|us|ms|s|m|h|d)/g))
    total += BigInt(count) * (NANOSECONDS[unit] ?? 0n);
  return total;
}

/** Parses `512`, `64K`, `16MiB`; multiples are binary. Undefined when it is not a size. Bytes. */
export function parseSize(text: string): bigint | undefined {
  const match = /^(\d+)(|B|[KMGT](?:i?B)?)$/.exec(text);
  if (!match) return undefined;
  const [, count = "", unit = ""] = match;
  const multiple = BYTES[unit === "" || unit === "B" ? "" : unit.charAt(0)];
  return multiple === undefined ? undefined : BigInt(count) * multiple;
}

type Parse = (text: string) => bigint | undefined;

function number64(
  what: string,
  value: number | bigint | string | undefined,
  parse: Parse,
): string | undefined {
  if (value === undefined) return undefined;
  const parsed =
    typeof value === "string"
      ? parse(value)
      : typeof value === "bigint"
        ? value
        : Number.isSafeInteger(value)
          ? BigInt(value)
          : undefined;
  if (parsed === undefined || parsed < I64_MIN || parsed > I64_MAX)
    throw new ConfigurationError(`${what}: ${String(value)} is not a whole number of that kind`);
  return parsed.toString();
}

function common(type: ArgumentType, options: Common, hasDefault: boolean): Argument {
  const { help = "", required = false } = options;
  // eslint-disable-next-line no-control-regex -- control characters are what it looks for
  if (help.length > HELP_CHARACTERS_MAX || /[\u0000-\u001f\u007f]/.test(help))
    throw new ConfigurationError(
      `${type}: help must be one line of at most ${HELP_CHARACTERS_MAX} characters`,
    );
  if (required && hasDefault)
    throw new ConfigurationError(`${type}: an argument with a default cannot be required`);
  return { type, help, required };
}

function numeric(
  type: "integer" | "duration" | "size",
  options: QuantityOptions,
  parse: Parse,
): Argument {
  const argument = common(type, options, options.default !== undefined);
  const value = number64(`${type}: default`, options.default, parse);
  const minimum =
    number64(`${type}: minimum`, options.minimum, parse) ?? (type === "integer" ? undefined : "0");
  const maximum = number64(`${type}: maximum`, options.maximum, parse);
  const lowest = minimum === undefined ? I64_MIN : BigInt(minimum);
  const highest = maximum === undefined ? I64_MAX : BigInt(maximum);
  if (lowest > highest)
    throw new ConfigurationError(`${type}: minimum ${lowest} is above maximum ${highest}`);
  if (value !== undefined && (BigInt(value) < lowest || BigInt(value) > highest))
    throw new ConfigurationError(
      `${type}: default ${value} is outside minimum ${lowest} to maximum ${highest}`,
    );
  return {
    ...argument,
    ...(value === undefined ? {} : { default: value }),
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
  };
}

/** A signed 64-bit integer. In the application: `i64`. */
export function integer(options: NumberOptions = {}): Argument {
  return numeric("integer", options, (text) => (/^-?\d+$/.test(text) ? BigInt(text) : undefined));
}

/** A duration such as `1h30m` or `250ms`. In the application: `i64` nanoseconds. */
export function duration(options: QuantityOptions = {}): Argument {
  return numeric("duration", options, parseDuration);
}

/** A size such as `64K` or `16M` (binary multiples). In the application: `i64` bytes. */
export function size(options: QuantityOptions = {}): Argument {
  return numeric("size", options, parseSize);
}

/** True or false: `--name`, `--no-name`. In the application: `bool`. */
export function boolean(options: BooleanOptions = {}): Argument {
  const argument = common("boolean", options, options.default !== undefined);
  if (options.default !== undefined && typeof options.default !== "boolean")
    throw new ConfigurationError("boolean: the default must be true or false");
  return options.default === undefined ? argument : { ...argument, default: options.default };
}

function text(
  type: ArgumentType,
  options: TextOptions,
  valid: (text: string) => boolean,
  form: string,
): Argument {
  const argument = common(type, options, options.default !== undefined);
  const value: unknown = options.default;
  if (value === undefined) return argument;
  if (typeof value !== "string" || !valid(value))
    throw new ConfigurationError(`${type}: default ${JSON.stringify(value)} is not ${form}`);
  return { ...argument, default: value };
}

/** Any text. In the application: `string`. */
export function string(options: TextOptions = {}): Argument {
  return text("string", options, () => true, "text");
}

const OCTET = "(?:0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])";
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const CIDR = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}/(?:\\d|[12]\\d|3[0-2])$`);

/** An IPv4 address. In the application: `IPv4` of `@phantasm/runtime`. */
export function ipv4(options: TextOptions = {}): Argument {
  return text("ipv4", options, (value) => IPV4.test(value), "an address such as 10.0.0.2");
}

/** An IPv4 address with prefix length. In the application: `CIDR` of `@phantasm/runtime`. */
export function cidr(options: TextOptions = {}): Argument {
  return text("cidr", options, (value) => CIDR.test(value), "of the form 10.0.0.2/24");
}

/** One of a list of words. In the application: `string`. */
export function enumeration(values: readonly string[], options: TextOptions = {}): Argument {
  const list: unknown = values;
  if (!Array.isArray(list) || values.length === 0 || new Set(values).size !== values.length)
    throw new ConfigurationError("enumeration: expects a list of different words");
  const form = `one of ${values.join(", ")}`;
  return {
    ...text("enumeration", options, (value) => values.includes(value), form),
    values: [...values],
  };
}

/** A secret: read from `@file` or a descriptor, redacted wherever arguments are shown. In the application: `string`. */
export function secret(options: Common = {}): Argument {
  return common("secret", options, false);
}
