/** Echo requests of our own (RFC 4443 §4.1). */
import { Ethernet } from "@phantasm/ethernet";
import { IpAddress, MILLISECOND, NO_ROUTE, Packet, SECOND, TOO_LARGE } from "@phantasm/interfaces";
import { TestRandom, Wire, step } from "@phantasm/ethernet/testing";
import { hold } from "@phantasm/runtime";
import { expect, test } from "@phantasm/testing";
import { Echo6Client, Echo6Handler } from "./echo";
import { Ipv6 } from "./ipv6";
import { NET, Peer6, call, sent, silence } from "./testing";

hold();
call("us", NET, 1);
call("them", NET, 2);

let heard: string = "";

class Handler implements Echo6Handler {
  onEchoReply(packet: Packet, sequence: u16, bytes: i32, rttNs: i64): void {
    heard += `${sequence} of ${packet.sourceLow}: ${bytes} bytes, ${rttNs / MILLISECOND} ms, ttl ${packet.hopLimit};`;
  }

  onEchoError(high: u64, low: u64, sequence: u16, error: i32): void {
    heard += `${sequence} of ${low}: ${error};`;
  }
}

const wire = new Wire();
const ipv6 = new Ipv6(new Ethernet(wire), new TestRandom(), false, 1, 2);
const client = new Echo6Client(ipv6, new TestRandom(2), new Handler());
const peer = new Peer6(wire, 0x02_00_00_00_00_02, NET, 2);
const them = new IpAddress(NET, 2);
const all = new IpAddress(0xff02 << 48, 1);

function happened(text: string): void {
  expect(heard).toBe(text);
  heard = "";
}

function boot(): void {
  ipv6.addAddress(NET, 1, 64);
  for (let i = 0; i < 30; i++) step(SECOND / 10);
  ipv6.discovery.neighbours.heard(NET, 2, peer.mac, 0);
  wire.forget();
}

/** The identifier in a request that was sent. */
function idOf(frame: Uint8Array): u32 {
  return bswap(load<u16>(frame.dataStart, 54 + 4));
}

test("a request is answered, and how long it took", () => {
  boot();
  expect(client.send(them, 7, 56)).toBe(0);
  const id = idOf(wire.take());
  step(5 * MILLISECOND);
  peer.hopLimit = 60;
  peer.icmp(NET, 1, 129, 0, (id << 16) | 7, new Uint8Array(56));
  happened("7 of 2: 56 bytes, 5 ms, ttl 60;");
  expect(client.send(them, 8, 3000)).toBe(0);
  sent(wire, "us > them fragment 0-1448+ of 58");
});

test("answers of others, to others, and to nothing are not heard", () => {
  boot();
  client.send(them, 7, 8);
  const id = idOf(wire.take());
  peer.icmp(NET, 1, 129, 0, ((id ^ 1) << 16) | 7, new Uint8Array(8));
  peer.icmp(NET, 1, 129, 0, (id << 16) | 8, new Uint8Array(8));
  peer.low = 3;
  peer.icmp(NET, 1, 129, 0, (id << 16) | 7, new Uint8Array(8));
  peer.low = 2;
  // Whatever else is informational.
  peer.icmp(NET, 1, 200, 0, (id << 16) | 7, new Uint8Array(8));
  happened("");
  for (let sequence = 8; sequence < 72; sequence++) client.send(them, <u16>sequence, 0);
  peer.icmp(NET, 1, 129, 0, (id << 16) | 7, new Uint8Array(8));
  happened("");
});

test("a group is answered by each of its hosts", () => {
  boot();
  client.send(all, 1, 0);
  const frame = wire.take();
  // From the address of this link.
  const high = bswap(load<u64>(frame.dataStart, 22));
  const low = bswap(load<u64>(frame.dataStart, 30));
  for (let host = 2; host < 4; host++) {
    peer.low = host;
    peer.icmp(high, low, 129, 0, (idOf(frame) << 16) | 1, new Uint8Array(0));
  }
  happened("1 of 2: 0 bytes, 0 ms, ttl 64;1 of 3: 0 bytes, 0 ms, ttl 64;");
});

test("errors are told, once they quote what was asked", () => {
  boot();
  client.send(them, 7, 8);
  const frame = wire.take();
  peer.errorAbout(frame, 1, 0, 0);
  peer.errorAbout(frame, 4, 1, 0);
  peer.errorAbout(frame, 2, 0, 1280);
  happened("7 of 2: -34;7 of 2: -32;7 of 2: -36;");
  frame[54 + 7] = 9;
  peer.errorAbout(frame, 1, 0, 0);
  frame[54 + 7] = 7;
  frame[53] = 9;
  peer.errorAbout(frame, 1, 0, 0);
  happened("");
});

test("what cannot be sent is said, and a silent neighbour too", () => {
  boot();
  expect(client.send(new IpAddress(0x2a00 << 48, 1), 1, 8)).toBe(NO_ROUTE);
  expect(client.send(them, 1, 65528)).toBe(TOO_LARGE);
  silence(wire);
  expect(client.send(new IpAddress(NET, 9), 2, 8)).toBe(0);
  for (let i = 0; i < 4; i++) step(SECOND);
  happened("2 of 9: -34;");
});
