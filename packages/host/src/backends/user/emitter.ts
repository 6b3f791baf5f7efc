/**
 * Frames for the guest: made one after the other, queued until the guest takes them.
 *
 * Streams leave room in the queue for everything else: a flood of data never costs an answer.
 */
import { NetFeature } from "@phantasm/abi";
import { HEADER_BYTES, QUEUE_BYTES_MAX } from "../link.js";
import type { UserCounters } from "./counters.js";
import { complement, fold, sumBytes } from "./checksum.js";
import { FrameQueue } from "./frame-queue.js";
import { ETHERNET, IP, Protocol } from "./packet.js";
import { IPV4_HEADER_BYTES, type Path } from "./path.js";
import type { Slab, SlabPool } from "./slab.js";

/** What streams may fill. The rest is for segments without data, datagrams and the like. */
const STREAM_BYTES_MAX = QUEUE_BYTES_MAX - 262_144;
const FLAG_NEEDS_CSUM = 1;
const GSO_TCPV4 = 1;
const GSO_TCPV6 = 4;
const UDP_HEADER_BYTES = 8;

/** Where a transport has its checksum, from its own start. */
const CHECKSUM_OFFSET: Readonly<Record<number, number>> = {
  [Protocol.TCP]: 16,
  [Protocol.UDP]: 6,
  [Protocol.ICMP]: 2,
  [Protocol.ICMPV6]: 2,
};

export class Emitter {
  readonly queue: FrameQueue;
  /** Where the next frame is made. */
  #slab: Slab;
  readonly #counters: UserCounters;
  readonly #queued: () => void;
  /** Bits of NetFeature that frames may make use of. */
  features = 0;

  /** @param queued called after a frame was queued */
  constructor(counters: UserCounters, slabs: SlabPool, queued: () => void) {
    this.queue = new FrameQueue(QUEUE_BYTES_MAX, slabs);
    this.#slab = slabs.take();
    this.#counters = counters;
    this.#queued = queued;
  }

  /** Of the frame that is being made: until it is queued. */
  get bytes(): Uint8Array {
    return this.#slab.bytes;
  }

  get view(): DataView {
    return this.#slab.view;
  }

  /** Whether a stream may queue a frame of this size. */
  hasRoom(frameBytes: number): boolean {
    return this.queue.bytes + frameBytes <= STREAM_BYTES_MAX;
  }

  /** Starts a packet: its transport header and payload go to `path.start`. */
  begin(path: Path): void {
    this.bytes.set(path.template);
  }

  /**
   * Ends a packet with `transportBytes` behind the IP header, and queues it. False: no room, counted.
   *
   * @param segmentBytes TCP payload of each segment when the packet is more than one; else 0
   */
  send(path: Path, transportBytes: number, segmentBytes = 0): boolean {
    const { view, bytes } = this.#slab;
    const { start } = path;
    if (path.ipv4) {
      const totalBytes = start - IP + transportBytes;
      view.setUint16(IP + 2, totalBytes);
      view.setUint16(IP + 10, complement(path.headerSum + totalBytes));
    } else {
      view.setUint16(IP + 4, transportBytes);
    }
    const offset = CHECKSUM_OFFSET[path.protocol] ?? 0;
    const partial =
      (this.features & NetFeature.CHECKSUM_RECEIVE) !== 0 &&
      (path.protocol === Protocol.TCP || path.protocol === Protocol.UDP);
    // RFC 792: the checksum of ICMP has no pseudo-header; RFC 4443 §2.3: that of ICMPv6 has.
    const pseudoSum = path.protocol === Protocol.ICMP ? 0 : fold(path.pseudoSum + transportBytes);
    if (partial) {
      bytes[0] = FLAG_NEEDS_CSUM;
      view.setUint16(6, start - HEADER_BYTES, true);
      view.setUint16(8, offset, true);
      view.setUint16(start + offset, pseudoSum);
    } else {
      view.setUint16(start + offset, 0);
      const sum = sumBytes(this.#slab.words, bytes, start, transportBytes);
      view.setUint16(start + offset, complement(sum + pseudoSum));
    }
    if (segmentBytes > 0) {
      bytes[1] = path.ipv4 ? GSO_TCPV4 : GSO_TCPV6;
      const headerBytes = start + (view.getUint8(start + 12) >> 4) * 4;
      view.setUint16(2, headerBytes - HEADER_BYTES, true);
      view.setUint16(4, segmentBytes, true);
    }
    return this.raw(start + transportBytes);
  }

  /** Queues the first bytes of the buffer as they are. False: no room, counted. */
  raw(length: number): boolean {
    const slab = this.queue.offer(this.#slab, length);
    if (slab === null) {
      this.#counters.droppedFrames++;
      return false;
    }
    this.#slab = slab;
    this.#queued();
    return true;
  }

  /** Starts a frame that is not IP: clears the virtio_net_hdr. */
  beginRaw(destination: Uint8Array, source: Uint8Array, etherType: number): void {
    this.bytes.fill(0, 0, HEADER_BYTES);
    this.bytes.set(destination, ETHERNET);
    this.bytes.set(source, ETHERNET + 6);
    this.view.setUint16(ETHERNET + 12, etherType);
  }

  /** A datagram. False: it is longer than `mtu`, or there was no room. */
  datagram(
    path: Path,
    sourcePort: number,
    destinationPort: number,
    payload: Uint8Array,
    mtu: number,
  ): boolean {
    const { start } = path;
    const transportBytes = UDP_HEADER_BYTES + payload.length;
    if (path.headerBytes + transportBytes > mtu) return false;
    this.begin(path);
    this.view.setUint16(start, sourcePort);
    this.view.setUint16(start + 2, destinationPort);
    this.view.setUint16(start + 4, transportBytes);
    this.bytes.set(payload, start + UDP_HEADER_BYTES);
    return this.send(path, transportBytes);
  }
}

/** The largest TCP payload in one packet, options left out, on a path of this kind. */
export function segmentBytesMax(mtu: number, ipv4: boolean): number {
  return mtu - (ipv4 ? IPV4_HEADER_BYTES : IPV4_HEADER_BYTES * 2) - 20;
}
