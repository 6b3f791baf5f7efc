import { CANCELLED, Endpoint, Errno, IpAddress, TIMED_OUT, TcpState } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { TcpLimits } from "./limits";
import { pass, step } from "./testing/clock";
import { REMOTE } from "./testing/fake-ip";
import {
  MS,
  S,
  accept,
  begin,
  c,
  ip,
  peer,
  recorder,
  setUp,
  take,
  tcp,
  write,
} from "./testing/fixture";

describe("new data", () => {
  test("leaves when the step ends, in full segments", () => {
    setUp();
    accept();
    write(c!, 1000);
    write(c!, 1000);
    write(c!, 1000);
    peer.expectsNothing();
    step(0);
    peer.expects("A seq=1 len=1460");
    peer.expects("A seq=1461 len=1460");
    peer.expects("A seq=2921 len=80");
    peer.expectsNothing();
  });

  test("ten segments at first (RFC 6928)", () => {
    setUp();
    accept();
    write(c!, 60_000);
    step(0);
    for (let i = 0; i < 10; i++) peer.expects(`A seq=${1 + i * 1460} len=1460`);
    peer.expectsNothing();
    expect(c!.unacknowledged).toBe(60_000);
  });

  test("not more than the peer's window", () => {
    setUp();
    accept("S mss=1000");
    peer.sends("A win=2500");
    write(c!, 10_000);
    step(0);
    peer.expects("A seq=1 len=1000");
    peer.expects("A seq=1001 len=1000");
    // RFC 9293 §3.8.6.2.1: not the half segment that would fit,
    peer.expectsNothing();
    peer.sends("A win=2500 ack=1001");
    peer.expects("A seq=2001 len=1000");
    peer.expectsNothing();
  });

  test("a window that never holds a segment is filled nonetheless", () => {
    setUp();
    begin();
    peer.sends("SA mss=1460 win=400");
    peer.expects("A");
    write(c!, 1000);
    step(0);
    peer.expects("A seq=1 len=400");
    peer.expectsNothing();
    peer.sends("A win=400 ack=401");
    peer.expects("A seq=401 len=400");
  });

  test("Nagle: one small segment under way at a time", () => {
    setUp();
    accept();
    write(c!, 100);
    step(0);
    peer.expects("A seq=1 len=100");
    write(c!, 100);
    step(0);
    write(c!, 100);
    step(0);
    peer.expectsNothing();
    // Full ones leave.
    write(c!, 1460);
    step(0);
    peer.expects("A seq=101 len=1460");
    peer.expectsNothing();
    peer.sends("A ack=101");
    peer.expects("A seq=1561 len=200");
  });

  test("a tail that may be lost is probed for, with new data if there is some (RFC 8985 §7)", () => {
    setUp();
    accept();
    write(c!, 100);
    step(0);
    peer.expects("A seq=1 len=100");
    write(c!, 100);
    step(0);
    peer.expectsNothing();
    for (let i = 0; i < 20 && ip.link.sent.length == 0; i++) pass(50 * MS);
    peer.expects("A seq=101 len=100");
    // Nothing is new any more: the last one again.
    peer.sends("A ack=101");
    for (let i = 0; i < 20 && ip.link.sent.length == 0; i++) pass(50 * MS);
    peer.expects("A seq=101 len=100");
  });

  test("what was lost is sent again when later segments are acknowledged", () => {
    setUp();
    accept();
    write(c!, 6 * 1460);
    step(0);
    for (let i = 0; i < 6; i++) peer.expects(`A seq=${1 + i * 1460} len=1460`);
    for (let i = 2; i < 6; i++) peer.sends(`A ack=1 sack=1461-${1 + i * 1460}`);
    for (let i = 0; i < 20 && ip.link.sent.length == 0; i++) pass(MS);
    peer.expects("A seq=1 len=1460");
    peer.sends("A ack=8761");
    expect(c!.unacknowledged).toBe(0);
  });

  test("noDelay", () => {
    setUp();
    accept();
    c!.noDelay = true;
    expect(c!.noDelay).toBe(true);
    for (let i = 0; i < 3; i++) {
      write(c!, 100);
      step(0);
      peer.expects(`A seq=${1 + i * 100} len=100`);
    }
  });

  test("cork holds small segments for the step, and no longer", () => {
    setUp();
    accept();
    c!.cork();
    write(c!, 100);
    c!.uncork();
    write(c!, 100);
    step(0);
    peer.expects("A seq=1 len=200");
    peer.sends("A");
    c!.cork();
    write(c!, 2000);
    step(0);
    peer.expects("A seq=201 len=1460");
    peer.expects("A seq=1661 len=540");
    expect(c!.isCorked).toBe(false);
  });

  test("super-segments, when the link cuts them", () => {
    setUp();
    ip.way.segments = true;
    ip.way.bytesMax = 65_000;
    accept("S mss=1460 ws=7 sackok ts");
    write(c!, 60_000);
    step(0);
    peer.expects("A seq=1 len=14480 gso=1448");
    peer.sends("A ack=14481");
    peer.ignores();
  });

  test("onWritable, after write had no room", () => {
    setUp();
    accept();
    const taken = write(c!, 1 << 20);
    expect(taken).toBe(65536);
    expect(write(c!, 1)).toBe(Errno.AGAIN);
    expect(c!.writable).toBe(0);
    step(0);
    expect(recorder.take()).toBe("");
    peer.ignores();
    peer.sends("A");
    peer.ignores();
    for (let i = 0; i < 3; i++) {
      peer.sends("A");
      peer.ignores();
    }
    expect(recorder.take()).toBe("writable");
    expect(c!.writable).toBeGreaterThan(0);
  });

  test("one connection cannot take all the memory", () => {
    const limits = new TcpLimits();
    limits.memoryBytes = 16 * 4096;
    setUp(limits);
    accept();
    // Not the last eighth; the first block begins somewhere within.
    const taken = write(c!, 1 << 20);
    expect(taken).toBeGreaterThan(13 * 4096);
    expect(taken).toBeLessThanOrEqual(14 * 4096);
    expect(write(c!, 1)).toBe(Errno.AGAIN);
    expect(tcp.pool.available).toBe(2);
  });
});

describe("no memory", () => {
  test("who waits for it is told when others have given some back", () => {
    const limits = new TcpLimits();
    limits.memoryBytes = 16 * 4096;
    limits.stallNs = 60 * S;
    setUp(limits);
    const first = accept();
    peer.restart(40_001, 5000);
    const second = accept();
    expect(write(first, 1 << 20)).toBeGreaterThan(50_000);
    // Who has little may have a block, although hoarders have taken theirs.
    expect(write(second, 100)).toBe(100);
    expect(write(second, 10_000)).toBeLessThan(4096);
    expect(write(second, 1)).toBe(Errno.AGAIN);
    step(0);
    pass(S);
    expect(recorder.take()).toBe("");
    first.abort();
    expect(second.writable).toBeGreaterThan(0);
    peer.ignores();
    pass(S);
    expect(recorder.take()).toBe("closed:" + CANCELLED.toString() + " writable");
    expect(write(second, 100)).toBe(100);
  });

  test("what is left for senders is enough, though it is little", () => {
    const limits = new TcpLimits();
    limits.memoryBytes = 16 * 4096;
    limits.stallNs = 60 * S;
    setUp(limits);
    const first = accept();
    peer.restart(40_001, 5000);
    const second = accept();
    // Twelve blocks wait to be read, for ever.
    for (let i = 0; i < 12; i++) peer.sends("A len=4096");
    write(first, 1 << 20);
    expect(write(second, 10_000)).toBeLessThan(2 * 4096);
    expect(write(second, 100)).toBe(Errno.AGAIN);
    peer.ignores();
    first.abort();
    pass(S);
    expect(recorder.take().endsWith("writable")).toBe(true);
  });
});

describe("a full link", () => {
  test("sends the rest when it has room, each connection in its turn", () => {
    setUp();
    const first = accept();
    peer.restart(40_001, 5000);
    const second = accept();
    ip.makeRoom(1);
    write(first, 4000);
    write(second, 4000);
    step(0);
    expect(ip.link.sent.length).toBe(1);
    ip.link.sent.pop();
    expect(ip.waiters.length).toBe(1);
    // The second one has made no frame in vain.
    expect(ip.link.refused).toBe(1);
    ip.makeRoom(100);
    step(0);
    expect(ip.link.sent.length).toBe(5);
    expect(first.sendNext - first.initialSend).toBe(4001);
    expect(second.sendNext - second.initialSend).toBe(4001);
  });

  test("a SYN waits too", () => {
    setUp();
    ip.makeRoom(0);
    tcp.connect(new Endpoint(new IpAddress(0, REMOTE), 7), recorder, 5000);
    step(0);
    expect(ip.link.sent.length).toBe(0);
    ip.makeRoom(-1);
    step(0);
    peer.expects("SEW seq=0");
  });

  test("a connection that has ended meanwhile sends nothing", () => {
    setUp();
    accept();
    ip.makeRoom(0);
    write(c!, 100);
    step(0);
    c!.abort();
    ip.makeRoom(-1);
    step(0);
    peer.expectsNothing();
  });
});

describe("a closed window", () => {
  test("is probed with one byte, less and less often", () => {
    setUp();
    accept();
    peer.sends("A win=0");
    write(c!, 100);
    step(0);
    peer.expectsNothing();
    let delay = c!.recovery.rtoNs;
    for (let i = 0; i < 4; i++) {
      pass(delay);
      peer.expects("A seq=1 len=1");
      peer.sends("A seq=1 ack=1 win=0");
      peer.expectsNothing();
      delay <<= 1;
    }
    // It opens, and the byte was not taken.
    peer.sends("A ack=1 win=1000");
    peer.expects("A seq=1 len=100");
    peer.sends("A");
    expect(c!.unacknowledged).toBe(0);
    expect(tcp.counters.probesSent).toBe(4);
  });

  test("the byte may be taken", () => {
    setUp();
    accept();
    peer.sends("A win=0");
    write(c!, 100);
    pass(c!.recovery.rtoNs);
    peer.expects("A seq=1 len=1");
    peer.sends("A ack=2 win=1000");
    peer.expects("A seq=2 len=99");
    peer.sends("A");
    expect(c!.unacknowledged).toBe(0);
    expect(tcp.pool.used).toBe(0);
  });

  test("may stay closed for ever, as long as the peer answers", () => {
    setUp();
    accept();
    peer.sends("A win=0");
    write(c!, 100);
    for (let i = 0; i < 100; i++) {
      pass(60 * S);
      if (ip.link.sent.length > 0) {
        peer.ignores();
        peer.sends("A seq=1 ack=1 win=0");
      }
    }
    expect(c!.state).toBe(TcpState.ESTABLISHED);
    pass(600 * S);
    expect(recorder.take()).toBe("closed:" + TIMED_OUT.toString());
  });

  test("a FIN can be the probe", () => {
    setUp();
    accept();
    peer.sends("A win=0");
    c!.shutdown();
    step(0);
    peer.expectsNothing();
    pass(c!.recovery.rtoNs);
    peer.expects("FA seq=1 len=0");
    peer.sends("A ack=2");
    expect(c!.state).toBe(TcpState.FIN_WAIT_2);
  });

  test("that shrank: what is beyond it waits", () => {
    setUp();
    accept("S mss=1000");
    write(c!, 3000);
    step(0);
    peer.ignores();
    peer.sends("A ack=1001 win=0");
    write(c!, 1000);
    step(0);
    peer.expectsNothing();
    peer.sends("A ack=3001 win=5000");
    peer.expects("A seq=3001 len=1000");
  });
});

describe("nobody answers", () => {
  test("the time-out of the stack, or of the user (RFC 5482)", () => {
    setUp();
    accept();
    c!.userTimeout(10 * S);
    write(c!, 100);
    pass(9 * S);
    expect(recorder.take()).toBe("");
    pass(S + MS);
    expect(recorder.take()).toBe("closed:" + TIMED_OUT.toString());
    peer.ignores();
    peer.restart(40_001, 9);
    accept();
    write(c!, 100);
    pass(299 * S);
    expect(recorder.take()).toBe("");
    pass(61 * S);
    expect(recorder.take()).toBe("closed:" + TIMED_OUT.toString());
  });

  test("keep-alive", () => {
    setUp();
    accept();
    c!.keepAlive(10 * S, S, 3);
    pass(10 * S);
    peer.expects("A seq=0 len=0");
    peer.sends("A");
    pass(9 * S);
    peer.expectsNothing();
    pass(S);
    for (let i = 0; i < 3; i++) {
      peer.expects("A seq=0 len=0");
      peer.expectsNothing();
      pass(S);
    }
    peer.expects("RA seq=1");
    expect(recorder.take()).toBe("closed:" + TIMED_OUT.toString());
  });

  test("keep-alive can be turned off", () => {
    setUp();
    accept();
    c!.keepAlive(10 * S, S, 3);
    c!.keepAlive(0, 0, 0);
    pass(100 * S);
    peer.expectsNothing();
  });
});

describe("marks of congestion (RFC 3168)", () => {
  test("are asked for, echoed until CWR, and answered with CWR once", () => {
    setUp();
    peer.sends("SEW mss=1000");
    peer.expects("SAE");
    peer.sends("A");
    take();
    write(c!, 1000);
    step(0);
    peer.expects("A seq=1 len=1000 ect=2");
    peer.sends("AE ack=1001");
    write(c!, 2000);
    step(0);
    peer.expects("AW seq=1001 ect=2");
    peer.expects("A seq=2001 ect=2");
    peer.trafficClass = 3;
    peer.sends("A len=100");
    peer.trafficClass = 2;
    peer.expects("AE ack=101");
    peer.sends("A len=100");
    pass(50 * MS);
    peer.expects("AE ack=201");
    peer.sends("AW len=100");
    pass(50 * MS);
    peer.expects("A ack=301");
  });

  test("not without the peer", () => {
    setUp();
    accept();
    write(c!, 1000);
    step(0);
    expect(peer.expects("A").includes("ect")).toBe(false);
  });
});

describe("the path's MTU", () => {
  test("what was too large is sent again in smaller segments", () => {
    setUp();
    accept();
    write(c!, 4000);
    step(0);
    peer.ignores();
    ip.way.mtu = 1000;
    ip.way.bytesMax = 980;
    peer.quotes(5, 9999, 1000);
    step(0);
    peer.expectsNothing();
    peer.quotes(5, 1461, 1000);
    step(0);
    peer.expects("A seq=1 len=960");
    expect(tcp.counters.pathErrors).toBe(1);
    expect(tcp.counters.pathErrorsIgnored).toBe(1);
  });

  test("other errors end no connection that exists", () => {
    setUp();
    accept();
    write(c!, 10);
    step(0);
    for (let error = 1; error <= 7; error++) peer.quotes(error, 1, 1500);
    expect(c!.state).toBe(TcpState.ESTABLISHED);
  });
});
