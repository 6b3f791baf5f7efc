/**
 * Makes text that comes from an image safe to show. Names, help texts and messages are the author's:
 * without escaping they could move the cursor, recolour the terminal, reorder a line or add markup.
 */

// Controls, format characters (bidirectional marks, joiners, tags), line and paragraph separators,
// lone surrogates, private use and unassigned code points, and whatever renders as nothing.
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

const QUOTED_CHARACTERS_MAX = 80;

function escapeCharacter(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  return code <= 0xff ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}

/**
 * Whether a text is printable ASCII. That is the usual case and is tried first: to compile a class of
 * Unicode takes half a millisecond, a good part of a boot.
 */
export function isPlain(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}

/** Replaces every character that is not plainly visible by its escape, as in `\x1b` or `\u{202e}`. */
export function escapeTerminal(text: string): string {
  return isPlain(text) ? text : text.replace(UNPRINTABLE, escapeCharacter);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** The same for HTML, in text and in quoted attribute values. */
export function escapeHtml(text: string): string {
  return escapeTerminal(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}

/** For messages: escaped, in double quotes, and cut when it is long. */
export function quote(text: string): string {
  const cut =
    text.length > QUOTED_CHARACTERS_MAX ? `${text.slice(0, QUOTED_CHARACTERS_MAX)}…` : text;
  return `"${escapeTerminal(cut)}"`;
}
