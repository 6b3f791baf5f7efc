/** The client on a stack: what goes over the wire, and what IPv4 makes of the lease. */
import { SECOND } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { Ethernet } from "@phantasm/ethernet";
import { OUR_MAC, Peer, Wire, step } from "@phantasm/ethernet/testing";
import { Ipv4 } from "@phantasm/ipv4";
import { hold } from "@phantasm/runtime";
import { UdpLayer } from "@phantasm/udp";
import { LeaseHandler } from "./client";
import { Lease } from "./lease";
import { LeasedIpv4 } from "./leased";
import { DhcpState } from "./machine";
import { ADDRESS, Answer, Dice, SERVER } from "./testing";

const SERVER_MAC: u64 = 0x02_00_00_00_00_09;
const TYPES: string[] = ["", "discover", "offer", "request", "decline", "ack", "nak", "release"];

let log: string = "";

function happened(): string {
  const text = log;
  log = "";
  return text;
}

class Recorder implements LeaseHandler {
  onLease(lease: Lease): void {
    log += "lease;";
  }
  onLeaseLost(lease: Lease, loss: i32): void {
    log += `lost ${loss};`;
  }
}

const wire = new Wire();
const ipv4 = new Ipv4(new Ethernet(wire), new Dice());
const udp = new UdpLayer(ipv4, new Dice());
const server = new Peer(wire, SERVER_MAC, SERVER);
const recorder = new Recorder();

function make(probes: bool): LeasedIpv4 {
  hold();
  const leased = new LeasedIpv4(ipv4, udp, new Dice(), wire.mac, "", probes, recorder);
  leased.client.start();
  return leased;
}

/** The next frame that left: a message of DHCP, in words; or "arp". */
function sent(): string {
  const frame = wire.take();
  if (frame[13] == 6) return "arp";
  const at = frame.dataStart;
  let text = "";
  for (let i = 26; i < 34; i++)
    text += (i == 26 ? "" : i == 30 ? " > " : ".") + frame[i].toString();
  return `${text}: ${TYPES[frame[14 + 28 + 242]]}, flags ${load<u8>(at, 14 + 28 + 10)}`;
}

/** The last message of DHCP that left; what is in front of it is left out. */
function sentLast(): string {
  let text = "";
  while (wire.pending > 0) {
    const one = sent();
    if (one != "arp") text = one;
  }
  return text;
}

/** An answer arrives, to an address, or to all. */
function answer(type: u8, xid: u32, to: u32, extra: u8 = 0): void {
  const message = Answer.usual(type, xid);
  if (extra > 0) message.option(26, [5, 0]).option(121, [0, 10, 0, 0, extra, 8, 20, 10, 0, 0, 9]);
  server.target = to == u32.MAX_VALUE ? 0xffff_ffff_ffff : OUR_MAC;
  server.udp(to, 67, 68, message.bytes.slice(0, message.length));
  server.target = OUR_MAC;
}

/** What the test's server thinks our MAC address is, is what the link has. */
test("the link of the test has the MAC address of the answers", () => {
  expect(wire.mac[0]).toBe(2);
  expect(wire.mac[5]).toBe(1);
});

function lease(probes: bool = false): LeasedIpv4 {
  const leased = make(probes);
  wire.forget();
  answer(2, 1, ADDRESS);
  wire.forget();
  answer(5, 1, ADDRESS);
  return leased;
}

describe("on a stack", () => {
  test("from 0.0.0.0 to all; answers may come to the address that is not ours yet", () => {
    const leased = make(false);
    expect(sent()).toBe("0.0.0.0 > 255.255.255.255: discover, flags 0");
    answer(2, 1, ADDRESS);
    expect(sent()).toBe("0.0.0.0 > 255.255.255.255: request, flags 0");
    answer(5, 1, ADDRESS);
    expect(happened()).toBe("lease;");
    wire.expect("arp announce 10.0.0.66");
    expect(ipv4.address).toBe(ADDRESS);
    expect(leased.client.state).toBe(DhcpState.BOUND);
  });

  test("or to all", () => {
    make(false);
    answer(2, 1, u32.MAX_VALUE);
    answer(5, 1, u32.MAX_VALUE);
    expect(happened()).toBe("lease;");
  });

  test("probing: the handler hears of it when nobody has objected", () => {
    lease(true);
    expect(happened()).toBe("");
    expect(ipv4.address).toBe(0);
    for (let seconds = 0; seconds < 8; seconds++) step(SECOND);
    expect(happened()).toBe("lease;");
    expect(ipv4.address).toBe(ADDRESS);
  });

  test("probing: another host has it", () => {
    const leased = lease(true);
    step(2 * SECOND);
    wire.expect("arp who-has 10.0.0.66 tell 0.0.0.0");
    const other = new Peer(wire, 0x02_00_00_00_00_07, ADDRESS);
    other.arpReply(0);
    expect(sent()).toBe("0.0.0.0 > 255.255.255.255: decline, flags 0");
    expect(happened()).toBe("lost 3;");
    expect(ipv4.address).toBe(0);
    expect(leased.lease).toBeNull();
    wire.forget();
    step(10 * SECOND);
    expect(sent()).toBe("0.0.0.0 > 255.255.255.255: discover, flags 0");
  });

  test("a conflict that shows later", () => {
    lease();
    happened();
    wire.forget();
    const other = new Peer(wire, 0x02_00_00_00_00_07, ADDRESS);
    other.arpReply(ADDRESS);
    wire.expect("arp announce 10.0.0.66");
    other.arpReply(ADDRESS);
    expect(sent()).toBe("0.0.0.0 > 255.255.255.255: decline, flags 0");
    expect(happened()).toBe("lost 3;");
  });

  test("renewing goes to the server from our address, after its link address is known", () => {
    lease();
    step(5 * SECOND);
    wire.forget();
    happened();
    step(1800 * SECOND);
    wire.expect("arp who-has 10.0.0.1 tell 10.0.0.66");
    server.arpReply(ADDRESS);
    expect(sent()).toBe("10.0.0.66 > 10.0.0.1: request, flags 0");
    // Renewed, with another gateway, another MTU, and a route.
    answer(5, 2, ADDRESS, 7);
    expect(happened()).toBe("lease;");
    expect(ipv4.mtu).toBe(1280);
    expect(ipv4.routes.look(0x14000001, ipv4.way) && ipv4.way.hop == 0x0a000009).toBe(true);
    expect(ipv4.routes.look(0x08080808, ipv4.way) && ipv4.way.hop == 0x0a000007).toBe(true);
    // Renewed without them.
    step(1800 * SECOND);
    answer(5, 3, ADDRESS);
    expect(happened()).toBe("lease;");
    expect(ipv4.mtu).toBe(1500);
    expect(ipv4.routes.look(0x14000001, ipv4.way) && ipv4.way.hop == SERVER).toBe(true);
  });

  test("rebinding goes to all, from our address", () => {
    lease();
    wire.forget();
    step(3150 * SECOND);
    expect(sentLast()).toBe("10.0.0.66 > 255.255.255.255: request, flags 0");
    answer(5, 2, u32.MAX_VALUE);
    expect(happened()).toBe("lease;lease;");
  });

  test("expired: nothing is left of it", () => {
    lease();
    happened();
    expect(ipv4.routes.look(0x08080808, ipv4.way)).toBe(true);
    step(3600 * SECOND);
    expect(happened()).toBe("lost 1;");
    expect(ipv4.address).toBe(0);
    expect(ipv4.routes.look(0x08080808, ipv4.way)).toBe(false);
    expect(sentLast()).toBe("0.0.0.0 > 255.255.255.255: discover, flags 0");
  });

  test("release: told to the server from the address, then nothing is left of it", () => {
    const leased = lease();
    server.arpRequest(ADDRESS);
    wire.forget();
    happened();
    leased.release();
    expect(sent()).toBe("10.0.0.66 > 10.0.0.1: release, flags 0");
    expect(happened()).toBe("");
    expect(ipv4.address).toBe(0);
    expect(ipv4.routes.look(0x0a000001, ipv4.way)).toBe(false);
  });
});
