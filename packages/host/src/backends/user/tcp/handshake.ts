/**
 * How a connection with the guest begins (RFC 9293 §3.5): its SYN and ours, whichever is first, ours again and again
 * while nothing comes back.
 */
import type { Core } from "../core.js";
import type { Packet } from "../packet.js";
import { Receiver, RECEIVE_SCALE } from "./receiver.js";
import { Flag, readSynOptions, type Segment, type SynOptions } from "./segment.js";
import type { SegmentWriter } from "./segment-writer.js";
import { Sender, type WindowMark } from "./sender.js";
import { advance } from "./sequence.js";

/**
 * A SYN to the guest, and the answer to its own. Not sooner: a guest whose backlog is full answers each
 * SYN with another number (RFC 4987 §3.6), and a late answer to the first is then worth nothing.
 */
const AGAIN_FIRST_MS = 500;
const AGAIN_MS_MAX = 4_000;
const HANDSHAKE_MS_MAX = 30_000;
/** As long as the kernel tries by itself, and a little more. */
const DIAL_MS_MAX = 150_000;

/** What a segment of the guest means for it. */
export type Answer = "waits" | "established" | "refused";

/** What the guest's SYN says. */
interface Greeting {
  readonly options: SynOptions;
  readonly mark: WindowMark;
}

export class Handshake {
  readonly #core: Core;
  readonly #writer: SegmentWriter;
  /** Sequence number of our SYN. */
  readonly #initial: number;
  /** Null: the guest has not spoken. */
  #greeting: Greeting | null = null;
  receiver: Receiver | null = null;
  /** Of our SYN; 0: there is none yet. */
  #flags = 0;
  #againMs = AGAIN_FIRST_MS;
  /** When something is due. */
  dueMs = Infinity;
  /** When it began, or before it the host's. */
  sinceMs: number;
  /** The guest was told to forget an older connection, and has heard our SYN again, since it was last due. */
  #hasInsisted = false;

  constructor(core: Core, writer: SegmentWriter, initial: number) {
    this.#core = core;
    this.#writer = writer;
    this.#initial = initial;
    this.sinceMs = core.nowMs;
  }

  /** The number behind our SYN. */
  get next(): number {
    return advance(this.#initial, 1);
  }

  /** Knocks at the guest, which has not asked for this. */
  knock(): void {
    this.#flags = Flag.SYN;
    this.#send();
  }

  /** The guest's SYN; its answer may take as long as the host tries to connect. */
  heard(packet: Packet, segment: Segment): void {
    this.#greet(packet, segment);
    this.dueMs = this.sinceMs + DIAL_MS_MAX;
  }

  /** Answers the guest's SYN. */
  accept(): void {
    this.sinceMs = this.#core.nowMs;
    this.#flags = Flag.SYN | Flag.ACK;
    this.#send();
  }

  /** `dueMs` has come. False: it has taken too long. */
  again(): boolean {
    if (this.#flags === 0 || this.#core.nowMs - this.sinceMs >= HANDSHAKE_MS_MAX) return false;
    this.#send();
    return true;
  }

  /** A segment after our SYN (RFC 9293 §3.10.7.3). */
  answered(packet: Packet, segment: Segment): Answer {
    const acknowledges = segment.has(Flag.ACK) && segment.acknowledgement === this.next;
    if (segment.has(Flag.ACK) && !acknowledges) {
      if (!segment.has(Flag.RST)) this.#insist(segment);
      return "waits";
    }
    if (segment.has(Flag.RST)) return acknowledges ? "refused" : "waits";
    if (!segment.has(Flag.SYN) || !acknowledges) return "waits";
    this.#greet(packet, segment);
    return "established";
  }

  /** A segment after our SYN and acknowledgement. */
  acknowledged(segment: Segment): Answer {
    if (segment.has(Flag.RST)) {
      return segment.sequence === this.receiver?.next ? "refused" : "waits";
    }
    // The guest asks again: our answer is on its way again when its time has come.
    if (segment.has(Flag.SYN) || !segment.has(Flag.ACK)) return "waits";
    if (segment.acknowledgement === this.next) return "established";
    this.#writer.reset(segment.acknowledgement);
    return "waits";
  }

  /** The sending half of what is established. */
  sender(): Sender {
    if (this.#greeting === null) throw new Error("the guest has not spoken");
    const { options, mark } = this.#greeting;
    return new Sender(this.next, Math.min(options.mss, this.#writer.mss), options.scale ?? 0, mark);
  }

  #send(): void {
    const { nowMs } = this.#core;
    this.#hasInsisted = false;
    this.#sendSyn();
    this.dueMs = Math.min(nowMs + this.#againMs, this.sinceMs + HANDSHAKE_MS_MAX);
    this.#againMs = Math.min(this.#againMs * 2, AGAIN_MS_MAX);
  }

  #sendSyn(): void {
    const answers = (this.#flags & Flag.ACK) !== 0;
    const scale = answers && this.#greeting?.options.scale === null ? null : RECEIVE_SCALE;
    const acknowledgement = answers ? (this.receiver?.next ?? 0) : 0;
    this.#writer.syn(this.#flags, this.#initial, acknowledgement, scale);
  }

  /**
   * The guest has an older connection of this name (RFC 9293 §3.5.1, figure 9), and forgets it now: what
   * follows our reset on this link arrives behind it.
   */
  #insist(segment: Segment): void {
    this.#writer.reset(segment.acknowledgement);
    if (!this.#hasInsisted) this.#sendSyn();
    this.#hasInsisted = true;
  }

  #greet(packet: Packet, segment: Segment): void {
    const options = readSynOptions(packet);
    const { sequence, acknowledgement, window } = segment;
    this.#greeting = { options, mark: { sequence, acknowledgement, window } };
    const scale = options.scale === null ? null : RECEIVE_SCALE;
    this.receiver = new Receiver(advance(sequence, 1), this.#writer.mss, scale);
  }
}
