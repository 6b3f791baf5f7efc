/** What a version of a zone says of itself, and how long it holds (RFC 1035 §3.3.13). */
import { SECOND } from "@phantasm/interfaces";
import { u32At } from "@phantasm/dns/wire";

/** Who says less would be asked without end; who says more, never. */
const SECONDS_MIN: u32 = 10;
const SECONDS_MAX: u32 = 28 * 86_400;


@final
export class ZoneVersion {
  /** The SOA record's five numbers, as they are sent. */
  readonly soa: usize = heap.alloc(20);

  take(soa: usize): void {
    memory.copy(this.soa, soa, 20);
  }

  get serial(): u32 {
    return u32At(this.soa);
  }
  /** From one look at the primary to the next. */
  get refreshNs(): i64 {
    return this.seconds(4);
  }
  /** The same when it could not be reached. */
  get retryNs(): i64 {
    return this.seconds(8);
  }
  /** For so long after it was last known to be current, it is answered from. */
  get expireNs(): i64 {
    return max(this.seconds(12), this.refreshNs + this.retryNs);
  }

  private seconds(at: usize): i64 {
    return <i64>min(max(u32At(this.soa + at), SECONDS_MIN), SECONDS_MAX) * SECOND;
  }
}
