/** What round trips have taken, and how long to wait for an acknowledgement (RFC 6298). */
import { MILLISECOND, SECOND } from "@phantasm/interfaces";

/** RFC 6298 §2.1: before there is a sample. */
const TIMEOUT_FIRST_NS: i64 = 1 * SECOND;
/** RFC 6298 §5.7: before there is a sample, after a SYN that was sent again. */
const TIMEOUT_LOST_SYN_NS: i64 = 3 * SECOND;
/** RFC 6298 §2.5: at least 60 s. */
export const TIMEOUT_MAX_NS: i64 = 60 * SECOND;

/** How long a minimum counts: a path that has become longer is believed within twice this time. */
const MINIMUM_VALID_NS: i64 = 150 * SECOND;

const NONE_NS: i64 = i64.MAX_VALUE;

/**
 * The least by which a time-out exceeds the smoothed round trip. RFC 6298 §2.4 asks for a time-out of at least a
 * second; Linux has 200 ms, and so has this: acknowledgements are delayed by at most 200 ms in what is deployed,
 * and a spurious time-out is noticed by timestamps and undone. Below the delay of acknowledgements there would be
 * many.
 */
export let timeoutVariationMinNs: i64 = 200 * MILLISECOND;

/** For paths whose both ends are known, as in a data centre. All connections have the same. */
export function setTimeoutVariationMin(ns: i64): void {
  timeoutVariationMinNs = ns;
}


@final
export class RoundTrip {
  /** SRTT; 0: no sample yet. */
  smoothedNs: i64 = 0;
  /** RTTVAR. */
  variationNs: i64 = 0;
  /** RTO, backed off. */
  timeoutNs: i64 = TIMEOUT_FIRST_NS;
  /** How often it has been doubled since the last sample. */
  backOffs: i32 = 0;
  private minimumNs: i64 = NONE_NS;
  private nextMinimumNs: i64 = NONE_NS;
  private minimumEndsNs: i64 = 0;

  /** @param handshakeRttNs -1: unknown, the SYN was sent again */
  begin(handshakeRttNs: i64, nowNs: i64): void {
    this.smoothedNs = 0;
    this.variationNs = 0;
    this.backOffs = 0;
    this.minimumNs = NONE_NS;
    this.nextMinimumNs = NONE_NS;
    this.minimumEndsNs = nowNs + MINIMUM_VALID_NS;
    this.timeoutNs = TIMEOUT_LOST_SYN_NS;
    if (handshakeRttNs < 0) return;
    this.observe(handshakeRttNs, nowNs);
    this.sample(handshakeRttNs);
  }

  /** The least of the last minutes; 0: no sample yet. */
  get minNs(): i64 {
    return this.minimumNs == NONE_NS ? 0 : this.minimumNs;
  }

  /** Any round trip, for the minimum. */
  observe(rttNs: i64, nowNs: i64): void {
    if (nowNs >= this.minimumEndsNs) {
      this.minimumNs = this.nextMinimumNs;
      this.nextMinimumNs = NONE_NS;
      this.minimumEndsNs = nowNs + MINIMUM_VALID_NS;
    }
    if (rttNs < this.minimumNs) this.minimumNs = rttNs;
    if (rttNs < this.nextMinimumNs) this.nextMinimumNs = rttNs;
  }

  /**
   * One for each round trip: the gains of RFC 6298 are made for that, and more samples would shorten the memory of
   * the variation (RFC 7323 §4.2).
   */
  sample(rttNs: i64): void {
    if (this.smoothedNs == 0) {
      // RFC 6298 §2.2. A round trip of 0 counts as 1 ns, since 0 says that there is none.
      this.smoothedNs = max<i64>(rttNs, 1);
      this.variationNs = rttNs >> 1;
    } else {
      // RFC 6298 §2.3.
      const error = rttNs - this.smoothedNs;
      this.variationNs += ((error < 0 ? -error : error) - this.variationNs) >> 2;
      this.smoothedNs = max<i64>(this.smoothedNs + (error >> 3), 1);
    }
    this.backOffs = 0;
    const variationNs = max(this.variationNs << 2, timeoutVariationMinNs);
    this.timeoutNs = min(this.smoothedNs + variationNs, TIMEOUT_MAX_NS);
  }

  /** RFC 6298 §5.5. */
  backOff(): void {
    this.backOffs++;
    this.timeoutNs = min(this.timeoutNs << 1, TIMEOUT_MAX_NS);
  }
}
