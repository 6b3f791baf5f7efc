const REPLACEMENT: u16 = 0xfffd;

/** Continuation bytes that follow a leading byte, or -1 if it leads nothing. */
function continuations(lead: u32): i32 {
  if (lead >= 0xc2 && lead <= 0xdf) return 1;
  if (lead >= 0xe0 && lead <= 0xef) return 2;
  if (lead >= 0xf0 && lead <= 0xf4) return 3;
  return -1;
}

/** Least and largest second byte: no overlong forms, no surrogates, nothing above U+10FFFF. */
function secondIsValid(lead: u32, second: u32): bool {
  const least: u32 = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const most: u32 = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  return second >= least && second <= most;
}

/**
 * Decodes UTF-8 from anybody: each maximal part of a sequence that is not valid becomes one U+FFFD
 * (Unicode 16 §3.9.6, as browsers do). The standard library's decoder swallows what follows instead.
 */
export function decodeUtf8(address: usize, length: i32): string {
  // No sequence has more UTF-16 units than bytes.
  const units = new StaticArray<u16>(length);
  const end = address + length;
  let count = 0;
  while (address < end) {
    const lead: u32 = load<u8>(address++);
    if (lead < 0x80) {
      unchecked((units[count++] = <u16>lead));
      continue;
    }
    let more = continuations(lead);
    let point: u32 = more < 0 ? REPLACEMENT : lead & (0x3f >> more);
    let second = true;
    for (; more > 0; more--) {
      const next: u32 = address < end ? load<u8>(address) : 0;
      if ((next & 0xc0) != 0x80 || (second && !secondIsValid(lead, next))) {
        point = REPLACEMENT;
        break;
      }
      point = (point << 6) | (next & 0x3f);
      second = false;
      address++;
    }
    if (point > 0xffff) {
      point -= 0x10000;
      unchecked((units[count++] = <u16>(0xd800 | (point >> 10))));
      point = 0xdc00 | (point & 0x3ff);
    }
    unchecked((units[count++] = <u16>point));
  }
  return String.UTF16.decodeUnsafe(changetype<usize>(units), (<usize>count) << 1);
}
