/** Where a flow is in its life: a pure table. What it tracks of TCP is as little as a time-out needs. */
import { Tcp } from "./transit";

/** Each phase has one time-out, and one queue of flows in the order of their last packets. */
export enum Phase {
  /** TCP that is over: both have closed, or one has reset it. Makes room first. */
  CLOSING,
  /** TCP that is being made. */
  OPENING,
  /** Datagrams, and no answer yet. */
  UDP_ONE_WAY,
  /** Echo requests. */
  ECHO,
  UDP_BOTH_WAYS,
  ESTABLISHED,
}

export const PHASES: i32 = 6;

/** From here on a flow is alive, and makes no room for others. */
export const PHASE_ALIVE: Phase = Phase.UDP_BOTH_WAYS;

/** What has been seen of a connection. */
export namespace Seen {
  export const SYN_INSIDE: u8 = 1;
  export const SYN_OUTSIDE: u8 = 2;
  export const ACK_INSIDE: u8 = 4;
  export const ACK_OUTSIDE: u8 = 8;
  export const FIN_INSIDE: u8 = 16;
  export const FIN_OUTSIDE: u8 = 32;
  export const RESET: u8 = 64;
  /** The inside sent the first packet. */
  export const BEGAN_INSIDE: u8 = 128;

  export const HANDSHAKE: u8 = SYN_INSIDE | SYN_OUTSIDE | ACK_INSIDE | ACK_OUTSIDE;
  export const BOTH_FIN: u8 = FIN_INSIDE | FIN_OUTSIDE;
}

/** True for a segment that begins a connection. */
// @ts-ignore: decorator
@inline
export function isOpening(tcpFlags: u8): bool {
  return (tcpFlags & (Tcp.SYN | Tcp.ACK | Tcp.RST | Tcp.FIN)) == Tcp.SYN;
}

/** What has been seen once this segment has passed. */
export function seenWith(phase: Phase, seen: u8, fromInside: bool, tcpFlags: u8): u8 {
  // The ports are used again for a new connection (RFC 9293 §3.6.1), by the side that began the last one.
  if (phase == Phase.CLOSING && isOpening(tcpFlags)) seen &= Seen.BEGAN_INSIDE;
  if (tcpFlags & Tcp.RST) return seen | Seen.RESET;
  // RFC 7857 §2.2: a reset that was forged did not end the connection, as what follows shows.
  seen &= ~Seen.RESET;
  if (tcpFlags & Tcp.SYN) seen |= fromInside ? Seen.SYN_INSIDE : Seen.SYN_OUTSIDE;
  if (tcpFlags & Tcp.ACK) seen |= fromInside ? Seen.ACK_INSIDE : Seen.ACK_OUTSIDE;
  if (tcpFlags & Tcp.FIN) seen |= fromInside ? Seen.FIN_INSIDE : Seen.FIN_OUTSIDE;
  return seen;
}

/** The phase of a connection of which this was seen. */
export function phaseOf(seen: u8): Phase {
  if (seen & Seen.RESET) return Phase.CLOSING;
  // One that is closed on one side may go on for long on the other (RFC 5382 §5).
  if ((seen & Seen.BOTH_FIN) == Seen.BOTH_FIN) return Phase.CLOSING;
  return (seen & Seen.HANDSHAKE) == Seen.HANDSHAKE ? Phase.ESTABLISHED : Phase.OPENING;
}
