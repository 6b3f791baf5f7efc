/**
 * Packets of ARP for IPv4 on Ethernet (RFC 826):
 *
 *     0 u16 hardware (1)     2 u16 protocol (0x0800)   4 u8 6   5 u8 4   6 u16 operation
 *     8 u48 sender's link address   14 u32 sender   18 u48 target's link address   24 u32 target
 */
import { loadMac, storeMac } from "@phantasm/ethernet/frame";

export const ARP_BYTES: i32 = 28;

export namespace ArpOperation {
  export const REQUEST: u16 = 1;
  export const REPLY: u16 = 2;
}

/** The first six bytes of every packet, as they are loaded. */
const ETHERNET_IPV4: u64 = 0x0406_0008_0100;

/** A packet that was checked. */
@final
export class ArpPacket {
  operation: u16 = 0;
  senderMac: u64 = 0;
  sender: u32 = 0;
  target: u32 = 0;

  /** Reads what lies at `at`; false: not one of IPv4 on Ethernet. */
  parse(at: usize, bytes: i32): bool {
    if (bytes < ARP_BYTES) return false;
    if ((load<u64>(at) & 0xffff_ffff_ffff) != ETHERNET_IPV4) return false;
    this.operation = bswap(load<u16>(at, 6));
    this.senderMac = loadMac(at + 8);
    this.sender = bswap(load<u32>(at, 14));
    this.target = bswap(load<u32>(at, 24));
    return this.operation == ArpOperation.REQUEST || this.operation == ArpOperation.REPLY;
  }
}

/** Writes a packet to `at`, with room for ARP_BYTES. */
export function emitArp(
  at: usize,
  operation: u16,
  senderMac: u64,
  sender: u32,
  targetMac: u64,
  target: u32,
): void {
  store<u64>(at, ETHERNET_IPV4);
  store<u16>(at, bswap(operation), 6);
  storeMac(at + 8, senderMac);
  store<u32>(at, bswap(sender), 14);
  storeMac(at + 18, targetMac);
  store<u32>(at, bswap(target), 24);
}
