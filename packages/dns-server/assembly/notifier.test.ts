import { Datagram, Endpoint, Random, SECOND } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { endpointsOf } from "./addresses";
import { ServerCounters } from "./counters";
import { Notifier } from "./notifier";
import { TestClock, TestUdp } from "./testing";
import { TEST_ZONES, TEST_ZONES_BYTES } from "./testing-zones";
import { Zones } from "./zone-data";

class Fixed implements Random {
  u32(): u32 {
    return 0x1234;
  }
  u64(): u64 {
    return 7;
  }
  below(bound: u32): u32 {
    return 0;
  }
  f64(): f64 {
    return 0;
  }
  fill(bytes: Uint8Array, offset: i32, length: i32): void {}
}

const clock = new TestClock();
const udp = new TestUdp();
const counters = new ServerCounters();

function begin(): void {
  const zones = new Zones(TEST_ZONES, TEST_ZONES_BYTES);
  const targets = endpointsOf("192.0.2.1,2001:db8::1");
  new Notifier(zones, targets, clock, new Fixed(), counters).begin(udp);
  clock.advance(1);
}

function answer(query: Uint8Array, from: Endpoint): void {
  const reply = query.slice(0);
  reply[2] |= 0x80;
  const datagram = new Datagram();
  datagram.payload = reply.dataStart;
  datagram.bytes = reply.length;
  datagram.sourceHigh = from.address.high;
  datagram.sourceLow = from.address.low;
  datagram.sourcePort = from.port;
  udp.handler!.onDatagram(udp, datagram);
}

test("each target is told of each zone", () => {
  begin();
  expect(udp.sent.length).toBe(2);
  expect(udp.remotes[0].toString() + " " + udp.remotes[1].toString()).toBe(
    "192.0.2.1:53 [2001:db8::1]:53",
  );
  let text = "";
  for (let i = 0; i < udp.sent[0].length; i++) text += udp.sent[0][i].toString(16).padStart(2, "0");
  expect(text).toBe("123424000001000000000000076578616d706c65036f72670000060001");
});

test("who has answered is not told again; others five times in all", () => {
  begin();
  answer(udp.sent[0], udp.remotes[0]);
  // Not from there.
  answer(udp.sent[1], udp.remotes[0]);
  clock.advance(200 * SECOND, SECOND);
  expect(udp.sent.length).toBe(6);
  expect(counters.notifiesSent).toBe(6);
  expect(counters.notifiesAnswered).toBe(1);
  expect(udp.isOpen).toBe(false);
});

test("nothing is left to do when all have answered", () => {
  begin();
  answer(udp.sent[0], udp.remotes[0]);
  answer(udp.sent[1], udp.remotes[1]);
  clock.advance(6 * SECOND, SECOND);
  expect(udp.sent.length).toBe(2);
  expect(udp.isOpen).toBe(false);
});
