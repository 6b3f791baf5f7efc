/** CRC-32 (IEEE 802.3), four bits at a time: the log is short, and a table of 64 bytes is small. */
const NIBBLES: StaticArray<u32> = [
  0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
  0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
];

export function crc32(at: usize, bytes: i32): u32 {
  let crc: u32 = 0xffff_ffff;
  for (let i = 0; i < bytes; i++) {
    crc ^= <u32>load<u8>(at + i);
    crc = unchecked(NIBBLES[crc & 15]) ^ (crc >> 4);
    crc = unchecked(NIBBLES[crc & 15]) ^ (crc >> 4);
  }
  return ~crc;
}
