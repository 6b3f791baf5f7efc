import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameBatch } from "./frame-batch.js";
import { FrameDecoder, FramingError } from "./framing.js";

function encode(frames: readonly Uint8Array[]): Buffer {
  const parts = frames.flatMap((frame) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(frame.length);
    return [length, frame];
  });
  return Buffer.concat(parts);
}

function decodeAll(decoder: FrameDecoder): Buffer[] {
  const frames: Buffer[] = [];
  while (decoder.next()) {
    frames.push(Buffer.from(decoder.chunk.subarray(decoder.start, decoder.end)));
  }
  return frames;
}

describe("FrameDecoder", () => {
  it("finds the frames however the stream is cut", () => {
    const frame = fc
      .integer({ min: 14, max: 5000 })
      .map((bytes) => Buffer.from(new Uint8Array(bytes).map((_, at) => (at * 7 + bytes) & 0xff)));
    const cut = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 20_000 }));
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 12 }),
        fc.array(cut, { minLength: 1, maxLength: 40 }),
        fc.boolean(),
        (frames, cuts, eager) => {
          const stream = encode(frames);
          const decoder = new FrameDecoder();
          const got: Buffer[] = [];
          for (let at = 0, i = 0; at < stream.length; i++) {
            // A list of zeros alone would never end.
            const bytes = cuts[i % cuts.length]! + (i % cuts.length === 0 ? 1 : 0);
            decoder.push(stream.subarray(at, at + bytes));
            at += bytes;
            if (eager) got.push(...decodeAll(decoder));
          }
          got.push(...decodeAll(decoder));
          expect(encode(got).equals(stream)).toBe(true);
          expect(decoder.bytes).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("is linear for a peer that sends byte by byte", () => {
    const frames = Array.from({ length: 4 }, (_, i) => Buffer.alloc(65_549, i));
    const stream = encode(frames);
    const decoder = new FrameDecoder();
    const started = performance.now();
    for (let at = 0; at < stream.length; at++) {
      decoder.push(stream.subarray(at, at + 1));
      decoder.ready();
    }
    expect(encode(decodeAll(decoder)).equals(stream)).toBe(true);
    // 262 212 chunks: about 0.1 s; a quadratic decoder takes minutes.
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it.each([0, 1, 13, 65_550, 0x474554, 0xffff_ffff])("refuses a length of %i", (length) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(length);
    for (const size of [1, 4]) {
      const decoder = new FrameDecoder();
      for (let at = 0; at < 4; at += size) decoder.push(bytes.subarray(at, at + size));
      expect(() => decoder.next()).toThrow(FramingError);
      expect(() => decoder.ready()).toThrow(`a frame of ${length} bytes`);
    }
  });

  it("accepts the smallest and the largest frame", () => {
    const decoder = new FrameDecoder();
    decoder.push(encode([Buffer.alloc(14), Buffer.alloc(65_549)]));
    expect(decodeAll(decoder).map(({ length }) => length)).toEqual([14, 65_549]);
  });
});

describe("FrameBatch", () => {
  it("writes what the decoder reads, one batch at a time", () => {
    const batch = new FrameBatch(100_000);
    const decoder = new FrameDecoder();
    const frames = Array.from({ length: 30 }, (_, i) => Buffer.alloc(14 + i * 100, i));
    for (const [i, frame] of frames.entries()) {
      const padded = Buffer.concat([Buffer.alloc(10), frame]);
      expect(batch.push(padded, 10, padded.length)).toBe(true);
      if (i % 7 !== 6) continue;
      const bytes = batch.take()!;
      expect(batch.take()).toBeNull();
      decoder.push(Buffer.from(bytes));
      batch.written();
    }
    decoder.push(Buffer.from(batch.take()!));
    expect(decodeAll(decoder)).toEqual(frames);
  });

  it("bounds what gathers and what is in flight together", () => {
    const batch = new FrameBatch(1000);
    const frame = new Uint8Array(496);
    expect(batch.push(frame, 0, 496)).toBe(true);
    const flying = batch.take()!;
    expect(batch.push(frame, 0, 496)).toBe(true);
    expect(batch.push(frame, 0, 14)).toBe(false);
    expect(batch.bytes).toBe(1000);
    expect(batch.take()).toBeNull();
    expect(flying.length).toBe(500);
    batch.written();
    expect(batch.push(frame, 0, 496)).toBe(true);
  });

  it("never changes a batch in flight", () => {
    const batch = new FrameBatch(10_000);
    for (let round = 1; round < 6; round++) {
      batch.push(Buffer.alloc(20, round), 0, 20);
      const flying = batch.take()!;
      const before = Buffer.from(flying);
      batch.push(Buffer.alloc(3000, 0xee), 0, 3000);
      expect(flying).toEqual(before);
      batch.written();
      batch.take();
      batch.written();
    }
  });
});
