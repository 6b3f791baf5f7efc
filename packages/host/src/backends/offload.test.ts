import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Checksummer, checksumOf } from "./checksum.js";
import { Finisher } from "./offload.js";
import { receiveTcp, referenceChecksum, superFrame, type TcpPacket } from "./testing/packets.js";

const FIN = 0x01;
const PSH = 0x08;
const ACK = 0x10;
const CWR = 0x80;

const packets: fc.Arbitrary<TcpPacket> = fc.record({
  version: fc.constantFrom(4 as const, 6 as const),
  tags: fc.nat(2),
  extra: fc.nat(3),
  identification: fc.nat(0xffff),
  sequence: fc.nat(0xffff_ffff),
  flags: fc.nat(0xff),
  options: fc.nat(10),
  // A pattern: shrinking thousands of bytes one by one takes for ever.
  payload: fc
    .tuple(fc.integer({ min: 1, max: 9000 }), fc.nat(255))
    .map(([length, seed]) => Uint8Array.from({ length }, (_, at) => (at * at + seed) & 0xff)),
});

/** Every frame of a segment, each read by the reference. */
function cut(frame: Uint8Array, mtu: number, shift = 0) {
  const finisher = new Finisher();
  expect(finisher.split(frame, frame.length, mtu)).toBe(true);
  const frames = [];
  const into = new Uint8Array(shift + 24 + mtu).subarray(shift);
  while (finisher.pending) {
    const bytes = finisher.next(into);
    expect(bytes).toBeGreaterThan(0);
    expect(frames.length).toBeLessThan(10_000);
    frames.push(receiveTcp(into.slice(0, bytes)));
  }
  expect(finisher.next(into)).toBe(0);
  return frames;
}

describe("Checksummer", () => {
  it("agrees with RFC 1071 for every place and length", () => {
    const checksummer = new Checksummer();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(3), fc.nat(9), (data, shift, skip) => {
        const bytes = new Uint8Array(shift + data.length).subarray(shift);
        bytes.set(data);
        const start = Math.min(skip, data.length);
        const sum = checksummer.sum(bytes, start, data.length);
        expect(checksumOf(sum)).toBe(referenceChecksum(data.subarray(start)));
      }),
    );
  });

  it("does not overflow over the largest frame", () => {
    for (const shift of [0, 1, 2]) {
      const ones = new Uint8Array(65_559 + shift).fill(0xff).subarray(shift);
      expect(checksumOf(new Checksummer().sum(ones, 0, ones.length))).toBe(referenceChecksum(ones));
    }
  });
});

describe("complete", () => {
  it("fills in the checksum that was left to the hardware", () => {
    fc.assert(
      fc.property(packets, (packet) => {
        const frame = superFrame(packet, 1460);
        const size = frame.length;
        expect(new Finisher().complete(frame, size)).toBe(true);
        expect(receiveTcp(frame).payload).toEqual(packet.payload);
      }),
    );
  });

  it("writes ffff for a sum of zero, which UDP reads as: no checksum", () => {
    const frame = new Uint8Array(24 + 8);
    frame.set([1, 0, 0, 0, 0, 0, 14, 0, 6, 0]);
    frame.set([0xff, 0xff], 24);
    expect(new Finisher().complete(frame, frame.length)).toBe(true);
    expect([...frame.subarray(24)]).toEqual([0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff]);
    expect([...frame.subarray(0, 10)]).toEqual(Array(10).fill(0));
  });

  it.each([
    ["a field beyond the frame", [1, 0, 0, 0, 0, 0, 34, 0, 17, 0]],
    ["a start beyond the frame", [1, 0, 0, 0, 0, 0, 255, 255, 0, 0]],
    ["a field whose place overflows", [1, 0, 0, 0, 0, 0, 255, 255, 255, 255]],
    ["a start inside the Ethernet header", [1, 0, 0, 0, 0, 0, 13, 0, 2, 0]],
    ["a segment without a partial checksum", [0, 1, 0, 0, 100, 0, 34, 0, 16, 0]],
  ])("refuses %s, and writes nothing", (_, header) => {
    const frame = new Uint8Array(10 + 52).fill(7);
    frame.set(header);
    const before = frame.slice();
    expect(new Finisher().complete(frame, frame.length)).toBe(false);
    expect(frame).toEqual(before);
  });

  it("forgets a header that only says that the checksum was looked at", () => {
    const frame = new Uint8Array(60).fill(7);
    frame.set([2, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(new Finisher().complete(frame, frame.length)).toBe(true);
    expect([...frame.subarray(0, 11)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]);
  });
});

describe("split", () => {
  it("cuts a segment into frames that add up to it, each complete", () => {
    fc.assert(
      fc.property(packets, fc.integer({ min: 8, max: 4000 }), fc.nat(3), (packet, mss, shift) => {
        const mtu = 4200;
        const frame = superFrame(packet, mss);
        const frames = cut(frame, mtu, shift);
        expect(Buffer.concat(frames.map(({ payload }) => payload))).toEqual(
          Buffer.from(packet.payload),
        );
        const whole = receiveTcp(complete(frame));
        let sequence = packet.sequence;
        for (const [number, part] of frames.entries()) {
          const isFirst = number === 0;
          const isLast = number === frames.length - 1;
          if (!isLast) expect(part.payload.length).toBe(mss);
          expect(part.sequence).toBe(sequence);
          sequence = (sequence + part.payload.length) % 2 ** 32;
          const dropped = (isLast ? 0 : FIN | PSH) | (isFirst ? 0 : CWR);
          expect(part.flags).toBe(packet.flags & ~dropped);
          expect(part.header).toEqual(whole.header);
          expect(part.options).toEqual(whole.options);
          if (packet.version === 4) {
            expect(part.identification).toBe((packet.identification! + number) % 65_536);
          }
        }
      }),
    );
  });

  const whole = superFrame(
    {
      version: 4,
      identification: 0xffff,
      sequence: 0xffff_ffff,
      flags: CWR | ACK | PSH | FIN,
      payload: new Uint8Array(65_535 - 40),
    },
    1460,
  );

  it("cuts the largest segment", () => {
    const frames = cut(whole, 1500);
    expect(frames).toHaveLength(Math.ceil((65_535 - 40) / 1460));
    expect(
      frames
        .slice(0, 2)
        .map(({ sequence, flags, identification }) => ({ sequence, flags, identification })),
    ).toEqual([
      { sequence: 0xffff_ffff, flags: CWR | ACK, identification: 0xffff },
      { sequence: 1459, flags: ACK, identification: 0 },
    ]);
    expect(frames.at(-1).flags).toBe(ACK | PSH | FIN);
  });

  it("cuts smaller than it was asked when the link carries no more", () => {
    const frames = cut(whole, 576);
    expect(frames[0]!.payload).toHaveLength(536);
  });

  it("leaves out what follows the packet", () => {
    const padded = new Uint8Array(whole.length);
    padded.set(
      superFrame({ version: 4, sequence: 1, flags: ACK, payload: Uint8Array.of(1, 2, 3) }, 1460),
    );
    const frames = cut(padded, 1500);
    expect(frames.map(({ payload }) => [...payload])).toEqual([[1, 2, 3]]);
  });

  it.each<[string, (frame: Uint8Array) => void]>([
    ["no partial checksum", (f) => (f[0] = 0)],
    ["an unknown kind", (f) => (f[1] = 3)],
    ["the kind of the other protocol", (f) => (f[1] = 4)],
    ["segments of nothing", (f) => f.set([0, 0], 4)],
    ["segments of seven bytes", (f) => f.set([7, 0], 4)],
    ["a checksum elsewhere", (f) => (f[6] = 35)],
    ["a checksum field elsewhere", (f) => (f[8] = 6)],
    ["another EtherType", (f) => (f[22] = 9)],
    ["another version", (f) => (f[24] = 0x65)],
    ["a header of 16 bytes", (f) => (f[24] = 0x44)],
    ["a header longer than the packet", (f) => f.set([0, 30], 26)],
    ["a fragment", (f) => f.set([0x20, 0], 30)],
    ["another protocol", (f) => (f[33] = 17)],
    ["a TCP header of 16 bytes", (f) => (f[56] = 0x40)],
    ["no room for the payload", (f) => (f.set([0, 41], 26), (f[56] = 0x60))],
  ])("refuses %s", (_, spoil) => {
    const frame = whole.slice();
    spoil(frame);
    const finisher = new Finisher();
    expect(finisher.split(frame, frame.length, 1500)).toBe(false);
    expect(finisher.pending).toBe(false);
  });

  it("refuses a frame that is shorter than its packet, and a link that carries only headers", () => {
    const finisher = new Finisher();
    expect(finisher.split(whole, whole.length - 1, 1500)).toBe(false);
    expect(finisher.split(whole, whole.length, 47)).toBe(false);
    expect(finisher.split(whole, whole.length, 48)).toBe(true);
  });

  it("survives anything, and never writes beyond the MTU", () => {
    const seeds = fc.oneof(
      fc.uint8Array({ minLength: 24, maxLength: 200 }),
      fc
        .tuple(
          packets,
          fc.nat(3000),
          fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { maxLength: 4 }),
        )
        .map(([packet, mss, changes]) => {
          const frame = superFrame(packet, mss);
          for (const [at, value] of changes) frame[at % frame.length] = value;
          return frame;
        }),
    );
    const finisher = new Finisher();
    const into = new Uint8Array(24 + 1500);
    fc.assert(
      fc.property(seeds, fc.nat(80), (frame, missing) => {
        const length = Math.max(24, frame.length - missing);
        if (finisher.split(frame, length, 1500)) {
          let frames = 0;
          while (finisher.pending) {
            const bytes = finisher.next(into);
            expect(bytes).toBeGreaterThan(24);
            expect(bytes).toBeLessThanOrEqual(into.length);
            expect(++frames).toBeLessThan(8192);
          }
        }
        finisher.complete(frame, length);
      }),
      { numRuns: 2000 },
    );
  });
});

function complete(frame: Uint8Array): Uint8Array {
  const copy = frame.slice();
  expect(new Finisher().complete(copy, copy.length)).toBe(true);
  return copy;
}
