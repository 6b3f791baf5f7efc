/**
 * The ChaCha20 block function (RFC 8439 §2.3), one row of the state in a vector:
 *
 *     a  "expa" "nd 3" "2-by" "te k"
 *     b  key, bytes 0 to 15
 *     c  key, bytes 16 to 31
 *     d  block counter, nonce in three words
 */

/** Bytes of a block. */
export const CHACHA20_BLOCK_BYTES: i32 = 64;

/** Bytes of a key. */
export const CHACHA20_KEY_BYTES: i32 = 32;

/** Rotates each word left by `bits`. */
// @ts-ignore: decorator
@inline
function rotate(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits));
}

/**
 * Writes consecutive blocks of key stream.
 *
 * @param key address of 32 bytes
 * @param counter number of the first block
 * @param nonce0 nonce, as three little-endian words
 * @param out address of `blocks` times 64 bytes; may overlap the key, which is read before
 */
export function chacha20(
  key: usize,
  counter: u32,
  nonce0: u32,
  nonce1: u32,
  nonce2: u32,
  out: usize,
  blocks: i32,
): void {
  const rowA = i32x4(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574);
  const rowB = v128.load(key);
  const rowC = v128.load(key, 16);
  let rowD = i32x4.replace_lane(i32x4.splat(<i32>counter), 1, <i32>nonce0);
  rowD = i32x4.replace_lane(rowD, 2, <i32>nonce1);
  rowD = i32x4.replace_lane(rowD, 3, <i32>nonce2);
  for (let block = 0; block < blocks; block++) {
    let a = rowA;
    let b = rowB;
    let c = rowC;
    let d = rowD;
    for (let round = 0; round < 20; round++) {
      a = i32x4.add(a, b);
      d = rotate(v128.xor(d, a), 16);
      c = i32x4.add(c, d);
      b = rotate(v128.xor(b, c), 12);
      a = i32x4.add(a, b);
      d = rotate(v128.xor(d, a), 8);
      c = i32x4.add(c, d);
      b = rotate(v128.xor(b, c), 7);
      // Turns columns into diagonals, and in every second round back again.
      if (round & 1) {
        b = v128.shuffle<i32>(b, b, 3, 0, 1, 2);
        d = v128.shuffle<i32>(d, d, 1, 2, 3, 0);
      } else {
        b = v128.shuffle<i32>(b, b, 1, 2, 3, 0);
        d = v128.shuffle<i32>(d, d, 3, 0, 1, 2);
      }
      c = v128.shuffle<i32>(c, c, 2, 3, 0, 1);
    }
    v128.store(out, i32x4.add(a, rowA));
    v128.store(out, i32x4.add(b, rowB), 16);
    v128.store(out, i32x4.add(c, rowC), 32);
    v128.store(out, i32x4.add(d, rowD), 48);
    rowD = i32x4.add(rowD, i32x4(1, 0, 0, 0));
    out += CHACHA20_BLOCK_BYTES;
  }
}
