/**
 * Response-rate limiting, against being used to flood others (after P. Vixie and V. Schryver, "DNS Response Rate
 * Limiting", 2012): equal answers to one network are counted together. A table of fixed size, without chains: what
 * falls on a taken place of another takes it over when that has not been limited lately, and else shares it, which
 * makes the limit stricter for both and never weaker.
 */
import { isIpv4 } from "@phantasm/interfaces";

/** Kinds of answers that are counted apart. */
export namespace AnswerKind {
  export const POSITIVE: u32 = 1;
  export const NO_DATA: u32 = 2;
  export const NAME_ERROR: u32 = 3;
  export const REFERRAL: u32 = 4;
  export const ERROR: u32 = 5;
}

export namespace Verdict {
  export const SEND: i32 = 0;
  /** Only the request to come back over TCP. */
  export const SLIP: i32 = 1;
  export const DROP: i32 = 2;
}

const SECOND_NS: i64 = 1_000_000_000;
/** Who was limited stays known for so many seconds after the last answer. */
const WINDOW_S: i64 = 15;
/** tag, slips, time when the account is even again */
const ENTRY_BYTES: usize = 16;


@final
export class RateLimit {
  private readonly table: usize;
  private readonly mask: u32;
  private readonly intervalNs: i64;

  /**
   * @param perSecond answers of one kind to one network; 0: no limit
   * @param slip of limited answers, every n-th asks for TCP; 0: none does
   * @param entries places, a power of two
   */
  constructor(
    perSecond: i32,
    private readonly slip: i32,
    entries: i32,
    private readonly key: u64,
  ) {
    this.intervalNs = perSecond == 0 ? 0 : SECOND_NS / <i64>perSecond;
    const places = perSecond == 0 ? 1 : entries;
    assert(
      places > 0 && (places & (places - 1)) == 0,
      "dns: places of a rate limit are a power of two",
    );
    this.mask = <u32>places - 1;
    this.table = heap.alloc(<usize>places * ENTRY_BYTES);
    memory.fill(this.table, 0, <usize>places * ENTRY_BYTES);
  }

  get isOn(): bool {
    return this.intervalNs != 0;
  }

  /** @param name tells equal answers from others */
  judge(high: u64, low: u64, kind: u32, name: u32, nowNs: i64): i32 {
    // A /24, or a /56.
    const network = isIpv4(high, low) ? low >> 8 : high >> 8;
    let hash = (network ^ this.key) * 0x9e3779b97f4a7c15;
    hash = (hash ^ (hash >> 29) ^ (((<u64>name) << 8) | (<u64>kind))) * 0xbf58476d1ce4e5b9;
    hash ^= hash >> 32;
    const entry = this.table + <usize>((<u32>hash) & this.mask) * ENTRY_BYTES;
    const tag = (<u32>(hash >> 32)) | 1;
    const intervalNs = this.intervalNs;
    let evenNs = load<i64>(entry, 8);
    if (load<u32>(entry) != tag && evenNs <= nowNs) {
      store<u32>(entry, tag);
      store<u32>(entry, 0, 4);
    }
    // As a bucket that a second fills.
    evenNs = max(evenNs, nowNs) + intervalNs;
    if (evenNs - nowNs <= SECOND_NS) {
      store<i64>(entry, evenNs, 8);
      return Verdict.SEND;
    }
    store<i64>(entry, min(evenNs, nowNs + WINDOW_S * SECOND_NS), 8);
    const slip = this.slip;
    if (slip == 0) return Verdict.DROP;
    const slips = load<u32>(entry, 4) + 1;
    store<u32>(entry, slips, 4);
    return slips % <u32>slip == 0 ? Verdict.SLIP : Verdict.DROP;
  }
}
