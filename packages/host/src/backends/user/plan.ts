/**
 * The addresses of the network: those of QEMU's user network and its IPv6 equivalent.
 *
 * The gateway answers for the host: what goes to its address goes to the host's loopback, when egress
 * rules allow that.
 */
import { ETHERNET_BYTES_MAX, ETHERNET_HEADER_BYTES } from "../link.js";
import { address, inPrefix, sameAddress, type Prefix } from "./address.js";

/** IEEE 802 local unicast, as QEMU has it: 52:55 and the gateway's IPv4 address. */
export const GATEWAY_MAC = Uint8Array.of(0x52, 0x55, 10, 0, 2, 2);

export const GATEWAY_4 = address("10.0.2.2");
export const DNS_4 = address("10.0.2.3");
/** The first address that DHCP hands out. */
export const GUEST_4 = address("10.0.2.15");
/** Addresses that DHCP has: 10.0.2.15 to 10.0.2.30. */
export const LEASES_MAX = 16;
export const NETWORK_4: Prefix = { address: address("10.0.2.0"), bits: 24 };
export const MASK_4 = address("255.255.255.0");
export const BROADCAST_4 = address("10.0.2.255");
export const LIMITED_BROADCAST_4 = address("255.255.255.255");

/** RFC 4193: a unique local prefix. Hosts prefer IPv4 to it (RFC 6724 §2.1), which the machine surely has. */
export const NETWORK_6: Prefix = { address: address("fd00::"), bits: 64 };
export const GATEWAY_6 = address("fd00::2");
export const DNS_6 = address("fd00::3");
export const GATEWAY_LINK_LOCAL = address("fe80::2");
export const LINK_LOCAL_6: Prefix = { address: address("fe80::"), bits: 10 };

/**
 * A packet that fills the largest frame of the boundary, rounded to 16 bytes. Large packets cost the
 * guest and us no more than small ones: measured, 65520 carries several times what 1500 does.
 */
export const MTU_USER = (ETHERNET_BYTES_MAX - ETHERNET_HEADER_BYTES) & ~15;

/** The least that IPv6 works on (RFC 8200 §5); with less, there is only IPv4. */
export const MTU_6_MIN = 1280;

export function isGateway(ip: Uint8Array): boolean {
  return (
    sameAddress(ip, GATEWAY_4) || sameAddress(ip, GATEWAY_6) || sameAddress(ip, GATEWAY_LINK_LOCAL)
  );
}

export function isDns(ip: Uint8Array): boolean {
  return sameAddress(ip, DNS_4) || sameAddress(ip, DNS_6);
}

/** An address of the network that a guest may have. */
export function isGuestAddress(ip: Uint8Array): boolean {
  if (isGateway(ip) || isDns(ip)) return false;
  if (ip.length === 4) {
    const last = ip[3] ?? 0;
    return inPrefix(ip, NETWORK_4) && last !== 0 && last !== 255;
  }
  return inPrefix(ip, NETWORK_6) || inPrefix(ip, LINK_LOCAL_6);
}

/** Neither a group nor a broadcast nor unspecified: something a packet can be sent to. */
export function isUnicast(ip: Uint8Array): boolean {
  const first = ip[0] ?? 0;
  if (ip.length === 4) return first !== 0 && first < 224;
  return first !== 0xff && ip.some((byte) => byte !== 0);
}

/** In the network, but nobody's. */
export function isOnLink(ip: Uint8Array): boolean {
  return inPrefix(ip, NETWORK_4) || inPrefix(ip, NETWORK_6) || inPrefix(ip, LINK_LOCAL_6);
}
