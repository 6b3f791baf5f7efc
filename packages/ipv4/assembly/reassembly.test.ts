/** Datagrams that are cut at random, and arrive in a random order, some pieces twice, among each other. */
import { expect, test } from "@phantasm/testing";
import { TestRandom } from "@phantasm/ethernet/testing";
import { Ipv4Counters } from "./counters";
import { Ipv4Limits } from "./limits";
import { Reassembly, ReassemblyEvents } from "./reassembly";

class Nobody implements ReassemblyEvents {
  onReassemblyTimeout(header: usize, bytes: i32, isGroup: bool): void {
    assert(false, "a timeout");
  }
}

const DATAGRAMS: i32 = 3;
const MTU: i32 = 1500;

const limits = new Ipv4Limits();
const counters = new Ipv4Counters();
const reassembly = new Reassembly(limits, MTU, counters, new Nobody());
const random = new TestRandom(11);

/** A fragment that is on its way. */
class Piece {
  constructor(
    readonly datagram: i32,
    readonly from: i32,
    readonly to: i32,
    readonly isLast: bool,
  ) {}
}

function byteAt(datagram: i32, at: i32): u8 {
  return <u8>(at * 13 + (at >> 8) + datagram * 101);
}

const buffer = new Uint8Array(MTU + 60);

function arrive(piece: Piece, optionBytes: i32): bool {
  const at = buffer.dataStart;
  const header = 20 + optionBytes;
  memory.fill(at, 1, header);
  store<u8>(at, <u8>(0x40 | (header >> 2)));
  store<u16>(at, bswap(<u16>(header + piece.to - piece.from)), 2);
  store<u16>(at, <u16>piece.datagram, 4);
  store<u16>(at, bswap(<u16>((piece.from >> 3) | (piece.isLast ? 0 : 0x2000))), 6);
  store<u8>(at, 17, 9);
  store<u64>(at, 0x0a00_0001_0a00_0002, 12);
  for (let i = piece.from; i < piece.to; i++)
    store<u8>(at + header + i - piece.from, byteAt(piece.datagram, i));
  return reassembly.add(at, header, header + piece.to - piece.from, false, 0);
}

test("every datagram comes out whole, once, and byte for byte", () => {
  for (let round = 0; round < 300; round++) {
    const pieces: Piece[] = [];
    const sizes: i32[] = [];
    for (let datagram = 0; datagram < DATAGRAMS; datagram++) {
      const size = 9 + <i32>random.below(15000);
      sizes.push(size);
      let from = 0;
      while (from < size) {
        const step = 8 * (80 + <i32>random.below(100));
        const to = min(size, from + step);
        // Nobody sends a whole datagram as a fragment.
        if (from == 0 && to == size) {
          pieces.push(new Piece(datagram, 0, 8, false));
          from = 8;
          continue;
        }
        pieces.push(new Piece(datagram, from, to, to == size));
        from = to;
      }
    }
    // Some twice, but not one whose datagram is done: it would begin another.
    for (let at = pieces.length - 1; at > 0; at--) {
      const other = random.below(at + 1);
      const one = pieces[at];
      pieces[at] = pieces[other];
      pieces[other] = one;
    }
    let whole = 0;
    for (let at = 0; at < pieces.length; at++) {
      const piece = pieces[at];
      const options = 4 * <i32>random.below(3);
      const done = arrive(piece, options);
      if (!done && random.below(4) == 0) expect(arrive(piece, options)).toBe(false);
      if (!done) continue;
      whole++;
      const header = (<i32>(load<u8>(reassembly.header) & 15)) << 2;
      const size = sizes[piece.datagram];
      expect(reassembly.bytes).toBe(header + size);
      let same = true;
      for (let i = 0; i < size; i++)
        if (load<u8>(reassembly.header + header + i) != byteAt(piece.datagram, i)) same = false;
      expect(same).toBe(true);
    }
    expect(whole).toBe(DATAGRAMS);
    expect(reassembly.pieces).toBe(0);
  }
  expect(counters.reassemblyRefused).toBe(0);
  expect(counters.reassemblyEvicted).toBe(0);
});
