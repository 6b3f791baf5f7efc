/** A segment arrives for a connection (RFC 9293 §3.10.7.4), in the order of the checks there. */
import { REFUSED, RESET, TcpState } from "@phantasm/interfaces";
import { acknowledge } from "./acknowledge";
import { challenge } from "./challenge";
import { clearReceiveQueue, end, finish } from "./close";
import { Connection } from "./connection";
import { NEVER, Told } from "./control-block";
import { synReceivedArrives, synSentArrives } from "./handshake";
import { Flag, Segment } from "./segment";
import { sendAck } from "./send";
import { atOrBefore, before } from "./sequence";
import { Event, next } from "./state";
import * as ranges from "./reassembly";
import * as stream from "./stream";

/** RFC 7323 §5.5: time stamps say nothing about a connection that was idle for 24 days. */
const PAWS_NS_MAX: i64 = 24 * 24 * 3600 * 1_000_000_000;

/** RFC 9293 §3.8.6.3, RFC 5681 §4.2: less than half a second. */
const DELAYED_ACK_NS: i64 = 40_000_000;

export function segmentArrives(c: Connection, segment: Segment, nowNs: i64): void {
  const tcp = c.tcp;
  if (c.current == TcpState.SYN_SENT) {
    synSentArrives(c, segment, nowNs);
    return;
  }
  if (c.hasTimestamps && !timestampIsGood(c, segment, nowNs)) return;
  // First: is any of it in the window? One before, because that is where it ends when it has all arrived before.
  const start = segment.sequence;
  const past = start + segment.length;
  if (before(past, c.receiveNext) || before(c.receiveEdge, start)) {
    outside(c, segment, nowNs);
    return;
  }
  if (segment.has(Flag.RST | Flag.SYN)) {
    if (segment.has(Flag.RST)) reset(c, segment, nowNs);
    else unexpectedSyn(c, segment, nowNs);
    return;
  }
  if (!segment.has(Flag.ACK)) {
    tcp.counters.droppedStray++;
    return;
  }
  if (c.current == TcpState.SYN_RECEIVED) {
    if (!synReceivedArrives(c, segment, nowNs)) return;
  } else if (!acknowledge(c, segment, nowNs)) return;
  // RFC 7323 §4.3 (2).
  if (
    c.hasTimestamps &&
    atOrBefore(start, c.lastAcknowledged) &&
    !before(segment.timestamp, c.timestampRecent)
  ) {
    c.timestampRecent = segment.timestamp;
    c.timestampRecentNs = nowNs;
  }
  c.lastHeardNs = nowNs;
  const keepAlive = c.keepAliveRules;
  if (keepAlive !== null) keepAlive.sent = 0;
  if (segment.length > 0 && !c.isEnded) text(c, segment, nowNs);
}

/** RFC 7323 §5.3 (R1) and §3.2. */
function timestampIsGood(c: Connection, segment: Segment, nowNs: i64): bool {
  if (segment.has(Flag.RST)) return true;
  if (!segment.hasTimestamps) {
    c.tcp.counters.droppedTimestamp++;
    return false;
  }
  if (!before(segment.timestamp, c.timestampRecent)) return true;
  if (nowNs - c.timestampRecentNs > PAWS_NS_MAX) {
    // R1's exception: take what comes.
    c.timestampRecent = segment.timestamp;
    c.timestampRecentNs = nowNs;
    return true;
  }
  c.tcp.counters.droppedTimestamp++;
  if (segment.length > 0) challenge(c, nowNs);
  return false;
}

/** Nothing of it is acceptable: answered with an ACK, unless it is a RST. */
function outside(c: Connection, segment: Segment, nowNs: i64): void {
  if (segment.has(Flag.RST)) return;
  c.tcp.counters.droppedOutside++;
  if (segment.bytes > 0 && before(segment.sequence, c.receiveNext)) {
    noteDuplicate(c, segment.sequence, segment.sequence + segment.bytes);
    c.isAckDue = true;
  } else challenge(c, nowNs);
}

/** RFC 5961 §3.2: a RST counts only at the very next number; in the window it is asked about. */
function reset(c: Connection, segment: Segment, nowNs: i64): void {
  if (segment.sequence != c.receiveNext) {
    challenge(c, nowNs);
    return;
  }
  c.tcp.counters.connectionsReset++;
  end(c, c.current == TcpState.SYN_RECEIVED && c.isActive ? REFUSED : RESET);
}

/** RFC 5961 §4.2: never believed; who really begins anew answers the ACK with a RST. */
function unexpectedSyn(c: Connection, segment: Segment, nowNs: i64): void {
  if (c.current == TcpState.SYN_RECEIVED && segment.sequence == c.receiveNext - 1) {
    // The same SYN again: our answer was lost. With ACK it is the second half of a simultaneous open.
    if (!segment.has(Flag.ACK)) c.isSynDue = true;
    else if (c.isActive && synReceivedArrives(c, segment, nowNs)) c.isAckDue = true;
    return;
  }
  challenge(c, nowNs);
}

function noteDuplicate(c: Connection, start: u32, end: u32): void {
  c.duplicateStart = start;
  c.duplicateEnd = end;
}

/** The data and the FIN of a segment of which something is in the window: RFC 9293 §3.10.7.4, seventh and eighth. */
export function text(c: Connection, segment: Segment, nowNs: i64): void {
  let start = segment.sequence;
  let at = segment.payload;
  let bytes = segment.bytes;
  let isFin = segment.has(Flag.FIN);
  if (bytes > 0) {
    const one = bytes / segment.joined;
    if (one > c.receiveSegmentBytes) c.receiveSegmentBytes = one;
    if (segment.has(Flag.CWR)) c.echoesCongestion = false;
    if (segment.isMarked && c.hasEcn) {
      // The sooner the peer knows the better.
      c.echoesCongestion = true;
      c.isAckDue = true;
    }
  }
  // The peer has closed already: what comes again was acknowledged.
  if (c.isFinReceived) {
    c.isAckDue = true;
    return;
  }
  if (before(start, c.receiveNext)) {
    const known = c.receiveNext - start;
    const twice = min(known, <u32>bytes);
    if (twice > 0) noteDuplicate(c, start, start + twice);
    c.isAckDue = true;
    start += twice;
    at += twice;
    bytes -= twice;
  }
  const room = c.receiveEdge - start;
  if (<u32>bytes > room) {
    bytes = <i32>room;
    isFin = false;
    c.isAckDue = true;
    c.tcp.counters.droppedOutside++;
  }
  if (bytes > 0) {
    if (c.isAbandoned) {
      // RFC 9293 §3.10.4, RFC 1122 §4.2.2.13: nobody will read it, and the peer shall know.
      c.tcp.sendReset(c, nowNs);
      end(c, RESET);
      return;
    }
    const taken =
      start == c.receiveNext
        ? inOrder(c, start, at, bytes, segment.joined, nowNs)
        : ahead(c, start, at, bytes);
    if (taken < bytes) isFin = false;
  }
  if (isFin && !before(start + bytes, c.receiveNext)) {
    c.isFinAhead = true;
    c.finAt = start + bytes;
    c.isAckDue = true;
  }
  if (c.isFinAhead && c.finAt == c.receiveNext) fin(c, nowNs);
}

/** Data that is the next: its place is at the end of what waits. Returns how many bytes found room. */
function inOrder(c: Connection, start: u32, at: usize, bytes: i32, segments: i32, nowNs: i64): i32 {
  const tcp = c.tcp;
  const pool = tcp.pool;
  if (c.receiveQueue == 0) c.receiveMovedAt = tcp.numbers.ticks(nowNs);
  c.receiveQueue = stream.writeShare(
    pool,
    c.receiveQueue,
    start,
    at,
    bytes,
    <i32>(c.receiveNext - c.receiveRead),
    tcp.aheadReserve,
    0,
    false,
  );
  if (pool.isShort) tcp.needs(c);
  let taken = pool.written;
  if (taken < bytes && c.ahead != 0) {
    // What comes next is worth more than what comes later, although that was promised (RFC 2018 §8).
    tcp.counters.reneged++;
    c.receiveNext = start + taken;
    dropAhead(c);
    c.receiveQueue = stream.write(
      pool,
      c.receiveQueue,
      start + taken,
      at + taken,
      bytes - taken,
      0,
      false,
    );
    taken += pool.written;
  }
  if (taken < bytes) tcp.counters.droppedMemory++;
  if (taken == 0) {
    c.isAckDue = true;
    return 0;
  }
  tcp.counters.bytesReceived += taken;
  c.receiveNext = start + taken;
  if (c.ahead != 0) {
    c.receiveNext = ranges.advance(c.ahead, c.receiveNext);
    c.ahead = ranges.tidy(pool, c.ahead);
    // RFC 5681 §4.2: a gap is filled, wholly or in part.
    c.isAckDue = true;
  }
  c.bytesSinceAck += bytes;
  // RFC 5681 §4.2: more than one full segment waits for its acknowledgment.
  if (c.quickAcks > 0 || segments > 1 || c.bytesSinceAck > c.receiveSegmentBytes) c.isAckDue = true;
  else if (c.ackDeadlineNs == NEVER) c.ackDeadlineNs = nowNs + DELAYED_ACK_NS;
  tellReadable(c);
  return taken;
}

/** Forgets all that came ahead of its turn. */
function dropAhead(c: Connection): void {
  if (c.ahead == 0) return;
  if (c.receiveRead == c.receiveNext) {
    clearReceiveQueue(c);
    return;
  }
  const pool = c.tcp.pool;
  c.ahead = ranges.forget(pool, c.ahead);
  c.receiveQueue = stream.dropFrom(pool, c.receiveQueue, c.receiveNext);
}

/** Data ahead of its turn. Returns how many bytes found room. */
function ahead(c: Connection, start: u32, at: usize, bytes: i32): i32 {
  const tcp = c.tcp;
  c.isAckDue = true;
  const past = start + bytes;
  let taken = 0;
  if (ranges.covers(c.ahead, start, past)) {
    noteDuplicate(c, start, past);
    return bytes;
  }
  const pool = tcp.pool;
  const table = ranges.open(pool, c.ahead, tcp.aheadReserve);
  if (table != 0 && ranges.admits(table, start, past)) {
    if (c.receiveQueue == 0) c.receiveMovedAt = tcp.numbers.ticks(tcp.nowNs);
    c.receiveQueue = stream.write(pool, c.receiveQueue, start, at, bytes, tcp.aheadReserve, false);
    taken = pool.written;
    if (taken > 0) ranges.add(table, start, start + taken);
    if (taken < bytes) tcp.counters.droppedMemory++;
  } else if (table != 0) tcp.counters.droppedHoles++;
  else tcp.counters.droppedMemory++;
  c.ahead = ranges.tidy(pool, table);
  c.quickAcks = max(c.quickAcks, 2);
  // RFC 5681 §3.2 counts duplicates, if SACK does not say more.
  if (!c.hasSack) sendAck(c, tcp.nowNs);
  return taken;
}

function tellReadable(c: Connection): void {
  if (!c.readWaits) return;
  c.readWaits = false;
  c.tell(Told.READABLE);
}

/** The peer's FIN, at its turn. */
function fin(c: Connection, nowNs: i64): void {
  c.isFinAhead = false;
  c.isFinReceived = true;
  // Behind the end there is nothing, whatever has come.
  dropAhead(c);
  c.receiveNext++;
  c.isAckDue = true;
  c.readWaits = true;
  c.current = next(c.current, Event.FIN);
  if (!c.isAbandoned) tellReadable(c);
  if (c.current == TcpState.TIME_WAIT) finish(c, nowNs);
}
