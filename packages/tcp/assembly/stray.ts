/** Segments of no connection: for a listener (RFC 9293 §3.10.7.2), for TIME_WAIT (§3.10.7.4), or for nobody. */
import { Packet, Protocol, TcpState } from "@phantasm/interfaces";
import { resetStray } from "./close";
import { agree, beginSending, offerAll, openPassively, ownSegmentBytes } from "./handshake";
import { Listener } from "./listener";
import { TIMESTAMPS_BYTES, writeSynOptions, writeTimestamps } from "./options";
import { Flag, Segment } from "./segment";
import { segmentArrives } from "./receive";
import { before } from "./sequence";
import { ecnIn, sackIn, scaleIn, timestampWith } from "./syn-cookie";
import { TransmissionControl } from "./tcp";
import { NONE } from "./time-wait";
import { CHECKSUM_AT, HEADER_BYTES, writeHeader } from "./wire";

/** RFC 6191 §2: how far a new connection begins behind the old one. */
const REUSE_DISTANCE: u32 = 0x10001;

export function strayArrives(
  tcp: TransmissionControl,
  packet: Packet,
  segment: Segment,
  nowNs: i64,
): void {
  const listener = tcp.listenerAt(segment.destinationPort);
  const index = tcp.timeWait.find(tcp.tuple);
  let notBefore: u32 = 0;
  if (index != NONE) {
    if (listener === null || !isNewer(tcp, index, segment)) {
      timeWaitArrives(tcp, index, packet, segment, nowNs);
      return;
    }
    notBefore = tcp.timeWait.sendNext(index) + REUSE_DISTANCE;
  }
  if (listener === null) {
    resetStray(tcp, segment, tcp.ip.pathBack(packet), nowNs);
    return;
  }
  if (segment.has(Flag.RST)) return;
  if (segment.has(Flag.ACK)) {
    cookieArrives(tcp, listener, packet, segment, nowNs);
    return;
  }
  // A SYN with FIN is nobody's.
  if ((segment.flags & (Flag.SYN | Flag.FIN)) != Flag.SYN) {
    tcp.counters.droppedStray++;
    return;
  }
  if (listener.isFull) {
    listener.refused++;
    tcp.counters.droppedBacklog++;
    return;
  }
  if (tcp.halfOpen >= tcp.limits.halfOpen) {
    sendCookie(tcp, packet, segment, nowNs);
    return;
  }
  const c = tcp.create();
  if (c === null) return;
  if (index != NONE) {
    tcp.timeWait.remove(index);
    tcp.counters.timeWaitReused++;
  }
  c.listener = listener;
  openPassively(c, segment, nowNs);
  // RFC 9293 §3.6.1: behind all that the old connection can have sent.
  if (index != NONE && before(c.initialSend, notBefore)) beginSending(c, notBefore);
  tcp.table.insert(c, tcp.tuple);
  tcp.agenda.add(c);
}

/** A SYN that may end a TIME_WAIT: later than all of the old connection (RFC 9293 §3.6.1, RFC 6191 §2). */
function isNewer(tcp: TransmissionControl, index: i32, segment: Segment): bool {
  if ((segment.flags & (Flag.SYN | Flag.ACK | Flag.RST | Flag.FIN)) != Flag.SYN) return false;
  if (
    tcp.timeWait.hasTimestamps(index) &&
    segment.hasTimestamps &&
    segment.timestamp != tcp.timeWait.timestampRecent(index)
  )
    return before(tcp.timeWait.timestampRecent(index), segment.timestamp);
  return before(tcp.timeWait.receiveNext(index), segment.sequence);
}

/**
 * What still comes: the FIN again is acknowledged again. RST is not believed (RFC 1337), unless it answers the ACK that
 * a SYN got, with the number in it: then the peer has forgotten the old connection, and its SYN comes again. Without
 * that, a peer whose numbers begin anywhere, or that has sent faster than their clock ticks, and uses a port again,
 * would find it shut until the wait is over.
 */
function timeWaitArrives(
  tcp: TransmissionControl,
  index: i32,
  packet: Packet,
  segment: Segment,
  nowNs: i64,
): void {
  const isNext = segment.sequence == tcp.timeWait.receiveNext(index);
  if (segment.has(Flag.RST)) {
    if (isNext && tcp.timeWait.hasAsked(index)) {
      tcp.timeWait.remove(index);
      tcp.counters.timeWaitReset++;
    } else tcp.counters.droppedStray++;
    return;
  }
  if (segment.length == 0 && isNext) {
    tcp.counters.droppedStray++;
    return;
  }
  const path = tcp.ip.pathBack(packet);
  if (path === null || !tcp.resets.take(nowNs)) return;
  if (segment.has(Flag.SYN)) tcp.timeWait.asks(index);
  if (segment.has(Flag.FIN)) tcp.timeWait.restart(index, nowNs);
  const at = path.begin();
  let headerBytes = HEADER_BYTES;
  if (tcp.timeWait.hasTimestamps(index)) {
    headerBytes += TIMESTAMPS_BYTES;
    const stamp = tcp.numbers.ticks(nowNs) + tcp.timeWait.timestampOffset(index);
    writeTimestamps(at + HEADER_BYTES, stamp, tcp.timeWait.timestampRecent(index));
  }
  writeHeader(
    at,
    segment.destinationPort,
    segment.sourcePort,
    tcp.timeWait.sendNext(index),
    tcp.timeWait.receiveNext(index),
    headerBytes,
    Flag.ACK,
    0,
  );
  if (path.send(Protocol.TCP, headerBytes, CHECKSUM_AT, 0) == 0) tcp.counters.segmentsSent++;
}

/** A SYN-ACK that leaves nothing behind here. */
function sendCookie(tcp: TransmissionControl, packet: Packet, syn: Segment, nowNs: i64): void {
  const path = tcp.ip.pathBack(packet);
  if (path === null) return;
  const at = path.begin();
  const stamps = syn.hasTimestamps;
  const ecn =
    tcp.limits.ecn && (syn.flags & (Flag.ECE | Flag.CWR)) == (Flag.ECE | Flag.CWR) && stamps;
  let stamp: u32 = 0;
  if (stamps) {
    stamp = timestampWith(
      tcp.numbers.ticks(nowNs) + tcp.numbers.timestampOffset(tcp.tuple),
      syn.windowScale,
      syn.isSackPermitted,
      ecn,
    );
  }
  const optionsEnd = writeSynOptions(
    at + HEADER_BYTES,
    ownSegmentBytes(path.mtu, path.headerBytes),
    stamps && syn.windowScale >= 0 ? tcp.windowScale : -1,
    stamps && syn.isSackPermitted,
    stamps,
    stamp,
    syn.timestamp,
  );
  writeHeader(
    at,
    syn.destinationPort,
    syn.sourcePort,
    tcp.cookies.make(tcp.tuple, syn, nowNs),
    syn.sequence + 1,
    <i32>(optionsEnd - at),
    Flag.SYN | Flag.ACK | (ecn ? Flag.ECE : 0),
    min(tcp.limits.receiveBytesFirst, 0xffff),
  );
  if (path.send(Protocol.TCP, <i32>(optionsEnd - at), CHECKSUM_AT, 0) != 0) return;
  tcp.counters.cookiesSent++;
  tcp.counters.segmentsSent++;
}

/** An ACK for a listener: the answer to a cookie, or to nothing. */
function cookieArrives(
  tcp: TransmissionControl,
  listener: Listener,
  packet: Packet,
  ack: Segment,
  nowNs: i64,
): void {
  const size = ack.has(Flag.SYN) ? 0 : tcp.cookies.check(tcp.tuple, ack, nowNs);
  if (size == 0) {
    if (!ack.has(Flag.SYN) && tcp.cookies.isAwaited(nowNs)) {
      tcp.counters.cookiesRefused++;
      // It may be data whose predecessor, with the cookie, was lost and comes again. RST would end that.
      if (ack.bytes > 0) return;
    }
    resetStray(tcp, ack, tcp.ip.pathBack(packet), nowNs);
    return;
  }
  if (listener.isFull) {
    // The peer takes itself for connected: what it sends next asks again.
    listener.refused++;
    tcp.counters.droppedBacklog++;
    return;
  }
  const c = tcp.create();
  if (c === null) return;
  tcp.counters.cookiesAccepted++;
  c.listener = listener;
  offerAll(c);
  beginSending(c, ack.acknowledgment - 1);
  c.timestampOffset = tcp.numbers.timestampOffset(tcp.tuple);
  c.receiveBytesMax = tcp.limits.receiveBytesFirst;
  // What the SYN said, as far as it is remembered.
  ack.maximumSegment = size;
  ack.windowScale = ack.hasTimestamps ? scaleIn(ack.timestampEcho) : -1;
  ack.isSackPermitted = ack.hasTimestamps && sackIn(ack.timestampEcho);
  c.hasEcn = c.hasEcn && ack.hasTimestamps && ecnIn(ack.timestampEcho);
  ack.sequence--;
  agree(c, ack, nowNs);
  ack.sequence++;
  c.sendNext = c.initialSend + 1;
  c.current = TcpState.SYN_RECEIVED;
  c.retries = 1;
  tcp.table.insert(c, tcp.tuple);
  segmentArrives(c, ack, nowNs);
  tcp.agenda.add(c);
}
