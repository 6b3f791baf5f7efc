import { SECOND } from "@phantasm/interfaces";
import { Answer, Dice } from "@phantasm/dhcp/testing";
import { expect, expectAbort, test } from "@phantasm/testing";
import { MAC_BROADCAST } from "@phantasm/ethernet";
import { Peer, TestRandom, Wire, step } from "@phantasm/ethernet/testing";
import { CIDR, IPv4 } from "@phantasm/runtime";
import { DhcpRouter } from "./dhcp";
import { RouterHandler } from "./router";
import { StaticRouter } from "./static";
import { HOST, OUTSIDE, SERVER, ip, udp } from "./testing";

const INSIDE_ADDRESS: u32 = ip(192, 168, 1, 1);
const NETWORKS: string = `${INSIDE_ADDRESS} 24 0;${ip(10, 1, 0, 0)} 16 ${ip(192, 168, 1, 2)}`;
const SETTINGS: string = "64 4 1024 65535 0 1 1";
const LEASED: u32 = ip(10, 0, 0, 66);
const OFFERER: u32 = ip(10, 0, 0, 1);

const OFFER: u8 = 2;
const ACK: u8 = 5;

let told: string = "";
let lastMessage: Uint8Array = new Uint8Array(0);

class Told implements RouterHandler {
  onOutsideAddress(address: u32): void {
    told += `${new IPv4(address)};`;
  }
}

function expectTold(text: string): void {
  expect(told).toBe(text);
  told = "";
}

const inside = new Wire();
const outside = new Wire();
const host = new Peer(inside, 0x02_00_00_00_00_10, HOST);

/** A datagram of the host to a server far away. */
function send(): void {
  const frame = udp(HOST, 4000, SERVER, 53);
  host.ethernet(0x0800, frame.slice(24));
}

/** The server says something to everybody. */
function say(type: u8, xid: u32, address: u32): void {
  const server = new Peer(outside, 0x02_00_00_00_00_fe, OFFERER);
  server.target = MAC_BROADCAST;
  const answer = Answer.usual(type, xid, address, OFFERER).end();
  server.udp(0xffff_ffff, 67, 68, answer.bytes.slice(0, answer.length));
}

test("a router with an address of its own", () => {
  const router = new StaticRouter(
    inside,
    outside,
    new TestRandom(1),
    NETWORKS,
    "",
    "",
    SETTINGS,
    new CIDR(new IPv4(OUTSIDE), 24),
    new IPv4(ip(198, 51, 100, 254)),
  );
  router.start(new Told());
  expectTold("198.51.100.1;");
  router.start(new Told());
  expectTold("");
  step(3 * SECOND);
  outside.forget();
  send();
  outside.expect("arp who-has 198.51.100.254 tell 198.51.100.1");
  new Peer(outside, 0x02_00_00_00_00_fe, ip(198, 51, 100, 254)).arpReply(OUTSIDE);
  outside.expect("udp 198.51.100.1:4000 > 203.0.113.5:53, 4 bytes");
  expect(router.flows).toBe(1);
  // A host behind another router inside.
  inside.forget();
  const far = new Peer(inside, 0x02_00_00_00_00_11, ip(10, 1, 2, 3));
  far.ethernet(0x0800, udp(ip(10, 1, 2, 3), 4001, SERVER, 53).slice(24));
  outside.expect("udp 198.51.100.1:4001 > 203.0.113.5:53, 4 bytes");
  const answer = udp(SERVER, 53, OUTSIDE, 4001);
  new Peer(outside, 0x02_00_00_00_00_fe, SERVER).ethernet(0x0800, answer.slice(24));
  inside.expect("arp who-has 192.168.1.2 tell 192.168.1.1");
  router.stop();
  router.stop();
  send();
  outside.expectNothing();
});

test("an address of the network inside is none for the outside", () => {
  expectAbort(() => {
    new StaticRouter(
      new Wire(),
      new Wire(),
      new TestRandom(1),
      NETWORKS,
      "",
      "",
      SETTINGS,
      new CIDR(new IPv4(HOST), 24),
      new IPv4(0),
    );
  }, "router: --outside is an address of the network inside");
});

test("a router with an address that is leased", () => {
  const router = new DhcpRouter(inside, outside, new Dice(), NETWORKS, "", "", SETTINGS);
  router.start(new Told());
  step(10 * SECOND);
  expect(router.outsideAddress).toBe(0);
  inside.forget();
  host.arpRequest(INSIDE_ADDRESS);
  inside.forget();
  send();
  inside.expect("icmp 192.168.1.1 > 192.168.1.10 network unreachable");
  const xid = lastXid();
  say(OFFER, xid, LEASED);
  say(ACK, lastXid(), LEASED);
  expectTold("10.0.0.66;");
  expect(router.outsideAddress).toBe(LEASED);
  outside.forget();
  send();
  outside.expect("arp who-has 10.0.0.1 tell 10.0.0.66");
  new Peer(outside, 0x02_00_00_00_00_fe, OFFERER).arpReply(LEASED);
  outside.expect("udp 10.0.0.66:4000 > 203.0.113.5:53, 4 bytes");
  // Somebody else has it: flows cannot go on.
  const thief = new Peer(outside, 0x02_00_00_00_00_99, LEASED);
  thief.arpRequest(LEASED);
  thief.arpRequest(OFFERER);
  expectTold("0.0.0.0;");
  expect(router.flows).toBe(0);
  router.stop();
});

test("a lease of the network inside is declined", () => {
  const router = new DhcpRouter(inside, outside, new Dice(), NETWORKS, "", "", SETTINGS);
  router.start(new Told());
  step(10 * SECOND);
  say(OFFER, lastXid(), ip(192, 168, 1, 50));
  say(ACK, lastXid(), ip(192, 168, 1, 50));
  step(SECOND);
  expect(lastType()).toBe(4);
  step(100 * SECOND);
  expectTold("");
  expect(router.outsideAddress).toBe(0);
});

/** The last message of the client; everything else outside is left out. */
function readMessages(): void {
  while (outside.pending > 0) {
    const frame = outside.take();
    if (frame.length > 282 && frame[23] == 17) lastMessage = frame.slice(42);
  }
  assert(lastMessage.length > 243, "the client has said nothing");
}

function lastXid(): u32 {
  readMessages();
  return bswap(load<u32>(lastMessage.dataStart, 4));
}

function lastType(): u8 {
  readMessages();
  return lastMessage[242];
}
