/** Bytes of memory as data segments that leave its zeros out. */

export interface DataSegment {
  readonly offset: number;
  readonly data: Uint8Array;
}

/** Each takes a cold boot a microsecond: with more of them, longer runs of zeros stay in. */
const SEGMENTS_MAX = 1024;

/** Bytes that a segment takes beside its data, if its address and length are the shortest. */
const SEGMENT_BYTES = 4;

/** Bytes of an address as a signed LEB128. */
function addressBytes(address: number): number {
  return Math.ceil((33 - Math.clz32(address)) / 7);
}

/** Where the next byte that is not zero lies, or the end. */
function skipZeros(memory: Uint8Array, words: BigUint64Array, from: number): number {
  let at = from;
  while (at < memory.length && at % 8 !== 0) {
    if (memory[at] !== 0) return at;
    at++;
  }
  let word = at / 8;
  while (word < words.length && words[word] === 0n) word++;
  at = word * 8;
  while (at < memory.length && memory[at] === 0) at++;
  return at;
}

function skipData(memory: Uint8Array, from: number): number {
  const zero = memory.indexOf(0, from);
  return zero < 0 ? memory.length : zero;
}

/**
 * A run of zeros stays in if a segment of its own would take more bytes.
 *
 * @param memory whole, from address 0; its length is a multiple of 8
 */
export function dataSegments(memory: Uint8Array): DataSegment[] {
  for (let zerosMin = 0; ; zerosMin = 2 * zerosMin + 8) {
    const segments = split(memory, zerosMin);
    if (segments.length <= SEGMENTS_MAX) return segments;
  }
}

function split(memory: Uint8Array, zerosMin: number): DataSegment[] {
  const words = new BigUint64Array(memory.buffer, memory.byteOffset, memory.length / 8);
  const segments: DataSegment[] = [];
  let start = skipZeros(memory, words, 0);
  while (start < memory.length) {
    let end = skipData(memory, start);
    let next = skipZeros(memory, words, end);
    while (
      next < memory.length &&
      next - end <= Math.max(zerosMin, SEGMENT_BYTES + addressBytes(next))
    ) {
      end = skipData(memory, next);
      next = skipZeros(memory, words, end);
    }
    segments.push({ offset: start, data: memory.slice(start, end) });
    start = next;
  }
  return segments;
}
