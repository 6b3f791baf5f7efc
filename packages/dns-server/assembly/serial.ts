/** Serials of versions (RFC 1982): 32 bits that go round. */

/** True if `a` is newer than `b`; at a distance of 2^31 neither is. */
// @ts-ignore: decorator
@inline
export function isNewer(a: u32, b: u32): bool {
  return <i32>(a - b) > 0;
}
