import { MILLISECOND, SECOND } from "@phantasm/interfaces";

const HEXADECIMAL = "0123456789abcdef";

/** Seconds with three digits behind the point, at least eight characters wide. */
export function timestamp(ns: i64): string {
  const ms = ((ns % SECOND) / MILLISECOND).toString();
  return `${(ns / SECOND).toString()}.${ms.padStart(3, "0")}s`.padStart(8);
}

/** Values come from anywhere, and a log is read in a terminal: `\xNN` for whatever would control it. */
export function escapeControls(text: string): string {
  let escaped = "";
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x20 && (unit < 0x7f || unit > 0x9f)) continue;
    const digits = HEXADECIMAL.charAt(unit >> 4) + HEXADECIMAL.charAt(unit & 15);
    escaped += text.substring(start, i) + "\\x" + digits;
    start = i + 1;
  }
  return start == 0 ? text : escaped + text.substring(start);
}
