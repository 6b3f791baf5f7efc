import { NetFeature } from "@phantasm/abi";
import { MILLISECOND, SECOND } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { Peer, TestRandom, Wire, step } from "@phantasm/ethernet/testing";
import { RouterPolicy } from "./forwarder";
import { RouterLimits } from "./limits";
import { RouterCore } from "./router";
import {
  FRONT,
  GATEWAY,
  HOST,
  OUTSIDE,
  SERVER,
  echo,
  errorAbout,
  ip,
  put16,
  sumHeader,
  tcp,
  udp,
} from "./testing";

/** Of one case; there are ten. */
const FRAMES: i32 = 10_000;
const FLOWS: i32 = 128;
const NEXT: u32 = ip(198, 51, 100, 254);
const ALL: u32 =
  NetFeature.CHECKSUM_RECEIVE |
  NetFeature.CHECKSUM_SEND |
  NetFeature.SEGMENT_RECEIVE |
  NetFeature.SEGMENT_SEND;

let random: TestRandom = new TestRandom();

/** Steps collect what only a variable of a function knows. */
let inside: Wire = new Wire();
let outside: Wire = new Wire();
let host: Peer = new Peer(inside, 0x02_00_00_00_00_10, HOST);
let next: Peer = new Peer(outside, 0x02_00_00_00_00_fe, NEXT);
let router: RouterCore = new RouterCore(
  inside,
  outside,
  new TestRandom(5),
  new RouterLimits(),
  new RouterPolicy(),
);

/** A frame as it may come from one side: mostly of a flow, often damaged, with offload fields of all kinds. */
function anyFrame(outward: bool): Uint8Array {
  const far = random.below(16) == 0 ? OUTSIDE : SERVER;
  const source = outward ? HOST : far;
  const destination = outward ? far : OUTSIDE;
  const near = <u16>(5352 + random.below(4));
  const other = <u16>(5352 + random.below(4));
  const bytes =
    random.below(256) == 0 ? 60_000 : <i32>random.below(random.below(8) == 0 ? 4000 : 200);
  let frame: Uint8Array;
  switch (random.below(5)) {
    case 0:
      frame = udp(source, near, destination, other, bytes);
      break;
    case 1:
      frame = echo(source, destination, random.below(2) == 0 ? 8 : 0, near, bytes & 255);
      break;
    case 2:
      frame = errorAbout(
        udp(destination, other, source, near, 30),
        source,
        destination,
        random.below(2) == 0 ? 3 : 11,
        <u8>random.below(5),
        30,
      );
      break;
    default:
      frame = tcp(source, near, destination, other, <u8>random.below(64), bytes);
  }
  if (random.below(4) == 0) put16(frame, FRONT + 6, random.u32() & 0x7fff);
  for (let damage = random.below(3); damage > 0; damage--)
    frame[FRONT + random.below(min(60, frame.length - FRONT))] = <u8>random.u32();
  const headerFits = (<i32>(frame[FRONT] & 15)) << 2 <= frame.length - FRONT;
  if (headerFits && random.below(16) != 0) sumHeader(frame);
  frame[0] = <u8>random.below(4);
  frame[1] = <u8>random.below(6);
  put16(frame, 2, random.u32() & 0xffff);
  store<u16>(
    frame.dataStart,
    <u16>(random.below(4) == 0 ? random.u32() : 100 + random.below(900)),
    4,
  );
  store<u16>(frame.dataStart, <u16>(random.below(8) == 0 ? random.u32() : 34), 6);
  store<u16>(frame.dataStart, random.below(2) == 0 ? 16 : 6, 8);
  return frame;
}

/** Fills in the Ethernet header. */
function address(frame: Uint8Array, peer: Peer): void {
  const isBroadcast = random.below(64) == 0;
  for (let at = 0; at < 6; at++) {
    frame[10 + at] = isBroadcast ? 0xff : <u8>(peer.target >> (40 - 8 * at));
    frame[16 + at] = <u8>(peer.mac >> (40 - 8 * at));
  }
}

function fuzz(seed: u64, insideFeatures: u32, outsideFeatures: u32, outsideMtu: i32): void {
  random = new TestRandom(seed);
  inside = new Wire(1500, insideFeatures);
  outside = new Wire(outsideMtu, outsideFeatures);
  const limits = new RouterLimits();
  limits.flows = FLOWS;
  limits.fragments = 16;
  const policy = new RouterPolicy();
  policy.forwards = `6 5352 ${HOST} 5353;17 5353 ${HOST} 5352`;
  router = new RouterCore(inside, outside, new TestRandom(5), limits, policy);
  router.setInside(GATEWAY, 24);
  router.setOutside(OUTSIDE, 24, NEXT, false);
  router.start(null);
  step(3 * SECOND);
  host = new Peer(inside, 0x02_00_00_00_00_10, HOST);
  next = new Peer(outside, 0x02_00_00_00_00_fe, NEXT);
  inside.forgets = true;
  outside.forgets = true;
  for (let round = 0; round < FRAMES; round++) {
    const outward = random.below(2) == 0;
    if (random.below(500) == 0) host.arpRequest(GATEWAY);
    if (random.below(500) == 0) next.arpRequest(OUTSIDE);
    const frame = anyFrame(outward);
    address(frame, outward ? host : next);
    (outward ? inside : outside).arriveWithHeader(frame);
    if (random.below(50) == 0) step(<i64>random.below(2000) * MILLISECOND);
  }
  // The wires have asserted what each frame may be; here is that there were many, and that nothing stays.
  expect(router.counters.forwardedOut > 100).toBe(true);
  expect(router.counters.forwardedIn > 100).toBe(true);
  expect(router.counters.malformed > 100).toBe(true);
  expect(router.forwarder.flows.count <= FLOWS).toBe(true);
  for (let at = 0; at < 800; at++) step(10 * SECOND);
  expect(router.forwarder.flows.count).toBe(0);
  expect(router.forwarder.mappings.count).toBe(2);
}

describe("any frames do no harm", () => {
  test("with offloads: seed 1", () => {
    fuzz(1, ALL, ALL, 1500);
  });
  test("with offloads: seed 2", () => {
    fuzz(2, ALL, ALL, 1500);
  });
  test("with offloads: seed 3", () => {
    fuzz(3, ALL, ALL, 600);
  });
  test("when all has to be finished outside: seed 4", () => {
    fuzz(4, ALL, 0, 1500);
  });
  test("when all has to be finished outside: seed 5", () => {
    fuzz(5, ALL, 0, 1000);
  });
  test("when all has to be finished outside: seed 6", () => {
    fuzz(6, ALL, 0, 576);
  });
  test("when checksums may be left open: seed 7", () => {
    fuzz(7, ALL, NetFeature.CHECKSUM_SEND, 1500);
  });
  test("when all has to be finished inside: seed 8", () => {
    fuzz(8, 0, ALL, 1500);
  });
  test("when all has to be finished inside: seed 9", () => {
    fuzz(9, 0, ALL, 1280);
  });
  test("without offloads: seed 10", () => {
    fuzz(10, 0, 0, 1500);
  });
});
