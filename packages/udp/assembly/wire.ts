/** RFC 768: u16 source port, u16 destination port, u16 bytes with header, u16 checksum. */
export const UDP_HEADER_BYTES: i32 = 8;
export const UDP_CHECKSUM_AT: i32 = 6;

/** Writes a header with an empty checksum. */
// @ts-ignore: decorator
@inline
export function emitUdp(at: usize, source: u16, destination: u16, bytes: i32): void {
  store<u64>(
    at,
    (<u64>bswap(source)) | ((<u64>bswap(destination)) << 16) | ((<u64>bswap(<u16>bytes)) << 32),
  );
}
