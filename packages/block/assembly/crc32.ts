/** CRC-32 of IEEE 802.3, as GUID partition tables have it. */

// Made when it is first needed.
// @ts-ignore: decorator
@lazy
let table: StaticArray<u32> | null = null;

/** A byte at a time would do for tables of partitions, and it does. */
function crcTable(): StaticArray<u32> {
  let made = table;
  if (made === null) {
    made = new StaticArray<u32>(256);
    for (let byte = 0; byte < 256; byte++) {
      let crc = <u32>byte;
      for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
      made[byte] = crc;
    }
    table = made;
  }
  return made;
}

/** The checksum of `bytes` bytes that follow those whose checksum is `before`; 0: none. */
export function crc32(before: u32, address: usize, bytes: i32): u32 {
  const table = crcTable();
  let crc = ~before;
  for (let at = 0; at < bytes; at++)
    crc = (crc >> 8) ^ unchecked(table[<i32>((crc ^ (<u32>load<u8>(address + at))) & 0xff)]);
  return ~crc;
}
