import { Packet } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { writeSynOptions } from "./options";
import { Flag, Segment } from "./segment";
import { parse, writeHeader } from "./wire";

const frame = new Uint8Array(200);
const packet = new Packet();
const segment = new Segment();

/** A header with these options, as bytes in hexadecimal, and `payload` bytes. */
function arrives(flags: u32, options: string, payload: i32 = 0): bool {
  const at = frame.dataStart;
  const bytes = options.length >> 1;
  for (let i = 0; i < bytes; i++) frame[20 + i] = <u8>I32.parseInt(options.substr(i << 1, 2), 16);
  writeHeader(at, 1, 0xffee, 0x01020304, 0xa0b0c0d0, 20 + bytes, flags, 0x1234);
  packet.payload = at;
  packet.bytes = 20 + bytes + payload;
  return parse(packet, segment);
}

describe("a header", () => {
  test("is read as it was written", () => {
    expect(arrives(Flag.ACK | Flag.PSH, "", 7)).toBe(true);
    expect(segment.sourcePort).toBe(1);
    expect(segment.destinationPort).toBe(0xffee);
    expect(segment.sequence).toBe(0x01020304);
    expect(segment.acknowledgment).toBe(0xa0b0c0d0);
    expect(segment.flags).toBe(Flag.ACK | Flag.PSH);
    expect(segment.window).toBe(0x1234);
    expect(segment.bytes).toBe(7);
    expect(segment.length).toBe(7);
  });

  test("SYN and FIN count", () => {
    arrives(Flag.SYN | Flag.FIN, "", 5);
    expect(segment.length).toBe(7);
  });

  test("that is cut off, or names an offset outside, is no segment", () => {
    arrives(Flag.ACK, "");
    for (let bytes = 0; bytes < 20; bytes++) {
      packet.bytes = bytes;
      expect(parse(packet, segment)).toBe(false);
    }
    packet.bytes = 24;
    for (let offset = 0; offset < 16; offset++) {
      frame[12] = <u8>(offset << 4);
      expect(parse(packet, segment)).toBe(offset == 5 || offset == 6);
    }
  });

  test("of segments that the link has joined: how many they were", () => {
    packet.segmentBytes = 10;
    arrives(Flag.ACK, "", 35);
    expect(segment.joined).toBe(4);
    arrives(Flag.ACK, "", 10);
    expect(segment.joined).toBe(1);
  });
});

describe("options", () => {
  test("of a SYN", () => {
    const end = writeSynOptions(frame.dataStart + 20, 1460, 7, true, true, 5, 6);
    const bytes = <i32>(end - frame.dataStart);
    writeHeader(frame.dataStart, 1, 2, 3, 4, bytes, Flag.SYN, 5);
    packet.payload = frame.dataStart;
    packet.bytes = bytes;
    expect(parse(packet, segment)).toBe(true);
    expect(segment.maximumSegment).toBe(1460);
    expect(segment.windowScale).toBe(7);
    expect(segment.isSackPermitted).toBe(true);
    expect(segment.timestamp).toBe(5);
    expect(segment.timestampEcho).toBe(6);
  });

  test("count in a SYN only, and do not stay from the last", () => {
    arrives(Flag.SYN, "020405b4" + "04020303" + "0f000000");
    expect(segment.maximumSegment).toBe(1460);
    expect(segment.isSackPermitted).toBe(true);
    expect(segment.windowScale).toBe(14);
    arrives(Flag.SYN, "");
    expect(segment.maximumSegment).toBe(0);
    expect(segment.isSackPermitted).toBe(false);
    expect(segment.windowScale).toBe(-1);
  });

  test("that are unknown are skipped; behind the end nothing is read", () => {
    arrives(Flag.SYN, "1304aabb" + "01010101" + "020405b4");
    expect(segment.maximumSegment).toBe(1460);
    arrives(Flag.SYN, "00000000" + "020405b4");
    expect(segment.maximumSegment).toBe(0);
  });

  test("with an impossible length end the list, and the segment counts", () => {
    expect(arrives(Flag.SYN, "13000000" + "020405b4")).toBe(true);
    expect(segment.maximumSegment).toBe(0);
    expect(arrives(Flag.SYN, "13ff0000" + "020405b4")).toBe(true);
    expect(arrives(Flag.SYN, "01010102")).toBe(true);
    expect(segment.maximumSegment).toBe(0);
  });

  test("of the wrong length are not believed", () => {
    arrives(Flag.SYN, "020305" + "0302" + "050101");
    expect(segment.maximumSegment).toBe(0);
    expect(segment.windowScale).toBe(-1);
    arrives(Flag.ACK, "0809" + "00000000000000" + "010101");
    expect(segment.hasTimestamps).toBe(false);
    arrives(Flag.ACK, "050b" + "000000000000000000" + "01");
    expect(segment.blocks.count).toBe(0);
  });

  test("SACK: up to four blocks", () => {
    arrives(Flag.ACK, "0101050a" + "0000000100000002");
    expect(segment.blocks.count).toBe(1);
    expect(segment.blocks.startAt(0)).toBe(1);
    expect(segment.blocks.endAt(0)).toBe(2);
    arrives(Flag.ACK, "01010522" + "0000000100000002".repeat(4));
    expect(segment.blocks.count).toBe(4);
  });

  test("time stamps, in the usual place and elsewhere", () => {
    arrives(Flag.ACK, "0101080a" + "0000000100000002");
    expect(segment.timestampEcho).toBe(2);
    arrives(Flag.ACK, "080a" + "0000000300000004" + "0101");
    expect(segment.timestamp).toBe(3);
    expect(segment.timestampEcho).toBe(4);
  });
});
