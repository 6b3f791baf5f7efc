/**
 * The sending half towards the guest: what may go now, what is lost, when to try again. No effects:
 * the flow sends what this says and tells it so. Times in milliseconds, sequence numbers unsigned.
 */
import { Congestion } from "./congestion.js";
import { RoundTrip } from "./round-trip.js";
import { SendQueue } from "./send-queue.js";
import type { Segment } from "./segment.js";
import { advance, difference } from "./sequence.js";

/** What an acknowledgement means. */
export type Acknowledged =
  /** Of something that was never sent. */
  | "unsent"
  | "nothing"
  | "progress"
  /** The first segment is lost, and must be sent again. */
  | "resend";

/** A segment, as far as it says how much the guest takes. */
export interface WindowMark {
  readonly sequence: number;
  readonly acknowledgement: number;
  /** Not scaled. */
  readonly window: number;
}

export class Sender {
  readonly queue = new SendQueue();
  /** Largest payload of a segment. */
  readonly mss: number;
  /** SND.UNA: the front of the queue. */
  unacknowledged: number;
  /** SND.NXT; goes back to the front after a time-out. */
  next: number;
  /** When to do something about silence; Infinity: nothing is on its way. */
  dueMs = Infinity;
  /** Time-outs since the guest last gave a sign of life. */
  retries = 0;
  /** No more data follows: after the queue goes a FIN. */
  ended = false;
  finAcknowledged = false;
  readonly #scale: number;
  readonly #congestion: Congestion;
  readonly #roundTrip = new RoundTrip();
  /** The highest sequence number sent. */
  #highest: number;
  /** What was sent before this is what a recovery is about (RFC 6582 §3.2). */
  #recover: number;
  #window: number;
  #windowMax: number;
  /** SND.WL1, SND.WL2 (RFC 9293 §3.10.7.4): the segment that last set the window. */
  #windowSequence: number;
  #windowAcknowledgement: number;
  /** The sequence number whose acknowledgement is waited for, and since when; negative: none. */
  #timedSequence = 0;
  #timedSinceMs = -1;

  /**
   * @param sequence of the first byte
   * @param scale of every window of the guest's but the first
   * @param syn of the guest
   */
  constructor(sequence: number, mss: number, scale: number, syn: WindowMark) {
    this.mss = mss;
    this.unacknowledged = sequence;
    this.next = sequence;
    this.#highest = sequence;
    this.#recover = sequence;
    this.#window = syn.window;
    this.#windowMax = syn.window;
    this.#scale = scale;
    this.#windowSequence = syn.sequence;
    this.#windowAcknowledgement = syn.acknowledgement;
    this.#congestion = new Congestion(mss);
  }

  /** Sequence numbers on their way. */
  get inFlight(): number {
    return difference(this.next, this.unacknowledged);
  }

  get idle(): boolean {
    return this.queue.bytes === 0 && (!this.ended || this.finAcknowledged);
  }

  /**
   * Where a reset is believed: behind all that was ever sent, where the guest is, or can be asked by its
   * challenge (RFC 5961 §3.2). Not behind a byte that probes a window which is shut: that is outside, and
   * outside it is ignored.
   */
  get resetSequence(): number {
    const edge = advance(this.#windowAcknowledgement, this.#window);
    return difference(this.#highest, edge) > 0 ? edge : this.#highest;
  }

  /** Bytes of data that may go now, `inFlight` from the front of the queue; at most `bytesMax`. */
  sendable(bytesMax: number): number {
    const sent = this.inFlight;
    const waiting = this.queue.bytes - sent;
    if (waiting <= 0) return 0;
    const room = Math.min(this.#window, this.#congestion.windowBytes) - sent;
    const bytes = Math.min(waiting, room, bytesMax);
    if (bytes <= 0) return 0;
    if (bytes === waiting) return bytes;
    // RFC 9293 §3.8.6.2.1: no small segment because of a small window, unless nothing else moves.
    if (bytes >= this.mss) return bytes - (bytes % this.mss);
    return sent === 0 || bytes >= this.#windowMax / 2 ? bytes : 0;
  }

  /** Whether the FIN may go now. */
  get finSendable(): boolean {
    if (!this.ended || this.finAcknowledged) return false;
    const sent = this.inFlight;
    return sent === this.queue.bytes && sent < this.#window;
  }

  /** Data, or a FIN as one byte, has been sent at `next`. */
  sent(bytes: number, nowMs: number): void {
    this.next = advance(this.next, bytes);
    if (difference(this.next, this.#highest) > 0) {
      this.#highest = this.next;
      if (this.#timedSinceMs < 0) {
        this.#timedSequence = this.next;
        this.#timedSinceMs = nowMs;
      }
    }
    // RFC 6298 §5.1
    if (this.dueMs === Infinity) this.dueMs = nowMs + this.#roundTrip.rtoMs;
  }

  /** The first segment is about to be sent again; Karn: its round trip says nothing. */
  resending(nowMs: number): void {
    this.#timedSinceMs = -1;
    this.dueMs = nowMs + this.#roundTrip.rtoMs;
  }

  /** With a window that is shut, somebody must ask for it to open (RFC 9293 §3.8.6.1). */
  watchWindow(nowMs: number): void {
    if (this.dueMs === Infinity && !this.idle) this.dueMs = nowMs + this.#roundTrip.rtoMs;
  }

  /** Whether the guest takes nothing now. */
  get shut(): boolean {
    return this.#window === 0;
  }

  /** `dueMs` has come: everything on its way counts as lost, and goes again from the front. */
  timedOut(): void {
    this.retries++;
    this.#roundTrip.backOff();
    if (!this.shut && this.inFlight > 0) this.#congestion.timedOut(this.inFlight);
    this.#recover = this.#highest;
    this.next = this.unacknowledged;
    this.#timedSinceMs = -1;
    this.dueMs = Infinity;
  }

  /** Heeds the acknowledgement and the window of a segment. */
  acknowledged(segment: Segment, nowMs: number): Acknowledged {
    const { acknowledgement } = segment;
    if (difference(acknowledgement, this.#highest) > 0) return "unsent";
    const bytes = difference(acknowledgement, this.unacknowledged);
    if (bytes < 0) return "nothing";
    const window = segment.window << this.#scale;
    const sameWindow = window === this.#window;
    this.#updateWindow(segment, window);
    if (bytes === 0) return this.#unchanged(segment, sameWindow);
    this.#advance(bytes, acknowledgement, nowMs);
    if (!this.#congestion.recovering) {
      this.#congestion.acknowledged(bytes);
      return "progress";
    }
    if (difference(acknowledgement, this.#recover) >= 0) {
      this.#congestion.recovered();
      return "progress";
    }
    // RFC 6582 §3.2 step 3: a partial acknowledgement, the next segment is lost as well.
    return "resend";
  }

  #advance(bytes: number, acknowledgement: number, nowMs: number): void {
    const data = Math.min(bytes, this.queue.bytes);
    this.queue.drop(data);
    if (bytes > data) this.finAcknowledged = true;
    this.unacknowledged = acknowledgement;
    // After a time-out `next` went back; what was sent before it may have arrived all the same.
    if (this.inFlight < 0) this.next = acknowledgement;
    if (this.#timedSinceMs >= 0 && difference(acknowledgement, this.#timedSequence) >= 0) {
      this.#roundTrip.measured(nowMs - this.#timedSinceMs);
      this.#timedSinceMs = -1;
    }
    this.#roundTrip.settle();
    this.retries = 0;
    // RFC 6298 §5.2, §5.3
    this.dueMs = this.inFlight === 0 ? Infinity : nowMs + this.#roundTrip.rtoMs;
  }

  #unchanged(segment: Segment, sameWindow: boolean): Acknowledged {
    // RFC 9293 §3.8.6.1: a window may stay shut for as long as its owner answers.
    if (this.shut) {
      this.retries = 0;
      this.next = this.unacknowledged;
    }
    // RFC 5681 §2: what makes a duplicate.
    if (this.inFlight === 0 || segment.span > 0 || !sameWindow || this.shut) return "nothing";
    // RFC 6582 §3.2 step 2: these may be about what was sent twice.
    if (difference(this.unacknowledged, this.#recover) < 0 && !this.#congestion.recovering) {
      return "nothing";
    }
    if (!this.#congestion.duplicate(this.inFlight)) return "nothing";
    this.#recover = this.#highest;
    return "resend";
  }

  #updateWindow({ sequence, acknowledgement }: Segment, window: number): void {
    const newer = difference(sequence, this.#windowSequence);
    if (newer < 0) return;
    if (newer === 0 && difference(acknowledgement, this.#windowAcknowledgement) < 0) return;
    const wasShut = this.shut;
    this.#window = window;
    this.#windowMax = Math.max(this.#windowMax, window);
    this.#windowSequence = sequence;
    this.#windowAcknowledgement = acknowledgement;
    // What probed the window was lost on it.
    if (wasShut && window > 0) {
      this.next = this.unacknowledged;
      this.dueMs = Infinity;
      this.#roundTrip.settle();
    }
  }
}
