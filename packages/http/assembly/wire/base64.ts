/** Base64 (RFC 4648 §4). */

const ALPHABET: string = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The bytes in Base64, padded. */
export function base64(at: usize, bytes: i32): string {
  let text = "";
  for (let i = 0; i < bytes; i += 3) {
    const left = bytes - i;
    const from = at + <usize>i;
    let group = (<i32>load<u8>(from)) << 16;
    if (left > 1) group |= (<i32>load<u8>(from, 1)) << 8;
    if (left > 2) group |= <i32>load<u8>(from, 2);
    text += ALPHABET.charAt(group >> 18) + ALPHABET.charAt((group >> 12) & 63);
    text += left > 1 ? ALPHABET.charAt((group >> 6) & 63) : "=";
    text += left > 2 ? ALPHABET.charAt(group & 63) : "=";
  }
  return text;
}

/** True if it is Base64 of exactly that many bytes, without bits that mean nothing. */
export function isBase64Of(at: usize, bytes: i32, decoded: i32): bool {
  const padding = (3 - (decoded % 3)) % 3;
  if (bytes != ((decoded + 2) / 3) * 4) return false;
  for (let i = 0; i < bytes; i++) {
    const c = <i32>load<u8>(at + <usize>i);
    if (i >= bytes - padding) {
      if (c != 0x3d) return false;
    } else if (ALPHABET.indexOf(String.fromCharCode(c)) < 0) return false;
  }
  const last = ALPHABET.indexOf(String.fromCharCode(load<u8>(at + <usize>(bytes - padding - 1))));
  return (last & ((1 << (2 * padding)) - 1)) == 0;
}
