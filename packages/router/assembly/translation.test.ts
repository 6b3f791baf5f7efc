import { describe, expect, test } from "@phantasm/testing";
import { TestRandom } from "@phantasm/ethernet/testing";
import {
  ACK,
  FRONT,
  OUTSIDE,
  completed,
  echo,
  partial,
  put16,
  slowSum,
  sumHeader,
  tcp,
  textOf,
  udp,
} from "./testing";
import { Transit } from "./transit";
import { End, clampSegments, countHop, translate } from "./translation";

const random = new TestRandom(2026);
const transit = new Transit();

function anyAddress(): u32 {
  // Zeros and ones more often than by chance: they are where the two zeros of one's complement meet.
  const kind = random.below(8);
  if (kind == 0) return 0xffff_ffff;
  if (kind == 1) return random.u32() & 0xffff;
  if (kind == 2) return random.u32() | 0xffff;
  return random.u32();
}

function anyPort(): u16 {
  const kind = random.below(8);
  return kind == 0 ? 0 : kind == 1 ? 0xffff : <u16>random.u32();
}

function anyPacket(): Uint8Array {
  const bytes = <i32>random.below(40);
  switch (random.below(3)) {
    case 0:
      return udp(anyAddress(), anyPort(), anyAddress(), anyPort(), bytes);
    case 1:
      return tcp(anyAddress(), anyPort(), anyAddress(), anyPort(), ACK, bytes);
    default:
      return echo(anyAddress(), anyAddress(), random.below(2) == 0 ? 8 : 0, anyPort(), bytes);
  }
}

function read(frame: Uint8Array): void {
  assert(transit.parse(frame.dataStart + FRONT));
  transit.isPartial = frame[0] != 0;
}

/** The same packet, built anew. */
function rebuilt(frame: Uint8Array): Uint8Array {
  const copy = frame.slice(0);
  const at = FRONT + 20;
  sumHeader(copy);
  const protocol = copy[FRONT + 9];
  if (protocol == 1) {
    put16(copy, at + 2, 0);
    put16(copy, at + 2, ~slowSum(copy, at, copy.length - at, 0));
    return copy;
  }
  const field = at + (protocol == 6 ? 16 : 6);
  put16(copy, field, 0);
  const start = slowSum(copy, FRONT + 12, 8, <u32>protocol + <u32>(copy.length - at));
  const sum = <u16>~slowSum(copy, at, copy.length - at, start);
  put16(copy, field, protocol == 17 && sum == 0 ? 0xffff : sum);
  return copy;
}

function same(one: Uint8Array, other: Uint8Array): bool {
  return (
    one.length == other.length && memory.compare(one.dataStart, other.dataStart, one.length) == 0
  );
}

describe("a translated packet", () => {
  test("is, to the bit, what its new sender would have sent; and back again", () => {
    for (let round = 0; round < 20_000; round++) {
      const frame = anyPacket();
      const before = frame.slice(0);
      read(frame);
      const end = random.below(2) == 0 ? End.SOURCE : End.DESTINATION;
      const address = end == End.SOURCE ? transit.source : transit.destination;
      const port = end == End.SOURCE ? transit.sourcePort : transit.destinationPort;
      const isEcho = frame[FRONT + 9] == 1;
      const echoPort = transit.sourcePort | transit.destinationPort;
      translate(transit, end, anyAddress(), anyPort());
      if (!same(frame, rebuilt(frame))) expect(textOf(frame)).toBe(`round ${round}`);
      translate(transit, end, address, isEcho ? echoPort : port);
      if (!same(frame, before)) expect(textOf(frame)).toBe(`back, round ${round}`);
    }
    expect(textOf(anyPacket()).includes("BAD")).toBe(false);
  });

  test("that is a datagram never gets the checksum that means none", () => {
    const frame = udp(anyAddress(), 1, anyAddress(), 2);
    let met = false;
    // One of all ports is the one with which the sum is 0.
    for (let port = 0; port < 0x10000; port++) {
      read(frame);
      translate(transit, End.SOURCE, OUTSIDE, <u16>port);
      const field = load<u16>(frame.dataStart, FRONT + 26);
      if (field == 0) expect(port).toBe(-1);
      if (field != 0xffff) continue;
      met = true;
      expect(same(frame, rebuilt(frame))).toBe(true);
    }
    expect(met).toBe(true);
  });

  test("whose checksum the link completes has the right sum of the new pseudo-header", () => {
    for (let round = 0; round < 20_000; round++) {
      let frame = anyPacket();
      if (frame[FRONT + 9] == 1) continue;
      frame = partial(frame);
      const before = frame.slice(0);
      read(frame);
      const end = random.below(2) == 0 ? End.SOURCE : End.DESTINATION;
      const address = end == End.SOURCE ? transit.source : transit.destination;
      const port = end == End.SOURCE ? transit.sourcePort : transit.destinationPort;
      translate(transit, end, anyAddress(), anyPort());
      const text = textOf(completed(frame));
      if (text.includes("BAD")) expect(text).toBe(`round ${round}`);
      translate(transit, end, address, port);
      if (!same(frame, before)) expect(textOf(frame)).toBe(`back, round ${round}`);
    }
  });

  test("with a wrong checksum stays wrong by as much", () => {
    for (let round = 0; round < 1000; round++) {
      const frame = tcp(anyAddress(), 1, anyAddress(), 2, ACK, 10);
      frame[FRONT + 45] ^= <u8>(1 + random.below(255));
      read(frame);
      translate(transit, End.SOURCE, OUTSIDE, 77);
      if (!textOf(frame).includes("BAD")) expect(textOf(frame)).toBe(`round ${round}`);
    }
  });

  test("has lost a hop, and its header's checksum is right", () => {
    for (let hops = 1; hops < 256; hops++) {
      const frame = udp(anyAddress(), 1, anyAddress(), 2);
      frame[FRONT + 8] = <u8>hops;
      sumHeader(frame);
      read(frame);
      countHop(transit);
      expect(frame[FRONT + 8]).toBe(<u8>(hops - 1));
      expect(slowSum(frame, FRONT, 20, 0)).toBe(0xffff);
    }
  });
});

/** A SYN with these options, of 8 bytes. */
function withOptions(options: StaticArray<u8>): Uint8Array {
  const frame = tcp(1, 2, 3, 4, 2, 8);
  frame[FRONT + 32] = 0x70;
  for (let at = 0; at < options.length; at++) frame[FRONT + 40 + at] = options[at];
  return rebuilt(frame);
}

function clamped(options: StaticArray<u8>, bytes: u16): string {
  const frame = withOptions(options);
  read(frame);
  clampSegments(transit, bytes);
  expect(same(frame, rebuilt(frame))).toBe(true);
  return frame.slice(FRONT + 40).toString();
}

describe("a maximum segment size", () => {
  test("is lowered, at even and odd places", () => {
    expect(clamped([2, 4, 5, 180, 0, 0, 0, 0], 1400)).toBe("2,4,5,120,0,0,0,0");
    expect(clamped([1, 2, 4, 5, 180, 0, 0, 0], 1400)).toBe("1,2,4,5,120,0,0,0");
    expect(clamped([3, 3, 7, 2, 4, 255, 255, 0], 536)).toBe("3,3,7,2,4,2,24,0");
  });

  test("is never raised", () => {
    expect(clamped([2, 4, 2, 24, 0, 0, 0, 0], 1400)).toBe("2,4,2,24,0,0,0,0");
  });

  test("is looked for in sense only", () => {
    expect(clamped([0, 2, 4, 5, 180, 0, 0, 0], 1400)).toBe("0,2,4,5,180,0,0,0");
    expect(clamped([3, 0, 2, 4, 5, 180, 0, 0], 1400)).toBe("3,0,2,4,5,180,0,0");
    expect(clamped([3, 9, 2, 4, 5, 180, 0, 0], 1400)).toBe("3,9,2,4,5,180,0,0");
    expect(clamped([1, 1, 1, 1, 1, 2, 4, 5], 4)).toBe("1,1,1,1,1,2,4,5");
    expect(clamped([1, 1, 1, 1, 1, 1, 1, 2], 4)).toBe("1,1,1,1,1,1,1,2");
  });

  test("of a partial checksum leaves the checksum alone", () => {
    const frame = partial(withOptions([1, 2, 4, 5, 180, 0, 0, 0]));
    read(frame);
    clampSegments(transit, 1000);
    expect(textOf(completed(frame)).includes("BAD")).toBe(false);
  });

  test("any options do no harm", () => {
    for (let round = 0; round < 10_000; round++) {
      const frame = tcp(1, 2, 3, 4, 2, 40);
      frame[FRONT + 32] = <u8>((5 + random.below(11)) << 4);
      for (let at = FRONT + 40; at < frame.length; at++) frame[at] = <u8>random.below(6);
      const right = rebuilt(frame);
      read(right);
      clampSegments(transit, <u16>random.below(1500));
      if (!same(right, rebuilt(right))) expect(right.toString()).toBe(`round ${round}`);
    }
  });
});
