import { describe, expect, expectAbort, test } from "@phantasm/testing";
import { BufferPool } from "./pool";
import { Slice } from "./slice";

const pool = new BufferPool("frames", 4, 100, 20, 4);

/** A slice with the bytes 0, 1, 2 … */
function counting(length: i32): Slice {
  const slice = pool.take("test")!;
  slice.append(length);
  for (let at = 0; at < length; at++) slice.setU8(at, <u8>at);
  return slice;
}

const held: Slice = counting(8);

describe("a slice that was taken", () => {
  test("is empty, behind the headroom of its pool", () => {
    const slice = pool.take()!;
    expect(slice.length).toBe(0);
    expect(slice.headroom).toBe(20);
    expect(slice.tailroom).toBe(80);
    expect(slice.isShared).toBe(false);
  });

  test("grows and shrinks at both ends over the same bytes", () => {
    const slice = counting(10);
    slice.prepend(3);
    expect(slice.length).toBe(13);
    expect(slice.headroom).toBe(17);
    expect(slice.u8(3)).toBe(0);
    slice.trimFront(5);
    expect(slice.u8(0)).toBe(2);
    expect(slice.headroom).toBe(22);
    slice.trimEnd(6);
    expect(slice.length).toBe(2);
    expect(slice.tailroom).toBe(76);
    slice.append(6);
    expect(slice.u8(7)).toBe(9);
  });

  test("fills its buffer", () => {
    const slice = pool.take()!;
    slice.prepend(20);
    slice.append(80);
    expect(slice.length).toBe(100);
    expect(slice.headroom).toBe(0);
    expect(slice.tailroom).toBe(0);
    slice.trimFront(100);
    expect(slice.headroom).toBe(100);
  });

  test("can be moved on while it is empty, for headers that come later", () => {
    const slice = pool.take()!;
    slice.reserve(54);
    expect(slice.length).toBe(0);
    expect(slice.headroom).toBe(74);
    expect(slice.tailroom).toBe(26);
  });
});

describe("accessors", () => {
  test("read both orders of bytes, at any alignment", () => {
    const slice = counting(16);
    expect(slice.u8(5)).toBe(5);
    expect(slice.u16be(1)).toBe(0x0102);
    expect(slice.u16le(1)).toBe(0x0201);
    expect(slice.u32be(3)).toBe(0x03040506);
    expect(slice.u32le(3)).toBe(0x06050403);
    expect(slice.u64be(7)).toBe(0x0708090a0b0c0d0e);
    expect(slice.u64le(7)).toBe(0x0e0d0c0b0a090807);
  });

  test("write what they read, and nothing beside it", () => {
    const slice = counting(64);
    slice.setU8(1, 0xf1);
    slice.setU16be(3, 0xf2f3);
    slice.setU32be(7, 0xf4f5f6f7);
    slice.setU64be(13, 0xf8f9fafbfcfdfeff);
    slice.setU16le(23, 0xe2e3);
    slice.setU32le(27, 0xe4e5e6e7);
    slice.setU64le(33, 0xe8e9eaebecedeeef);
    expect(slice.u8(1)).toBe(0xf1);
    expect(slice.u16be(3)).toBe(0xf2f3);
    expect(slice.u32be(7)).toBe(0xf4f5f6f7);
    expect(slice.u64be(13)).toBe(0xf8f9fafbfcfdfeff);
    expect(slice.u16le(23)).toBe(0xe2e3);
    expect(slice.u32le(27)).toBe(0xe4e5e6e7);
    expect(slice.u64le(33)).toBe(0xe8e9eaebecedeeef);
    const untouched: i32[] = [0, 2, 5, 6, 11, 12, 21, 22, 25, 26, 31, 32, 41];
    for (let i = 0; i < untouched.length; i++)
      expect(slice.u8(untouched[i])).toBe(<u8>untouched[i]);
  });

  test("reach the last byte", () => {
    const slice = counting(16);
    expect(slice.u8(15)).toBe(15);
    expect(slice.u16be(14)).toBe(0x0e0f);
    expect(slice.u32be(12)).toBe(0x0c0d0e0f);
    expect(slice.u64be(8)).toBe(0x08090a0b0c0d0e0f);
    expect(slice.addressOf(16, 0) - slice.addressOf(0, 16)).toBe(16);
  });

  test("refuse what begins before, ends behind, or lies far outside", () => {
    expectAbort(() => {
      held.u8(8);
    }, "access to 1 bytes at 8");
    expectAbort(() => {
      held.u8(-1);
    }, "access to 1 bytes at -1");
    expectAbort(() => {
      held.u32le(i32.MAX_VALUE);
    }, "access to 4 bytes at 2147483647");
    expectAbort(() => {
      held.u64le(i32.MIN_VALUE);
    }, "access to 8 bytes at -2147483648");
    expectAbort(() => {
      held.setU8(8, 0);
    }, "access to 1 bytes at 8");
    expectAbort(() => {
      held.setU16be(7, 0);
    }, "access to 2 bytes at 7");
    expectAbort(() => {
      held.u16be(7);
    }, "access to 2 bytes at 7");
    expectAbort(() => {
      held.setU16le(7, 0);
    }, "access to 2 bytes at 7");
    expectAbort(() => {
      held.u16le(7);
    }, "access to 2 bytes at 7");
    expectAbort(() => {
      held.setU32be(5, 0);
    }, "access to 4 bytes at 5");
    expectAbort(() => {
      held.u32be(5);
    }, "access to 4 bytes at 5");
    expectAbort(() => {
      held.setU32le(5, 0);
    }, "access to 4 bytes at 5");
    expectAbort(() => {
      held.u32le(5);
    }, "access to 4 bytes at 5");
    expectAbort(() => {
      held.setU64be(1, 0);
    }, "access to 8 bytes at 1");
    expectAbort(() => {
      held.u64be(1);
    }, "access to 8 bytes at 1");
    expectAbort(() => {
      held.setU64le(1, 0);
    }, "access to 8 bytes at 1");
    expectAbort(() => {
      held.u64le(1);
    }, "access to 8 bytes at 1");
    expectAbort(() => {
      held.addressOf(0, -1);
    }, "access to -1 bytes at 0");
    expectAbort(() => {
      held.addressOf(9, 0);
    }, "access to 0 bytes at 9");
  });
});

describe("copies", () => {
  test("go in and out of arrays", () => {
    const slice = counting(10);
    const array = new Uint8Array(6);
    slice.copyOut(2, array, 1, 4);
    expect(array.toString()).toBe("0,2,3,4,5,0");
    slice.copyIn(7, array, 0, 3);
    expect(slice.u32be(6)).toBe(0x06000203);
  });

  test("go to other slices, and within one", () => {
    const slice = counting(10);
    const other = counting(10);
    slice.copyTo(0, other, 5, 5);
    expect(other.u64be(2)).toBe(0x0203040001020304);
    slice.copyTo(0, slice, 1, 9);
    expect(slice.u64be(0)).toBe(0x0000010203040506);
  });

  test("fill a part", () => {
    const slice = counting(10);
    slice.fill(2, 3, 0xaa);
    slice.fill(6, 1);
    expect(slice.u64be(0)).toBe(0x0001aaaaaa050007);
  });

  test("stay inside both ends", () => {
    expectAbort(() => {
      held.copyIn(0, new Uint8Array(9), 0, 9);
    }, "access to 9 bytes at 0");
    expectAbort(() => {
      held.copyIn(0, new Uint8Array(4), 1, 4);
    }, "copy of 4 bytes at 1 of an array of 4 bytes");
    expectAbort(() => {
      held.copyOut(1, new Uint8Array(4), -1, 2);
    }, "copy of 2 bytes at -1 of an array of 4 bytes");
    expectAbort(() => {
      held.copyOut(1, new Uint8Array(9), 0, 8);
    }, "access to 8 bytes at 1");
    expectAbort(() => {
      held.copyTo(0, counting(3), 0, 4);
    }, "access to 4 bytes at 0");
    expectAbort(() => {
      held.fill(5, 4);
    }, "access to 4 bytes at 5");
  });
});

describe("a share", () => {
  test("has the same bytes, and an end of its own", () => {
    const slice = counting(10);
    const share = slice.share()!;
    share.trimFront(4);
    slice.release();
    expect(share.length).toBe(6);
    expect(share.u8(0)).toBe(4);
    expect(pool.free).toBe(2);
  });

  test("takes the room from both, until one is alone: then it has the whole buffer", () => {
    const slice = counting(10);
    const share = slice.share()!;
    slice.trimFront(2);
    share.trimEnd(2);
    expect(slice.isShared).toBe(true);
    expect(share.isShared).toBe(true);
    expect(slice.headroom).toBe(0);
    expect(slice.tailroom).toBe(0);
    expect(share.headroom).toBe(0);
    expect(share.tailroom).toBe(0);
    slice.release();
    expect(share.isShared).toBe(false);
    expect(share.headroom).toBe(20);
    expect(share.tailroom).toBe(72);
    share.prepend(20);
    share.setU8(0, 1);
  });

  test("leaves the room of a slice that was cut off before", () => {
    const front = counting(10);
    const back = front.split(4)!;
    const share = back.share()!;
    expect(front.isShared).toBe(false);
    expect(front.headroom).toBe(20);
    expect(front.tailroom).toBe(0);
    expect(back.tailroom).toBe(0);
    share.release();
    expect(back.isShared).toBe(true);
    expect(back.tailroom).toBe(0);
    front.release();
    expect(back.tailroom).toBe(70);
    expect(back.headroom).toBe(24);
  });
});

describe("a split", () => {
  test("keeps the first bytes and gives the others, which may both be changed", () => {
    const front = counting(10);
    const back = front.split(4)!;
    expect(front.length).toBe(4);
    expect(back.length).toBe(6);
    back.setU8(0, 0xaa);
    front.setU8(3, 0xbb);
    expect(front.u32be(0)).toBe(0x000102bb);
    expect(back.u16be(0)).toBe(0xaa05);
    expect(front.isShared).toBe(false);
    expect(back.isShared).toBe(false);
  });

  test("leaves the headroom in front and gives the tailroom away", () => {
    const front = counting(10);
    const back = front.split(4)!;
    expect(front.headroom).toBe(20);
    expect(front.tailroom).toBe(0);
    expect(back.headroom).toBe(0);
    expect(back.tailroom).toBe(70);
    front.trimEnd(3);
    expect(front.tailroom).toBe(3);
    back.trimFront(2);
    expect(back.headroom).toBe(2);
  });

  test("may be at either end", () => {
    const slice = counting(4);
    const nothing = slice.split(4)!;
    expect(nothing.length).toBe(0);
    expect(nothing.tailroom).toBe(76);
    expect(slice.tailroom).toBe(0);
    const all = slice.split(0)!;
    expect(slice.length).toBe(0);
    expect(slice.headroom).toBe(20);
    expect(all.u32be(0)).toBe(0x00010203);
  });

  test("of shared bytes is shared", () => {
    const slice = counting(10);
    const share = slice.share()!;
    const back = share.split(5)!;
    expect(back.isShared).toBe(true);
    expect(back.headroom).toBe(0);
    expect(back.tailroom).toBe(0);
    expect(back.u8(0)).toBe(5);
  });

  test("of one that is alone again has the whole buffer to divide", () => {
    const slice = counting(10);
    const front = slice.split(5)!;
    slice.release();
    const back = front.split(3)!;
    expect(front.headroom).toBe(25);
    expect(back.tailroom).toBe(70);
  });

  test("cuts inside the slice only", () => {
    expectAbort(() => {
      held.split(9);
    }, "access to 0 bytes at 9");
    expectAbort(() => {
      held.split(-1);
    }, "at -1");
  });
});

describe("room", () => {
  test("is a bound", () => {
    expectAbort(() => {
      held.prepend(21);
    }, 'prepend by 21 bytes, but there is room for 20; the slice of "test" has 8 bytes');
    expectAbort(() => {
      held.append(73);
    }, "append by 73 bytes, but there is room for 72");
    expectAbort(() => {
      held.prepend(-1);
    }, "prepend by -1 bytes");
    expectAbort(() => {
      held.append(i32.MIN_VALUE);
    }, "append by -2147483648 bytes");
    expectAbort(() => {
      held.trimFront(9);
    }, "access to 9 bytes at 0");
    expectAbort(() => {
      held.trimEnd(-1);
    }, "access to -1 bytes at 0");
    expectAbort(() => {
      held.reserve(73);
    }, "append by 73 bytes");
  });
});
