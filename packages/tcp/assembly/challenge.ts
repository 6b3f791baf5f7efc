import { Connection } from "./connection";

/** RFC 5961 §7, §10: one connection asks so often at most. Of its own, so that nobody learns from one about another. */
const INTERVAL_MS: u32 = 500;

/** Answers what may be forged, or is old, with an ACK that says where this end is (RFC 5961 §3 to §5). */
export function challenge(c: Connection, nowNs: i64): void {
  const at = c.tcp.numbers.ticks(nowNs) | 1;
  if (c.challengedAt != 0 && at - c.challengedAt < INTERVAL_MS) {
    c.tcp.counters.challengesWithheld++;
    return;
  }
  c.challengedAt = at;
  c.tcp.counters.challengesSent++;
  c.isAckDue = true;
}
