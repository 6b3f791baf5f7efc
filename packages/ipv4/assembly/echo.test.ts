import { IpAddress, NO_ROUTE, SECOND, TOO_LARGE } from "@phantasm/interfaces";
import { expect, expectAbort, test } from "@phantasm/testing";
import { Ethernet } from "@phantasm/ethernet";
import { Peer, TestRandom, Wire, step } from "@phantasm/ethernet/testing";
import { EchoClient, EchoHandler } from "@phantasm/icmp";
import { hold } from "@phantasm/runtime";
import { Ipv4 } from "./ipv4";

const US: u32 = 0x0a000001;
const THEM: u32 = 0x0a000002;

let heard: string = "";

class Handler implements EchoHandler {
  onEchoReply(client: EchoClient, sequence: u16, bytes: i32, rttNs: i64, hopLimit: u8): void {
    heard += `${sequence}: ${bytes} bytes, ${rttNs} ns, ttl ${hopLimit};`;
  }

  onEchoError(client: EchoClient, sequence: u16, error: i32): void {
    heard += `${sequence}: ${error};`;
  }
}

function expectHeard(text: string): void {
  expect(heard).toBe(text);
  heard = "";
}

const wire = new Wire();
const ip = new Ipv4(new Ethernet(wire), new TestRandom());
const peer = new Peer(wire, 0x02_00_00_00_00_02, THEM);
hold();

function start(): EchoClient {
  ip.addAddress(US, 24, false, true);
  step(3 * SECOND);
  peer.arpRequest(US);
  wire.forget();
  return new EchoClient(ip.icmp, ip, new TestRandom(), IpAddress.ofIpv4(THEM), new Handler());
}

/** The other host answers a request; `frame` begins with the Ethernet header. */
function answer(frame: Uint8Array): void {
  const id = bswap(load<u16>(frame.dataStart + 34 + 4));
  const sequence = bswap(load<u16>(frame.dataStart + 34 + 6));
  peer.icmp(US, 0, 0, ((<u32>id) << 16) | sequence, frame.slice(42));
}

test("an answer tells how long it took", () => {
  const client = start();
  expect(client.send(1, 56)).toBe(0);
  expect(client.send(2, 0)).toBe(0);
  const first = wire.take();
  const second = wire.take();
  step(5000);
  answer(first);
  step(2000);
  peer.hopLimit = 60;
  answer(second);
  expectHeard("1: 56 bytes, 5000 ns, ttl 64;2: 0 bytes, 7000 ns, ttl 60;");
});

test("answers of others, to others, or to nothing are not heard", () => {
  const client = start();
  client.send(1, 8);
  const frame = wire.take();
  const id = bswap(load<u16>(frame.dataStart + 34 + 4));
  peer.icmp(US, 0, 0, ((<u32>(id ^ 1)) << 16) | 1, new Uint8Array(8));
  peer.icmp(US, 0, 0, ((<u32>id) << 16) | 2, new Uint8Array(8));
  new Peer(wire, 0x02_00_00_00_00_03, THEM + 1).icmp(
    US,
    0,
    0,
    ((<u32>id) << 16) | 1,
    new Uint8Array(8),
  );
  expectHeard("");
  for (let sequence = 2; sequence < 66; sequence++) client.send(<u16>sequence, 0);
  answer(frame);
  expectHeard("");
  client.close();
  answer(wire.take());
  expectHeard("");
});

test("errors are told, once they quote what was asked", () => {
  const client = start();
  client.send(1, 8);
  const frame = wire.take();
  peer.errorAbout(frame, 3, 1);
  peer.errorAbout(frame, 11, 0);
  peer.errorAbout(frame, 3, 2);
  expectHeard("1: -34;1: -34;1: -32;");
  frame[34 + 7] = 9;
  peer.errorAbout(frame, 3, 1);
  expectHeard("");
});

test("a silent neighbour is told", () => {
  ip.addAddress(US, 24, false, true);
  const client = new EchoClient(
    ip.icmp,
    ip,
    new TestRandom(),
    IpAddress.ofIpv4(THEM),
    new Handler(),
  );
  client.send(3, 8);
  for (let i = 0; i < 3; i++) step(SECOND);
  expectHeard("3: -34;");
});

test("what cannot be sent is said", () => {
  const client = start();
  expect(client.send(1, 65508)).toBe(TOO_LARGE);
  expect(client.send(1, 65507)).toBe(0);
  client.close();
  const far = new EchoClient(
    ip.icmp,
    ip,
    new TestRandom(),
    IpAddress.parse("192.0.2.1")!,
    new Handler(),
  );
  expect(far.send(1, 8)).toBe(NO_ROUTE);
});

test("there is one client at a time", () => {
  expectAbort(() => {
    start();
    start();
  }, "echo: there is a client already");
});
