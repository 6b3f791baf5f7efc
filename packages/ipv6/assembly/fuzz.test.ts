/**
 * Anything at all, from the door to the transports, with checksums that are right: nothing traps, every table keeps
 * its bounds, and afterwards the stack works. Seeded: the seed of a failure is in its message.
 */
import { Ethernet } from "@phantasm/ethernet";
import {
  MILLISECOND,
  Packet,
  Path,
  Protocol,
  SECOND,
  TransportHandler,
} from "@phantasm/interfaces";
import { TestRandom, Wire, step } from "@phantasm/ethernet/testing";
import { hold } from "@phantasm/runtime";
import { describe, expect, test } from "@phantasm/testing";
import { ADDRESSES_MAX, AddressState } from "./addresses";
import { Ipv6 } from "./ipv6";
import { slowSum } from "./testing-text";
import { GROUP, LINK, NET, Peer6 } from "./testing";

const PACKETS: i32 = 100_000;

hold();

const wire = new Wire();
const ipv6 = new Ipv6(new Ethernet(wire), new TestRandom(), true, 1, 2);
const random = new TestRandom(1);
const bytes = new Uint8Array(14 + 2048);
const peer = new Peer6(wire, 0x02_00_00_00_00_02, LINK, 0x9999);
let length: i32 = 0;
let delivered: i32 = 0;

class Sink implements TransportHandler {
  onPacket(packet: Packet): void {
    delivered++;
    // Every byte of it is there.
    let sum: u32 = 0;
    for (let at = 0; at < packet.bytes; at++) sum += load<u8>(packet.payload + at);
    if (sum % 7 == 0) ipv6.reject(packet, <i32>(2 + (sum & 1)));
    const back = ipv6.pathBack(packet);
    if (back !== null && sum % 5 == 0) this.send(back);
    if (sum % 11 == 0) {
      const path = ipv6.path(0, 0, packet.sourceHigh, packet.sourceLow);
      if (path !== null) {
        this.send(path);
        if (sum % 3 == 0) ipv6.confirm(path);
      }
    }
  }

  private send(path: Path): void {
    memory.fill(path.begin(), 0, 20);
    path.send(Protocol.UDP, 20, 6, 0);
  }

  onPathError(packet: Packet, error: i32, mtu: i32): bool {
    return packet.bytes % 2 == 0;
  }

  onAddressLost(high: u64, low: u64): void {}
}

function put(value: u32): void {
  bytes[length++] = <u8>value;
}

function put64(value: u64): void {
  for (let shift = 56; shift >= 0; shift -= 8) put(<u32>(value >> shift));
}

/** One of a few, so that they meet again. */
function address(): void {
  const kind = random.below(12);
  const addresses = ipv6.discovery.addresses;
  if (kind < 5) {
    let own = addresses.at(random.below(ADDRESSES_MAX));
    if (own.state == AddressState.FREE) own = addresses.at(0);
    put64(own.high);
    put64(own.low);
  } else if (kind < 7) {
    put64(LINK);
    put64(0xf0 + random.below(40));
  } else if (kind == 7) {
    put64(NET + random.below(12));
    put64(random.below(40));
  } else if (kind == 8) {
    put64(GROUP);
    put64(1);
  } else if (kind == 9) {
    put64(GROUP);
    put64(0x1_ff00_0000 | (addresses.at(random.below(ADDRESSES_MAX)).low & 0xff_ffff));
  } else {
    put64(kind == 10 ? 0 : random.u64());
    put64(kind == 10 ? 0 : random.u64());
  }
}

const HEADERS: u8[] = [0, 43, 44, 60, 58, 58, 58, 58, 17, 17, 6, 59, 50, 200];

function header(): u8 {
  return random.below(3) == 0
    ? HEADERS[random.below(HEADERS.length)]
    : random.below(2) == 0
      ? 58
      : 17;
}

function noise(count: u32): void {
  for (let i: u32 = 0; i < count; i++) put(random.below(4) == 0 ? random.u32() : random.below(3));
}

/** An extension header that often makes sense; answers what follows. */
function extension(kind: u8): u8 {
  const next = header();
  const start = length;
  put(next);
  if (kind == 44) {
    put(0);
    const place = (random.below(6) << 3) | random.below(2);
    put(place >> 8);
    put(place);
    put(0);
    put(0);
    put(0);
    put(random.below(5));
    return next;
  }
  const words = random.below(4) == 0 ? random.below(4) : 0;
  put(words);
  while (length < start + 8 * (<i32>words + 1)) {
    const left = start + 8 * (<i32>words + 1) - length;
    if (left == 1 || random.below(4) == 0) {
      put(0);
      continue;
    }
    const size = <i32>random.below(left - 1);
    put(random.below(3) == 0 ? random.u32() : random.below(2) == 0 ? 1 : 5);
    put(size);
    for (let i = 0; i < size; i++) put(0);
  }
  return next;
}

const OPTIONS: u8[] = [1, 2, 3, 4, 5, 14, 24, 25, 31];

function options(): void {
  for (let count = random.below(5); count > 0; count--) {
    const type = OPTIONS[random.below(OPTIONS.length)];
    let words: u32 = type == 3 ? 4 : type == 25 ? 3 : type == 24 ? 1 + random.below(3) : 1;
    if (random.below(10) == 0) words = random.below(6);
    put(type);
    put(words);
    const end = length + 8 * <i32>words - 2;
    if (type == 3 && words == 4) {
      put(random.below(4) == 0 ? random.u32() : 64);
      put(random.u32());
      noise(4);
      noise(4);
      noise(4);
      put64(NET + random.below(20));
    }
    while (length < end) put(random.below(3) == 0 ? random.u32() : 0);
  }
}

const TYPES: u8[] = [
  1, 2, 3, 4, 128, 129, 130, 131, 133, 134, 134, 135, 135, 135, 136, 136, 136, 137, 137, 143, 99,
];

function icmp(): void {
  const type = TYPES[random.below(TYPES.length)];
  put(type);
  put(random.below(6) == 0 ? random.u32() : 0);
  put(0);
  put(0);
  if (type < 128) {
    noise(2);
    put(random.below(8));
    put(random.u32());
    // A packet of ours, more or less.
    put(0x60);
    noise(5);
    put(header());
    put(64);
    address();
    address();
    if (random.below(3) == 0) extension(60);
    noise(random.below(40));
    return;
  }
  noise(4);
  if (type == 134) noise(8);
  else {
    address();
    if (type == 137) address();
  }
  options();
}

/** A frame: mostly a packet of IPv6 that could be, with one thing or another that cannot. */
function make(): void {
  length = 0;
  const target: u64 =
    random.below(3) == 0
      ? 0x3333_0000_0001
      : random.below(20) == 0
        ? random.u64()
        : 0x02_00_00_00_00_01;
  for (let shift = 40; shift >= 0; shift -= 8) put(<u32>(target >> shift));
  put64(((<u64>0x02_00_00_00_00_00 + 2 + random.below(50)) << 16) | 0x86dd);
  const packet = length;
  put(random.below(50) == 0 ? random.u32() : 0x60);
  noise(5);
  put(0);
  put(random.below(3) == 0 ? random.u32() : random.below(4) == 0 ? 1 : 255);
  address();
  address();
  let next = header();
  bytes[packet + 6] = next;
  for (let count = 0; count < 10 && (next == 0 || next == 43 || next == 44 || next == 60); count++)
    next = extension(next);
  const upper = length;
  if (next == 58) icmp();
  else {
    noise(4);
    put(0);
    put(8);
    put(0);
    put(0);
    noise(random.below(40));
  }
  // Now and then a byte is another one.
  if (random.below(4) == 0) bytes[packet + random.below(length - packet)] = <u8>random.u32();
  let payload = length - packet - 40;
  if (random.below(40) == 0) payload = random.below(2000);
  bytes[packet + 4] = <u8>(payload >> 8);
  bytes[packet + 5] = <u8>payload;
  if (random.below(40) == 0) length -= random.below(length - packet);
  // The checksum is right, or nothing would get far.
  if (length - upper >= 8) {
    const at = bytes.dataStart + upper;
    const place = next == 58 ? 2 : 6;
    store<u16>(at + place, 0);
    const count = length - upper;
    const sum = slowSum(
      at,
      count,
      slowSum(bytes.dataStart + packet + 8, 32, <u32>next + <u32>count),
    );
    store<u16>(at + place, bswap(<u16>~sum));
  }
}

/** A fragment of one of a few datagrams of one host, which often fits the others. */
function makeFragment(): void {
  length = 0;
  put64((0x02_00_00_00_00_01 << 16) | 0x0200);
  put(0);
  put(0);
  put(0);
  put(2);
  put(0x86);
  put(0xdd);
  put(0x60);
  noise(3);
  const more = random.below(2);
  const share = more ? 8 * (1 + random.below(2)) : random.below(20);
  put(0);
  put(8 + share);
  put(44);
  put(64);
  put64(LINK);
  put64(0xf0);
  put64(ipv6.discovery.addresses.at(0).high);
  put64(ipv6.discovery.addresses.at(0).low);
  put(header());
  put(0);
  put(0);
  put((random.below(3) << 3) | more);
  put(0);
  put(0);
  put(0);
  put(random.below(10));
  for (let i = 0; i < <i32>share; i++) put(random.below(50) == 0 ? 1 : 0);
}

function check(): void {
  const discovery = ipv6.discovery;
  expect(discovery.neighbours.length).toBeLessThanOrEqual(128);
  expect(discovery.waiting.count).toBeLessThanOrEqual(16);
  expect(ipv6.reassembly.bytes).toBeLessThanOrEqual(192 * 1024);
  expect(discovery.linkMtu).toBeGreaterThanOrEqual(1280);
  expect(discovery.hopLimit).toBeGreaterThanOrEqual(64);
}

function run(seed: u64): void {
  for (let i = 0; i < 30; i++) step(SECOND / 10);
  ipv6.register(Protocol.UDP, new Sink());
  ipv6.register(Protocol.TCP, new Sink());
  ipv6.register(Protocol.ICMPV6, new Sink());
  for (let skip: u64 = 0; skip < seed * 100; skip++) random.u64();
  wire.forgets = true;
  for (let i = 0; i < PACKETS; i++) {
    if (random.below(8) == 0) makeFragment();
    else make();
    wire.arrive(bytes.subarray(0, length), random.below(10) == 0 ? 2 : 0);
    if (random.below(20) == 0) step(<i64>random.below(500) * MILLISECOND);
    if (i % 1000 == 0) check();
  }
  check();
  // Something of every kind got through.
  expect(delivered).toBeGreaterThan(PACKETS / 50);
  expect(ipv6.counters.icmpReceived).toBeGreaterThan(PACKETS / 20);
  expect(ipv6.counters.discoveryInvalid).toBeGreaterThan(1000);
  expect(ipv6.counters.reassembled).toBeGreaterThan(100);
  expect(ipv6.counters.errorsSent).toBeGreaterThan(100);
  expect(ipv6.discovery.neighbours.length).toBeGreaterThan(10);
  // All that was kept for a while is gone after it.
  for (let i = 0; i < 200; i++) step(SECOND);
  expect(ipv6.isLocal(LINK, ipv6.discovery.addresses.at(0).low)).toBe(true);
  expect(ipv6.reassembly.bytes).toBe(0);
  expect(ipv6.discovery.waiting.count).toBe(0);
  // And it works: what forged advertisements of any lifetime have filled leaves room for the configuration.
  ipv6.addAddress(0x2a00 << 48, 1, 64);
  // A router may have asked for up to ten seconds between questions.
  for (let i = 0; i < 120; i++) step(SECOND / 10);
  wire.forgets = false;
  wire.forget();
  peer.high = 0x2a00 << 48;
  peer.echo(0x2a00 << 48, 1, 1, 2, 3);
  expect(wire.pending).toBe(1);
  expect(wire.take()[54]).toBe(129);
  const path = ipv6.path(0, 0, 0x2a00 << 48, 5);
  expect(path !== null && path.sourceHigh == 0x2a00 << 48).toBe(true);
}

describe("a hundred thousand packets", () => {
  test("of seed 1", () => {
    run(1);
  });

  test("of seed 2", () => {
    run(2);
  });
});
