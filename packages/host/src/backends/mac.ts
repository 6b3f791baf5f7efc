/** Ethernet addresses: 6 bytes, written `02:00:00:00:00:01`. */
import { systemEntropy } from "../entropy.js";

export const MAC_BYTES = 6;

/** IEEE 802-2014 §8.2: bit 0 of the first byte marks a group, bit 1 a locally administered address. */
const GROUP_BIT = 1;
const LOCAL_BIT = 2;

/** A fresh locally administered unicast address. */
export function randomMac(): Uint8Array {
  const mac = new Uint8Array(MAC_BYTES);
  systemEntropy.fill(mac);
  mac[0] = ((mac[0] ?? 0) & ~GROUP_BIT) | LOCAL_BIT;
  return mac;
}

/** Reads six hexadecimal pairs joined by `:` or `-`; null when it is not a unicast address. */
export function parseMac(text: string): Uint8Array | null {
  if (!/^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(text)) return null;
  const mac = Uint8Array.from(text.split(/[:-]/), (pair) => Number.parseInt(pair, 16));
  return isUnicastMac(mac) ? mac : null;
}

/** False for group addresses, for all zeros and for anything but 6 bytes. */
export function isUnicastMac(mac: Uint8Array): boolean {
  return (
    mac.length === MAC_BYTES && ((mac[0] ?? 0) & GROUP_BIT) === 0 && mac.some((byte) => byte !== 0)
  );
}

export function formatMac(mac: Uint8Array): string {
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** The address given, copied, or a random one. Throws RangeError for a group address. */
export function macOrRandom(mac: Uint8Array | undefined): Uint8Array {
  if (mac === undefined) return randomMac();
  if (!isUnicastMac(mac)) {
    throw new RangeError(`${formatMac(mac)} is not the address of one station`);
  }
  return Uint8Array.from(mac);
}
