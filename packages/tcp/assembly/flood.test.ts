/** Whatever arrives, and however much of it: memory stays where it is, and what is established lives on. */
import { TcpState } from "@phantasm/interfaces";
import { Heap } from "@phantasm/runtime/heap/statistics";
import { describe, expect, test } from "@phantasm/testing";
import { TcpLimits } from "./limits";
import { pass, step } from "./testing/clock";
import { MS, S, accept, c, ip, peer, recorder, setUp, take, tcp, write } from "./testing/fixture";
import { REMOTE } from "./testing/fake-ip";

/** Collections that there are when the one asked for has ended. */
let asked: u32 = 0;

/** The established connection still works. */
function lives(): void {
  ip.link.keeps = true;
  peer.address = REMOTE;
  peer.restart(40_000, 1_000_000);
  peer.theirs = c!.initialSend;
  peer.seen = c!.sendNext;
  peer.hasSeen = true;
  peer.next = c!.receiveNext;
  peer.remotePort = 80;
  peer.sends("A len=10");
  peer.ignores();
  expect(c!.state).toBe(TcpState.ESTABLISHED);
  expect(c!.readable).toBe(10);
}

describe("SYN flood", () => {
  test("half-open connections are bounded, cookies are sent beyond, memory is flat", () => {
    setUp();
    accept();
    ip.link.keeps = false;
    for (let i = 0; i < 20_000; i++) {
      peer.address = REMOTE + 1 + (i >> 14);
      peer.restart(<u16>i, i * 7919);
      peer.throws("S mss=1460");
      if ((i & 63) == 0) step(MS);
      if (i == 1000) new Heap().collect();
    }
    step(MS);
    expect(tcp.halfOpen).toBe(256);
    expect(tcp.connections).toBe(257);
    expect(tcp.counters.cookiesSent).toBe(20_000 - 256);
    lives();
    // The flood ends: so do its connections.
    pass(70 * S);
    expect(tcp.connections).toBe(1);
    expect(tcp.halfOpen).toBe(0);
  });

  test("who answers a cookie is connected, with what its SYN offered", () => {
    const limits = new TcpLimits();
    limits.halfOpen = 0;
    setUp(limits);
    peer.sends("S mss=1400 ws=9 sackok ts=500");
    peer.expects("SA seq=0 ack=1 mss=1460 sackok ws=6 ts tsecr=500");
    expect(tcp.connections).toBe(0);
    pass(10 * S);
    peer.sends("A ts=10500 len=100");
    peer.expects("A ack=101");
    expect(recorder.take()).toBe("accept readable");
    expect(tcp.counters.cookiesAccepted).toBe(1);
    recorder.heard = "accept ";
    take();
    expect(c!.sendScale).toBe(9);
    expect(c!.receiveScale).toBe(6);
    expect(c!.hasSack).toBe(true);
    expect(c!.peerSegmentBytes).toBe(1400);
  });

  test("without time stamps only the segment size is remembered", () => {
    const limits = new TcpLimits();
    limits.halfOpen = 0;
    setUp(limits);
    peer.sends("S mss=1300 ws=9 sackok");
    const answer = peer.expects("SA seq=0 ack=1");
    expect(answer.includes("ws")).toBe(false);
    peer.sends("A");
    take();
    expect(c!.sendScale).toBe(0);
    expect(c!.hasSack).toBe(false);
    expect(c!.peerSegmentBytes).toBe(1220);
    write(c!, 100);
    step(0);
    peer.expects("A seq=1 len=100");
  });

  test("a cookie is good for two minutes, for its connection, and not when it is guessed", () => {
    const limits = new TcpLimits();
    limits.halfOpen = 0;
    setUp(limits);
    peer.sends("A ack=77");
    peer.expects("R");
    expect(tcp.counters.cookiesRefused).toBe(0);
    peer.sends("S mss=1460");
    peer.expects("SA");
    const cookie = peer.seen;
    peer.seen = cookie + 1;
    peer.sends("A");
    peer.expects("R");
    peer.seen = cookie;
    peer.restart(40_001, 1_000_000);
    peer.next++;
    peer.sends("A");
    peer.expects("R");
    expect(tcp.counters.cookiesRefused).toBe(2);
    pass(130 * S);
    peer.restart(40_000, 1_000_000);
    peer.next++;
    peer.sends("A");
    peer.expects("R");
    expect(recorder.take()).toBe("");
  });

  test("a full backlog ignores answers to cookies; data asks again", () => {
    const limits = new TcpLimits();
    limits.halfOpen = 0;
    setUp(limits, 1);
    recorder.takes = false;
    for (let i: u16 = 0; i < 2; i++) {
      peer.restart(40_000 + i, 1000);
      peer.sends("S mss=1460");
      peer.ignores();
    }
    peer.sends("A");
    expect(recorder.take()).toBe("accept");
    expect(tcp.connections).toBe(1);
    peer.restart(40_002, 1000);
    peer.sends("S mss=1460");
    peer.expectsNothing();
    recorder.accepted!.setHandler(recorder);
    peer.sends("S seq=0 mss=1460");
    peer.expects("SA");
    peer.sends("A");
    expect(recorder.take()).toBe("accept");
  });
});

describe("floods of other segments", () => {
  test("for nobody: RSTs are limited", () => {
    setUp();
    accept();
    ip.link.keeps = false;
    const sent = ip.link.count;
    for (let i = 0; i < 5000; i++) {
      peer.restart(<u16>i, i);
      peer.throws("A ack=5 len=10");
    }
    step(0);
    expect(ip.link.count - sent).toBe(1000);
    expect(tcp.counters.resetsWithheld).toBe(4000);
    lives();
  });

  test("for a connection: ACKs are limited, RSTs and SYNs in the window too", () => {
    setUp();
    accept();
    peer.ip.link.keeps = false;
    const sent = ip.link.count;
    for (let i = 0; i < 3000; i++) {
      peer.throws(`A seq=${i * 1000003}`);
      peer.throws(`R seq=${2 + i}`);
      peer.throws(`S seq=${2 + i}`);
      peer.throws(`A seq=1 ack=${5 + i}`);
      if ((i & 255) == 0) step(10 * MS);
    }
    step(0);
    expect(ip.link.count - sent).toBeLessThanOrEqual(2);
    lives();
  });

  test("ahead of their turn: memory is bounded", () => {
    const limits = new TcpLimits();
    limits.memoryBytes = 64 * 4096;
    setUp(limits);
    accept();
    ip.link.keeps = false;
    for (let port: u16 = 1; port < 100; port++) {
      peer.restart(port, 5);
      ip.link.keeps = true;
      peer.sends("S mss=1460");
      peer.ignores();
      ip.link.keeps = false;
      peer.throws("A");
      for (let i = 1; i < 15; i++) peer.throws(`A seq=${i * 4096} len=1`);
      step(0);
    }
    // One sixteenth is for data in order.
    expect(tcp.pool.used).toBe(60);
    expect(tcp.pool.arenaBytes).toBeLessThanOrEqual(64 * 4120);
    lives();
  });
});

test("idle connections hold no blocks, and less than 1 KB each", () => {
  setUp();
  const heap = new Heap();
  ip.link.keeps = true;
  const before = heap.used;
  for (let i = 0; i < 2000; i++) {
    peer.restart(<u16>(1000 + i), i);
    peer.sends("S mss=1460 ws=7 sackok ts");
    peer.ignores();
    peer.sends("A len=100");
    peer.ignores();
    recorder.accepted!.consume(100);
    // Nothing is left to wait for.
    if (i % 20 == 0) pass(2 * S);
  }
  recorder.take();
  for (let i = 0; i < 5000 && collecting(heap); i++) step(0);
  expect(tcp.pool.used).toBe(0);
  expect(tcp.connections).toBe(2000);
  expect((heap.used - before) / 2000).toBeLessThan(1024);
});

/** Until a whole collection has passed. */
function collecting(heap: Heap): bool {
  if (asked == 0) {
    asked = heap.collections + 2;
    heap.collect();
  }
  if (heap.collections == asked - 1) heap.collect();
  return heap.collections < asked;
}
