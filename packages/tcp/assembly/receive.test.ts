import { Errno, RESET, TcpState } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { TcpLimits } from "./limits";
import { pass, step } from "./testing/clock";
import { MS, S, accept, c, ip, peer, recorder, setUp, tcp, write } from "./testing/fixture";
import { streamByte } from "./testing/peer";

const buffer = new Uint8Array(100_000);
let readSoFar: u32 = 0;

function read(): i32 {
  return c!.read(buffer, 0, buffer.length);
}

/** Reads all that waits, and looks at every byte. */
function readAll(): i32 {
  let total = 0;
  for (let bytes = read(); bytes > 0; bytes = read()) {
    for (let i = 0; i < bytes; i++) expect(buffer[i]).toBe(streamByte(readSoFar++));
    total += bytes;
  }
  return total;
}

/** Past the haste of the beginning: acknowledgments are delayed. */
function settle(): void {
  for (let i = 0; i < 16; i++) {
    peer.sends("A len=1460");
    peer.expects("A");
  }
  readAll();
  recorder.take();
}

describe("data in order", () => {
  test("is told once, until nothing was left to read", () => {
    setUp();
    accept();
    peer.sends("A len=100");
    peer.sends("A len=100");
    expect(recorder.take()).toBe("readable");
    expect(c!.read(buffer, 0, 50)).toBe(50);
    peer.sends("A len=100");
    expect(recorder.take()).toBe("");
    expect(c!.read(buffer, 0, 1000)).toBe(250);
    expect(c!.read(buffer, 0, 1000)).toBe(Errno.AGAIN);
    peer.sends("A len=100");
    expect(recorder.take()).toBe("readable");
  });

  test("is acknowledged at once at first, then every second segment, or after 40 ms", () => {
    setUp();
    accept();
    settle();
    peer.sends("A len=1460");
    peer.expectsNothing();
    peer.sends("A len=1460");
    peer.expects("A ack=26281");
    peer.sends("A len=1460");
    pass(39 * MS);
    peer.expectsNothing();
    pass(2 * MS);
    peer.expects("A ack=27741");
    pass(S);
    peer.expectsNothing();
  });

  test("small segments: more bytes than a full one", () => {
    setUp();
    accept();
    settle();
    for (let i = 0; i < 14; i++) peer.sends("A len=100");
    peer.expectsNothing();
    peer.sends("A len=100");
    peer.expects("A");
  });

  test("what the link has joined counts as several", () => {
    setUp();
    accept();
    settle();
    peer.joined = 1460;
    peer.sends("A len=2920");
    peer.expects("A");
  });

  test("an answer carries the acknowledgment", () => {
    setUp();
    accept();
    settle();
    peer.sends("A len=100");
    write(c!, 10);
    step(0);
    peer.expects("A ack=23461 len=10");
    peer.sends("A");
    pass(S / 2);
    peer.expectsNothing();
  });

  test("many segments of one step have one acknowledgment", () => {
    setUp();
    accept();
    for (let i = 0; i < 10; i++) peer.throws("A len=1000");
    step(0);
    peer.expects("A ack=10001");
    peer.expectsNothing();
  });

  test("peek and consume", () => {
    setUp();
    accept();
    expect(c!.peek()).toBe(0);
    peer.sends("A len=6000");
    const at = c!.peek();
    const bytes = c!.peekedBytes;
    expect(bytes).toBeGreaterThan(0);
    for (let i = 0; i < bytes; i++) expect(load<u8>(at + i)).toBe(streamByte(i));
    c!.consume(bytes);
    expect(c!.readable).toBe(6000 - bytes);
    expect(load<u8>(c!.peek())).toBe(streamByte(bytes));
    c!.consume(6000 - bytes);
    expect(tcp.pool.used).toBe(0);
  });

  test("an urgent pointer is ignored", () => {
    setUp();
    accept();
    peer.sends("AU len=10");
    expect(readAll()).toBe(10);
  });
});

describe("data out of order", () => {
  test("is kept in its place, and told by SACK: the latest first", () => {
    setUp();
    accept();
    peer.sends("A seq=1001 len=100");
    peer.expects("A ack=1 sack=1001-1101");
    peer.sends("A seq=2001 len=100");
    peer.expects("A ack=1 sack=2001-2101,1001-1101");
    peer.sends("A seq=3001 len=100");
    peer.expects("A ack=1 sack=3001-3101,2001-2101,1001-1101");
    peer.sends("A seq=1101 len=100");
    peer.expects("A ack=1 sack=1001-1201,3001-3101,2001-2101");
    peer.sends("A seq=4001 len=100");
    peer.sends("A seq=5001 len=100");
    peer.expects("A sack=4001-4101,1001-1201,3001-3101,2001-2101");
    peer.expects("A sack=5001-5101,4001-4101,1001-1201,3001-3101");
    expect(recorder.take()).toBe("");
    // The first gap, then the rest at once.
    peer.sends("A seq=1 len=1000");
    peer.expects("A ack=1201 sack=5001-5101,4001-4101,3001-3101,2001-2101");
    peer.sends("A seq=1201 len=3900");
    peer.expects("A ack=5101");
    expect(readAll()).toBe(5100);
    expect(tcp.pool.used).toBe(0);
  });

  test("without SACK every segment has its duplicate acknowledgment, in one step too", () => {
    setUp();
    accept("S mss=1460 ws=7");
    for (let i = 0; i < 3; i++) peer.throws(`A seq=${1001 + i * 100} len=100`);
    step(0);
    for (let i = 0; i < 3; i++) peer.expects("A ack=1 len=0");
    peer.sends("A seq=1 len=1000");
    peer.expects("A ack=1301");
  });

  test("data twice: DSACK", () => {
    setUp();
    accept();
    peer.sends("A len=100");
    peer.expects("A ack=101");
    peer.sends("A seq=1 len=100");
    peer.expects("A ack=101 sack=1-101");
    peer.sends("A seq=51 len=100");
    peer.expects("A ack=151 sack=51-101");
    peer.sends("A seq=1 len=20");
    peer.expects("A ack=151 sack=1-21");
    peer.sends("A seq=301 len=100");
    peer.expects("A ack=151 sack=301-401");
    peer.sends("A seq=311 len=50");
    peer.expects("A ack=151 sack=311-361,301-401");
    expect(c!.readable).toBe(150);
  });

  test("with time stamps there is room for three blocks", () => {
    setUp();
    accept("S mss=1460 ws=7 sackok ts");
    for (let i = 1; i < 6; i++) peer.sends(`A seq=${i * 1000} len=100`);
    for (let i = 1; i < 5; i++) peer.expects("A ack=1");
    peer.expects("A ack=1 sack=5000-5100,4000-4100,3000-3100");
  });

  test("more holes than there is room for: dropped, and sent again", () => {
    setUp();
    accept();
    for (let i = 1; i <= 200; i++) peer.sends(`A seq=${i * 200} len=100`);
    expect(tcp.counters.droppedHoles).toBe(72);
    peer.ignores();
    peer.sends("A seq=1 len=199");
    peer.expects("A ack=300");
  });

  test("a FIN waits for what comes before it", () => {
    setUp();
    accept();
    peer.sends("FA seq=101 len=100");
    peer.expects("A ack=1 sack=101-201");
    expect(c!.state).toBe(TcpState.ESTABLISHED);
    peer.sends("A seq=1 len=100");
    peer.expects("A ack=202");
    expect(c!.state).toBe(TcpState.CLOSE_WAIT);
    expect(readAll()).toBe(200);
    expect(c!.read(buffer, 0, 10)).toBe(0);
    expect(c!.atEnd).toBe(true);
  });
});

describe("the window", () => {
  test("closes as data waits, and opens when it is read", () => {
    setUp();
    accept();
    for (let i = 0; i < 4; i++) peer.sends("A len=16384");
    for (let i = 0; i < 3; i++) peer.expects("A");
    peer.expects("A ack=65537 win=0");
    // A probe into the closed window is not taken, and answered.
    peer.sends("A seq=65537 len=1");
    peer.expects("A ack=65537 win=0");
    expect(c!.read(buffer, 0, 100)).toBe(100);
    step(0);
    peer.expectsNothing();
    readSoFar = 100;
    readAll();
    step(0);
    peer.expects("A ack=65537 win=1024");
  });

  test("what lies beyond it is cut off", () => {
    setUp();
    accept("S mss=1460");
    for (let i = 0; i < 4; i++) peer.sends("A len=16000");
    peer.ignores();
    peer.sends("FA len=2000");
    peer.expects("A ack=65536 win=0");
    expect(c!.readable).toBe(65535);
    expect(c!.atEnd).toBe(false);
    peer.sends("A seq=70000 len=10");
    peer.expects("A ack=65536");
  });

  test("grows with what is read in a round trip", () => {
    setUp();
    recorder.reads = true;
    peer.sends("S mss=1460 ws=7 sackok");
    peer.expects("SA ack=1");
    pass(10 * MS);
    peer.sends("A");
    let largest = 0;
    for (let round = 0; round < 8; round++) {
      // As much as the window holds.
      let room = largest == 0 ? 65535 : largest;
      while (room > 0) {
        const bytes = min(room, 60_000);
        peer.throws(`A len=${bytes}`);
        room -= bytes;
      }
      step(10 * MS);
      while (ip.link.sent.length > 0) {
        const words = peer.expects("A").split(" ");
        largest = (<i32>I32.parseInt(words[3].substring(4))) << 6;
      }
    }
    expect(largest).toBeGreaterThan(1 << 20);
    expect(largest).toBeLessThanOrEqual(2 << 20);
    expect(c === null || tcp.pool.used == 0).toBe(true);
  });

  test("does not grow for who does not read", () => {
    setUp();
    accept();
    for (let i = 0; i < 4; i++) {
      peer.sends("A len=16384");
      pass(S);
    }
    peer.ignores();
    expect(c!.receiveBytesMax).toBe(65536);
  });

  test("is small when memory is short, and what does not fit is sent again", () => {
    const limits = new TcpLimits();
    limits.memoryBytes = 16 * 4096;
    setUp(limits);
    accept();
    // 64 KiB are granted, but one block is the table of holes.
    peer.sends("A seq=4097 len=40000");
    peer.expects("A ack=1");
    for (let i = 0; i < 3; i++) {
      peer.sends(`A seq=${1 + i * 20000} len=20000`);
      peer.ignores();
    }
    for (let tries = 0; c!.receiveNext - peer.initial - 1 < 65536 && tries < 20; tries++) {
      const at = c!.receiveNext - peer.initial;
      readAll();
      step(0);
      peer.ignores();
      const bytes = min<u32>(1000 * 16, 65537 - at);
      peer.sends(`A seq=${at} len=${bytes}`);
      peer.ignores();
    }
    readAll();
    expect(readSoFar).toBe(65536);
    expect(tcp.pool.used).toBe(0);
  });
});

describe("what is not acceptable", () => {
  test("outside of the window: an ACK, twice a second at most", () => {
    setUp();
    accept();
    peer.sends("A len=10");
    peer.expects("A ack=11");
    peer.sends("A seq=5");
    peer.expects("A ack=11");
    peer.sends("A seq=5");
    peer.sends("A seq=200000");
    peer.expectsNothing();
    expect(tcp.counters.challengesWithheld).toBe(2);
    pass(S / 2);
    peer.sends("A seq=200000");
    peer.expects("A ack=11");
  });

  test("RST: only the exact number counts, in the window it is asked about", () => {
    setUp();
    accept();
    peer.sends("R seq=100");
    peer.expects("A seq=1 ack=1");
    expect(c!.state).toBe(TcpState.ESTABLISHED);
    peer.sends("R seq=100000");
    peer.expectsNothing();
    peer.sends("R seq=0");
    peer.expectsNothing();
    peer.sends("R seq=1");
    expect(recorder.take()).toBe("closed:" + RESET.toString());
    expect(c!.read(buffer, 0, 1)).toBe(RESET);
    expect(write(c!, 1)).toBe(RESET);
    expect(tcp.connections).toBe(0);
  });

  test("SYN: never believed", () => {
    setUp();
    accept();
    peer.sends("S seq=100 mss=1460");
    peer.expects("A seq=1 ack=1");
    pass(S);
    peer.sends("SA seq=1");
    peer.expects("A seq=1 ack=1");
    expect(c!.state).toBe(TcpState.ESTABLISHED);
  });

  test("acknowledgments of what was not sent, or long ago", () => {
    setUp();
    accept("S mss=1460");
    peer.sends("A ack=2 len=10");
    peer.expects("A seq=1 ack=1");
    pass(S);
    peer.sends("A ack=-70000 seq=1 len=10");
    peer.expects("A seq=1 ack=1");
    expect(tcp.counters.droppedAcknowledgment).toBe(2);
    expect(c!.readable).toBe(0);
    // An old one within the largest window is old, and no more.
    peer.sends("A ack=-100 seq=1 len=10");
    expect(c!.readable).toBe(10);
  });

  test("no ACK: dropped", () => {
    setUp();
    accept();
    peer.sends("P len=10");
    peer.expectsNothing();
    expect(c!.readable).toBe(0);
  });

  test("old time stamps (PAWS), and none at all", () => {
    setUp();
    accept("S mss=1460 ts=1000");
    peer.sends("A ts=2000 len=10");
    peer.expects("A ack=11 tsecr=2000");
    peer.sends("A ts=1999 len=10");
    peer.expects("A ack=11 tsecr=2000");
    expect(c!.readable).toBe(10);
    peer.sends("A nots seq=11 len=10");
    peer.expectsNothing();
    expect(c!.readable).toBe(10);
    expect(tcp.counters.droppedTimestamp).toBe(2);
    // A RST needs none.
    peer.sends("R seq=11");
    expect(recorder.take()).toBe("readable closed:" + RESET.toString());
  });

  test("after 24 days time stamps may be anything", () => {
    setUp();
    accept("S mss=1460 ts=1000");
    step(25 * 24 * 3600 * S);
    peer.sends("A ts=500 len=10");
    expect(c!.readable).toBe(10);
  });

  test("the echo is of the segment that the acknowledgment is about", () => {
    setUp();
    accept("S mss=1460 ts=1000 sackok");
    peer.sends("A ts=1001 len=10");
    peer.expects("A tsecr=1001");
    peer.sends("A ts=1005 seq=21 len=10");
    peer.expects("A ack=11 tsecr=1001");
    peer.sends("A ts=1003 seq=11 len=10");
    peer.expects("A ack=31 tsecr=1003");
  });
});
