/** Reads a master file (RFC 1035 §5.1) into entries: the items of a line, or of several within parentheses. */
import type { Problems } from "./problems.js";

export interface Token {
  /** As it is written, escapes included, without quotation marks. */
  readonly text: string;
  readonly quoted: boolean;
  readonly line: number;
  readonly column: number;
}

export interface Entry {
  readonly tokens: readonly Token[];
  /** It begins with a space: the owner is the one before. */
  readonly indented: boolean;
}

/** Items of an entry: more than any record needs, and few enough that a missing parenthesis is noticed. */
const TOKENS_MAX = 4096;

const CHARACTER = {
  TAB: 0x09,
  NEWLINE: 0x0a,
  RETURN: 0x0d,
  SPACE: 0x20,
  QUOTE: 0x22,
  OPEN: 0x28,
  CLOSE: 0x29,
  SEMICOLON: 0x3b,
  BACKSLASH: 0x5c,
} as const;

function endsToken(code: number): boolean {
  return (
    code === CHARACTER.SPACE ||
    code === CHARACTER.TAB ||
    code === CHARACTER.NEWLINE ||
    code === CHARACTER.RETURN ||
    code === CHARACTER.SEMICOLON ||
    code === CHARACTER.OPEN ||
    code === CHARACTER.CLOSE ||
    code === CHARACTER.QUOTE
  );
}

/** @param text one character a byte */
export function* entriesOf(text: string, file: string, problems: Problems): Generator<Entry> {
  let line = 1;
  let lineStart = 0;
  let depth = 0;
  let opened = { line: 1, column: 1 };
  let tokens: Token[] = [];
  let indented = false;
  let at = 0;
  const end = text.length;
  while (at < end) {
    const code = text.charCodeAt(at);
    if (at === lineStart && depth === 0)
      indented = code === CHARACTER.SPACE || code === CHARACTER.TAB;
    if (code === CHARACTER.NEWLINE) {
      at++;
      if (depth === 0 && tokens.length > 0) {
        yield { tokens, indented };
        tokens = [];
      }
      line++;
      lineStart = at;
    } else if (code === CHARACTER.SPACE || code === CHARACTER.TAB || code === CHARACTER.RETURN)
      at++;
    else if (code === CHARACTER.SEMICOLON) {
      const newline = text.indexOf("\n", at);
      at = newline < 0 ? end : newline;
    } else if (code === CHARACTER.OPEN) {
      if (depth++ === 0) opened = { line, column: at - lineStart + 1 };
      at++;
    } else if (code === CHARACTER.CLOSE) {
      if (depth === 0)
        problems.error(
          file,
          { line, column: at - lineStart + 1 },
          "there is no ( for this ): remove it",
        );
      else depth--;
      at++;
    } else {
      const quoted = code === CHARACTER.QUOTE;
      const start = quoted ? at + 1 : at;
      const position = { line, column: at - lineStart + 1 };
      let stop = start;
      while (stop < end) {
        const next = text.charCodeAt(stop);
        if (quoted ? next === CHARACTER.QUOTE || next === CHARACTER.NEWLINE : endsToken(next))
          break;
        stop +=
          next === CHARACTER.BACKSLASH && text.charCodeAt(stop + 1) !== CHARACTER.NEWLINE ? 2 : 1;
      }
      stop = Math.min(stop, end);
      if (quoted && text.charCodeAt(stop) !== CHARACTER.QUOTE)
        problems.error(file, position, `the text is not closed: put a " at its end`);
      tokens.push({ text: text.slice(start, stop), quoted, ...position });
      at = quoted && text.charCodeAt(stop) === CHARACTER.QUOTE ? stop + 1 : stop;
      if (tokens.length > TOKENS_MAX) {
        problems.error(file, opened, `more than ${TOKENS_MAX} items follow: is a ) missing?`);
        return;
      }
    }
  }
  if (depth > 0) problems.error(file, opened, "there is no ) for this (: add it");
  else if (tokens.length > 0) yield { tokens, indented };
}
