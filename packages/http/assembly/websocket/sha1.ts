/** SHA-1 (FIPS 180-4 §6.1) of a short text, as the handshake of WebSocket needs it, and for nothing else: it is broken. */

/** Bytes of a digest. */
export const SHA1_BYTES: i32 = 20;

const BLOCK_BYTES: i32 = 64;
const schedule: usize = memory.data(320, 16);
const block: usize = memory.data(64, 16);

/** Writes the digest of `bytes` bytes to `to`. */
export function sha1(at: usize, bytes: i32, to: usize): void {
  let h0: u32 = 0x67452301;
  let h1: u32 = 0xefcdab89;
  let h2: u32 = 0x98badcfe;
  let h3: u32 = 0x10325476;
  let h4: u32 = 0xc3d2e1f0;
  // The message, a bit 1, zeros, and its length in the last eight bytes of a block.
  const blocks = (bytes + 8) / BLOCK_BYTES + 1;
  for (let number = 0; number < blocks; number++) {
    const from = number * BLOCK_BYTES;
    const count = max(0, min(BLOCK_BYTES, bytes - from));
    memory.copy(block, at + <usize>from, <usize>count);
    memory.fill(block + <usize>count, 0, <usize>(BLOCK_BYTES - count));
    if (bytes >= from && bytes < from + BLOCK_BYTES) store<u8>(block + <usize>(bytes - from), 0x80);
    if (number == blocks - 1) store<u64>(block, bswap<u64>((<u64>bytes) << 3), 56);
    for (let i: usize = 0; i < 16; i++)
      store<u32>(schedule + i * 4, bswap<u32>(load<u32>(block + i * 4)));
    for (let i: usize = 16; i < 80; i++) {
      const w = schedule + i * 4;
      store<u32>(
        w,
        rotl<u32>(load<u32>(w - 12) ^ load<u32>(w - 32) ^ load<u32>(w - 56) ^ load<u32>(w - 64), 1),
      );
    }
    let a = h0;
    let b = h1;
    let c = h2;
    let d = h3;
    let e = h4;
    for (let i = 0; i < 80; i++) {
      let f: u32 = 0;
      let k: u32 = 0;
      if (i < 20) {
        f = (b & c) | (~b & d);
        k = 0x5a827999;
      } else if (i < 40) {
        f = b ^ c ^ d;
        k = 0x6ed9eba1;
      } else if (i < 60) {
        f = (b & c) | (b & d) | (c & d);
        k = 0x8f1bbcdc;
      } else {
        f = b ^ c ^ d;
        k = 0xca62c1d6;
      }
      const next = rotl<u32>(a, 5) + f + e + k + load<u32>(schedule + <usize>(i * 4));
      e = d;
      d = c;
      c = rotl<u32>(b, 30);
      b = a;
      a = next;
    }
    h0 += a;
    h1 += b;
    h2 += c;
    h3 += d;
    h4 += e;
  }
  store<u32>(to, bswap<u32>(h0));
  store<u32>(to, bswap<u32>(h1), 4);
  store<u32>(to, bswap<u32>(h2), 8);
  store<u32>(to, bswap<u32>(h3), 12);
  store<u32>(to, bswap<u32>(h4), 16);
}
