/** A request in a line of words, with quotes as in a shell: for people with a terminal. */
import { RequestParser } from "./parser";

const BACKSLASH: u8 = 0x5c;
const DOUBLE: u8 = 0x22;
const SINGLE: u8 = 0x27;

export enum Split {
  DONE,
  /** A quote is not closed. */
  UNBALANCED,
  NO_MEMORY,
}

function isBlank(byte: u8): bool {
  return byte == 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

function hexadecimal(byte: u8): i32 {
  if (byte >= 0x30 && byte <= 0x39) return <i32>byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? <i32>letter - 0x57 : -1;
}

function control(byte: u8): u8 {
  switch (<i32>byte) {
    case 0x6e:
      return 0x0a;
    case 0x72:
      return 0x0d;
    case 0x74:
      return 0x09;
    case 0x62:
      return 0x08;
    case 0x61:
      return 0x07;
    default:
      return byte;
  }
}

function skipBlanks(at: usize, end: usize): usize {
  while (at < end && (isBlank(load<u8>(at)) || load<u8>(at) == 0)) at++;
  return at;
}

/** Splits the first bytes at `base`, where quotes and escapes are replaced by what they mean. */
export function splitLine(parser: RequestParser, base: usize, bytes: i32): Split {
  const end = base + <usize>bytes;
  let at = base;
  for (at = skipBlanks(at, end); at < end; at = skipBlanks(at, end)) {
    // What a word means is never longer than what it is written as.
    const start = at;
    let to = at;
    let quote: u8 = 0;
    while (at < end) {
      const byte = load<u8>(at++);
      if (quote == 0) {
        if (isBlank(byte) || byte == 0) break;
        if (byte == DOUBLE || byte == SINGLE) quote = byte;
        else store<u8>(to++, byte);
      } else if (byte == quote) {
        quote = 0;
        if (at < end && !isBlank(load<u8>(at))) return Split.UNBALANCED;
        break;
      } else if (byte == BACKSLASH && at < end && quote == DOUBLE) {
        const high = at + 2 < end && load<u8>(at) == 0x78 ? hexadecimal(load<u8>(at + 1)) : -1;
        const low = high >= 0 ? hexadecimal(load<u8>(at + 2)) : -1;
        if (low >= 0) {
          store<u8>(to++, <u8>((high << 4) | low));
          at += 3;
        } else store<u8>(to++, control(load<u8>(at++)));
      } else if (byte == BACKSLASH && at < end && load<u8>(at) == SINGLE) {
        store<u8>(to++, SINGLE);
        at++;
      } else store<u8>(to++, byte);
    }
    if (quote != 0) return Split.UNBALANCED;
    if (!parser.add(<i32>(start - base), <i32>(to - start))) return Split.NO_MEMORY;
  }
  return Split.DONE;
}
