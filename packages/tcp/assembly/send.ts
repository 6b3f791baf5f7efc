/**
 * What a connection sends now: lost segments again, new data as far as both windows let it, or an acknowledgment.
 * Called by the dispatcher, once for all that has happened to a connection.
 */
import { Errno, Protocol, TcpState } from "@phantasm/interfaces";
import { Connection } from "./connection";
import { NEVER } from "./control-block";
import { armSyn, ownSegmentBytes, segmentBytesNow, timestampNow } from "./handshake";
import { TIMESTAMPS_BYTES, writeSynOptions, writeTimestamps } from "./options";
import { writeSack } from "./sack";
import { Flag } from "./segment";
import { atOrBefore } from "./sequence";
import * as stream from "./stream";
import { advertise } from "./window";
import { CHECKSUM_AT, HEADER_BYTES, writeHeader } from "./wire";

/** ECN field of a packet that may be marked (RFC 3168 §5). */
const ECT_0: u8 = 2;

/** What one connection sends before it is the next one's turn. */
const TURN_BYTES: i32 = 256 << 10;

/** What `flush` answers when the connection has more to send and others come first. */
export const MORE: i32 = 1;

/** Sends what can be sent. 0; MORE; or AGAIN: the link has no room. */
export function flush(c: Connection, nowNs: i64): i32 {
  if (c.current == TcpState.SYN_SENT || c.current == TcpState.SYN_RECEIVED) {
    if (c.isSynDue) return sendSyn(c, nowNs);
    return c.isAckDue ? sendAck(c, nowNs) : 0;
  }
  refreshSegmentBytes(c);
  // Blocks of SACK would make a full segment too long: they travel alone, and first.
  if (c.isAckDue && (c.ahead != 0 || c.duplicateStart != c.duplicateEnd)) {
    if (sendAck(c, nowNs) != 0) return Errno.AGAIN;
  }
  let turnBytes = TURN_BYTES;
  while (c.recovery.nextLost(nowNs)) {
    const start = c.recovery.lostStart;
    const sent = sendRange(c, start, c.recovery.lostEnd, nowNs);
    if (sent <= 0) return sent;
    c.recovery.onSent(start, start + sent, nowNs);
    c.tcp.counters.segmentsRetransmitted++;
    turnBytes -= sent;
    if (turnBytes <= 0) return MORE;
  }
  const status = sendNew(c, turnBytes, nowNs);
  if (status != 0) return status;
  return c.isAckDue ? sendAck(c, nowNs) : 0;
}

/** The path may carry longer or shorter packets than before. */
export function refreshSegmentBytes(c: Connection): void {
  const bytes = segmentBytesNow(c);
  if (bytes != c.recovery.segmentBytes) c.recovery.setSegmentBytes(bytes);
}

/** New data and the FIN, up to `turnBytes`. */
function sendNew(c: Connection, turnBytes: i32, nowNs: i64): i32 {
  const recovery = c.recovery;
  const end = c.queueEnd + (c.isFinQueued ? 1 : 0);
  // A byte in the closed window is on its way: the rest waits for its answer.
  if (c.sendNext == end || c.probeBytes != 0) return 0;
  // RFC 9293 §3.8.4, RFC 5681 §4.1.
  if (c.sendNext == c.sendUnacknowledged && nowNs - c.lastSentNs > recovery.rtoNs)
    recovery.onIdle(nowNs);
  while (c.sendNext != end) {
    const start = c.sendNext;
    let bytes = sendable(c, start, end);
    if (bytes <= 0) break;
    if (turnBytes <= 0) return MORE;
    if (bytes > turnBytes)
      bytes = min(
        bytes,
        max(turnBytes - (turnBytes % recovery.segmentBytes), recovery.segmentBytes),
      );
    bytes = sendRange(c, start, start + bytes, nowNs);
    if (bytes <= 0) return bytes;
    if (start == c.sendUnacknowledged) c.progressNs = nowNs;
    c.sendNext = start + bytes;
    c.lastSentNs = nowNs;
    c.isProbeDue = false;
    c.retryDeadlineNs = NEVER;
    recovery.onSent(start, c.sendNext, nowNs);
    if (bytes % recovery.segmentBytes != 0) c.smallEnd = c.sendNext;
    turnBytes -= bytes;
  }
  c.isProbeDue = false;
  // Nothing is under way that would bring an answer: ask in a while (RFC 9293 §3.8.6.1).
  if (c.sendNext != end && c.sendNext == c.sendUnacknowledged && c.retryDeadlineNs == NEVER)
    c.retryDeadlineNs = nowNs + recovery.rtoNs;
  return 0;
}

/** Sequence numbers from `start` that may leave now. 0: they wait for something. */
function sendable(c: Connection, start: u32, end: u32): i32 {
  const queued = end - start;
  const usable = <i32>(c.sendUnacknowledged + c.sendWindow - start);
  if (usable <= 0) return 0;
  const full = c.recovery.segmentBytes;
  let bytes = <i32>min<u32>(queued, usable);
  // RFC 8985 §7.3: a probe is one segment, and waits for nothing.
  if (c.isProbeDue) return min(bytes, full);
  const allowed = c.recovery.allowance();
  if (bytes > allowed) {
    bytes = allowed;
    if (bytes <= 0) return 0;
    // A part of a segment, only because the congestion window ends there: later, as a full one.
    if (bytes < full && <u32>bytes < queued && c.sendNext != c.sendUnacknowledged) return 0;
  }
  if (bytes >= full) {
    // Full ones now, and the rest when its turn comes.
    const rest = bytes % full;
    return rest != 0 && !smallMayLeave(c, start + bytes, end, rest) ? bytes - rest : bytes;
  }
  return smallMayLeave(c, start + bytes, end, bytes) ? bytes : 0;
}

/** RFC 9293 §3.8.6.2.1, with Nagle's rule (§3.7.4) as Minshall put it: one small segment under way at a time. */
function smallMayLeave(c: Connection, past: u32, end: u32, bytes: i32): bool {
  if (past == end) {
    if (c.isFinQueued) return true;
    if (c.isCorked) return false;
    return c.hasNoDelay || atOrBefore(c.smallEnd, c.sendUnacknowledged);
  }
  // The window ends here.
  return <u32>bytes >= c.sendWindowMax >> 1;
}

/**
 * Sends sequence numbers from `start` up to `end` at most, in one frame, and with them all that is due. Returns how
 * many; or AGAIN.
 */
export function sendRange(c: Connection, start: u32, end: u32, nowNs: i64): i32 {
  const path = c.path;
  const segmentBytes = c.recovery.segmentBytes;
  const headerBytes = headerBytesOf(c);
  let isFin = end == c.queueEnd + 1;
  let bytes = <i32>((isFin ? c.queueEnd : end) - start);
  let bytesMax = segmentBytes;
  if (path.segments) {
    bytesMax = path.bytesMax - headerBytes;
    bytesMax = max(bytesMax - (bytesMax % segmentBytes), segmentBytes);
  }
  if (bytes > bytesMax) {
    bytes = bytesMax;
    isFin = false;
  }
  const isNew = start == c.sendNext;
  let flags = Flag.ACK;
  if (isFin) flags |= Flag.FIN;
  if (start + bytes == c.queueEnd && bytes > 0) flags |= Flag.PSH;
  // RFC 3168 §6.1.2.
  const tellsReduction = c.hasEcn && c.recovery.isReductionToTell && isNew && bytes > 0;
  if (tellsReduction) flags |= Flag.CWR;
  const at = path.begin();
  if (bytes > 0) stream.read(c.sendQueue, start, at + headerBytes, bytes);
  // RFC 3168 §6.1.5: what is sent again cannot be marked, nor can probes.
  const mayBeMarked = c.hasEcn && isNew && bytes > 0;
  const status = put(
    c,
    at,
    start,
    flags,
    headerBytes,
    bytes,
    bytes > segmentBytes ? segmentBytes : 0,
    mayBeMarked,
    nowNs,
  );
  if (status != 0) return status;
  if (tellsReduction) c.recovery.isReductionToTell = false;
  c.tcp.counters.bytesSent += bytes;
  // An answer within the step of the question: this peer talks in turns, and need not be acknowledged in haste.
  if (isNew && bytes > 0) c.quickAcks = 0;
  return bytes + (isFin ? 1 : 0);
}

/** Header with time stamps. */
function headerBytesOf(c: Connection): i32 {
  return HEADER_BYTES + (c.hasTimestamps ? TIMESTAMPS_BYTES : 0);
}

/** An acknowledgment alone. */
export function sendAck(c: Connection, nowNs: i64): i32 {
  const at = c.path.begin();
  let optionsEnd = at + headerBytesOf(c);
  if (c.hasSack) optionsEnd = writeSack(c, optionsEnd);
  if (c.quickAcks > 0) c.quickAcks--;
  return put(c, at, c.sendNext, Flag.ACK, <i32>(optionsEnd - at), 0, 0, false, nowNs);
}

/** RFC 9293 §3.8.4: a number that was acknowledged long ago, so that the peer answers. */
export function sendKeepAlive(c: Connection, nowNs: i64): void {
  c.tcp.counters.keepAlivesSent++;
  const headerBytes = headerBytesOf(c);
  put(c, c.path.begin(), c.sendNext - 1, Flag.ACK, headerBytes, 0, 0, false, nowNs);
}

/**
 * Header and time stamps in front of `bytes` bytes that lie there already, and out. 0, or AGAIN; what cannot be
 * sent for another reason counts as lost on the way.
 */
function put(
  c: Connection,
  at: usize,
  sequence: u32,
  flags: u32,
  headerBytes: i32,
  bytes: i32,
  segmentBytes: i32,
  mayBeMarked: bool,
  nowNs: i64,
): i32 {
  if (c.hasTimestamps)
    writeTimestamps(at + HEADER_BYTES, timestampNow(c, nowNs), c.timestampRecent);
  if (c.echoesCongestion) flags |= Flag.ECE;
  writeHeader(
    at,
    c.localPort,
    c.remotePort,
    sequence,
    c.receiveNext,
    headerBytes,
    flags,
    advertise(c),
  );
  const path = c.path;
  if (mayBeMarked) path.trafficClass |= ECT_0;
  const status = path.send(Protocol.TCP, headerBytes + bytes, CHECKSUM_AT, segmentBytes);
  if (mayBeMarked) path.trafficClass &= ~3;
  if (status == Errno.AGAIN) return status;
  c.tcp.counters.segmentsSent += segmentBytes > 0 ? (bytes + segmentBytes - 1) / segmentBytes : 1;
  c.isAckDue = false;
  c.ackDeadlineNs = NEVER;
  c.bytesSinceAck = 0;
  c.lastAcknowledged = c.receiveNext;
  return 0;
}

/** SYN or SYN-ACK. */
function sendSyn(c: Connection, nowNs: i64): i32 {
  const path = c.path;
  const isAnswer = c.current == TcpState.SYN_RECEIVED;
  const at = path.begin();
  const optionsEnd = writeSynOptions(
    at + HEADER_BYTES,
    ownSegmentBytes(path.mtu, path.headerBytes),
    isAnswer && c.receiveScale == 0 ? -1 : c.receiveScale,
    c.hasSack,
    c.hasTimestamps,
    timestampNow(c, nowNs),
    c.timestampRecent,
  );
  let flags = Flag.SYN;
  if (isAnswer) flags |= Flag.ACK;
  // RFC 3168 §6.1.1; a SYN that was lost may have been so because of it (§6.1.1.1).
  if (c.hasEcn && (isAnswer || c.retries == 0)) flags |= isAnswer ? Flag.ECE : Flag.ECE | Flag.CWR;
  const window = min(c.receiveBytesMax, 0xffff);
  writeHeader(
    at,
    c.localPort,
    c.remotePort,
    c.initialSend,
    isAnswer ? c.receiveNext : 0,
    <i32>(optionsEnd - at),
    flags,
    window,
  );
  const status = path.send(Protocol.TCP, <i32>(optionsEnd - at), CHECKSUM_AT, 0);
  if (status == Errno.AGAIN) return status;
  c.sendNext = c.initialSend + 1;
  c.isSynDue = false;
  c.tcp.counters.segmentsSent++;
  if (c.retries > 0) c.tcp.counters.segmentsRetransmitted++;
  c.lastSentNs = nowNs;
  armSyn(c, nowNs);
  return 0;
}
