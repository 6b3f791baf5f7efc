/** How connections end (RFC 9293 §3.6, §3.10.4, §3.10.5): in order, by force, or by themselves. */
import { CANCELLED, Path, Protocol, TcpState } from "@phantasm/interfaces";
import { Connection } from "./connection";
import { Told } from "./control-block";
import { leaveHalfOpen } from "./handshake";
import * as ranges from "./reassembly";
import { Flag, Segment } from "./segment";
import { sendAck } from "./send";
import { Event, next } from "./state";
import * as stream from "./stream";
import { TransmissionControl } from "./tcp";
import { disarm } from "./timers";
import { CHECKSUM_AT, HEADER_BYTES, writeHeader } from "./wire";

/** SHUTDOWN: the FIN follows what is queued. */
export function shutdown(c: Connection): void {
  if (c.isEnded || c.isFinQueued) return;
  c.isFinQueued = true;
  // Before both SYNs are acknowledged it is only remembered.
  if (c.current != TcpState.SYN_SENT && c.current != TcpState.SYN_RECEIVED)
    c.current = next(c.current, Event.CLOSE);
  c.tcp.agenda.add(c);
}

/** CLOSE: RFC 9293 §3.10.4; nobody reads any more. */
export function close(c: Connection, nowNs: i64): void {
  if (c.isAbandoned) return;
  if (c.current == TcpState.SYN_SENT) {
    end(c, CANCELLED);
    return;
  }
  c.isAbandoned = true;
  clearReceiveQueue(c);
  c.receiveRead = c.receiveNext;
  if (c.isEnded) {
    c.tell(Told.CLOSED);
    return;
  }
  shutdown(c);
  if (c.current != TcpState.FIN_WAIT_2) return;
  c.retryDeadlineNs = nowNs + c.tcp.limits.finWaitNs;
  c.tcp.agenda.add(c);
}

/** ABORT: RFC 9293 §3.10.5. */
export function abort(c: Connection, nowNs: i64): void {
  if (c.isEnded) {
    close(c, nowNs);
    return;
  }
  if (c.current != TcpState.SYN_SENT) c.tcp.sendReset(c, nowNs);
  end(c, CANCELLED);
}

/** It breaks off. @param reason negative */
export function end(c: Connection, reason: i32): void {
  if (c.isEnded) return;
  c.reason = <i8>reason;
  c.current = next(c.current, Event.END);
  remove(c);
  clearReceiveQueue(c);
  c.receiveRead = c.receiveNext;
  c.isFinReceived = false;
  c.tell(Told.CLOSED);
}

/** Both sides have closed. What waits to be read can still be read. */
export function finish(c: Connection, nowNs: i64): void {
  const isTimeWait = c.current == TcpState.TIME_WAIT;
  if (isTimeWait) {
    if (c.isAckDue) sendAck(c, nowNs);
    c.tcp.timeWait.add(c, nowNs);
  }
  remove(c);
  if (c.readable == 0) c.tell(Told.CLOSED);
}

export function clearSendQueue(c: Connection): void {
  stream.clear(c.tcp.pool, c.sendQueue);
  c.sendQueue = 0;
}

/** All of it, with what came ahead of its turn. */
export function clearReceiveQueue(c: Connection): void {
  const pool = c.tcp.pool;
  stream.clear(pool, c.receiveQueue);
  c.receiveQueue = 0;
  c.ahead = ranges.forget(pool, c.ahead);
}

/** Out of the table, and of all that would act on it. */
function remove(c: Connection): void {
  c.isEnded = true;
  leaveHalfOpen(c);
  c.tcp.table.remove(c);
  c.recovery.end();
  clearSendQueue(c);
  c.sendUnacknowledged = c.queueEnd;
  disarm(c);
  if (c.handler === null) {
    c.stopWaiting();
    c.releaseDomain();
  }
}

/** The RST that answers a segment of no connection (RFC 9293 §3.10.7.1), at most so often. */
export function resetStray(
  tcp: TransmissionControl,
  segment: Segment,
  path: Path | null,
  nowNs: i64,
): void {
  if (segment.has(Flag.RST) || path === null) return;
  if (!tcp.resets.take(nowNs)) {
    tcp.counters.resetsWithheld++;
    return;
  }
  const acknowledges = segment.has(Flag.ACK);
  writeHeader(
    path.begin(),
    segment.destinationPort,
    segment.sourcePort,
    acknowledges ? segment.acknowledgment : 0,
    acknowledges ? 0 : segment.sequence + segment.length,
    HEADER_BYTES,
    acknowledges ? Flag.RST : Flag.RST | Flag.ACK,
    0,
  );
  if (path.send(Protocol.TCP, HEADER_BYTES, CHECKSUM_AT, 0) == 0) {
    tcp.counters.resetsSent++;
    tcp.counters.segmentsSent++;
  }
}
