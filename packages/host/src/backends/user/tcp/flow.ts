/**
 * One TCP connection: a stream of the host on one side, segments of the guest on the other. Bytes in
 * order, room, ends and resets pass from each side to the other.
 */
import type { Duplex } from "node:stream";
import { Task } from "../../../scheduler.js";
import type { Core } from "../core.js";
import type { FlowKey } from "../flow-table.js";
import type { Packet } from "../packet.js";
import type { Path } from "../path.js";
import { abort } from "./abort.js";
import type { FlowKeeper } from "./flow-keeper.js";
import { Handshake, type Answer } from "./handshake.js";
import { HostReader, type HostListener } from "./host-reader.js";
import { HostWriter } from "./host-writer.js";
import { Holding, Waits } from "./memory.js";
import { RECEIVE_BYTES_MAX, type Receiver } from "./receiver.js";
import { Flag, type Segment } from "./segment.js";
import { SegmentWriter } from "./segment-writer.js";
import type { Sender } from "./sender.js";

const RETRIES_MAX = 10;
/** RFC 5382 REQ-5. */
export const TCP_IDLE_MS = 7_440_000;
/** RFC 5382 REQ-5: once one side has ended. */
export const TCP_ENDING_IDLE_MS = 240_000;
/** RFC 9293 §3.6.1 has 2 MSL; nothing lives so long on a link in memory. */
export const TIME_WAIT_MS = 1_000;
const NS_PER_MS = 1e6;

type Phase =
  /** Nobody knows the guest yet, or its SYN has not been answered. */
  | "knocking"
  /** The guest waits while the host connects. */
  | "dialling"
  | "accepting"
  | "open"
  | "resting"
  | "closed";

export class TcpFlow implements FlowKey, HostListener {
  readonly guest: Uint8Array;
  readonly guestPort: number;
  readonly remote: Uint8Array;
  readonly remotePort: number;
  next: FlowKey | null = null;
  /** Waits for `settle`; belongs to the keeper. */
  queued = false;
  waitsForRoom = false;
  readonly stream: Duplex;
  readonly #keeper: FlowKeeper;
  readonly #core: Core;
  readonly #timer = new Task(() => this.#due());
  readonly #segments: SegmentWriter;
  readonly #handshake: Handshake;
  readonly #holding: Holding;
  readonly #reader: HostReader;
  readonly #writer: HostWriter;
  #phase: Phase;
  #sender: Sender | null = null;
  #receiver: Receiver | null = null;
  #owesAck = false;
  #activeMs: number;
  #armedMs = Infinity;

  /** @param initial sequence number of ours. Takes the stream over. */
  constructor(
    keeper: FlowKeeper,
    path: Path,
    ports: { readonly guestPort: number; readonly remotePort: number },
    stream: Duplex,
    initial: number,
    phase: "knocking" | "dialling",
  ) {
    const { core, memory } = keeper;
    this.#keeper = keeper;
    this.#core = core;
    this.guest = path.destination;
    this.remote = path.source;
    this.guestPort = ports.guestPort;
    this.remotePort = ports.remotePort;
    this.stream = stream;
    this.#segments = new SegmentWriter(core, path, ports.remotePort, ports.guestPort);
    this.#handshake = new Handshake(core, this.#segments, initial);
    this.#holding = new Holding(memory);
    this.#reader = new HostReader(stream, memory, this.#holding, this);
    this.#writer = new HostWriter(stream, core.slabs, () => this.#taken());
    this.#phase = phase;
    this.#activeMs = core.nowMs;
    stream.on("error", this.#failed);
    stream.on("close", this.#hungUp);
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Not established yet. */
  get halfOpen(): boolean {
    return this.#phase === "knocking" || this.#phase === "dialling" || this.#phase === "accepting";
  }

  /** When the handshake with the guest, or before it the host's, began. */
  get sinceMs(): number {
    return this.#handshake.sinceMs;
  }

  /** @param awayMs for so long nothing could move, because the host did something else */
  stalledSinceMs(awayMs: number): number {
    return this.#holding.stalledSinceMs(this.#core.nowMs - awayMs);
  }

  /** Forgets what waits for a gap of the guest's sequence to be filled: it is sent again. */
  forgetBehindGap(): void {
    if (this.#phase !== "open" || this.#receiver === null) return;
    this.#receiver.forget();
    this.#holdsOfGuest(this.#receiver);
  }

  /** Reads on after `lacksMemory`. False: there is still too little for it. */
  resumeReading(): boolean {
    return this.#phase !== "open" || this.#reader.resume();
  }

  /** There is none. */
  pauseReading(): void {
    if (this.#phase === "open") this.#reader.pause();
  }

  /** Knocks at the guest, which has not asked for this. */
  knock(): void {
    this.#handshake.knock();
    this.#arm();
  }

  /** The guest's SYN; answered once the host is connected. */
  greeted(packet: Packet, segment: Segment): void {
    this.#handshake.heard(packet, segment);
    this.#receiver = this.#handshake.receiver;
    this.#arm();
  }

  /** The host is connected: the guest may be told. */
  connected(): void {
    if (this.#phase !== "dialling") return;
    this.#core.tick();
    this.#phase = "accepting";
    this.#handshake.accept();
    this.#arm();
  }

  /** A segment of the guest. */
  receive(packet: Packet, segment: Segment): void {
    this.#activeMs = this.#core.nowMs;
    switch (this.#phase) {
      case "knocking":
        this.#answered(this.#handshake.answered(packet, segment));
        return;
      case "dialling":
        if (segment.has(Flag.RST)) this.abandon();
        return;
      case "accepting":
        if (this.#answered(this.#handshake.acknowledged(segment))) this.#arrived(packet, segment);
        return;
      case "open":
        return this.#arrived(packet, segment);
      case "resting":
        // RFC 9293 §3.10.7.4, TIME-WAIT: the guest has not heard our acknowledgement.
        if (segment.has(Flag.RST)) return this.#close();
        if (segment.span > 0) this.#control(Flag.ACK);
        return;
      case "closed":
        return;
    }
  }

  /** Does what the turn has left to do: writes to the host, sends to the guest, acknowledges. */
  settle(): void {
    if (this.#phase !== "open") return;
    this.#writer.flush();
    this.#pump();
    if (this.#owesAck && !this.#control(Flag.ACK)) this.#keeper.stalled(this);
    this.#finishIfDone();
    this.#arm();
  }

  /** Ends it, and leaves the stream as it is to another flow. */
  release(): void {
    this.stream.off("error", this.#failed);
    this.stream.off("close", this.#hungUp);
    this.#close();
  }

  /** Ends it on the host's side, without a word to the guest. Idempotent. */
  abandon(): void {
    if (this.#phase === "closed") return;
    abort(this.stream, this.#phase === "dialling");
    this.#close();
  }

  /** Forgets one that rests; what the host has not taken yet still goes there. */
  abandonRest(): void {
    if (this.#phase === "resting") this.#close();
  }

  /** Resets both sides. Idempotent. */
  reset(): void {
    if (this.#phase === "closed") return;
    this.sendReset();
    this.abandon();
  }

  /** The guest gives up what it has with us. Only `reset` calls it, and the keeper after `unsaid`. */
  sendReset(): void {
    // Nobody has answered yet.
    if (this.#receiver === null) return;
    const sequence = this.#sender?.resetSequence ?? this.#handshake.next;
    // RFC 9293 §3.10.7.1: where nothing has been sent the number is 0.
    const said = this.#control(Flag.RST | Flag.ACK, this.#phase === "dialling" ? 0 : sequence);
    if (!said) this.#keeper.unsaid(this);
  }

  // Segments of the guest.

  /** True: that has established it. */
  #answered(answer: Answer): boolean {
    const isClient = this.#phase === "knocking";
    if (answer === "refused" && !(isClient && this.#keeper.refused(this))) this.abandon();
    if (answer !== "established") return false;
    this.#establish(this.#handshake.sender());
    this.#owesAck = isClient;
    this.#keeper.soon(this);
    return true;
  }

  #establish(sender: Sender): void {
    this.#sender = sender;
    this.#receiver = this.#handshake.receiver;
    this.#phase = "open";
    this.#keeper.opened(this);
    this.#reader.start(sender.queue);
  }

  #arrived(packet: Packet, segment: Segment): void {
    const sender = this.#sender;
    const receiver = this.#receiver;
    if (sender === null || receiver === null) return;
    this.#keeper.soon(this);
    if (segment.has(Flag.RST)) {
      // RFC 5961 §3.2: only with the very number; otherwise ask.
      if (segment.sequence === receiver.next) this.abandon();
      else this.#owesAck = true;
      return;
    }
    // RFC 5961 §4.2, and a SYN whose acknowledgement was lost.
    if (segment.has(Flag.SYN) || !segment.has(Flag.ACK)) {
      this.#owesAck = segment.has(Flag.SYN);
      return;
    }
    switch (sender.acknowledged(segment, this.#core.nowMs)) {
      case "unsent":
        // RFC 9293 §3.10.7.4
        this.#owesAck = true;
        return;
      case "resend":
        this.#resend(sender);
        break;
      case "progress":
        this.#reader.taken(this.#core.nowMs);
        break;
      case "nothing":
        break;
    }
    if (segment.bytes > 0 && !this.#keeper.memory.admits(this.#holding.bytes, segment.bytes)) {
      // As if it had been lost on the way.
      this.#core.counters.tcpDropped++;
      this.#owesAck = true;
      return;
    }
    const ended = receiver.ended;
    if (receiver.accept(segment, packet, this.#writer)) this.#owesAck = true;
    this.#holdsOfGuest(receiver);
    if (receiver.ended && !ended) this.#writer.end();
  }

  #holdsOfGuest(receiver: Receiver): void {
    const { nowMs } = this.#core;
    this.#holding.set(Waits.FOR_HOST, this.#writer.bytes, nowMs);
    this.#holding.set(Waits.FOR_GAP, receiver.bytes, nowMs);
  }

  // Events of the stream. They come from the event loop.

  stirs(): number {
    this.#core.tick();
    this.#activeMs = this.#core.nowMs;
    return this.#activeMs;
  }

  heard(): void {
    this.#keeper.soon(this);
  }

  ended(): void {
    if (this.#sender === null || this.#phase !== "open") return;
    this.#sender.ended = true;
    this.#keeper.soon(this);
  }

  hungers(): void {
    this.#keeper.lacksMemory(this);
  }

  #taken(): void {
    const receiver = this.#receiver;
    if (this.#phase === "closed" || receiver === null) return;
    this.stirs();
    this.#holdsOfGuest(receiver);
    if (this.#phase !== "open") return;
    if (receiver.worthTelling(this.#space)) this.#owesAck = true;
    // It has waited for this with its end.
    else if (this.#writer.untaken > 0 || !receiver.ended) return;
    this.#keeper.soon(this);
  }

  /** The connection of the host has broken. One that never came to be is the keeper's to explain. */
  readonly #failed = (): void => {
    if (this.#phase === "open" || this.#phase === "accepting") this.reset();
    else if (this.#phase === "knocking") this.#close();
  };

  readonly #hungUp = (): void => {
    if (this.#phase === "resting" || this.#phase === "closed") return;
    if (this.#phase === "open" && this.#sender?.ended === true && this.#receiver?.ended === true) {
      return;
    }
    this.reset();
  };

  // Segments to the guest.

  #pump(): void {
    const sender = this.#sender;
    if (sender === null || sender.idle) return;
    const { nowMs } = this.#core;
    const { segmentsBytesMax } = this.#keeper;
    const bytesMax = Math.max(sender.mss, segmentsBytesMax - (segmentsBytesMax % sender.mss));
    for (;;) {
      const bytes = sender.sendable(bytesMax);
      if (bytes === 0) break;
      if (!this.#segments.hasRoom(bytes)) return this.#keeper.stalled(this);
      this.#data(sender, sender.inFlight, bytes);
      sender.sent(bytes, nowMs);
    }
    if (sender.finSendable) {
      this.#control(Flag.FIN | Flag.ACK, sender.next);
      sender.sent(1, nowMs);
    }
    sender.watchWindow(nowMs);
  }

  /** The first segment again. */
  #resend(sender: Sender): void {
    this.#core.counters.tcpRetransmissions++;
    sender.resending(this.#core.nowMs);
    const bytes = Math.min(sender.queue.bytes, sender.mss);
    if (bytes > 0) this.#data(sender, 0, bytes);
    else this.#control(Flag.FIN | Flag.ACK, sender.unacknowledged);
  }

  /** One byte into a shut window (RFC 9293 §3.8.6.1), or the FIN. */
  #probe(sender: Sender): void {
    if (sender.queue.bytes > 0) this.#data(sender, 0, 1);
    else this.#control(Flag.FIN | Flag.ACK, sender.unacknowledged);
    sender.sent(1, this.#core.nowMs);
  }

  #data(sender: Sender, position: number, bytes: number): void {
    const acknowledgement = this.#receiver?.next ?? 0;
    const sent = this.#segments.data(sender, position, bytes, acknowledgement, this.#window());
    if (sent) this.#owesAck = false;
  }

  /** A segment that acknowledges, without data. False: there was no room. */
  #control(flags: number, sequence = this.#sender?.next ?? this.#handshake.next): boolean {
    const acknowledgement = this.#receiver?.next ?? 0;
    const sent = this.#segments.control(flags, sequence, acknowledgement, this.#window());
    if (sent) this.#owesAck = false;
    return sent;
  }

  #window(): number {
    return this.#receiver?.advertise(this.#space) ?? 0;
  }

  /** What the guest may send in addition to what it has sent. */
  get #space(): number {
    const held = this.#writer.waiting + (this.#receiver?.bytes ?? 0);
    return this.#keeper.memory.promise(RECEIVE_BYTES_MAX - held);
  }

  // The end, and time.

  #finishIfDone(): void {
    if (this.#phase !== "open") return;
    if (this.#sender?.finAcknowledged !== true || this.#receiver?.ended !== true) return;
    // What the host has not taken is counted here, and ends with this.
    if (this.#writer.untaken > 0 && !this.stream.destroyed) return;
    this.#phase = "resting";
    this.#keeper.resting(this);
  }

  #close(): void {
    this.#phase = "closed";
    this.#core.scheduler.cancel(this.#timer);
    this.#reader.stop();
    this.#writer.forget();
    this.#sender?.queue.clear();
    for (const waits of [Waits.FOR_GUEST, Waits.FOR_HOST, Waits.FOR_GAP])
      this.#holding.set(waits, 0, this.#core.nowMs);
    this.#keeper.closed(this);
  }

  /** When something is due at the latest; Infinity never. */
  get #dueMs(): number {
    if (this.#phase === "resting") return this.#activeMs + TIME_WAIT_MS;
    if (this.halfOpen) return this.#handshake.dueMs;
    return Math.min(this.#sender?.dueMs ?? Infinity, this.#activeMs + this.#idleMs);
  }

  get #idleMs(): number {
    const ending = this.#sender?.ended === true || this.#receiver?.ended === true;
    return ending ? TCP_ENDING_IDLE_MS : TCP_IDLE_MS;
  }

  /** Keeps the timer no later than what is due. It may be early: most deadlines move before they come. */
  #arm(): void {
    if (this.#phase === "closed") return;
    const due = this.#dueMs;
    if (due >= this.#armedMs) return;
    this.#armedMs = due;
    this.#core.scheduler.after(this.#timer, Math.max(due - this.#core.nowMs, 0) * NS_PER_MS);
  }

  #due(): void {
    this.#armedMs = Infinity;
    this.#core.tick();
    const { nowMs } = this.#core;
    if (nowMs >= this.#dueMs) {
      if (this.#phase === "resting") return this.#close();
      if (this.halfOpen) {
        if (!this.#handshake.again()) this.#timedOut();
      } else if (nowMs >= (this.#sender?.dueMs ?? Infinity)) this.#silence();
      else this.#timedOut();
    }
    this.#arm();
  }

  #silence(): void {
    const sender = this.#sender;
    if (sender === null) return;
    if (sender.retries >= RETRIES_MAX) return this.#timedOut();
    sender.timedOut();
    if (sender.shut) {
      this.#probe(sender);
    } else {
      this.#core.counters.tcpRetransmissions++;
      this.#keeper.soon(this);
    }
  }

  #timedOut(): void {
    this.#core.counters.tcpTimedOut++;
    this.reset();
  }
}
