/** What a frame carries, as the protocol of its type sees it. */

/** Numbers of the IEEE registry "EtherType". */
export namespace EtherType {
  export const IPV4: u16 = 0x0800;
  export const ARP: u16 = 0x0806;
  export const VLAN: u16 = 0x8100;
  export const IPV6: u16 = 0x86dd;
}

/** A link address is the lower 48 bits of a number, the first octet on top of them. */
export const MAC_BROADCAST: u64 = 0xffff_ffff_ffff;

/** The individual/group bit (IEEE 802 §8.2). */
// @ts-ignore: decorator
@inline
export function isGroupMac(mac: u64): bool {
  return (mac & 0x0100_0000_0000) != 0;
}

/** Reads the link address at `at`; 8 bytes must be readable there. */
// @ts-ignore: decorator
@inline
export function loadMac(at: usize): u64 {
  return bswap(load<u64>(at)) >> 16;
}

/** Writes a link address to `at`, and two zero bytes behind it. */
// @ts-ignore: decorator
@inline
export function storeMac(at: usize, mac: u64): void {
  store<u64>(at, bswap(mac << 16));
}

/** A frame that has arrived, for us. One object a link, used again for each. */
export class Frame {
  /** Where its payload lies. It may be changed during the call; the 14 bytes in front are the frame's header. */
  payload: usize = 0;
  /** Bytes of the payload, padding of short frames included. */
  bytes: i32 = 0;
  /** Link address of the sender. */
  source: u64 = 0;
  /** It was sent to a group: broadcast or multicast. */
  isGroup: bool = false;
  /** The link vouches for the transport's checksum, or says that it was never filled in. */
  isTrusted: bool = false;
  /** Payload of one TCP segment when the link has joined several; else 0. */
  segmentBytes: i32 = 0;
}

/** A protocol on Ethernet. */
export interface EthernetHandler {
  /** A frame of its type, to this host or to a group it has joined. The frame is valid during the call. */
  onEthernet(frame: Frame): void;

  /** The link was detached; called once, nothing follows. */
  onEthernetGone(): void;
}
