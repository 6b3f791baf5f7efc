/**
 * A link that carries Ethernet frames.
 *
 * A frame is destination, source, type and payload, without preamble and check sequence: 14 bytes and up
 * to `mtu`. In every buffer the LINK_HEADROOM_BYTES in front of a frame belong to the link, on the way
 * in and on the way out: so nothing is copied, and a received frame can be changed and sent back where
 * it lies.
 *
 * Links lose frames, without notice, when a queue is full; whoever needs them all asks again.
 */

/**
 * Bytes in front of a frame that belong to the link: a virtio_net_hdr (virtio 1.2 §5.1.6), zero unless an offload
 * is used. Little-endian: flags u8, gso_type u8, hdr_len u16, gso_size u16, csum_start u16, csum_offset u16.
 */
export const LINK_HEADROOM_BYTES: i32 = 10;

/** Destination and source address, and the type. */
export const ETHERNET_HEADER_BYTES: i32 = 14;

/** Bytes of a MAC address. */
export const MAC_BYTES: i32 = 6;

/** Receives frames. */
export interface FrameHandler {
  /**
   * A frame of `length` bytes lies in `buffer` from `offset`, with its virtio_net_hdr in front. The buffer belongs
   * to the link and is used again after the call; inside it the handler may change the frame, and send it.
   */
  onFrame(buffer: Uint8Array, offset: i32, length: i32): void;

  /** The link was detached; called once, nothing follows. */
  onGone(): void;
}

/** Told that the link may take a frame again. */
export interface LinkWaiter {
  onLinkReady(): void;
}

/** Sums since boot. */
export class LinkCounters {
  sentFrames: u64 = 0;
  sentBytes: u64 = 0;
  receivedFrames: u64 = 0;
  receivedBytes: u64 = 0;
  /** Calls of `send` that were answered with AGAIN. */
  refusedFrames: u64 = 0;
}

export interface Link {
  /** This end's address: MAC_BYTES bytes, to be read only. */
  readonly mac: Uint8Array;

  /** Largest payload of a frame, in bytes. */
  readonly mtu: i32;

  /** Bits of NetFeature (@phantasm/abi) that both sides have agreed to; fixed for life. */
  readonly features: u32;

  readonly counters: LinkCounters;

  /**
   * Sends the frame of `length` bytes that lies in `buffer` from `offset`, which is at least
   * LINK_HEADROOM_BYTES: the link overwrites the bytes in front. It has been copied when this returns.
   *
   * Returns 0; AGAIN when there is no room (`whenReady` tells when to come back); GONE when the link was
   * detached.
   */
  send(buffer: Uint8Array, offset: i32, length: i32): i32;

  /**
   * `send` with the header that the caller has written to the LINK_HEADROOM_BYTES in front of the frame, which may
   * ask for what `features` allows: a checksum to fill in, a TCP segment of up to 64 KiB to cut.
   */
  sendOffloaded(buffer: Uint8Array, offset: i32, length: i32): i32;

  /** Starts receiving; at most one handler. Keeps the domain alive until `stop` or the end of the link. */
  receive(handler: FrameHandler): void;

  /** From now on receiving does not keep the domain alive. */
  background(): void;

  /** Stops receiving; frames wait with the host, and are lost when its queue is full. */
  stop(): void;

  /** Calls back once, when there may be room again: in the order of asking. Keeps the domain alive. */
  whenReady(waiter: LinkWaiter): void;
}
