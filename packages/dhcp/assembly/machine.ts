/**
 * The client's states and rules (RFC 2131 §4.4), without sockets and timers: each call is told the time, and leaves
 * behind what is to be sent, whether a lease came or went, and when to be called again.
 *
 * ```
 *            start             OFFER               ACK            T1              T2
 *  STOPPED ---------> SELECTING -----> REQUESTING -----> BOUND -------> RENEWING -------> REBINDING
 *                      ^                   |             ^ |  \---<------/ ACK             | |
 *                      |                   |             |  \--------------<---------------/ |
 *                      +---- INIT <--------+-------------+----------------<------------------+
 *                      |      NAK, conflict: after a pause                                   |
 *                      +---------------------------------------------------------------------+ expired
 * ```
 */
import { Random, SECOND } from "@phantasm/interfaces";
import { Lease, NEVER, isAcceptable, leaseOf } from "./lease";
import { MessageType, Reply, Request } from "./wire";

/** RFC 2131 §4.4, figure 5. */
export enum DhcpState {
  STOPPED,
  /** A pause before the next attempt. */
  INIT,
  SELECTING,
  REQUESTING,
  BOUND,
  RENEWING,
  REBINDING,
}

/** Why a lease is gone. */
export namespace LeaseLoss {
  export const NONE: i32 = 0;
  /** It ended, and no server renewed it. */
  export const EXPIRED: i32 = 1;
  /** The server said NAK: this address is not for this network any more. */
  export const REFUSED: i32 = 2;
  /** Another host has the address. */
  export const CONFLICT: i32 = 3;
}

/** RFC 2131 §4.1: 4 s, doubled with each attempt up to 64 s, each up to 1 s more or less. */
const RETRY_SECONDS_MIN: i64 = 4;
const RETRY_DOUBLINGS_MAX: i32 = 4;
/** RFC 2131 §3.1 (5): four REQUESTs in 60 s, then from the start. */
const REQUESTS_MAX: i32 = 4;
/** RFC 2131 §4.4.5: between attempts to renew. */
const RENEW_PAUSE_MIN_NS: i64 = 60 * SECOND;
/** RFC 2131 §3.1 (5): at least 10 s after a DECLINE. */
const CONFLICT_PAUSE_NS: i64 = 10 * SECOND;
/** RFC 5227 §2.1.1, MAX_CONFLICTS and RATE_LIMIT_INTERVAL. */
const CONFLICTS_MAX: i32 = 10;
const CONFLICTS_PAUSE_NS: i64 = 60 * SECOND;
/** After a NAK: 1 s, doubled with each that follows before a lease was renewed, so that nobody can keep us busy. */
const REFUSED_DOUBLINGS_MAX: i32 = 6;

/** Sums since boot. */
export class DhcpCounters {
  sent: u64 = 0;
  received: u64 = 0;
  /** No reply to us, or malformed. */
  malformed: u64 = 0;
  /** To another question, from the wrong server, or in the wrong state. */
  unexpected: u64 = 0;
  /** Offers and ACKs with values that make no sense. */
  unacceptable: u64 = 0;
  leases: u64 = 0;
  renewals: u64 = 0;
  refusals: u64 = 0;
  conflicts: u64 = 0;
  expirations: u64 = 0;
}

export class DhcpMachine {
  state: DhcpState = DhcpState.STOPPED;
  /** What is ours; null unless BOUND, RENEWING or REBINDING. */
  lease: Lease | null = null;
  /** Absolute ns: when `elapse` is to be called; NEVER. */
  dueNs: i64 = NEVER;

  // What the last call left behind.
  /** `request` is to be sent, after a loss has been acted upon. */
  sends: bool = false;
  readonly request: Request = new Request();
  /** To this server; 0: broadcast. */
  sendsTo: u32 = 0;
  /** `lease` is new or was renewed. */
  isGranted: bool = false;
  /** Of LeaseLoss: `lostLease` is not ours any more. */
  loss: i32 = LeaseLoss.NONE;
  lostLease: Lease | null = null;

  readonly counters: DhcpCounters = new DhcpCounters();
  /** Answers are to be broadcast while there is no address. */
  wantsBroadcast: bool = true;

  private xid: u32 = 0;
  /** When the search for an address began. */
  private beganNs: i64 = 0;
  /** When the first request for the lease was sent. */
  private requestedNs: i64 = 0;
  /** Messages that were sent in this state. */
  private attempts: i32 = 0;
  /** What was offered, and by whom. */
  private offered: u32 = 0;
  private offerer: u32 = 0;
  /** NAKs and conflicts since a lease was last renewed. */
  private refusals: i32 = 0;
  private conflicts: i32 = 0;

  constructor(private readonly random: Random) {}

  /** Begins to look for an address. RFC 2131 §4.4.1 would have it wait up to 10 s first; a domain boots to serve. */
  start(nowNs: i64): void {
    this.clear();
    if (this.state == DhcpState.STOPPED) this.discover(nowNs);
  }

  /** Time has passed. */
  elapse(nowNs: i64): void {
    this.clear();
    if (nowNs < this.dueNs) return;
    const lease = this.lease;
    if (lease !== null) this.age(lease, nowNs);
    else if (this.state == DhcpState.SELECTING) this.sendDiscover(nowNs);
    else if (this.state == DhcpState.REQUESTING && this.attempts < REQUESTS_MAX)
      this.sendSelection(nowNs);
    else this.discover(nowNs);
  }

  /** A message that `Reply.parse` has accepted. */
  receive(nowNs: i64, reply: Reply): void {
    this.clear();
    const type = reply.messageType;
    if (!this.expects(reply)) this.counters.unexpected++;
    else if (type == MessageType.NAK) this.refused(nowNs);
    else if (!isAcceptable(reply)) this.counters.unacceptable++;
    else if (type == MessageType.OFFER) this.select(nowNs, reply);
    else this.bind(reply);
  }

  /** Another host has the address: found by probing (RFC 5227 §2.1) or later (§2.4). */
  conflict(nowNs: i64): void {
    const lease = this.lease;
    if (lease === null) return;
    this.clear();
    this.counters.conflicts++;
    // RFC 2131 §4.4.1, table 5: broadcast, without an address of ours.
    this.fill(MessageType.DECLINE, this.random.u32(), nowNs);
    this.request.requestedAddress = lease.address;
    this.request.server = lease.server;
    this.lose(lease, LeaseLoss.CONFLICT);
    this.conflicts++;
    this.pause(nowNs + (this.conflicts < CONFLICTS_MAX ? CONFLICT_PAUSE_NS : CONFLICTS_PAUSE_NS));
  }

  /** Gives the address back, if there is one, and stops. */
  release(nowNs: i64): void {
    this.clear();
    const lease = this.lease;
    if (lease !== null) {
      this.fill(MessageType.RELEASE, this.random.u32(), nowNs);
      this.request.clientAddress = lease.address;
      this.request.server = lease.server;
      this.sendsTo = lease.server;
    }
    this.stop();
  }

  /** Stops, and keeps to itself that the lease is not used any more. */
  stop(): void {
    this.lease = null;
    this.state = DhcpState.STOPPED;
    this.dueNs = NEVER;
  }

  private clear(): void {
    this.sends = false;
    this.isGranted = false;
    this.loss = LeaseLoss.NONE;
    this.lostLease = null;
  }

  /** Is it an answer to what we asked last? */
  private expects(reply: Reply): bool {
    if (reply.xid != this.xid) return false;
    const type = reply.messageType;
    const isAnswer = type == MessageType.ACK || type == MessageType.NAK;
    const isNak = type == MessageType.NAK;
    switch (this.state) {
      case DhcpState.SELECTING:
        return type == MessageType.OFFER;
      case DhcpState.REQUESTING:
        return isAnswer && reply.server == this.offerer && (isNak || reply.address == this.offered);
      case DhcpState.RENEWING:
      case DhcpState.REBINDING: {
        const lease = this.lease!;
        if (this.state == DhcpState.RENEWING && reply.server != lease.server) return false;
        return isAnswer && (isNak || reply.address == lease.address);
      }
      default:
        return false;
    }
  }

  private discover(nowNs: i64): void {
    this.state = DhcpState.SELECTING;
    this.xid = this.random.u32();
    this.beganNs = nowNs;
    this.attempts = 0;
    this.sendDiscover(nowNs);
  }

  private sendDiscover(nowNs: i64): void {
    this.fill(MessageType.DISCOVER, this.xid, nowNs);
    this.retry(nowNs);
  }

  /** The first offer that makes sense is taken. */
  private select(nowNs: i64, offer: Reply): void {
    this.state = DhcpState.REQUESTING;
    this.offered = offer.address;
    this.offerer = offer.server;
    this.requestedNs = nowNs;
    this.attempts = 0;
    this.sendSelection(nowNs);
  }

  private sendSelection(nowNs: i64): void {
    // RFC 2131 §4.4.1: the xid of the offer, and `secs` of the DISCOVER, so that the same relays pass it on.
    this.fill(MessageType.REQUEST, this.xid, this.requestedNs);
    this.request.requestedAddress = this.offered;
    this.request.server = this.offerer;
    this.retry(nowNs);
  }

  private bind(ack: Reply): void {
    if (this.lease === null) this.counters.leases++;
    else {
      this.counters.renewals++;
      this.refusals = 0;
      this.conflicts = 0;
    }
    const lease = leaseOf(ack, this.requestedNs, this.random.f64());
    this.lease = lease;
    this.state = DhcpState.BOUND;
    this.dueNs = lease.renewNs;
    this.isGranted = true;
  }

  private refused(nowNs: i64): void {
    this.counters.refusals++;
    const lease = this.lease;
    if (lease !== null) this.lose(lease, LeaseLoss.REFUSED);
    const pauseNs = SECOND << min(this.refusals, REFUSED_DOUBLINGS_MAX);
    this.refusals++;
    this.pause(nowNs + pauseNs);
  }

  /** Something about the lease is due. A domain that was asleep may find that all of it has passed. */
  private age(lease: Lease, nowNs: i64): void {
    if (nowNs >= lease.expiresNs) {
      this.counters.expirations++;
      this.lose(lease, LeaseLoss.EXPIRED);
      this.discover(nowNs);
      return;
    }
    const rebinds = nowNs >= lease.rebindNs;
    if (this.state == DhcpState.BOUND) {
      this.xid = this.random.u32();
      this.requestedNs = nowNs;
      this.beganNs = nowNs;
    }
    this.state = rebinds ? DhcpState.REBINDING : DhcpState.RENEWING;
    // RFC 2131 §4.4.5: our address in `ciaddr`, no server identifier; half of what is left, but at least 60 s.
    this.fill(MessageType.REQUEST, this.xid, nowNs);
    this.request.clientAddress = lease.address;
    this.request.wantsBroadcast = false;
    if (!rebinds) this.sendsTo = lease.server;
    const untilNs = rebinds ? lease.expiresNs : lease.rebindNs;
    this.dueNs = min(untilNs, nowNs + max(RENEW_PAUSE_MIN_NS, (untilNs - nowNs) >> 1));
  }

  private lose(lease: Lease, loss: i32): void {
    this.loss = loss;
    this.lostLease = lease;
    this.lease = null;
  }

  private pause(untilNs: i64): void {
    this.state = DhcpState.INIT;
    this.dueNs = untilNs;
  }

  /** Sets the time of the next attempt. */
  private retry(nowNs: i64): void {
    const seconds = RETRY_SECONDS_MIN << min(this.attempts, RETRY_DOUBLINGS_MAX);
    this.attempts++;
    this.dueNs = nowNs + (seconds - 1) * SECOND + <i64>this.random.below(2 * <u32>SECOND);
  }

  /** A message to all, from a host without an address: what RFC 2131 §4.4.1, table 5 has for DISCOVER. */
  private fill(type: i32, xid: u32, nowNs: i64): void {
    const request = this.request;
    request.messageType = type;
    request.xid = xid;
    const asks = type == MessageType.DISCOVER || type == MessageType.REQUEST;
    request.seconds = asks ? <u16>min<i64>(u16.MAX_VALUE, (nowNs - this.beganNs) / SECOND) : 0;
    request.wantsBroadcast = asks && this.wantsBroadcast;
    request.clientAddress = 0;
    request.requestedAddress = 0;
    request.server = 0;
    this.sends = true;
    this.sendsTo = 0;
    this.counters.sent++;
  }
}
