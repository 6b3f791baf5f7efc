/** What becomes due in a connection by itself. */
import { SECOND, TIMED_OUT, TcpState } from "@phantasm/interfaces";
import { cancelTimer, setTimer } from "@phantasm/runtime/timers";
import { end } from "./close";
import { Connection } from "./connection";
import { KeepAlive, NEVER } from "./control-block";
import { TimerAction } from "./recovery/recovery";
import { refreshSegmentBytes, sendKeepAlive, sendRange } from "./send";

const PROBE_NS_MAX: i64 = 60 * SECOND;

/** Sets the timer to the first deadline, unless it is set to an earlier time already. */
export function arm(c: Connection): void {
  let dueNs = min(c.recovery.deadlineNs, min(c.retryDeadlineNs, c.ackDeadlineNs));
  const rules = c.keepAliveRules;
  if (rules !== null) dueNs = min(dueNs, rules.deadlineNs);
  if (c.sendNext != c.sendUnacknowledged) dueNs = min(dueNs, c.progressNs + c.userTimeoutNs);
  let timer = c.timer;
  if (dueNs == NEVER) {
    if (timer !== null && !timer.timerIsPending) disarm(c);
    return;
  }
  if (timer === null) {
    timer = c.tcp.takeTimer();
    timer.connection = c;
    c.timer = timer;
  } else if (timer.timerIsPending && timer.timerDueNs <= dueNs) return;
  setTimer(timer, dueNs);
}

/** Gives the timer back. */
export function disarm(c: Connection): void {
  const timer = c.timer;
  if (timer === null) return;
  cancelTimer(timer);
  timer.connection = null;
  c.timer = null;
  c.tcp.giveTimer(timer);
}

export function onTimer(c: Connection, nowNs: i64): void {
  if (c.isEnded) return;
  if (c.ackDeadlineNs <= nowNs) {
    c.ackDeadlineNs = NEVER;
    c.isAckDue = true;
  }
  if (c.current >= TcpState.ESTABLISHED) refreshSegmentBytes(c);
  if (c.retryDeadlineNs <= nowNs) {
    retry(c, nowNs);
    if (!c.isEnded && c.starves) c.offerRoom();
  }
  if (!c.isEnded && c.sendNext != c.sendUnacknowledged && nowNs - c.progressNs >= c.userTimeoutNs)
    giveUp(c);
  if (!c.isEnded && c.recovery.deadlineNs <= nowNs) recover(c, nowNs);
  const rules = c.keepAliveRules;
  if (!c.isEnded && rules !== null && rules.deadlineNs <= nowNs) keepAlive(c, rules, nowNs);
  if (!c.isEnded) c.tcp.agenda.add(c);
}

/** RFC 9293 §3.8.3: nothing helps any more. */
function giveUp(c: Connection): void {
  // Bytes that the peer has no window for are not unacknowledged in this sense (§3.8.6.1).
  if (c.probeBytes != 0 && c.lastHeardNs > c.progressNs) {
    c.progressNs = c.lastHeardNs;
    return;
  }
  c.tcp.counters.connectionsTimedOut++;
  end(c, c.softError != 0 ? c.softError : TIMED_OUT);
}

function recover(c: Connection, nowNs: i64): void {
  if (c.recovery.onTimer(nowNs) != TimerAction.PROBE) return;
  // RFC 8985 §7.3: new data if there is some and the window has room, else the last segment again.
  const end = c.queueEnd + (c.isFinQueued ? 1 : 0);
  if (c.sendNext != end && <i32>(c.sendUnacknowledged + c.sendWindow - c.sendNext) > 0) {
    c.isProbeDue = true;
    return;
  }
  const start = c.recovery.lostStart;
  const sent = sendRange(c, start, c.recovery.lostEnd, nowNs);
  if (sent > 0) {
    c.recovery.onSent(start, start + sent, nowNs);
    c.tcp.counters.segmentsRetransmitted++;
  }
}

function retry(c: Connection, nowNs: i64): void {
  c.retryDeadlineNs = NEVER;
  const limits = c.tcp.limits;
  switch (c.current) {
    case TcpState.SYN_SENT:
    case TcpState.SYN_RECEIVED: {
      if (c.retries >= (c.isActive ? limits.synRetries : limits.synAckRetries)) {
        giveUp(c);
        return;
      }
      c.retries++;
      c.isSynDue = true;
      return;
    }
    case TcpState.FIN_WAIT_2: {
      c.tcp.counters.connectionsTimedOut++;
      end(c, TIMED_OUT);
      return;
    }
    default:
      probeWindow(c, nowNs);
  }
}

/** RFC 9293 §3.8.6.1: one byte, although the window is closed; or what fits, although it is little. */
function probeWindow(c: Connection, nowNs: i64): void {
  const start = c.sendUnacknowledged;
  const end = c.queueEnd + (c.isFinQueued ? 1 : 0);
  if (start == end || c.sendNext - start > c.probeBytes) return;
  // Silent for too long: as with any other bytes. A peer that answers may keep its window closed for ever.
  if (c.retries == 0) c.progressNs = nowNs;
  else if (c.lastHeardNs > c.progressNs) c.progressNs = c.lastHeardNs;
  if (nowNs - c.progressNs >= c.userTimeoutNs) {
    giveUp(c);
    return;
  }
  const room = c.sendWindow;
  const bytes = room > 0 ? min(room, <u32>c.recovery.segmentBytes) : 1;
  const past = start + min(bytes, end - start);
  const sent = sendRange(c, start, past, nowNs);
  if (sent > 0) {
    c.tcp.counters.probesSent++;
    c.sendNext = start + sent;
    c.lastSentNs = nowNs;
    if (room > 0) {
      c.recovery.onSent(start, start + sent, nowNs);
      return;
    }
    c.probeBytes = 1;
  }
  c.retries = min(c.retries + 1, 16);
  c.retryDeadlineNs = nowNs + min(c.recovery.rtoNs << c.retries, PROBE_NS_MAX);
}

/** RFC 9293 §3.8.4. */
function keepAlive(c: Connection, rules: KeepAlive, nowNs: i64): void {
  if (c.current < TcpState.ESTABLISHED) {
    rules.deadlineNs = nowNs + rules.idleNs;
    return;
  }
  if (rules.sent == 0 && nowNs - c.lastHeardNs < rules.idleNs) {
    rules.deadlineNs = c.lastHeardNs + rules.idleNs;
    return;
  }
  if (rules.sent >= rules.probes) {
    c.tcp.counters.connectionsTimedOut++;
    c.tcp.sendReset(c, nowNs);
    end(c, TIMED_OUT);
    return;
  }
  // Bytes under way ask the same question.
  if (c.sendNext == c.sendUnacknowledged) {
    rules.sent++;
    sendKeepAlive(c, nowNs);
  }
  rules.deadlineNs = nowNs + rules.intervalNs;
}
