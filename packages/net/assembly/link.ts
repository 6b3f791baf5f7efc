import {
  Errno,
  Limit,
  NO_DEADLINE,
  NetFeature,
  net_info,
  net_receive,
  net_send,
} from "@phantasm/abi";
import {
  ETHERNET_HEADER_BYTES,
  FrameHandler,
  LINK_HEADROOM_BYTES,
  Link,
  LinkCounters,
  LinkWaiter,
  MAC_BYTES,
} from "@phantasm/interfaces";
import { Source, Waiters, addSource, hold, isEnding, release } from "@phantasm/runtime";

/** Ethernet header and the largest IP packet. */
const FRAME_BYTES_MAX: i32 = Limit.FRAME_BYTES_MAX - LINK_HEADROOM_BYTES;

/** Where net_info writes: u32 features, u32 MTU, MAC address. */
const info: usize = memory.data(16, 4);

/**
 * The link over the hypercalls net_info, net_send and net_receive. Which offloads it accepts stands in the
 * manifest; what is agreed, in `features`.
 */
export class HostLink extends Source implements Link {
  private readonly address: Uint8Array = new Uint8Array(MAC_BYTES);
  private readonly payloadMax: i32;
  private readonly agreed: u32;
  private readonly sums: LinkCounters = new LinkCounters();
  /** Made with the first receive: an image that only sends has no buffer. */
  private incoming: Uint8Array | null = null;
  private handler: FrameHandler | null = null;
  /** Receiving keeps the domain alive. */
  private holding: bool = true;
  private readonly waiters: Waiters<LinkWaiter> = new Waiters<LinkWaiter>();
  /** The host has refused a frame, and will step the domain when there is room. */
  private refused: bool = false;
  private again: bool = false;

  constructor(private readonly handle: i32) {
    super();
    net_info(handle, info);
    this.agreed = load<u32>(info);
    this.payloadMax = load<i32>(info, 4);
    memory.copy(this.address.dataStart, info + 8, MAC_BYTES);
    addSource(this);
  }

  get mac(): Uint8Array {
    return this.address;
  }

  get mtu(): i32 {
    return this.payloadMax;
  }

  get features(): u32 {
    return this.agreed;
  }

  get counters(): LinkCounters {
    return this.sums;
  }

  send(buffer: Uint8Array, offset: i32, length: i32): i32 {
    this.check(buffer, offset, length, ETHERNET_HEADER_BYTES + this.payloadMax);
    const header = buffer.dataStart + offset - LINK_HEADROOM_BYTES;
    store<u64>(header, 0);
    store<u16>(header, 0, 8);
    return this.hand(header, length);
  }

  sendOffloaded(buffer: Uint8Array, offset: i32, length: i32): i32 {
    const segments = (this.agreed & NetFeature.SEGMENT_SEND) != 0;
    this.check(
      buffer,
      offset,
      length,
      segments ? FRAME_BYTES_MAX : ETHERNET_HEADER_BYTES + this.payloadMax,
    );
    return this.hand(buffer.dataStart + offset - LINK_HEADROOM_BYTES, length);
  }

  receive(handler: FrameHandler): void {
    assert(this.handler === null, "link: receive, but there is a handler already");
    if (this.incoming === null) {
      const segments = (this.agreed & NetFeature.SEGMENT_RECEIVE) != 0;
      const bytes = segments ? FRAME_BYTES_MAX : ETHERNET_HEADER_BYTES + this.payloadMax;
      this.incoming = new Uint8Array(LINK_HEADROOM_BYTES + bytes);
    }
    if (this.holding) hold();
    this.handler = handler;
    this.again = true;
  }

  background(): void {
    if (!this.holding) return;
    this.holding = false;
    if (this.handler !== null) release();
  }

  stop(): void {
    if (this.handler === null) return;
    this.handler = null;
    if (this.holding) release();
  }

  whenReady(waiter: LinkWaiter): void {
    this.waiters.add(waiter);
    if (!this.refused) this.again = true;
  }

  dispatch(now: i64): void {
    this.again = false;
    this.refused = false;
    for (let count = this.waiters.count; count > 0 && !isEnding(); count--)
      this.waiters.take().onLinkReady();
    const buffer = this.incoming;
    if (buffer !== null) this.take(buffer);
  }

  deadline(): i64 {
    return this.again ? 0 : NO_DEADLINE;
  }

  private check(buffer: Uint8Array, offset: i32, length: i32, bytesMax: i32): void {
    assert(
      offset >= LINK_HEADROOM_BYTES && length >= 0 && offset <= buffer.length - length,
      "link: a frame to send lies outside its buffer, or too near to its start",
    );
    assert(
      length >= ETHERNET_HEADER_BYTES && length <= bytesMax,
      "link: a frame to send is shorter than its header or longer than the MTU allows",
    );
  }

  /** Hands a frame to the host; `header` is where its virtio_net_hdr lies. */
  private hand(header: usize, length: i32): i32 {
    const status = net_send(this.handle, header, LINK_HEADROOM_BYTES + length);
    if (status == 0) {
      this.sums.sentFrames++;
      this.sums.sentBytes += length;
    } else if (status == Errno.AGAIN) {
      this.sums.refusedFrames++;
      this.refused = true;
    }
    return status;
  }

  private take(buffer: Uint8Array): void {
    for (let frames = 0; frames < Limit.STEP_FRAMES_MAX; frames++) {
      const handler = this.handler;
      if (handler === null || isEnding()) return;
      const result = net_receive(this.handle, buffer.dataStart, buffer.length);
      if (result == Errno.GONE) {
        this.stop();
        handler.onGone();
      }
      if (result < 0) return;
      const length = result - LINK_HEADROOM_BYTES;
      this.sums.receivedFrames++;
      this.sums.receivedBytes += length;
      handler.onFrame(buffer, LINK_HEADROOM_BYTES, length);
    }
    // This step has had its share; more may wait.
    this.again = true;
  }
}
