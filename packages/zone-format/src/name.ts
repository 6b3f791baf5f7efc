/**
 * Domain names as strings of their wire form (RFC 1035 §3.1), one character a byte: `\x03www\x07example\x00`. A length
 * is at most 63 and a letter at least 65, so cases can be changed without looking where labels begin.
 */
export const NAME_BYTES_MAX = 255;
export const LABEL_BYTES_MAX = 63;
export const ROOT = "\0";

/** What is wrong with a name, in words. */
export class NameError extends Error {}

function labelOf(text: string): string {
  if (text === "") throw new NameError("a label is empty: there are two dots, or one in front");
  if (text.length > LABEL_BYTES_MAX)
    throw new NameError(
      `the label ${text.slice(0, 20)}… has ${text.length} bytes; at most ${LABEL_BYTES_MAX} are allowed`,
    );
  return String.fromCharCode(text.length) + text;
}

/** Labels between dots, with `\X` and `\DDD` resolved (RFC 1035 §5.1), and whether a dot was last. */
function split(text: string): { labels: string[]; absolute: boolean } {
  if (!text.includes("\\")) {
    const absolute = text.endsWith(".");
    return { labels: (absolute ? text.slice(0, -1) : text).split("."), absolute };
  }
  const labels = [];
  let label = "";
  let pending = true;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? "";
    pending = character !== ".";
    if (!pending) {
      labels.push(label);
      label = "";
    } else if (character === "\\") {
      const { byte, length } = unescape(text, at);
      label += byte;
      at += length - 1;
    } else label += character;
  }
  if (pending) labels.push(label);
  return { labels, absolute: !pending };
}

/** The byte that an escape at `at` stands for, and the length of the escape. */
export function unescape(text: string, at: number): { byte: string; length: number } {
  const digits = /^\d{3}/.exec(text.slice(at + 1, at + 4))?.[0];
  if (digits !== undefined) {
    if (Number(digits) > 255) throw new NameError(`\\${digits} is no byte: at most \\255`);
    return { byte: String.fromCharCode(Number(digits)), length: 4 };
  }
  const next = text[at + 1];
  if (next === undefined || /\d/.test(next))
    throw new NameError("behind a backslash stands one character, or three digits");
  return { byte: next, length: 2 };
}

/**
 * A name of a zone file in wire form.
 *
 * @param origin in wire form, for a name without a dot at its end; null: there is none
 * @throws NameError
 */
export function parseName(text: string, origin: string | null): string {
  if (text === "@" || text === "") {
    if (text === "") throw new NameError("the name is empty");
    if (origin === null)
      throw new NameError("@ stands for an origin, and none is known: write $ORIGIN");
    return origin;
  }
  if (text === ".") return ROOT;
  const control = /[\0-\x20\x7f]/.exec(text)?.[0];
  if (control !== undefined) {
    const code = String(control.charCodeAt(0)).padStart(3, "0");
    throw new NameError(`byte ${Number(code)} of a name is written as \\${code}`);
  }
  if (/[^\x21-\x7e]/.test(text))
    throw new NameError("letters beyond ASCII are written as an A-label, which begins with xn--");
  const { labels, absolute } = split(text);
  if (!absolute && origin === null)
    throw new NameError("the name has no dot at its end, and no origin is known: write $ORIGIN");
  const name = labels.map(labelOf).join("") + (absolute ? ROOT : (origin ?? ROOT));
  if (name.length > NAME_BYTES_MAX)
    throw new NameError(`the name has ${name.length} bytes; at most ${NAME_BYTES_MAX} are allowed`);
  return name;
}

/** The same for all cases of a name (RFC 4343). */
export function lower(name: string): string {
  return /[A-Z]/.test(name) ? name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : name;
}

/** The name without its first label; not of the root. */
export function parentOf(name: string): string {
  return name.slice(1 + name.charCodeAt(0));
}

/** The first label, without its length; empty for the root. */
export function firstLabel(name: string): string {
  return name.slice(1, 1 + name.charCodeAt(0));
}

export function labelsOf(name: string): string[] {
  const labels = [];
  for (; name !== ROOT; name = parentOf(name)) labels.push(firstLabel(name));
  return labels;
}

/** True if `name` is `ancestor` or lies below it; both in lower case. */
export function isWithin(name: string, ancestor: string): boolean {
  while (name.length > ancestor.length) name = parentOf(name);
  return name === ancestor;
}

export function nameText(name: string): string {
  const text = labelsOf(name)
    .map((label) =>
      label.replace(/[.\\"();@$]|[^\x21-\x7e]/g, (byte) => {
        const code = byte.charCodeAt(0);
        return code > 0x20 && code < 0x7f ? `\\${byte}` : `\\${String(code).padStart(3, "0")}`;
      }),
    )
    .join(".");
  return `${text}.`;
}

/** Orders names as RFC 4034 §6.1 does, when compared as strings: labels from the last, each as bytes. */
export function canonicalKey(name: string): string {
  let key = "";
  // Bytes 0 and 1 are written as two, so that 0 is free to end a label.
  for (const label of labelsOf(name).reverse()) key += `${escapeLow(label)}\0`;
  return key;
}

function escapeLow(label: string): string {
  if (!label.includes("\0") && !label.includes("\x01")) return label;
  return label.replaceAll("\x01", "\x01\x02").replaceAll("\0", "\x01\x01");
}
