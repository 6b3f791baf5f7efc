import {
  ADDRESS_IN_USE,
  CANCELLED,
  EXHAUSTED,
  Endpoint,
  IpAddress,
  NO_ROUTE,
  PathError,
  REFUSED,
  TIMED_OUT,
  TcpState,
  UNREACHABLE,
} from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { TcpLimits } from "./limits";
import { pass, step } from "./testing/clock";
import {
  MS,
  S,
  accept,
  begin,
  connect,
  ip,
  listener,
  peer,
  recorder,
  setUp,
  tcp,
  write,
} from "./testing/fixture";
import { REMOTE } from "./testing/fake-ip";

describe("a connection that a peer makes", () => {
  test("agrees on what the SYN offers", () => {
    setUp();
    peer.sends("S mss=1400 ws=7 sackok ts=77");
    peer.expects("SA seq=0 ack=1 win=65535 mss=1460 sackok ws=6 ts tsecr=77");
    expect(recorder.take()).toBe("");
    peer.sends("A");
    peer.expectsNothing();
    expect(recorder.take()).toBe("accept");
    expect(recorder.accepted!.state).toBe(TcpState.ESTABLISHED);
    // A write fills segments of the peer's size, less the time stamps.
    write(recorder.accepted!, 3000);
    step(0);
    peer.expects("A seq=1 len=1388 ts");
  });

  test("agrees on nothing that it does not", () => {
    setUp();
    peer.sends("S");
    const answer = peer.expects("SA seq=0 ack=1 mss=1460");
    expect(answer.includes("ws=")).toBe(false);
    expect(answer.includes("sackok")).toBe(false);
    expect(answer.includes("ts")).toBe(false);
    peer.sends("A");
    // RFC 9293 MUST-15.
    write(recorder.accepted!, 3000);
    step(0);
    peer.expects("A seq=1 len=536");
  });

  test("takes data that comes with the last ACK", () => {
    setUp();
    peer.sends("S mss=1460");
    peer.expects("SA");
    peer.sends("A len=10");
    expect(recorder.take()).toBe("accept readable");
    expect(recorder.accepted!.readable).toBe(10);
  });

  test("SYN-ACK again, when nothing comes, and then no more", () => {
    setUp();
    peer.sends("S mss=1460");
    peer.expects("SA seq=0 ack=1");
    for (let delay: i64 = 1; delay <= 16; delay <<= 1) {
      pass(delay * S - MS);
      peer.expectsNothing();
      pass(MS);
      peer.expects("SA seq=0 ack=1");
    }
    expect(tcp.connections).toBe(1);
    pass(32 * S);
    peer.expectsNothing();
    expect(tcp.connections).toBe(0);
    expect(tcp.halfOpen).toBe(0);
    expect(recorder.take()).toBe("");
  });

  test("the SYN again: the SYN-ACK again", () => {
    setUp();
    peer.sends("S mss=1460");
    peer.expects("SA seq=0 ack=1");
    peer.sends("S seq=0 mss=1460");
    peer.expects("SA seq=0 ack=1");
    peer.expectsNothing();
  });

  test("RST instead of the last ACK: as if nothing had been", () => {
    setUp();
    peer.sends("S mss=1460");
    peer.expects("SA");
    peer.sends("R");
    expect(tcp.connections).toBe(0);
    expect(recorder.take()).toBe("");
  });

  test("an acknowledgment of something else is answered with RST", () => {
    setUp();
    peer.sends("S mss=1460");
    peer.expects("SA");
    peer.sends("A ack=2");
    peer.expects("R seq=2");
    peer.sends("A ack=0");
    peer.expects("R seq=0");
    peer.sends("A ack=1");
    expect(recorder.take()).toBe("accept");
  });

  test("data and FIN of a SYN wait for the peer to send them again", () => {
    setUp();
    peer.sends("S mss=1460 len=100");
    peer.expects("SA ack=1");
    peer.sends("A seq=1 len=100");
    expect(recorder.accepted!.readable).toBe(100);
    peer.ignores();
    peer.restart(40_001, 5);
    peer.sends("SF mss=1460");
    peer.expectsNothing();
    expect(tcp.counters.droppedStray).toBe(1);
  });

  test("nobody listens: RST", () => {
    setUp();
    peer.remotePort = 81;
    peer.sends("S mss=1460");
    peer.hasSeen = true;
    peer.expects("RA ack=1");
    peer.sends("A seq=9 ack=7");
    peer.expects("R seq=7");
    peer.sends("R");
    peer.expectsNothing();
  });

  test("a full backlog drops SYNs, and keeps what is half open waiting", () => {
    setUp(new TcpLimits(), 1);
    recorder.takes = false;
    peer.sends("S mss=1460");
    peer.expects("SA");
    const first = peer.next;
    const seen = peer.seen;
    peer.restart(40_001, 7000);
    peer.sends("S mss=1460");
    peer.expects("SA");
    peer.sends("A");
    expect(recorder.take()).toBe("accept");
    const waiting = recorder.accepted!;
    // The first one's last ACK finds no room,
    peer.restart(40_000, 1_000_000);
    peer.next = first;
    peer.seen = seen;
    peer.sends("A");
    expect(recorder.take()).toBe("");
    // and a third SYN none at all.
    peer.restart(40_002, 8000);
    peer.sends("S mss=1460");
    peer.expectsNothing();
    expect(listener!.refusedConnections).toBe(1);
    expect(tcp.counters.droppedBacklog).toBe(2);
    waiting.setHandler(recorder);
    peer.restart(40_000, 1_000_000);
    peer.next = first;
    pass(S);
    peer.expects("SA seq=0 ack=1");
    peer.sends("A");
    expect(recorder.take()).toBe("accept");
  });

  test("at the limit of connections a SYN is dropped", () => {
    const limits = new TcpLimits();
    limits.connections = 1;
    setUp(limits);
    accept();
    peer.restart(40_001, 9);
    peer.sends("S mss=1460");
    peer.expectsNothing();
    expect(tcp.counters.droppedConnections).toBe(1);
    expect(tcp.connect(new Endpoint(new IpAddress(0, REMOTE), 7), recorder, 0) === null).toBe(true);
    expect(tcp.lastError).toBe(EXHAUSTED);
  });

  test("the listener closes: what is not accepted ends, what is lives on", () => {
    setUp();
    const made = accept();
    peer.restart(40_001, 9);
    peer.sends("S mss=1460");
    peer.expects("SA");
    listener!.close();
    step(0);
    peer.expects("RA seq=1");
    expect(tcp.connections).toBe(1);
    expect(made.state).toBe(TcpState.ESTABLISHED);
    expect(tcp.listen(80, recorder, 1) !== null).toBe(true);
  });

  test("one listener a port", () => {
    setUp();
    expect(tcp.listen(80, recorder, 1) === null).toBe(true);
    expect(tcp.lastError).toBe(ADDRESS_IN_USE);
    for (let port: u16 = 1; port < 64; port++)
      expect(tcp.listen(port, recorder, 1) !== null).toBe(true);
    expect(tcp.listen(64, recorder, 1) === null).toBe(true);
    expect(tcp.lastError).toBe(EXHAUSTED);
  });
});

describe("a connection that we make", () => {
  test("offers all, and takes what is granted", () => {
    setUp();
    const text = "SEW seq=0 mss=1460 sackok ws=6 ts tsecr=0";
    tcp.connect(new Endpoint(new IpAddress(0, REMOTE), 7), recorder, 5000);
    peer.port = 7;
    peer.remotePort = 5000;
    step(0);
    peer.expects(text);
    peer.sends("SA mss=1000 win=4000");
    peer.expects("A seq=1 ack=1 len=0");
    expect(recorder.take()).toBe("connected");
  });

  test("is refused with RST that acknowledges the SYN, and with no other", () => {
    setUp();
    begin();
    peer.sends("RA ack=0");
    peer.sends("RA ack=2");
    peer.sends("R");
    expect(recorder.take()).toBe("");
    peer.sends("RA ack=1");
    expect(recorder.take()).toBe("closed:" + REFUSED.toString());
    expect(tcp.connections).toBe(0);
    peer.expectsNothing();
  });

  test("an ACK of something else is answered with RST, and changes nothing", () => {
    setUp();
    const made = begin();
    peer.sends("A ack=5");
    peer.expects("R seq=5");
    peer.sends("SA seq=0 ack=0 mss=1460");
    peer.expects("R seq=0");
    expect(made.state).toBe(TcpState.SYN_SENT);
    peer.sends("A ack=1");
    peer.expectsNothing();
    expect(made.state).toBe(TcpState.SYN_SENT);
  });

  test("SYN again with longer pauses, and after 183 s no more", () => {
    setUp();
    begin();
    const delays: i64[] = [1, 2, 4, 8, 16, 32, 60];
    for (let i = 0; i < delays.length; i++) {
      pass(delays[i] * S - MS);
      peer.expectsNothing();
      pass(MS);
      // RFC 3168 §6.1.1.1: without ECN, which may be why it is lost.
      peer.expects("S seq=0 mss=1460");
    }
    pass(60 * S);
    expect(recorder.take()).toBe("closed:" + TIMED_OUT.toString());
  });

  test("soft errors are the reason, when nothing else comes", () => {
    setUp();
    begin();
    expect(reject(PathError.UNREACHABLE, 0)).toBe(1);
    expect(recorder.take()).toBe("");
    pass(300 * S);
    expect(recorder.take()).toBe("closed:" + UNREACHABLE.toString());
  });

  test("a hard error ends it, if it quotes our SYN", () => {
    setUp();
    begin();
    expect(reject(PathError.PORT_UNREACHABLE, 1)).toBe(0);
    expect(recorder.take()).toBe("");
    expect(reject(PathError.PORT_UNREACHABLE, 0)).toBe(1);
    expect(recorder.take()).toBe("closed:" + REFUSED.toString());
  });

  test("data and FIN with the SYN-ACK are taken", () => {
    setUp();
    const made = begin();
    peer.sends("SAF mss=1460 len=20");
    peer.expects("A seq=1 ack=22");
    expect(recorder.take()).toBe("connected readable");
    expect(made.readable).toBe(20);
    expect(made.state).toBe(TcpState.CLOSE_WAIT);
  });

  test("what was written before goes with the first segments", () => {
    setUp();
    const made = begin();
    expect(write(made, 100)).toBe(100);
    made.shutdown();
    peer.sends("SA mss=1460");
    peer.expects("FA seq=1 ack=1 len=100");
    expect(made.state).toBe(TcpState.FIN_WAIT_1);
  });

  test("both begin at once", () => {
    setUp();
    const made = begin();
    peer.sends("S seq=0 mss=1460");
    peer.expects("SA seq=0 ack=1");
    expect(made.state).toBe(TcpState.SYN_RECEIVED);
    peer.sends("SA seq=0 ack=1 mss=1460");
    peer.expects("A seq=1 ack=1");
    expect(recorder.take()).toBe("connected");
    expect(made.state).toBe(TcpState.ESTABLISHED);
  });

  test("close before it is made, and abort", () => {
    setUp();
    begin().close();
    step(0);
    expect(recorder.take()).toBe("closed:" + CANCELLED.toString());
    begin().abort();
    step(0);
    expect(recorder.take()).toBe("closed:" + CANCELLED.toString());
    expect(tcp.connections).toBe(0);
    peer.expectsNothing();
  });

  test("without a route, and with a port that is taken", () => {
    setUp();
    begin();
    const to = new Endpoint(new IpAddress(0, REMOTE), 7);
    expect(tcp.connect(to, recorder, 5000) === null).toBe(true);
    expect(tcp.lastError).toBe(ADDRESS_IN_USE);
    const group = new Endpoint(IpAddress.ipv4(224, 0, 0, 1), 7);
    expect(tcp.connect(group, recorder, 0) === null).toBe(true);
    expect(tcp.lastError).toBe(NO_ROUTE);
    ip.hasRoute = false;
    expect(tcp.connect(to, recorder, 0) === null).toBe(true);
    expect(tcp.lastError).toBe(NO_ROUTE);
  });

  test("ports are different, and spread", () => {
    setUp();
    const to = new Endpoint(new IpAddress(0, REMOTE), 7);
    const seen = new Set<u16>();
    let neighbours = 0;
    let last: u16 = 0;
    for (let i = 0; i < 200; i++) {
      const port = tcp.connect(to, recorder, 0)!.local.port;
      expect(port >= 32768).toBe(true);
      expect(seen.has(port)).toBe(false);
      seen.add(port);
      if (port == last + 1) neighbours++;
      last = port;
    }
    // RFC 6056 §3.3.4: one after the other for one destination.
    expect(neighbours).toBeGreaterThan(190);
    const other = tcp.connect(new Endpoint(new IpAddress(0, REMOTE), 8), recorder, 0)!.local.port;
    expect(other == last + 1).toBe(false);
  });
});

/** An ICMP error for the segment that began at `sequence`. Returns how many errors were believed so far. */
function reject(error: i32, sequence: u32): u64 {
  peer.quotes(error, sequence, 0);
  step(0);
  return tcp.counters.pathErrors;
}
