/**
 * Loss recovery of one connection: finds out what was lost, when it is sent again, how much may be in flight.
 *
 * RACK-TLP (RFC 8985) on a scoreboard (RFC 6675) with a peer that has SACK, NewReno (RFC 6582) with one that has
 * not; Proportional Rate Reduction (RFC 9937) for both; time-outs of RFC 6298; Eifel (RFC 3522, 4015) to undo what
 * was needless. How far the window grows and falls is the congestion control's.
 *
 * It sends nothing, sets no timer and knows no time but what it is told. Who uses it
 *
 *  - tells what was sent (`onSent`) and which acknowledgements came (`onAcknowledged`);
 *  - sends, after each of these and after `onTimer`, first what `nextLost` names, then as many new bytes as
 *    `allowance` lets it;
 *  - calls `onTimer` at `deadlineNs`, which changes with each call.
 *
 * Sequence numbers are those of the wire; SYN and FIN count one.
 */
import { atOrBefore, before, later } from "../sequence";
import { Congestion, CongestionControl, initialWindowBytes } from "./congestion";
import { recoveryCounters } from "./counters";
import { DUPLICATES_THRESHOLD, countDuplicates } from "./duplicates";
import { Episode, Phase } from "./episode";
import { probeWaitNs } from "./probe";
import { RoundTrip } from "./round-trip";
import { SackBlocks } from "./sack-blocks";
import { Scoreboard } from "./scoreboard";

/** What `onTimer` asks for. */
export enum TimerAction {
  /** Nothing, or what `nextLost` names. */
  NONE,
  /** One new segment, whatever `allowance` says, or else what lies between `lostStart` and `lostEnd`. */
  PROBE,
  /** What `nextLost` names; the timer was backed off. */
  TIMEOUT,
}

/** The most that `nextLost` names at once: what a link with segmentation offload takes. */
const RUN_BYTES_MAX: i32 = 65535;

/** Two transmissions within this part of a round trip may share a record: 1/64. */
const GRANULE_BITS: i64 = 6;

const NEVER_NS: i64 = i64.MAX_VALUE;


@final
export class Recovery extends Episode {
  /** The range to send again, after `nextLost` was true or `onTimer` said PROBE. */
  lostStart: u32 = 0;
  lostEnd: u32 = 0;
  /** When `onTimer` is to be called; i64.MAX_VALUE: not. */
  deadlineNs: i64 = NEVER_NS;
  /** Time-outs since the last acknowledgement of something new. */
  consecutiveTimeouts: i32 = 0;
  /** Ranges that this connection has sent again. */
  retransmissions: u32 = 0;

  private readonly roundTrip: RoundTrip = new RoundTrip();

  private hasSack: bool = false;
  /** Of a peer without SACK. */
  private duplicates: i32 = 0;
  /** SND.NXT when the round trip began that is being measured. */
  private roundEnd: u32 = 0;
  /** The window was full when what lies before was sent. */
  private limitedEnd: u32 = 0;
  private windowEnd: u32 = 0;
  private lastSentNs: i64 = 0;

  private timeoutDueNs: i64 = NEVER_NS;
  private probeDueNs: i64 = NEVER_NS;
  private reorderingDueNs: i64 = NEVER_NS;

  /** What is sent next is a probe; one is under way. */
  private isProbing: bool = false;
  private hasProbed: bool = false;
  /** TLP.end_seq, TLP.is_retrans. */
  private probeEnd: u32 = 0;
  private probeIsRetransmission: bool = false;

  constructor(congestion: CongestionControl) {
    super(congestion);
  }

  /**
   * A connection begins: `first` is the next byte to be sent, and the peer has acknowledged all before.
   *
   * @param handshakeRttNs from SYN to its acknowledgement; -1: unknown, since the SYN was sent again
   */
  begin(first: u32, segmentBytes: i32, sackPermitted: bool, handshakeRttNs: i64, nowNs: i64): void {
    this.board.begin(first);
    this.roundTrip.begin(handshakeRttNs, nowNs);
    // RFC 5681 §3.1: one segment after a SYN that was lost.
    const windowBytes = handshakeRttNs < 0 ? segmentBytes : initialWindowBytes(segmentBytes);
    this.congestion.begin(segmentBytes, windowBytes);
    this.hasSack = sackPermitted;
    this.beginEpisodes(first, nowNs);
    this.isProbing = false;
    this.hasProbed = false;
    this.duplicates = 0;
    this.roundEnd = first;
    this.limitedEnd = first;
    this.windowEnd = first;
    this.lastSentNs = nowNs;
    this.consecutiveTimeouts = 0;
    this.retransmissions = 0;
    this.stopTimers();
    this.updateGranule();
  }

  /** The connection has ended, or nothing more will be sent: gives memory back. */
  end(): void {
    this.board.clear();
    this.board.unacknowledged = this.board.next;
    this.stopTimers();
  }

  /** Bytes of a full segment. */
  get segmentBytes(): i32 {
    return this.congestion.segmentBytes;
  }

  /** The path takes smaller segments, or larger ones again. */
  setSegmentBytes(bytes: i32): void {
    const congestion = this.congestion;
    congestion.segmentBytes = bytes;
    congestion.windowBytes = max(congestion.windowBytes, bytes);
  }

  /** RTO, backed off. */
  get rtoNs(): i64 {
    return this.roundTrip.timeoutNs;
  }

  /** 0: not known yet. */
  get smoothedRttNs(): i64 {
    return this.roundTrip.smoothedNs;
  }

  /** The least of the last minutes; 0: not known yet. */
  get minRttNs(): i64 {
    return this.roundTrip.minNs;
  }

  get congestionWindowBytes(): i32 {
    return this.congestion.windowBytes;
  }

  /** i32.MAX_VALUE before the first sign of congestion. */
  get thresholdBytes(): i32 {
    return this.congestion.thresholdBytes;
  }

  /** Sent, and neither arrived nor lost as far as is known (RFC 6675 §4: pipe). */
  get inFlightBytes(): i32 {
    return this.board.inFlightBytes;
  }

  /**
   * Bytes of new data that may be sent now, before the peer's window is looked at: full segments. 0 while something
   * lost waits.
   */
  allowance(): i32 {
    const board = this.board;
    if (board.lostBytes > 0 || board.isFull) return 0;
    const roomBytes = this.congestion.windowBytes - board.inFlightBytes;
    // RFC 6675 §5, C: no part of a segment.
    return roomBytes > 0 ? roomBytes - (roomBytes % this.segmentBytes) : 0;
  }

  /**
   * Sequence numbers `start` up to `end` have been handed to the network: new ones, which begin where the last ones
   * ended, or ones that were sent before. A super-segment is one call.
   */
  onSent(start: u32, end: u32, nowNs: i64): void {
    if (start == end) return;
    const board = this.board;
    const isNew = start == board.next;
    assert(isNew || (atOrBefore(end, board.next) && atOrBefore(board.unacknowledged, start)));
    this.lastSentNs = nowNs;
    if (isNew) {
      board.append(end, nowNs);
    } else {
      if (!this.isProbing) this.noteSentAgain(start, nowNs);
      board.retransmit(start, end, nowNs);
      this.retransmissions++;
      recoveryCounters.retransmissions++;
      recoveryCounters.retransmittedBytes += <u64>(end - start);
      // The first byte has its time-out from here; else what is lost twice would always cost one.
      if (start == board.unacknowledged) this.timeoutDueNs = NEVER_NS;
    }
    this.reduction.onSent(<i32>(end - start));
    if (board.inFlightBytes + this.segmentBytes > this.congestion.windowBytes)
      this.limitedEnd = board.next;
    // RFC 6298 §5.1.
    if (this.timeoutDueNs == NEVER_NS) this.timeoutDueNs = nowNs + this.roundTrip.timeoutNs;
    if (this.isProbing) {
      // RFC 8985 §7.3.
      this.isProbing = false;
      this.hasProbed = true;
      this.probeEnd = board.next;
      this.probeIsRetransmission = !isNew;
    } else if (isNew) {
      this.armProbe(nowNs);
    }
    this.arm();
  }

  /**
   * A segment has acknowledged everything before `acknowledged`.
   *
   * @param sendWindowBytes that the peer grants from there
   * @param blocks of its SACK option, none without
   * @param echoedRttNs since the segment was sent whose timestamp it echoes; -1: no timestamps
   * @param isDuplicate RFC 5681 §2: no data, no SYN or FIN, the same window and acknowledgement as before
   * @param eceSeen it has ECE, on a connection with ECN
   */
  onAcknowledged(
    acknowledged: u32,
    sendWindowBytes: u32,
    blocks: SackBlocks,
    echoedRttNs: i64,
    isDuplicate: bool,
    eceSeen: bool,
    nowNs: i64,
  ): void {
    const board = this.board;
    const first = board.unacknowledged;
    const advancedBytes = <i32>(acknowledged - first);
    // Nothing to learn from one that is older, nor from one for what was not sent.
    if (advancedBytes < 0 || before(board.next, acknowledged)) return;
    const rack = board.rack;
    const sackedBytes = board.sackedBytes;
    rack.beginAcknowledgement(echoedRttNs, this.roundTrip.minNs, nowNs);
    this.windowEnd = acknowledged + sendWindowBytes;
    if (advancedBytes > 0) {
      board.acknowledge(acknowledged);
      this.consecutiveTimeouts = 0;
      // Marks that have been passed move along, so that they never lie behind by half of all numbers.
      this.limitedEnd = later(this.limitedEnd, first);
      this.recoveryPoint = later(this.recoveryPoint, first - 1);
      // RFC 6298 §5.2, §5.3, once the round trip is known.
      this.timeoutDueNs = NEVER_NS;
    }
    let isTwice: bool = false;
    if (!this.hasSack)
      this.duplicates = countDuplicates(
        board,
        this,
        this.segmentBytes,
        this.duplicates,
        advancedBytes,
        isDuplicate,
      );
    else if (blocks.count > 0) isTwice = board.report(acknowledged, blocks);
    const deliveredBytes = advancedBytes + board.sackedBytes - sackedBytes;
    this.measure(acknowledged, advancedBytes > 0 ? echoedRttNs : -1, nowNs);

    if (advancedBytes > 0) {
      if (this.isNeedless(acknowledged, echoedRttNs, nowNs)) this.undo();
      else if (this.phase != Phase.OPEN && atOrBefore(this.recoveryPoint, acknowledged))
        this.leave();
      else if (deliveredBytes > 0) this.grow(first, deliveredBytes, nowNs);
    }
    if (this.hasProbed && atOrBefore(this.probeEnd, acknowledged))
      this.endProbe(acknowledged, isTwice, isDuplicate && blocks.count == 0, nowNs);
    const isLost = this.findLosses(nowNs);
    if (isLost || this.duplicates == DUPLICATES_THRESHOLD)
      this.recover(this.reduction.flightBytes(board, advancedBytes, sackedBytes), nowNs);
    else if (eceSeen && this.phase == Phase.OPEN) this.onMark(nowNs);
    if (deliveredBytes > 0) this.lead(deliveredBytes, advancedBytes > 0, isLost, this.hasSack);

    if (board.outstandingBytes == 0) {
      this.stopTimers();
      return;
    }
    if (this.timeoutDueNs == NEVER_NS) this.timeoutDueNs = nowNs + this.roundTrip.timeoutNs;
    if (deliveredBytes > 0) this.armProbe(nowNs);
    this.arm();
  }

  /**
   * True: `lostStart` up to `lostEnd` is to be sent again, now, and `onSent` to be called for as much of it as was
   * sent; then ask again.
   */
  nextLost(nowNs: i64): bool {
    const board = this.board;
    if (board.lostBytes == 0) return false;
    const lost = board.firstLost;
    if (lost === null) return false;
    const segmentBytes = this.segmentBytes;
    const inFlightBytes = board.inFlightBytes;
    const roomBytes = this.congestion.windowBytes - inFlightBytes;
    let bytes = lost.bytes;
    // RFC 6675 §5, C: a whole segment fits; and always when nothing is in flight that could make room.
    if (roomBytes < min(bytes, segmentBytes) && inFlightBytes > 0) return false;
    const isFirst = lost.start == board.unacknowledged;
    if (bytes > segmentBytes) {
      const segments = max(min(roomBytes, RUN_BYTES_MAX) / segmentBytes, 1);
      bytes = min(bytes, segments * segmentBytes);
    }
    // RFC 9293 §3.8.6: beyond a window that has shrunk, only the first segment is tried.
    const grantedBytes = <i32>(this.windowEnd - lost.start);
    if (grantedBytes < bytes) {
      if (grantedBytes > 0) bytes = grantedBytes;
      else if (!isFirst) return false;
      else bytes = min(bytes, segmentBytes);
    }
    this.lostStart = lost.start;
    this.lostEnd = lost.start + bytes;
    return true;
  }

  /** `deadlineNs` has come. Returns a TimerAction; NONE also when it was called too early. */
  onTimer(nowNs: i64): TimerAction {
    if (nowNs < this.deadlineNs) return TimerAction.NONE;
    const board = this.board;
    let action = TimerAction.NONE;
    if (this.reorderingDueNs <= nowNs) {
      this.reorderingDueNs = NEVER_NS;
      if (this.findLosses(nowNs))
        this.recover(this.reduction.flightBytes(board, 0, board.sackedBytes), nowNs);
    } else if (this.probeDueNs <= nowNs) {
      // RFC 8985 §7.3: the last segment, if there is no new one; and the time-out is put off.
      this.probeDueNs = NEVER_NS;
      this.isProbing = true;
      this.timeoutDueNs = nowNs + this.roundTrip.timeoutNs;
      this.lostEnd = board.next;
      this.lostStart = this.lostEnd - min(board.outstandingBytes, this.segmentBytes);
      recoveryCounters.probes++;
      action = TimerAction.PROBE;
    } else if (this.timeoutDueNs <= nowNs) {
      this.timeOut(nowNs);
      action = TimerAction.TIMEOUT;
    }
    this.arm();
    return action;
  }

  /** New data is going to be sent, and nothing is in flight. */
  onIdle(nowNs: i64): void {
    const board = this.board;
    if (board.outstandingBytes > 0) return;
    const congestion = this.congestion;
    congestion.onUnderused(nowNs);
    const idleNs = nowNs - this.lastSentNs;
    if (congestion.restart(idleNs, this.roundTrip.timeoutNs)) this.lastSentNs = nowNs;
  }

  /** @param echoedRttNs -1: none that counts (RFC 7323 §4.1: only if it acknowledges something new) */
  private measure(acknowledged: u32, echoedRttNs: i64, nowNs: i64): void {
    const roundTrip = this.roundTrip;
    const isRound = atOrBefore(this.roundEnd, acknowledged);
    // What was sent once only is exact; a timestamp serves where that is not known (RFC 6298 §3).
    const rttNs = this.board.rack.sampleNs >= 0 ? this.board.rack.sampleNs : echoedRttNs;
    if (rttNs >= 0) {
      if (this.board.rack.sampleNs >= 0) roundTrip.observe(rttNs, nowNs);
      this.congestion.onRoundTrip(rttNs);
      // A timer that was backed off stays so until then (RFC 6298 §5.7), and not longer.
      if (isRound || roundTrip.backOffs > 0 || roundTrip.smoothedNs == 0) {
        roundTrip.sample(rttNs);
        this.updateGranule();
      }
    }
    if (isRound && acknowledged != this.board.next) {
      this.roundEnd = this.board.next;
      this.congestion.onRound();
    } else if (isRound) {
      // All has arrived: the next round begins with what is sent next.
      this.roundEnd = acknowledged + 1;
      this.congestion.onRound();
    }
  }

  private updateGranule(): void {
    this.board.granuleNs = this.roundTrip.minNs >> GRANULE_BITS;
  }

  private grow(first: u32, deliveredBytes: i32, nowNs: i64): void {
    if (this.isReducing) return;
    const congestion = this.congestion;
    // RFC 7661 §4.3: a window that was not full has proved nothing. After a time-out it is full of what was lost.
    if (this.phase == Phase.LOSS || before(first, this.limitedEnd))
      congestion.onAcknowledged(deliveredBytes, this.roundTrip.smoothedNs, nowNs);
    else congestion.onUnderused(nowNs);
  }

  /** RFC 8985 §6.2 step 5. True: something has been declared lost. */
  private findLosses(nowNs: i64): bool {
    const board = this.board;
    this.reorderingDueNs = NEVER_NS;
    if (!this.hasSack || board.outstandingBytes == 0) return false;
    const lostBytes = board.lostBytes;
    const isCertain =
      this.isRecovering || board.sackedBytes > (DUPLICATES_THRESHOLD - 1) * this.segmentBytes;
    const roundTrip = this.roundTrip;
    const windowNs = this.board.rack.reorderingNs(isCertain, roundTrip.minNs, roundTrip.smoothedNs);
    const remainingNs = board.detect(windowNs, nowNs);
    if (remainingNs > 0) this.reorderingDueNs = nowNs + remainingNs;
    return board.lostBytes > lostBytes;
  }

  /** Something was lost. */
  private recover(flightBytes: i32, nowNs: i64): void {
    this.duplicates = 0;
    this.hasProbed = false;
    // A reduction takes a round trip (RFC 9937), and what was sent until then belongs to what it was made for. The
    // loss of what was sent later, for the first time or again, is another sign (RFC 5681 §4.3).
    const isKnown =
      this.phase != Phase.OPEN &&
      (!this.hasSack || this.board.lostSentNs <= this.reducedNs + this.roundTrip.smoothedNs);
    if (isKnown) {
      if (this.phase == Phase.REDUCING) this.phase = Phase.RECOVERY;
      return;
    }
    this.beginRecovery(flightBytes, nowNs);
  }

  private timeOut(nowNs: i64): void {
    const board = this.board;
    recoveryCounters.timeouts++;
    // RFC 5681 §3.1: what is lost again counts once.
    const isFirst = this.consecutiveTimeouts++ == 0;
    if (isFirst) this.reduce(Phase.LOSS, Congestion.TIMEOUT, nowNs);
    this.roundTrip.backOff();
    this.phase = Phase.LOSS;
    this.reducedNs = nowNs;
    this.recoveryPoint = board.next;
    this.duplicates = 0;
    this.hasProbed = false;
    this.isProbing = false;
    this.probeDueNs = NEVER_NS;
    this.reorderingDueNs = NEVER_NS;
    let lateNs = i64.MAX_VALUE;
    if (!this.hasSack) {
      board.sackedBytes = 0;
    } else if (board.forgetSacked()) {
      recoveryCounters.reneged++;
    } else {
      // RFC 8985 §6.3: not what was sent a moment ago.
      const roundTrip = this.roundTrip;
      const windowNs = this.board.rack.reorderingNs(false, roundTrip.minNs, roundTrip.smoothedNs);
      lateNs = nowNs - this.board.rack.rttNs - windowNs;
    }
    board.loseAll(lateNs);
    // RFC 5681 §3.1: the loss window, beside what is still on its way.
    this.congestion.windowBytes = board.inFlightBytes + this.segmentBytes;
    this.timeoutDueNs = nowNs + this.roundTrip.timeoutNs;
  }

  /** RFC 8985 §7.4: what the probe has shown. */
  private endProbe(acknowledged: u32, isTwice: bool, isBareDuplicate: bool, nowNs: i64): void {
    if (!this.probeIsRetransmission || isTwice || isBareDuplicate) {
      this.hasProbed = false;
    } else if (before(this.probeEnd, acknowledged)) {
      // It has repaired a loss that nobody has noticed else.
      this.hasProbed = false;
      if (this.phase != Phase.OPEN) return;
      recoveryCounters.recoveries++;
      this.reduce(Phase.REDUCING, Congestion.LOSS, nowNs);
      this.leave();
    }
  }

  private armProbe(nowNs: i64): void {
    const board = this.board;
    this.probeDueNs = NEVER_NS;
    if (!this.hasSack || this.phase != Phase.OPEN || board.sackedBytes > 0 || this.hasProbed)
      return;
    const isSingle = board.outstandingBytes <= this.segmentBytes;
    const waitNs = probeWaitNs(this.roundTrip.smoothedNs, isSingle);
    this.probeDueNs = min(nowNs + waitNs, this.timeoutDueNs);
  }

  private arm(): void {
    this.deadlineNs = min(this.timeoutDueNs, min(this.probeDueNs, this.reorderingDueNs));
  }

  private stopTimers(): void {
    this.timeoutDueNs = NEVER_NS;
    this.probeDueNs = NEVER_NS;
    this.reorderingDueNs = NEVER_NS;
    this.deadlineNs = NEVER_NS;
  }
}
