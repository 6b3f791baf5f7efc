/** Datagrams (RFC 768): each arrives whole, once, twice, out of order, or never. */
import { Endpoint, IpAddress } from "./address";

/** Where a datagram came from. One object a socket, used again for each; keep copies. */
export class Datagram {
  sourceHigh: u64 = 0;
  sourceLow: u64 = 0;
  sourcePort: u16 = 0;
  /** The address of ours it was sent to, or of a group. */
  destinationHigh: u64 = 0;
  destinationLow: u64 = 0;
  /** DSCP and ECN. */
  trafficClass: u8 = 0;
  /** The payload lies here for the length of the call, and may be changed. */
  payload: usize = 0;
  bytes: i32 = 0;

  get source(): Endpoint {
    return new Endpoint(new IpAddress(this.sourceHigh, this.sourceLow), this.sourcePort);
  }

  /** Copies `bytes` bytes of the payload from `at` to `target`, from `to`. */
  copyOut(at: i32, target: Uint8Array, to: i32, bytes: i32): void {
    assert(
      at >= 0 && to >= 0 && bytes >= 0 && at <= this.bytes - bytes && to <= target.length - bytes,
      "datagram: a copy reaches beyond the datagram or the array",
    );
    memory.copy(target.dataStart + to, this.payload + at, bytes);
  }
}

export interface UdpHandler {
  /**
   * A datagram. Answer at once with `socket.reply`, which needs no look-up and no allocation, or copy what you
   * need.
   */
  onDatagram(socket: UdpSocket, datagram: Datagram): void;

  /**
   * What was sent to `remote` did not arrive; `error` is negative: REFUSED, UNREACHABLE, TOO_LARGE. Only told to
   * a connected socket, or about the last few destinations.
   */
  onDatagramError(socket: UdpSocket, remote: Endpoint, error: i32): void;
}

/** Bound to a local port. Keeps the domain alive until it is closed or in the background. */
export interface UdpSocket {
  readonly localPort: u16;

  /** Datagrams for this socket that were dropped: bad checksum, or too long for what was asked. */
  readonly droppedDatagrams: u64;

  /**
   * Sends `length` bytes of `buffer` from `offset`; they have been copied when it returns. 0: sent, as far as
   * anybody can tell. AGAIN: the link has no room; `whenWritable` tells when to come back. TOO_LARGE: no IP packet
   * can be that long, or it may not be cut up. NO_ROUTE, GONE.
   */
  send(remote: Endpoint, buffer: Uint8Array, offset: i32, length: i32): i32;

  /**
   * Room for an answer to the datagram that is being handled, in the frame itself: where to write up to
   * `replyBytesMax` bytes; follow with `sendReply`, and call nothing of the stack in between.
   */
  beginReply(datagram: Datagram): usize;

  /** Most bytes of a reply that travel in one frame. */
  readonly replyBytesMax: i32;

  /** Sends the first `bytes` bytes written to `beginReply`, from the address and port the datagram came to. */
  sendReply(bytes: i32): i32;

  /** Answers from an array: copies `length` bytes of `buffer` from `offset`. Results as `send`. */
  reply(datagram: Datagram, buffer: Uint8Array, offset: i32, length: i32): i32;

  /** Calls back once when the link may take a datagram again. */
  whenWritable(waiter: UdpWaiter): void;

  /** TTL or hop limit of what is sent; 64 unless set. */
  hopLimit: u8;

  /** From now on it does not keep the domain alive. */
  background(): void;

  /** No handler is called any more, and the port is free. Idempotent. */
  close(): void;
}

export interface UdpWaiter {
  onUdpWritable(socket: UdpSocket): void;
}

export interface Udp {
  /**
   * Binds a port, on all addresses of the stack. 0 picks a free one at random (RFC 6056 §3.3.2). Null: the port is
   * taken, or the limit of sockets is reached; `bindError` says which.
   */
  bind(port: u16, handler: UdpHandler): UdpSocket | null;

  /** Why the last `bind` answered null: ADDRESS_IN_USE or EXHAUSTED. */
  readonly bindError: i32;
}
