/**
 * The Internet checksum (RFC 1071) over frames in a scratch buffer of ours.
 *
 * Words of 32 bits are added in a double, which is exact for any frame; a sum modulo 65535 is the
 * one's complement sum. The sum does not depend on the order of bytes in a word, so the machine's own
 * order serves, and the result is swapped once (RFC 1071 §2 (B)).
 */
const ONES = 0xffff;
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * Sum of bytes, as 16 bits, not complemented.
 *
 * @param words the buffer, seen as words
 * @param start offset in bytes, a multiple of 4
 * @param bytes from there; up to three bytes behind them are overwritten with zeros
 */
export function sumBytes(
  words: Uint32Array,
  buffer: Uint8Array,
  start: number,
  bytes: number,
): number {
  const end = start + bytes;
  for (let at = end; (at & 3) !== 0; at++) buffer[at] = 0;
  const last = (end + 3) >>> 2;
  let sum = 0;
  for (let at = start >>> 2; at < last; at++) sum += words[at] ?? 0;
  const folded = sum % ONES;
  return LITTLE_ENDIAN ? ((folded & 0xff) << 8) | (folded >>> 8) : folded;
}

/** Folds a sum of 16-bit words to 16 bits. */
export function fold(sum: number): number {
  return sum % ONES;
}

/** What goes into the header for a sum. RFC 768: never zero, which would mean "no checksum". */
export function complement(sum: number): number {
  const result = ~fold(sum) & ONES;
  return result === 0 ? ONES : result;
}

/** Sum of the 16-bit words of a short array of even length. */
export function sumArray(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) {
    sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  }
  return sum;
}
