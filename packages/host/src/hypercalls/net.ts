/** net_info, net_send, net_receive of one device. */
import { Errno, Limit, NetFeature } from "@phantasm/abi";
import type { NetDevice } from "@phantasm/seal";
import type { NetBackend } from "../backends/types.js";
import { callIndex, deviceFailure, type CallContext } from "./context.js";
import type { Source } from "./source.js";

const INFO = callIndex("net_info");
const SEND = callIndex("net_send");
const RECEIVE = callIndex("net_receive");

const ETHERNET_HEADER_BYTES = 14;
const FRAME_OVERHEAD_BYTES = Limit.FRAME_HEADER_BYTES + ETHERNET_HEADER_BYTES;
const RECORD_ALIGNMENT = 4;

// virtio_net_hdr (virtio 1.2 §5.1.6), little-endian:
// flags u8, gso_type u8, hdr_len u16, gso_size u16, csum_start u16, csum_offset u16
const FLAG_NEEDS_CSUM = 1;
const GSO_NONE = 0;
const GSO_TCPV4 = 1;
const GSO_TCPV6 = 4;
/** Congestion bits of the segment are in use; goes with either of the above. */
const GSO_ECN = 0x80;

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
  /** Frames that used an offload the image does not accept. */
  droppedFrames = 0;
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
    });
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
        const bytes = this.#backend.receive(into);
        if (bytes === 0) break;
        if (this.#accepts(into)) return bytes;
        this.droppedFrames++;
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

  /** A peer may send what this image has not agreed to: its problem, not the image's. */
  #accepts(frame: Uint8Array): boolean {
    const partial = ((frame[0] ?? 0) & FLAG_NEEDS_CSUM) !== 0;
    if (partial && (this.#features & NetFeature.CHECKSUM_RECEIVE) === 0) return false;
    return frame[1] === GSO_NONE || (this.#features & NetFeature.SEGMENT_RECEIVE) !== 0;
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
