import { SECOND } from "@phantasm/interfaces";
import { describe, expect, test } from "@phantasm/testing";
import { recoveryCounters } from "./counters";
import { NewReno } from "./new-reno";
import { TimerAction } from "./recovery";
import { ranges } from "./ranges";
import {
  SEGMENT_BYTES,
  ack,
  ackWindow,
  at,
  begin,
  echo,
  expire,
  inFlightSegments,
  next,
  recovery,
  send,
  sendAllowed,
  sendLost,
  timerMs,
  windowSegments,
} from "./testing";

describe("a connection", () => {
  test("begins with ten segments (RFC 6928), and one after a SYN that was lost (RFC 5681 §3.1)", () => {
    begin(new NewReno());
    expect(sendAllowed()).toBe(10);
    begin(new NewReno(), true, -1);
    expect(sendAllowed()).toBe(1);
  });

  test("grows by what is acknowledged, as long as its window is full", () => {
    begin(new NewReno());
    sendAllowed();
    at(100);
    ack(2);
    expect(windowSegments()).toBe(12);
    expect(sendAllowed()).toBe(4);
    ack(10);
    expect(windowSegments()).toBe(20);
    // Half of the window is not used: what it allows has not been proved (RFC 7661).
    at(200);
    ack(14);
    const before = windowSegments();
    send(3);
    at(300);
    ack(17);
    expect(windowSegments()).toBe(before);
  });

  test("measures one round trip after the other, not each segment (RFC 7323 §4.2)", () => {
    begin(new NewReno());
    sendAllowed();
    at(200);
    ack(1);
    const smoothedNs = recovery.smoothedRttNs;
    expect(smoothedNs).toBe(112_500_000);
    at(400);
    ack(2);
    ack(9);
    expect(recovery.smoothedRttNs).toBe(smoothedNs);
    expect(recovery.minRttNs).toBe(100_000_000);
  });

  test("forgets half of its window for each time-out of idleness (RFC 5681 §4.1, RFC 2861)", () => {
    begin(new NewReno());
    sendAllowed();
    at(100);
    ack(10);
    sendAllowed();
    at(200);
    ack(30);
    expect(windowSegments()).toBe(40);
    at(200 + <f64>recovery.rtoNs / 2e6);
    recovery.onIdle(<i64>350e6);
    expect(windowSegments()).toBe(40);
    at(1000);
    recovery.onIdle(<i64>1000e6);
    expect(windowSegments()).toBe(10);
  });

  test("holds no memory when nothing is in flight", () => {
    begin(new NewReno());
    expect(ranges.used).toBe(0);
    send(1);
    expect(ranges.used).toBe(1);
    at(100);
    ack(1);
    expect(ranges.used).toBe(0);
    expect(timerMs()).toBe(-1);
    send(1);
    recovery.end();
    expect(ranges.used).toBe(0);
    expect(timerMs()).toBe(-1);
  });

  test("ignores acknowledgements of what was not sent, and old ones", () => {
    begin(new NewReno());
    send(5);
    at(100);
    ack(3);
    ack(6);
    ack(1, [4, 5]);
    expect(inFlightSegments()).toBe(2);
    ack(3, [4, 9]);
    ack(3, [5, 4]);
    expect(inFlightSegments()).toBe(2);
  });
});

describe("losses", () => {
  test("are what was sent before three segments that have arrived", () => {
    begin(new NewReno());
    sendAllowed();
    at(100);
    ack(0, [1, 2]);
    expect(sendLost()).toBe("");
    // RFC 3042, RFC 6675: each arrival lets a new segment out.
    expect(sendAllowed()).toBe(1);
    ack(0, [1, 3]);
    expect(sendLost()).toBe("");
    expect(sendAllowed()).toBe(1);
    ack(0, [1, 4]);
    expect(sendLost()).toBe("0-1");
    expect(recovery.isRecovering).toBe(true);
    // Half of what was in flight.
    expect(recovery.thresholdBytes).toBe(5 * SEGMENT_BYTES);
  });

  test("are noticed in time although fewer have arrived (RFC 8985 §6.2)", () => {
    begin(new NewReno());
    send(3);
    at(100);
    ack(0, [1, 2]);
    expect(sendLost()).toBe("");
    // A quarter of the round trip is for reordering.
    expect(timerMs()).toBe(25);
    expect(expire()).toBe(TimerAction.NONE);
    expect(sendLost()).toBe("0-1");
  });

  test("are not what is only late, once reordering has been seen", () => {
    begin(new NewReno());
    sendAllowed();
    at(100);
    ack(0, [1, 3]);
    ack(3);
    sendAllowed();
    at(200);
    // Three have overtaken, and a quarter of a round trip is allowed all the same.
    ack(10);
    ack(10, [11, 14]);
    expect(sendLost()).toBe("");
    expect(timerMs()).toBe(25);
    at(220);
    ack(14);
    expect(recovery.retransmissions).toBe(0);
  });

  test("of what was sent again are noticed by what was sent after it (RFC 8985 §3.2)", () => {
    begin(new NewReno());
    sendAllowed();
    at(100);
    ack(0, [1, 4]);
    expect(sendLost()).toBe("0-1");
    const threshold = recovery.thresholdBytes;
    ack(0, [1, 10]);
    expect(sendAllowed()).toBeGreaterThan(0);
    at(210);
    ack(0, [10, 11, 1, 10]);
    expect(sendLost()).toBe("0-1");
    // Sent when the window was still becoming smaller: one sign of congestion with the first loss.
    expect(recovery.thresholdBytes).toBe(threshold);
    const sentBefore = next;
    expect(sendAllowed()).toBeGreaterThan(0);
    at(320);
    ack(0, [sentBefore, sentBefore + 1, 1, 11]);
    expect(sendLost()).toBe("0-1");
    // RFC 5681 §4.3: another one.
    expect(recovery.thresholdBytes).toBeLessThan(threshold);
  });

  test("that were reported twice make the allowance for reordering larger (RFC 8985 §6.2 step 4)", () => {
    begin(new NewReno());
    sendAllowed();
    at(100);
    ack(0, [1, 3]);
    ack(10, [4, 5]);
    sendAllowed();
    at(200);
    ack(10, [11, 12]);
    expect(timerMs()).toBe(50);
  });

  test("are sent again in runs, not beyond the window", () => {
    begin(new NewReno());
    sendAllowed();
    at(100);
    ack(0, [6, 10]);
    // The first leaves at once, the others as segments arrive (RFC 9937).
    expect(sendLost()).toBe("0-4");
    at(200);
    ack(4, [6, 10]);
    expect(sendLost()).toBe("4-6");
  });

  test("end the recovery at half of the window", () => {
    begin(new NewReno());
    sendAllowed();
    at(100);
    ack(0, [1, 10]);
    expect(sendLost()).toBe("0-1");
    at(200);
    ack(10);
    expect(recovery.isRecovering).toBe(false);
    expect(windowSegments()).toBe(5);
    expect(recoveryCounters.recoveries).toBe(1);
  });
});

describe("what is sent again", () => {
  test("has a time-out of its own, if it is the first", () => {
    begin(new NewReno());
    sendAllowed();
    at(290);
    ack(0, [1, 10]);
    expect(sendLost()).toBe("0-1");
    // The time-out of the first transmission would come in ten milliseconds.
    expect(timerMs()).toBeGreaterThan(299);
  });

  test("lies in the peer's window, but for the first segment of one that has closed (RFC 9293 §3.8.6)", () => {
    begin(new NewReno(), false);
    sendAllowed();
    expire();
    sendLost();
    at(400);
    ackWindow(1, 10 * SEGMENT_BYTES);
    expect(sendLost()).toBe("1-3");
    at(500);
    // There would be room for four in flight.
    ackWindow(3, 2 * SEGMENT_BYTES);
    expect(sendLost()).toBe("3-5");
    at(600);
    ackWindow(5, 0);
    expect(sendLost()).toBe("5-6");
    expect(sendLost()).toBe("");
  });

  test("comes in segments that the path takes now", () => {
    begin(new NewReno(), true, -1);
    sendAllowed();
    recovery.setSegmentBytes(2 * SEGMENT_BYTES);
    expect(recovery.congestionWindowBytes).toBe(2 * SEGMENT_BYTES);
    recovery.setSegmentBytes(SEGMENT_BYTES / 2);
    expect(expire()).toBe(TimerAction.PROBE);
    expect(recovery.lostEnd - recovery.lostStart).toBe(SEGMENT_BYTES / 2);
  });
});

describe("reordering", () => {
  test("that was seen by what came twice is forgotten after sixteen recoveries (RFC 8985 §6.2 step 4)", () => {
    begin(new NewReno());
    send(3);
    at(100);
    ack(3, [1, 2]);
    let ms: f64 = 100;
    for (let i = 0; i < 20; i++) {
      const first = next;
      send(3);
      at((ms += 100));
      ack(first, [first + 1, first + 2]);
      // Half of the round trip, and then a quarter again.
      expect(timerMs()).toBe(i < 16 ? 50 : 25);
      at((ms += timerMs()));
      recovery.onTimer(recovery.deadlineNs);
      expect(sendLost().length).toBeGreaterThan(0);
      at((ms += 100));
      ack(next);
    }
  });
});

describe("proportional rate reduction", () => {
  test("sends one segment for each two that arrive (RFC 9937 §6)", () => {
    begin(new NewReno());
    sendAllowed();
    at(100);
    ack(10);
    expect(sendAllowed()).toBe(20);
    at(200);
    // Segment 10 is lost; the other 19 arrive one by one.
    let text = "";
    for (let arrived = 12; arrived <= 30; arrived++) {
      ack(10, [11, arrived]);
      const again = sendLost();
      const fresh = sendAllowed();
      text += again.length > 0 ? "R" : fresh.toString();
      expect(inFlightSegments() * SEGMENT_BYTES).toBeLessThanOrEqual(
        recovery.congestionWindowBytes,
      );
    }
    // Two by limited transmit, then the retransmission, then one whenever two have arrived.
    expect(text).toBe("11R0010101010101001");
    expect(recovery.thresholdBytes).toBe(10 * SEGMENT_BYTES);
    expect(inFlightSegments()).toBe(10);
    at(300);
    ack(next);
    expect(windowSegments()).toBe(10);
  });
});

describe("a tail loss probe", () => {
  test("leaves after two round trips, instead of a time-out (RFC 8985 §7)", () => {
    begin(new NewReno());
    send(4);
    expect(timerMs()).toBe(202);
    expect(expire()).toBe(TimerAction.PROBE);
    expect(recovery.lostEnd - recovery.lostStart).toBe(SEGMENT_BYTES);
    recovery.onSent(recovery.lostStart, recovery.lostEnd, recovery.deadlineNs - recovery.rtoNs);
    // One probe; what follows is the time-out.
    expect(timerMs()).toBe(300);
    at(302);
    ack(0, [3, 4]);
    // The others were sent two round trips before it.
    expect(inFlightSegments()).toBe(0);
    expect(sendLost()).toBe("0-1");
  });

  test("waits for a delayed acknowledgement when one segment is in flight", () => {
    begin(new NewReno());
    send(1);
    expect(timerMs()).toBe(300);
    expect(expire()).toBe(TimerAction.PROBE);
  });

  test("that repaired a loss is a sign of congestion (RFC 8985 §7.4)", () => {
    begin(new NewReno());
    send(10);
    at(100);
    ack(9);
    expire();
    send(1);
    at(500);
    ack(11);
    expect(windowSegments()).toBe(21);
    send(2);
    expire();
    recovery.onSent(recovery.lostStart, recovery.lostEnd, <i64>800e6);
    at(900);
    ack(13);
    // Acknowledged up to the probe, and nothing says that it came twice.
    expect(windowSegments()).toBe(21);
    send(1);
    at(1000);
    ack(14);
    expect(windowSegments()).toBeLessThan(10);
  });

  test("that arrived twice is none", () => {
    begin(new NewReno());
    send(10);
    at(100);
    ack(8);
    const before = windowSegments();
    expect(expire()).toBe(TimerAction.PROBE);
    recovery.onSent(recovery.lostStart, recovery.lostEnd, <i64>300e6);
    at(400);
    ack(10, [9, 10]);
    send(1);
    at(500);
    ack(11);
    expect(windowSegments()).toBe(before + 2);
  });
});

describe("a time-out", () => {
  test("sends the first segment again, and doubles itself", () => {
    begin(new NewReno(), false);
    send(10);
    expect(timerMs()).toBe(300);
    expect(expire()).toBe(TimerAction.TIMEOUT);
    expect(sendLost()).toBe("0-1");
    expect(windowSegments()).toBe(1);
    expect(recovery.thresholdBytes).toBe(5 * SEGMENT_BYTES);
    expect(timerMs()).toBe(600);
    expect(expire()).toBe(TimerAction.TIMEOUT);
    expect(sendLost()).toBe("0-1");
    expect(recovery.consecutiveTimeouts).toBe(2);
    // RFC 5681 §3.1: what is lost again counts once.
    expect(recovery.thresholdBytes).toBe(5 * SEGMENT_BYTES);
    expect(recovery.allowance()).toBe(0);
  });

  test("is followed by slow start over what was lost", () => {
    begin(new NewReno(), false);
    send(10);
    expire();
    sendLost();
    at(400);
    ack(1);
    expect(recovery.consecutiveTimeouts).toBe(0);
    expect(sendLost()).toBe("1-3");
    at(500);
    ack(3);
    expect(sendLost()).toBe("3-7");
    at(600);
    ack(7);
    expect(sendLost()).toBe("7-10");
    at(700);
    ack(10);
    expect(recovery.isRecovering).toBe(false);
    // Karn: nothing that was sent twice has been measured.
    expect(recovery.rtoNs).toBe(600_000_000);
    send(1);
    at(800);
    ack(11);
    expect(recovery.rtoNs).toBeLessThan(350_000_000);
  });

  test("that was needless is undone (RFC 3522, RFC 4015)", () => {
    begin(new NewReno());
    sendAllowed();
    // A path that stands still for a second: the probe, then the time-out.
    expect(expire()).toBe(TimerAction.PROBE);
    recovery.onSent(recovery.lostStart, recovery.lostEnd, <i64>202e6);
    expect(expire()).toBe(TimerAction.TIMEOUT);
    expect(sendLost()).toBe("0-1");
    at(1000);
    // What was sent first is acknowledged.
    echo(0);
    ack(2);
    expect(recoveryCounters.undone).toBe(1);
    expect(recovery.isRecovering).toBe(false);
    expect(windowSegments()).toBe(10);
    expect(recovery.thresholdBytes).toBe(i32.MAX_VALUE);
    expect(sendLost()).toBe("");
    expect(sendAllowed()).toBe(2);
  });

  test("that was not stays", () => {
    begin(new NewReno());
    sendAllowed();
    expire();
    recovery.onSent(recovery.lostStart, recovery.lostEnd, <i64>202e6);
    expire();
    sendLost();
    at(1000);
    echo(502);
    ack(2);
    expect(recoveryCounters.undone).toBe(0);
    expect(recovery.isRecovering).toBe(true);
  });

  test("is undone like a fast retransmit, when what was sent again is acknowledged", () => {
    begin(new NewReno());
    sendAllowed();
    at(100);
    ack(5, [6, 10]);
    expect(sendLost()).toBe("5-6");
    at(150);
    echo(0);
    ack(5, [6, 10]);
    expect(recoveryCounters.undone).toBe(0);
    at(200);
    ack(6, [6, 10]);
    expect(recoveryCounters.undone).toBe(1);
  });

  test("is not undone when the window had been reduced already", () => {
    begin(new NewReno());
    sendAllowed();
    at(100);
    ack(0, [1, 4]);
    sendLost();
    const threshold = recovery.thresholdBytes;
    expect(expire()).toBe(TimerAction.TIMEOUT);
    sendLost();
    at(1000);
    echo(0);
    ack(4);
    expect(recoveryCounters.undone).toBe(0);
    expect(recovery.thresholdBytes).toBeLessThanOrEqual(threshold);
  });

  test("comes at most each minute", () => {
    begin(new NewReno(), false);
    send(1);
    for (let i = 0; i < 20; i++) {
      expect(expire()).toBe(TimerAction.TIMEOUT);
      expect(sendLost()).toBe("0-1");
    }
    expect(recovery.rtoNs).toBe(60 * SECOND);
    expect(recovery.consecutiveTimeouts).toBe(20);
  });

  test("finds out that a receiver has thrown away what it had reported (RFC 2018 §8)", () => {
    begin(new NewReno());
    send(4);
    at(100);
    ack(0, [1, 4]);
    expect(sendLost()).toBe("0-1");
    at(200);
    ack(1);
    expect(inFlightSegments()).toBe(0);
    expect(sendLost()).toBe("");
    expect(expire()).toBe(TimerAction.TIMEOUT);
    expect(recoveryCounters.reneged).toBe(1);
    expect(sendLost()).toBe("1-2");
    at(nextMs() + 100);
    ack(2);
    expect(sendLost()).toBe("2-4");
  });
});

function nextMs(): f64 {
  return <f64>(recovery.deadlineNs - recovery.rtoNs) / 1e6;
}

describe("a peer without SACK", () => {
  test("has the first segment sent again at the third duplicate (RFC 6582 §3.2)", () => {
    begin(new NewReno(), false);
    sendAllowed();
    at(100);
    ack(1);
    expect(sendAllowed()).toBe(2);
    ack(1);
    ack(1);
    expect(sendLost()).toBe("");
    expect(sendAllowed()).toBe(2);
    ack(1);
    expect(sendLost()).toBe("1-2");
    expect(recovery.isRecovering).toBe(true);
    // The next loss shows when the acknowledgement moves, but not to the end.
    at(200);
    ack(5);
    expect(sendLost()).toBe("5-6");
    at(300);
    ack(14);
    expect(recovery.isRecovering).toBe(false);
    expect(recovery.retransmissions).toBe(2);
  });

  test("does not have it sent again for duplicates after a time-out (RFC 6582 §4.1)", () => {
    begin(new NewReno(), false);
    sendAllowed();
    expire();
    sendLost();
    at(400);
    ack(10);
    send(5);
    for (let i = 0; i < 5; i++) ack(10);
    expect(sendLost()).toBe("");
    expect(inFlightSegments()).toBe(5);
  });

  test("cannot make up deliveries (RFC 9937 §6.2)", () => {
    begin(new NewReno(), false);
    sendAllowed();
    at(100);
    ack(1);
    for (let i = 0; i < 1000; i++) {
      ack(1);
      sendLost();
      sendAllowed();
    }
    expect(next).toBeLessThan(30);
    expect(inFlightSegments()).toBeGreaterThanOrEqual(0);
  });
});

describe("a mark of a router", () => {
  test("is a sign of congestion, once in each window (RFC 3168 §6.1.2)", () => {
    begin(new NewReno());
    sendAllowed();
    at(100);
    ack(1, [], true);
    expect(recovery.thresholdBytes).toBe(4500);
    expect(recovery.isReductionToTell).toBe(true);
    expect(recovery.isRecovering).toBe(false);
    for (let i = 2; i < 10; i++) {
      ack(i, [], true);
      sendAllowed();
    }
    expect(recovery.thresholdBytes).toBe(4500);
    ack(10);
    expect(windowSegments()).toBe(4.5);
    sendAllowed();
    at(200);
    ack(11, [], true);
    expect(recovery.thresholdBytes).toBeLessThan(4500);
    expect(recoveryCounters.marks).toBe(2);
    expect(recovery.retransmissions).toBe(0);
  });
});

describe("after more than two gigabytes", () => {
  test("what was remembered of the beginning does not seem to lie ahead", () => {
    begin(new NewReno(), false);
    let ms: f64 = 0;
    for (let i = 0; i < 50_000; i++) {
      send(60);
      at((ms += 10));
      ack(next);
    }
    // 3 GB: numbers of the beginning are behind by more than half of all.
    const window = windowSegments();
    send(5);
    at((ms += 10));
    ack(next);
    expect(windowSegments()).toBe(window);
    const first = next;
    send(20);
    for (let i = 0; i < 3; i++) ack(first);
    expect(recovery.isRecovering).toBe(true);
  });

  test("reports of what came twice still count", () => {
    begin(new NewReno());
    sendAllowed();
    at(100);
    ack(10, [4, 5]);
    let ms: f64 = 100;
    for (let i = 0; i < 50_000; i++) {
      send(60);
      at((ms += 100));
      ack(next);
    }
    send(10);
    at((ms += 100));
    ack(next, [next - 2, next - 1]);
    send(10);
    at((ms += 100));
    ack(next - 10, [next - 9, next - 8]);
    // Three quarters of the round trip: two times that something came twice.
    expect(timerMs()).toBe(75);
  });
});

describe("the records", () => {
  test("are one for each burst, and few for a stream", () => {
    begin(new NewReno());
    send(10);
    expect(ranges.used).toBe(1);
    at(1);
    send(10);
    expect(ranges.used).toBe(1);
    // A 64th of the round trip.
    at(2);
    send(10);
    expect(ranges.used).toBe(2);
  });

  test("are bounded, whatever the peer reports", () => {
    begin(new NewReno());
    send(1000);
    at(100);
    for (let i = 1; i < 1000; i += 2) ack(0, [i, i + 1]);
    expect(ranges.used).toBeLessThanOrEqual(256);
    expect(ranges.exhausted).toBeGreaterThan(0);
    // And all is repaired nevertheless.
    let turns = 0;
    for (; recovery.inFlightBytes > 0 || recovery.isRecovering; turns++) {
      sendLost();
      expect(ranges.used).toBeLessThanOrEqual(256);
      expire();
      if (turns == 50) ack(next);
    }
    expect(turns).toBeLessThan(100);
    expect(ranges.used).toBe(0);
  });
});
