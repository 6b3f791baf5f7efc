import { EXHAUSTED } from "@phantasm/interfaces";
import { describe, expect, expectAbort, test } from "@phantasm/testing";
import { Chain } from "./chain";
import { BufferPool } from "./pool";
import { Slice } from "./slice";

const pool = new BufferPool("frames", 8, 64, 16, 2);
const chain = new Chain("tcp");
const rest = new Chain("rest");

/** A slice with those bytes. */
function slice(from: i32, length: i32): Slice {
  const made = pool.take("test")!;
  made.append(length);
  for (let at = 0; at < length; at++) made.setU8(at, <u8>(from + at));
  return made;
}

/** A chain of the bytes 0 to 9, in slices of 4, 3, 0 and 3. */
function fill(): void {
  chain.push(slice(0, 4));
  chain.push(slice(4, 3));
  chain.push(slice(7, 0));
  chain.push(slice(7, 3));
}

function text(one: Chain): string {
  const bytes = new Uint8Array(one.length);
  one.copyOut(0, bytes, 0, bytes.length);
  return bytes.toString();
}

/** Lengths of the slices, as they are linked. */
function lengths(one: Chain): string {
  let list = "";
  let count = 0;
  let last: Slice | null = null;
  let at = one.first;
  while (at !== null) {
    list += " " + at.length.toString();
    last = at;
    count++;
    at = at.next;
  }
  expect(one.count).toBe(count);
  expect(one.last).toBe(last);
  return list;
}

describe("a chain", () => {
  test("reads as one sequence of bytes", () => {
    expect(chain.length).toBe(0);
    expect(chain.first).toBeNull();
    fill();
    expect(chain.length).toBe(10);
    expect(lengths(chain)).toBe(" 4 3 0 3");
    expect(text(chain)).toBe("0,1,2,3,4,5,6,7,8,9");
  });

  test("copies any part", () => {
    fill();
    for (let from = 0; from <= 10; from++) {
      for (let bytes = 0; bytes <= 10 - from; bytes++) {
        const target = new Uint8Array(12);
        chain.copyOut(from, target, 1, bytes);
        const frame = slice(100, 12);
        chain.copyTo(from, frame, 1, bytes);
        for (let at = 0; at < 12; at++) {
          const inside = at >= 1 && at <= bytes;
          expect(target[at]).toBe(inside ? <u8>(from + at - 1) : 0);
          expect(frame.u8(at)).toBe(inside ? <u8>(from + at - 1) : <u8>(100 + at));
        }
        frame.release();
      }
    }
  });

  test("hands its slices out from the front", () => {
    fill();
    const first = chain.shift("reader")!;
    expect(first.length).toBe(4);
    expect(first.owner).toBe("reader");
    expect(first.next).toBeNull();
    expect(chain.length).toBe(6);
    expect(lengths(chain)).toBe(" 3 0 3");
    first.release();
    chain.shift()!.release();
    chain.shift()!.release();
    chain.shift()!.release();
    expect(chain.shift()).toBeNull();
    expect(chain.last).toBeNull();
    expect(chain.length).toBe(0);
    expect(pool.free).toBe(8);
    chain.push(slice(0, 2));
    expect(text(chain)).toBe("0,1");
  });

  test("leaves out what was acknowledged, and releases what is empty then", () => {
    fill();
    chain.trimFront(3);
    expect(lengths(chain)).toBe(" 1 3 0 3");
    chain.trimFront(1);
    expect(lengths(chain)).toBe(" 3 0 3");
    chain.trimFront(0);
    expect(lengths(chain)).toBe(" 3 0 3");
    chain.trimFront(4);
    expect(lengths(chain)).toBe(" 2");
    expect(text(chain)).toBe("8,9");
    expect(pool.free).toBe(7);
    chain.trimFront(2);
    expect(lengths(chain)).toBe("");
    expect(chain.length).toBe(0);
    expect(pool.free).toBe(8);
  });

  test("is released as a whole, empty slices too", () => {
    fill();
    chain.push(slice(0, 0));
    chain.release();
    expect(lengths(chain)).toBe("");
    expect(chain.length).toBe(0);
    expect(pool.free).toBe(8);
  });

  test("grows at its last slice", () => {
    expect(chain.tailroom).toBe(0);
    chain.append(0);
    fill();
    expect(chain.tailroom).toBe(45);
    chain.append(2);
    chain.last!.setU16be(3, 0x0a0b);
    expect(text(chain)).toBe("0,1,2,3,4,5,6,7,8,9,10,11");
    expect(chain.tailroom).toBe(43);
  });

  test("takes over the slices of another", () => {
    fill();
    rest.push(slice(10, 1));
    rest.push(slice(11, 1));
    chain.concat(rest);
    expect(rest.length).toBe(0);
    expect(lengths(rest)).toBe("");
    expect(lengths(chain)).toBe(" 4 3 0 3 1 1");
    expect(text(chain)).toBe("0,1,2,3,4,5,6,7,8,9,10,11");
    chain.concat(rest);
    expect(chain.length).toBe(12);
  });

  test("keeps what its retransmission needs while headers come and go", () => {
    fill();
    const first = chain.first!;
    first.prepend(16);
    first.fill(0, 16, 0xff);
    const queued = first.share("arp")!;
    first.trimFront(16);
    expect(text(chain)).toBe("0,1,2,3,4,5,6,7,8,9");
    expect(first.headroom).toBe(0);
    chain.trimFront(4);
    expect(queued.u8(16)).toBe(0);
    expect(queued.length).toBe(20);
    expect(pool.free).toBe(4);
    queued.release();
    expect(pool.free).toBe(5);
  });
});

describe("a split of a chain", () => {
  test("anywhere gives two whose bytes follow each other", () => {
    const cuts: string[] = [
      "| 4 3 0 3",
      " 1| 3 3 0 3",
      " 2| 2 3 0 3",
      " 3| 1 3 0 3",
      " 4| 3 0 3",
      " 4 1| 2 0 3",
      " 4 2| 1 0 3",
      " 4 3 0| 3",
      " 4 3 0 1| 2",
      " 4 3 0 2| 1",
      " 4 3 0 3|",
    ];
    for (let at = 0; at <= 10; at++) {
      fill();
      expect(chain.split(at, rest)).toBe(0);
      expect(lengths(chain) + "|" + lengths(rest)).toBe(cuts[at]);
      expect(chain.length).toBe(at);
      expect(rest.length).toBe(10 - at);
      chain.concat(rest);
      expect(text(chain)).toBe("0,1,2,3,4,5,6,7,8,9");
      chain.release();
      expect(pool.free).toBe(8);
    }
  });

  test("goes behind what the other has", () => {
    fill();
    rest.push(slice(20, 1));
    chain.split(7, rest);
    expect(text(rest)).toBe("20,7,8,9");
  });

  test("changes nothing when the pool has no slice for the cut", () => {
    fill();
    chain.first!.share();
    chain.first!.share();
    expect(chain.split(5, rest)).toBe(EXHAUSTED);
    expect(lengths(chain)).toBe(" 4 3 0 3");
    expect(text(chain)).toBe("0,1,2,3,4,5,6,7,8,9");
    expect(rest.length).toBe(0);
    expect(chain.split(4, rest)).toBe(0);
    expect(text(rest)).toBe("4,5,6,7,8,9");
  });
});

describe("a range of a chain", () => {
  test("lies inside", () => {
    fill();
    expectAbort(() => {
      chain.trimFront(11);
    }, 'access to 11 bytes at 0; the chain of "tcp" has 10 bytes');
    expectAbort(() => {
      chain.trimFront(-1);
    }, "access to -1 bytes at 0; the chain");
    expectAbort(() => {
      chain.split(11, rest);
    }, "access to 0 bytes at 11; the chain");
    expectAbort(() => {
      chain.copyOut(8, new Uint8Array(9), 0, 3);
    }, "access to 3 bytes at 8; the chain");
    expectAbort(() => {
      chain.copyTo(-1, slice(0, 9), 0, 1);
    }, "access to 1 bytes at -1; the chain");
    expectAbort(() => {
      rest.append(1);
    }, "access to 1 bytes at 0; the chain");
    expectAbort(() => {
      chain.copyOut(i32.MAX_VALUE, new Uint8Array(9), 0, 1);
    }, "access to 1 bytes at 2147483647; the chain");
  });

  test("fits where it is copied to", () => {
    fill();
    expectAbort(() => {
      chain.copyOut(0, new Uint8Array(9), 0, 10);
    }, "copy of 3 bytes at 7 of an array of 9 bytes");
  });
});
