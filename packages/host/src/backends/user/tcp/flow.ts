/**
 * One TCP connection: a stream of the host on one side, segments of the guest on the other. Bytes in
 * order, room, ends and resets pass from each side to the other.
 */
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Task } from "../../../scheduler.js";
import type { Core } from "../core.js";
import { segmentBytesMax } from "../emitter.js";
import type { FlowKey } from "../flow-table.js";
import { LARGE_BYTES_MIN } from "../frame-queue.js";
import type { Packet } from "../packet.js";
import type { Path } from "../path.js";
import type { Slab } from "../slab.js";
import { abort } from "./abort.js";
import type { FlowKeeper } from "./flow-keeper.js";
import { Holding } from "./memory.js";
import { Receiver, RECEIVE_BYTES_MAX, RECEIVE_SCALE, type Sink } from "./receiver.js";
import {
  Flag,
  readSynOptions,
  TCP_HEADER_BYTES,
  writeSynOptions,
  type Segment,
  type SynOptions,
} from "./segment.js";
import { Sender, type WindowMark } from "./sender.js";
import { advance } from "./sequence.js";

/** The host's queue for one guest: at the first the stream pauses, at the second it goes on. */
const SEND_BYTES_HIGH = 524_288;
const SEND_BYTES_LOW = 262_144;
const SEND_PIECES_HIGH = 1_024;
/**
 * A SYN to the guest, and the answer to its own. Not sooner: a guest whose backlog is full answers each
 * SYN with another number (RFC 4987 §3.6), and a late answer to the first is then worth nothing.
 */
const HANDSHAKE_FIRST_MS = 500;
const HANDSHAKE_WAIT_MAX_MS = 4_000;
const HANDSHAKE_MS_MAX = 30_000;
/** As long as the kernel tries by itself, and a little more. */
const DIAL_MS_MAX = 150_000;
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

export class TcpFlow implements FlowKey, Sink {
  readonly guest: Uint8Array;
  readonly guestPort: number;
  readonly remote: Uint8Array;
  readonly remotePort: number;
  next: FlowKey | null = null;
  /** Waits for `settle`; belongs to the keeper. */
  queued = false;
  waitsForRoom = false;
  readonly #keeper: FlowKeeper;
  readonly #core: Core;
  readonly #path: Path;
  readonly #stream: Duplex;
  readonly #timer = new Task(() => this.#due());
  readonly #initial: number;
  #phase: Phase;
  #sender: Sender | null = null;
  #receiver: Receiver | null = null;
  /** What goes to the host at the end of this turn. */
  #pieces: Buffer[] = [];
  #piecesBytes = 0;
  /** In which some of them lie. */
  #slabs: Slab[] = [];
  /** Bytes that the stream was given and has not taken. */
  #untaken = 0;
  readonly #holding: Holding;
  #owesAck = false;
  /** Ours of the guest's window scale, and the guest's SYN; known once it has spoken. */
  #options: SynOptions = { mss: 0, scale: null };
  #syn: WindowMark | null = null;
  #handshakeMs = HANDSHAKE_FIRST_MS;
  #handshakeDueMs = Infinity;
  /** The guest was told to forget an older connection, and has heard our SYN again, since it was last due. */
  #hasInsisted = false;
  #sinceMs: number;
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
    this.#keeper = keeper;
    this.#core = keeper.core;
    this.#path = path;
    this.guest = path.destination;
    this.remote = path.source;
    this.guestPort = ports.guestPort;
    this.remotePort = ports.remotePort;
    this.#stream = stream;
    this.#holding = new Holding(keeper.memory);
    this.#initial = initial;
    this.#phase = phase;
    this.#sinceMs = keeper.core.nowMs;
    this.#activeMs = keeper.core.nowMs;
    stream.on("drain", this.#moreRoom);
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

  get stream(): Duplex {
    return this.#stream;
  }

  /** When the handshake with the guest, or before it the host's, began. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** @param awayMs for so long nothing could move, because the host did something else */
  stalledSinceMs(awayMs: number): number {
    return this.#holding.stalledSinceMs(this.#core.nowMs - awayMs);
  }

  /** Reads on after `lacksMemory`. False: there is still too little for it. */
  resumeReading(): boolean {
    if (this.#phase !== "open") return true;
    if (this.#mayRead) this.#stream.resume();
    return this.#mayRead;
  }

  /** There is none. */
  pauseReading(): void {
    if (this.#phase === "open") this.#stream.pause();
  }

  /** Knocks at the guest, which has not asked for this. */
  knock(): void {
    this.#handshake(Flag.SYN);
  }

  /** The guest's SYN; answered once the host is connected. */
  heard(packet: Packet, segment: Segment): void {
    this.#greet(packet, segment);
    this.#handshakeDueMs = this.#sinceMs + DIAL_MS_MAX;
    this.#arm();
  }

  /** The host is connected: the guest may be told. */
  connected(): void {
    if (this.#phase !== "dialling") return;
    this.#core.tick();
    this.#phase = "accepting";
    this.#sinceMs = this.#core.nowMs;
    this.#handshakeMs = HANDSHAKE_FIRST_MS;
    this.#handshake(Flag.SYN | Flag.ACK);
  }

  /** A segment of the guest. */
  receive(packet: Packet, segment: Segment): void {
    this.#activeMs = this.#core.nowMs;
    switch (this.#phase) {
      case "knocking":
        return this.#answered(packet, segment);
      case "dialling":
        if (segment.has(Flag.RST)) this.abandon();
        return;
      case "accepting":
        return this.#acknowledgedSyn(packet, segment);
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

  /** Bytes of the guest, in order. Only `Receiver` calls it. */
  deliver(data: Uint8Array, slab: Slab | null): void {
    const { length } = data;
    let piece: Buffer;
    if (slab !== null && length >= LARGE_BYTES_MIN) {
      slab.kept = true;
      this.#slabs.push(slab);
      piece = Buffer.from(data.buffer, data.byteOffset, length);
    } else {
      piece = Buffer.allocUnsafe(length);
      piece.set(data);
    }
    this.#pieces.push(piece);
    this.#piecesBytes += length;
  }

  /** Does what the turn has left to do: writes to the host, sends to the guest, acknowledges. */
  settle(): void {
    const receiver = this.#receiver;
    if (this.#phase !== "open" || receiver === null) return;
    this.#flush();
    this.#pump();
    if (this.#owesAck && !this.#control(Flag.ACK)) this.#keeper.stalled(this);
    this.#finishIfDone();
    this.#arm();
  }

  /** Ends it, and leaves the stream as it is to another flow. */
  release(): void {
    this.#stream.off("error", this.#failed);
    this.#stream.off("close", this.#hungUp);
    this.#close();
  }

  /** Ends it on the host's side, without a word to the guest. Idempotent. */
  abandon(): void {
    if (this.#phase === "closed") return;
    abort(this.#stream, this.#phase === "dialling");
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

  // The handshake.

  #handshake(flags: number): void {
    const { nowMs } = this.#core;
    this.#hasInsisted = false;
    this.#sendSyn(flags);
    this.#handshakeDueMs = Math.min(nowMs + this.#handshakeMs, this.#sinceMs + HANDSHAKE_MS_MAX);
    this.#handshakeMs = Math.min(this.#handshakeMs * 2, HANDSHAKE_WAIT_MAX_MS);
    this.#arm();
  }

  #sendSyn(flags: number): void {
    const ipv4 = this.#path.ipv4;
    const mss = segmentBytesMax(this.#core.mtu, ipv4);
    const scale = (flags & Flag.ACK) !== 0 && this.#options.scale === null ? null : RECEIVE_SCALE;
    const { emitter } = this.#core;
    emitter.begin(this.#path);
    const start = this.#path.start;
    const optionBytes = writeSynOptions(emitter.view, start + TCP_HEADER_BYTES, mss, scale);
    this.#header(flags, this.#initial, 0xffff, optionBytes);
    emitter.send(this.#path, TCP_HEADER_BYTES + optionBytes);
  }

  /** The guest's SYN, with or without an acknowledgement. */
  #greet(packet: Packet, segment: Segment): void {
    this.#options = readSynOptions(packet);
    this.#syn = {
      sequence: segment.sequence,
      acknowledgement: segment.acknowledgement,
      window: segment.window,
    };
    const own = segmentBytesMax(this.#core.mtu, this.#path.ipv4);
    this.#receiver = new Receiver(
      advance(segment.sequence, 1),
      own,
      this.#options.scale === null ? null : RECEIVE_SCALE,
    );
  }

  /** An answer to our SYN (RFC 9293 §3.10.7.3). */
  #answered(packet: Packet, segment: Segment): void {
    const expected = advance(this.#initial, 1);
    const acknowledges = segment.has(Flag.ACK) && segment.acknowledgement === expected;
    if (segment.has(Flag.ACK) && !acknowledges) {
      if (segment.has(Flag.RST)) return;
      // It has an older connection of this name (RFC 9293 §3.5.1, figure 9), and forgets it now: what
      // follows our reset on this link arrives behind it.
      this.#sendResetFor(segment.acknowledgement);
      if (!this.#hasInsisted) this.#sendSyn(Flag.SYN);
      this.#hasInsisted = true;
      return;
    }
    if (segment.has(Flag.RST)) {
      if (acknowledges && !this.#keeper.refused(this)) this.abandon();
      return;
    }
    if (!segment.has(Flag.SYN) || !acknowledges) return;
    this.#greet(packet, segment);
    this.#establish();
    this.#owesAck = true;
    this.#keeper.soon(this);
  }

  /** An answer to our SYN and acknowledgement. */
  #acknowledgedSyn(packet: Packet, segment: Segment): void {
    if (segment.has(Flag.RST)) {
      if (segment.sequence === this.#receiver?.next) this.abandon();
      return;
    }
    // The guest asks again: our answer is on its way again when its time has come.
    if (segment.has(Flag.SYN)) return;
    if (!segment.has(Flag.ACK)) return;
    if (segment.acknowledgement !== advance(this.#initial, 1)) {
      return this.#sendResetFor(segment.acknowledgement);
    }
    this.#establish();
    this.#arrived(packet, segment);
  }

  #establish(): void {
    const syn = this.#syn;
    if (syn === null) return;
    const { mss, scale } = this.#options;
    const own = segmentBytesMax(this.#core.mtu, this.#path.ipv4);
    this.#sender = new Sender(advance(this.#initial, 1), Math.min(mss, own), scale ?? 0, syn);
    this.#phase = "open";
    this.#handshakeDueMs = Infinity;
    this.#keeper.opened(this);
    this.#stream.on("data", this.#heardHost);
    this.#stream.on("end", this.#hostEnded);
    this.#readOn();
  }

  // Segments of an open flow.

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
        this.#holding.set(0, sender.queue.bytes, this.#core.nowMs);
        if (this.#stream.isPaused() && sender.queue.bytes <= SEND_BYTES_LOW && !sender.ended) {
          this.#readOn();
        }
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
    if (receiver.accept(segment, packet, this)) this.#owesAck = true;
    this.#holdsOfGuest();
    if (receiver.ended && !ended) {
      this.#flush();
      this.#stream.end();
    }
  }

  #holdsOfGuest(): void {
    const bytes = this.#untaken + this.#piecesBytes + (this.#receiver?.bytes ?? 0);
    this.#holding.set(1, bytes, this.#core.nowMs);
  }

  get #mayRead(): boolean {
    return this.#keeper.memory.admitsReading(this.#holding.bytes);
  }

  #readOn(): void {
    if (this.#mayRead) this.#stream.resume();
    else this.#lacksMemory();
  }

  #lacksMemory(): void {
    this.#stream.pause();
    this.#keeper.lacksMemory(this);
  }

  /** Hands the pieces of this turn to the host, in one system call. */
  #flush(): void {
    const pieces = this.#pieces;
    if (pieces.length === 0) return;
    const slabs = this.#slabs;
    const bytes = this.#piecesBytes;
    this.#pieces = [];
    this.#slabs = [];
    this.#piecesBytes = 0;
    const stream = this.#stream;
    if (stream.destroyed || stream.writableEnded) return;
    this.#untaken += bytes;
    const last = pieces.length - 1;
    if (last > 0) stream.cork();
    for (let at = 0; at < last; at++) stream.write(pieces[at]);
    stream.write(pieces[last], (error) => this.#written(slabs, bytes, error));
    if (last > 0) stream.uncork();
  }

  /** What the guest may send in addition to what it has sent. */
  get #space(): number {
    const held = this.#stream.writableLength + this.#piecesBytes + (this.#receiver?.bytes ?? 0);
    return this.#keeper.memory.promise(RECEIVE_BYTES_MAX - held);
  }

  // Events of the stream. They come from the event loop.

  /** The host has taken these, and all before them. */
  #written(slabs: readonly Slab[], bytes: number, error?: Error | null): void {
    // What has failed may still be on its way to the kernel; any other stream may keep what it is given.
    if (!error && this.#stream instanceof Socket)
      for (const slab of slabs) this.#core.slabs.give(slab);
    if (this.#phase === "closed") return;
    this.#core.tick();
    this.#activeMs = this.#core.nowMs;
    this.#untaken -= bytes;
    this.#holdsOfGuest();
    this.#moreRoom();
    // It has waited for this with its end.
    if (this.#untaken === 0 && this.#receiver?.ended === true) this.#keeper.soon(this);
  }

  readonly #moreRoom = (): void => {
    if (this.#phase !== "open" || this.#receiver?.worthTelling(this.#space) !== true) return;
    this.#owesAck = true;
    this.#keeper.soon(this);
  };

  readonly #heardHost = (data: Buffer): void => {
    const sender = this.#sender;
    if (sender === null || this.#phase !== "open") return;
    this.#core.tick();
    this.#activeMs = this.#core.nowMs;
    const { queue } = sender;
    queue.push(data);
    this.#holding.set(0, queue.bytes, this.#core.nowMs);
    if (queue.bytes >= SEND_BYTES_HIGH || queue.pieces >= SEND_PIECES_HIGH) this.#stream.pause();
    else if (!this.#mayRead) this.#lacksMemory();
    this.#keeper.soon(this);
  };

  readonly #hostEnded = (): void => {
    if (this.#sender === null || this.#phase !== "open") return;
    this.#sender.ended = true;
    this.#core.tick();
    this.#activeMs = this.#core.nowMs;
    this.#keeper.soon(this);
  };

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
    const { emitter, nowMs } = this.#core;
    const { segmentsBytesMax } = this.#keeper;
    const bytesMax = Math.max(sender.mss, segmentsBytesMax - (segmentsBytesMax % sender.mss));
    for (;;) {
      const bytes = sender.sendable(bytesMax);
      if (bytes === 0) break;
      if (!emitter.hasRoom(this.#path.start + TCP_HEADER_BYTES + bytes)) {
        return this.#keeper.stalled(this);
      }
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
    const { emitter } = this.#core;
    const { start } = this.#path;
    emitter.begin(this.#path);
    const last = position + bytes === sender.queue.bytes;
    const window = this.#window();
    this.#header(
      Flag.ACK | (last ? Flag.PSH : 0),
      advance(sender.unacknowledged, position),
      window,
      0,
    );
    sender.queue.copy(position, emitter.bytes, start + TCP_HEADER_BYTES, bytes);
    const sent = emitter.send(
      this.#path,
      TCP_HEADER_BYTES + bytes,
      bytes > sender.mss ? sender.mss : 0,
    );
    if (sent) this.#owesAck = false;
  }

  /** A segment without data. False: there was no room. */
  #control(flags: number, sequence = this.#sender?.next ?? this.#initial): boolean {
    this.#core.emitter.begin(this.#path);
    this.#header(flags, sequence, this.#window(), 0);
    const sent = this.#core.emitter.send(this.#path, TCP_HEADER_BYTES);
    if (sent) this.#owesAck = false;
    return sent;
  }

  #window(): number {
    return this.#receiver?.advertise(this.#space) ?? 0;
  }

  #header(flags: number, sequence: number, window: number, optionBytes: number): void {
    const { view } = this.#core.emitter;
    const { start } = this.#path;
    view.setUint16(start, this.remotePort);
    view.setUint16(start + 2, this.guestPort);
    view.setUint32(start + 4, sequence);
    view.setUint32(start + 8, (flags & Flag.ACK) === 0 ? 0 : (this.#receiver?.next ?? 0));
    view.setUint16(start + 12, ((TCP_HEADER_BYTES + optionBytes) << 10) | flags);
    view.setUint16(start + 14, window);
    view.setUint16(start + 18, 0);
  }

  /** The guest gives up what it has with us. Only `reset` calls it, and the keeper after `unsaid`. */
  sendReset(): void {
    // Nobody has answered yet.
    if (this.#receiver === null) return;
    const sequence = this.#sender === null ? advance(this.#initial, 1) : this.#sender.resetSequence;
    // RFC 9293 §3.10.7.1: where nothing has been sent the number is 0.
    const said = this.#control(Flag.RST | Flag.ACK, this.#phase === "dialling" ? 0 : sequence);
    if (!said) this.#keeper.unsaid(this);
  }

  /** RFC 9293 §3.10.7.3: the number that the guest believes in. */
  #sendResetFor(acknowledgement: number): void {
    this.#core.emitter.begin(this.#path);
    this.#header(Flag.RST, acknowledgement, 0, 0);
    this.#core.emitter.send(this.#path, TCP_HEADER_BYTES);
  }

  // The end, and time.

  #finishIfDone(): void {
    if (this.#phase !== "open") return;
    if (this.#sender?.finAcknowledged !== true || this.#receiver?.ended !== true) return;
    // What the host has not taken is counted here, and ends with this.
    if (this.#untaken > 0 && !this.#stream.destroyed) return;
    this.#phase = "resting";
    this.#keeper.resting(this);
  }

  #close(): void {
    this.#phase = "closed";
    this.#core.scheduler.cancel(this.#timer);
    this.#stream.off("drain", this.#moreRoom);
    this.#stream.off("data", this.#heardHost);
    this.#stream.off("end", this.#hostEnded);
    this.#sender?.queue.clear();
    this.#pieces = [];
    this.#slabs = [];
    this.#holding.set(0, 0, this.#core.nowMs);
    this.#holding.set(1, 0, this.#core.nowMs);
    this.#keeper.closed(this);
  }

  /** When something is due at the latest; Infinity never. */
  get #dueMs(): number {
    if (this.#phase === "resting") return this.#activeMs + TIME_WAIT_MS;
    if (this.halfOpen) return this.#handshakeDueMs;
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
      if (this.halfOpen) this.#handshakeDue(nowMs);
      else if (nowMs >= (this.#sender?.dueMs ?? Infinity)) this.#silence();
      else this.#timedOut();
    }
    this.#arm();
  }

  #handshakeDue(nowMs: number): void {
    if (this.#phase === "dialling" || nowMs - this.#sinceMs >= HANDSHAKE_MS_MAX) {
      return this.#timedOut();
    }
    this.#handshake(this.#phase === "knocking" ? Flag.SYN : Flag.SYN | Flag.ACK);
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
