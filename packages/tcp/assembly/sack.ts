import { Connection } from "./connection";
import { Kind, TIMESTAMPS_BYTES } from "./options";
import { report } from "./reassembly";
import { SackBlocks } from "./recovery/sack-blocks";

const OPTIONS_BYTES_MAX: i32 = 40;

const blocks: SackBlocks = new SackBlocks();

/**
 * Writes what has arrived ahead of its turn (RFC 2018 §4), after what has arrived twice (RFC 2883 §4). Returns where
 * the options end; the same address if there is nothing to say.
 */
export function writeSack(c: Connection, at: usize): usize {
  const isDuplicate = c.duplicateStart != c.duplicateEnd;
  if (!isDuplicate && c.ahead == 0) return at;
  const room = (OPTIONS_BYTES_MAX - 4 - (c.hasTimestamps ? TIMESTAMPS_BYTES : 0)) >> 3;
  blocks.count = 0;
  if (isDuplicate) {
    blocks.set(0, c.duplicateStart, c.duplicateEnd);
    blocks.count = 1;
    c.duplicateStart = c.duplicateEnd;
  }
  report(c.ahead, blocks, room - blocks.count);
  store<u16>(at, 0x0101);
  store<u8>(at, <u8>Kind.SACK, 2);
  store<u8>(at, <u8>(2 + (blocks.count << 3)), 3);
  at += 4;
  for (let i = 0; i < blocks.count; i++) {
    store<u32>(at, bswap(blocks.startAt(i)));
    store<u32>(at, bswap(blocks.endAt(i)), 4);
    at += 8;
  }
  return at;
}
