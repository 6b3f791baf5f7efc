/** Who makes room when there is none: those that do not move, the longest first, and nobody else. */
import { EXHAUSTED, Errno, TcpConnection, TcpState } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { Connection } from "./connection";
import { TcpLimits } from "./limits";
import { pass, step } from "./testing/clock";
import { MS, S, accept, ip, peer, recorder, setUp, tcp, write } from "./testing/fixture";

/** 64 blocks, of which the last 8 are not for writers, and 8 more are to be free again. */
function setUpSmall(): void {
  const limits = new TcpLimits();
  limits.memoryBytes = 64 * 4096;
  setUp(limits);
}

/** A connection of another peer, whose queue of 32 KiB nobody takes. */
function hoard(port: u16): Connection {
  peer.restart(port, <u32>port * 1000);
  const c = accept();
  write(c, 32 << 10);
  step(0);
  peer.ignores();
  return c;
}

describe("memory", () => {
  test("is given up by who has been stalled longest, with RST", () => {
    setUpSmall();
    const hoarders: Connection[] = [];
    for (let i: u16 = 0; i < 6; i++) {
      hoarders.push(hoard(1000 + i));
      pass(100 * MS);
      peer.ignores();
    }
    expect(tcp.counters.connectionsEvicted).toBe(0);
    // The first of them goes on: its peer has taken a block or two.
    peer.port = 1000;
    peer.theirs = hoarders[0].initialSend;
    peer.sends(`A seq=${hoarders[0].receiveNext - peer.initial} ack=8193`);
    peer.ignores();
    hoard(1006);
    hoard(1007);
    expect(tcp.counters.connectionsEvicted).toBe(0);
    pass(S);
    expect(tcp.counters.connectionsEvicted).toBe(0);
    peer.ignores();
    hoard(1008);
    step(0);
    expect(tcp.counters.connectionsEvicted).toBeGreaterThan(0);
    expect(hoarders[1].state).toBe(TcpState.CLOSED);
    expect(hoarders[0].state).toBe(TcpState.ESTABLISHED);
    expect(recorder.take().includes("closed:" + EXHAUSTED.toString())).toBe(true);
  });

  test("is for those that go on, however slowly others take theirs", () => {
    setUpSmall();
    ip.link.keeps = true;
    for (let i: u16 = 0; i < 7; i++) hoard(1000 + i);
    // Whoever comes now has a share at once.
    peer.restart(2000, 77);
    const c = accept();
    expect(write(c, 4000)).toBeGreaterThan(1000);
    step(0);
    peer.ignores();
    pass(S);
    expect(tcp.counters.connectionsEvicted).toBe(0);
    // More than is left to anybody, wherever in a block the numbers of these connections begin.
    write(c, 16 << 10);
    step(0);
    peer.ignores();
    expect(tcp.counters.connectionsEvicted).toBeGreaterThan(0);
    expect(tcp.pool.available).toBeGreaterThanOrEqual(16);
  });

  test("is not taken from who holds none", () => {
    setUpSmall();
    peer.restart(500, 9);
    const idle = accept();
    for (let i: u16 = 0; i < 7; i++) hoard(1000 + i);
    pass(3 * S);
    peer.ignores();
    hoard(2000);
    step(0);
    expect(tcp.counters.connectionsEvicted).toBeGreaterThan(0);
    expect(idle.state).toBe(TcpState.ESTABLISHED);
  });

  test("the RST lies in front of the byte that probes a shut window", () => {
    setUpSmall();
    accept();
    peer.window = 0;
    peer.sends("A");
    const c = <Connection>recorder.accepted!;
    write(c, 1000);
    step(0);
    pass(3 * S);
    peer.ignores();
    c.abort();
    step(0);
    peer.expects("RA seq=1");
  });
});

describe("the table", () => {
  test("has a place for a new connection, in that of one that is stalled, or leaves", () => {
    const limits = new TcpLimits();
    limits.connections = 4;
    setUp(limits);
    const open: TcpConnection[] = [];
    for (let i: u16 = 0; i < 4; i++) {
      peer.restart(1000 + i, 5);
      open.push(accept());
    }
    peer.restart(2000, 5);
    peer.sends("S mss=1460");
    peer.expectsNothing();
    expect(tcp.counters.droppedConnections).toBe(1);
    open[0].close();
    write(open[1], 1000);
    step(0);
    peer.ignores();
    pass(S);
    peer.ignores();
    for (let i: u16 = 0; i < 2; i++) {
      peer.restart(2001 + i, 5);
      peer.sends("S mss=1460");
      peer.expects("RA");
      peer.expects("SA");
    }
    expect(open[0].state).toBe(TcpState.CLOSED);
    expect(open[1].state).toBe(TcpState.CLOSED);
    expect(tcp.counters.connectionsEvicted).toBe(2);
    peer.restart(2003, 5);
    peer.sends("S mss=1460");
    peer.expectsNothing();
    expect(open[2].write(new Uint8Array(1), 0, 1)).not.toBe(Errno.AGAIN);
  });
});
