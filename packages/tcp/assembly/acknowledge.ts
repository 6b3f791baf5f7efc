/** What a segment says about our stream: RFC 9293 §3.10.7.4, fifth. */
import { TcpState } from "@phantasm/interfaces";
import { challenge } from "./challenge";
import { clearSendQueue, finish } from "./close";
import { Connection } from "./connection";
import { NEVER } from "./control-block";
import { echoedNs, setSendWindow } from "./handshake";
import { Flag, Segment } from "./segment";
import { atOrBefore, before, earlier } from "./sequence";
import { Event, next } from "./state";
import * as stream from "./stream";

/** The neighbour is confirmed at most once in 2^30 ns. */
const CONFIRM_BITS: i64 = 30;

/** False: it acknowledges what cannot be, and the whole segment is dropped. */
export function acknowledge(c: Connection, segment: Segment, nowNs: i64): bool {
  const ack = segment.acknowledgment;
  const oldest = c.sendUnacknowledged;
  // RFC 5961 §5.2: neither beyond what was sent, nor before any window that the peer has offered.
  if (before(c.sendNext, ack) || before(ack, oldest - c.sendWindowMax)) {
    c.tcp.counters.droppedAcknowledgment++;
    challenge(c, nowNs);
    return false;
  }
  const window = segment.window << (<u32>c.sendScale);
  let isUpdate = false;
  if (
    before(c.sendWindowSequence, segment.sequence) ||
    (c.sendWindowSequence == segment.sequence && atOrBefore(c.sendWindowAcknowledgment, ack))
  ) {
    isUpdate = window != c.sendWindow;
    setSendWindow(c, window, segment);
  }
  if (before(ack, oldest)) return true;
  if (c.probeBytes != 0) probeAnswered(c, ack, nowNs);
  const isAdvance = ack != c.sendUnacknowledged;
  // RFC 5681 §2.
  const isDuplicate =
    !isAdvance && !isUpdate && segment.length == 0 && c.sendNext != c.sendUnacknowledged;
  if (!c.hasSack) segment.blocks.count = 0;
  const isCongested = c.hasEcn && segment.has(Flag.ECE);
  if (isAdvance || isDuplicate || segment.blocks.count > 0 || isCongested)
    c.recovery.onAcknowledged(
      ack,
      c.sendWindow,
      segment.blocks,
      isAdvance ? echoedNs(c, segment, nowNs) : -1,
      isDuplicate,
      isCongested,
      nowNs,
    );
  // With nothing under way there is nothing to reduce, but the peer asks on until it is told (RFC 3168 §6.1.3).
  if (isCongested && ack == c.sendNext) c.recovery.isReductionToTell = true;
  if (isAdvance) advance(c, ack, nowNs);
  if (!c.isEnded && (isAdvance || isUpdate || isDuplicate || segment.blocks.count > 0))
    c.tcp.agenda.add(c);
  return true;
}

/** A byte was sent into a closed window: now it counts, or it was never sent. */
function probeAnswered(c: Connection, ack: u32, nowNs: i64): void {
  const start = c.sendUnacknowledged;
  if (ack != start) c.recovery.onSent(start, start + 1, nowNs);
  else if (c.sendWindow > 0) c.sendNext = start;
  // Still closed: probes become rarer, answered or not.
  else return;
  c.probeBytes = 0;
  c.retries = 0;
  c.retryDeadlineNs = NEVER;
}

function advance(c: Connection, ack: u32, nowNs: i64): void {
  c.sendUnacknowledged = ack;
  // Once a second or so, as long as acknowledgments come.
  if (nowNs >> CONFIRM_BITS != c.progressNs >> CONFIRM_BITS) c.tcp.ip.confirm(c.path);
  c.progressNs = nowNs;
  c.softError = 0;
  const pool = c.tcp.pool;
  const used = pool.used;
  const queued = earlier(ack, c.queueEnd);
  if (queued == c.queueEnd) clearSendQueue(c);
  else c.sendQueue = stream.dropBefore(pool, c.sendQueue, queued);
  if (pool.used != used) c.sendMovedAt = c.tcp.numbers.ticks(nowNs);
  c.offerRoom();
  if (!c.isFinQueued || ack != c.queueEnd + 1) return;
  c.current = next(c.current, Event.FIN_ACKNOWLEDGED);
  if (c.current == TcpState.FIN_WAIT_2) {
    // RFC 9293 §3.6: half-open for as long as the user likes, but not when nobody is left to like it.
    c.retryDeadlineNs = c.isAbandoned ? nowNs + c.tcp.limits.finWaitNs : NEVER;
  } else finish(c, nowNs);
}
