/**
 * Our own addresses and whether they are ours alone: RFC 5227. Pure, with time as a parameter.
 */
import { MILLISECOND, Random, SECOND } from "@phantasm/interfaces";
import { ArpCounters } from "./counters";

/** RFC 5227 §1.1. */
export const PROBE_WAIT_NS: i64 = SECOND;
export const PROBE_NUM: i32 = 3;
export const PROBE_MIN_NS: i64 = SECOND;
export const PROBE_MAX_NS: i64 = 2 * SECOND;
export const ANNOUNCE_WAIT_NS: i64 = 2 * SECOND;
export const ANNOUNCE_NUM: i32 = 2;
export const ANNOUNCE_INTERVAL_NS: i64 = 2 * SECOND;
export const DEFEND_INTERVAL_NS: i64 = 10 * SECOND;

/** What is to be done about an address. */
export interface ClaimEvents {
  /** Ask whether somebody has it: a request with no sender. */
  onClaimProbe(address: u32): void;
  /** Tell everybody that it is ours. */
  onClaimAnnounce(address: u32): void;
  /** It may be used. */
  onClaimReady(address: u32): void;
  /** Somebody else has it: it may not be used, and is forgotten. */
  onClaimLost(address: u32): void;
}

enum ClaimState {
  FREE,
  PROBING,
  ANNOUNCING,
  OWNED,
}


@final
class Claim {
  state: ClaimState = ClaimState.FREE;
  address: u32 = 0;
  /** It is never given up (RFC 5227 §2.4 (c)). */
  defends: bool = false;
  /** Probes or announcements that were sent. */
  count: i32 = 0;
  dueNs: i64 = i64.MAX_VALUE;
  /** Of the last conflict; far in the past when there was none. */
  conflictNs: i64 = i64.MIN_VALUE;

  get isFree(): bool {
    return this.state == ClaimState.FREE;
  }
}


@final
export class Claims {
  private readonly claims: StaticArray<Claim>;
  private dueNs: i64 = i64.MAX_VALUE;

  constructor(
    capacity: i32,
    private readonly random: Random,
    private readonly counters: ArpCounters,
    private readonly events: ClaimEvents,
  ) {
    this.claims = new StaticArray<Claim>(capacity);
    for (let at = 0; at < capacity; at++) this.claims[at] = new Claim();
  }

  /** When `due` wants to be called; i64.MAX_VALUE: never. */
  get nextNs(): i64 {
    return this.dueNs;
  }

  /** It is ours, and may be used. */
  owns(address: u32): bool {
    const claim = this.find(address);
    return claim !== null && claim.state >= ClaimState.ANNOUNCING;
  }

  /**
   * Claims an address that is not claimed yet.
   *
   * @param probes asks before it is used; else it is used and announced at once
   * @param defends never gives it up
   * @returns false: there are as many as there may be
   */
  add(address: u32, probes: bool, defends: bool, nowNs: i64): bool {
    const claim = this.findState(ClaimState.FREE);
    if (claim === null) return false;
    claim.address = address;
    claim.defends = defends;
    claim.count = 0;
    claim.conflictNs = i64.MIN_VALUE;
    if (probes) {
      claim.state = ClaimState.PROBING;
      // RFC 5227 §2.1.1: so that hosts that boot together do not probe together.
      this.wait(claim, nowNs + this.between(0, PROBE_WAIT_NS));
      return true;
    }
    this.announce(claim, nowNs);
    this.events.onClaimReady(address);
    return true;
  }

  /** Gives it up of our own will. */
  remove(address: u32): void {
    const claim = this.find(address);
    if (claim !== null) this.free(claim);
  }

  /**
   * Somebody else has sent a packet of ARP.
   *
   * @param sender 0 when it is a probe
   */
  heard(sender: u32, target: u32, nowNs: i64): void {
    const claim = this.find(sender == 0 ? target : sender);
    if (claim === null) return;
    if (claim.state == ClaimState.PROBING) {
      // §2.1.1: somebody has it, or is about to take it.
      this.counters.conflicts++;
      this.lose(claim);
      return;
    }
    // A probe for an address of ours gets an answer like any request.
    if (sender == 0) return;
    this.counters.conflicts++;
    const recently =
      claim.conflictNs != i64.MIN_VALUE && nowNs - claim.conflictNs < DEFEND_INTERVAL_NS;
    if (recently) {
      // §2.4 (b): the other one does not give in, so we do. (c): we are silent until the interval is over, lest
      // two that never give in fill the link.
      if (!claim.defends) this.lose(claim);
      return;
    }
    claim.conflictNs = nowNs;
    this.events.onClaimAnnounce(claim.address);
  }

  due(nowNs: i64): void {
    if (nowNs < this.dueNs) return;
    this.dueNs = i64.MAX_VALUE;
    for (let at = 0; at < this.claims.length; at++) {
      const claim = this.claims[at];
      if (claim.isFree) continue;
      if (claim.dueNs <= nowNs) this.next(claim, nowNs);
      if (!claim.isFree) this.dueNs = min(this.dueNs, claim.dueNs);
    }
  }

  private next(claim: Claim, nowNs: i64): void {
    if (claim.state != ClaimState.PROBING) {
      this.announce(claim, nowNs);
      return;
    }
    if (claim.count == PROBE_NUM) {
      // Nobody has objected.
      claim.count = 0;
      this.announce(claim, nowNs);
      this.events.onClaimReady(claim.address);
      return;
    }
    claim.count++;
    const wait =
      claim.count == PROBE_NUM ? ANNOUNCE_WAIT_NS : this.between(PROBE_MIN_NS, PROBE_MAX_NS);
    this.wait(claim, nowNs + wait);
    this.events.onClaimProbe(claim.address);
  }

  private announce(claim: Claim, nowNs: i64): void {
    claim.count++;
    const isLast = claim.count == ANNOUNCE_NUM;
    claim.state = isLast ? ClaimState.OWNED : ClaimState.ANNOUNCING;
    this.wait(claim, isLast ? i64.MAX_VALUE : nowNs + ANNOUNCE_INTERVAL_NS);
    this.events.onClaimAnnounce(claim.address);
  }

  private lose(claim: Claim): void {
    this.free(claim);
    this.events.onClaimLost(claim.address);
  }

  private free(claim: Claim): void {
    claim.state = ClaimState.FREE;
    claim.dueNs = i64.MAX_VALUE;
  }

  private wait(claim: Claim, dueNs: i64): void {
    claim.dueNs = dueNs;
    this.dueNs = min(this.dueNs, dueNs);
  }

  private between(fromNs: i64, toNs: i64): i64 {
    const milliseconds = <u32>((toNs - fromNs) / MILLISECOND);
    return fromNs + <i64>this.random.below(milliseconds + 1) * MILLISECOND;
  }

  private find(address: u32): Claim | null {
    for (let at = 0; at < this.claims.length; at++) {
      const claim = unchecked(this.claims[at]);
      if (claim.address == address && claim.state != ClaimState.FREE) return claim;
    }
    return null;
  }

  private findState(state: ClaimState): Claim | null {
    for (let at = 0; at < this.claims.length; at++)
      if (this.claims[at].state == state) return this.claims[at];
    return null;
  }
}
