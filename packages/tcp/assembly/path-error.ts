/** ICMP errors (RFC 5927; RFC 9293 §3.9.2.2): anybody can forge one, so only what is under way is believed. */
import { PathError, REFUSED, TcpState, UNREACHABLE } from "@phantasm/interfaces";
import { end } from "./close";
import { Connection } from "./connection";
import { segmentBytesNow } from "./handshake";
import { sendRange } from "./send";
import { earlier, within } from "./sequence";

/**
 * An error for a segment of this connection that began at `sequence`. False: it matches nothing under way.
 *
 * @param error of PathError
 */
export function pathErrorArrives(c: Connection, sequence: u32, error: i32, nowNs: i64): bool {
  // RFC 5927 §4.1.
  if (!within(sequence, c.sendUnacknowledged, c.sendNext)) return false;
  if (error == PathError.TOO_LARGE) {
    tooLarge(c, sequence, nowNs);
    return true;
  }
  const isHard = error == PathError.PORT_UNREACHABLE || error == PathError.PROTOCOL_UNREACHABLE;
  // RFC 5927 §5.2: once it exists, no error of the path ends a connection.
  if (isHard && c.current == TcpState.SYN_SENT) end(c, REFUSED);
  else c.softError = <i8>UNREACHABLE;
  return true;
}

/** RFC 1191 §6.5: what was too large is sent again at once, in smaller segments. */
function tooLarge(c: Connection, sequence: u32, nowNs: i64): void {
  if (c.current == TcpState.SYN_SENT || c.current == TcpState.SYN_RECEIVED) return;
  const bytes = segmentBytesNow(c);
  if (bytes >= c.recovery.segmentBytes) return;
  c.recovery.setSegmentBytes(bytes);
  // The first shows the peer's acknowledgments where the others are missing.
  const start = c.sendUnacknowledged;
  if (c.probeBytes != 0) return;
  const sent = sendRange(c, start, earlier(start + bytes, c.sendNext), nowNs);
  if (sent <= 0) return;
  c.recovery.onSent(start, start + sent, nowNs);
  c.tcp.counters.segmentsRetransmitted++;
  c.tcp.agenda.add(c);
}
