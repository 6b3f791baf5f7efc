/**
 * For tests of protocols: a link whose other end is the test. A case reads as a transcript of packets, with an
 * explicit clock:
 *
 *     wire.expect("arp who-has 10.0.0.1 tell 10.0.0.2");
 *     peer.arpReply();
 *     step(1 * SECOND);
 */
import { Errno } from "@phantasm/abi";
import {
  ETHERNET_HEADER_BYTES,
  FrameHandler,
  LINK_HEADROOM_BYTES,
  Link,
  LinkCounters,
  LinkWaiter,
  MAC_BYTES,
} from "@phantasm/interfaces";
import { Waiters, dispatch, enter, hold, leave, release } from "@phantasm/runtime";
import { expect, world } from "@phantasm/testing";
import { describeFrame } from "./testing-text";

export { Peer } from "./testing-peer";
export { TestRandom } from "@phantasm/testing/random";
export { describeFrame, macText } from "./testing-text";

/** Our end's address in all tests. */
export const OUR_MAC: u64 = 0x02_00_00_00_00_01;

/** Moves time, then one step of the domain: timers that are due, and tasks. Returns its deadline. */
export function step(ns: i64): i64 {
  enter(world.advance(ns), 0);
  dispatch();
  return leave();
}

/** Frames that are kept for the test at most; more are counted only. */
const SENT_FRAMES_MAX: i32 = 4096;


@final
export class Wire implements Link {
  private readonly address: Uint8Array = new Uint8Array(MAC_BYTES);
  private readonly sums: LinkCounters = new LinkCounters();
  private readonly incoming: Uint8Array = new Uint8Array(
    LINK_HEADROOM_BYTES + ETHERNET_HEADER_BYTES + 65535,
  );
  private handler: FrameHandler | null = null;
  private readonly waiters: Waiters<LinkWaiter> = new Waiters<LinkWaiter>();
  private readonly sent: Uint8Array[] = [];
  private gone: bool = false;
  private holding: bool = true;

  /** While true, sending is answered with AGAIN. */
  isFull: bool = false;
  /** Frames that it takes before it is full. */
  room: i32 = i32.MAX_VALUE;
  /** While true, frames that are sent are counted, and not kept. */
  forgets: bool = false;

  /** @param features bits of NetFeature */
  constructor(
    private readonly payloadMax: i32 = 1500,
    private readonly agreed: u32 = 0,
  ) {
    for (let at = 0; at < MAC_BYTES; at++) this.address[at] = <u8>(OUR_MAC >> (40 - 8 * at));
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
    memory.fill(buffer.dataStart + offset - LINK_HEADROOM_BYTES, 0, LINK_HEADROOM_BYTES);
    return this.sendOffloaded(buffer, offset, length);
  }

  sendOffloaded(buffer: Uint8Array, offset: i32, length: i32): i32 {
    assert(offset >= LINK_HEADROOM_BYTES && offset + length <= buffer.length, "wire: range");
    assert(length >= ETHERNET_HEADER_BYTES, "wire: a frame without header");
    if (load<u8>(buffer.dataStart + offset - LINK_HEADROOM_BYTES, 1) == 0)
      assert(length <= ETHERNET_HEADER_BYTES + this.payloadMax, "wire: longer than the MTU");
    if (this.gone) return Errno.GONE;
    if (this.room == 0) this.isFull = true;
    if (this.isFull) {
      this.sums.refusedFrames++;
      return Errno.AGAIN;
    }
    this.room--;
    this.sums.sentFrames++;
    this.sums.sentBytes += length;
    if (!this.forgets && this.sent.length < SENT_FRAMES_MAX)
      this.sent.push(buffer.slice(offset - LINK_HEADROOM_BYTES, offset + length));
    return 0;
  }

  receive(handler: FrameHandler): void {
    this.handler = handler;
    if (this.holding) hold();
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
  }

  /** There is room again. */
  drain(): void {
    this.isFull = false;
    this.room = i32.MAX_VALUE;
    for (let count = this.waiters.count; count > 0; count--) this.waiters.take().onLinkReady();
  }

  detach(): void {
    this.gone = true;
    const handler = this.handler;
    if (handler !== null) handler.onGone();
  }

  /** Frames that were sent and not looked at yet. */
  get pending(): i32 {
    return this.sent.length;
  }

  /** The next frame that was sent, without what is in front of it. */
  take(): Uint8Array {
    return this.takeWithHeader().slice(LINK_HEADROOM_BYTES);
  }

  /** The next frame that was sent, with its virtio_net_hdr. */
  takeWithHeader(): Uint8Array {
    assert(this.sent.length > 0, "wire: nothing was sent");
    return this.sent.shift();
  }

  /** The next frame that was sent reads as this. */
  expect(text: string): void {
    if (this.sent.length == 0) {
      expect("nothing was sent").toBe(text);
      return;
    }
    const frame = this.takeWithHeader();
    expect(describeFrame(frame)).toBe(text);
  }

  /** Everything that was sent was looked at. */
  expectNothing(): void {
    expect(this.sent.length == 0 ? "nothing" : describeFrame(this.sent[0])).toBe("nothing");
  }

  /** Leaves out what was sent. */
  forget(): void {
    this.sent.length = 0;
  }

  /**
   * A frame arrives.
   *
   * @param flags, kind, segmentBytes flags, gso_type and gso_size of its virtio_net_hdr
   */
  arrive(frame: Uint8Array, flags: u8 = 0, kind: u8 = 0, segmentBytes: u16 = 0): void {
    const whole = new Uint8Array(LINK_HEADROOM_BYTES + frame.length);
    whole[0] = flags;
    whole[1] = kind;
    store<u16>(whole.dataStart, segmentBytes, 4);
    whole.set(frame, LINK_HEADROOM_BYTES);
    this.arriveWithHeader(whole);
  }

  /** A frame arrives, with its virtio_net_hdr in front. */
  arriveWithHeader(frame: Uint8Array): void {
    const bytes = frame.length - LINK_HEADROOM_BYTES;
    memory.copy(this.incoming.dataStart, frame.dataStart, frame.length);
    this.sums.receivedFrames++;
    this.sums.receivedBytes += bytes;
    const handler = this.handler;
    if (handler !== null) handler.onFrame(this.incoming, LINK_HEADROOM_BYTES, bytes);
  }
}
