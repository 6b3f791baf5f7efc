/**
 * Connections and sockets of an image: rows that it writes when the host asks (INSPECT). Laid out in
 * packages/runtime/assembly/observed.ts. All of it is the guest's claim.
 */

export interface Endpoint {
  /** `10.0.2.15` or `2001:db8::1`. */
  readonly address: string;
  readonly port: number;
}

export interface Connection {
  readonly protocol: "tcp" | "udp" | "unknown";
  /** As RFC 9293 calls it; empty for UDP. */
  readonly state: string;
  readonly local: Endpoint;
  /** Null: none, as for a listener. */
  readonly remote: Endpoint | null;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** 0: not measured yet. */
  readonly roundTripUs: number;
  readonly congestionWindowBytes: number;
  readonly retransmissions: number;
}

export interface ConnectionTable {
  /** How many there are; an image tells of 1024 at most. */
  readonly count: number;
  readonly connections: readonly Connection[];
}

const ROW_BYTES = 64;
const ROWS_MAX = 1024;
const TCP = 6;
const UDP = 17;

/** In the order of TcpState in packages/interfaces/assembly/tcp.ts. */
const STATES = [
  "CLOSED",
  "LISTEN",
  "SYN-SENT",
  "SYN-RECEIVED",
  "ESTABLISHED",
  "FIN-WAIT-1",
  "FIN-WAIT-2",
  "CLOSE-WAIT",
  "CLOSING",
  "LAST-ACK",
  "TIME-WAIT",
] as const;

/** Reads what the block says lies there; nothing when that cannot be. */
export function readConnections(
  memory: DataView,
  { rows, rowCount, count }: { rows: number; rowCount: number; count: number },
): ConnectionTable {
  const read = Math.min(rowCount, ROWS_MAX);
  const fits = rows !== 0 && rows + read * ROW_BYTES <= memory.byteLength;
  const connections = Array.from({ length: fits ? read : 0 }, (_, index) =>
    readRow(memory, rows + index * ROW_BYTES),
  );
  return { count, connections };
}

function readRow(memory: DataView, at: number): Connection {
  const protocol = memory.getUint8(at);
  const remotePort = memory.getUint16(at + 4, true);
  const u32 = (offset: number): number => memory.getUint32(at + offset, true);
  return {
    protocol: protocol === TCP ? "tcp" : protocol === UDP ? "udp" : "unknown",
    state: protocol === TCP ? (STATES[memory.getUint8(at + 1)] ?? "unknown") : "",
    local: { address: addressText(memory, at + 8), port: memory.getUint16(at + 2, true) },
    remote: remotePort === 0 ? null : { address: addressText(memory, at + 24), port: remotePort },
    receivedBytes: u32(40),
    sentBytes: u32(44),
    roundTripUs: u32(48),
    congestionWindowBytes: u32(52),
    retransmissions: u32(56),
  };
}

/** The address in two numbers, high and low; one of IPv4 is ::ffff:a.b.c.d. RFC 5952 §4. */
function addressText(memory: DataView, at: number): string {
  const high = memory.getBigUint64(at, true);
  const low = memory.getBigUint64(at + 8, true);
  if (high === 0n && low >> 32n === 0xffffn) {
    return [24n, 16n, 8n, 0n].map((shift) => (low >> shift) & 255n).join(".");
  }
  const groups = [high, low].flatMap((half) =>
    [48n, 32n, 16n, 0n].map((shift) => Number((half >> shift) & 0xffffn)),
  );
  return shorten(groups);
}

/** The longest run of two zeros or more, the first of equals, is left out. */
function shorten(groups: readonly number[]): string {
  let best = { at: -1, length: 1 };
  for (let at = 0; at < groups.length; at++) {
    let length = 0;
    while (groups[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
  }
  const text = (part: readonly number[]): string =>
    part.map((group) => group.toString(16)).join(":");
  if (best.at < 0) return text(groups);
  return `${text(groups.slice(0, best.at))}::${text(groups.slice(best.at + best.length))}`;
}
