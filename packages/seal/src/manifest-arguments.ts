/** The arguments of a manifest: types, defaults, bounds. */
import { isPlain } from "./escape.js";
import {
  DEFAULT_CHARACTERS_MAX,
  ENUMERATION_VALUES_MAX,
  HELP_CHARACTERS_MAX,
  VALUE_CHARACTERS_MAX,
} from "./limits.js";
import { NAME_PATTERN, type ManifestArgument, type NumberArgument } from "./manifest.js";
import { requireUnique, type Field } from "./schema.js";

const I64_MIN = -(2n ** 63n);
const I64_MAX = 2n ** 63n - 1n;
/** Digits of the longest i64, and its sign. */
const I64_CHARACTERS_MAX = 20;

const BYTE = "(?:0|[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5])";
const IPV4 = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`);
const CIDR = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}/(?:[0-9]|[12][0-9]|3[0-2])$`);
const CIDR_CHARACTERS_MAX = 18;

/** One line: no control characters, no line separators, nothing that changes direction. */
const ONE_LINE = {
  test: (text: string): boolean =>
    isPlain(text) || /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]*$/u.test(text),
};

const BASE = ["help", "name", "required", "type"] as const;

const TYPES = [
  "boolean",
  "cidr",
  "duration",
  "enumeration",
  "integer",
  "ipv4",
  "secret",
  "size",
  "string",
] as const satisfies readonly ManifestArgument["type"][];

/** Reads the canonical decimal text of a 64-bit signed number: no sign but −, no leading zero. */
export function parseDecimal64(text: string): bigint | null {
  if (text.length > I64_CHARACTERS_MAX) return null;
  let value: bigint;
  try {
    value = BigInt(text);
  } catch {
    return null;
  }
  // BigInt also takes spaces, hexadecimal and leading zeros: those come back in another spelling.
  return value >= I64_MIN && value <= I64_MAX && String(value) === text ? value : null;
}

function decimal(field: Field, minimum: bigint): bigint {
  const text = field.text(I64_CHARACTERS_MAX);
  const value = parseDecimal64(text);
  if (value === null || value < minimum)
    field.fail(
      "manifest-text",
      `is not a ${minimum === 0n ? "64-bit number from 0" : "signed 64-bit number"} in plain decimal`,
    );
  return value;
}

function refuseDefault(field: Field): never {
  return field.fail("manifest-default", "must not be there: the argument is required");
}

type NumberPart = "default" | "minimum" | "maximum";

function numberArgument(
  field: Field,
  base: Omit<NumberArgument, "type" | NumberPart>,
  type: NumberArgument["type"],
): NumberArgument {
  const fields = field.record(BASE, ["default", "maximum", "minimum"]);
  const lowest = type === "size" ? 0n : I64_MIN;
  const part = (name: NumberPart): bigint | undefined => {
    const present = fields[name];
    return present === undefined ? undefined : decimal(present, lowest);
  };
  const minimum = part("minimum");
  const maximum = part("maximum");
  const value = part("default");
  if (minimum !== undefined && maximum !== undefined && minimum > maximum)
    field.fail(
      "manifest-bounds",
      `has minimum ${String(minimum)} above maximum ${String(maximum)}`,
    );
  if (value !== undefined && (value < (minimum ?? value) || value > (maximum ?? value)))
    field.fail("manifest-default", `has default ${String(value)} outside minimum and maximum`);
  return {
    ...base,
    type,
    ...(value === undefined ? {} : { default: String(value) }),
    ...(minimum === undefined ? {} : { minimum: String(minimum) }),
    ...(maximum === undefined ? {} : { maximum: String(maximum) }),
  };
}

/** Reads one argument. */
export function parseArgument(field: Field): ManifestArgument {
  const type = field.peek("type").choice(TYPES);
  const base = {
    name: field.peek("name").pattern(NAME_PATTERN, 63, "a name"),
    help: field.peek("help").pattern(ONE_LINE, HELP_CHARACTERS_MAX, "one printable line"),
    required: field.peek("required").boolean(),
  };
  const present = field.entries().get("default");
  if (type !== "secret" && base.required && present !== undefined) refuseDefault(present);
  switch (type) {
    case "secret":
      field.record(BASE);
      return { ...base, type };
    case "boolean":
      field.record(BASE, ["default"]);
      return { ...base, type, ...(present && { default: present.boolean() }) };
    case "string":
      field.record(BASE, ["default"]);
      return { ...base, type, ...(present && { default: present.text(DEFAULT_CHARACTERS_MAX) }) };
    case "ipv4":
    case "cidr": {
      field.record(BASE, ["default"]);
      const [pattern, what] =
        type === "ipv4" ? [IPV4, "an IPv4 address"] : [CIDR, "an IPv4 address with prefix length"];
      return {
        ...base,
        type,
        ...(present && { default: present.pattern(pattern, CIDR_CHARACTERS_MAX, what) }),
      };
    }
    case "enumeration": {
      const fields = field.record([...BASE, "values"], ["default"]);
      const values = fields.values
        .list(ENUMERATION_VALUES_MAX, 1)
        .map((value) => enumerationValue(value));
      requireUnique(fields.values, values, "a value");
      if (present !== undefined && !values.includes(present.text(VALUE_CHARACTERS_MAX)))
        present.fail("manifest-default", "is not one of the values");
      return {
        ...base,
        type,
        values,
        ...(present && { default: present.text(VALUE_CHARACTERS_MAX) }),
      };
    }
    default:
      return numberArgument(field, base, type);
  }
}

function enumerationValue(field: Field): string {
  const value = field.pattern(ONE_LINE, VALUE_CHARACTERS_MAX, "one printable line");
  return value === "" ? field.fail("manifest-text", "is empty") : value;
}
