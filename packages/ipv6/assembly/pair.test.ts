/** Two hosts on one wire that know nothing of each other: they find their addresses, and talk. */
import {
  Datagram,
  Endpoint,
  FrameHandler,
  IpAddress,
  LINK_HEADROOM_BYTES,
  Link,
  LinkCounters,
  LinkWaiter,
  Packet,
  Protocol,
  SECOND,
  TransportHandler,
  UdpHandler,
  UdpSocket,
} from "@phantasm/interfaces";
import { Ethernet } from "@phantasm/ethernet";
import { TestRandom, step } from "@phantasm/ethernet/testing";
import { hold } from "@phantasm/runtime";
import { describe, expect, test } from "@phantasm/testing";
import { UdpLayer } from "@phantasm/udp";
import { Ipv6 } from "./ipv6";

hold();

/** One end of a wire; what is sent lies in the other end's queue until `deliver`. */
class End implements Link {
  other: End | null = null;
  /** Of a hundred frames, so many are lost. */
  lossPercent: u32 = 0;
  private readonly address: Uint8Array = new Uint8Array(6);
  private readonly sums: LinkCounters = new LinkCounters();
  private readonly queue: Uint8Array[] = [];
  private readonly random: TestRandom;
  private handler: FrameHandler | null = null;

  constructor(number: u8) {
    this.random = new TestRandom(number);
    this.address[0] = 2;
    this.address[5] = number;
  }

  get mac(): Uint8Array {
    return this.address;
  }

  get mtu(): i32 {
    return 1500;
  }

  get features(): u32 {
    return 0;
  }

  get counters(): LinkCounters {
    return this.sums;
  }

  send(buffer: Uint8Array, offset: i32, length: i32): i32 {
    return this.sendOffloaded(buffer, offset, length);
  }

  sendOffloaded(buffer: Uint8Array, offset: i32, length: i32): i32 {
    this.sums.sentFrames++;
    if (this.random.below(100) >= this.lossPercent)
      this.other!.queue.push(buffer.slice(offset - LINK_HEADROOM_BYTES, offset + length));
    return 0;
  }

  receive(handler: FrameHandler): void {
    this.handler = handler;
  }

  background(): void {}

  stop(): void {}

  whenReady(waiter: LinkWaiter): void {}

  /** Hands over what has arrived; true if there was anything. */
  deliver(): bool {
    if (this.queue.length == 0) return false;
    const frame = this.queue.shift();
    this.handler!.onFrame(frame, LINK_HEADROOM_BYTES, frame.length - LINK_HEADROOM_BYTES);
    return true;
  }
}

const ends: End[] = [new End(1), new End(2)];
ends[0].other = ends[1];
ends[1].other = ends[0];
const one = new Ipv6(new Ethernet(ends[0]), new TestRandom(11));
const two = new Ipv6(new Ethernet(ends[1]), new TestRandom(12));

/** Time passes, and what is on the wire arrives. */
function pass(ns: i64): void {
  for (let left = ns; left > 0; left -= SECOND / 10) {
    step(SECOND / 10);
    settle();
  }
}

function settle(): void {
  for (let round = 0; round < 10_000; round++) {
    const first = ends[0].deliver();
    if (!ends[1].deliver() && !first) return;
  }
}

/** The address of that host on this link. */
function linkLocal(host: Ipv6): IpAddress {
  const address = host.discovery.addresses.linkLocal()!;
  return new IpAddress(address.high, address.low);
}

// What a case needs after a step, it keeps where the collector sees it.
let socket: UdpSocket | null = null;
let to: Endpoint = new Endpoint(new IpAddress(0, 0), 0);
const udpOne = new UdpLayer(one, new TestRandom(3));
const udpTwo = new UdpLayer(two, new TestRandom(4));

/** One has a socket, and two echoes at port 7. */
function open(): void {
  socket = udpOne.bind(0, new Echo(false));
  udpTwo.bind(7, new Echo(true));
  to = new Endpoint(linkLocal(two), 7);
}

function sendTo(remote: Endpoint, bytes: i32): void {
  expect(socket!.send(remote, pattern(bytes), 0, bytes)).toBe(0);
  settle();
}

let three: Ipv6 | null = null;
let four: Ipv6 | null = null;

let replies: string = "";

/** Gets answers to echo requests. */
class Replies implements TransportHandler {
  onPacket(packet: Packet): void {
    let sum: u32 = 0;
    for (let at = 8; at < packet.bytes; at++) sum += load<u8>(packet.payload + at);
    replies += `${load<u8>(packet.payload)}: ${packet.bytes - 8} bytes, ${sum};`;
  }

  onPathError(packet: Packet, error: i32, mtu: i32): bool {
    return false;
  }

  onAddressLost(high: u64, low: u64): void {}
}

function ping(bytes: i32): void {
  const to = linkLocal(two);
  const path = one.path(0, 0, to.high, to.low)!;
  const at = path.beginLarge(8 + bytes);
  memory.fill(at, 1, 8 + bytes);
  store<u32>(at, 128);
  expect(path.sendLarge(Protocol.ICMPV6, 8 + bytes, 2)).toBe(0);
  settle();
}

let heard: string = "";

/** Answers with the same. */
class Echo implements UdpHandler {
  constructor(private readonly answers: bool) {}

  onDatagram(socket: UdpSocket, datagram: Datagram): void {
    const copy = new Uint8Array(datagram.bytes);
    datagram.copyOut(0, copy, 0, copy.length);
    let wrong = 0;
    for (let i = 0; i < copy.length; i++) if (copy[i] != <u8>(i * 7)) wrong++;
    heard += `${copy.length}${wrong > 0 ? " WRONG" : ""};`;
    if (this.answers) expect(socket.reply(datagram, copy, 0, copy.length)).toBe(0);
  }

  onDatagramError(socket: UdpSocket, remote: Endpoint, error: i32): void {
    heard += `error ${error};`;
  }
}

function pattern(bytes: i32): Uint8Array {
  const made = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) made[i] = <u8>(i * 7);
  return made;
}

describe("two hosts", () => {
  test("answer each other's echo requests, small and large", () => {
    pass(3 * SECOND);
    one.register(Protocol.ICMPV6, new Replies());
    ping(56);
    expect(replies).toBe("129: 56 bytes, 56;");
    replies = "";
    ping(1452);
    ping(1453);
    ping(65527);
    expect(replies).toBe("129: 1452 bytes, 1452;129: 1453 bytes, 1453;129: 65527 bytes, 65527;");
    expect(two.counters.reassembled).toBe(2);
    expect(two.reassembly.bytes).toBe(0);
  });

  test("talk by datagrams, small and large", () => {
    pass(3 * SECOND);
    open();
    // The first waits for the neighbour's link address.
    const sizes: i32[] = [100, 0, 1452, 1453, 5000, 65527];
    for (let i = 0; i < sizes.length; i++) {
      sendTo(to, sizes[i]);
    }
    expect(heard).toBe("100;100;0;0;1452;1452;1453;1453;5000;5000;65527;65527;");
    heard = "";
    // Nobody is at that port.
    sendTo(new Endpoint(linkLocal(two), 9), 10);
    expect(heard).toBe("error -32;");
    heard = "";
    // And nobody at that address.
    sendTo(new Endpoint(new IpAddress(0xfe80 << 48, 99), 9), 10);
    pass(4 * SECOND);
    expect(heard).toBe("error -34;");
  });

  test("with the same secret find different addresses", () => {
    // Two more, on the same wire in the place of the others.
    ends[0] = new End(3);
    ends[1] = new End(4);
    ends[0].other = ends[1];
    ends[1].other = ends[0];
    three = new Ipv6(new Ethernet(ends[0]), new TestRandom(5), true, 1, 2);
    four = new Ipv6(new Ethernet(ends[1]), new TestRandom(6), true, 1, 2);
    const first = three!.discovery.addresses.at(0).low;
    expect(four!.discovery.addresses.at(0).low).toBe(first);
    pass(8 * SECOND);
    expect(linkLocal(three!).low).not.toBe(linkLocal(four!).low);
    expect(
      three!.discovery.addresses.duplicates + four!.discovery.addresses.duplicates,
    ).toBeGreaterThan(0);
  });

  test("get their datagrams through a wire that loses every fifth frame", () => {
    pass(3 * SECOND);
    open();
    ends[0].lossPercent = 20;
    ends[1].lossPercent = 20;
    let whole = 0;
    for (let i = 0; i < 500; i++) {
      const bytes = (i * 37) % 4000;
      sendTo(to, bytes);
      pass(SECOND / 10);
      if (heard == `${bytes};${bytes};`) whole++;
      expect(heard.includes("WRONG")).toBe(false);
      heard = "";
      expect(two.reassembly.bytes).toBeLessThan(8 * 4096);
    }
    expect(whole).toBeGreaterThan(50);
    // What is incomplete does not stay.
    pass(62 * SECOND);
    expect(one.reassembly.bytes).toBe(0);
    expect(two.reassembly.bytes).toBe(0);
  });
});
