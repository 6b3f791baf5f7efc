import { Clock, SECOND } from "@phantasm/interfaces";
import { Responder } from "./responder";

/** How long the offset between the two clocks is believed. */
const OFFSET_NS_MAX: i64 = 60 * SECOND;

/** Tells a responder the time, without asking the host for it each time. */
@final
export class ServerTime {
  private offsetNs: i64 = 0;
  private askedNs: i64 = i64.MIN_VALUE;

  constructor(
    private readonly clock: Clock,
    private readonly responder: Responder,
  ) {}

  set(): void {
    const responder = this.responder;
    const nowNs = this.clock.now();
    if (nowNs == responder.nowNs && this.askedNs != i64.MIN_VALUE) return;
    responder.nowNs = nowNs;
    if (this.askedNs == i64.MIN_VALUE || nowNs - this.askedNs > OFFSET_NS_MAX) {
      this.askedNs = nowNs;
      this.offsetNs = this.clock.wall() - nowNs;
    }
    responder.wallS = <u32>((nowNs + this.offsetNs) / SECOND);
  }
}
