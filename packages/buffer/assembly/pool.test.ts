import { describe, expect, expectAbort, test } from "@phantasm/testing";
import { BufferPool, framePool } from "./pool";
import { Slice } from "./slice";

describe("a pool", () => {
  test("gives as many buffers as it has, then null, which it counts", () => {
    const pool = new BufferPool("frames", 3, 100);
    const held: Slice[] = [];
    for (let slice = pool.take(); slice !== null; slice = pool.take()) held.push(slice);
    expect(held.length).toBe(3);
    expect(pool.take()).toBeNull();
    expect(pool.free).toBe(0);
    expect(pool.exhausted).toBe(2);
    held[1].release();
    expect(pool.free).toBe(1);
    expect(pool.take()).not.toBeNull();
    expect(pool.exhausted).toBe(2);
  });

  test("remembers the fewest that were free", () => {
    const pool = new BufferPool("frames", 4, 100);
    expect(pool.lowWater).toBe(4);
    const a = pool.take()!;
    const b = pool.take()!;
    a.release();
    b.release();
    pool.take();
    expect(pool.free).toBe(3);
    expect(pool.lowWater).toBe(2);
  });

  test("has slices for shares beyond the first of each buffer, and counts when there are none", () => {
    const pool = new BufferPool("frames", 2, 100, 0, 2);
    const a = pool.take()!;
    const share = a.share()!;
    expect(share.split(0)).not.toBeNull();
    expect(pool.freeSlices).toBe(0);
    expect(a.share()).toBeNull();
    expect(a.split(0)).toBeNull();
    expect(pool.sharesExhausted).toBe(2);
    expect(pool.take()).not.toBeNull();
    expect(pool.exhausted).toBe(0);
    share.release();
    expect(pool.freeSlices).toBe(1);
    expect(a.share()).not.toBeNull();
  });

  test("gets a buffer back when the last of its slices is released, whichever it is", () => {
    const pool = new BufferPool("frames", 1, 100, 0, 2);
    const first = pool.take()!;
    const second = first.share()!;
    const third = second.share()!;
    first.release();
    third.release();
    expect(pool.free).toBe(0);
    expect(pool.take()).toBeNull();
    second.release();
    expect(pool.free).toBe(1);
    expect(pool.freeSlices).toBe(2);
    expect(pool.take()).not.toBeNull();
  });

  test("keeps its buffers apart and aligned", () => {
    const pool = new BufferPool("odd", 5, 13);
    const held: Slice[] = [];
    for (let index = 0; index < 5; index++) {
      const slice = pool.take()!;
      slice.append(13);
      slice.fill(0, 13, <u8>(index + 1));
      expect(slice.addressOf(0, 13) & 15).toBe(0);
      held.push(slice);
    }
    for (let index = 0; index < 5; index++)
      for (let at = 0; at < 13; at++) expect(held[index].u8(at)).toBe(<u8>(index + 1));
    while (held.length > 0) held.pop().release();
    expect(pool.free).toBe(5);
  });

  test("of no buffers, or with a headroom beyond the buffer, is a mistake", () => {
    expectAbort(() => {
      new BufferPool("none", 0, 100);
    }, "at least one buffer");
    expectAbort(() => {
      new BufferPool("none", 1, 100, 101);
    }, "headroom");
  });

  test("too large to count its bytes is a mistake", () => {
    expectAbort(() => {
      new BufferPool("large", i32.MAX_VALUE, i32.MAX_VALUE, 0, i32.MAX_VALUE);
    }, "1 GiB");
    expectAbort(() => {
      new BufferPool("large", 1, 1, 0, i32.MAX_VALUE);
    }, "1 GiB");
  });
});

describe("a frame pool", () => {
  test("holds frames of the MTU behind the link's bytes, with the IP header aligned", () => {
    const pool = framePool("frames", 8, 1500);
    for (let frame = pool.take(); frame !== null; frame = pool.take()) {
      expect(frame.headroom).toBe(10);
      expect(frame.tailroom).toBe(1514);
      frame.append(1514);
      expect(frame.addressOf(14, 20) & 7).toBe(0);
    }
    expect(pool.lowWater).toBe(0);
  });
});
