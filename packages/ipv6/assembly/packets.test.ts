/** Packets in and out: echo, errors, path MTU, fragments, offloads (RFC 8200, 4443, 8201), as transcripts. */
import { NetFeature } from "@phantasm/abi";
import { Ethernet } from "@phantasm/ethernet";
import {
  Errno,
  LinkWaiter,
  MINUTE,
  NO_ROUTE,
  Packet,
  Path,
  PathError,
  Protocol,
  SECOND,
  TOO_LARGE,
  TransportHandler,
} from "@phantasm/interfaces";
import { checksumIsValid } from "@phantasm/ip";
import { TestRandom, Wire, step } from "@phantasm/ethernet/testing";
import { hold } from "@phantasm/runtime";
import { describe, expect, expectAbort, test } from "@phantasm/testing";
import { Ipv6 } from "./ipv6";
import { GROUP, LINK, NET, Peer6, call, joined, put16, put32, sent, silence } from "./testing";

hold();

/** An address of somebody far away, behind the router. */
const FAR: u64 = 0x2a00_0000_0000_0000;

let events: string = "";
/** What the transport says to an error. */
let believes: bool = true;
let rejects: i32 = 0;
let seen: Packet | null = null;

class Transport implements TransportHandler {
  constructor(private readonly ip: Ipv6) {}

  onPacket(packet: Packet): void {
    seen = packet;
    events += `${packet.bytes} bytes of ${packet.sourceLow} for ${packet.destinationLow}`;
    events += checksumIsValid(packet) ? ";" : " BAD;";
    if (rejects != 0) this.ip.reject(packet, rejects);
  }

  onPathError(packet: Packet, error: i32, mtu: i32): bool {
    const port = bswap(load<u16>(packet.payload, 2));
    events += `error ${error} about ${packet.destinationLow}:${port}`;
    if (mtu > 0) {
      const path = this.ip.path(0, 0, packet.destinationHigh, packet.destinationLow);
      events += ` mtu ${mtu} now ${path!.mtu}`;
    }
    events += ";";
    return believes;
  }

  onAddressLost(high: u64, low: u64): void {}
}

class Ready implements LinkWaiter {
  onLinkReady(): void {
    events += "ready;";
  }
}

function happened(text: string): void {
  expect(events).toBe(text);
  events = "";
}

const wire = new Wire();
const peer = new Peer6(wire, 0x02_00_00_00_00_02, NET, 2);
const far = new Peer6(wire, 0x02_00_00_00_00_fe, FAR, 9);
call("us", NET, 1);
call("them", NET, 2);
call("far", FAR, 9);

/** A stack with the address `us`, on a link with these offloads. */
function stackOn(link: Wire): Ipv6 {
  const made = new Ipv6(new Ethernet(link), new TestRandom(), false, 1, 2);
  made.addAddress(NET, 1, 64);
  made.addRoute(0, 0, 0, LINK, 0xfe);
  made.discovery.addresses.probesMax = 0;
  for (let i = 0; i < 30; i++) step(SECOND / 10);
  // Both neighbours are known.
  made.discovery.neighbours.heard(NET, 2, peer.mac, 0);
  made.discovery.neighbours.heard(LINK, 0xfe, far.mac, 0);
  link.forget();
  return made;
}

const ipv6 = stackOn(wire);
const transport = new Transport(ipv6);
ipv6.register(Protocol.UDP, transport);

/** A datagram of `bytes` bytes in all; port 7 to port 8. */
function fill(at: usize, bytes: i32): void {
  for (let i = 0; i < bytes; i++) store<u8>(at + i, <u8>i);
  store<u32>(at, 0x08_00_07_00);
  store<u16>(at, bswap(<u16>bytes), 4);
  store<u16>(at, 0, 6);
}

function send(path: Path, bytes: i32): i32 {
  fill(path.begin(), bytes);
  return path.send(Protocol.UDP, bytes, 6, 0);
}

function sendLarge(path: Path, bytes: i32): i32 {
  const at = path.beginLarge(bytes);
  if (at == 0) return 1;
  fill(at, bytes);
  return path.sendLarge(Protocol.UDP, bytes, 6);
}

describe("an echo request", () => {
  test("comes back with all its data", () => {
    peer.echo(NET, 1, 7, 9, 56);
    sent(wire, "us > them echo reply id 7 seq 9, 56 bytes");
    peer.echo(NET, 1, 7, 10, 1452);
    sent(wire, "us > them echo reply id 7 seq 10, 1452 bytes");
    far.echo(NET, 1, 7, 11, 0);
    sent(wire, "us > far echo reply id 7 seq 11, 0 bytes");
    silence(wire);
  });

  test("in fragments comes back in fragments", () => {
    const message = peer.message(NET, 1, 128, 0, 0x0007000c, new Uint8Array(3000));
    peer.fragment(NET, 1, 5, 58, 0, true, message.slice(0, 1448));
    peer.fragment(NET, 1, 5, 58, 1448, true, message.slice(1448, 2896));
    silence(wire);
    peer.fragment(NET, 1, 5, 58, 2896, false, message.slice(2896));
    sent(wire, "us > them fragment 0-1448+ of 58");
    sent(wire, "us > them fragment 1448-2896+ of 58");
    sent(wire, "us > them fragment 2896-3008 of 58");
    silence(wire);
  });

  test("to all nodes is answered from an address of ours; from nobody it is not", () => {
    peer.echo(GROUP, 1, 7, 9, 8);
    sent(wire, "us > them echo reply id 7 seq 9, 8 bytes");
    peer.high = 0;
    peer.low = 0;
    peer.echo(NET, 1, 7, 9, 8);
    silence(wire);
  });

  test("with a wrong checksum, for others, or from nowhere is nothing", () => {
    peer.forgetful = true;
    peer.echo(NET, 1, 7, 9, 8);
    expect(ipv6.counters.icmpBadChecksum).toBe(1);
    peer.forgetful = false;
    peer.echo(NET, 3, 7, 9, 8);
    peer.target = 0x3333_0000_0001;
    peer.echo(GROUP, 0x1_ff99_9999, 7, 9, 8);
    peer.target = 0;
    expect(ipv6.counters.notForUs).toBe(2);
    // A group, loopback, IPv4, ourselves.
    const sources: u64[] = [GROUP, 1, 0, 1, 0, 0xffff_0a00_0001, NET, 1];
    for (let i = 0; i < sources.length; i += 2) {
      peer.high = sources[i];
      peer.low = sources[i + 1];
      peer.echo(NET, 1, 7, 9, 8);
    }
    expect(ipv6.counters.malformed).toBe(4);
    silence(wire);
  });

  test("of a flood is answered ten thousand times a second", () => {
    wire.forgets = true;
    const before = wire.counters.sentFrames;
    for (let i = 0; i < 5000; i++) peer.echo(NET, 1, 7, 9, 8);
    expect(wire.counters.sentFrames - before).toBe(200);
  });
});

describe("a packet that arrives", () => {
  test("is handed to its transport", () => {
    peer.trafficClass = 0xb9;
    peer.hopLimit = 33;
    peer.udp(NET, 1, 7, 8, 10);
    happened("18 bytes of 2 for 1;");
    const packet = seen!;
    expect(packet.hopLimit).toBe(33);
    expect(packet.trafficClass).toBe(0xb9);
    expect(packet.isGroup).toBe(false);
    expect(packet.isTrusted).toBe(false);
    expect(ipv6.counters.delivered).toBe(1);
    peer.udp(GROUP, 1, 7, 8, 10);
    expect(packet.isGroup).toBe(true);
  });

  test("with padding of the link, or less than it says", () => {
    const packet = peer.packet(NET, 1, 17, peer.datagram(NET, 1, 7, 8, 2));
    peer.frame(joined([packet, new Uint8Array(10)]), NET, 1);
    happened("10 bytes of 2 for 1;");
    peer.frame(packet.slice(0, packet.length - 1), NET, 1);
    for (let bytes = 0; bytes < 40; bytes++) peer.frame(packet.slice(0, bytes), NET, 1);
    packet[0] = 0x45;
    peer.frame(packet, NET, 1);
    expect(ipv6.counters.malformed).toBe(42);
    happened("");
    silence(wire);
  });

  test("whose checksum the link vouches for, or that the link has joined", () => {
    peer.forgetful = true;
    const frame = new Uint8Array(14);
    frame.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd]);
    const whole = joined([frame, peer.packet(NET, 1, 17, peer.datagram(NET, 1, 7, 8, 10))]);
    wire.arrive(whole);
    wire.arrive(whole, 1);
    happened("18 bytes of 2 for 1 BAD;18 bytes of 2 for 1;");
    wire.arrive(whole, 2, 4, 5);
    expect(seen!.segmentBytes).toBe(5);
    happened("18 bytes of 2 for 1;");
  });

  test("of a protocol that nobody knows is answered (RFC 8200 §4)", () => {
    peer.send(NET, 1, 99, new Uint8Array(20));
    sent(wire, "us > them parameter problem 1 at 6, quotes 60 bytes");
    peer.send(NET, 1, 60, joined([new Uint8Array(8).fill(99, 0, 1), new Uint8Array(4)]));
    sent(wire, "us > them parameter problem 1 at 40, quotes 52 bytes");
    peer.send(GROUP, 1, 99, new Uint8Array(20));
    silence(wire);
    expect(ipv6.counters.unknownProtocol).toBe(3);
  });

  test("with a bad header is answered, if it was for us alone", () => {
    const option = new Uint8Array(8);
    option.set([17, 0, 0x9e, 4]);
    peer.send(NET, 1, 60, option);
    sent(wire, "us > them parameter problem 2 at 42, quotes 48 bytes");
    // An option that wants an answer even to a group (RFC 4443 §2.4 e.3).
    peer.send(GROUP, 1, 60, option);
    sent(wire, "us > them parameter problem 2 at 42, quotes 48 bytes");
    option[2] = 0xde;
    peer.send(NET, 1, 60, option);
    sent(wire, "us > them parameter problem 2 at 42, quotes 48 bytes");
    peer.send(GROUP, 1, 60, option);
    option[2] = 0x5e;
    peer.send(NET, 1, 60, option);
    silence(wire);
    // RFC 5095: a source route.
    const route = new Uint8Array(24);
    route.set([17, 2, 0, 1]);
    peer.send(NET, 1, 43, route);
    sent(wire, "us > them parameter problem 0 at 42, quotes 64 bytes");
  });

  test("with extension headers is handed on without them", () => {
    const options = new Uint8Array(8);
    options.set([60, 0, 1, 4]);
    const more = new Uint8Array(8);
    more.set([17, 0, 0x1e, 4]);
    peer.send(NET, 1, 0, joined([options, more, peer.datagram(NET, 1, 7, 8, 10)]));
    happened("18 bytes of 2 for 1;");
  });
});

describe("an error", () => {
  test("tells that nobody is at a port, with as much of the packet as fits in 1280 bytes", () => {
    rejects = PathError.PORT_UNREACHABLE;
    peer.udp(NET, 1, 7, 8, 10);
    sent(wire, "us > them port unreachable, quotes 58 bytes");
    peer.udp(NET, 1, 7, 8, 1400);
    sent(wire, "us > them port unreachable, quotes 1232 bytes");
    peer.udp(GROUP, 1, 7, 8, 10);
    silence(wire);
    rejects = PathError.PROTOCOL_UNREACHABLE;
    peer.udp(NET, 1, 7, 8, 10);
    sent(wire, "us > them parameter problem 1 at 6, quotes 58 bytes");
  });

  test("answers no error, and nothing that may be one", () => {
    const option = new Uint8Array(8);
    option.set([58, 0, 0x9e, 4]);
    peer.send(NET, 1, 60, joined([option, peer.message(NET, 1, 1, 0, 0, new Uint8Array(60))]));
    // The type is not there.
    peer.send(NET, 1, 60, option);
    silence(wire);
    peer.send(NET, 1, 60, joined([option, peer.message(NET, 1, 128, 0, 0, new Uint8Array(60))]));
    sent(wire, "us > them parameter problem 2 at 42, quotes 116 bytes");
  });

  test("is sent a hundred times a second", () => {
    wire.forgets = true;
    const before = wire.counters.sentFrames;
    for (let i = 0; i < 5000; i++) peer.send(NET, 1, 99, new Uint8Array(20));
    expect(wire.counters.sentFrames - before).toBe(100);
    expect(ipv6.counters.errorsSuppressed).toBe(4900);
    step(SECOND / 10);
    for (let i = 0; i < 5000; i++) peer.send(NET, 1, 99, new Uint8Array(20));
    expect(wire.counters.sentFrames - before).toBe(110);
  });

  test("that arrives is told to the transport", () => {
    const path = ipv6.path(0, 0, FAR, 9)!;
    send(path, 20);
    const frame = wire.take();
    const router = new Peer6(wire, far.mac, FAR, 1);
    const errors: i32[] = [
      // type, code, what it means
      1, 0, 1, 1, 1, 4, 1, 2, 1, 1, 3, 1, 1, 4, 2, 1, 5, 4, 1, 6, 4, 3, 0, 6, 3, 1, 6, 4, 0, 1, 4,
      1, 3, 4, 2, 1,
    ];
    for (let i = 0; i < errors.length; i += 3) {
      router.errorAbout(frame, <u8>errors[i], <u8>errors[i + 1], 0);
      happened(`error ${errors[i + 2]} about 9:8;`);
    }
    // A type that nobody knows.
    router.errorAbout(frame, 100, 0, 0);
    happened("");
  });

  test("about what is not ours, or not all there, is nothing", () => {
    const path = ipv6.path(0, 0, FAR, 9)!;
    send(path, 20);
    const frame = wire.take();
    for (let bytes = 14; bytes < 14 + 48; bytes++)
      peer.icmp(NET, 1, 1, 4, 0, frame.slice(14, bytes));
    happened("");
    expect(ipv6.counters.errorsForeign).toBe(48);
    // Another source, another version, a protocol that nobody has.
    const forged = frame.slice(14);
    forged[23] = 5;
    peer.icmp(NET, 1, 1, 4, 0, forged);
    forged[23] = 1;
    forged[0] = 0x40;
    peer.icmp(NET, 1, 1, 4, 0, forged);
    forged[0] = 0x60;
    forged[6] = 99;
    peer.icmp(NET, 1, 1, 4, 0, forged);
    happened("");
    expect(ipv6.counters.errorsForeign).toBe(51);
    forged[6] = 17;
    peer.icmp(NET, 1, 1, 4, 0, forged);
    happened("error 2 about 9:8;");
  });
});

describe("a path MTU (RFC 8201)", () => {
  test("becomes smaller by a report, and is tried again after ten minutes", () => {
    const path = ipv6.path(0, 0, FAR, 9)!;
    expect(path.mtu).toBe(1500);
    expect(send(path, 1460)).toBe(0);
    far.errorAbout(wire.take(), 2, 0, 1400);
    happened("error 5 about 9:8 mtu 1400 now 1400;");
    expect(path.mtu).toBe(1400);
    expect(send(path, 1460)).toBe(TOO_LARGE);
    expect(send(path, 1360)).toBe(0);
    // Others have their own.
    expect(ipv6.path(0, 0, FAR, 10)!.mtu).toBe(1500);
    // It never becomes larger by a report.
    far.errorAbout(wire.take(), 2, 0, 1450);
    happened("");
    expect(path.mtu).toBe(1400);
    step(10 * MINUTE);
    path.begin();
    expect(path.mtu).toBe(1500);
  });

  test("is never below 1280, and not what a transport does not believe", () => {
    const path = ipv6.path(0, 0, FAR, 9)!;
    send(path, 1460);
    const frame = wire.take();
    far.errorAbout(frame, 2, 0, 1279);
    far.errorAbout(frame, 2, 0, 0x10000 + 1400);
    far.errorAbout(frame, 2, 0, 1500);
    happened("");
    believes = false;
    far.errorAbout(frame, 2, 0, 1280);
    happened("error 5 about 9:8 mtu 1280 now 1280;");
    expect(path.mtu).toBe(1500);
    believes = true;
    far.errorAbout(frame, 2, 0, 1300);
    believes = false;
    events = "";
    far.errorAbout(frame, 2, 0, 1280);
    happened("error 5 about 9:8 mtu 1280 now 1280;");
    expect(path.mtu).toBe(1300);
  });

  test("cuts datagrams that are larger", () => {
    const path = ipv6.path(0, 0, FAR, 9)!;
    send(path, 1460);
    far.errorAbout(wire.take(), 2, 0, 1280);
    expect(sendLarge(path, 1241)).toBe(0);
    sent(wire, "us > far fragment 0-1232+ of 17");
    sent(wire, "us > far fragment 1232-1241 of 17");
    expect(sendLarge(path, 1240)).toBe(0);
    sent(wire, "us > far udp 7 > 8, 1232 bytes");
  });
});

describe("fragments that arrive", () => {
  test("make a packet for the transport", () => {
    const datagram = peer.datagram(NET, 1, 7, 8, 2000);
    peer.fragment(NET, 1, 1, 17, 1000, false, datagram.slice(1000));
    peer.fragment(NET, 1, 1, 17, 0, true, datagram.slice(0, 1000));
    happened("2008 bytes of 2 for 1;");
    expect(ipv6.counters.reassembled).toBe(1);
    // Of one, that is all (RFC 6946): it does not wait for others of its number.
    peer.fragment(NET, 1, 2, 17, 0, true, datagram.slice(0, 1000));
    peer.fragment(NET, 1, 2, 17, 0, false, peer.datagram(NET, 1, 7, 8, 10));
    happened("18 bytes of 2 for 1;");
  });

  test("make one that is rejected with its own header in front", () => {
    rejects = PathError.PORT_UNREACHABLE;
    const datagram = peer.datagram(NET, 1, 7, 8, 20);
    peer.fragment(NET, 1, 1, 17, 16, false, datagram.slice(16));
    peer.fragment(NET, 1, 1, 17, 0, true, datagram.slice(0, 16));
    sent(wire, "us > them port unreachable, quotes 68 bytes");
  });

  test("that are none are answered", () => {
    peer.fragment(NET, 1, 1, 17, 0, true, new Uint8Array(15));
    sent(wire, "us > them parameter problem 0 at 4, quotes 63 bytes");
    peer.fragment(NET, 1, 1, 17, 65528, false, new Uint8Array(8));
    sent(wire, "us > them parameter problem 0 at 42, quotes 56 bytes");
    // RFC 7112: not all headers in the first.
    peer.fragment(NET, 1, 1, 60, 0, true, joined([new Uint8Array(8).fill(17, 0, 1)]));
    sent(wire, "us > them parameter problem 3 at 0, quotes 56 bytes");
    peer.fragment(NET, 1, 1, 60, 0, true, new Uint8Array(8).fill(60, 0, 1).fill(9, 1, 2));
    sent(wire, "us > them parameter problem 3 at 0, quotes 56 bytes");
    // One inside another.
    const inner = joined([new Uint8Array(8).fill(17, 0, 1).fill(9, 3, 4), new Uint8Array(16)]);
    peer.fragment(NET, 1, 7, 44, 0, true, inner);
    peer.fragment(NET, 1, 7, 44, 24, false, new Uint8Array(8));
    silence(wire);
    happened("");
  });

  test("that stay alone are told of after a minute, if the first was there", () => {
    peer.fragment(NET, 1, 1, 17, 0, true, new Uint8Array(1000));
    peer.fragment(NET, 1, 2, 17, 1000, true, new Uint8Array(1000));
    peer.fragment(GROUP, 1, 3, 17, 0, true, new Uint8Array(1000));
    for (let i = 0; i < 59; i++) step(SECOND);
    wire.forget();
    step(SECOND);
    sent(wire, "us > them time exceeded 1, quotes 1048 bytes");
    silence(wire);
    expect(ipv6.reassembly.bytes).toBe(0);
  });

  test("of a flood keep no more than they may", () => {
    for (let i = 0; i < 20_000; i++) {
      peer.low = 2 + (i & 1023);
      peer.fragment(NET, 1, i, 17, 0, true, new Uint8Array(1024));
      expect(ipv6.reassembly.bytes).toBeLessThanOrEqual(8 * 1024);
    }
    // And one that is whole gets through.
    const datagram = peer.datagram(NET, 1, 7, 8, 20);
    peer.fragment(NET, 1, 1, 17, 16, false, datagram.slice(16));
    peer.fragment(NET, 1, 1, 17, 0, true, datagram.slice(0, 16));
    happened(`28 bytes of ${peer.low} for 1;`);
  });
});

describe("a path", () => {
  test("is the same for the same way", () => {
    const path = ipv6.path(0, 0, FAR, 9)!;
    expect(ipv6.path(0, 0, FAR, 9) === path).toBe(true);
    expect(ipv6.path(NET, 1, FAR, 9) === path).toBe(true);
    expect(path.headerBytes).toBe(40);
    expect(path.bytesMax).toBe(1460);
    expect(path.segments).toBe(false);
    expect(path.hopLimit).toBe(64);
  });

  test("is not there to this host, to nobody, to IPv4, from what is not ours", () => {
    expect(ipv6.path(0, 0, NET, 1)).toBeNull();
    expect(ipv6.path(0, 0, 0, 0)).toBeNull();
    expect(ipv6.path(0, 0, 0, 1)).toBeNull();
    expect(ipv6.path(0, 0, 0, 0xffff_0a00_0001)).toBeNull();
    expect(ipv6.path(NET, 5, FAR, 9)).toBeNull();
    const other = new Ipv6(new Ethernet(new Wire()), new TestRandom(), false);
    expect(other.path(0, 0, FAR, 9)).toBeNull();
    expect(other.isLocal(NET, 1)).toBe(false);
  });

  test("writes class, hop limit and label as it is told", () => {
    const path = ipv6.path(0, 0, FAR, 9)!;
    path.trafficClass = 0xb9;
    path.hopLimit = 3;
    send(path, 20);
    const frame = wire.take();
    expect(frame[14]).toBe(0x6b);
    expect(frame[15] >> 4).toBe(9);
    expect(frame[21]).toBe(3);
    send(path, 30);
    const second = wire.take();
    // The same flow, the same label; another flow, another one.
    for (let i = 15; i < 18; i++) expect(second[i]).toBe(frame[i]);
    const at = path.begin();
    fill(at, 20);
    store<u16>(at, 0x1234);
    path.send(Protocol.UDP, 20, 6, 0);
    const third = wire.take();
    expect(third[15] == frame[15] && third[16] == frame[16] && third[17] == frame[17]).toBe(false);
  });

  test("never sends a checksum of 0, which would be none", () => {
    const path = ipv6.path(0, 0, FAR, 9)!;
    const at = path.begin();
    fill(at, 20);
    store<u16>(at, 0, 18);
    path.send(Protocol.UDP, 20, 6, 0);
    const sum = load<u16>(wire.take().dataStart, 54 + 6);
    fill(path.begin(), 20);
    store<u16>(at, sum, 18);
    path.send(Protocol.UDP, 20, 6, 0);
    expect(load<u16>(wire.take().dataStart, 54 + 6)).toBe(0xffff);
  });

  test("to a group needs no neighbour", () => {
    const path = ipv6.path(0, 0, GROUP, 0xfb)!;
    send(path, 20);
    // From the address of this link.
    const text = wire.takeWithHeader();
    expect(text[10]).toBe(0x33);
    expect(text[24 + 8]).toBe(0xfe);
    expect(path.hopLimit).toBe(1);
  });

  test("back goes where the packet came from, without asking anybody", () => {
    // A source in our net that nobody knows.
    peer.low = 0x99;
    peer.udp(NET, 1, 7, 8, 10);
    const path = ipv6.pathBack(seen!)!;
    send(path, 20);
    sent(wire, "us > 2001:db8::99 udp 7 > 8, 12 bytes");
    silence(wire);
    expect(ipv6.discovery.neighbours.length).toBe(2);
    peer.udp(GROUP, 1, 7, 8, 10);
    expect(ipv6.pathBack(seen!)).toBeNull();
  });

  test("says when the link has no room, and when it is gone", () => {
    const path = ipv6.path(0, 0, FAR, 9)!;
    wire.isFull = true;
    expect(send(path, 20)).toBe(Errno.AGAIN);
    expect(sendLarge(path, 3000)).toBe(Errno.AGAIN);
    ipv6.whenReady(new Ready());
    wire.drain();
    happened("ready;");
    expect(send(path, 20)).toBe(0);
    wire.detach();
    expect(send(path, 20)).toBe(Errno.GONE);
    step(SECOND);
  });

  test("without a route any more says so", () => {
    const path = ipv6.path(0, 0, FAR, 9)!;
    ipv6.removeRoute(0, 0, 0, LINK, 0xfe);
    expect(send(path, 20)).toBe(NO_ROUTE);
    expect(sendLarge(path, 2000)).toBe(NO_ROUTE);
    expect(ipv6.path(0, 0, FAR, 9)).toBeNull();
    expect(ipv6.rank(FAR, 9)).toBe(0);
    expect(ipv6.rank(NET, 9)).toBeGreaterThan(0);
  });

  test("from an address that was given up ends", () => {
    const path = ipv6.path(0, 0, FAR, 9)!;
    expect(ipv6.removeAddress(NET, 5)).toBe(false);
    expect(ipv6.removeAddress(NET, 1)).toBe(true);
    expect(ipv6.isLocal(NET, 1)).toBe(false);
    expect(send(path, 20)).toBe(NO_ROUTE);
    // The address of the link does not reach that far.
    expect(ipv6.path(0, 0, FAR, 9)).toBeNull();
    peer.echo(NET, 1, 7, 9, 8);
    silence(wire);
  });

  test("takes no packet that cannot be", () => {
    const path = ipv6.path(0, 0, FAR, 9)!;
    expect(sendLarge(path, 65536)).toBe(1);
    expect(sendLarge(path, 65535)).toBe(0);
    let bytes = 0;
    while (wire.pending > 0) bytes += wire.take().length - 62;
    expect(bytes).toBe(65535);
  });

  test("is one of many: a table of them has its bounds", () => {
    const first = ipv6.path(0, 0, FAR, 9)!;
    for (let low: u64 = 100; low < 5000; low++) expect(ipv6.path(0, 0, FAR, low)).not.toBeNull();
    // Whoever has one keeps it.
    send(first, 20);
    sent(wire, "us > far udp 7 > 8, 12 bytes");
  });
});

describe("a link that helps", () => {
  test("completes checksums", () => {
    const other = new Wire(1500, NetFeature.CHECKSUM_SEND);
    const path = stackOn(other).path(0, 0, FAR, 9)!;
    send(path, 20);
    sent(other, "us > far udp 7 > 8, 12 bytes partial checksum at 40+6");
    // Not those of fragments.
    sendLarge(path, 1461);
    sent(other, "us > far fragment 0-1448+ of 17");
    sent(other, "us > far fragment 1448-1461 of 17");
  });

  test("cuts segments", () => {
    const other = new Wire(1500, NetFeature.CHECKSUM_SEND | NetFeature.SEGMENT_SEND);
    const path = stackOn(other).path(0, 0, FAR, 9)!;
    expect(path.segments).toBe(true);
    expect(path.bytesMax).toBe(65495);
    expect(path.mtu).toBe(1500);
    const at = path.begin();
    memory.fill(at, 0, 65495);
    store<u8>(at, 0x80, 12);
    store<u8>(at, 0x10, 13);
    expect(path.send(Protocol.TCP, 20000, 16, 1428)).toBe(0);
    sent(
      other,
      "us > far tcp 0 > 0 ACK, 19980 bytes partial checksum at 40+16, cut to 1428 behind 86 kind 4",
    );
    // One segment is no series.
    memory.fill(path.begin(), 0, 2000);
    store<u8>(at, 0x80, 12);
    expect(path.send(Protocol.TCP, 32 + 1428, 16, 1428)).toBe(0);
    sent(other, "us > far tcp 0 > 0 , 1440 bytes partial checksum at 40+16");
    path.begin();
    expect(path.send(Protocol.TCP, 65496, 16, 1428)).toBe(TOO_LARGE);
    expect(path.send(Protocol.TCP, 1461, 16, 0)).toBe(TOO_LARGE);
  });
});

test("a link that carries less than 1280 bytes is refused", () => {
  expectAbort(() => {
    new Ipv6(new Ethernet(new Wire(1279)), new TestRandom());
  }, "a link carries packets of at least 1280 bytes");
});

test("what a peer writes is what the reader of frames reads", () => {
  const bytes = new Uint8Array(8);
  put16(bytes, 0, 0x0102);
  put32(bytes, 4, 0x03040506);
  expect(bytes.toString()).toBe("1,2,0,0,3,4,5,6");
});
