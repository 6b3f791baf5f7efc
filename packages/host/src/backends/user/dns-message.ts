/** As much of a DNS message (RFC 1035 §4.1) as a proxy needs. */

export const DNS_HEADER_BYTES = 12;

/** Response codes. */
export const Rcode = { SERVFAIL: 2, REFUSED: 5 } as const;

const RESPONSE = 0x8000;
const OPCODE_AND_RECURSION = 0x7900;
const RECURSION_AVAILABLE = 0x0080;

export function isQuery(message: Uint8Array): boolean {
  return message.length >= DNS_HEADER_BYTES && ((message[2] ?? 0) & 0x80) === 0;
}

export function isResponse(message: Uint8Array): boolean {
  return message.length >= DNS_HEADER_BYTES && !isQuery(message);
}

export function readId(message: Uint8Array): number {
  return ((message[0] ?? 0) << 8) | (message[1] ?? 0);
}

export function writeId(message: Uint8Array, id: number): void {
  message[0] = id >>> 8;
  message[1] = id & 0xff;
}

/** An answer without records, to a query. */
export function failure(query: Uint8Array, rcode: number): Uint8Array {
  const answer = Uint8Array.from(query.subarray(0, questionEnd(query)));
  const view = new DataView(answer.buffer);
  const flags = view.getUint16(2) & OPCODE_AND_RECURSION;
  view.setUint16(2, RESPONSE | flags | RECURSION_AVAILABLE | rcode);
  if (answer.length === DNS_HEADER_BYTES) view.setUint16(4, 0);
  for (let at = 6; at < DNS_HEADER_BYTES; at += 2) view.setUint16(at, 0);
  return answer;
}

/** Where the one question ends; the header's end when it cannot be read. */
function questionEnd(query: Uint8Array): number {
  if (((query[4] ?? 0) << 8) + (query[5] ?? 0) !== 1) return DNS_HEADER_BYTES;
  let at = DNS_HEADER_BYTES;
  for (;;) {
    const bytes = query[at];
    // RFC 1035 §4.1.4: a question has no earlier name to point at.
    if (bytes === undefined || bytes > 63) return DNS_HEADER_BYTES;
    at += 1 + bytes;
    if (bytes === 0) break;
  }
  return at + 4 <= query.length ? at + 4 : DNS_HEADER_BYTES;
}
