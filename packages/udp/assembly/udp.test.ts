import { NetFeature } from "@phantasm/abi";
import {
  ADDRESS_IN_USE,
  Datagram,
  EXHAUSTED,
  Endpoint,
  Errno,
  IpAddress,
  NO_ROUTE,
  SECOND,
  TOO_LARGE,
  UdpHandler,
  UdpSocket,
  UdpWaiter,
} from "@phantasm/interfaces";
import { describe, expect, expectAbort, expectExit, test } from "@phantasm/testing";
import { Ethernet } from "@phantasm/ethernet";
import { Peer, TestRandom, Wire, step } from "@phantasm/ethernet/testing";
import { Ipv4 } from "@phantasm/ipv4";
import { leave } from "@phantasm/runtime";
import { UdpLayer } from "./udp";

const US: u32 = 0x0a000001;
const THEM: u32 = 0x0a000002;

let heard: string = "";

function expectHeard(text: string): void {
  expect(heard).toBe(text);
  heard = "";
}

class Handler implements UdpHandler, UdpWaiter {
  /** What it does with a datagram. */
  answer: string = "";

  onDatagram(socket: UdpSocket, datagram: Datagram): void {
    const source = (<u32>datagram.sourceLow) & 255;
    heard += `${datagram.bytes} from ${source}:${datagram.sourcePort} to ${(<u32>datagram.destinationLow) & 255};`;
    if (this.answer == "in place") {
      const at = socket.beginReply(datagram);
      memory.copy(at, datagram.payload, datagram.bytes);
      heard += `${socket.sendReply(datagram.bytes)};`;
    } else if (this.answer == "from an array") {
      const copy = new Uint8Array(datagram.bytes);
      datagram.copyOut(0, copy, 0, datagram.bytes);
      heard += `${socket.reply(datagram, copy, 0, copy.length)};`;
    } else if (this.answer == "too much") {
      socket.beginReply(datagram);
      heard += `${socket.replyBytesMax} ${socket.sendReply(socket.replyBytesMax + 1)} ${socket.sendReply(socket.replyBytesMax)};`;
    } else if (this.answer == "close") socket.close();
  }

  onDatagramError(socket: UdpSocket, remote: Endpoint, error: i32): void {
    heard += `error ${error} of ${remote.address.ipv4 & 255}:${remote.port};`;
  }

  onUdpWritable(socket: UdpSocket): void {
    heard += `writable ${socket.localPort};`;
  }
}

const wire = new Wire();
const ip = new Ipv4(new Ethernet(wire), new TestRandom());
const udp = new UdpLayer(ip, new TestRandom(7), 16);
const handler = new Handler();
const peer = new Peer(wire, 0x02_00_00_00_00_02, THEM);
const them = new IpAddress(0, 0xffff_0000_0000 | (<u64>THEM));

function start(): void {
  ip.addAddress(US, 24, false, true);
  peer.arpRequest(US);
  wire.forget();
}

function bytes(count: i32): Uint8Array {
  const made = new Uint8Array(count);
  for (let at = 0; at < count; at++) made[at] = <u8>(at * 3);
  return made;
}

function send(socket: UdpSocket, port: u16, count: i32): i32 {
  return socket.send(new Endpoint(them, port), bytes(count), 0, count);
}

describe("a datagram", () => {
  test("goes to the socket of its port", () => {
    start();
    const socket = udp.bind(53, handler)!;
    udp.bind(53 + 64, handler);
    expect(socket.localPort).toBe(53);
    peer.udp(US, 1000, 53, bytes(20));
    peer.udp(US, 1001, 53, bytes(0));
    expectHeard("20 from 2:1000 to 1;0 from 2:1001 to 1;");
    expect(udp.counters.received).toBe(2);
  });

  test("for a port that nobody has is refused, unless it went to many", () => {
    start();
    peer.udp(US, 1000, 54, bytes(20));
    wire.expect("icmp 10.0.0.1 > 10.0.0.2 port unreachable");
    peer.udp(0x0a00_00ff, 1000, 54, bytes(20));
    wire.expectNothing();
    expect(udp.counters.noPort).toBe(2);
  });

  test("to everybody is received too, and answered from our address", () => {
    start();
    udp.bind(67, handler);
    handler.answer = "in place";
    peer.udp(0xffff_ffff, 68, 67, bytes(20));
    expectHeard("20 from 2:68 to 255;0;");
    wire.expect("udp 10.0.0.1:67 > 10.0.0.2:68, 20 bytes");
    // Nobody can be answered who has no address.
    peer.address = 0;
    peer.udp(0xffff_ffff, 68, 67, bytes(20));
    expectHeard(`20 from 0:68 to 255;${NO_ROUTE};`);
  });

  test("with a length that makes no sense is dropped", () => {
    start();
    udp.bind(53, handler);
    const good = peer.datagram(US, 1000, 53, bytes(4));
    for (let length = 0; length < good.length; length++) peer.ipv4(US, 17, good.slice(0, length));
    good[5] = 7;
    peer.ipv4(US, 17, good);
    expect(udp.counters.malformed).toBe(good.length + 1);
    expectHeard("");
    wire.expectNothing();
  });

  test("with a wrong checksum is dropped and counted; without one it is good", () => {
    start();
    const socket = udp.bind(53, handler)!;
    const datagram = peer.datagram(US, 1000, 53, bytes(4));
    datagram[9] ^= 1;
    peer.ipv4(US, 17, datagram);
    expect(socket.droppedDatagrams).toBe(1);
    expect(udp.counters.badChecksum).toBe(1);
    datagram[6] = 0;
    datagram[7] = 0;
    peer.ipv4(US, 17, datagram);
    expectHeard("4 from 2:1000 to 1;");
    // Nobody is told about a broken one.
    datagram[3] = 99;
    datagram[7] = 1;
    peer.ipv4(US, 17, datagram);
    wire.expectNothing();
  });

  test("shorter than its packet is as long as it says", () => {
    start();
    udp.bind(53, handler);
    const datagram = peer.datagram(US, 1000, 53, bytes(4));
    const longer = new Uint8Array(datagram.length + 5);
    longer.fill(0xee);
    longer.set(datagram);
    peer.ipv4(US, 17, longer);
    expectHeard("4 from 2:1000 to 1;");
  });
});

describe("an answer", () => {
  test("in place needs no neighbour", () => {
    ip.addAddress(US, 24, false, true);
    wire.forget();
    udp.bind(53, handler);
    handler.answer = "in place";
    peer.udp(US, 1000, 53, bytes(20));
    wire.expect("udp 10.0.0.1:53 > 10.0.0.2:1000, 20 bytes");
    wire.expectNothing();
    expectHeard("20 from 2:1000 to 1;0;");
  });

  test("from an array", () => {
    start();
    udp.bind(53, handler);
    handler.answer = "from an array";
    peer.udp(US, 1000, 53, bytes(20));
    wire.expect("udp 10.0.0.1:53 > 10.0.0.2:1000, 20 bytes");
  });

  test("fills a frame, and no more", () => {
    start();
    udp.bind(53, handler);
    handler.answer = "too much";
    peer.udp(US, 1000, 53, bytes(20));
    expectHeard(`20 from 2:1000 to 1;1472 ${TOO_LARGE} 0;`);
    wire.expect("udp 10.0.0.1:53 > 10.0.0.2:1000, 1472 bytes");
  });

  test("to what is not being handled is a mistake", () => {
    start();
    udp.bind(53, handler);
    peer.udp(US, 1000, 53, bytes(20));
    expectAbort(() => {
      udp.bind(54, handler)!.beginReply(new Datagram());
    }, "udp: an answer to a datagram that is not being handled");
  });
});

describe("sending", () => {
  test("from any port to any other", () => {
    start();
    const socket = udp.bind(4000, handler)!;
    expect(send(socket, 53, 20)).toBe(0);
    wire.expect("udp 10.0.0.1:4000 > 10.0.0.2:53, 20 bytes");
    expect(send(socket, 53, 0)).toBe(0);
    wire.expect("udp 10.0.0.1:4000 > 10.0.0.2:53, 0 bytes");
    expect(udp.counters.sent).toBe(2);
  });

  test("of more than a frame goes in fragments, and of too much not at all", () => {
    start();
    const socket = udp.bind(4000, handler)!;
    expect(send(socket, 53, 2000)).toBe(0);
    wire.expect("ip 10.0.0.1 > 10.0.0.2 fragment 0-1480+");
    wire.expect("ip 10.0.0.1 > 10.0.0.2 fragment 1480-2008");
    expect(send(socket, 53, 65507)).toBe(0);
    wire.forget();
    expect(send(socket, 53, 65508)).toBe(TOO_LARGE);
  });

  test("with a hop limit of its own; 1 to groups", () => {
    start();
    const socket = udp.bind(4000, handler)!;
    send(socket, 53, 1);
    expect(wire.take()[14 + 8]).toBe(64);
    const group = new Endpoint(IpAddress.ipv4(224, 0, 0, 251), 5353);
    socket.send(group, bytes(1), 0, 1);
    expect(wire.take()[14 + 8]).toBe(1);
    socket.hopLimit = 9;
    socket.send(group, bytes(1), 0, 1);
    expect(wire.take()[14 + 8]).toBe(9);
    send(socket, 53, 1);
    expect(wire.take()[14 + 8]).toBe(9);
  });

  test("nowhere says so", () => {
    start();
    const socket = udp.bind(4000, handler)!;
    const far = new Endpoint(IpAddress.ipv4(192, 0, 2, 1), 53);
    expect(socket.send(far, bytes(1), 0, 1)).toBe(NO_ROUTE);
    const v6 = new Endpoint(new IpAddress(0x2001_0db8_0000_0000, 1), 53);
    expect(socket.send(v6, bytes(1), 0, 1)).toBe(NO_ROUTE);
  });

  test("without room comes back later", () => {
    start();
    const socket = udp.bind(4000, handler)!;
    const closed = udp.bind(4001, handler)!;
    wire.isFull = true;
    expect(send(socket, 53, 20)).toBe(Errno.AGAIN);
    socket.whenWritable(handler);
    closed.whenWritable(handler);
    closed.close();
    expectHeard("");
    wire.drain();
    expectHeard("writable 4000;");
    expect(send(socket, 53, 20)).toBe(0);
  });

  test("an array is not left", () => {
    expectAbort(() => {
      start();
      const socket = udp.bind(4000, handler)!;
      socket.send(new Endpoint(them, 1), bytes(4), 2, 3);
    }, "udp: a datagram reaches beyond its array");
  });

  test("a checksum of zero is sent as the other zero", () => {
    start();
    const socket = udp.bind(4000, handler)!;
    const payload = new Uint8Array(2);
    let found = 0;
    for (let value = 0; value < 65536; value++) {
      store<u16>(payload.dataStart, <u16>value);
      socket.send(new Endpoint(them, 53), payload, 0, 2);
      const frame = wire.take();
      const sum = load<u16>(frame.dataStart + 14 + 20 + 6);
      expect(sum).not.toBe(0);
      if (sum == 0xffff) found++;
    }
    expect(found).toBe(1);
  });
});

describe("an error", () => {
  test("about what was sent reaches the socket", () => {
    start();
    const socket = udp.bind(4000, handler)!;
    send(socket, 53, 20);
    const frame = wire.take();
    peer.errorAbout(frame, 3, 3);
    peer.errorAbout(frame, 3, 1);
    expectHeard("error -32 of 2:53;error -34 of 2:53;");
    expect(udp.counters.errors).toBe(2);
  });

  test("about what was not sent lately does not", () => {
    start();
    const socket = udp.bind(4000, handler)!;
    send(socket, 53, 20);
    const first = wire.take();
    for (let port = 54; port < 58; port++) send(socket, <u16>port, 20);
    wire.forget();
    peer.errorAbout(first, 3, 3);
    expectHeard("");
    send(socket, 53, 20);
    const again = wire.take();
    again[14 + 20 + 3] = 99;
    peer.errorAbout(again, 3, 3);
    again[14 + 20] ^= 1;
    peer.errorAbout(again, 3, 3);
    expectHeard("");
    expect(ip.icmp.counters.malformed).toBe(3);
  });

  test("of a narrow path is told, and what follows is cut to fit", () => {
    start();
    const socket = udp.bind(4000, handler)!;
    send(socket, 53, 1400);
    peer.errorAbout(wire.take(), 3, 4, 1000);
    expectHeard(`error ${TOO_LARGE} of 2:53;`);
    expect(send(socket, 53, 1400)).toBe(0);
    wire.expect("ip 10.0.0.1 > 10.0.0.2 fragment 0-976+");
    wire.expect("ip 10.0.0.1 > 10.0.0.2 fragment 976-1408");
  });

  test("of a silent neighbour is told", () => {
    ip.addAddress(US, 24, false, true);
    const socket = udp.bind(4000, handler)!;
    send(socket, 53, 1);
    for (let i = 0; i < 3; i++) step(SECOND);
    expectHeard("error -34 of 2:53;");
  });
});

describe("a port", () => {
  test("is bound once, and free when it is closed", () => {
    start();
    const first = udp.bind(53, handler)!;
    expect(udp.bind(53, handler)).toBeNull();
    expect(udp.bindError).toBe(ADDRESS_IN_USE);
    first.close();
    first.close();
    expect(udp.sockets).toBe(0);
    expect(udp.bind(53, handler)).not.toBeNull();
  });

  test("of those that share a place: any may be closed", () => {
    start();
    const sockets: UdpSocket[] = [];
    for (let at = 0; at < 4; at++) sockets.push(udp.bind(<u16>(100 + 64 * at), handler)!);
    sockets[1].close();
    sockets[3].close();
    for (let at = 0; at < 4; at++) peer.udp(US, <u16>at, <u16>(100 + 64 * at), bytes(1));
    expectHeard("1 from 2:0 to 1;1 from 2:2 to 1;");
  });

  test("is picked at random when none is named", () => {
    const seen = new Map<u16, bool>();
    for (let i = 0; i < 16; i++) {
      const port = udp.bind(0, handler)!.localPort;
      expect(port).toBeGreaterThanOrEqual(16384);
      seen.set(port, true);
    }
    expect(seen.size).toBe(16);
    expect(udp.bind(0, handler)).toBeNull();
    expect(udp.bindError).toBe(EXHAUSTED);
  });

  test("keeps the domain alive until it is closed or in the background", () => {
    const socket = udp.bind(53, handler)!;
    const other = udp.bind(54, handler)!;
    leave();
    socket.close();
    socket.background();
    leave();
    other.background();
    other.background();
    expectExit(() => {
      leave();
    }, 0);
  });

  test("may be closed by its handler", () => {
    start();
    udp.bind(53, handler);
    handler.answer = "close";
    peer.udp(US, 1000, 53, bytes(1));
    peer.udp(US, 1000, 53, bytes(1));
    expectHeard("1 from 2:1000 to 1;");
    wire.expect("icmp 10.0.0.1 > 10.0.0.2 port unreachable");
  });
});

test("a checksum that the link vouches for is not looked at", () => {
  const strong = new Wire(1500, NetFeature.CHECKSUM_RECEIVE | NetFeature.CHECKSUM_SEND);
  const other = new Ipv4(new Ethernet(strong), new TestRandom());
  const layer = new UdpLayer(other, new TestRandom());
  other.addAddress(US, 24, false, true);
  strong.forget();
  handler.answer = "in place";
  layer.bind(53, handler);
  const friend = new Peer(wire, 0x02_00_00_00_00_02, THEM);
  const datagram = friend.datagram(US, 1000, 53, bytes(4));
  datagram[6] ^= 0xff;
  const packet = friend.packet(US, 17, datagram);
  const frame = new Uint8Array(14 + packet.length);
  frame.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]);
  frame.set(packet, 14);
  strong.arrive(frame);
  expectHeard("");
  strong.arrive(frame, 1);
  expectHeard("4 from 2:1000 to 1;0;");
  strong.expect("udp 10.0.0.1:53 > 10.0.0.2:1000, 4 bytes partial checksum");
});
