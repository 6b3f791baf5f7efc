import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeFrame, formatIpv6 } from "./describe-frame.js";
import { superFrame } from "./testing/packets.js";

/** A frame from hexadecimal text, after an unused virtio_net_hdr. */
function hex(...text: string[]): Uint8Array {
  return Uint8Array.from(
    Buffer.concat([Buffer.alloc(10), Buffer.from(text.join("").replaceAll(" ", ""), "hex")]),
  );
}

const MACS = "020000000001 020000000002";
const IPV4 = (protocol: string, length: string, fragment = "4000"): string =>
  `45 00 ${length} 0000 ${fragment} 40 ${protocol} 0000 0a000001 0a000002`;
const IPV6 = (next: string, length: string): string =>
  `60000000 ${length} ${next} 40 fe800000000000000000000000000001 20010db8000000000001000000000002`;

describe("describeFrame", () => {
  it.each([
    [
      "ARP, Request who-has 10.0.0.2 tell 10.0.0.1",
      hex(MACS, "0806 0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002"),
    ],
    [
      "ARP, Reply 10.0.0.1 is-at 02:00:00:00:00:01",
      hex(MACS, "0806 0001 0800 06 04 0002 020000000001 0a000001 000000000000 0a000002"),
    ],
    [
      "IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 7, seq 1, length 8",
      hex(MACS, "0800", IPV4("01", "001c"), "08 00 0000 0007 0001"),
    ],
    [
      "IP 10.0.0.1 > 10.0.0.2: ICMP destination unreachable: fragmentation needed, mtu 1400, length 8",
      hex(MACS, "0800", IPV4("01", "001c"), "03 04 0000 0000 0578"),
    ],
    [
      "IP 10.0.0.1.53 > 10.0.0.2.4000: UDP, length 4",
      hex(MACS, "0800", IPV4("11", "0020"), "0035 0fa0 000c 0000 01020304"),
    ],
    [
      "vlan 7, IP 10.0.0.1.53 > 10.0.0.2.4000: UDP, length 4",
      hex(MACS, "8100 0007 0800", IPV4("11", "0020"), "0035 0fa0 000c 0000 01020304"),
    ],
    [
      "IP 10.0.0.1.80 > 10.0.0.2.4000: Flags [S.], seq 1, ack 2, win 1000, options [mss 1460,sackOK,TS val 1 ecr 2,wscale 7], length 0",
      hex(
        MACS,
        "0800",
        IPV4("06", "003c"),
        "0050 0fa0 00000001 00000002 a0 12 03e8 0000 0000",
        "0204 05b4 0402 080a 00000001 00000002 01 030307",
      ),
    ],
    [
      "IP 10.0.0.1.80 > 10.0.0.2.4000: Flags [P.], seq 4294967295:3, ack 2, win 1000, length 4",
      hex(
        MACS,
        "0800",
        IPV4("06", "002c"),
        "0050 0fa0 ffffffff 00000002 50 18 03e8 0000 0000 01020304",
      ),
    ],
    [
      "IP 10.0.0.1 > 10.0.0.2: protocol 17, fragment at 1480",
      hex(MACS, "0800", IPV4("11", "0020", "00b9"), "0035 0fa0 000c 0000 01020304"),
    ],
    [
      "IP 10.0.0.1.53 > 10.0.0.2.4000: UDP, length 4 [first fragment]",
      hex(MACS, "0800", IPV4("11", "0020", "2000"), "0035 0fa0 000c 0000 01020304"),
    ],
    [
      "IP6 fe80::1 > 2001:db8::1:0:0:2: ICMP6 neighbor solicitation, who has fe80::2, length 24",
      hex(MACS, "86dd", IPV6("3a", "0018"), "87 00 0000 00000000 fe800000000000000000000000000002"),
    ],
    [
      "IP6 fe80::1.53 > 2001:db8::1:0:0:2.4000: UDP, length 4",
      hex(MACS, "86dd", IPV6("00", "0014"), "11 00 050200000000 0035 0fa0 000c 0000 01020304"),
    ],
    [
      "02:00:00:00:00:02 > 02:00:00:00:00:01, ethertype 0x88b5, length 18",
      hex(MACS, "88b5 00000000"),
    ],
    ["IP 10.0.0.1 > 10.0.0.2: bad header", hex(MACS, "0800", IPV4("06", "0010"))],
    ["IP 10.0.0.1 > 10.0.0.2: [cut off]", hex(MACS, "0800", IPV4("01", "001c"), "08 00 0000")],
    ["[cut off]", hex("0200")],
  ])("%s", (line, frame) => {
    expect(describeFrame(frame)).toBe(line);
  });

  it("says what is left to the hardware", () => {
    const payload = new Uint8Array(5000);
    const frame = superFrame({ version: 4, sequence: 1, flags: 0x10, payload }, 1460);
    expect(describeFrame(frame)).toBe(
      "IP 10.0.0.1.8080 > 10.0.0.2.443: Flags [.], seq 1:5001, ack 0, win 1000, length 5000 [partial checksum] [segments of 1460 bytes]",
    );
  });

  it("makes a line of anything: printable, bounded, and nothing thrown", () => {
    const types = fc.constantFrom("0800", "86dd", "0806", "8100", "8847");
    const starts = fc.constantFrom("45", "4f", "60", "00", "ff");
    fc.assert(
      fc.property(types, starts, fc.uint8Array({ maxLength: 200 }), (type, start, tail) => {
        const frame = hex(MACS, type, start, Buffer.from(tail).toString("hex"));
        for (const length of [frame.length, 10 + (tail.length % 60)]) {
          const line = describeFrame(frame, length);
          expect(line).toMatch(/^[ -~]{1,1000}$/);
        }
      }),
      { numRuns: 5000 },
    );
  });
});

describe("formatIpv6", () => {
  it.each([
    ["::", "00000000000000000000000000000000"],
    ["::1", "00000000000000000000000000000001"],
    ["1::", "00010000000000000000000000000000"],
    ["2001:db8:0:1:1:1:1:1", "20010db8000000010001000100010001"],
    ["2001:db8::1:0:0:1", "20010db8000000000001000000000001"],
    ["1:0:0:2::3", "00010000000000020000000000000003"],
  ])("%s", (text, bytes) => {
    expect(formatIpv6(Buffer.from(bytes, "hex"))).toBe(text);
  });
});
