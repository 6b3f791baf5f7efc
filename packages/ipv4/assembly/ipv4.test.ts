import { NetFeature } from "@phantasm/abi";
import {
  Errno,
  IPV4_HIGH,
  MINUTE,
  NO_ROUTE,
  Packet,
  Path,
  PathError,
  Protocol,
  SECOND,
  TOO_LARGE,
  TransportHandler,
  ipv4Low,
} from "@phantasm/interfaces";
import { describe, expect, expectAbort, test } from "@phantasm/testing";
import { Ethernet } from "@phantasm/ethernet";
import { OUR_MAC, Peer, TestRandom, Wire, step } from "@phantasm/ethernet/testing";
import { checksumIsValid } from "@phantasm/ip";
import { hold } from "@phantasm/runtime";
import { Ipv4 } from "./ipv4";
import { Ipv4Limits } from "./limits";
import { AddressListener } from "./routes";

const US: u32 = 0x0a000001;
const THEM: u32 = 0x0a000002;
const GATEWAY: u32 = 0x0a0000fe;
const FAR: u32 = 0xc0000201;

let heard: string = "";
let believes: bool = true;

function expectHeard(text: string): void {
  expect(heard).toBe(text);
  heard = "";
}

class Transport implements TransportHandler {
  constructor(private readonly name: string) {}

  onPacket(packet: Packet): void {
    heard += `${this.name} ${packet.bytes} bytes`;
    if (packet.isGroup) heard += " group";
    if (packet.hopLimit != 64) heard += ` ttl ${packet.hopLimit}`;
    if (packet.trafficClass != 0) heard += ` class ${packet.trafficClass}`;
    if (!checksumIsValid(packet)) heard += " BAD";
    heard += ";";
  }

  onPathError(packet: Packet, error: i32, mtu: i32): bool {
    heard += `${this.name} error ${error}`;
    if (mtu != 0) heard += ` mtu ${mtu}`;
    if (packet.bytes != 8) heard += ` of ${packet.bytes} bytes`;
    heard += ` from ${(<u32>packet.sourceLow) & 255} port ${bswap(load<u16>(packet.payload))};`;
    return believes;
  }

  onAddressLost(high: u64, low: u64): void {
    heard += `${this.name} lost ${(<u32>low) & 255};`;
  }
}

class Listener implements AddressListener {
  onAddressReady(address: u32): void {
    heard += `ready ${address & 255};`;
  }

  onAddressLost(address: u32): void {
    heard += `taken ${address & 255};`;
  }
}

const limits = new Ipv4Limits();
const wire = new Wire();
const ip = new Ipv4(new Ethernet(wire), new TestRandom(), limits);
const peer = new Peer(wire, 0x02_00_00_00_00_02, THEM);
const gateway = new Peer(wire, 0x02_00_00_00_00_fe, GATEWAY);
hold();

function start(): void {
  ip.register(Protocol.UDP, new Transport("udp"));
  ip.register(Protocol.TCP, new Transport("tcp"));
  ip.addAddress(US, 24, false, true);
  ip.addRoute(0, 0, GATEWAY);
  step(3 * SECOND);
  wire.forget();
}

function pathTo(destination: u32): Path | null {
  return ip.path(0, 0, IPV4_HIGH, ipv4Low(destination));
}

/** A datagram of so many bytes, header included. */
function sendOn(path: Path, bytes: i32): i32 {
  const at = path.begin();
  memory.fill(at, 0, bytes);
  store<u16>(at, bswap<u16>(4000));
  store<u16>(at, bswap<u16>(53), 2);
  store<u16>(at, bswap<u16>(<u16>bytes), 4);
  return path.send(Protocol.UDP, bytes, 6, 0);
}

function sendLargeOn(path: Path, bytes: i32): i32 {
  const at = path.beginLarge(bytes);
  if (at == 0) return TOO_LARGE;
  for (let i = 0; i < bytes; i++) store<u8>(at + i, <u8>(i * 7));
  store<u16>(at, bswap<u16>(4000));
  store<u16>(at, bswap<u16>(53), 2);
  store<u16>(at, bswap<u16>(<u16>bytes), 4);
  store<u16>(at, 0, 6);
  return path.sendLarge(Protocol.UDP, bytes, 6);
}

function bytes(count: i32): Uint8Array {
  const made = new Uint8Array(count);
  for (let at = 0; at < count; at++) made[at] = <u8>(at * 3);
  return made;
}

test("nothing leaves for 127/8: it never is on a link, and there is no way back to this host", () => {
  start();
  ip.addRoute(0, 0, GATEWAY);
  expect(ip.path(0, 0, IPV4_HIGH, ipv4Low(FAR)) !== null).toBe(true);
  expect(ip.path(0, 0, IPV4_HIGH, ipv4Low(0x7f000001)) === null).toBe(true);
  expect(ip.counters.noRoute).toBe(1);
});

describe("a packet that arrives", () => {
  test("goes to the transport of its protocol", () => {
    start();
    peer.udp(US, 1000, 53, bytes(20));
    expectHeard("udp 28 bytes;");
    peer.hopLimit = 1;
    peer.trafficClass = 3;
    peer.udp(US, 1000, 53, bytes(1));
    expectHeard("udp 9 bytes ttl 1 class 3;");
    expect(ip.counters.received).toBe(2);
  });

  test("without a transport is answered with protocol unreachable", () => {
    start();
    peer.ipv4(US, 132, bytes(12));
    wire.expect("icmp 10.0.0.1 > 10.0.0.2 protocol unreachable");
    expect(ip.counters.unknownProtocol).toBe(1);
  });

  test("is dropped when its header makes no sense", () => {
    start();
    const good = peer.packet(US, 17, peer.datagram(US, 1, 2, bytes(4)));
    for (let length = 0; length < good.length; length++)
      peer.ethernet(0x0800, good.slice(0, length));
    expect(ip.counters.malformed).toBe(good.length);
    for (let at = 0; at < 20; at++) {
      const bad = good.slice(0);
      bad[at] ^= 0x10;
      peer.ethernet(0x0800, bad);
    }
    expect(ip.counters.malformed).toBe(good.length + 20);
    expectHeard("");
    wire.expectNothing();
  });

  test("is dropped when it is not for us", () => {
    start();
    peer.udp(THEM + 1, 1, 2, bytes(1));
    peer.udp(0xe000_0001, 1, 2, bytes(1));
    peer.udp(0x0a00_0100, 1, 2, bytes(1));
    peer.target = 0xffff_ffff_ffff;
    peer.udp(US, 1, 2, bytes(1));
    expect(ip.counters.notForUs).toBe(4);
    expectHeard("");
    wire.expectNothing();
  });

  test("to everybody is for us too", () => {
    start();
    peer.target = 0xffff_ffff_ffff;
    peer.udp(0xffff_ffff, 1, 2, bytes(1));
    peer.udp(0x0a00_00ff, 1, 2, bytes(1));
    expectHeard("udp 9 bytes group;udp 9 bytes group;");
    peer.address = 0;
    peer.udp(0xffff_ffff, 1, 2, bytes(1));
    expectHeard("udp 9 bytes group;");
  });

  test("to a group is for those who joined", () => {
    start();
    expect(ip.joinGroup(0xe000_00fb)).toBe(true);
    peer.target = 0x0100_5e00_00fb;
    peer.udp(0xe000_00fb, 1, 2, bytes(1));
    expectHeard("udp 9 bytes group;");
    // The same link address, another group.
    peer.udp(0xe080_00fb, 1, 2, bytes(1));
    expectHeard("");
    ip.leaveGroup(0xe000_00fb);
    peer.udp(0xe000_00fb, 1, 2, bytes(1));
    expectHeard("");
    for (let at = 0; at < 8; at++) expect(ip.joinGroup(0xe000_0010 + at)).toBe(true);
    expect(ip.joinGroup(0xe000_0020)).toBe(false);
  });

  test("from nowhere, from us or from a group is a martian", () => {
    start();
    const sources: u32[] = [0, 0x7f00_0001, US, 0xe000_0001, 0xffff_ffff, 0x0a00_00ff, 0xf000_0001];
    for (let at = 0; at < sources.length; at++) {
      peer.address = sources[at];
      peer.udp(US, 1, 2, bytes(1));
    }
    expect(ip.counters.martian).toBe(sources.length);
    expectHeard("");
    wire.expectNothing();
  });

  test("may have options, but no source route", () => {
    start();
    const options = new Uint8Array(8);
    options.set([1, 7, 6, 4, 0, 0, 0, 0]);
    peer.options = options;
    peer.udp(US, 1, 2, bytes(1));
    expectHeard("udp 9 bytes;");
    options.set([1, 131, 7, 4, 10, 0, 0, 9]);
    peer.udp(US, 1, 2, bytes(1));
    options.set([137, 7, 4, 10, 0, 0, 9, 0]);
    peer.udp(US, 1, 2, bytes(1));
    expect(ip.counters.sourceRouted).toBe(2);
    // Lengths that lead nowhere end the list.
    options.set([7, 0, 131, 7, 7, 0, 0, 0]);
    peer.udp(US, 1, 2, bytes(1));
    options.set([1, 1, 1, 1, 1, 1, 1, 7]);
    peer.udp(US, 1, 2, bytes(1));
    expectHeard("udp 9 bytes;udp 9 bytes;");
  });

  test("to no address of ours is taken in while there is none, if that is wanted", () => {
    ip.register(Protocol.UDP, new Transport("udp"));
    peer.udp(0x0a000063, 67, 68, bytes(1));
    expectHeard("");
    ip.acceptsUnassigned = true;
    peer.udp(0x0a000063, 67, 68, bytes(1));
    expectHeard("udp 9 bytes;");
    ip.addAddress(US, 24, false, true);
    peer.udp(0x0a000063, 67, 68, bytes(1));
    expectHeard("");
  });
});

describe("a path", () => {
  test("on the link asks for the neighbour, and sends what waited", () => {
    start();
    const path = pathTo(THEM)!;
    expect(path.mtu).toBe(1500);
    expect(path.bytesMax).toBe(1480);
    expect(sendOn(path, 28)).toBe(0);
    wire.expect("arp who-has 10.0.0.2 tell 10.0.0.1");
    wire.expectNothing();
    peer.arpReply(US);
    wire.expect("udp 10.0.0.1:4000 > 10.0.0.2:53, 20 bytes");
    expect(sendOn(path, 1480)).toBe(0);
    const frame = wire.take();
    expect(frame.slice(0, 14).toString()).toBe("2,0,0,0,0,2,2,0,0,0,0,1,8,0");
    expect(frame.slice(14, 24).toString()).toBe("69,0,5,220,0,0,64,0,64,17");
    expect(sendOn(path, 1481)).toBe(TOO_LARGE);
  });

  test("is the same for all that ask for the same way", () => {
    start();
    const path = pathTo(THEM);
    expect(pathTo(THEM)).toBe(path);
    expect(ip.path(IPV4_HIGH, ipv4Low(US), IPV4_HIGH, ipv4Low(THEM))).toBe(path);
    expect(pathTo(THEM + 1)).not.toBe(path);
  });

  test("farther away goes by the gateway", () => {
    start();
    const path = pathTo(FAR)!;
    sendOn(path, 28);
    wire.expect("arp who-has 10.0.0.254 tell 10.0.0.1");
    gateway.arpReply(US);
    wire.expect("udp 10.0.0.1:4000 > 192.0.2.1:53, 20 bytes");
  });

  test("follows the longest prefix, and changes with the routes", () => {
    start();
    expect(ip.addRoute(0xc000_0200, 24, 0x0a00_00fd)).toBe(true);
    const path = pathTo(FAR)!;
    sendOn(path, 28);
    wire.expect("arp who-has 10.0.0.253 tell 10.0.0.1");
    expect(ip.addRoute(FAR, 32, 0x0a00_00fc)).toBe(true);
    sendOn(path, 28);
    wire.expect("arp who-has 10.0.0.252 tell 10.0.0.1");
    expect(ip.removeRoute(FAR, 32)).toBe(true);
    expect(ip.removeRoute(FAR, 32)).toBe(false);
    expect(ip.removeRoute(FAR, 24)).toBe(true);
    sendOn(path, 28);
    wire.expect("arp who-has 10.0.0.254 tell 10.0.0.1");
    expect(ip.removeRoute(0, 0)).toBe(true);
    expect(sendOn(path, 28)).toBe(NO_ROUTE);
    expect(pathTo(FAR)).toBeNull();
    for (let at = 0; at < 16; at++) expect(ip.addRoute(0x0b00_0000 + at, 32, GATEWAY)).toBe(true);
    expect(ip.addRoute(0x0c00_0000, 32, GATEWAY)).toBe(false);
  });

  test("starts at the address whose network the next hop is in", () => {
    start();
    ip.addAddress(0xac10_0005, 16, false, true);
    ip.addAddress(0xac10_0106, 24, false, true);
    expect(<u32>pathTo(THEM)!.sourceLow).toBe(US);
    expect(<u32>pathTo(0xac10_0909)!.sourceLow).toBe(0xac10_0005);
    expect(<u32>pathTo(0xac10_0109)!.sourceLow).toBe(0xac10_0106);
    expect(<u32>pathTo(FAR)!.sourceLow).toBe(US);
    expect(ip.path(IPV4_HIGH, ipv4Low(THEM), IPV4_HIGH, ipv4Low(FAR))).toBeNull();
  });

  test("without an address leads to a broadcast only, from nobody", () => {
    expect(pathTo(THEM)).toBeNull();
    const path = pathTo(0xffff_ffff)!;
    expect(sendOn(path, 28)).toBe(0);
    wire.expect("udp 0.0.0.0:4000 > 255.255.255.255:53, 20 bytes");
  });

  test("to a broadcast or a group asks nobody", () => {
    start();
    sendOn(pathTo(0x0a00_00ff)!, 28);
    expect(wire.take().slice(0, 6).toString()).toBe("255,255,255,255,255,255");
    sendOn(pathTo(0xe080_00fb)!, 28);
    expect(wire.take().slice(0, 6).toString()).toBe("1,0,94,0,0,251");
    wire.expectNothing();
  });

  test("to a neighbour that is silent tells the transport", () => {
    start();
    sendOn(pathTo(THEM)!, 28);
    step(SECOND);
    step(SECOND);
    expectHeard("");
    step(SECOND);
    expectHeard("udp error 7 of 28 bytes from 1 port 4000;");
    expect(ip.arp.waiting.count).toBe(0);
  });

  test("to ourselves does not exist", () => {
    start();
    expect(pathTo(US)).toBeNull();
    wire.expectNothing();
  });

  test("whose packets are fragments tells of the first only", () => {
    start();
    sendLargeOn(pathTo(THEM)!, 4000);
    for (let i = 0; i < 3; i++) step(SECOND);
    expectHeard("udp error 7 of 1480 bytes from 1 port 4000;");
    expect(ip.arp.waiting.count).toBe(0);
  });

  test("keeps its neighbour known as long as it is used", () => {
    start();
    const path = pathTo(THEM)!;
    sendOn(path, 28);
    peer.arpReply(US);
    wire.forget();
    step(59 * SECOND);
    sendOn(path, 28);
    wire.expect("udp 10.0.0.1:4000 > 10.0.0.2:53, 20 bytes");
    step(SECOND);
    wire.expect("arp who-has 10.0.0.2 tell 10.0.0.1");
    ip.confirm(path);
    step(10 * SECOND);
    sendOn(path, 28);
    wire.expect("udp 10.0.0.1:4000 > 10.0.0.2:53, 20 bytes");
    step(50 * SECOND);
    wire.expect("arp who-has 10.0.0.2 tell 10.0.0.1");
    peer.arpReply(US);
    step(60 * SECOND);
    step(SECOND);
    // Not used since, so not asked; but asked when it is.
    wire.expectNothing();
    sendOn(path, 28);
    wire.expect("arp who-has 10.0.0.2 tell 10.0.0.1");
    wire.expect("udp 10.0.0.1:4000 > 10.0.0.2:53, 20 bytes");
  });

  test("asks again when another neighbour has taken its place", () => {
    limits.neighbours = 1;
    const few = new Wire();
    const other = new Ipv4(new Ethernet(few), new TestRandom(), limits);
    other.addAddress(US, 24, false, true);
    few.forget();
    const one = other.path(0, 0, IPV4_HIGH, ipv4Low(THEM))!;
    const two = other.path(0, 0, IPV4_HIGH, ipv4Low(THEM + 1))!;
    sendOn(one, 28);
    few.forget();
    new Peer(few, 0x02_00_00_00_00_02, THEM).arpReply(US);
    few.expect("udp 10.0.0.1:4000 > 10.0.0.2:53, 20 bytes");
    sendOn(two, 28);
    few.forget();
    new Peer(few, 0x02_00_00_00_00_03, THEM + 1).arpReply(US);
    expect(few.take().slice(0, 6).toString()).toBe("2,0,0,0,0,3");
    sendOn(one, 28);
    few.expect("arp who-has 10.0.0.2 tell 10.0.0.1");
    few.expectNothing();
  });

  test("says what the link says", () => {
    start();
    peer.arpRequest(US);
    wire.forget();
    const path = pathTo(THEM)!;
    wire.isFull = true;
    expect(sendOn(path, 28)).toBe(Errno.AGAIN);
    wire.drain();
    expect(sendOn(path, 28)).toBe(0);
    wire.detach();
    expect(sendOn(path, 28)).toBe(Errno.GONE);
    expect(sendOn(pathTo(THEM + 1)!, 28)).toBe(Errno.GONE);
  });

  test("of one and the same hash place is found again while it is used", () => {
    const few = new Ipv4Limits();
    few.paths = 1;
    const other = new Ipv4(new Ethernet(new Wire()), new TestRandom(), few);
    other.addAddress(US, 24, false, true);
    const path = other.path(0, 0, IPV4_HIGH, ipv4Low(THEM))!;
    expect(other.path(0, 0, IPV4_HIGH, ipv4Low(THEM))).toBe(path);
    other.path(0, 0, IPV4_HIGH, ipv4Low(THEM + 1));
    expect(other.path(0, 0, IPV4_HIGH, ipv4Low(THEM))).not.toBe(path);
    expect(sendOn(path, 28)).toBe(0);
  });
});

describe("the way back", () => {
  test("leads to the link address that the packet came from, and asks nobody", () => {
    start();
    peer.address = FAR;
    peer.ipv4(US, 132, bytes(12));
    const frame = wire.take();
    expect(frame.slice(0, 6).toString()).toBe("2,0,0,0,0,2");
    wire.expectNothing();
    expect(ip.arp.count).toBe(0);
  });

  test("has numbers that do not repeat soon, and may be cut", () => {
    start();
    const seen = new Uint8Array(65536);
    for (let i = 0; i < 65536; i++) {
      const id = ip.nextIdentification();
      expect(seen[id]).toBe(0);
      seen[id] = 1;
    }
    peer.ipv4(US, 132, bytes(12));
    expect(wire.take()[14 + 6]).toBe(0);
  });
});

describe("a large datagram", () => {
  test("is cut up, and put together again by the other side", () => {
    start();
    peer.arpRequest(US);
    wire.forget();
    const path = pathTo(THEM)!;
    expect(sendLargeOn(path, 1480)).toBe(0);
    wire.expect("udp 10.0.0.1:4000 > 10.0.0.2:53, 1472 bytes");
    expect(sendLargeOn(path, 4000)).toBe(0);
    wire.expect("ip 10.0.0.1 > 10.0.0.2 fragment 0-1480+");
    wire.expect("ip 10.0.0.1 > 10.0.0.2 fragment 1480-2960+");
    wire.expect("ip 10.0.0.1 > 10.0.0.2 fragment 2960-4000");
    expect(sendLargeOn(path, 65515)).toBe(0);
    expect(wire.pending).toBe(45);
    wire.forget();
    expect(sendLargeOn(path, 65516)).toBe(TOO_LARGE);
  });

  test("that has begun to leave is lost when the link is full, and not sent twice", () => {
    start();
    peer.arpRequest(US);
    wire.forget();
    const path = pathTo(THEM)!;
    wire.isFull = true;
    expect(sendLargeOn(path, 4000)).toBe(Errno.AGAIN);
    wire.drain();
    wire.room = 2;
    expect(sendLargeOn(path, 4000)).toBe(0);
    expect(wire.pending).toBe(2);
    expect(ip.counters.fragmentsSent).toBe(2);
  });

  test("waits for the neighbour, as far as there is room", () => {
    start();
    expect(sendLargeOn(pathTo(THEM)!, 4000)).toBe(0);
    wire.expect("arp who-has 10.0.0.2 tell 10.0.0.1");
    peer.arpReply(US);
    expect(wire.pending).toBe(3);
  });

  /** Our own fragments come back as if a peer had sent them. */
  test("that arrives in fragments, in any order, is one packet", () => {
    start();
    peer.arpRequest(US);
    wire.forget();
    const orders: StaticArray<i32>[] = [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2],
      [1, 2, 0],
      [0, 0, 2, 1],
    ];
    for (let order = 0; order < orders.length; order++) {
      sendLargeOn(pathTo(THEM)!, 4000);
      const frames = [wire.take(), wire.take(), wire.take()];
      for (let at = 0; at < orders[order].length; at++) {
        const frame = frames[orders[order][at]];
        // Turned round: from them to us. The sums stay.
        const packet = frame.dataStart + 14;
        const source = load<u32>(packet, 12);
        store<u32>(packet, load<u32>(packet, 16), 12);
        store<u32>(packet, source, 16);
        peer.ethernet(0x0800, frame.slice(14));
        store<u32>(packet, load<u32>(packet, 12), 16);
        store<u32>(packet, source, 12);
      }
      expectHeard("udp 4000 bytes;");
      expect(ip.reassembly.pieces).toBe(0);
    }
    expect(ip.counters.reassembled).toBe(5);
  });
});

/** A fragment of a datagram, `from` and `to` in bytes. */
function fragment(id: u16, from: i32, to: i32, more: bool): void {
  peer.identification = id;
  peer.fragment = (<u16>(from >> 3)) | (more ? 0x2000 : 0);
  peer.ipv4(US, 17, bytes(to - from));
}

describe("fragments", () => {
  test("that overlap cost the whole datagram", () => {
    start();
    fragment(1, 0, 16, true);
    fragment(1, 8, 24, true);
    expect(ip.counters.reassemblyRefused).toBe(1);
    expect(ip.reassembly.pieces).toBe(0);
    fragment(2, 16, 32, false);
    fragment(2, 8, 24, true);
    expect(ip.counters.reassemblyRefused).toBe(2);
    fragment(3, 16, 32, false);
    fragment(3, 32, 40, true);
    expect(ip.counters.reassemblyRefused).toBe(3);
    fragment(4, 16, 32, false);
    fragment(4, 16, 40, false);
    expect(ip.counters.reassemblyRefused).toBe(4);
    fragment(5, 16, 32, true);
    fragment(5, 8, 16, false);
    expect(ip.counters.reassemblyRefused).toBe(5);
    expectHeard("");
    expect(ip.reassembly.pieces).toBe(0);
  });

  test("that cannot be are refused", () => {
    start();
    fragment(1, 0, 0, true);
    fragment(1, 0, 13, true);
    fragment(1, 65528, 65528 + 8, false);
    // More than the link carries, so that no piece has room for it.
    fragment(1, 0, 1600, true);
    expect(ip.counters.reassemblyRefused).toBe(4);
    expect(ip.reassembly.pieces).toBe(0);
  });

  test("that do not all come are given up, and the sender is told", () => {
    start();
    peer.arpRequest(US);
    wire.forget();
    fragment(1, 0, 1000, true);
    fragment(2, 8, 16, true);
    step(30 * SECOND - 1);
    expect(ip.reassembly.pieces).toBe(2);
    step(1);
    wire.expect("icmp 10.0.0.1 > 10.0.0.2 reassembly time exceeded");
    wire.expectNothing();
    expect(ip.counters.reassemblyTimedOut).toBe(2);
    expect(ip.reassembly.pieces).toBe(0);
  });

  test("of an error are given up without another error", () => {
    start();
    peer.arpRequest(US);
    wire.forget();
    const types: StaticArray<u8> = [3, 11, 5, 8];
    for (let at = 0; at < types.length; at++) {
      peer.identification = <u16>at;
      peer.fragment = 0x2000;
      peer.ipv4(US, 1, peer.icmpMessage(types[at], 0, 0, bytes(32)));
    }
    step(30 * SECOND);
    wire.expect("icmp 10.0.0.1 > 10.0.0.2 reassembly time exceeded");
    wire.expectNothing();
  });

  test("of more datagrams than there is room for: the oldest is given up", () => {
    start();
    for (let id = 1; id <= 17; id++) {
      fragment(<u16>id, 0, 8, true);
      step(1);
    }
    expect(ip.counters.reassemblyEvicted).toBe(1);
    fragment(1, 8, 16, false);
    expectHeard("");
    fragment(17, 8, 16, false);
    expectHeard("udp 16 bytes BAD;");
  });

  test("of one datagram take at most what there is", () => {
    start();
    fragment(1, 0, 8, true);
    step(1);
    for (let at = 1; at <= 63; at++) fragment(2, at * 8, at * 8 + 8, true);
    expect(ip.reassembly.pieces).toBe(64);
    fragment(2, 64 * 8, 65 * 8, true);
    expect(ip.counters.reassemblyEvicted).toBe(1);
    expect(ip.reassembly.pieces).toBe(64);
    fragment(2, 65 * 8, 66 * 8, true);
    expect(ip.counters.reassemblyRefused).toBe(1);
    expect(ip.reassembly.pieces).toBe(0);
  });
});

/** A packet of 1500 bytes to FAR, which a router refuses. */
function refused(mtu: u32): Path {
  start();
  const path = pathTo(FAR)!;
  sendOn(path, 28);
  gateway.arpReply(US);
  wire.forget();
  sendOn(path, 1480);
  gateway.errorAbout(wire.take(), 3, 4, mtu);
  return path;
}

test("fragments of a large MTU are fewer", () => {
  const big = new Wire(65000);
  const third = new Ipv4(new Ethernet(big), new TestRandom());
  third.addAddress(US, 24, false, true);
  const friend = new Peer(big, 0x02_00_00_00_00_02, THEM);
  for (let at = 0; at < 8; at++) {
    friend.identification = <u16>at;
    friend.fragment = 0x2000;
    friend.ipv4(US, 17, bytes(40000));
  }
  expect(third.reassembly.pieces).toBe(4);
  expect(third.counters.reassemblyEvicted).toBe(4);
});

test("limits have to make sense", () => {
  expectAbort(() => {
    limits.waiting = 0;
    new Ipv4(new Ethernet(new Wire()), new TestRandom(), limits);
  }, "ipv4: a limit is less than 1");
  expectAbort(() => {
    limits.waiting = 8;
    limits.paths = 100;
    new Ipv4(new Ethernet(new Wire()), new TestRandom(), limits);
  }, "must be powers of two");
});

describe("path MTU discovery", () => {
  test("believes a router about packets that are under way", () => {
    const path = refused(1400);
    expectHeard("udp error 5 mtu 1400 from 1 port 4000;");
    expect(path.mtu).toBe(1400);
    expect(sendOn(path, 1480)).toBe(TOO_LARGE);
    expect(pathTo(FAR)!.mtu).toBe(1400);
    expect(pathTo(FAR + 1)!.mtu).toBe(1500);
    expect(sendOn(path, 1380)).toBe(0);
    expect(wire.take()[14 + 6]).toBe(0x40);
    sendLargeOn(path, 1480);
    wire.expect("ip 10.0.0.1 > 192.0.2.1 fragment 0-1376+");
    wire.expect("ip 10.0.0.1 > 192.0.2.1 fragment 1376-1480");
  });

  test("does not believe what the transport does not know", () => {
    believes = false;
    const path = refused(1400);
    sendOn(path, 8);
    expect(path.mtu).toBe(1500);
    expect(ip.counters.mtuLearned).toBe(0);
  });

  test("guesses when the router does not say", () => {
    const path = refused(0);
    expectHeard("udp error 5 mtu 1492 from 1 port 4000;");
    sendOn(path, 8);
    expect(path.mtu).toBe(1492);
  });

  test("does not go below 576, but lets routers cut there", () => {
    const path = refused(68);
    sendOn(path, 8);
    expect(path.mtu).toBe(576);
    wire.forget();
    sendOn(path, 500);
    expect(wire.take()[14 + 6]).toBe(0);
  });

  test("ignores an MTU that would have been large enough", () => {
    const path = refused(1500);
    expectHeard("");
    sendOn(path, 8);
    expect(path.mtu).toBe(1500);
  });

  test("ignores a report about a packet that is small enough", () => {
    const path = refused(1500);
    sendOn(path, 28);
    gateway.errorAbout(wire.take(), 3, 4, 1400);
    expectHeard("");
    expect(path.mtu).toBe(1500);
  });

  test("does not grow by a report", () => {
    const path = refused(1500);
    sendOn(path, 1480);
    const frame = wire.take();
    gateway.errorAbout(frame, 3, 4, 1000);
    gateway.errorAbout(frame, 3, 4, 1400);
    gateway.errorAbout(frame, 3, 4, 1000);
    expectHeard("udp error 5 mtu 1000 from 1 port 4000;");
    expect(path.mtu).toBe(1000);
    // Another narrow place, behind the first.
    gateway.errorAbout(frame, 3, 4, 900);
    expectHeard("udp error 5 mtu 900 from 1 port 4000;");
    expect(path.mtu).toBe(900);
  });

  test("tries again after ten minutes", () => {
    const path = refused(1400);
    sendOn(path, 8);
    step(10 * MINUTE - 1);
    sendOn(path, 8);
    expect(path.mtu).toBe(1400);
    step(1);
    sendOn(path, 8);
    expect(path.mtu).toBe(1500);
  });
});

describe("offloads", () => {
  test("leave the checksum and the cutting to the link", () => {
    const strong = new Wire(1500, NetFeature.CHECKSUM_SEND | NetFeature.SEGMENT_SEND);
    const other = new Ipv4(new Ethernet(strong), new TestRandom());
    other.addAddress(US, 24, false, true);
    const path = other.path(0, 0, IPV4_HIGH, ipv4Low(0xffff_ffff))!;
    expect(path.segments).toBe(true);
    expect(path.bytesMax).toBe(65515);
    strong.forget();
    sendOn(path, 28);
    strong.expect("udp 10.0.0.1:4000 > 255.255.255.255:53, 20 bytes partial checksum");
    const at = path.begin();
    memory.fill(at, 0, 9000);
    store<u8>(at, 0x50, 12);
    expect(path.send(Protocol.TCP, 9000, 16, 1460)).toBe(0);
    strong.expect(
      "tcp 10.0.0.1:0 > 255.255.255.255:0  seq 0 ack 0 win 0, 8980 bytes partial checksum, cut to 1460",
    );
    path.begin();
    expect(path.send(Protocol.TCP, 9000, 16, 0)).toBe(TOO_LARGE);
  });
});

describe("an address", () => {
  test("that is probed can be used later, and is lost to a conflict", () => {
    ip.register(Protocol.UDP, new Transport("udp"));
    expect(ip.addAddress(US, 24, true, false, new Listener())).toBe(true);
    expect(ip.addAddress(US, 24, true, false)).toBe(false);
    expect(ip.isLocal(IPV4_HIGH, ipv4Low(US))).toBe(false);
    expect(pathTo(THEM)).toBeNull();
    peer.udp(US, 1, 2, bytes(1));
    expectHeard("");
    for (let i = 0; i < 8; i++) step(SECOND);
    expectHeard("ready 1;");
    expect(ip.isLocal(IPV4_HIGH, ipv4Low(US))).toBe(true);
    peer.udp(US, 1, 2, bytes(1));
    expectHeard("udp 9 bytes;");
    const path = pathTo(THEM)!;
    const thief = new Peer(wire, 0x02_00_00_00_00_99, US);
    thief.arpRequest(US);
    thief.arpRequest(US);
    expectHeard("udp lost 1;taken 1;");
    expect(ip.isLocal(IPV4_HIGH, ipv4Low(US))).toBe(false);
    expect(sendOn(path, 28)).toBe(NO_ROUTE);
    peer.udp(US, 1, 2, bytes(1));
    expectHeard("");
  });

  test("that is removed is lost for those who use it", () => {
    start();
    expect(ip.removeAddress(US)).toBe(true);
    expectHeard("udp lost 1;tcp lost 1;");
    expect(ip.removeAddress(US)).toBe(false);
    for (let at = 0; at < 8; at++) expect(ip.addAddress(US + at, 24, false, true)).toBe(true);
    expect(ip.addAddress(US + 8, 24, false, true)).toBe(false);
  });

  test("comes with an MTU", () => {
    start();
    const path = pathTo(THEM)!;
    ip.mtu = 1400;
    sendOn(path, 8);
    expect(path.mtu).toBe(1400);
    ip.mtu = 100;
    expect(ip.mtu).toBe(1400);
    ip.mtu = 9000;
    expect(ip.mtu).toBe(1500);
  });
});

describe("ICMP", () => {
  test("answers an echo request with all its data", () => {
    start();
    peer.echo(US, 7, 1, bytes(56));
    const reply = wire.take();
    expect(reply.slice(14 + 20 + 8).toString()).toBe(bytes(56).toString());
    peer.echo(US, 7, 2, bytes(56));
    wire.expect("icmp 10.0.0.1 > 10.0.0.2 echo reply id 7 seq 2, 56 bytes");
    peer.echo(US, 7, 3, bytes(0));
    wire.expect("icmp 10.0.0.1 > 10.0.0.2 echo reply id 7 seq 3, 0 bytes");
    expect(ip.icmp.counters.echoReplies).toBe(3);
  });

  test("does not answer groups, nor what is broken", () => {
    start();
    peer.echo(0x0a00_00ff, 7, 1, bytes(56));
    peer.ipv4(US, 1, bytes(7));
    peer.ipv4(US, 1, bytes(64));
    wire.expectNothing();
    expect(ip.icmp.counters.malformed).toBe(2);
  });

  test("answers so many a second", () => {
    start();
    for (let i = 0; i < 3000; i++) peer.echo(US, 7, <u16>i, bytes(0));
    expect(ip.icmp.counters.echoReplies).toBe(1000);
    expect(ip.icmp.counters.limited).toBe(2000);
    step(SECOND / 1000);
    for (let i = 0; i < 1000; i++) peer.echo(US, 7, <u16>i, bytes(0));
    expect(ip.icmp.counters.echoReplies).toBe(1050);
  });

  test("sends so many errors, and quotes as much as 576 bytes hold", () => {
    start();
    peer.ipv4(US, 132, bytes(1400));
    const error = wire.take();
    expect(error.length).toBe(14 + 576);
    expect(error.slice(14 + 20 + 8 + 20, 14 + 576).toString()).toBe(bytes(528).toString());
    for (let i = 0; i < 1000; i++) peer.ipv4(US, 132, bytes(8));
    expect(ip.icmp.counters.errorsSent).toBe(100);
    expect(ip.icmp.counters.limited).toBe(901);
  });

  test("sends no error about a group or a broken fragment", () => {
    start();
    peer.ipv4(0x0a00_00ff, 132, bytes(8));
    wire.expectNothing();
  });

  test("tells the transport what is quoted of it", () => {
    start();
    peer.arpRequest(US);
    wire.forget();
    sendOn(pathTo(THEM)!, 28);
    const frame = wire.take();
    for (let code: u8 = 0; code < 16; code++) if (code != 4) peer.errorAbout(frame, 3, code);
    const p = " from 1 port 4000;udp error ";
    expectHeard(
      `udp error 1${p}1${p}3${p}2${p}1${p}1${p}1${p}1${p}4${p}4${p}1${p}1${p}4${p}1${p}1 from 1 port 4000;`,
    );
    peer.errorAbout(frame, 11, 0);
    peer.errorAbout(frame, 11, 1);
    expectHeard("udp error 6 from 1 port 4000;udp error 6 from 1 port 4000;");
  });

  test("does not believe errors about what we did not send, nor redirects", () => {
    start();
    const datagram = peer.datagram(US, 4000, 53, bytes(8));
    // Somebody else's packet.
    peer.icmp(US, 3, 3, 0, peer.packet(US, 17, datagram));
    peer.address = US;
    const ours = peer.packet(THEM, 17, datagram);
    peer.address = THEM;
    for (let length = 0; length < 28; length++) peer.icmp(US, 3, 3, 0, ours.slice(0, length));
    peer.icmp(US, 5, 1, GATEWAY, ours);
    peer.icmp(US, 4, 0, 0, ours);
    const middle = ours.slice(0);
    middle[7] = 1;
    peer.icmp(US, 3, 3, 0, middle);
    const longHeader = ours.slice(0);
    longHeader[0] = 0x4f;
    peer.icmp(US, 3, 3, 0, longHeader);
    expectHeard("");
    peer.icmp(US, 3, 3, 0, ours);
    expectHeard("udp error 2 of 16 bytes from 1 port 4000;");
  });
});
