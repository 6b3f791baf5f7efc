import { ADDRESS_LOST, CANCELLED, CLOSED, RESET, TIMED_OUT, TcpState } from "@phantasm/interfaces";
import { observation } from "@phantasm/runtime";
import { describe, expect, test } from "@phantasm/testing";
import { TcpLimits } from "./limits";
import { pass, step } from "./testing/clock";
import { LOCAL } from "./testing/fake-ip";
import { S, accept, c, ip, listener, peer, recorder, setUp, tcp, write } from "./testing/fixture";

const buffer = new Uint8Array(10_000);

describe("in order", () => {
  test("this side first", () => {
    setUp();
    accept();
    c!.shutdown();
    expect(write(c!, 1)).toBe(CLOSED);
    step(0);
    peer.expects("FA seq=1 ack=1");
    expect(c!.state).toBe(TcpState.FIN_WAIT_1);
    peer.sends("A");
    expect(c!.state).toBe(TcpState.FIN_WAIT_2);
    // The other direction goes on.
    peer.sends("A len=100");
    peer.expects("A ack=101");
    expect(c!.read(buffer, 0, 1000)).toBe(100);
    peer.sends("FA");
    peer.expects("A seq=2 ack=102");
    expect(c!.state).toBe(TcpState.TIME_WAIT);
    expect(recorder.take()).toBe("readable readable closed:0");
    expect(c!.read(buffer, 0, 1000)).toBe(0);
  });

  test("the peer first", () => {
    setUp();
    accept();
    peer.sends("FA");
    peer.expects("A ack=2");
    expect(recorder.take()).toBe("readable");
    expect(c!.state).toBe(TcpState.CLOSE_WAIT);
    expect(c!.atEnd).toBe(true);
    write(c!, 100);
    c!.close();
    step(0);
    peer.expects("FA seq=1 len=100");
    expect(c!.state).toBe(TcpState.LAST_ACK);
    peer.sends("A");
    expect(recorder.take()).toBe("closed:0");
    expect(tcp.connections).toBe(0);
  });

  test("both at once", () => {
    setUp();
    accept();
    c!.close();
    step(0);
    peer.expects("FA seq=1");
    peer.sends("FA ack=1");
    peer.expects("A ack=2");
    expect(c!.state).toBe(TcpState.CLOSING);
    peer.sends("A ack=2");
    expect(c!.state).toBe(TcpState.TIME_WAIT);
    expect(recorder.take()).toBe("closed:0");
  });

  test("a FIN that acknowledges ours", () => {
    setUp();
    accept();
    c!.close();
    step(0);
    peer.expects("FA");
    peer.sends("FA");
    peer.expects("A ack=2");
    expect(recorder.take()).toBe("closed:0");
    expect(tcp.timeWait.count).toBe(1);
  });

  test("FIN follows what is queued, and is sent again", () => {
    setUp();
    accept();
    write(c!, 20_000);
    c!.close();
    step(0);
    for (let i = 0; i < 10; i++) expect(peer.expects("A").includes("F")).toBe(false);
    peer.sends("A");
    for (let i = 0; i < 3; i++) peer.expects("A");
    peer.expects("FA seq=18981 len=1020");
    pass(2 * S);
    expect(ip.link.sent.length).toBeGreaterThan(0);
  });

  test("what waits can be read after both have closed; then it is told", () => {
    setUp();
    accept();
    peer.sends("FA len=500");
    c!.shutdown();
    step(0);
    peer.ignores();
    peer.sends("A");
    expect(recorder.take()).toBe("readable");
    expect(tcp.connections).toBe(0);
    expect(c!.read(buffer, 0, 400)).toBe(400);
    step(0);
    expect(recorder.take()).toBe("");
    expect(c!.read(buffer, 0, 400)).toBe(100);
    expect(c!.read(buffer, 0, 400)).toBe(0);
    step(0);
    expect(recorder.take()).toBe("closed:0");
    expect(tcp.pool.used).toBe(0);
  });

  test("the FIN again: acknowledged again", () => {
    setUp();
    accept();
    peer.sends("FA");
    peer.expects("A ack=2");
    peer.sends("FA seq=1");
    peer.expects("A ack=2");
    pass(S);
    expect(recorder.take()).toBe("readable");
  });

  test("data behind the FIN is nobody's", () => {
    setUp();
    accept();
    peer.sends("FA");
    peer.ignores();
    peer.sends("A len=10");
    peer.expects("A ack=2");
    expect(c!.readable).toBe(0);
  });
});

describe("close", () => {
  test("what arrives afterwards is answered with RST", () => {
    setUp();
    accept();
    c!.close();
    step(0);
    peer.expects("FA");
    peer.sends("A len=10");
    peer.expects("RA seq=2");
    expect(recorder.take()).toBe("closed:" + RESET.toString());
    expect(tcp.connections).toBe(0);
  });

  test("gives back what was not read, and reads nothing more", () => {
    setUp();
    accept();
    peer.sends("A len=100");
    peer.sends("A seq=301 len=100");
    c!.close();
    expect(tcp.pool.used).toBe(0);
    expect(c!.readable).toBe(0);
    expect(c!.read(buffer, 0, 1)).toBe(CLOSED);
    c!.close();
    step(0);
  });

  test("waits a minute for the peer's FIN", () => {
    setUp();
    accept();
    c!.close();
    step(0);
    peer.ignores();
    peer.sends("A");
    pass(59 * S);
    expect(recorder.take()).toBe("");
    pass(S);
    expect(recorder.take()).toBe("closed:" + TIMED_OUT.toString());
    peer.sends("FA");
    peer.expects("R");
  });

  test("shutdown alone waits for ever", () => {
    setUp();
    accept();
    c!.shutdown();
    step(0);
    peer.ignores();
    peer.sends("A");
    pass(1000 * S);
    expect(c!.state).toBe(TcpState.FIN_WAIT_2);
    c!.close();
    pass(60 * S);
    expect(recorder.take()).toBe("closed:" + TIMED_OUT.toString());
  });
});

describe("at once", () => {
  test("abort", () => {
    setUp();
    accept();
    write(c!, 100);
    c!.abort();
    peer.expects("RA seq=1 ack=1");
    expect(c!.state).toBe(TcpState.CLOSED);
    expect(recorder.take()).toBe("");
    step(0);
    expect(recorder.take()).toBe("closed:" + CANCELLED.toString());
    expect(tcp.pool.used).toBe(0);
    c!.abort();
    c!.close();
    c!.shutdown();
    step(0);
    peer.expectsNothing();
    expect(recorder.take()).toBe("");
  });

  test("the address is lost", () => {
    setUp();
    accept();
    tcp.onAddressLost(0, LOCAL + 1);
    step(0);
    expect(recorder.take()).toBe("");
    tcp.onAddressLost(0, LOCAL);
    step(0);
    expect(recorder.take()).toBe("closed:" + ADDRESS_LOST.toString());
  });

  test("RST of the peer before anybody took the connection", () => {
    setUp();
    recorder.takes = false;
    peer.sends("S mss=1460");
    peer.ignores();
    peer.sends("A");
    expect(recorder.take()).toBe("accept");
    peer.sends("R");
    recorder.accepted!.setHandler(recorder);
    step(0);
    expect(recorder.take()).toBe("closed:" + RESET.toString());
  });
});

/** A connection in TIME_WAIT, with or without time stamps; the last thing that the peer sent was its FIN, 1. */
function timeWait(syn: string): void {
  accept(syn);
  c!.close();
  step(0);
  peer.expects("FA");
  peer.sends("FA");
  peer.expects("A seq=2 ack=2");
  recorder.take();
  expect(tcp.timeWait.count).toBe(1);
}

test("connections and listeners keep the domain alive, TIME_WAIT does not", () => {
  setUp();
  step(0);
  // The listener, and the test itself.
  expect(observation().holds).toBe(2);
  accept();
  step(0);
  expect(observation().holds).toBe(3);
  listener!.background();
  step(0);
  expect(observation().holds).toBe(2);
  c!.close();
  step(0);
  peer.ignores();
  peer.sends("FA");
  expect(tcp.timeWait.count).toBe(1);
  expect(observation().holds).toBe(1);
  peer.ignores();
  recorder.take();
  peer.restart(40_001, 9);
  accept();
  c!.background();
  step(0);
  expect(observation().holds).toBe(1);
  c!.abort();
  step(0);
  expect(observation().holds).toBe(1);
});

describe("TIME_WAIT", () => {
  test("lasts a minute, and anew when the FIN comes again", () => {
    setUp();
    timeWait("S mss=1460");
    pass(59 * S);
    peer.sends("FA seq=1");
    peer.expects("A seq=2 ack=2");
    pass(59 * S);
    expect(tcp.connections).toBe(1);
    pass(2 * S);
    expect(tcp.connections).toBe(0);
  });

  test("does not believe RST (RFC 1337), nor answer pure ACKs", () => {
    setUp();
    timeWait("S mss=1460");
    peer.sends("R");
    peer.sends("A");
    peer.expectsNothing();
    expect(tcp.timeWait.count).toBe(1);
    peer.sends("A seq=1 len=10");
    peer.expects("A seq=2 ack=2");
  });

  test("ends for a SYN of a later number, and not for an earlier one", () => {
    setUp();
    timeWait("S mss=1460");
    const old = c!.sendNext;
    peer.sends("S seq=1 mss=1460");
    peer.expects("A ack=2");
    peer.sends("S seq=1000 mss=1460");
    peer.expects("SA ack=1001");
    expect(tcp.timeWait.count).toBe(0);
    expect(tcp.counters.timeWaitReused).toBe(1);
    // Behind all that the old one can have sent (RFC 9293 §3.6.1).
    expect(peer.theirs - old).toBeGreaterThan(0x10000);
    expect(peer.theirs - old).toBeLessThan(0x7fff_ffff);
  });

  test("ends for a peer that has forgotten it: its RST answers what a SYN was asked", () => {
    setUp();
    timeWait("S mss=1460");
    peer.sends("S seq=-5000 mss=1460");
    peer.expects("A seq=2 ack=2");
    // Not at the number that was asked about.
    peer.sends("R seq=3");
    expect(tcp.timeWait.count).toBe(1);
    peer.sends("R seq=2");
    peer.expectsNothing();
    expect(tcp.timeWait.count).toBe(0);
    expect(tcp.counters.timeWaitReset).toBe(1);
    peer.sends("S seq=-5000 mss=1460");
    peer.expects("SA ack=-4999");
  });

  test("ends for a SYN of a later time (RFC 6191)", () => {
    setUp();
    timeWait("S mss=1460 ts=1000");
    peer.sends("S seq=-5000 mss=1460 ts=999");
    peer.expects("A ack=2 ts tsecr=1000");
    peer.sends("S seq=-5000 mss=1460 ts=1001");
    peer.expects("SA ack=-4999 tsecr=1001");
  });

  test("the oldest goes at the limit", () => {
    const limits = new TcpLimits();
    limits.timeWait = 100;
    setUp(limits);
    for (let i = 0; i < 150; i++) {
      peer.restart(<u16>(1000 + i), 77);
      timeWaitMany();
    }
    expect(tcp.timeWait.count).toBe(100);
    expect(tcp.counters.timeWaitEvicted).toBe(50);
    peer.restart(1049, 77);
    peer.next = 79;
    peer.hasSeen = true;
    peer.sends("A");
    peer.expects("R");
    peer.restart(1050, 77);
    peer.next = 79;
    peer.sends("A");
    peer.expectsNothing();
    let listed = 0;
    for (let i = tcp.timeWait.next(-1); i >= 0; i = tcp.timeWait.next(i)) {
      expect(tcp.timeWait.remotePort(i)).toBe(<u16>(1050 + listed));
      listed++;
    }
    expect(listed).toBe(100);
    pass(61 * S);
    expect(tcp.connections).toBe(0);
  });
});

function timeWaitMany(): void {
  accept("S mss=1460");
  c!.close();
  step(0);
  peer.ignores();
  peer.sends("FA");
  peer.ignores();
  recorder.take();
}
