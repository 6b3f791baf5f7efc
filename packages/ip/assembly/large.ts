/** Where a packet is written that is to be cut up: one place for both versions, made when it is first needed. */

/** The largest packet of either version, with the IP header in front of it. */
const LARGE_BYTES: usize = 40 + 65535 + 1;

let place: usize = 0;

/** Room for 40 bytes of headers and 65535 bytes behind; aligned to 8. */
export function largePacket(): usize {
  if (place == 0) place = heap.alloc(LARGE_BYTES);
  return place;
}
