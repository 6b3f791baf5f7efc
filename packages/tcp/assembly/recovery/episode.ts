/**
 * An episode of a connection: from a sign of congestion until what was in flight then is acknowledged. How the
 * window falls at its beginning, when it ends, and how it is undone when the sign was none (RFC 3522, RFC 4015).
 *
 * It is what Recovery is built on, and not a part of it: an object of its own would cost each idle connection the
 * header of one.
 */
import { before } from "../sequence";
import { Congestion, CongestionControl } from "./congestion";
import { recoveryCounters } from "./counters";
import { TIMESTAMP_TICK_NS } from "./rack";
import { Reduction } from "./reduction";
import { Scoreboard } from "./scoreboard";

export enum Phase {
  OPEN,
  /** Marked by a router: the window shrinks, nothing was lost. */
  REDUCING,
  /** Fast recovery. */
  RECOVERY,
  /** After a time-out. */
  LOSS,
}

const NEVER_NS: i64 = i64.MAX_VALUE;

export abstract class Episode {
  /** The window was reduced: the next new segment says so to a peer that knows ECN (RFC 3168 §6.1.2). Clear it then. */
  isReductionToTell: bool = false;
  phase: Phase = Phase.OPEN;
  /** SND.NXT when it began; what ends it. */
  recoveryPoint: u32 = 0;

  protected readonly board: Scoreboard = new Scoreboard();
  protected readonly reduction: Reduction = new Reduction();
  /** When the window was reduced, or the timer expired, last. */
  protected reducedNs: i64 = 0;

  /** The reduction can be undone: when and what was sent again first, and what was before. */
  private canUndo: bool = false;
  private undoSentNs: i64 = NEVER_NS;
  private undoStart: u32 = 0;
  private undoWindowBytes: i32 = 0;
  private undoThresholdBytes: i32 = 0;

  constructor(protected readonly congestion: CongestionControl) {}

  /** A connection begins: `first` is the next byte to be sent. */
  protected beginEpisodes(first: u32, nowNs: i64): void {
    this.phase = Phase.OPEN;
    this.recoveryPoint = first - 1;
    this.reducedNs = nowNs;
    this.isReductionToTell = false;
    this.canUndo = false;
  }

  /** The window is on its way to the threshold, step by step. */
  protected get isReducing(): bool {
    return this.phase == Phase.RECOVERY || this.phase == Phase.REDUCING;
  }

  /** Losses are being repaired. */
  get isRecovering(): bool {
    return this.phase >= Phase.RECOVERY;
  }

  /** Begins with a sign of congestion, and leads to a phase. */
  protected reduce(phase: Phase, sign: Congestion, nowNs: i64): void {
    const congestion = this.congestion;
    const windowBytes = congestion.windowBytes;
    // Only the first of several can be undone.
    this.canUndo = this.phase == Phase.OPEN;
    this.undoSentNs = NEVER_NS;
    this.undoWindowBytes = windowBytes;
    this.undoThresholdBytes = congestion.thresholdBytes;
    congestion.onCongestion(sign, min(this.board.outstandingBytes, windowBytes), nowNs);
    this.phase = phase;
    this.recoveryPoint = this.board.next;
    this.reducedNs = nowNs;
    this.isReductionToTell = true;
  }

  /** Begins with losses, `flightBytes` as of `Reduction.flightBytes`. */
  protected beginRecovery(flightBytes: i32, nowNs: i64): void {
    recoveryCounters.recoveries++;
    this.reduce(Phase.RECOVERY, Congestion.LOSS, nowNs);
    this.reduction.begin(this.board, this.congestion, flightBytes);
  }

  /** Begins with a router's mark (RFC 3168 §6.1.2: once for each window). */
  protected onMark(nowNs: i64): void {
    const board = this.board;
    if (board.outstandingBytes == 0) return;
    recoveryCounters.marks++;
    this.reduce(Phase.REDUCING, Congestion.MARK, nowNs);
    this.canUndo = false;
    this.reduction.begin(board, this.congestion, board.outstandingBytes);
  }

  /**
   * Bytes have been delivered: leads the window on.
   *
   * @param isAdvanced the acknowledgement has acknowledged something
   * @param isLost something was declared lost by it
   */
  protected lead(bytes: i32, isAdvanced: bool, isLost: bool, hasSack: bool): void {
    if (!this.isReducing) return;
    const board = this.board;
    const congestion = this.congestion;
    const isRepairing = this.phase == Phase.RECOVERY;
    this.reduction.onDelivered(board, congestion, bytes, isAdvanced && !isLost, isRepairing);
    // RFC 6582 §3.2 step 3: a partial acknowledgement lets the next segment out.
    if (!hasSack && isAdvanced && board.lostBytes > 0)
      congestion.windowBytes = max(
        congestion.windowBytes,
        board.inFlightBytes + congestion.segmentBytes,
      );
  }

  /** What it was about is acknowledged. */
  protected leave(): void {
    // RFC 9937 §6.4.
    if (this.isReducing) this.congestion.windowBytes = this.congestion.thresholdBytes;
    if (this.phase == Phase.RECOVERY) this.board.rack.onRecovered();
    this.phase = Phase.OPEN;
    this.canUndo = false;
  }

  /** Something that was lost has been sent again, from `start`. */
  protected noteSentAgain(start: u32, nowNs: i64): void {
    if (!this.canUndo || this.undoSentNs != NEVER_NS) return;
    this.undoSentNs = nowNs;
    this.undoStart = start;
  }

  /**
   * RFC 3522 §3.2: what has filled the gap was sent before it was sent again, so it had only been late.
   *
   * @param echoedRttNs -1: no timestamps
   */
  protected isNeedless(acknowledged: u32, echoedRttNs: i64, nowNs: i64): bool {
    return (
      this.canUndo &&
      this.isRecovering &&
      echoedRttNs >= 0 &&
      this.undoSentNs != NEVER_NS &&
      before(this.undoStart, acknowledged) &&
      nowNs - echoedRttNs + TIMESTAMP_TICK_NS < this.undoSentNs
    );
  }

  /** RFC 4015 §3.2, without limiting the burst: the window is what it was. */
  protected undo(): void {
    const congestion = this.congestion;
    recoveryCounters.undone++;
    this.board.findAll();
    congestion.windowBytes = max(congestion.windowBytes, this.undoWindowBytes);
    congestion.thresholdBytes = this.undoThresholdBytes;
    congestion.onUndo();
    this.phase = Phase.OPEN;
    this.canUndo = false;
    this.isReductionToTell = false;
  }
}
