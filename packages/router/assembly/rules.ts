/**
 * Filter rules: the first that matches decides, else the policy of the direction. They see packets that begin a
 * flow, with the addresses of the inside (before they are translated on the way out, after on the way in);
 * what belongs to a flow passes.
 *
 * The configuration hands them over as text that is read once, so that a rule costs 24 bytes of data and no code:
 * numbers in decimal, with one character behind each, a rule being
 *
 *     direction action protocol source bits first last destination bits first last
 *
 * Records in raw memory:
 *
 *      0 u8 direction   1 u8 action   2 u8 protocol, 0: any
 *      4 u32 source     8 u32 its mask         12 u16 first   14 u16 last port
 *     16 u32 destination   20 u32 its mask     24 u16 first   26 u16 last port
 */
import { NumberReader } from "./number-reader";

export enum Direction {
  OUT,
  IN,
}

export enum Action {
  ACCEPT,
  /** Without a word. */
  DROP,
  /** The sender is told: a reset, or "administratively prohibited". */
  REJECT,
  /** No rule matched. */
  NONE,
}

const RECORD_BYTES: usize = 28;
const NUMBERS: i32 = 11;


@final
export class Rules {
  private readonly records: usize;
  private readonly end: usize;

  constructor(text: string) {
    const reader = new NumberReader(text);
    const count = reader.count / NUMBERS;
    this.records = count == 0 ? 0 : heap.alloc(<usize>count * RECORD_BYTES);
    let record = this.records;
    for (let at = 0; at < count; at++) {
      store<u8>(record, <u8>reader.next());
      store<u8>(record, <u8>reader.next(), 1);
      store<u8>(record, <u8>reader.next(), 2);
      readEnd(reader, record + 4);
      readEnd(reader, record + 16);
      record += RECORD_BYTES;
    }
    this.end = record;
  }

  get count(): i32 {
    return <i32>((this.end - this.records) / RECORD_BYTES);
  }

  decide(
    direction: Direction,
    protocol: u8,
    source: u32,
    sourcePort: u16,
    destination: u32,
    destinationPort: u16,
  ): Action {
    for (let record = this.records, end = this.end; record < end; record += RECORD_BYTES) {
      if (load<u8>(record) != direction) continue;
      const only = load<u8>(record, 2);
      if (only != 0 && only != protocol) continue;
      if (!matches(record + 4, source, sourcePort)) continue;
      if (!matches(record + 16, destination, destinationPort)) continue;
      return <Action>load<u8>(record, 1);
    }
    return Action.NONE;
  }
}

function readEnd(reader: NumberReader, at: usize): void {
  const address = reader.next();
  const bits = reader.next();
  const mask: u32 = bits == 0 ? 0 : u32.MAX_VALUE << (32 - bits);
  store<u32>(at, address & mask);
  store<u32>(at, mask, 4);
  store<u16>(at, <u16>reader.next(), 8);
  store<u16>(at, <u16>reader.next(), 10);
}

// @ts-ignore: decorator
@inline
function matches(at: usize, address: u32, port: u16): bool {
  return (
    (address & load<u32>(at, 4)) == load<u32>(at) &&
    port >= load<u16>(at, 8) &&
    port <= load<u16>(at, 10)
  );
}
