/** The resolver on a stack: what goes over the wire. */
import { IpAddress, SECOND } from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { Ethernet } from "@phantasm/ethernet";
import { Peer, TestRandom, Wire, step } from "@phantasm/ethernet/testing";
import { Ipv4 } from "@phantasm/ipv4";
import { hold } from "@phantasm/runtime";
import { UdpLayer } from "@phantasm/udp";
import { Family } from "./lookup";
import { Resolver } from "./resolver";
import { ServerSource } from "./servers";
import { Finder, Reply, happened } from "./testing";

const US: u32 = 0x0a000001;
const THEM: u32 = 0x0a000002;

const wire = new Wire();
const ipv4 = new Ipv4(new Ethernet(wire), new TestRandom());
const udp = new UdpLayer(ipv4, new TestRandom(7));
const resolver = new Resolver(udp, new TestRandom(9));
const peer = new Peer(wire, 0x02_00_00_00_00_02, THEM);

function begin(): void {
  hold();
  ipv4.addAddress(US, 24, false, true);
  peer.arpRequest(US);
  wire.forget();
  resolver.setServers(ServerSource.DHCP, [IpAddress.ofIpv4(THEM), IpAddress.ofIpv4(0x08080808)]);
  resolver.resolve("a.example", Family.IPV4, new Finder());
}

function port(frame: Uint8Array): u16 {
  return bswap(load<u16>(frame.dataStart, 34));
}

test("a question and its answer", () => {
  begin();
  const frame = wire.take();
  const reply = new Reply(frame.slice(42)).a("a.example", 7);
  peer.udp(US, 53, port(frame), reply.bytes.slice(0, reply.length));
  step(0);
  expect(happened()).toBe("a.example: 10.0.0.7");
  expect(udp.sockets).toBe(0);
});

test("nobody is at the server's port: no server is left, at once", () => {
  begin();
  let tries = 0;
  while (wire.pending > 0) {
    const frame = wire.take();
    peer.errorAbout(frame, 3, 3);
    tries++;
  }
  // There is no route to the other one.
  expect(tries).toBe(1);
  step(0);
  expect(happened()).toBe("a.example: error -35");
  expect(udp.sockets).toBe(0);
});

test("tries have ports and ids of their own", () => {
  begin();
  const first = wire.take();
  step(SECOND);
  step(2 * SECOND);
  const second = wire.take();
  expect(port(first) != port(second)).toBe(true);
  expect(load<u16>(first.dataStart, 42) != load<u16>(second.dataStart, 42)).toBe(true);
  // An answer to the first try comes too late: its port is closed.
  const late = new Reply(first.slice(42)).a("a.example", 6);
  peer.udp(US, 53, port(first), late.bytes.slice(0, late.length));
  step(0);
  expect(happened()).toBe("");
});
