/** How often something may be done: at most `burst` times at once, and one more every `intervalNs`. */
@final
export class TokenBucket {
  private readonly burstNs: i64;
  /** When the bucket is full again. */
  private fullNs: i64 = 0;

  constructor(
    private readonly intervalNs: i64,
    burst: i32,
  ) {
    this.burstNs = intervalNs * burst;
  }

  /** Takes one; false: there is none. */
  take(nowNs: i64): bool {
    const fullNs = max(this.fullNs, nowNs) + this.intervalNs;
    if (fullNs - nowNs > this.burstNs) return false;
    this.fullNs = fullNs;
    return true;
  }
}
