/** Compares bytes as unsigned numbers; a text that is the beginning of another one comes first. */
// @ts-ignore: decorator
@inline
export function compareBytes(a: usize, aBytes: i32, b: usize, bBytes: i32): i32 {
  let left = min(aBytes, bBytes);
  for (; left >= 8; left -= 8) {
    const x = load<u64>(a);
    const y = load<u64>(b);
    if (x != y) return bswap<u64>(x) < bswap<u64>(y) ? -1 : 1;
    a += 8;
    b += 8;
  }
  for (; left > 0; left--) {
    const difference = <i32>load<u8>(a) - <i32>load<u8>(b);
    if (difference != 0) return difference;
    a++;
    b++;
  }
  return aBytes - bBytes;
}

/** Whether so many bytes are the same. */
// @ts-ignore: decorator
@inline
export function equalBytes(a: usize, b: usize, bytes: i32): bool {
  let left = bytes;
  for (; left >= 8; left -= 8) {
    if (load<u64>(a) != load<u64>(b)) return false;
    a += 8;
    b += 8;
  }
  for (; left > 0; left--) {
    if (load<u8>(a) != load<u8>(b)) return false;
    a++;
    b++;
  }
  return true;
}

/** Bytes that both begin with. */
export function commonBytes(a: usize, aBytes: i32, b: usize, bBytes: i32): i32 {
  const end = min(aBytes, bBytes);
  let at = 0;
  while (at < end && load<u8>(a + at) == load<u8>(b + at)) at++;
  return at;
}
