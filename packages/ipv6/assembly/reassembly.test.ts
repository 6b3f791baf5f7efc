/** Fragments put together (RFC 8200 §4.5, RFC 5722), and the bounds of what waits. */
import { SECOND } from "@phantasm/interfaces";
import { ChaChaRandom } from "@phantasm/random";
import { describe, expect, test } from "@phantasm/testing";
import {
  Fragment,
  REASSEMBLY_BYTES_MAX,
  REASSEMBLY_DATAGRAMS_MAX,
  REASSEMBLY_FRAGMENTS_MAX,
  REASSEMBLY_NS,
  Reassembly,
  ReassemblyOutput,
} from "./reassembly";

let timedOut: string = "";

class Output implements ReassemblyOutput {
  timedOut(packet: usize, bytes: i32, link: u64): void {
    timedOut += `${bswap(load<u64>(packet, 16))}/${bswap(load<u32>(packet, 44))} ${bytes} ${link};`;
  }
}

const reassembly = new Reassembly();
reassembly.owner = new Output();
const packet = new Uint8Array(48 + 65536);
let sourceLow: u64 = 1;
let nowNs: i64 = 0;

/** Byte `i` of a datagram. */
function byteAt(i: i32): u8 {
  return <u8>(i * 7 + (i >> 8));
}

/** A fragment arrives; answers what `add` does. */
function arrive(id: u32, from: i32, bytes: i32, more: bool, change: u8 = 0): usize {
  packet.fill(0, 0, 48);
  packet[6] = 44;
  packet[7] = 63;
  packet[23] = <u8>sourceLow;
  packet[39] = 2;
  packet[40] = 17;
  packet[42] = <u8>(from >> 8);
  packet[43] = <u8>(from | (more ? 1 : 0));
  store<u32>(packet.dataStart, bswap(id), 44);
  for (let i = 0; i < bytes; i++) packet[48 + i] = byteAt(from + i) ^ change;
  const at = packet.dataStart;
  return reassembly.add(at, at + 40, at + 48 + bytes, 77, nowNs);
}

function expectWhole(at: usize, bytes: i32): void {
  expect(at).toBeGreaterThan(2);
  expect(reassembly.packetBytes).toBe(40 + bytes);
  expect(load<u8>(at, 6)).toBe(17);
  expect(load<u8>(at, 7)).toBe(63);
  expect(bswap(load<u16>(at, 4))).toBe(<u16>bytes);
  for (let i = 0; i < bytes; i++)
    if (load<u8>(at + 40 + i) != byteAt(i)) expect(`byte ${i} is wrong`).toBe("");
  expect(reassembly.bytes).toBe(0);
}

describe("fragments", () => {
  test("in order, backwards, and with duplicates make the packet", () => {
    expect(arrive(1, 0, 16, true)).toBe(Fragment.KEPT);
    expect(arrive(1, 16, 8, true)).toBe(Fragment.KEPT);
    expectWhole(arrive(1, 24, 5, false), 29);
    expect(arrive(2, 24, 5, false)).toBe(Fragment.KEPT);
    expect(arrive(2, 24, 5, false)).toBe(Fragment.KEPT);
    expect(arrive(2, 16, 8, true)).toBe(Fragment.KEPT);
    expect(arrive(2, 16, 8, true)).toBe(Fragment.KEPT);
    expectWhole(arrive(2, 0, 16, true), 29);
    expect(reassembly.overlapping).toBe(0);
  });

  test("of different datagrams do not mix", () => {
    arrive(1, 0, 16, true);
    arrive(2, 0, 16, true);
    sourceLow = 2;
    arrive(1, 0, 16, true);
    expect(arrive(2, 16, 3, false)).toBe(Fragment.KEPT);
    expectWhole_afterOthers(1);
  });

  test("make a packet of 64 KiB from as many as there may be, in any order", () => {
    const random = new ChaChaRandom();
    const order: i32[] = [];
    for (let i = 0; i < REASSEMBLY_FRAGMENTS_MAX; i++) order.push(i);
    for (let i = order.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      const other = order[i];
      order[i] = order[j];
      order[j] = other;
    }
    let whole: usize = 0;
    for (let i = 0; i < order.length; i++) {
      expect(whole).toBe(0);
      const last = order[i] == REASSEMBLY_FRAGMENTS_MAX - 1;
      whole = arrive(1, order[i] * 1024, last ? 1023 : 1024, !last);
    }
    expectWhole(whole, 65535);
  });
});

function expectWhole_afterOthers(low: u64): void {
  sourceLow = low;
  const at = arrive(1, 16, 3, false);
  expect(at).toBeGreaterThan(2);
  expect(reassembly.packetBytes).toBe(40 + 19);
}

describe("what cannot be", () => {
  test("is told: a length that is no multiple of 8, and more than 65535 bytes", () => {
    expect(arrive(1, 0, 15, true)).toBe(Fragment.BAD_LENGTH);
    expect(arrive(1, 65528, 8, false)).toBe(Fragment.TOO_LONG);
    expect(arrive(1, 65528, 0, true)).toBe(Fragment.KEPT);
    expect(reassembly.dueNs).toBe(i64.MAX_VALUE);
  });

  test("overlaps: the datagram is lost, and what follows of it too (RFC 5722)", () => {
    const overlaps: i32[][] = [
      // from, bytes, more
      [8, 16, 1],
      [16, 16, 1],
      [24, 8, 1],
      [16, 24, 0],
      [0, 32, 1],
      [0, 48, 0],
    ];
    for (let i = 0; i < overlaps.length; i++) {
      const id = 10 + i;
      arrive(id, 16, 16, true);
      const before = reassembly.overlapping;
      arrive(id, overlaps[i][0], overlaps[i][1], overlaps[i][2] != 0, 1);
      expect(reassembly.overlapping).toBe(before + 1);
      expect(reassembly.bytes).toBe(0);
      // All of it once more: nothing.
      expect(arrive(id, 0, 32, true)).toBe(Fragment.KEPT);
      expect(arrive(id, 32, 8, false)).toBe(Fragment.KEPT);
      expect(reassembly.bytes).toBe(0);
    }
  });

  test("the same place with other bytes is an overlap", () => {
    arrive(1, 0, 16, true);
    arrive(1, 0, 16, true, 1);
    expect(reassembly.overlapping).toBe(1);
  });

  test("an end that moves, or bytes behind it", () => {
    arrive(1, 16, 8, false);
    arrive(1, 24, 8, false);
    expect(reassembly.overlapping).toBe(1);
    arrive(2, 16, 8, false);
    arrive(2, 24, 8, true);
    expect(reassembly.overlapping).toBe(2);
    arrive(3, 24, 8, true);
    arrive(3, 16, 8, false);
    expect(reassembly.overlapping).toBe(3);
  });

  test("more fragments than there may be", () => {
    for (let i = 0; i <= REASSEMBLY_FRAGMENTS_MAX; i++) arrive(1, i * 8, 8, true);
    expect(reassembly.overlapping).toBe(1);
    expect(reassembly.bytes).toBe(0);
  });
});

describe("bounds", () => {
  test("time: a minute after the first fragment, whichever it was", () => {
    arrive(1, 8, 8, true);
    nowNs = 10 * SECOND;
    arrive(2, 0, 8, true);
    expect(reassembly.dueNs).toBe(REASSEMBLY_NS);
    nowNs = 59 * SECOND;
    arrive(2, 16, 8, true);
    reassembly.expire(59 * SECOND);
    expect(reassembly.bytes).toBe(24);
    reassembly.expire(60 * SECOND);
    // Its first fragment never came: nobody is told.
    expect(timedOut).toBe("");
    expect(reassembly.bytes).toBe(16);
    reassembly.expire(70 * SECOND);
    expect(timedOut).toBe("1/2 56 77;");
    expect(reassembly.bytes).toBe(0);
    expect(reassembly.expired).toBe(2);
    expect(reassembly.dueNs).toBe(i64.MAX_VALUE);
  });

  test("datagrams: the oldest makes room", () => {
    for (let id: u32 = 0; id < 10_000; id++) {
      nowNs += 1000;
      arrive(id, 0, 8, true);
      expect(reassembly.bytes).toBeLessThanOrEqual(8 * REASSEMBLY_DATAGRAMS_MAX);
    }
    expect(reassembly.displaced).toBe(10_000 - REASSEMBLY_DATAGRAMS_MAX);
    const at = arrive(9_999 - REASSEMBLY_DATAGRAMS_MAX + 1, 8, 8, false);
    expect(at).toBeGreaterThan(2);
  });

  test("bytes: the oldest make room", () => {
    for (let id: u32 = 0; id < 7; id++) {
      nowNs += 1000;
      for (let i = 0; i < 40; i++) arrive(id, i * 1024, 1024, true);
      expect(reassembly.bytes).toBeLessThanOrEqual(REASSEMBLY_BYTES_MAX);
    }
    expect(reassembly.displaced).toBeGreaterThan(0);
    expectWholeOf(6);
  });

  test("anything at all: never more than that, and all of it comes back", () => {
    const random = new ChaChaRandom();
    let whole = 0;
    for (let i = 0; i < 30_000; i++) {
      nowNs += <i64>random.below(1_000_000_000);
      const from = <i32>random.below(8) * 8;
      const more = random.below(3) != 0;
      const bytes = more ? <i32>(1 + random.below(3)) * 8 : <i32>random.below(20);
      const at = arrive(random.below(12), from, bytes, more, <u8>(random.below(20) == 0 ? 1 : 0));
      if (at > 2) whole++;
      if (random.below(10) == 0) reassembly.expire(nowNs);
      expect(reassembly.bytes).toBeLessThanOrEqual(REASSEMBLY_DATAGRAMS_MAX * 88);
    }
    expect(whole).toBeGreaterThan(100);
    reassembly.expire(nowNs + REASSEMBLY_NS);
    expect(reassembly.bytes).toBe(0);
  });
});

/** The rest of one that has 40 KiB already. */
function expectWholeOf(id: u32): void {
  const at = arrive(id, 40 * 1024, 3, false);
  expect(at).toBeGreaterThan(2);
  expect(reassembly.packetBytes).toBe(40 + 40 * 1024 + 3);
}
