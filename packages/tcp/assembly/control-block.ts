/**
 * What a connection knows: the transmission control block of RFC 9293 §3.3.1. Only fields; the rules are in
 * `handshake`, `receive`, `acknowledge`, `send`, `window`, `close` and `timers`.
 */
import { Path, TcpConnection, TcpHandler, TcpState } from "@phantasm/interfaces";
import { Timed } from "@phantasm/runtime/timers";
import { Connection } from "./connection";
import { Listener } from "./listener";
import { Recovery } from "./recovery/recovery";
import { TransmissionControl } from "./tcp";
import { onTimer } from "./timers";

export const NEVER: i64 = i64.MAX_VALUE;

/** What waits to be told to the handler. */
export namespace Told {
  export const ACCEPT: u32 = 1;
  export const CONNECTED: u32 = 2;
  export const READABLE: u32 = 4;
  export const WRITABLE: u32 = 8;
  export const CLOSED: u32 = 16;
}

/**
 * The one timer of a connection: set to the first of its deadlines, and not moved when that becomes later. Those
 * that wait for nothing have none.
 */
@final
export class ConnectionTimer extends Timed {
  connection: Connection | null = null;
  nextSpare: ConnectionTimer | null = null;

  timerDue(nowNs: i64): void {
    const c = this.connection;
    if (c !== null) onTimer(c, nowNs);
  }
}

/** What a connection has that probes a silent peer (RFC 9293 §3.8.4). */
@final
export class KeepAlive {
  /** Probes since the peer was last heard. */
  sent: i32 = 0;
  deadlineNs: i64 = 0;

  constructor(
    readonly idleNs: i64,
    readonly intervalNs: i64,
    readonly probes: i32,
  ) {}
}

export abstract class ControlBlock extends TcpConnection {
  // ---- who
  localPort: u16 = 0;
  remotePort: u16 = 0;
  path: Path;
  recovery: Recovery;
  timer: ConnectionTimer | null = null;
  handler: TcpHandler | null = null;
  /** Where it came from, until it has a handler. */
  listener: Listener | null = null;

  // ---- in which lists
  hash: u32 = 0;
  tableNext: Connection | null = null;
  agendaNext: Connection | null = null;
  linkNext: Connection | null = null;
  isOnAgenda: bool = false;
  waitsForLink: bool = false;
  isOnCorkList: bool = false;
  corkNext: Connection | null = null;

  // ---- state
  current: TcpState = TcpState.CLOSED;
  /** Bits of Told. */
  events: u32 = 0;
  /** Why it ended; 0 while it has not, or when both sides closed. */
  reason: i8 = 0;
  /** Out of the table: nothing is sent or received any more. */
  isEnded: bool = false;
  /** onClosed was called, or nobody was there for it. */
  isTold: bool = false;
  isActive: bool = false;
  isHalfOpen: bool = false;
  /** Counted in its listener's backlog. */
  isWaiting: bool = false;
  isBackground: bool = false;
  holdsDomain: bool = false;
  /** `close` was called: nobody reads any more. */
  isAbandoned: bool = false;
  /** The last soft error (RFC 5927 §4.1), to be the reason if it ends in silence. */
  softError: i8 = 0;

  // ---- what was agreed
  hasTimestamps: bool = false;
  hasSack: bool = false;
  hasEcn: bool = false;
  sendScale: u8 = 0;
  receiveScale: u8 = 0;
  /** What the peer takes, without options. */
  peerSegmentBytes: i32 = 0;

  // ---- sending
  initialSend: u32 = 0;
  /** SND.UNA, SND.NXT, SND.WND, SND.WL1, SND.WL2. */
  sendUnacknowledged: u32 = 0;
  sendNext: u32 = 0;
  sendWindow: u32 = 0;
  sendWindowSequence: u32 = 0;
  sendWindowAcknowledgment: u32 = 0;
  /** The largest window that the peer has offered: half of it is worth a segment (RFC 9293 §3.8.6.2.1). */
  sendWindowMax: u32 = 0;
  /** Behind the last byte queued, where the FIN goes. */
  queueEnd: u32 = 0;
  /** A stream; see there. */
  sendQueue: usize = 0;
  /** Behind the last segment that was not full (Minshall's variation of Nagle's rule). */
  smallEnd: u32 = 0;
  lastSentNs: i64 = 0;
  /** When bytes were last acknowledged, or first sent with none under way. */
  progressNs: i64 = 0;
  /** When a block of the queue was last acknowledged, or its first taken; in ticks. */
  sendMovedAt: u32 = 0;
  isFinQueued: bool = false;
  writeWaits: bool = false;
  /** `write` found no memory. */
  starves: bool = false;
  hasNoDelay: bool = false;
  isCorked: bool = false;
  /** Bytes at `sendUnacknowledged` that were sent into a closed window, unknown to the recovery: 0 or 1. */
  probeBytes: u32 = 0;
  /** Send one more segment, whatever the congestion window says (RFC 8985 §7.3). */
  isProbeDue: bool = false;
  /** A SYN or SYN-ACK is to be sent. */
  isSynDue: bool = false;

  // ---- receiving
  /** RCV.NXT. */
  receiveNext: u32 = 0;
  /** What is read next. */
  receiveRead: u32 = 0;
  /** Right edge of the window as it was advertised: RCV.NXT + RCV.WND. */
  receiveEdge: u32 = 0;
  /** Bytes there may be from `receiveRead` on; grows with what is read. */
  receiveBytesMax: i32 = 0;
  /** A stream, and the table of the ranges in it that came ahead of their turn. */
  receiveQueue: usize = 0;
  ahead: usize = 0;
  /** When a block of it was last read, or its first taken; in ticks. */
  receiveMovedAt: u32 = 0;
  finAt: u32 = 0;
  /** A FIN has arrived at `finAt`, ahead of its turn. */
  isFinAhead: bool = false;
  isFinReceived: bool = false;
  /** Nothing waited to be read when a handler last looked. */
  readWaits: bool = true;
  tuneNs: i64 = 0;
  tuneRead: u32 = 0;

  // ---- acknowledging
  isAckDue: bool = false;
  /** A delayed acknowledgment. */
  ackDeadlineNs: i64 = NEVER;
  /** Last.ACK.sent of RFC 7323 §4.3. */
  lastAcknowledged: u32 = 0;
  bytesSinceAck: i32 = 0;
  /** The largest segment that has arrived. */
  receiveSegmentBytes: i32 = 0;
  /** Segments that are still acknowledged at once, so that the peer's window opens. */
  quickAcks: i32 = 0;
  /** What arrived twice (RFC 2883). */
  duplicateStart: u32 = 0;
  duplicateEnd: u32 = 0;
  /** When something was last answered that may be forged; in ticks, 0 is never. */
  challengedAt: u32 = 0;

  // ---- time stamps and marks
  timestampOffset: u32 = 0;
  timestampRecent: u32 = 0;
  timestampRecentNs: i64 = 0;
  /** ECE goes out until the peer says CWR. */
  echoesCongestion: bool = false;

  // ---- timers
  /** SYN or SYN-ACK again; window probe; end of FIN_WAIT_2: by the state. */
  retryDeadlineNs: i64 = NEVER;
  retries: i32 = 0;
  userTimeoutNs: i64 = 0;
  lastHeardNs: i64 = 0;
  keepAliveRules: KeepAlive | null = null;

  constructor(
    readonly tcp: TransmissionControl,
    path: Path,
  ) {
    super();
    this.path = path;
    this.recovery = new Recovery(tcp.congestion.create());
  }

  get localHigh(): u64 {
    return this.path.sourceHigh;
  }

  get localLow(): u64 {
    return this.path.sourceLow;
  }

  get remoteHigh(): u64 {
    return this.path.destinationHigh;
  }

  get remoteLow(): u64 {
    return this.path.destinationLow;
  }
}
