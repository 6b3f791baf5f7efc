/** Boot arguments: what the operator may say to an image, with types, defaults and help. */
import {
  parseCidr,
  parseDuration,
  parseInteger,
  parseIpv4,
  parseSize,
} from "@phantasm/host/values";
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

type Parse = (text: string) => bigint;

/** The host's own reading of a value; its complaint becomes one about the configuration. */
function reading<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ConfigurationError(`${what}: ${error instanceof Error ? error.message : "wrong"}`);
  }
}

function number64(
  what: string,
  value: number | bigint | string | undefined,
  parse: Parse,
): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number" && !Number.isSafeInteger(value))
    throw new ConfigurationError(`${what}: ${value} is not a whole number`);
  const number = reading(`${what} ${JSON.stringify(String(value))}`, () =>
    typeof value === "string" ? parse(value) : BigInt(value),
  );
  if (number < I64_MIN || number > I64_MAX)
    throw new ConfigurationError(`${what}: ${number} does not fit into 64 bits`);
  return number.toString();
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
  return numeric("integer", options, parseInteger);
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
  check: (text: string) => unknown,
): Argument {
  const argument = common(type, options, options.default !== undefined);
  const value: unknown = options.default;
  if (value === undefined) return argument;
  if (typeof value !== "string")
    throw new ConfigurationError(
      `${type}: the default must be text, got ${value === null ? "null" : `a value of type ${typeof value}`}`,
    );
  reading(`${type}: default ${JSON.stringify(value)}`, () => check(value));
  return { ...argument, default: value };
}

/** Any text. In the application: `string`. */
export function string(options: TextOptions = {}): Argument {
  return text("string", options, () => undefined);
}

/** An IPv4 address. In the application: `IPv4` of `@phantasm/runtime`. */
export function ipv4(options: TextOptions = {}): Argument {
  return text("ipv4", options, parseIpv4);
}

/** An IPv4 address with prefix length. In the application: `CIDR` of `@phantasm/runtime`. */
export function cidr(options: TextOptions = {}): Argument {
  return text("cidr", options, parseCidr);
}

/** One of a list of words. In the application: `string`. */
export function enumeration(values: readonly string[], options: TextOptions = {}): Argument {
  const list: unknown = values;
  if (!Array.isArray(list) || values.length === 0 || new Set(values).size !== values.length)
    throw new ConfigurationError("enumeration: expects a list of different words");
  const check = (value: string): void => {
    if (!values.includes(value)) throw new Error(`expected one of ${values.join(", ")}`);
  };
  return { ...text("enumeration", options, check), values: [...values] };
}

/** A secret: read from `@file` or a descriptor, redacted wherever arguments are shown. In the application: `string`. */
export function secret(options: Common = {}): Argument {
  return common("secret", options, false);
}
