/** Canonical JSON (RFC 8785): one spelling for each value. */
import { SealError } from "./error.js";

export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [name: string]: JsonValue };

const LONE_SURROGATE = /\p{Surrogate}/u;

function encodeText(text: string): string {
  const encoded = JSON.stringify(text);
  // RFC 8785 §3.2.2.2: text that is no Unicode has no canonical form. JSON.stringify writes half of
  // a pair as \udxxx, so the slow test is seldom needed.
  if (encoded.includes("\\ud") && LONE_SURROGATE.test(text))
    throw new SealError("manifest-canonical", "a text holds half of a surrogate pair");
  return encoded;
}

/**
 * Writes a value in canonical form. The recursion is as deep as the value: check hostile input with
 * `nestingDepth` before it becomes a value.
 *
 * @throws SealError `manifest-canonical` for NaN, infinities and text that is not Unicode
 */
export function encodeCanonical(value: JsonValue): string {
  if (typeof value === "string") return encodeText(value);
  if (typeof value === "number" && !Number.isFinite(value))
    throw new SealError("manifest-canonical", "a number is too large for JSON");
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) {
    const items = value as readonly JsonValue[];
    return `[${items.map(encodeCanonical).join(",")}]`;
  }
  const object = value as { readonly [name: string]: JsonValue };
  // RFC 8785 §3.2.3: sorted by UTF-16 code units, which is how sort() compares.
  const fields = Object.keys(object)
    .sort()
    .map((name) => `${encodeText(name)}:${encodeCanonical(object[name] as JsonValue)}`);
  return `{${fields.join(",")}}`;
}

/** Where the text that starts at this quotation mark ends: at the next one without a backslash. */
function endOfText(json: string, start: number): number {
  for (let at = json.indexOf('"', start + 1); at >= 0; at = json.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (json[at - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return at;
  }
  return json.length;
}

/** How deep arrays and objects of a JSON text are nested, without parsing it. */
export function nestingDepth(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === '"') at = endOfText(json, at);
    else if (character === "{" || character === "[") deepest = Math.max(deepest, ++depth);
    else if (character === "}" || character === "]") depth--;
  }
  return deepest;
}
