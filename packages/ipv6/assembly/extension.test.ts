/** Extension headers (RFC 8200 §4), one rule a case. */
import { describe, expect, test } from "@phantasm/testing";
import { Extensions, HEADERS_MAX, OPTIONS_MAX, Problem, Skip, Walk } from "./extension";
import { rawObject } from "./raw";

const extensions = rawObject<Extensions>();
const skip = rawObject<Skip>();
const packet = new Uint8Array(2048);

/** Walks along a fixed header that says `next`, and these bytes; answers how it ended. */
function walk(next: u8, bytes: u8[]): i32 {
  packet.fill(0);
  packet[6] = next;
  for (let i = 0; i < bytes.length; i++) packet[40 + i] = bytes[i];
  const at = packet.dataStart;
  return extensions.walk(at, at + 40, at + 40 + bytes.length, next, 6);
}

/** Where it ended. */
function offset(): i32 {
  return <i32>(extensions.at - packet.dataStart);
}

const UDP: u8 = 17;
const PADDED: u8[] = [UDP, 0, 1, 4, 0, 0, 0, 0];

/** A header of options with one option of that type. */
function option(next: u8, type: u8): u8[] {
  return [next, 0, type, 4, 0, 0, 0, 0];
}

describe("a chain", () => {
  test("of none, of hop-by-hop and destination options, in any order but the first", () => {
    expect(walk(UDP, [])).toBe(Walk.UPPER);
    expect(offset()).toBe(40);
    expect(walk(0, PADDED)).toBe(Walk.UPPER);
    expect(extensions.next).toBe(UDP);
    expect(offset()).toBe(48);
    expect(extensions.nextPointer).toBe(40);
    expect(walk(0, option(60, 1).concat(PADDED))).toBe(Walk.UPPER);
    expect(offset()).toBe(56);
    // Hop-by-hop options behind something else.
    expect(walk(60, option(0, 1).concat(PADDED))).toBe(Walk.PROBLEM);
    expect(extensions.code).toBe(Problem.NEXT_HEADER);
    expect(extensions.pointer).toBe(40);
  });

  test("that ends with nothing, or too early", () => {
    expect(walk(59, [])).toBe(Walk.DROP);
    expect(extensions.isShort).toBe(false);
    for (let length = 0; length < 8; length++) {
      expect(walk(0, PADDED.slice(0, length))).toBe(Walk.DROP);
      expect(extensions.isShort).toBe(true);
    }
    // Longer than the packet.
    expect(walk(0, [UDP, 1, 1, 4, 0, 0, 0, 0])).toBe(Walk.DROP);
    expect(extensions.isShort).toBe(true);
  });

  test("is as long as it may be", () => {
    let bytes: u8[] = [];
    for (let i = 0; i < HEADERS_MAX - 1; i++) bytes = bytes.concat(option(60, 1));
    expect(walk(60, bytes.concat(option(UDP, 1)))).toBe(Walk.UPPER);
    expect(walk(60, option(60, 1).concat(bytes).concat(option(UDP, 1)))).toBe(Walk.DROP);
    // 264 bytes of options.
    const long = new Array<u8>(264);
    long[0] = UDP;
    long[1] = 32;
    expect(walk(60, long)).toBe(Walk.DROP);
    long[1] = 31;
    expect(walk(60, long)).toBe(Walk.UPPER);
  });
});

describe("an unknown option", () => {
  test("is skipped, dropped or answered, as its upper bits say (§4.2)", () => {
    expect(walk(60, option(UDP, 0x1e))).toBe(Walk.UPPER);
    expect(walk(60, option(UDP, 0x5e))).toBe(Walk.DROP);
    expect(walk(60, option(UDP, 0x9e))).toBe(Walk.PROBLEM);
    expect(extensions.code).toBe(Problem.OPTION);
    expect(extensions.pointer).toBe(42);
    expect(walk(60, option(UDP, 0xde))).toBe(Walk.PROBLEM_UNICAST);
    // A jumbo payload (RFC 2675) is unknown here.
    expect(walk(0, option(UDP, 0xc2))).toBe(Walk.PROBLEM_UNICAST);
  });

  test("behind padding is pointed at", () => {
    expect(walk(60, [UDP, 0, 0, 0, 0xde, 2, 0, 0])).toBe(Walk.PROBLEM_UNICAST);
    expect(extensions.pointer).toBe(44);
  });

  test("that is longer than its header drops the packet", () => {
    expect(walk(60, [UDP, 0, 0x1e, 5, 0, 0, 0, 0])).toBe(Walk.DROP);
    expect(walk(60, [UDP, 0, 1, 3, 0, 0, 0, 0x1e])).toBe(Walk.DROP);
  });

  test("comes at most so often", () => {
    const bytes = new Array<u8>(24);
    bytes[0] = UDP;
    bytes[1] = 2;
    for (let i = 0; i < OPTIONS_MAX; i++) bytes[2 + 2 * i] = 0x1e;
    expect(walk(60, bytes)).toBe(Walk.UPPER);
    bytes[2 + 2 * OPTIONS_MAX] = 0x1e;
    expect(walk(60, bytes)).toBe(Walk.DROP);
  });

  test("that is a router alert is noticed", () => {
    expect(walk(0, [58, 0, 5, 2, 0, 0, 1, 0])).toBe(Walk.UPPER);
    expect(extensions.hasRouterAlert).toBe(true);
    expect(walk(0, PADDED)).toBe(Walk.UPPER);
    expect(extensions.hasRouterAlert).toBe(false);
  });
});

describe("a routing header", () => {
  test("that is done is skipped, else it is refused, type 0 like all others (RFC 5095)", () => {
    expect(walk(43, [UDP, 0, 0, 0, 0, 0, 0, 0])).toBe(Walk.UPPER);
    expect(walk(43, [UDP, 0, 0, 1, 0, 0, 0, 0])).toBe(Walk.PROBLEM);
    expect(extensions.code).toBe(Problem.FIELD);
    expect(extensions.pointer).toBe(42);
    expect(walk(43, [UDP, 0, 3, 1, 0, 0, 0, 0])).toBe(Walk.PROBLEM);
  });
});

describe("a fragment header", () => {
  test("of a whole packet is skipped (RFC 6946), else the walk ends", () => {
    expect(walk(44, [UDP, 0, 0, 0, 0, 0, 0, 9])).toBe(Walk.UPPER);
    expect(offset()).toBe(48);
    expect(extensions.hasFragment).toBe(true);
    expect(walk(44, [UDP, 0, 0, 1, 0, 0, 0, 9])).toBe(Walk.FRAGMENT);
    expect(offset()).toBe(40);
    expect(walk(44, [UDP, 0, 0, 8, 0, 0, 0, 9])).toBe(Walk.FRAGMENT);
    expect(walk(60, option(44, 1).concat([UDP, 0, 0, 8, 0, 0, 0, 9]))).toBe(Walk.FRAGMENT);
    expect(offset()).toBe(48);
  });
});

describe("what a quoted packet was about", () => {
  test("is found behind all headers, unless it is in another fragment", () => {
    walk(0, option(60, 0xde).concat([44, 0, 0, 0, 0, 0, 0, 0, UDP, 0, 0, 1, 0, 0, 0, 9]));
    const at = packet.dataStart;
    expect(skip.find(at, at + 64)).toBe(true);
    expect(skip.next).toBe(UDP);
    expect(<i32>(skip.at - at)).toBe(64);
    expect(skip.find(at, at + 63)).toBe(false);
    packet[40 + 18 + 1] = 9;
    expect(skip.find(at, at + 64)).toBe(false);
    packet[6] = 59;
    expect(skip.find(at, at + 64)).toBe(false);
  });

  test("is not looked for without end", () => {
    packet.fill(60);
    for (let i = 41; i < 2048; i += 8) packet[i] = 0;
    const at = packet.dataStart;
    expect(skip.find(at, at + 2048)).toBe(false);
  });
});
