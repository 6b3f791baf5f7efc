/** net_info, net_send, net_receive of one device. */
import { Errno, Limit, NetFeature } from "@phantasm/abi";
import type { NetDevice } from "@phantasm/seal";
import {
  Finisher,
  FLAG_NEEDS_CSUM,
  GSO_ECN,
  GSO_NONE,
  GSO_TCPV4,
  GSO_TCPV6,
  isUnfinished,
} from "../backends/offload.js";
import type { NetBackend } from "../backends/types.js";
import { callIndex, deviceFailure, type CallContext } from "./context.js";
import type { Source } from "./source.js";

const INFO = callIndex("net_info");
const SEND = callIndex("net_send");
const RECEIVE = callIndex("net_receive");

const ETHERNET_HEADER_BYTES = 14;
const FRAME_OVERHEAD_BYTES = Limit.FRAME_HEADER_BYTES + ETHERNET_HEADER_BYTES;
const RECORD_ALIGNMENT = 4;

/** See `PortEvents`. */
interface NetEvents {
  readonly ready: () => void;
  readonly gone: (device: string, reason: string) => void;
}

export class NetPort implements Source {
  readonly #context: CallContext;
  readonly #device: NetDevice;
  readonly #backend: NetBackend;
  readonly #features: number;
  readonly #capacityMin: number;
  armed = false;
  /** Frames that arrived with a header no receiver can make sense of. */
  droppedFrames = 0;
  readonly #finisher = new Finisher();
  /** Where a segment waits that the image has not agreed to receive whole; null: none can come. */
  #whole: Uint8Array | null = null;
  readonly #events: NetEvents;
  #told = false;

  constructor(context: CallContext, device: NetDevice, backend: NetBackend, events: NetEvents) {
    this.#events = events;
    this.#context = context;
    this.#device = device;
    this.#backend = backend;
    this.#features = device.offloads & backend.features;
    this.#capacityMin =
      (this.#features & NetFeature.SEGMENT_RECEIVE) !== 0
        ? Limit.FRAME_BYTES_MAX
        : FRAME_OVERHEAD_BYTES + backend.mtu;
    backend.attach(() => {
      if (backend.gone) this.#tellGone();
      if (!this.armed) return;
      this.armed = false;
      events.ready();
    }, this.#features);
    // A backend that heeds what was agreed offers no more than that from now on.
    if ((backend.features & ~this.#features & NetFeature.SEGMENT_RECEIVE) !== 0) {
      this.#whole = new Uint8Array(Limit.FRAME_BYTES_MAX);
    }
  }

  info(ptr: number): void {
    const context = this.#context;
    context.checkRecord(INFO, ptr, Limit.NET_INFO_BYTES, RECORD_ALIGNMENT);
    const record = context.memory.record(ptr, Limit.NET_INFO_BYTES);
    record.setUint32(0, this.#features, true);
    record.setUint32(4, this.#backend.mtu, true);
    for (let at = 0; at < 6; at++) record.setUint8(8 + at, this.#backend.mac[at] ?? 0);
    record.setUint16(14, 0);
  }

  send(ptr: number, length: number): number {
    const context = this.#context;
    if (length < FRAME_OVERHEAD_BYTES || length > Limit.FRAME_BYTES_MAX) {
      context.bug(
        SEND,
        `length ${length} is outside ${FRAME_OVERHEAD_BYTES} to ${Limit.FRAME_BYTES_MAX}`,
      );
    }
    context.checkRange(SEND, ptr, length);
    const frame = context.memory.view(ptr, length);
    this.#checkHeader(frame, length);
    let accepted: boolean;
    try {
      if (this.#backend.gone) return this.#gone();
      accepted = this.#backend.send(frame);
    } catch (error) {
      throw deviceFailure(this.#device.name, error);
    }
    if (accepted) return 0;
    this.armed = true;
    return Errno.AGAIN;
  }

  receive(ptr: number, capacity: number): number {
    const context = this.#context;
    if (capacity >>> 0 < this.#capacityMin) {
      context.bug(
        RECEIVE,
        `capacity ${capacity >>> 0} is less than the ${this.#capacityMin} a frame may need`,
      );
    }
    context.checkRange(RECEIVE, ptr, capacity);
    const into = context.memory.view(ptr, capacity);
    try {
      for (;;) {
        if (this.#finisher.pending) return this.#finisher.next(into);
        const bytes = this.#backend.receive(this.#whole ?? into);
        if (bytes === 0) break;
        const ready = this.#whole === null ? this.#settle(into, bytes) : this.#cut(into, bytes);
        if (ready > 0) return ready;
      }
      if (this.#backend.gone) return this.#gone();
    } catch (error) {
      throw deviceFailure(this.#device.name, error);
    }
    this.armed = true;
    return Errno.AGAIN;
  }

  /** The operator is told from the event loop: this may be the edge of the guest's stack. */
  #gone(): number {
    if (!this.#told) queueMicrotask(() => this.#tellGone());
    return Errno.GONE;
  }

  #tellGone(): void {
    const reason = this.#backend.reason ?? null;
    if (this.#told || reason === null) return;
    this.#told = true;
    this.#events.gone(this.#device.name, reason);
  }

  /**
   * Makes what has arrived in `into` agree with what the image accepts, and returns its bytes; 0: it
   * was dropped. A header tells nothing but what the ABI knows.
   */
  #settle(into: Uint8Array, bytes: number): number {
    if (!isUnfinished(into)) return bytes;
    const kind = (into[1] ?? 0) & ~GSO_ECN;
    const isSegment = kind === GSO_TCPV4 || kind === GSO_TCPV6;
    const isKnown = isSegment
      ? (this.#features & NetFeature.SEGMENT_RECEIVE) !== 0
      : into[1] === GSO_NONE;
    if (isKnown && ((into[0] ?? 0) & FLAG_NEEDS_CSUM) !== 0) {
      into[0] = FLAG_NEEDS_CSUM;
      if ((this.#features & NetFeature.CHECKSUM_RECEIVE) !== 0) return bytes;
    }
    // An image may take segments and no partial checksums: `complete` keeps the size.
    if (isKnown && this.#finisher.complete(into, bytes)) return bytes;
    this.droppedFrames++;
    return 0;
  }

  /** As `#settle`, for a frame in `#whole` that may be longer than `into`. */
  #cut(into: Uint8Array, bytes: number): number {
    const whole = this.#whole ?? into;
    if (whole[1] === GSO_NONE && bytes <= into.length) {
      into.set(whole.subarray(0, bytes));
      return this.#settle(into, bytes);
    }
    if (this.#finisher.split(whole, bytes, this.#backend.mtu)) return this.#finisher.next(into);
    this.droppedFrames++;
    return 0;
  }

  #checkHeader(frame: Uint8Array, length: number): void {
    const context = this.#context;
    const flags = frame[0] ?? 0;
    const gso = frame[1] ?? 0;
    if (flags === 0) {
      for (let at = 1; at < Limit.FRAME_HEADER_BYTES; at++) {
        if (frame[at] !== 0) context.bug(SEND, `byte ${at} of an unused header is ${frame[at]}`);
      }
    } else {
      this.#checkChecksum(frame, length, flags);
    }
    if (gso !== GSO_NONE) {
      const kind = gso & ~GSO_ECN;
      if ((this.#features & NetFeature.SEGMENT_SEND) === 0) {
        context.bug(SEND, `gso_type ${gso}: the link does not offer SEGMENT_SEND`);
      }
      if (kind !== GSO_TCPV4 && kind !== GSO_TCPV6) context.bug(SEND, `gso_type ${gso} is unknown`);
      if (((frame[4] ?? 0) | (frame[5] ?? 0)) === 0) context.bug(SEND, "gso_size is 0");
    } else if (length > FRAME_OVERHEAD_BYTES + this.#backend.mtu) {
      context.bug(
        SEND,
        `length ${length} is more than ${FRAME_OVERHEAD_BYTES} and the MTU of ${this.#backend.mtu}`,
      );
    }
  }

  #checkChecksum(frame: Uint8Array, length: number, flags: number): void {
    const context = this.#context;
    if (flags !== FLAG_NEEDS_CSUM) context.bug(SEND, `flags ${flags} are unknown`);
    if ((this.#features & NetFeature.CHECKSUM_SEND) === 0) {
      context.bug(SEND, "flag NEEDS_CSUM: the link does not offer CHECKSUM_SEND");
    }
    const start = (frame[6] ?? 0) | ((frame[7] ?? 0) << 8);
    const offset = (frame[8] ?? 0) | ((frame[9] ?? 0) << 8);
    if (start + offset + 2 > length - Limit.FRAME_HEADER_BYTES) {
      context.bug(SEND, `csum_start ${start} and csum_offset ${offset} lie beyond the frame`);
    }
  }
}
