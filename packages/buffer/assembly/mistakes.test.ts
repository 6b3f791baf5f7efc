import { describe, expect, expectAbort, test } from "@phantasm/testing";
import { Chain } from "./chain";
import { BufferPool } from "./pool";
import { Slice } from "./slice";

const pool = new BufferPool("frames", 2, 40, 10, 4);
const empty = new Uint8Array(0);

let held: Slice = pool.take("tcp")!;
let address: usize = 0;

/** Releases what is held, and takes its buffer for somebody else. */
function releaseAndTake(): void {
  held.append(8);
  address = held.addressOf(0, 8);
  held.release();
  const next = pool.take("udp")!;
  next.append(8);
  expect(next.addressOf(0, 8)).toBe(address);
}

function releasing(): void {
  held.release();
}

describe("a slice that was released", () => {
  test("cannot be released again, not even when its buffer has another owner", () => {
    releaseAndTake();
    expectAbort(releasing, 'buffer pool "frames": release of a slice, but "tcp" has released it');
    expect(pool.free).toBe(1);
  });

  test("cannot be used, not even when its buffer has another owner", () => {
    releaseAndTake();
    expect(held.isReleased).toBe(true);
    expect(held.length).toBe(0);
    expect(held.headroom).toBe(0);
    expect(held.tailroom).toBe(0);
    expectAbort(() => {
      held.u8(0);
    }, 'buffer pool "frames": access to 1 bytes at 0 of a slice, but "tcp" has released it');
    expectAbort(() => {
      held.setU32be(0, 1);
    }, "has released it");
    expectAbort(() => {
      held.copyIn(0, empty, 0, 0);
    }, "has released it");
    expectAbort(() => {
      held.trimFront(0);
    }, "has released it");
    expectAbort(() => {
      held.append(1);
    }, "append by 1 bytes");
    expectAbort(() => {
      held.prepend(1);
    }, "prepend by 1 bytes");
    expectAbort(() => {
      held.share();
    }, "share of a slice");
    expectAbort(() => {
      held.split(0);
    }, "split of a slice");
    expectAbort(() => {
      held.move();
    }, "move of a slice");
    expectAbort(() => {
      new Chain().push(held);
    }, "move of a slice");
  });

  test("is found also when nobody gave a name", () => {
    held = pool.take()!;
    held.release();
    expectAbort(releasing, "release of a slice, but it was released");
  });

  test("is found for shares as well", () => {
    const share = held.share("arp")!;
    held.release();
    held = share;
    share.release();
    pool.take()!.share();
    expectAbort(releasing, '"arp" has released it');
  });
});

describe("a slice that was handed on", () => {
  test("belongs to the next owner only", () => {
    held.append(4);
    held.setU32be(0, 0x01020304);
    const moved = held.move("arp");
    expect(moved.u32be(0)).toBe(0x01020304);
    expect(moved.headroom).toBe(10);
    expectAbort(() => {
      held.u8(0);
    }, 'access to 1 bytes at 0 of a slice, but it was handed on to "arp"');
    expectAbort(releasing, 'handed on to "arp"');
    moved.release();
    expect(pool.free).toBe(2);
  });

  test("keeps its bounds beside its neighbours", () => {
    held.append(8);
    const back = held.split(4)!.move();
    const front = held.move();
    expect(front.tailroom).toBe(0);
    expect(front.headroom).toBe(10);
    expect(back.headroom).toBe(0);
    expect(back.tailroom).toBe(22);
    const share = back.share()!.move();
    expect(share.isShared).toBe(true);
  });

  test("to a chain belongs to the chain", () => {
    const chain = new Chain("retransmission");
    chain.push(held);
    expectAbort(releasing, 'handed on to "retransmission"');
    const out = chain.shift("ip")!;
    expect(out.owner).toBe("ip");
    out.release();
  });
});

describe("shared bytes", () => {
  test("cannot be changed", () => {
    held.append(8);
    held.share("arp");
    expectAbort(() => {
      held.setU16be(2, 1);
    }, 'write to 2 bytes at 2 that others share; the slice of "tcp" has 8 bytes');
    expectAbort(() => {
      held.fill(0, 8);
    }, "write to 8 bytes at 0 that others share");
    expectAbort(() => {
      held.copyIn(0, empty, 0, 0);
    }, "that others share");
    expectAbort(() => {
      held.copyTo(0, held, 4, 4);
    }, "write to 4 bytes at 4 that others share");
    expectAbort(() => {
      held.prepend(2);
    }, "prepend by 2 bytes, but there is room for 0 (others share its bytes)");
    expect(held.u8(0)).toBe(0xdb);
  });

  test("can be changed again by the last who has them", () => {
    held.append(8);
    held.share("arp")!.release();
    held.setU16be(2, 1);
    held.prepend(2);
    expect(held.u16be(4)).toBe(1);
  });
});

describe("a free buffer", () => {
  test("that somebody has written to is found by the next who takes it", () => {
    held.append(8);
    address = held.addressOf(0, 8);
    held.release();
    store<u8>(address + 3, 0);
    expectAbort(() => {
      pool.take();
    }, 'buffer pool "frames": byte 13 of a free buffer was overwritten with 0; "tcp" was the last to release it');
  });

  test("is watched to its last byte", () => {
    held.append(30);
    address = held.addressOf(29, 1);
    held.release();
    store<u8>(address, 1);
    expectAbort(() => {
      pool.take();
    }, "byte 39 of a free buffer was overwritten with 1");
  });

  test("is watched from its first byte", () => {
    held.prepend(10);
    address = held.addressOf(0, 1);
    held.release();
    store<u8>(address, 1);
    expectAbort(() => {
      pool.take();
    }, "byte 0 of a free buffer was overwritten with 1");
  });

  test("that nobody has had yet is watched as well", () => {
    address = held.addressOf(0, 0);
    // The second buffer: 40 bytes, aligned to 16, and the header in front.
    store<u8>(address + 64, 1);
    expectAbort(() => {
      pool.take();
    }, "was overwritten with 1");
  });

  test("shows none of what was in it", () => {
    held.append(30);
    held.fill(0, 30, 7);
    held.release();
    held = pool.take()!;
    held.append(30);
    for (let at = 0; at < 30; at++) expect(held.u8(at)).toBe(0xdb);
  });
});
