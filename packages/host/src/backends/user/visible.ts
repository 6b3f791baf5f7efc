/** Whom the guest sees at the other end of what comes through a published port. */
import type { Guest } from "./guests.js";
import { GATEWAY_4, GATEWAY_6, isOnLink, isUnicast } from "./plan.js";

/** The client itself where an answer to it would come back here, else the gateway. */
export function visibleAddress(client: Uint8Array | null, guest: Guest): Uint8Array {
  const gateway = guest.address.length === 4 ? GATEWAY_4 : GATEWAY_6;
  if (client === null || client.length !== guest.address.length) return gateway;
  if (!isUnicast(client) || isOnLink(client) || isLoopback(client)) return gateway;
  return client;
}

function isLoopback(address: Uint8Array): boolean {
  if (address.length === 4) return address[0] === 127;
  return address.every((byte, at) => byte === (at === 15 ? 1 : 0));
}
