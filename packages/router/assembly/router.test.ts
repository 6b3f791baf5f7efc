import { NetFeature } from "@phantasm/abi";
import { SECOND } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { Peer, TestRandom, Wire, step } from "@phantasm/ethernet/testing";
import { RouterPolicy } from "./forwarder";
import { RouterLimits } from "./limits";
import { RouterCore, RouterHandler } from "./router";
import {
  ACK,
  FRONT,
  GATEWAY,
  HOST,
  OUTSIDE,
  SERVER,
  SYN,
  SYN_ACK,
  fragment,
  ip,
  partial,
  put16,
  sumHeader,
  tcp,
  textOf,
  udp,
} from "./testing";

const NEXT: u32 = ip(198, 51, 100, 254);
const ALL: u32 =
  NetFeature.CHECKSUM_RECEIVE |
  NetFeature.CHECKSUM_SEND |
  NetFeature.SEGMENT_RECEIVE |
  NetFeature.SEGMENT_SEND;

let told: string = "";

/** Steps collect what only a variable of a function knows. */
const kept: Object[] = [];

class Told implements RouterHandler {
  onOutsideAddress(address: u32): void {
    told += `${address >> 24}.${(address >> 16) & 255}.${(address >> 8) & 255}.${address & 255};`;
  }
}

/** A router with a host on the inside wire and a gateway on the outside one, which know each other's addresses. */
@final
class Setup {
  readonly inside: Wire;
  readonly outside: Wire;
  readonly host: Peer;
  readonly next: Peer;
  readonly router: RouterCore;

  constructor(insideFeatures: u32 = 0, outsideFeatures: u32 = 0, outsideMtu: i32 = 1500) {
    const inside = new Wire(1500, insideFeatures);
    const outside = new Wire(outsideMtu, outsideFeatures);
    const policy = new RouterPolicy();
    policy.forwards = `6 8080 ${HOST} 80`;
    policy.rules = "0 2 0 0 0 0 65535 0 0 25 25";
    const router = new RouterCore(inside, outside, new TestRandom(3), new RouterLimits(), policy);
    router.setInside(GATEWAY, 24);
    router.setOutside(OUTSIDE, 24, NEXT, false);
    const host = new Peer(inside, 0x02_00_00_00_00_10, HOST);
    const next = new Peer(outside, 0x02_00_00_00_00_fe, NEXT);
    this.inside = inside;
    this.outside = outside;
    this.host = host;
    this.next = next;
    this.router = router;
    kept.push(this);
    router.start(new Told());
    step(3 * SECOND);
    host.arpRequest(GATEWAY);
    next.arpRequest(OUTSIDE);
    inside.forget();
    outside.forget();
  }

  /** A packet of a host inside; `header` says what of a virtio_net_hdr. */
  out(frame: Uint8Array, kind: u8 = 0, segmentBytes: u16 = 0): void {
    arrive(this.inside, this.host, frame, kind, segmentBytes);
  }

  in(frame: Uint8Array, kind: u8 = 0, segmentBytes: u16 = 0): void {
    arrive(this.outside, this.next, frame, kind, segmentBytes);
  }
}

function arrive(wire: Wire, peer: Peer, frame: Uint8Array, kind: u8, segmentBytes: u16): void {
  // Wire.arrive has no csum_start: the frame's own first bytes say so, through the buffer of the link.
  wire.arriveWithHeader(withHeader(peer, frame, kind, segmentBytes));
}

/** virtio_net_hdr and Ethernet header for a packet made by `testing.ts`. */
function withHeader(peer: Peer, frame: Uint8Array, kind: u8, segmentBytes: u16): Uint8Array {
  frame[1] = kind;
  store<u16>(frame.dataStart, segmentBytes, 4);
  if (frame[0] & 1) {
    store<u16>(frame.dataStart, 34, 6);
    store<u16>(frame.dataStart, frame[FRONT + 9] == 6 ? 16 : 6, 8);
  }
  for (let at = 0; at < 6; at++) {
    frame[10 + at] = <u8>(peer.target >> (40 - 8 * at));
    frame[16 + at] = <u8>(peer.mac >> (40 - 8 * at));
  }
  return frame;
}

describe("two links", () => {
  test("carry a connection", () => {
    const setup = new Setup();
    setup.out(tcp(HOST, 5000, SERVER, 80, SYN));
    setup.inside.expectNothing();
    setup.outside.expect(
      "tcp 198.51.100.1:5000 > 203.0.113.5:80 SYN seq 1000 ack 0 win 8192, 0 bytes",
    );
    setup.in(tcp(SERVER, 80, OUTSIDE, 5000, SYN_ACK));
    setup.inside.expect(
      "tcp 203.0.113.5:80 > 192.168.1.10:5000 SYN ACK seq 1000 ack 2000 win 8192, 0 bytes",
    );
    setup.outside.expectNothing();
  });

  test("ask for neighbours that are not known yet, and keep what waits for them", () => {
    const setup = new Setup();
    const other = ip(192, 168, 1, 77);
    setup.out(udp(other, 9, SERVER, 9));
    setup.outside.expect("udp 198.51.100.1:9 > 203.0.113.5:9, 4 bytes");
    setup.in(udp(SERVER, 9, OUTSIDE, 9));
    setup.inside.expect("arp who-has 192.168.1.77 tell 192.168.1.1");
    new Peer(setup.inside, 0x02_00_00_00_00_77, other).arpReply(GATEWAY);
    setup.inside.expect("udp 203.0.113.5:9 > 192.168.1.77:9, 4 bytes");
  });

  test("answer for the router's own addresses", () => {
    const setup = new Setup();
    setup.host.echo(GATEWAY, 5, 1, new Uint8Array(3));
    setup.inside.expect("icmp 192.168.1.1 > 192.168.1.10 echo reply id 5 seq 1, 3 bytes");
    setup.next.echo(OUTSIDE, 5, 1, new Uint8Array(3));
    setup.outside.expect("icmp 198.51.100.1 > 198.51.100.254 echo reply id 5 seq 1, 3 bytes");
    setup.host.arpRequest(GATEWAY);
    setup.inside.expect("arp 192.168.1.1 is-at 02:00:00:00:00:01");
  });

  test("tell what address there is outside", () => {
    told = "";
    const setup = new Setup();
    expect(told).toBe("198.51.100.1;");
    setup.router.useOutside(0);
    setup.out(udp(HOST, 9, SERVER, 9));
    setup.inside.expect("icmp 192.168.1.1 > 192.168.1.10 network unreachable");
    expect(told).toBe("198.51.100.1;0.0.0.0;");
  });

  test("lose what the next one has no room for, and count it", () => {
    const setup = new Setup();
    setup.outside.isFull = true;
    setup.out(udp(HOST, 9, SERVER, 9));
    expect(setup.router.counters.linkFull).toBe(1);
    setup.outside.isFull = false;
    setup.out(udp(HOST, 9, SERVER, 9));
    setup.outside.expect("udp 198.51.100.1:9 > 203.0.113.5:9, 4 bytes");
  });

  test("forget flows in time", () => {
    const setup = new Setup();
    setup.out(udp(HOST, 9, SERVER, 9));
    for (let at = 0; at < 13; at++) step(10 * SECOND);
    expect(setup.router.forwarder.flows.count).toBe(0);
  });
});

describe("a sender is told", () => {
  test("that its hops have ended", () => {
    const setup = new Setup();
    const frame = udp(HOST, 9, SERVER, 9);
    frame[FRONT + 8] = 1;
    sumHeader(frame);
    setup.out(frame);
    setup.inside.expect("icmp 192.168.1.1 > 192.168.1.10 time exceeded");
    setup.outside.expectNothing();
  });

  test("which size would pass", () => {
    const setup = new Setup(0, 0, 1400);
    const frame = udp(HOST, 9, SERVER, 9, 1400);
    put16(frame, FRONT + 6, 0x4000);
    sumHeader(frame);
    setup.out(frame);
    setup.inside.expect("icmp 192.168.1.1 > 192.168.1.10 too large, mtu 1400");
  });

  test("that a rule forbids it", () => {
    const setup = new Setup();
    setup.out(tcp(HOST, 5000, SERVER, 25, SYN));
    setup.inside.expect(
      "tcp 203.0.113.5:25 > 192.168.1.10:5000 RST ACK seq 0 ack 1001 win 0, 0 bytes",
    );
    setup.out(udp(HOST, 5000, SERVER, 25));
    setup.inside.expect("icmp 192.168.1.1 > 192.168.1.10 unreachable 13");
  });

  test("a hundred times, and then no more than a hundred times a second", () => {
    const setup = new Setup();
    for (let at = 0; at < 150; at++) setup.out(tcp(HOST, 5000, SERVER, 25, SYN));
    expect(setup.router.counters.errorsSent).toBe(100);
    expect(setup.router.counters.errorsLimited).toBe(50);
    setup.inside.forget();
    step(SECOND);
    for (let at = 0; at < 150; at++) setup.out(tcp(HOST, 5000, SERVER, 25, SYN));
    expect(setup.router.counters.errorsSent).toBe(200);
  });
});

describe("offloads", () => {
  test("of both links go on as they came", () => {
    const setup = new Setup(ALL, ALL);
    setup.out(tcp(HOST, 5000, SERVER, 80, SYN));
    setup.outside.forget();
    setup.out(partial(udp(HOST, 9, SERVER, 9, 100)));
    setup.outside.expect("udp 198.51.100.1:9 > 203.0.113.5:9, 100 bytes partial checksum");
    setup.in(tcp(SERVER, 80, OUTSIDE, 5000, SYN_ACK));
    setup.inside.forget();
    setup.in(partial(tcp(SERVER, 80, OUTSIDE, 5000, ACK, 9000)), 1, 1460);
    const frame = setup.inside.takeWithHeader();
    expect(frame.slice(0, 10).toString()).toBe("1,1,54,0,180,5,34,0,16,0");
    expect(textOf(frame)).toBe(
      "tcp 203.0.113.5:80 > 192.168.1.10:5000 ACK seq 1000 ack 2000 win 8192, 9000 bytes partial checksum, cut to 1460",
    );
    // What the link will compute.
    frame[0] = 0;
    frame[1] = 0;
    expect(setup.router.counters.segmentsPassed).toBe(1);
    expect(setup.router.counters.checksumsCompleted).toBe(0);
  });

  test("that the next link has not are finished here: checksums", () => {
    const setup = new Setup(ALL, 0);
    setup.out(partial(udp(HOST, 9, SERVER, 9, 101)));
    setup.outside.expect("udp 198.51.100.1:9 > 203.0.113.5:9, 101 bytes");
    setup.out(partial(tcp(HOST, 9, SERVER, 9, SYN)));
    setup.outside.expect("tcp 198.51.100.1:9 > 203.0.113.5:9 SYN seq 1000 ack 0 win 8192, 0 bytes");
    expect(setup.router.counters.checksumsCompleted).toBe(2);
  });

  test("that the next link has not are finished here: segments", () => {
    const setup = new Setup(ALL, NetFeature.CHECKSUM_SEND);
    setup.out(tcp(HOST, 5000, SERVER, 80, SYN));
    setup.in(tcp(SERVER, 80, OUTSIDE, 5000, SYN_ACK));
    setup.outside.forget();
    setup.out(partial(tcp(HOST, 5000, SERVER, 80, ACK | 9, 3000)), 1, 1460);
    const line = "tcp 198.51.100.1:5000 > 203.0.113.5:80 ";
    const first = setup.outside.take();
    expect(first.length).toBe(1514);
    setup.out(partial(tcp(HOST, 5000, SERVER, 80, ACK | 9, 3000)), 1, 1460);
    setup.outside.expect(line + "ACK seq 2460 ack 2000 win 8192, 1460 bytes");
    setup.outside.expect(line + "FIN PSH ACK seq 3920 ack 2000 win 8192, 80 bytes");
    setup.outside.expect(line + "ACK seq 1000 ack 2000 win 8192, 1460 bytes");
    setup.outside.forget();
    expect(setup.router.counters.segmentsCut).toBe(2);
    setup.out(partial(tcp(HOST, 5000, SERVER, 80, ACK, 2000)), 1, 500);
    let joined = "";
    while (setup.outside.pending > 0) {
      const piece = setup.outside.take();
      expect(piece[19]).toBe(<u8>(0x34 + joined.length));
      for (let at = 54; at < piece.length; at++)
        expect(piece[at]).toBe(<u8>((at - 54 + joined.length * 500) * 7 + 1));
      joined += "x";
    }
    expect(joined.length).toBe(4);
  });

  test("larger than the next link is told, and never cut behind the sender's back", () => {
    const setup = new Setup(ALL, ALL, 1400);
    setup.out(tcp(HOST, 5000, SERVER, 80, SYN));
    setup.in(tcp(SERVER, 80, OUTSIDE, 5000, SYN_ACK));
    setup.inside.forget();
    setup.outside.forget();
    setup.out(partial(tcp(HOST, 5000, SERVER, 80, ACK, 3000)), 1, 1460);
    setup.outside.expectNothing();
    setup.inside.expect("icmp 192.168.1.1 > 192.168.1.10 too large, mtu 1400");
    setup.out(partial(tcp(HOST, 5000, SERVER, 80, ACK, 3000)), 1, 1360);
    expect(setup.outside.pending).toBe(1);
  });

  test("of segments that a link has joined, without a word about checksums", () => {
    const setup = new Setup(ALL, ALL);
    setup.out(tcp(HOST, 5000, SERVER, 80, SYN));
    setup.in(tcp(SERVER, 80, OUTSIDE, 5000, SYN_ACK));
    setup.inside.forget();
    const joined = tcp(SERVER, 80, OUTSIDE, 5000, ACK, 2000);
    joined[0] = 2;
    setup.in(joined, 1, 1000);
    const frame = setup.inside.takeWithHeader();
    expect(frame[0]).toBe(1);
    const expected = partial(tcp(SERVER, 80, HOST, 5000, ACK, 2000));
    expect(frame.slice(FRONT + 36, FRONT + 38).toString()).toBe(
      expected.slice(FRONT + 36, FRONT + 38).toString(),
    );
  });

  test("that do not fit the packet are malformed", () => {
    const setup = new Setup(ALL, ALL);
    setup.out(udp(HOST, 9, SERVER, 9), 1, 4);
    setup.out(tcp(HOST, 9, SERVER, 9, SYN, 100), 1, 0);
    setup.out(tcp(HOST, 9, SERVER, 9, SYN, 100), 4, 50);
    setup.out(fragment(partial(udp(HOST, 9, SERVER, 9)), 0, true));
    const odd = withHeader(setup.host, partial(udp(HOST, 9, SERVER, 9)), 0, 0);
    store<u16>(odd.dataStart, 7, 8);
    setup.inside.arriveWithHeader(odd);
    store<u16>(odd.dataStart, 6, 8);
    store<u16>(odd.dataStart, 33, 6);
    setup.inside.arriveWithHeader(odd);
    expect(setup.router.counters.malformed).toBe(6);
    setup.outside.expectNothing();
  });
});

describe("a packet that may be cut", () => {
  test("goes on in fragments", () => {
    const setup = new Setup(0, 0, 576);
    setup.out(udp(HOST, 9, SERVER, 9, 1200));
    setup.outside.expect("ip 198.51.100.1 > 203.0.113.5 fragment 0-552+");
    setup.outside.expect("ip 198.51.100.1 > 203.0.113.5 fragment 552-1104+");
    setup.outside.expect("ip 198.51.100.1 > 203.0.113.5 fragment 1104-1208");
    setup.outside.expectNothing();
    expect(setup.router.counters.fragmented).toBe(1);
  });

  test("once more, when it is a fragment already, and with its checksum completed", () => {
    const setup = new Setup(ALL, ALL, 576);
    setup.out(fragment(udp(HOST, 9, SERVER, 9, 1192), 0, true));
    setup.outside.forget();
    setup.out(fragment(udp(HOST, 9, SERVER, 9, 592), 1200, true));
    setup.outside.expect("ip 198.51.100.1 > 203.0.113.5 fragment 1200-1752+");
    setup.outside.expect("ip 198.51.100.1 > 203.0.113.5 fragment 1752-1800+");
    setup.out(partial(udp(HOST, 9, SERVER, 9, 1000)));
    const first = setup.outside.takeWithHeader();
    const second = setup.outside.takeWithHeader();
    expect(first[0]).toBe(0);
    const whole = udp(OUTSIDE, 9, SERVER, 9, 1000);
    expect(first.slice(FRONT + 20).toString()).toBe(
      whole.slice(FRONT + 20, FRONT + 572).toString(),
    );
    expect(second.slice(FRONT + 20).toString()).toBe(whole.slice(FRONT + 572).toString());
  });
});
