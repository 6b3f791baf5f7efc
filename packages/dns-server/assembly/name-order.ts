/** The canonical order of names (RFC 4034 §6.1), of one blob of zones or of two. */
import { lower8 } from "@phantasm/dns/wire";
import { Zones, labelAt, labelBytes } from "./zone-data";

/** Room for 128 nodes: a name has at most 127 labels. */
const first: usize = memory.data(512, 8);
const second: usize = memory.data(512, 8);

/** The nodes of a name, the deepest first; returns how many. */
function wayUp(zones: Zones, node: usize, into: usize): i32 {
  let count = 0;
  for (; labelBytes(node) > 0; node = zones.parentOf(node), count++)
    store<u32>(into + ((<usize>count) << 2), <u32>node);
  return count;
}

// @ts-ignore: decorator
@inline
function lowerByte(byte: i32): i32 {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

/** Labels of nodes as bytes in lower case; one that is the beginning of the other comes first. */
export function compareLabels(a: usize, b: usize): i32 {
  const lengthA = labelBytes(a);
  const lengthB = labelBytes(b);
  const length = min(lengthA, lengthB);
  const atA = labelAt(a);
  const atB = labelAt(b);
  let i: usize = 0;
  // Labels are followed by more of the zones, or by what they are padded with.
  for (; <i32>i + 8 <= length; i += 8)
    if (lower8(load<u64>(atA + i)) != lower8(load<u64>(atB + i))) break;
  for (; <i32>i < length; i++) {
    const difference = lowerByte(load<u8>(atA + i)) - lowerByte(load<u8>(atB + i));
    if (difference != 0) return difference;
  }
  return lengthA - lengthB;
}

/** Negative, 0 or positive, as `a` is before, the same as, or behind `b`. */
export function compareNames(zonesA: Zones, a: usize, zonesB: Zones, b: usize): i32 {
  let countA = wayUp(zonesA, a, first);
  let countB = wayUp(zonesB, b, second);
  while (countA > 0 && countB > 0) {
    countA--;
    countB--;
    const order = compareLabels(
      <usize>load<u32>(first + ((<usize>countA) << 2)),
      <usize>load<u32>(second + ((<usize>countB) << 2)),
    );
    if (order != 0) return order;
  }
  return countA - countB;
}
