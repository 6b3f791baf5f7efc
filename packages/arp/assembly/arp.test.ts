import { SECOND } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { Ethernet } from "@phantasm/ethernet";
import { OUR_MAC, Peer, TestRandom, Wire, step } from "@phantasm/ethernet/testing";
import { hold } from "@phantasm/runtime";
import { Arp, ArpOwner } from "./arp";
import { NeighbourState } from "./neighbour";

const US: u32 = 0x0a000001;
const THEM: u32 = 0x0a000002;
const OTHER: u32 = 0x0a000003;
const THEIR_MAC: u64 = 0x02_00_00_00_00_02;

let told: string = "";

class Owner implements ArpOwner {
  onAddressReady(address: u32): void {
    told += `ready ${address & 255};`;
  }

  onAddressConflict(address: u32): void {
    told += `conflict ${address & 255};`;
  }

  onNeighbourGone(address: u32): void {
    told += `gone ${address & 255};`;
  }
}

const wire = new Wire();
const ethernet = new Ethernet(wire);
const arp = new Arp(ethernet, new Owner(), new TestRandom(), 8, 4, 4);
const peer = new Peer(wire, THEIR_MAC, THEM);
hold();

function heard(text: string): void {
  expect(told).toBe(text);
  told = "";
}

/** Our address is ours, and everybody was told. */
function own(): void {
  arp.claim(US, false, false);
  step(3 * SECOND);
  wire.forget();
  told = "";
}

/** A frame of one byte waits for that neighbour. */
function keep(address: u32, mark: u8): void {
  ethernet.begin();
  store<u8>(ethernet.begin(), mark);
  ethernet.head(0x1234);
  arp.waiting.keep(0, address, 1);
}

describe("a neighbour", () => {
  test("is asked for, and what waits is sent when it answers", () => {
    own();
    const entry = arp.want(THEM, US);
    wire.expect("arp who-has 10.0.0.2 tell 10.0.0.1");
    keep(THEM, 7);
    wire.expectNothing();
    peer.arpReply(US);
    wire.expect("type 1234, 1 bytes");
    expect(entry.state).toBe(NeighbourState.KNOWN);
    expect(entry.mac).toBe(THEIR_MAC);
    expect(arp.want(THEM, US)).toBe(entry);
    wire.expectNothing();
  });

  test("that is silent is asked three times, once a second, and given up", () => {
    own();
    arp.want(THEM, US);
    keep(THEM, 7);
    wire.expect("arp who-has 10.0.0.2 tell 10.0.0.1");
    step(SECOND - 1);
    arp.want(THEM, US);
    wire.expectNothing();
    step(1);
    wire.expect("arp who-has 10.0.0.2 tell 10.0.0.1");
    step(SECOND);
    wire.expect("arp who-has 10.0.0.2 tell 10.0.0.1");
    heard("");
    step(SECOND);
    heard("gone 2;");
    wire.expectNothing();
    expect(arp.count).toBe(0);
    expect(arp.waiting.count).toBe(0);
    expect(arp.counters.silent).toBe(1);
    peer.arpReply(US);
    expect(arp.count).toBe(0);
  });

  test("in use is asked again before it is forgotten, and only it", () => {
    own();
    const entry = arp.want(THEM, US);
    wire.forget();
    peer.arpReply(US);
    entry.isUsed = true;
    step(60 * SECOND);
    expect(wire.pending).toBe(1);
    const request = wire.take();
    expect(request.slice(0, 6).toString()).toBe("2,0,0,0,0,2");
    expect(entry.state).toBe(NeighbourState.REFRESHING);
    expect(entry.mac).toBe(THEIR_MAC);
    peer.arpReply(US);
    expect(entry.state).toBe(NeighbourState.KNOWN);
    wire.expectNothing();
  });

  test("that does not answer the poll is asked for by everybody", () => {
    own();
    const entry = arp.want(THEM, US);
    wire.forget();
    peer.arpReply(US);
    entry.isUsed = true;
    step(60 * SECOND);
    entry.isUsed = true;
    step(SECOND);
    step(SECOND);
    for (let i = 0; i < 3; i++) expect(wire.take()[5]).toBe(2);
    step(SECOND);
    expect(entry.state).toBe(NeighbourState.ASKING);
    expect(wire.take()[5]).toBe(0xff);
    new Peer(wire, 0x02_00_00_00_00_77, THEM).arpReply(US);
    expect(entry.mac).toBe(0x02_00_00_00_00_77);
  });

  test("out of use is kept quietly, asked when it is needed again, and forgotten at last", () => {
    own();
    const entry = arp.want(THEM, US);
    wire.forget();
    peer.arpReply(US);
    entry.isUsed = false;
    step(60 * SECOND);
    expect(entry.state).toBe(NeighbourState.STALE);
    wire.expectNothing();
    arp.use(entry, US);
    wire.expect("arp who-has 10.0.0.2 tell 10.0.0.1");
    peer.arpReply(US);
    entry.isUsed = false;
    step(60 * SECOND);
    step(600 * SECOND);
    expect(arp.count).toBe(0);
    wire.expectNothing();
  });

  test("whose acknowledgements arrive is not asked", () => {
    own();
    const entry = arp.want(THEM, US);
    wire.forget();
    peer.arpReply(US);
    for (let i = 0; i < 10; i++) {
      step(30 * SECOND);
      entry.isUsed = true;
      arp.confirm(entry);
    }
    wire.expectNothing();
    expect(entry.state).toBe(NeighbourState.KNOWN);
  });

  test("may move", () => {
    own();
    const entry = arp.want(THEM, US);
    peer.arpReply(US);
    new Peer(wire, 0x02_00_00_00_00_77, THEM).arpRequest(THEM);
    expect(entry.mac).toBe(0x02_00_00_00_00_77);
    expect(arp.counters.moved).toBe(1);
  });
});

describe("a request", () => {
  test("for us is answered, and the asker remembered", () => {
    own();
    peer.arpRequest(US);
    const reply = wire.take();
    expect(reply.slice(0, 6).toString()).toBe("2,0,0,0,0,2");
    expect(reply.slice(14).toString()).toBe(
      "0,1,8,0,6,4,0,2,2,0,0,0,0,1,10,0,0,1,2,0,0,0,0,2,10,0,0,2",
    );
    expect(arp.count).toBe(1);
    arp.want(THEM, US);
    wire.expectNothing();
  });

  test("for others is not, and teaches nothing", () => {
    own();
    peer.arpRequest(OTHER);
    peer.arpReply(OTHER);
    wire.expectNothing();
    expect(arp.count).toBe(0);
  });

  test("without a sender is a probe: it is answered, and teaches nothing", () => {
    own();
    peer.address = 0;
    peer.arpRequest(US);
    wire.expect("arp 10.0.0.1 is-at 02:00:00:00:00:01");
    expect(arp.count).toBe(0);
    heard("");
  });

  test("that makes no sense is counted", () => {
    own();
    peer.ethernet(0x0806, new Uint8Array(27));
    peer.ethernet(0x0806, new Uint8Array(46));
    peer.arp(1, 0x0100_0000_0002, THEM, 0, US);
    peer.arp(3, THEIR_MAC, THEM, 0, US);
    expect(arp.counters.malformed).toBe(4);
    peer.arp(1, THEIR_MAC, 0xe000_0001, 0, US);
    peer.arp(1, THEIR_MAC, 0xffff_ffff, 0, US);
    expect(arp.count).toBe(0);
  });

  test("that we sent ourselves and a bridge returns is no conflict", () => {
    own();
    peer.arp(1, OUR_MAC, US, 0, US);
    heard("");
    expect(arp.counters.conflicts).toBe(0);
  });
});

describe("a flood", () => {
  test("of requests to us does not drive out who is needed", () => {
    own();
    for (let host = 0; host < 6; host++) {
      arp.want(0x0a000010 + host, US);
      new Peer(wire, 0x02_00_00_00_01_00 + host, 0x0a000010 + host).arpReply(US);
    }
    for (let host = 0; host < 1000; host++)
      new Peer(wire, 0x02_00_00_01_00_00 + host, 0x0a010000 + host).arpRequest(US);
    expect(arp.count).toBe(8);
    wire.forget();
    for (let host = 0; host < 6; host++)
      expect(arp.want(0x0a000010 + host, US).mac).toBe(0x02_00_00_00_01_00 + host);
    wire.expectNothing();
    arp.want(0x0a000020, US);
    arp.want(0x0a000021, US);
    wire.forget();
    new Peer(wire, 0x02_00_00_00_09_09, 0x0a000099).arpRequest(US);
    expect(arp.counters.notLearned).toBe(1);
  });

  test("of neighbours that are equally good forgets who was silent longest", () => {
    own();
    const order: i32[] = [3, 1, 7, 0, 5, 2, 6, 4];
    for (let at = 0; at < 8; at++) {
      const host = order[at];
      const entry = arp.want(0x0a000010 + host, US);
      step(1000);
      new Peer(wire, 0x02_00_00_00_01_00 + host, 0x0a000010 + host).arpReply(US);
      entry.isUsed = false;
    }
    arp.want(0x0a000020, US);
    wire.forget();
    for (let at = 1; at < 8; at++) arp.want(0x0a000010 + order[at], US);
    wire.expectNothing();
    arp.want(0x0a000010 + order[0], US);
    wire.expect("arp who-has 10.0.0.19 tell 10.0.0.1");
  });

  test("of our own requests forgets who is missed least", () => {
    own();
    const used = arp.want(THEM, US);
    peer.arpReply(US);
    for (let host = 0; host < 100; host++) arp.want(0x0a000100 + host, US);
    expect(used.address).toBe(THEM);
    expect(used.state).toBe(NeighbourState.KNOWN);
    expect(arp.count).toBe(8);
    expect(arp.counters.evicted).toBe(93);
    heard("");
  });
});

describe("an address", () => {
  test("that is probed is used after three probes and a wait, and announced twice", () => {
    arp.claim(US, true, false);
    wire.expectNothing();
    step(SECOND);
    wire.expect("arp who-has 10.0.0.1 tell 0.0.0.0");
    step(2 * SECOND);
    wire.expect("arp who-has 10.0.0.1 tell 0.0.0.0");
    peer.arpRequest(US);
    wire.expectNothing();
    step(2 * SECOND);
    wire.expect("arp who-has 10.0.0.1 tell 0.0.0.0");
    step(2 * SECOND - 1);
    heard("");
    step(1);
    heard("ready 1;");
    wire.expect("arp announce 10.0.0.1");
    step(2 * SECOND);
    wire.expect("arp announce 10.0.0.1");
    step(100 * SECOND);
    wire.expectNothing();
    peer.arpRequest(US);
    wire.expect("arp 10.0.0.1 is-at 02:00:00:00:00:01");
  });

  test("that somebody has is not used", () => {
    arp.claim(US, true, false);
    step(SECOND);
    wire.forget();
    new Peer(wire, THEIR_MAC, US).arpReply(0);
    heard("conflict 1;");
    step(10 * SECOND);
    wire.expectNothing();
  });

  test("that somebody else probes too is not used", () => {
    arp.claim(US, true, false);
    step(SECOND);
    new Peer(wire, THEIR_MAC, 0).arpRequest(US);
    heard("conflict 1;");
  });

  test("is defended once in ten seconds, and given up at the second conflict", () => {
    own();
    const thief = new Peer(wire, THEIR_MAC, US);
    thief.arpRequest(US);
    wire.expect("arp announce 10.0.0.1");
    heard("");
    step(10 * SECOND);
    thief.arpRequest(OTHER);
    wire.expect("arp announce 10.0.0.1");
    step(10 * SECOND - 1);
    thief.arpRequest(OTHER);
    heard("conflict 1;");
    wire.expectNothing();
    peer.arpRequest(US);
    wire.expectNothing();
  });

  test("that must be kept is defended for ever, but not loudly", () => {
    arp.claim(US, false, true);
    step(3 * SECOND);
    wire.forget();
    heard("ready 1;");
    const thief = new Peer(wire, THEIR_MAC, US);
    for (let i = 0; i < 100; i++) {
      thief.arpRequest(US);
      step(SECOND / 2);
    }
    heard("");
    let announced = 0;
    while (wire.pending > 0) {
      wire.expect("arp announce 10.0.0.1");
      announced++;
    }
    expect(announced).toBe(5);
  });

  test("that is given up takes its questions along", () => {
    own();
    arp.want(THEM, US);
    keep(THEM, 1);
    arp.release(US);
    expect(arp.count).toBe(0);
    expect(arp.waiting.count).toBe(0);
    wire.forget();
    step(10 * SECOND);
    wire.expectNothing();
    heard("");
  });

  test("one of at most four", () => {
    for (let i = 0; i < 4; i++) expect(arp.claim(US + i, true, false)).toBe(true);
    expect(arp.claim(US + 4, true, false)).toBe(false);
    arp.release(US);
    expect(arp.claim(US + 4, true, false)).toBe(true);
  });
});
