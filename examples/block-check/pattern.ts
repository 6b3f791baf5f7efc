/** What is written to the first sectors: who looks for it at the next boot knows whether it survived. */

/** At its start: "PHANTASM", then the number of boots, both little-endian. */
const MAGIC: u64 = 0x4d53_4154_4e41_4850;
const HEADER_BYTES: i32 = 16;

/** The number of boots in a buffer; 0: there is no pattern in it. */
export function bootsIn(buffer: Uint8Array): u64 {
  const address = buffer.dataStart;
  return load<u64>(address) == MAGIC ? load<u64>(address, 8) : 0;
}

export function fillPattern(buffer: Uint8Array, boots: u64): void {
  store<u64>(buffer.dataStart, MAGIC);
  store<u64>(buffer.dataStart, boots, 8);
  for (let i = HEADER_BYTES; i < buffer.length; i++) buffer[i] = patternAt(boots, i);
}

export function hasPattern(buffer: Uint8Array, boots: u64): bool {
  if (bootsIn(buffer) != boots) return false;
  for (let i = HEADER_BYTES; i < buffer.length; i++)
    if (buffer[i] != patternAt(boots, i)) return false;
  return true;
}

/** Differs from byte to byte, from sector to sector and from boot to boot. */
function patternAt(boots: u64, index: i32): u8 {
  return <u8>(index * 31 + (index >> 8) * 7 + <i32>boots);
}
