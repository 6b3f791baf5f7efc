/** From boot to address, and what routers and neighbours say (RFC 4861, 4862, 4191, 8106, 3810), as transcripts. */
import { Ethernet } from "@phantasm/ethernet";
import { MILLISECOND, Packet, Protocol, SECOND, TransportHandler } from "@phantasm/interfaces";
import { TestRandom, Wire, step } from "@phantasm/ethernet/testing";
import { hold, now } from "@phantasm/runtime";
import { describe, expect, test } from "@phantasm/testing";
import { stableIdentifier } from "./identifier";
import { Ipv6, Ipv6Listener } from "./ipv6";
import { State } from "./neighbours";
import {
  GROUP,
  LINK,
  NET,
  Peer6,
  addressOf,
  call,
  joined,
  linkOption,
  prefixOption,
  put32,
  put64,
  sent,
  sentAmong,
  silence,
} from "./testing";

hold();

const wire = new Wire();
const ipv6 = new Ipv6(new Ethernet(wire), new TestRandom(), true, 1, 2);
const router = new Peer6(wire, 0x02_00_00_00_00_fe, LINK, 0xfe);
const peer = new Peer6(wire, 0x02_00_00_00_00_02, LINK, 2);
const neighbours = ipv6.discovery.neighbours;
const own = stableIdentifier(LINK, 0, 1, 2);
const auto = stableIdentifier(NET, 0, 1, 2);
const OWN_GROUP: u64 = 0x1_ff00_0000 | (own & 0xff_ffff);
const AUTO_GROUP: u64 = 0x1_ff00_0000 | (auto & 0xff_ffff);
call("own", LINK, own);
call("own-group", GROUP, OWN_GROUP);
call("auto", NET, auto);
call("auto-group", GROUP, AUTO_GROUP);

let events: string = "";

class Listener implements Ipv6Listener {
  onIpv6AddressReady(high: u64, low: u64): void {
    events += low == own ? "own ready;" : low == auto ? "auto ready;" : `${low} ready;`;
  }

  onIpv6AddressLost(high: u64, low: u64): void {
    events += low == own ? "own lost;" : low == auto ? "auto lost;" : `${low} lost;`;
  }

  onIpv6NameServers(): void {
    events += "name servers;";
  }
}

class Transport implements TransportHandler {
  onPacket(packet: Packet): void {
    events += `${packet.bytes} bytes from ${packet.sourceLow};`;
  }

  onPathError(packet: Packet, error: i32, mtu: i32): bool {
    events += `error ${error} about ${packet.destinationLow};`;
    return true;
  }

  onAddressLost(high: u64, low: u64): void {
    events += low == auto ? "transport lost auto;" : `transport lost ${low};`;
  }
}

function happened(text: string): void {
  expect(events).toBe(text);
  events = "";
}

/** In steps of 100 ms. */
function pass(ns: i64): void {
  for (let left = ns; left > 0; left -= 100 * MILLISECOND) step(100 * MILLISECOND);
}

/** Until the link-local address is usable, and all was said. */
function boot(): void {
  ipv6.listen(new Listener());
  pass(3 * SECOND);
  expect(ipv6.isLocal(LINK, own)).toBe(true);
  wire.forget();
  events = "";
}

/** With a router, and an address in its net. */
function bootWithRouter(): void {
  boot();
  router.advertiseRouter(1800, 0, [
    linkOption(1, router.mac),
    prefixOption(NET, 64, 0xc0, 86400, 14400),
  ]);
  pass(3 * SECOND);
  expect(ipv6.isLocal(NET, auto)).toBe(true);
  wire.forget();
  events = "";
}

/** Sends a datagram of 10 bytes; answers what `send` does, or 1 if there is no path. */
function datagram(high: u64, low: u64): i32 {
  const path = ipv6.path(0, 0, high, low);
  if (path === null) return 1;
  const at = path.begin();
  memory.fill(at, 0, 18);
  store<u8>(at, 18, 5);
  return path.send(Protocol.UDP, 18, 6, 0);
}

describe("a boot", () => {
  test("probes the link-local address and asks for routers", () => {
    ipv6.listen(new Listener());
    step(0);
    sent(wire, ":: > ff02::16 listener report to-exclude own-group");
    silence(wire);
    pass(100 * MILLISECOND);
    sentAmong(wire, ":: > own-group who-has own");
    sentAmong(wire, ":: > ff02::2 router solicitation");
    expect(ipv6.isLocal(LINK, own)).toBe(false);
    expect(datagram(LINK, 2)).toBe(1);
    happened("");
    pass(1 * SECOND);
    happened("own ready;");
    expect(ipv6.isLocal(LINK, own)).toBe(true);
    step(0);
    // Once more, since some do not believe an unspecified source.
    sentAmong(wire, "own > ff02::16 listener report to-exclude own-group");
  });

  test("asks for routers ever more rarely (RFC 7559)", () => {
    boot();
    let lastNs: i64 = now();
    let intervalNs: i64 = 4 * SECOND;
    let asked = 0;
    for (let i = 0; i < 10_000; i++) {
      step(SECOND);
      while (wire.pending > 0) {
        const frame = wire.take();
        if (frame[54] != 133) continue;
        if (asked > 0) {
          expect(now() - lastNs).toBeGreaterThan((intervalNs * 8) / 10 - SECOND);
          expect(now() - lastNs).toBeLessThan((intervalNs * 12) / 10 + SECOND);
        }
        if (asked++ > 0) intervalNs = min(intervalNs * 2, 3600 * SECOND);
        else intervalNs = 8 * SECOND;
        lastNs = now();
      }
    }
    // 4, 8, 16 … 2048 s, and once an hour.
    expect(asked).toBe(11);
  });

  test("finds that somebody has its address, by a probe or an answer", () => {
    const second = stableIdentifier(LINK, 1, 1, 2);
    const third = stableIdentifier(LINK, 2, 1, 2);
    call("second", LINK, second);
    call("third", LINK, third);
    call("second-group", GROUP, 0x1_ff00_0000 | (second & 0xff_ffff));
    call("third-group", GROUP, 0x1_ff00_0000 | (third & 0xff_ffff));
    pass(200 * MILLISECOND);
    wire.forget();
    peer.probe(LINK, own);
    pass(1100 * MILLISECOND);
    sent(wire, ":: > ff02::16 listener report to-exclude second-group");
    sentAmong(wire, ":: > second-group who-has second");
    wire.forget();
    peer.low = second;
    peer.advertise(GROUP, 1, 0x20);
    pass(1100 * MILLISECOND);
    sent(wire, ":: > ff02::16 listener report to-exclude third-group");
    sentAmong(wire, ":: > third-group who-has third");
    pass(1 * SECOND);
    expect(ipv6.isLocal(LINK, third)).toBe(true);
    expect(ipv6.discovery.addresses.duplicates).toBe(2);
    // It answers for the third only.
    wire.forget();
    peer.low = 2;
    peer.solicit(LINK, own);
    peer.solicit(LINK, second);
    silence(wire);
    peer.solicit(LINK, third);
    sent(wire, "third > fe80::2 third is-at 02:00:00:00:00:01 solicited override");
  });

  test("with an address of the configuration that somebody has says so", () => {
    boot();
    ipv6.addAddress(NET, 1, 64);
    pass(100 * MILLISECOND);
    peer.probe(NET, 1);
    happened("1 lost;");
    pass(2 * SECOND);
    expect(ipv6.isLocal(NET, 1)).toBe(false);
    wire.forget();
    peer.echo(NET, 1, 1, 1, 8);
    silence(wire);
  });

  test("hears nothing but discovery at a tentative address", () => {
    pass(200 * MILLISECOND);
    wire.forget();
    ipv6.register(Protocol.UDP, new Transport());
    peer.echo(LINK, own, 1, 1, 8);
    peer.udp(LINK, own, 1, 2, 3);
    peer.solicit(LINK, own);
    silence(wire);
    happened("");
    expect(ipv6.discovery.addresses.duplicates).toBe(0);
  });
});

describe("a router", () => {
  test("gives a prefix, a route, an MTU and name servers", () => {
    boot();
    const mtu = new Uint8Array(8);
    mtu.set([5, 1, 0, 0, 0, 0, 0x05, 0x78]);
    const servers = joined([new Uint8Array(8), addressOf(NET, 0x53), addressOf(NET, 0x54)]);
    servers.set([25, 5, 0, 0, 0, 0, 0, 60]);
    router.advertiseRouter(1800, 0, [
      linkOption(1, router.mac),
      mtu,
      prefixOption(NET, 64, 0xc0, 86400, 14400),
      servers,
    ]);
    step(0);
    happened("name servers;");
    sent(wire, "own > ff02::16 listener report to-exclude own-group to-exclude auto-group");
    pass(1100 * MILLISECOND);
    sent(wire, ":: > auto-group who-has auto");
    sent(wire, "own > ff02::16 listener report to-exclude own-group to-exclude auto-group");
    happened("auto ready;");
    expect(ipv6.discovery.linkMtu).toBe(1400);
    const nameServers = ipv6.discovery.nameServers;
    expect(nameServers.next(0, now())).toBe(0);
    expect(nameServers.at(0).low).toBe(0x53);
    expect(nameServers.next(1, now())).toBe(1);
    expect(nameServers.next(2, now())).toBe(-1);
    expect(nameServers.next(0, now() + 60 * SECOND)).toBe(-1);
    // Its link address is known: nobody has to be asked on the way to the Internet.
    const path = ipv6.path(0, 0, 0x2a00 << 48, 9)!;
    expect(path.mtu).toBe(1400);
    expect(path.sourceLow).toBe(auto);
    expect(datagram(0x2a00 << 48, 9)).toBe(0);
    sent(wire, "auto > 2a00::9 udp 0 > 0, 10 bytes");
    silence(wire);
    // A neighbour in the net is asked for itself.
    expect(datagram(NET, 0x77)).toBe(0);
    sent(wire, "auto > ff02::1:ff00:77 who-has 2001:db8::77 tell 02:00:00:00:00:01");
  });

  test("that asks for nonsense is not heeded", () => {
    boot();
    const options = [prefixOption(NET, 64, 0xc0, 86400, 14400)];
    // Not from a link-local address, not with hop limit 255, with a code, too short, with an option of length 0.
    const stranger = new Peer6(wire, 5, NET, 0xfe);
    stranger.advertiseRouter(1800, 0, options);
    router.icmp(GROUP, 1, 134, 0, 1800, joined([new Uint8Array(8), options[0]]));
    router.hopLimit = 255;
    router.icmp(GROUP, 1, 134, 1, 1800, joined([new Uint8Array(8), options[0]]));
    router.icmp(GROUP, 1, 134, 0, 1800, new Uint8Array(7));
    router.icmp(GROUP, 1, 134, 0, 1800, new Uint8Array(16));
    router.icmp(GROUP, 1, 134, 0, 1800, joined([new Uint8Array(8), options[0].slice(0, 31)]));
    expect(ipv6.counters.discoveryInvalid).toBe(6);
    router.forgetful = true;
    router.icmp(GROUP, 1, 134, 0, 1800, joined([new Uint8Array(8), options[0]]));
    expect(ipv6.counters.icmpBadChecksum).toBe(1);
    step(0);
    silence(wire);
    expect(datagram(NET, 1)).toBe(1);
    expect(neighbours.length).toBe(0);
  });

  test("cannot lower the hop limit, nor the MTU below what every link carries", () => {
    boot();
    const mtu = new Uint8Array(8);
    mtu.set([5, 1, 0, 0, 0, 0, 0x04, 0xff]);
    router.discovery(GROUP, 1, 134, (1 << 24) | 1800, joined([new Uint8Array(8), mtu]));
    expect(ipv6.discovery.hopLimit).toBe(64);
    expect(ipv6.discovery.linkMtu).toBe(1500);
    mtu.set([0x05, 0xdd], 6);
    router.discovery(GROUP, 1, 134, (128 << 24) | 1800, joined([new Uint8Array(8), mtu]));
    expect(ipv6.discovery.hopLimit).toBe(128);
    expect(ipv6.discovery.linkMtu).toBe(1500);
  });

  test("says how long neighbours are reachable, and when to ask again, within bounds", () => {
    boot();
    const times = new Uint8Array(8);
    put32(times, 0, 60_000);
    put32(times, 4, 1);
    router.discovery(GROUP, 1, 134, 1800, times);
    expect(neighbours.reachableNs).toBe(60 * SECOND);
    expect(neighbours.retransmitNs).toBe(100 * MILLISECOND);
    put32(times, 0, 3_600_001);
    put32(times, 4, 0xffff_ffff);
    router.discovery(GROUP, 1, 134, 1800, times);
    expect(neighbours.reachableNs).toBe(60 * SECOND);
    expect(neighbours.retransmitNs).toBe(10 * SECOND);
  });

  test("with a higher preference is used; one that leaves is not (RFC 4191)", () => {
    bootWithRouter();
    const other = new Peer6(wire, 0x02_00_00_00_00_fd, LINK, 0xfd);
    other.advertiseRouter(1800, 0x08, [linkOption(1, other.mac)]);
    const path = ipv6.path(0, 0, 0x2a00 << 48, 9)!;
    path.begin();
    path.send(Protocol.UDP, 18, -1, 0);
    expect(wire.take()[5]).toBe(0xfd);
    other.advertiseRouter(0, 0x08, []);
    path.begin();
    path.send(Protocol.UDP, 18, -1, 0);
    expect(wire.take()[5]).toBe(0xfe);
    router.advertiseRouter(0, 0, []);
    path.begin();
    expect(path.send(Protocol.UDP, 18, -1, 0)).toBe(-35);
    // Then others are asked for.
    pass(4500 * MILLISECOND);
    sent(wire, "own > ff02::2 router solicitation from 02:00:00:00:00:01");
  });

  test("of a more specific route is used for it, until its time is over", () => {
    bootWithRouter();
    const other = new Peer6(wire, 0x02_00_00_00_00_fd, LINK, 0xfd);
    const route = new Uint8Array(16);
    route.set([24, 2, 16, 0, 0, 0, 0, 30, 0x2a]);
    const worse = new Uint8Array(16);
    // The reserved preference: not heeded.
    worse.set([24, 2, 16, 0x10, 0, 0, 0, 30, 0x2b]);
    other.advertiseRouter(0, 0, [linkOption(1, other.mac), route, worse]);
    datagram(0x2a00 << 48, 9);
    expect(wire.take()[5]).toBe(0xfd);
    datagram(0x2b00 << 48, 9);
    expect(wire.take()[5]).toBe(0xfe);
    step(30 * SECOND);
    wire.forget();
    datagram(0x2a00 << 48, 9);
    expect(wire.take()[5]).toBe(0xfe);
  });

  test("that falls silent is replaced by another one", () => {
    bootWithRouter();
    const other = new Peer6(wire, 0x02_00_00_00_00_fd, LINK, 0xfd);
    other.advertiseRouter(1800, 0x18, [linkOption(1, other.mac)]);
    datagram(0x2a00 << 48, 9);
    expect(wire.take()[5]).toBe(0xfe);
    pass(5100 * MILLISECOND);
    sent(wire, "own > fe80::fe who-has fe80::fe tell 02:00:00:00:00:01");
    pass(3 * SECOND);
    wire.forget();
    datagram(0x2a00 << 48, 9);
    expect(wire.take()[5]).toBe(0xfd);
    // It is heard again.
    router.advertiseRouter(1800, 0, [linkOption(1, router.mac)]);
    datagram(0x2a00 << 48, 9);
    expect(wire.take()[5]).toBe(0xfe);
  });

  test("that is to be asked itself has the packets wait", () => {
    boot();
    router.advertiseRouter(1800, 0, [prefixOption(NET, 64, 0xc0, 86400, 14400)]);
    pass(2 * SECOND);
    wire.forget();
    datagram(0x2a00 << 48, 1);
    sent(wire, "own > ff02::1:ff00:fe who-has fe80::fe tell 02:00:00:00:00:01");
    datagram(0x2a00 << 48, 2);
    silence(wire);
    router.advertise(LINK, own, 0xe0);
    sent(wire, "auto > 2a00::1 udp 0 > 0, 10 bytes");
    sent(wire, "auto > 2a00::2 udp 0 > 0, 10 bytes");
    silence(wire);
  });

  test("may send a host elsewhere, if it is the one that was used (RFC 4861 §8)", () => {
    bootWithRouter();
    const other = new Peer6(wire, 0x02_00_00_00_00_fd, LINK, 0xfd);
    const body = joined([
      addressOf(LINK, 0xfd),
      addressOf(0x2a00 << 48, 9),
      linkOption(2, other.mac),
    ]);
    // Not from another one, nor for a group, nor to a global address that is not the destination.
    other.discovery(LINK, own, 137, 0, body);
    const wrong = body.slice(0);
    wrong[16] = 0xff;
    router.discovery(LINK, own, 137, 0, wrong);
    wrong.set(body);
    put64(wrong, 0, NET);
    router.discovery(LINK, own, 137, 0, wrong);
    expect(ipv6.counters.discoveryInvalid).toBe(3);
    datagram(0x2a00 << 48, 9);
    expect(wire.take()[5]).toBe(0xfe);
    router.discovery(LINK, own, 137, 0, body);
    datagram(0x2a00 << 48, 9);
    expect(wire.take()[5]).toBe(0xfd);
    datagram(0x2a00 << 48, 8);
    expect(wire.take()[5]).toBe(0xfe);
    // To itself: it is on the link.
    router.discovery(
      LINK,
      own,
      137,
      0,
      joined([addressOf(0x2a00 << 48, 7), addressOf(0x2a00 << 48, 7), linkOption(2, 0x02_07)]),
    );
    datagram(0x2a00 << 48, 7);
    expect(wire.take()[5]).toBe(0x07);
  });

  test("can deprecate an address, and let it go", () => {
    boot();
    ipv6.register(Protocol.UDP, new Transport());
    router.advertiseRouter(1800, 0, [prefixOption(NET, 64, 0xc0, 20, 10)]);
    pass(5 * SECOND);
    happened("auto ready;");
    const path = ipv6.path(0, 0, NET, 5)!;
    expect(path.sourceLow).toBe(auto);
    // Deprecated: it still serves, for there is no other of its scope.
    pass(8 * SECOND);
    expect(ipv6.path(0, 0, NET, 5) === path).toBe(true);
    pass(8 * SECOND);
    happened("transport lost auto;auto lost;");
    path.begin();
    expect(path.send(Protocol.UDP, 18, -1, 0)).toBe(-35);
  });

  test("is not listened to when the configuration says so", () => {
    const other = new Wire();
    const quiet = new Ipv6(new Ethernet(other), new TestRandom(), false, 1, 2);
    quiet.addAddress(NET, 1, 64);
    quiet.addRoute(0, 0, 0, LINK, 0xfe);
    pass(5 * SECOND);
    while (other.pending > 0) expect(other.take()[54]).not.toBe(133);
    const speaker = new Peer6(other, 0x02_00_00_00_00_fd, LINK, 0xfd);
    speaker.advertiseRouter(1800, 0x08, [prefixOption(NET + 1, 64, 0xc0, 86400, 14400)]);
    pass(3 * SECOND);
    expect(quiet.discovery.neighbours.length).toBe(0);
    expect(quiet.isLocal(NET, 1)).toBe(true);
    const path = quiet.path(0, 0, 0x2a00 << 48, 9)!;
    expect(path.sourceLow).toBe(1);
    path.begin();
    path.send(Protocol.UDP, 18, -1, 0);
    sent(other, "own > ff02::1:ff00:fe who-has fe80::fe tell 02:00:00:00:00:01");
  });
});

describe("a neighbour", () => {
  test("that asks is answered, and remembered", () => {
    boot();
    peer.solicit(LINK, own);
    sent(wire, "own > fe80::2 own is-at 02:00:00:00:00:01 solicited override");
    expect(neighbours.find(LINK, 2)!.state).toBe(State.STALE);
    expect(neighbours.find(LINK, 2)!.link).toBe(peer.mac);
    // Without a link address it is answered where it came from, and not remembered.
    const other = new Peer6(wire, 0x02_00_00_00_00_03, LINK, 3);
    other.discovery(GROUP, OWN_GROUP, 135, 0, addressOf(LINK, own));
    sent(wire, "own > fe80::3 own is-at 02:00:00:00:00:01 solicited override");
    expect(neighbours.find(LINK, 3)).toBeNull();
    // Who probes for our address is told, with everybody.
    peer.probe(LINK, own);
    sent(wire, "own > ff02::1 own is-at 02:00:00:00:00:01 override");
    expect(ipv6.isLocal(LINK, own)).toBe(true);
  });

  test("that breaks a rule of §7.1 is not answered", () => {
    boot();
    const source = linkOption(1, peer.mac);
    const target = addressOf(LINK, own);
    // A group as target; too short; an option of length 0; a wrong hop limit; a code.
    peer.discovery(GROUP, OWN_GROUP, 135, 0, joined([addressOf(GROUP, OWN_GROUP), source]));
    peer.discovery(GROUP, OWN_GROUP, 135, 0, target.slice(0, 15));
    peer.discovery(GROUP, OWN_GROUP, 135, 0, joined([target, new Uint8Array(8)]));
    peer.hopLimit = 254;
    peer.icmp(GROUP, OWN_GROUP, 135, 0, 0, joined([target, source]));
    peer.hopLimit = 255;
    peer.icmp(GROUP, OWN_GROUP, 135, 1, 0, joined([target, source]));
    // From nobody: to a unicast address, to all nodes, with a link address.
    peer.high = 0;
    peer.low = 0;
    peer.discovery(LINK, own, 135, 0, target);
    peer.discovery(GROUP, 1, 135, 0, target);
    peer.discovery(GROUP, OWN_GROUP, 135, 0, joined([target, source]));
    expect(ipv6.counters.discoveryInvalid).toBe(8);
    // An advertisement of a group, and a solicited one to all.
    peer.high = LINK;
    peer.low = 2;
    peer.discovery(LINK, own, 136, 0, addressOf(GROUP, 1));
    peer.discovery(GROUP, 1, 136, 0x40 << 24, addressOf(LINK, 2));
    expect(ipv6.counters.discoveryInvalid).toBe(10);
    silence(wire);
    expect(neighbours.length).toBe(0);
  });

  test("in a fragment is not heeded (RFC 6980)", () => {
    boot();
    const body = joined([addressOf(LINK, own), linkOption(1, peer.mac)]);
    peer.hopLimit = 255;
    const message = peer.message(GROUP, OWN_GROUP, 135, 0, 0, body);
    peer.fragment(GROUP, OWN_GROUP, 1, 58, 0, false, message);
    peer.fragment(GROUP, OWN_GROUP, 2, 58, 0, true, message.slice(0, 16));
    peer.fragment(GROUP, OWN_GROUP, 2, 58, 16, false, message.slice(16));
    expect(ipv6.counters.reassembled).toBe(1);
    expect(ipv6.counters.discoveryInvalid).toBe(2);
    silence(wire);
  });

  test("that does not answer makes an error of what waited", () => {
    bootWithRouter();
    ipv6.register(Protocol.UDP, new Transport());
    datagram(NET, 0x77);
    pass(3 * SECOND);
    for (let i = 0; i < 3; i++)
      sent(wire, "auto > ff02::1:ff00:77 who-has 2001:db8::77 tell 02:00:00:00:00:01");
    silence(wire);
    happened("error 7 about 119;");
  });

  test("that is alive by a transport's word is not asked", () => {
    boot();
    peer.solicit(LINK, own);
    wire.forget();
    const path = ipv6.path(0, 0, LINK, 2)!;
    path.begin();
    path.send(Protocol.UDP, 18, -1, 0);
    expect(neighbours.find(LINK, 2)!.state).toBe(State.DELAY);
    ipv6.confirm(path);
    expect(neighbours.find(LINK, 2)!.state).toBe(State.REACHABLE);
    wire.forget();
    pass(10 * SECOND);
    let asked = 0;
    while (wire.pending > 0) if (wire.take()[54] == 135) asked++;
    expect(asked).toBe(0);
  });

  test("that was not heard for a while is asked again once it is used", () => {
    boot();
    const path = ipv6.path(0, 0, LINK, 2)!;
    path.begin();
    path.send(Protocol.UDP, 18, -1, 0);
    peer.advertise(LINK, own, 0x60);
    path.begin();
    path.send(Protocol.UDP, 18, -1, 0);
    const neighbour = neighbours.find(LINK, 2)!;
    expect(neighbour.state).toBe(State.REACHABLE);
    pass(46 * SECOND);
    // Nobody has looked yet.
    expect(neighbour.state).toBe(State.REACHABLE);
    datagram(LINK, 2);
    expect(neighbour.state).toBe(State.DELAY);
    wire.forget();
    pass(5100 * MILLISECOND);
    sentAmong(wire, "own > fe80::2 who-has fe80::2 tell 02:00:00:00:00:01");
  });

  test("whose link address changes is followed", () => {
    boot();
    datagram(LINK, 2);
    wire.forget();
    peer.advertise(LINK, own, 0x60);
    expect(wire.take()[5]).toBe(2);
    const moved = new Peer6(wire, 0x02_00_00_00_00_22, LINK, 2);
    moved.advertise(LINK, own, 0x20);
    datagram(LINK, 2);
    expect(wire.take()[5]).toBe(0x22);
    // It was not asked for: it is, after a while.
    pass(5100 * MILLISECOND);
    sentAmong(wire, "own > fe80::2 who-has fe80::2 tell 02:00:00:00:00:01");
  });
});

/** With hop limit 1 and a router alert, unless it is to be wrong. */
function query(groupLow: u64, delayMs: u32, alert: u8): void {
  router.hopLimit = 1;
  const body = joined([addressOf(groupLow == 0 ? 0 : GROUP, groupLow), new Uint8Array(4)]);
  const message = router.message(GROUP, 1, 130, 0, delayMs << 16, body);
  const alertHeader = new Uint8Array(8);
  alertHeader.set([58, 0, alert, 2, 0, 0, 1, 0]);
  router.send(GROUP, 1, 0, joined([alertHeader, message]));
  router.hopLimit = 64;
}

describe("a listener query (RFC 3810)", () => {
  test("is answered with all groups, within the time it gives", () => {
    boot();
    query(0, 1000, 5);
    silence(wire);
    pass(1100 * MILLISECOND);
    sent(wire, "own > ff02::16 listener report is-exclude own-group");
    query(OWN_GROUP, 0, 5);
    step(0);
    sent(wire, "own > ff02::16 listener report is-exclude own-group");
    query(0x1_ff12_3456, 0, 5);
    // Without an alert, with another hop limit.
    query(0, 0, 30);
    router.icmp(GROUP, 1, 130, 0, 0, new Uint8Array(20));
    step(0);
    silence(wire);
  });
});

describe("floods", () => {
  test("of router advertisements leave a bounded state, and the router that was there first", () => {
    bootWithRouter();
    wire.forgets = true;
    const random = new TestRandom(3);
    for (let i = 0; i < 20_000; i++) {
      const liar = new Peer6(
        wire,
        0x02_00_00_01_00_00 + random.below(60000),
        LINK,
        0x100 + random.below(60000),
      );
      liar.advertiseRouter(1800, 0, [
        linkOption(1, liar.mac),
        prefixOption(NET + 1 + random.below(60000), 64, 0xc0, 86400, 14400),
      ]);
      if (i % 100 == 0) step(MILLISECOND);
    }
    wire.forgets = false;
    expect(neighbours.length).toBeLessThanOrEqual(128);
    expect(ipv6.discovery.addresses.refused).toBeGreaterThan(19_000);
    expect(ipv6.discovery.routes.refused).toBeGreaterThan(19_000);
    datagram(0x2a00 << 48, 9);
    expect(wire.take()[5]).toBe(0xfe);
    expect(ipv6.isLocal(NET, auto)).toBe(true);
  });

  test("of solicitations from anybody are answered, and those in use stay", () => {
    bootWithRouter();
    datagram(LINK, 2);
    peer.advertise(LINK, own, 0x60);
    wire.forgets = true;
    for (let i = 0; i < 20_000; i++) {
      const liar = new Peer6(wire, 0x02_00_00_01_00_00 + i, LINK, 0x100 + i);
      liar.solicit(LINK, own);
    }
    wire.forgets = false;
    wire.forget();
    expect(neighbours.length).toBe(128);
    expect(neighbours.find(LINK, 2)!.state).toBe(State.REACHABLE);
    datagram(LINK, 2);
    sent(wire, "own > fe80::2 udp 0 > 0, 10 bytes");
    datagram(0x2a00 << 48, 9);
    expect(wire.take()[5]).toBe(0xfe);
  });

  test("of packets to nobody ask for few, and keep few", () => {
    bootWithRouter();
    wire.forgets = true;
    const before = wire.counters.sentFrames;
    for (let i = 0; i < 20_000; i++) datagram(NET, 0x100 + i);
    wire.forgets = false;
    expect(wire.counters.sentFrames - before).toBeLessThanOrEqual(64);
    expect(neighbours.length).toBeLessThanOrEqual(17);
    expect(ipv6.discovery.waiting.count).toBeLessThanOrEqual(16);
    expect(neighbours.refused).toBe(20_000 - 64);
  });
});
