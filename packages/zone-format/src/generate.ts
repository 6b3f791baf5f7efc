/** `$GENERATE 1-10 host$ A 192.0.2.$`: records by counting, as BIND has them. */
import type { Token } from "./tokens.js";

const COUNT_MAX = 1_000_000;

export interface Range {
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

export function parseRange(text: string): Range | string {
  const match = /^(\d{1,9})-(\d{1,9})(?:\/(\d{1,9}))?$/.exec(text);
  if (!match) return `expected a range such as 1-100 or 0-254/2, got ${text}`;
  const [first, last, step] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 1)];
  if (last < first || step < 1) return "the range must go upwards";
  if ((last - first) / step >= COUNT_MAX) return `the range has more than ${COUNT_MAX} numbers`;
  return { first, last, step };
}

/** A number with its nibbles from the last, dots between: for names below ip6.arpa. */
function nibbles(value: number, width: number): string {
  const digits = value.toString(16).padStart(Math.ceil(width / 2), "0");
  return [...digits].reverse().join(".");
}

function format(value: number, width: number, base: string): string {
  switch (base) {
    case "o":
      return value.toString(8).padStart(width, "0");
    case "x":
      return value.toString(16).padStart(width, "0");
    case "X":
      return value.toString(16).toUpperCase().padStart(width, "0");
    case "n":
      return nibbles(value, width);
    case "N":
      return nibbles(value, width).toUpperCase();
    default:
      return String(value).padStart(width, "0");
  }
}

/** Why a `${…}` is none; null: there is nothing wrong. */
export function templateProblem(text: string): string | null {
  for (const [, inside = ""] of text.matchAll(/(?<!\\)\$\{([^}]*)\}?/g))
    if (!/^-?\d{1,9}(,\d{1,3}(,[doxXnN])?)?$/.test(inside))
      return `expected \${offset,width,base} with a base of d, o, x, X, n or N, got \${${inside}}`;
  return null;
}

/** The token for one number of the range. */
export function substitute(token: Token, value: number): Token {
  if (!token.text.includes("$")) return token;
  const text = token.text.replace(
    /\\\$|\$\$|\$\{(-?\d+)(?:,(\d+)(?:,(.))?)?\}|\$/g,
    (whole: string, offset?: string, width?: string, base?: string) => {
      if (whole === "\\$" || whole === "$$") return "$";
      return format(value + Number(offset ?? 0), Number(width ?? 0), base ?? "d");
    },
  );
  return { ...token, text };
}
