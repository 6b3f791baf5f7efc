/**
 * What a transport (TCP, UDP) sees of the network layer: packets that arrive, paths on which packets leave,
 * and errors that come back. Both versions of IP look the same from here.
 *
 * For modules of the library OS, not for applications: addresses of memory are numbers here, and nothing is
 * allocated for a packet.
 *
 * There is one buffer for a frame to send in a link. A transport asks a path for the place of its header in
 * it (`begin`), writes header and payload there, and has the path send them before it does anything else:
 * the link copies the frame. So nothing is queued below a transport but what waits for a neighbour's address.
 */
import { LinkWaiter } from "./net";

/** Numbers of the IANA registry "Protocol Numbers". */
export namespace Protocol {
  export const ICMP: u8 = 1;
  export const TCP: u8 = 6;
  export const UDP: u8 = 17;
  export const ICMPV6: u8 = 58;
}

/** A packet that has arrived, complete and with a valid IP header. One object, used again for each. */
export class Packet {
  /** Where the transport's header lies; the bytes may be changed during the call. */
  payload: usize = 0;
  /** Bytes from there, without padding of the link. At least 0. */
  bytes: i32 = 0;
  sourceHigh: u64 = 0;
  sourceLow: u64 = 0;
  /** One of this stack's addresses, or one of a group. */
  destinationHigh: u64 = 0;
  destinationLow: u64 = 0;
  /** The destination is a broadcast or multicast address: TCP ignores it, and no error answers it. */
  isGroup: bool = false;
  /** TTL or hop limit as it arrived. */
  hopLimit: u8 = 0;
  /** Traffic class or type of service: DSCP in the upper six bits, ECN in the lower two (RFC 3168). */
  trafficClass: u8 = 0;
  /** The link vouches for the transport's checksum (offload): it need not be looked at. */
  isTrusted: bool = false;
  /** Bytes of one segment, when the link has joined several (receive offload); else 0. */
  segmentBytes: i32 = 0;
  /** Sum of the pseudo-header with this protocol and these bytes; see `checksumIsValid` of @phantasm/ip. */
  pseudoSum: u32 = 0;
}

/** Why a packet that was sent did not arrive, in the words of RFC 1122 §3.2.2 and RFC 4443 §3. */
export namespace PathError {
  /** No route to the network or host. Soft: a connection goes on trying. */
  export const UNREACHABLE: i32 = 1;
  /** The host has nobody at that port. Hard for UDP and for a TCP connection that is being made. */
  export const PORT_UNREACHABLE: i32 = 2;
  /** The host does not know the protocol. Hard. */
  export const PROTOCOL_UNREACHABLE: i32 = 3;
  /** Somebody forbids it. Soft for connections that exist. */
  export const PROHIBITED: i32 = 4;
  /** It was larger than a link on the way carries; `mtu` of the path has changed (RFC 1191, RFC 8201). */
  export const TOO_LARGE: i32 = 5;
  /** It went round in circles, or was not put together in time. Soft. */
  export const TIME_EXCEEDED: i32 = 6;
  /** The neighbour does not answer (ARP, neighbour discovery). Soft. */
  export const NEIGHBOUR_SILENT: i32 = 7;
}

/** A transport. Registered once for its protocol. */
export interface TransportHandler {
  /** A packet of its protocol for one of our addresses or groups. The checksum is still to be looked at. */
  onPacket(packet: Packet): void;

  /**
   * An error came back for a packet of ours. `packet` is what is quoted of ours: its source is our address,
   * and `payload` the first bytes of the transport's header, at least 8. Anybody can forge it: check that ports
   * and, for TCP, the sequence number are of something that is under way (RFC 5927).
   *
   * @param error of PathError
   * @param mtu for TOO_LARGE: bytes of the largest IP packet that would have passed, and already the `mtu` of the
   *   path; else 0
   * @returns true if what is quoted is under way: else the path's `mtu` is put back
   */
  onPathError(packet: Packet, error: i32, mtu: i32): bool;

  /** An address of ours is gone (lease lost, conflict): what is bound to it cannot go on. */
  onAddressLost(high: u64, low: u64): void;
}

/**
 * The way from one of our addresses to another host: route, next hop, its link address, and MTU, kept up by the
 * network layer. Made once for a connection or socket that sends often; `Ip.path` gives the same object to all
 * that ask for the same way.
 */
export abstract class Path {
  sourceHigh: u64 = 0;
  sourceLow: u64 = 0;
  destinationHigh: u64 = 0;
  destinationLow: u64 = 0;
  /** Bytes of the largest IP packet, header included, that is not cut up on the way. May change with any step. */
  mtu: i32 = 0;
  /** Bytes of the IP header: 20 or 40. A TCP segment has `mtu - headerBytes` bytes for header and payload. */
  headerBytes: i32 = 0;
  /** The link cuts TCP segments (SEGMENT_SEND): `send` takes up to `bytesMax` with `segmentBytes`. */
  segments: bool = false;
  /** Largest number of bytes that `send` takes, transport header included. */
  bytesMax: i32 = 0;
  /** TTL or hop limit of what is sent. */
  hopLimit: u8 = 64;
  /** DSCP and ECN of what is sent. */
  trafficClass: u8 = 0;

  /** Where the transport's header goes; room for `bytesMax` bytes. Aligned to 4. Valid until the next call of any path. */
  abstract begin(): usize;

  /**
   * Sends the first `bytes` bytes there. Fills in the transport's checksum, whose field must be 0, at
   * `checksumAt`; or leaves it to the link.
   *
   * Returns 0: sent, or kept until the neighbour's address is known, or lost without notice. AGAIN: the link has
   * no room, nothing was sent; `Ip.whenReady` tells when to come back. TOO_LARGE: more than the MTU, and it must
   * not be cut up. NO_ROUTE, GONE: it will not get better by itself.
   *
   * @param protocol of Protocol
   * @param checksumAt offset of the checksum in the transport's header; -1: there is none
   * @param segmentBytes payload of one segment if the link is to cut it (`segments`), else 0
   */
  abstract send(protocol: u8, bytes: i32, checksumAt: i32, segmentBytes: i32): i32;

  /**
   * Where a packet of `bytes` bytes is written that may be larger than `bytesMax` and is cut up on the way if need
   * be (RFC 791 §3.2, RFC 8200 §4.5): for datagrams. 0: no packet can be that long. Valid as `begin`; follow with
   * `sendLarge`. Whoever never calls it links no code for fragments to send.
   */
  abstract beginLarge(bytes: i32): usize;

  /** Sends what was written to `beginLarge`, with the same `bytes`. Results as `send`. */
  abstract sendLarge(protocol: u8, bytes: i32, checksumAt: i32): i32;
}

/** The network layer of one link, both versions. */
export interface Ip {
  /** Hands packets of a protocol to a transport. One for each protocol. */
  register(protocol: u8, handler: TransportHandler): void;

  /**
   * The way to a host, from `source` or, when that is unspecified (`::`), from the address that RFC 6724 or the
   * route prefers. Null: no route, or no address yet. Remember the result; the call looks through tables.
   */
  path(sourceHigh: u64, sourceLow: u64, destinationHigh: u64, destinationLow: u64): Path | null;

  /**
   * The way back to whoever sent this packet, for an answer that needs no state (RST, SYN-ACK with a cookie): one
   * object, used again for each call. Null: it must not be answered (a group, an unspecified source).
   */
  pathBack(packet: Packet): Path | null;

  /** Is it one of ours, and usable (not tentative)? */
  isLocal(high: u64, low: u64): bool;

  /** Answers a packet with an ICMP error (PORT_UNREACHABLE, PROTOCOL_UNREACHABLE), within the limits of RFC 1812 §4.3.2.8. */
  reject(packet: Packet, error: i32): void;

  /** Tells that this neighbour is alive: what it acknowledged has arrived (RFC 4861 §7.3.1). */
  confirm(path: Path): void;

  /** Calls back once when the link may take a frame again. */
  whenReady(waiter: LinkWaiter): void;
}
