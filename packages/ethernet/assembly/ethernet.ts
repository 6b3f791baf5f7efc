import { Errno, NetFeature } from "@phantasm/abi";
import {
  ETHERNET_HEADER_BYTES,
  FrameHandler,
  LINK_HEADROOM_BYTES,
  Link,
  LinkWaiter,
} from "@phantasm/interfaces";
import { EthernetCounters } from "./counters";
import {
  EtherType,
  EthernetHandler,
  Frame,
  MAC_BROADCAST,
  isGroupMac,
  loadMac,
  storeMac,
} from "./frame";
import { Groups } from "./groups";
import { Offload } from "./offload";

/** ARP and both versions of IP, and one more. */
const TYPES_MAX: i32 = 4;

/** Where a frame's payload starts in its buffer: 24, so that an IP header is aligned to 8 bytes. */
const PAYLOAD_AT: i32 = LINK_HEADROOM_BYTES + ETHERNET_HEADER_BYTES;

/** Bytes of the largest IP packet; what a link that cuts segments takes. */
const SEGMENTS_BYTES_MAX: i32 = 65535;

/**
 * Ethernet II frames over a link (RFC 894): each received one goes to the protocol of its type; there is one
 * buffer for the frame to send.
 */
@final
export class Ethernet implements FrameHandler {
  readonly counters: EthernetCounters = new EthernetCounters();
  /** Our link address. */
  readonly mac: u64;
  /** Largest payload of a frame that the link does not cut, in bytes. */
  readonly mtu: i32;
  /** The link completes checksums of transports (CHECKSUM_SEND). */
  readonly completesChecksums: bool;
  /** The link cuts TCP segments (SEGMENT_SEND). */
  readonly segments: bool;
  /** Largest payload that `begin` has room for. */
  readonly payloadBytesMax: i32;

  private readonly groups: Groups = new Groups();
  private readonly frame: Frame = new Frame();
  private readonly types: StaticArray<u16> = new StaticArray<u16>(TYPES_MAX);
  private readonly handlers: StaticArray<EthernetHandler | null> =
    new StaticArray<EthernetHandler | null>(TYPES_MAX);
  private handlerCount: i32 = 0;
  private readonly outgoing: Uint8Array;
  private readonly payload: usize;
  private gone: bool = false;

  /** Starts to receive; that does not keep the domain alive: sockets and connections do. */
  constructor(private readonly link: Link) {
    const address = link.mac;
    let mac: u64 = 0;
    for (let at = 0; at < address.length; at++) mac = (mac << 8) | address[at];
    const features = link.features;
    const completes = (features & NetFeature.CHECKSUM_SEND) != 0;
    const segments = completes && (features & NetFeature.SEGMENT_SEND) != 0;
    const payloadBytesMax = segments ? SEGMENTS_BYTES_MAX : link.mtu;
    const outgoing = new Uint8Array(PAYLOAD_AT + payloadBytesMax);
    this.outgoing = outgoing;
    this.payload = outgoing.dataStart + PAYLOAD_AT;
    this.mac = mac;
    this.mtu = link.mtu;
    this.completesChecksums = completes;
    this.segments = segments;
    this.payloadBytesMax = payloadBytesMax;
    link.background();
    link.receive(this);
  }

  /** Hands frames of a type to a protocol; at most four, one for each type. */
  register(type: u16, handler: EthernetHandler): void {
    assert(
      this.handlerCount < TYPES_MAX && this.handlerFor(type) === null,
      "ethernet: a type twice, or more than four",
    );
    this.types[this.handlerCount] = type;
    this.handlers[this.handlerCount] = handler;
    this.handlerCount++;
  }

  /**
   * Receives frames to a multicast address from now on, until `leave` was called as often. False: GROUPS_MAX others
   * are joined already.
   */
  join(group: u64): bool {
    return this.groups.join(group);
  }

  leave(group: u64): void {
    this.groups.leave(group);
  }

  /** True once the link was detached: `send` answers GONE. */
  get isGone(): bool {
    return this.gone;
  }

  /**
   * Where to write the payload of the frame to send: room for `payloadBytesMax` bytes, aligned to 8. Valid until
   * the next call of `begin`, by anybody: write and send without calling anything else.
   */
  // @ts-ignore: decorator
  @inline
  begin(): usize {
    return this.payload;
  }

  /**
   * Sends the first `bytes` bytes there, at most `mtu`. It has been copied when this returns.
   *
   * Returns 0; AGAIN when the link has no room (`whenReady`); GONE.
   */
  send(target: u64, type: u16, bytes: i32): i32 {
    this.head(type);
    return this.sendTo(target, bytes);
  }

  /** Writes the headers of link and frame but for the target: `sendTo` or `WaitingFrames.keep` follow. */
  head(type: u16): void {
    const header = this.payload - PAYLOAD_AT;
    store<u64>(header, 0);
    store<u16>(header, 0, 8);
    this.frameHeader(type);
  }

  /**
   * `head` of an IP packet whose transport checksum the link fills in: the field holds the folded sum of the
   * pseudo-header. Only when `completesChecksums`, and with `segmentBytes` only when `segments`.
   *
   * @param checksumFrom offset of the transport's header in the payload
   * @param checksumAt offset of the checksum in that header
   * @param headerBytes of all headers of the payload, and
   * @param segmentBytes payload of one TCP segment, when the link is to cut it; else both 0
   */
  headOffloaded(
    type: u16,
    checksumFrom: i32,
    checksumAt: i32,
    headerBytes: i32,
    segmentBytes: i32,
  ): void {
    const header = this.payload - PAYLOAD_AT;
    store<u8>(header, Offload.NEEDS_CHECKSUM);
    let kind: u8 = Offload.NOT_SEGMENTED;
    if (segmentBytes > 0) kind = type == EtherType.IPV4 ? Offload.TCP_V4 : Offload.TCP_V6;
    store<u8>(header, kind, 1);
    store<u16>(header, <u16>(segmentBytes > 0 ? ETHERNET_HEADER_BYTES + headerBytes : 0), 2);
    store<u16>(header, <u16>segmentBytes, 4);
    store<u16>(header, <u16>(ETHERNET_HEADER_BYTES + checksumFrom), 6);
    store<u16>(header, <u16>checksumAt, 8);
    this.frameHeader(type);
  }

  /** Sends what `head` or `headOffloaded` began. Results as `send`. */
  sendTo(target: u64, bytes: i32): i32 {
    const at = this.payload - ETHERNET_HEADER_BYTES;
    const raw = bswap(target << 16);
    store<u32>(at, <u32>raw);
    store<u16>(at, <u16>(raw >> 32), 4);
    const status = this.link.sendOffloaded(
      this.outgoing,
      LINK_HEADROOM_BYTES,
      ETHERNET_HEADER_BYTES + bytes,
    );
    if (status == 0) this.counters.sent++;
    else if (status == Errno.AGAIN) this.counters.refused++;
    return status;
  }

  /** Calls back once when the link may take a frame again. */
  whenReady(waiter: LinkWaiter): void {
    this.link.whenReady(waiter);
  }

  /** Stops receiving for good. */
  stop(): void {
    this.link.stop();
  }

  onFrame(buffer: Uint8Array, offset: i32, length: i32): void {
    const counters = this.counters;
    // RFC 894: at least a header; padding to the minimum is the link's business.
    if (length < ETHERNET_HEADER_BYTES) {
      counters.malformed++;
      return;
    }
    const at = buffer.dataStart + offset;
    const target = loadMac(at);
    const source = loadMac(at + 6);
    const isGroup = isGroupMac(target);
    if (isGroup) {
      if (target != MAC_BROADCAST && !this.groups.has(target)) {
        counters.notJoined++;
        return;
      }
    } else if (target != this.mac) {
      counters.notForUs++;
      return;
    }
    if (source == this.mac) {
      // Our own, come back by a hub or a loop.
      counters.notForUs++;
      return;
    }
    if (isGroupMac(source)) {
      counters.malformed++;
      return;
    }
    const type = bswap(load<u16>(at, 12));
    const handler = this.handlerFor(type);
    if (handler === null) {
      if (type == EtherType.VLAN) counters.tagged++;
      else counters.unknownType++;
      return;
    }
    const frame = this.frame;
    const flags = load<u8>(at - LINK_HEADROOM_BYTES);
    const kind = load<u8>(at - LINK_HEADROOM_BYTES, 1);
    frame.isTrusted = (flags & (Offload.NEEDS_CHECKSUM | Offload.CHECKSUM_VALID)) != 0;
    frame.segmentBytes = kind == Offload.NOT_SEGMENTED ? 0 : load<u16>(at - LINK_HEADROOM_BYTES, 4);
    frame.payload = at + ETHERNET_HEADER_BYTES;
    frame.bytes = length - ETHERNET_HEADER_BYTES;
    frame.source = source;
    frame.isGroup = isGroup;
    counters.received++;
    handler.onEthernet(frame);
  }

  onGone(): void {
    this.gone = true;
    for (let at = 0; at < this.handlerCount; at++)
      changetype<EthernetHandler>(this.handlers[at]).onEthernetGone();
  }

  private handlerFor(type: u16): EthernetHandler | null {
    for (let at = 0, count = this.handlerCount; at < count; at++)
      if (unchecked(this.types[at]) == type) return unchecked(this.handlers[at]);
    return null;
  }

  // @ts-ignore: decorator
  @inline
  private frameHeader(type: u16): void {
    const at = this.payload - ETHERNET_HEADER_BYTES;
    storeMac(at + 6, this.mac);
    store<u16>(at, bswap(type), 12);
  }
}
