/**
 * Who makes room when memory or the table of connections is full: the connection that has been stalled longest, and
 * none that goes on.
 *
 * A connection goes on when its peer acknowledges a block of what is queued, or its user reads a block of what has
 * come. One that has been closed goes on while its peer acknowledges. Bytes that come in smaller sips count for
 * nothing: else a peer would need only one byte a second to keep all it holds.
 */
import { EXHAUSTED } from "@phantasm/interfaces";
import { end } from "./close";
import { Connection } from "./connection";
import { hasRoom } from "@phantasm/runtime/heap/room";
import { TICK_NS } from "./numbers";
import { TransmissionControl } from "./tcp";

/** What one takes without its queues: its objects, its timer, records of what is in flight, its place in the table. */
const CONNECTION_BYTES: usize = 4 << 10;

/** Evicted in one step: each is looked for in the whole table. */
const EVICTIONS_MAX: i32 = 4;

/** For how many ticks nothing of what it holds has moved; 0: it holds nothing. */
function stalledFor(c: Connection, at: u32): u32 {
  let ticks: u32 = 0;
  if (c.sendQueue != 0) ticks = at - c.sendMovedAt;
  if (c.receiveQueue != 0 || c.ahead != 0) ticks = max(ticks, at - c.receiveMovedAt);
  return ticks;
}

/**
 * Ends the one that has been stalled longest. False: none has been for long enough.
 *
 * @param needy for whom memory is wanted; null: the table is full
 */
function evictLongest(tcp: TransmissionControl, needy: Connection | null, nowNs: i64): bool {
  const at = tcp.numbers.ticks(nowNs);
  let longest: Connection | null = null;
  let ticks: u32 = 0;
  for (let c = tcp.table.next(null); c !== null; c = tcp.table.next(c)) {
    if (c === needy) continue;
    let stalled = stalledFor(c, at);
    // With a full table those count too that only wait for their peer to close.
    if (needy === null && c.isAbandoned)
      stalled = max(stalled, at - tcp.numbers.ticks(c.progressNs));
    if (stalled <= ticks) continue;
    ticks = stalled;
    longest = c;
  }
  const missingNs = tcp.limits.stallNs - <i64>ticks * TICK_NS;
  if (longest === null || missingNs > 0) {
    // Nobody can have been stalled for long enough before.
    tcp.evictionNs = nowNs + missingNs;
    return false;
  }
  tcp.counters.connectionsEvicted++;
  tcp.sendReset(longest, nowNs);
  end(longest, EXHAUSTED);
  return true;
}

/** Makes room for one that holds little and has found none, until there is enough. */
export function relieveMemory(tcp: TransmissionControl, needy: Connection, nowNs: i64): void {
  tcp.needy = null;
  for (let left = EVICTIONS_MAX; left > 0 && nowNs >= tcp.evictionNs; left--)
    if (tcp.pool.available >= tcp.enoughBlocks || !evictLongest(tcp, needy, nowNs)) return;
}

/** Is there room for one more connection, if need be in the place of another? None, where memory is full. */
export function admits(tcp: TransmissionControl, nowNs: i64): bool {
  if (!hasRoom(CONNECTION_BYTES)) return false;
  return (
    tcp.table.count < tcp.limits.connections ||
    (nowNs >= tcp.evictionNs && evictLongest(tcp, null, nowNs))
  );
}
