/** Text that lies in the memory of an image. */
import { escapeTerminal } from "@phantasm/seal/escape";

/** AssemblyScript keeps the length of a string, in bytes, in the word before it. */
const LENGTH_OFFSET = -4;

/**
 * Reads an AssemblyScript string (UTF-16, any address) and makes it safe to print. Empty when there
 * can be none; cut, with an ellipsis, when it is long.
 */
export function guestString(memory: DataView, address: number, charactersMax: number): string {
  if (address + LENGTH_OFFSET < 0 || address > memory.byteLength) return "";
  const units = memory.getUint32(address + LENGTH_OFFSET, true) >>> 1;
  const room = (memory.byteLength - address) >>> 1;
  if (units > room) return "";
  const codes: number[] = [];
  for (let at = 0; at < Math.min(units, charactersMax); at++) {
    codes.push(memory.getUint16(address + 2 * at, true));
  }
  const text = escapeTerminal(String.fromCharCode(...codes));
  return units > charactersMax ? `${text}…` : text;
}
