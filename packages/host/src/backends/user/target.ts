/** Where a packet of the guest's goes on the host. */
import { formatAddress, sameAddress, unmapped } from "./address.js";
import type { Packet } from "./packet.js";
import { BROADCAST_4, isDns, isGateway, isOnLink, isUnicast } from "./plan.js";

export type Target =
  | { readonly kind: "dns" }
  | { readonly kind: "host"; readonly address: Uint8Array; readonly text: string }
  /** Nobody has this address. */
  | { readonly kind: "nobody" }
  /** A group, or everybody: this network has no others. */
  | { readonly kind: "group" };

const DNS_PORT = 53;
const LOOPBACK_4 = Uint8Array.of(127, 0, 0, 1);
const LOOPBACK_6 = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

export function targetOf(packet: Packet): Target {
  const destination = packet.address(packet.destination);
  // RFC 4291 §2.5.5.2: an IPv4 address in the clothes of IPv6 never appears on a wire.
  if (unmapped(destination) !== destination) return { kind: "nobody" };
  if (isGateway(destination)) {
    const address = destination.length === 4 ? LOOPBACK_4 : LOOPBACK_6;
    return { kind: "host", address, text: formatAddress(address) };
  }
  if (isDns(destination)) {
    return packet.destinationPort === DNS_PORT ? { kind: "dns" } : { kind: "nobody" };
  }
  if (!isUnicast(destination) || sameAddress(destination, BROADCAST_4)) return { kind: "group" };
  if (isOnLink(destination)) return { kind: "nobody" };
  return { kind: "host", address: destination, text: formatAddress(destination) };
}
