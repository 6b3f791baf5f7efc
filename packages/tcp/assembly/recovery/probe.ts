/** The tail loss probe (RFC 8985 §7): how long it waits, and what an answer to it says. */
import { MILLISECOND, SECOND } from "@phantasm/interfaces";

/** RFC 8985 §7.2: TLP.max_ack_delay. */
const ACKNOWLEDGEMENT_DELAY_MAX_NS: i64 = 200 * MILLISECOND;
/** What a probe waits beyond two round trips, for a peer that is scheduled now and then. */
const PROBE_SLACK_NS: i64 = 2 * MILLISECOND;
const PROBE_FIRST_NS: i64 = 1 * SECOND;

/**
 * RFC 8985 §7.2: how long after the last transmission a probe is due.
 *
 * @param smoothedRttNs 0: not known yet
 * @param isSingle one segment is in flight: the peer may be waiting for a second one before it acknowledges
 */
export function probeWaitNs(smoothedRttNs: i64, isSingle: bool): i64 {
  const waitNs = smoothedRttNs > 0 ? (smoothedRttNs << 1) + PROBE_SLACK_NS : PROBE_FIRST_NS;
  return isSingle ? waitNs + ACKNOWLEDGEMENT_DELAY_MAX_NS : waitNs;
}
