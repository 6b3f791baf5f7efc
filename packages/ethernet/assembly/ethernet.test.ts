import { Errno, NetFeature } from "@phantasm/abi";
import { LinkWaiter } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { Ethernet } from "./ethernet";
import { EtherType, EthernetHandler, Frame, MAC_BROADCAST } from "./frame";
import { GROUPS_MAX } from "./groups";
import { OUR_MAC, Peer, Wire } from "./testing";
import { WaitingFrames } from "./waiting";

const wire = new Wire();
const ethernet = new Ethernet(wire);
const peer = new Peer(wire, 0x02_00_00_00_00_02, 0x0a000002);

let seen: string = "";

class Echo implements EthernetHandler {
  constructor(private readonly name: string) {}

  onEthernet(frame: Frame): void {
    seen += `${this.name} ${frame.bytes}${frame.isGroup ? " group" : ""}${frame.isTrusted ? " trusted" : ""}`;
    if (frame.segmentBytes > 0) seen += ` of ${frame.segmentBytes}`;
    seen += ";";
  }

  onEthernetGone(): void {
    seen += this.name + " gone;";
  }
}

class Ready implements LinkWaiter {
  onLinkReady(): void {
    seen += "ready;";
  }
}

function heard(text: string): void {
  expect(seen).toBe(text);
  seen = "";
}

describe("receiving", () => {
  test("goes by type, to our address and to everybody", () => {
    ethernet.register(EtherType.IPV4, new Echo("ip"));
    ethernet.register(EtherType.ARP, new Echo("arp"));
    peer.ethernet(0x0800, new Uint8Array(20));
    heard("ip 20;");
    peer.target = MAC_BROADCAST;
    peer.ethernet(0x0806, new Uint8Array(28));
    heard("arp 28 group;");
    peer.ethernet(0x1234, new Uint8Array(28));
    peer.ethernet(0x8100, new Uint8Array(28));
    heard("");
    expect(ethernet.counters.unknownType).toBe(1);
    expect(ethernet.counters.tagged).toBe(1);
    expect(ethernet.counters.received).toBe(2);
  });

  test("drops what is for others, from ourselves, or no frame", () => {
    ethernet.register(EtherType.IPV4, new Echo("ip"));
    peer.target = OUR_MAC + 1;
    peer.ethernet(0x0800, new Uint8Array(20));
    expect(ethernet.counters.notForUs).toBe(1);
    new Peer(wire, OUR_MAC, 0).ethernet(0x0800, new Uint8Array(20));
    expect(ethernet.counters.notForUs).toBe(2);
    new Peer(wire, MAC_BROADCAST, 0).ethernet(0x0800, new Uint8Array(20));
    expect(ethernet.counters.malformed).toBe(1);
    for (let bytes = 0; bytes < 14; bytes++) wire.arrive(new Uint8Array(bytes));
    expect(ethernet.counters.malformed).toBe(15);
    heard("");
  });

  test("of groups only when they were joined, until they were left as often", () => {
    ethernet.register(EtherType.IPV6, new Echo("ip6"));
    peer.target = 0x3333_0000_0001;
    peer.ethernet(0x86dd, new Uint8Array(40));
    heard("");
    expect(ethernet.counters.notJoined).toBe(1);
    expect(ethernet.join(0x3333_0000_0001)).toBe(true);
    expect(ethernet.join(0x3333_0000_0001)).toBe(true);
    ethernet.leave(0x3333_0000_0001);
    peer.ethernet(0x86dd, new Uint8Array(40));
    heard("ip6 40 group;");
    ethernet.leave(0x3333_0000_0001);
    ethernet.leave(0x3333_0000_0001);
    peer.ethernet(0x86dd, new Uint8Array(40));
    heard("");
  });

  test("joins a limited number of groups", () => {
    for (let group = 0; group < GROUPS_MAX; group++)
      expect(ethernet.join(0x3333_0000_0000 + group)).toBe(true);
    expect(ethernet.join(0x3333_0000_ffff)).toBe(false);
    ethernet.leave(0x3333_0000_0003);
    expect(ethernet.join(0x3333_0000_ffff)).toBe(true);
    peer.target = 0x3333_0000_0003;
    peer.ethernet(0x86dd, new Uint8Array(40));
    expect(ethernet.counters.notJoined).toBe(1);
  });

  test("tells of offloads and of the end", () => {
    ethernet.register(EtherType.IPV4, new Echo("ip"));
    const frame = new Uint8Array(34);
    frame.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]);
    wire.arrive(frame, 1, 1, 1448);
    wire.arrive(frame, 2);
    wire.arrive(frame, 0);
    heard("ip 20 trusted of 1448;ip 20 trusted;ip 20;");
    wire.detach();
    heard("ip gone;");
    expect(ethernet.isGone).toBe(true);
    expect(ethernet.send(MAC_BROADCAST, 0x0800, 20)).toBe(Errno.GONE);
  });
});

describe("sending", () => {
  test("puts the header in front", () => {
    memory.fill(ethernet.begin(), 7, 3);
    expect(ethernet.send(0x0a0b_0c0d_0e0f, 0x0806, 3)).toBe(0);
    expect(wire.take().toString()).toBe("10,11,12,13,14,15,2,0,0,0,0,1,8,6,7,7,7");
  });

  test("aligns what follows the header to 8 bytes", () => {
    expect(ethernet.begin() & 7).toBe(0);
  });

  test("says AGAIN without room, and calls back", () => {
    wire.isFull = true;
    expect(ethernet.send(MAC_BROADCAST, 0x0800, 20)).toBe(Errno.AGAIN);
    ethernet.whenReady(new Ready());
    heard("");
    wire.drain();
    heard("ready;");
    expect(ethernet.send(MAC_BROADCAST, 0x0800, 20)).toBe(0);
    expect(ethernet.counters.refused).toBe(1);
    expect(ethernet.counters.sent).toBe(1);
  });

  test("asks the link for a checksum, and for segments", () => {
    const features = NetFeature.CHECKSUM_SEND | NetFeature.SEGMENT_SEND;
    const strong = new Wire(1500, features);
    const other = new Ethernet(strong);
    expect(other.completesChecksums).toBe(true);
    expect(other.payloadBytesMax).toBe(65535);
    other.headOffloaded(0x0800, 20, 6, 0, 0);
    expect(other.sendTo(MAC_BROADCAST, 28)).toBe(0);
    expect(strong.takeWithHeader().slice(0, 10).toString()).toBe("1,0,0,0,0,0,34,0,6,0");
    other.headOffloaded(0x0800, 20, 16, 40, 1460);
    expect(other.sendTo(MAC_BROADCAST, 9000)).toBe(0);
    expect(strong.takeWithHeader().slice(0, 10).toString()).toBe("1,1,54,0,180,5,34,0,16,0");
    other.headOffloaded(0x86dd, 40, 16, 60, 1440);
    expect(other.sendTo(MAC_BROADCAST, 9000)).toBe(0);
    expect(strong.takeWithHeader().slice(0, 10).toString()).toBe("1,4,74,0,160,5,54,0,16,0");
  });

  test("cuts nothing when the link does not complete checksums", () => {
    const other = new Ethernet(new Wire(1500, NetFeature.SEGMENT_SEND));
    expect(other.segments).toBe(false);
    expect(other.payloadBytesMax).toBe(1500);
  });
});

/** A frame of one byte is kept for a next hop. */
function keep(waiting: WaitingFrames, hop: u64, mark: u8): void {
  store<u8>(ethernet.begin(), mark);
  ethernet.head(0x0800);
  waiting.keep(0, hop, 1);
}

/** What was sent: target and first byte of each. */
function marks(): string {
  let text = "";
  while (wire.pending > 0) {
    const frame = wire.take();
    text += `${frame[5]}:${frame[14]} `;
  }
  return text;
}

describe("frames that wait", () => {
  test("are sent in their order when the address is known", () => {
    const waiting = new WaitingFrames(ethernet, 4, 3);
    keep(waiting, 1, 10);
    keep(waiting, 2, 20);
    keep(waiting, 1, 11);
    waiting.sendTo(0, 1, 0x0200_0000_0009);
    expect(marks()).toBe("9:10 9:11 ");
    expect(waiting.count).toBe(1);
    waiting.sendTo(0, 1, 0x0200_0000_0009);
    waiting.sendTo(1, 2, 0x0200_0000_0009);
    expect(marks()).toBe("");
    waiting.sendTo(0, 2, 0x0200_0000_0008);
    expect(marks()).toBe("8:20 ");
    expect(ethernet.counters.waitingDropped).toBe(0);
  });

  test("make room: first the oldest of the same hop, then the oldest of all", () => {
    const waiting = new WaitingFrames(ethernet, 4, 2);
    keep(waiting, 1, 10);
    keep(waiting, 1, 11);
    keep(waiting, 1, 12);
    expect(waiting.count).toBe(2);
    keep(waiting, 2, 20);
    keep(waiting, 3, 30);
    keep(waiting, 4, 40);
    expect(waiting.count).toBe(4);
    expect(ethernet.counters.waitingDropped).toBe(2);
    for (let hop = 1; hop <= 4; hop++) waiting.sendTo(0, hop, hop);
    expect(marks()).toBe("1:12 2:20 3:30 4:40 ");
  });

  test("are given up when nobody answers", () => {
    const waiting = new WaitingFrames(ethernet, 4, 4);
    expect(waiting.takeOldest(0, 1)).toBe(0);
    keep(waiting, 1, 10);
    keep(waiting, 1, 11);
    keep(waiting, 2, 20);
    keep(waiting, 1, 12);
    expect(load<u8>(waiting.takeOldest(0, 1))).toBe(10);
    waiting.drop(0, 1);
    expect(waiting.count).toBe(1);
    expect(ethernet.counters.waitingDropped).toBe(3);
    expect(waiting.takeOldest(0, 1)).toBe(0);
  });
});
