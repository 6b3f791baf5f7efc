/** The byte at a place of a stream: `clients.py` makes the same. */
export function pattern(at: i32): u8 {
  return <u8>((at * 7) ^ (at >> 8));
}
