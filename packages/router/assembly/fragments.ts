/**
 * Which fragmented packets have passed: later fragments have no ports, and follow the first one (RFC 3022 §6.3). What comes
 * before its first fragment is dropped: keeping it would need as much memory as somebody likes to send.
 *
 * Sets of four records in raw memory, chosen by a keyed hash; the oldest of a set makes room:
 *
 *      0 u32 source   4 u32 destination   8 u16 identification   10 u8 protocol   11 u8 from inside
 *     12 u8 used     16 i64 time         24 u32 new address
 */
import { KeyedHash } from "@phantasm/ip/hash";

const RECORD_BYTES: usize = 32;
const SET: u32 = 4;
const SET_BYTES: usize = 4 * RECORD_BYTES;


@final
export class Fragments {
  private readonly records: usize;
  private readonly mask: u32;

  /** @param capacity a power of two, at least 4 */
  constructor(
    capacity: i32,
    private readonly timeOutNs: i64,
    private readonly hash: KeyedHash,
  ) {
    this.records = heap.alloc(<usize>capacity * RECORD_BYTES);
    memory.fill(this.records, 0, <usize>capacity * RECORD_BYTES);
    this.mask = <u32>capacity / SET - 1;
  }

  /** The first fragment of a packet passes, and gets this address in place of one of its own. */
  add(at: usize, fromInside: bool, newAddress: u32, nowNs: i64): void {
    const addresses = load<u64>(at, 12);
    const rest = restOf(at, fromInside);
    const set = this.setOf(addresses, rest);
    let place = set;
    for (let record = set; record < set + SET_BYTES; record += RECORD_BYTES) {
      if (
        load<u8>(record, 12) == 0 ||
        (load<u64>(record) == addresses && load<u32>(record, 8) == rest)
      ) {
        place = record;
        break;
      }
      if (load<i64>(record, 16) < load<i64>(place, 16)) place = record;
    }
    store<u64>(place, addresses);
    store<u32>(place, rest, 8);
    store<u8>(place, 1, 12);
    store<i64>(place, nowNs, 16);
    store<u32>(place, newAddress, 24);
  }

  /** The new address of the packet with the header at `at`; 0: its first fragment has not passed. */
  find(at: usize, fromInside: bool, nowNs: i64): u32 {
    const addresses = load<u64>(at, 12);
    const rest = restOf(at, fromInside);
    const set = this.setOf(addresses, rest);
    for (let record = set; record < set + SET_BYTES; record += RECORD_BYTES) {
      if (load<u64>(record) != addresses || load<u32>(record, 8) != rest) continue;
      if (load<u8>(record, 12) == 0 || nowNs - load<i64>(record, 16) >= this.timeOutNs) return 0;
      return load<u32>(record, 24);
    }
    return 0;
  }

  private setOf(addresses: u64, rest: u32): usize {
    return this.records + <usize>((this.hash.of(addresses, rest) & this.mask) * SET) * RECORD_BYTES;
  }
}

/** Identification, protocol and side. */
// @ts-ignore: decorator
@inline
function restOf(at: usize, fromInside: bool): u32 {
  return load<u16>(at, 4) | ((<u32>load<u8>(at, 9)) << 16) | ((<u32>fromInside) << 24);
}
