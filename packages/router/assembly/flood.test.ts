import { MILLISECOND, MINUTE, SECOND } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { TestRandom } from "@phantasm/ethernet/testing";
import { RouterPolicy } from "./forwarder";
import { RouterLimits } from "./limits";
import {
  ACK,
  FRONT,
  HOST,
  Lab,
  OUTSIDE,
  SERVER,
  SYN,
  SYN_ACK,
  echo,
  errorAbout,
  ip,
  put16,
  sumHeader,
  tcp,
  textOf,
  udp,
} from "./testing";
import { Verdict } from "./verdict";

const FLOWS: i32 = 256;
const ALIVE: u16 = 100;
const FLOOD: i32 = 20_000;

let random: TestRandom = new TestRandom(99);

function small(): RouterLimits {
  const limits = new RouterLimits();
  limits.flows = FLOWS;
  return limits;
}

function open(): RouterPolicy {
  const policy = new RouterPolicy();
  policy.forwards = `6 8080 ${HOST} 80;17 5353 ${HOST} 53`;
  return policy;
}

/** A table with ALIVE connections and as many conversations of datagrams. */
function busy(): Lab {
  const lab = new Lab(open(), small());
  for (let port: u16 = 0; port < ALIVE; port++) {
    lab.out(tcp(HOST, 2000 + port, SERVER, 80, SYN));
    lab.in(tcp(SERVER, 80, OUTSIDE, 2000 + port, SYN_ACK));
    lab.out(tcp(HOST, 2000 + port, SERVER, 80, ACK));
    lab.out(udp(HOST, 3000 + port, SERVER, 53));
    lab.in(udp(SERVER, 53, OUTSIDE, 3000 + port));
  }
  return lab;
}

function expectAlive(lab: Lab): void {
  for (let port: u16 = 0; port < ALIVE; port++) {
    expect(lab.in(tcp(SERVER, 80, OUTSIDE, 2000 + port, ACK))).toBe(Verdict.IN);
    expect(lab.in(udp(SERVER, 53, OUTSIDE, 3000 + port))).toBe(Verdict.IN);
  }
  expect(lab.forwarder.flows.count <= FLOWS).toBe(true);
  expect(lab.forwarder.mappings.count <= FLOWS + 2).toBe(true);
}

function insider(): u32 {
  return ip(192, 168, 1, 2 + random.below(250));
}

function stranger(): u32 {
  return ip(11 + random.below(100), random.below(256), random.below(256), random.below(256));
}

describe("what is alive survives a flood", () => {
  test("of connections that are begun inside", () => {
    const lab = busy();
    for (let at = 0; at < FLOOD; at++) {
      lab.out(tcp(insider(), <u16>random.u32(), stranger(), <u16>random.u32(), SYN));
      if (at % 64 == 0) lab.advance(MILLISECOND);
    }
    expectAlive(lab);
    expect(lab.forwarder.flows.count).toBe(FLOWS);
    expect(lab.counters.flowsEvicted > 10_000).toBe(true);
  });

  test("of datagrams and pings, both ways", () => {
    const lab = busy();
    for (let at = 0; at < FLOOD; at++) {
      switch (random.below(4)) {
        case 0:
          lab.out(udp(insider(), <u16>random.u32(), stranger(), <u16>random.u32()));
          break;
        case 1:
          lab.out(echo(insider(), stranger(), 8, <u16>random.u32()));
          break;
        case 2:
          lab.in(udp(stranger(), <u16>random.u32(), OUTSIDE, 5353));
          break;
        default:
          lab.in(udp(stranger(), <u16>random.u32(), OUTSIDE, <u16>random.u32()));
      }
    }
    expectAlive(lab);
  });

  test("of connections to a forwarded port, and of fragments", () => {
    const lab = busy();
    for (let at = 0; at < FLOOD; at++) {
      const frame =
        random.below(2) == 0
          ? tcp(stranger(), <u16>random.u32(), OUTSIDE, 8080, SYN)
          : udp(stranger(), <u16>random.u32(), OUTSIDE, 5353, 16);
      if (random.below(2) == 0) {
        put16(frame, FRONT + 6, 0x2000);
        put16(frame, FRONT + 4, random.u32() & 0xffff);
        sumHeader(frame);
      }
      lab.in(frame);
    }
    expectAlive(lab);
  });

  test("of resets and acknowledgements to all ports, from elsewhere", () => {
    const lab = busy();
    for (let at = 0; at < FLOOD; at++)
      lab.in(tcp(stranger(), 80, OUTSIDE, <u16>(2000 + random.below(1500)), <u8>random.below(64)));
    expectAlive(lab);
    expect(lab.forwarder.flows.count).toBe(2 * ALIVE);
  });

  test("and the table is empty when all have gone", () => {
    const lab = busy();
    for (let at = 0; at < 1000; at++)
      lab.out(udp(insider(), <u16>random.u32(), stranger(), <u16>random.u32()));
    // A step at a time ends a bounded number of flows.
    for (let step = 0; step < 20; step++) lab.advance(125 * MINUTE);
    expect(lab.forwarder.flows.count).toBe(0);
    expect(lab.forwarder.flows.nextNs).toBe(i64.MAX_VALUE);
    expect(lab.forwarder.mappings.count).toBe(2);
  });
});

/** Which way the last packet goes. */
let outward: bool = false;

/** A packet of any kind, which may be damaged; its header is valid, as behind the door. */
function anyPacket(): Uint8Array {
  const inside = random.below(8) == 0 ? stranger() : insider();
  const far = random.below(16) == 0 ? OUTSIDE : ip(203, 0, 113, 5 + random.below(2));
  outward = random.below(2) == 0;
  const source = outward ? inside : far;
  const destination = outward ? far : OUTSIDE;
  const ports = random.u32() & 0x0003_0003;
  let frame: Uint8Array;
  switch (random.below(4)) {
    case 0:
      frame = udp(source, <u16>ports + 5352, destination, <u16>(ports >> 16) + 5352, 30);
      break;
    case 1:
      frame = tcp(
        source,
        <u16>ports + 8079,
        destination,
        <u16>(ports >> 16) + 8079,
        <u8>random.below(64),
        30,
      );
      break;
    case 2:
      frame = echo(source, destination, random.below(2) == 0 ? 8 : 0, <u16>ports, 30);
      break;
    default:
      frame = errorAbout(
        udp(destination, <u16>ports + 5352, source, <u16>(ports >> 16) + 5352, 30),
        source,
        destination,
        random.below(2) == 0 ? 3 : 11,
        <u8>random.below(5),
        30,
      );
  }
  for (let damage = random.below(4); damage > 0; damage--)
    frame[FRONT + 1 + random.below(frame.length - FRONT - 1)] = <u8>random.u32();
  // The door checks these.
  const bytes = frame.length - FRONT;
  frame[FRONT] = <u8>(0x45 + random.below(random.below(8) == 0 ? 3 : 1));
  const headerBytes = (<i32>(frame[FRONT] & 15)) << 2;
  const short = random.below(8) == 0;
  put16(frame, FRONT + 2, short ? <u32>headerBytes + random.below(bytes - headerBytes + 1) : bytes);
  sumHeader(frame);
  return frame;
}

function fuzz(seed: u64): void {
  random = new TestRandom(seed);
  const lab = new Lab(open(), small());
  let passed = 0;
  for (let round = 0; round < 25_000; round++) {
    const frame = anyPacket();
    const isOut = random.below(16) == 0 ? !outward : outward;
    const verdict = isOut ? lab.out(frame) : lab.in(frame);
    if (random.below(100) == 0) lab.advance(<i64>random.below(2000) * 10 * MILLISECOND);
    if (verdict != Verdict.OUT && verdict != Verdict.IN) continue;
    passed++;
    const text = textOf(frame);
    if (text.includes("BAD HEADER")) expect(text).toBe(`round ${round}`);
  }
  expect(passed > 2500).toBe(true);
  expect(lab.forwarder.flows.count <= FLOWS).toBe(true);
  for (let step = 0; step < 20; step++) lab.advance(125 * MINUTE + SECOND);
  expect(lab.forwarder.flows.count).toBe(0);
  expect(lab.forwarder.mappings.count).toBe(2);
}

describe("any packets do no harm, and headers stay valid", () => {
  test("seed 1", () => {
    fuzz(1);
  });
  test("seed 2", () => {
    fuzz(2);
  });
  test("seed 3", () => {
    fuzz(3);
  });
  test("seed 4", () => {
    fuzz(4);
  });
});
