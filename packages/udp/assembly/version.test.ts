/** What depends on the version of IP, over an `Ip` that the test plays. */
import {
  Datagram,
  Endpoint,
  Ip,
  IpAddress,
  LinkWaiter,
  Packet,
  Path,
  PathError,
  TransportHandler,
  UdpHandler,
  UdpSocket,
} from "@phantasm/interfaces";
import { expect, test } from "@phantasm/testing";
import { TestRandom } from "@phantasm/ethernet/testing";
import { checksum, pseudoSum6, sumOf } from "@phantasm/ip";
import { UdpLayer } from "./udp";

let seen: string = "";

class Played implements Ip {
  transport: TransportHandler | null = null;

  register(protocol: u8, handler: TransportHandler): void {
    this.transport = handler;
  }
  path(sourceHigh: u64, sourceLow: u64, destinationHigh: u64, destinationLow: u64): Path | null {
    return null;
  }
  pathBack(packet: Packet): Path | null {
    return null;
  }
  isLocal(high: u64, low: u64): bool {
    return true;
  }
  reject(packet: Packet, error: i32): void {
    seen += error == PathError.PORT_UNREACHABLE ? "rejected;" : "?;";
  }
  confirm(path: Path): void {}
  whenReady(waiter: LinkWaiter): void {}
}

class Handler implements UdpHandler {
  onDatagram(socket: UdpSocket, datagram: Datagram): void {
    seen += `${datagram.source.toString()} ${datagram.bytes};`;
  }
  onDatagramError(socket: UdpSocket, remote: Endpoint, error: i32): void {}
}

const SOURCE = IpAddress.parse("2001:db8::2")!;
const US = IpAddress.parse("2001:db8::1")!;

const ip = new Played();
const udp = new UdpLayer(ip, new TestRandom());
const packet = new Packet();
const bytes = new Uint8Array(12);

/** A datagram of 4 bytes over IPv6, with a right checksum. */
function make(port: u16): void {
  bytes.fill(7);
  const at = bytes.dataStart;
  store<u16>(at, bswap<u16>(1000));
  store<u16>(at, bswap(port), 2);
  store<u16>(at, bswap<u16>(12), 4);
  store<u16>(at, 0, 6);
  packet.payload = at;
  packet.bytes = 12;
  packet.sourceHigh = SOURCE.high;
  packet.sourceLow = SOURCE.low;
  packet.destinationHigh = US.high;
  packet.destinationLow = US.low;
  packet.pseudoSum = pseudoSum6(SOURCE.high, SOURCE.low, US.high, US.low, 17, 12);
  store<u16>(at, checksum(sumOf(at, 12) + packet.pseudoSum), 6);
}

test("over IPv6 a datagram has a checksum", () => {
  udp.bind(53, new Handler());
  make(53);
  ip.transport!.onPacket(packet);
  expect(seen).toBe("[2001:db8::2]:1000 4;");
  store<u16>(bytes.dataStart, 0, 6);
  ip.transport!.onPacket(packet);
  expect(udp.counters.malformed).toBe(1);
  store<u16>(bytes.dataStart, 1, 6);
  ip.transport!.onPacket(packet);
  expect(udp.counters.badChecksum).toBe(1);
  // The link has looked at it, or it never left the machine.
  packet.isTrusted = true;
  ip.transport!.onPacket(packet);
  expect(udp.counters.received).toBe(2);
});

test("over IPv6 a closed port is rejected too", () => {
  make(54);
  ip.transport!.onPacket(packet);
  expect(seen).toBe("rejected;");
});
