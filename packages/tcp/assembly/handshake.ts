/** How connections begin (RFC 9293 §3.5, §3.10.7.2 to §3.10.7.4): SYN_SENT, SYN_RECEIVED, establishing. */
import { REFUSED, SECOND, TcpState, isIpv4 } from "@phantasm/interfaces";
import { end, resetStray } from "./close";
import { Connection } from "./connection";
import { NEVER, Told } from "./control-block";
import { TIMESTAMPS_BYTES } from "./options";
import { text } from "./receive";
import { Flag, Segment } from "./segment";
import { atOrBefore, before } from "./sequence";
import { Event, next } from "./state";
import { HEADER_BYTES } from "./wire";

/** RFC 6298 §2.1 and §2.5. */
const SYN_RTO_NS: i64 = SECOND;
const SYN_RTO_NS_MAX: i64 = 60 * SECOND;

/** RFC 9293 MUST-15: what a peer takes that does not say. */
const SEGMENT_BYTES_DEFAULT_4: i32 = 536;
const SEGMENT_BYTES_DEFAULT_6: i32 = 1220;

/** A peer that says less gets more, or nobody's memory would suffice. */
const SEGMENT_BYTES_MIN: i32 = 128;

/** Until the peer's windows have grown. */
const QUICK_ACKS: i32 = 16;

/** A time stamp cannot be an echo of one that is older. */
const ECHO_MS_MAX: u32 = 300_000;

/** What is tried first: all that this end can do. */
export function offerAll(c: Connection): void {
  c.hasTimestamps = true;
  c.hasSack = true;
  c.hasEcn = c.tcp.limits.ecn;
  c.receiveScale = c.tcp.windowScale;
}

/** Payload of a segment that our side of the path takes. */
export function ownSegmentBytes(mtu: i32, headerBytes: i32): i32 {
  return min(mtu - headerBytes - HEADER_BYTES, 0xffff);
}

/** The fields that follow from the initial sequence number. */
export function beginSending(c: Connection, initialSend: u32): void {
  c.initialSend = initialSend;
  c.sendUnacknowledged = initialSend;
  c.sendNext = initialSend;
  c.queueEnd = initialSend + 1;
  c.smallEnd = initialSend;
  c.userTimeoutNs = c.tcp.limits.userTimeoutNs;
}

/** CONNECT: RFC 9293 §3.10.1. `tcp.tuple` is the connection's. */
export function openActively(c: Connection, nowNs: i64): void {
  offerAll(c);
  c.isActive = true;
  beginSending(c, c.tcp.numbers.initialSequence(c.tcp.tuple, nowNs));
  c.timestampOffset = c.tcp.numbers.timestampOffset(c.tcp.tuple);
  c.receiveBytesMax = c.tcp.limits.receiveBytesFirst;
  c.current = next(c.current, Event.OPEN);
  c.isSynDue = true;
}

/** What the peer's SYN says, joined with what this end offers. */
export function agree(c: Connection, syn: Segment, nowNs: i64): void {
  const byDefault = isIpv4(c.remoteHigh, c.remoteLow)
    ? SEGMENT_BYTES_DEFAULT_4
    : SEGMENT_BYTES_DEFAULT_6;
  c.peerSegmentBytes =
    syn.maximumSegment > 0 ? max(syn.maximumSegment, SEGMENT_BYTES_MIN) : byDefault;
  c.hasTimestamps = c.hasTimestamps && syn.hasTimestamps;
  c.hasSack = c.hasSack && syn.isSackPermitted;
  // RFC 7323 §2.2: both, or none.
  if (syn.windowScale >= 0) c.sendScale = <u8>syn.windowScale;
  else {
    c.sendScale = 0;
    c.receiveScale = 0;
  }
  if (c.hasTimestamps) {
    c.timestampRecent = syn.timestamp;
    c.timestampRecentNs = nowNs;
  }
  c.receiveNext = syn.sequence + 1;
  c.receiveRead = c.receiveNext;
  c.receiveEdge = c.receiveNext + min(c.receiveBytesMax, 0xffff);
  c.lastAcknowledged = c.receiveNext;
  c.receiveSegmentBytes = min(byDefault, ownSegmentBytes(c.path.mtu, c.path.headerBytes));
  c.quickAcks = QUICK_ACKS;
  // The window of a SYN is not scaled (RFC 7323 §2.2).
  setSendWindow(c, syn.window, syn);
}

export function setSendWindow(c: Connection, bytes: u32, segment: Segment): void {
  c.sendWindow = bytes;
  c.sendWindowMax = max(c.sendWindowMax, bytes);
  c.sendWindowSequence = segment.sequence;
  c.sendWindowAcknowledgment = segment.acknowledgment;
}

/** A SYN for a listener: RFC 9293 §3.10.7.2. `tcp.tuple` is the connection's. */
export function openPassively(c: Connection, syn: Segment, nowNs: i64): void {
  offerAll(c);
  // RFC 3168 §6.1.1: both bits, in a SYN.
  c.hasEcn = c.hasEcn && (syn.flags & (Flag.ECE | Flag.CWR)) == (Flag.ECE | Flag.CWR);
  beginSending(c, c.tcp.numbers.initialSequence(c.tcp.tuple, nowNs));
  c.timestampOffset = c.tcp.numbers.timestampOffset(c.tcp.tuple);
  c.receiveBytesMax = c.tcp.limits.receiveBytesFirst;
  agree(c, syn, nowNs);
  c.current = TcpState.SYN_RECEIVED;
  c.isHalfOpen = true;
  c.tcp.halfOpen++;
  c.isSynDue = true;
}

/** No longer counted among the half-open ones. */
export function leaveHalfOpen(c: Connection): void {
  if (!c.isHalfOpen) return;
  c.isHalfOpen = false;
  c.tcp.halfOpen--;
}

/** RFC 9293 §3.10.7.3. */
export function synSentArrives(c: Connection, segment: Segment, nowNs: i64): void {
  const acknowledges = segment.has(Flag.ACK);
  if (acknowledges) {
    const ack = segment.acknowledgment;
    if (atOrBefore(ack, c.initialSend) || before(c.sendNext, ack)) {
      if (!segment.has(Flag.RST)) resetStray(c.tcp, segment, c.path, nowNs);
      return;
    }
  }
  if (segment.has(Flag.RST)) {
    if (acknowledges) end(c, REFUSED);
    else c.tcp.counters.droppedStray++;
    return;
  }
  if (!segment.has(Flag.SYN)) return;
  // RFC 3168 §6.1.1: the answer to an offer has ECE alone.
  c.hasEcn =
    c.hasEcn &&
    (segment.flags & (Flag.ECE | Flag.CWR)) == (acknowledges ? Flag.ECE : Flag.ECE | Flag.CWR);
  agree(c, segment, nowNs);
  if (acknowledges) {
    c.sendUnacknowledged = segment.acknowledgment;
    c.isAckDue = true;
    establish(c, segment, nowNs);
    // What else the SYN-ACK carries comes behind its SYN.
    segment.sequence++;
    segment.flags &= ~Flag.SYN;
    text(c, segment, nowNs);
  } else {
    // Both began at the same time: RFC 9293 §3.5, figure 7.
    c.current = next(c.current, Event.SYN);
    c.retries = 0;
    c.isSynDue = true;
  }
}

/** SYN_RECEIVED, and an acceptable segment with ACK: true when the connection now exists. */
export function synReceivedArrives(c: Connection, segment: Segment, nowNs: i64): bool {
  const ack = segment.acknowledgment;
  if (atOrBefore(ack, c.initialSend) || before(c.sendNext, ack)) {
    resetStray(c.tcp, segment, c.path, nowNs);
    return false;
  }
  const listener = c.listener;
  if (listener !== null && listener.isFull) {
    // As if it had been lost: the SYN-ACK is sent again, and answered when there may be room.
    c.tcp.counters.droppedBacklog++;
    return false;
  }
  c.sendUnacknowledged = ack;
  setSendWindow(c, segment.window << (<u32>c.sendScale), segment);
  establish(c, segment, nowNs);
  return true;
}

/** Both SYNs are acknowledged; the connection is as good as it gets. */
export function establish(c: Connection, segment: Segment, nowNs: i64): void {
  leaveHalfOpen(c);
  c.isSynDue = false;
  c.retryDeadlineNs = NEVER;
  c.lastHeardNs = nowNs;
  c.progressNs = nowNs;
  c.tuneNs = nowNs;
  c.tuneRead = c.receiveRead;
  c.current = next(c.current, Event.ESTABLISH);
  if (c.isFinQueued) c.current = next(c.current, Event.CLOSE);
  // RFC 6298 §3 (Karn): a SYN that was sent twice measures nothing, unless time stamps tell which.
  let roundTripNs: i64 = -1;
  if (c.retries == 0) roundTripNs = nowNs - c.lastSentNs;
  else if (c.hasTimestamps) roundTripNs = echoedNs(c, segment, nowNs);
  c.recovery.begin(c.initialSend + 1, segmentBytesNow(c), c.hasSack, roundTripNs, nowNs);
  c.retries = 0;
  const keepAlive = c.keepAliveRules;
  if (keepAlive !== null) keepAlive.deadlineNs = nowNs + keepAlive.idleNs;
  c.holdDomain();
  const listener = c.listener;
  if (c.isActive) {
    c.tcp.counters.connectionsOpened++;
    c.tell(Told.CONNECTED);
  } else {
    c.tcp.counters.connectionsAccepted++;
    if (listener !== null) {
      listener.waiting++;
      c.isWaiting = true;
    }
    c.tell(Told.ACCEPT);
  }
}

/** Bytes of data in a full segment now: the peer's limit and the path's, less the options of each segment. */
export function segmentBytesNow(c: Connection): i32 {
  const options = c.hasTimestamps ? TIMESTAMPS_BYTES : 0;
  const bytes = min(c.peerSegmentBytes, ownSegmentBytes(c.path.mtu, c.path.headerBytes));
  return max(bytes, SEGMENT_BYTES_MIN) - options;
}

/** The time stamp of what is sent now. */
export function timestampNow(c: Connection, nowNs: i64): u32 {
  return c.tcp.numbers.ticks(nowNs) + c.timestampOffset;
}

/** How long ago the time stamp was sent that the segment echoes; -1: it cannot be. */
export function echoedNs(c: Connection, segment: Segment, nowNs: i64): i64 {
  if (!segment.hasTimestamps) return -1;
  const elapsedMs = timestampNow(c, nowNs) - segment.timestampEcho;
  return elapsedMs <= ECHO_MS_MAX ? <i64>elapsedMs * 1_000_000 : -1;
}

/** When the SYN or SYN-ACK that goes out now is to be sent again (RFC 6298 §5.5). */
export function armSyn(c: Connection, nowNs: i64): void {
  if (c.retries == 0) c.progressNs = nowNs;
  c.retryDeadlineNs = nowNs + min(SYN_RTO_NS << min(c.retries, 6), SYN_RTO_NS_MAX);
}
