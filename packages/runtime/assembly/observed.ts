/**
 * What modules count, and connections that there are: for the host to show (`--stats`, Ctrl-\\). An image
 * whose modules register nothing carries nothing of it.
 *
 * A group of counters, as the host reads it (little-endian):
 *
 *      0  u32  address of the next group, 0 after the last
 *      4  u32  its name, the address of a string: `tcp`
 *      8  u32  names of the counters, the address of a string: words with a space between
 *     12  u32  address of the counters: one u64 for each word
 *
 * A row of connections, written when the host asks (INSPECT):
 *
 *      0  u8   protocol, as in an IP header          40  u32  bytes received and not yet read
 *      1  u8   state, of TcpState; 0 for UDP         44  u32  bytes sent and not yet acknowledged
 *      2  u16  local port                            48  u32  smoothed round-trip time, µs
 *      4  u16  remote port; 0: none                  52  u32  congestion window, bytes
 *      8  u64  local address, high, and 16 low       56  u32  segments sent again
 *     24  u64  remote address, high, and 32 low
 */
import { addSource, Source } from "./domain";
import { observedLists } from "./observation";

/** Rows that are written at most; the number of all is told beside them. */
const ROWS_MAX: i32 = 1024;

/** Overlay on one row. */
@unmanaged
export class ConnectionRow {
  protocol: u8;
  state: u8;
  localPort: u16;
  remotePort: u16;
  unused: u16;
  localHigh: u64;
  localLow: u64;
  remoteHigh: u64;
  remoteLow: u64;
  receivedBytes: u32;
  sentBytes: u32;
  roundTripUs: u32;
  congestionWindowBytes: u32;
  retransmissions: u32;
  reserved: u32;
}

/** The fields that the host reads come first, in its order. */
@final
class CounterGroup {
  constructor(
    readonly next: CounterGroup | null,
    readonly name: string,
    readonly labels: string,
    readonly values: usize,
    /** Keeps the values alive. */
    readonly owner: Object,
  ) {}
}

/** Something that has connections. */
export abstract class ConnectionSource {
  nextConnections: ConnectionSource | null = null;

  /** How many there are. */
  abstract countConnections(): i32;

  /** Fills the row at `row` for each, at most `rowsMax` of them; returns how many. What it does not set is 0. */
  abstract writeConnections(row: usize, rowsMax: i32): i32;
}

// @ts-ignore: decorator
@lazy
let groups: CounterGroup | null = null;
// @ts-ignore: decorator
@lazy
let connections: ConnectionSource | null = null;

/**
 * Shows counters to the host.
 *
 * @param labels one word for each field of `counters`, in their order
 * @param counters an object whose fields are all u64
 */
export function observeCounters<T>(name: string, labels: string, counters: T): void {
  const values = changetype<usize>(counters);
  const group = new CounterGroup(groups, name, labels, values, changetype<Object>(counters));
  groups = group;
  observedLists().firstCounters = <u32>changetype<usize>(group);
}

/** Shows connections to the host. */
export function observeConnections(source: ConnectionSource): void {
  if (connections === null) addSource(new Observer());
  source.nextConnections = connections;
  connections = source;
}


@final
class Observer extends Source {
  dispatch(now: i64): void {}

  /** Rows are made anew: there may be none for a long time. */
  inspect(): void {
    const lists = observedLists();
    if (lists.rows != 0) heap.free(lists.rows);
    lists.rows = 0;
    lists.rowCount = 0;
    let total = 0;
    let source = connections;
    while (source !== null) {
      total += source.countConnections();
      source = source.nextConnections;
    }
    lists.connections = total;
    if (total == 0) return;
    const bytes = <usize>min(total, ROWS_MAX) * offsetof<ConnectionRow>();
    const rows = heap.alloc(bytes);
    memory.fill(rows, 0, bytes);
    lists.rows = <u32>rows;
    let count = 0;
    source = connections;
    while (source !== null) {
      count += source.writeConnections(
        rows + <usize>count * offsetof<ConnectionRow>(),
        min(total, ROWS_MAX) - count,
      );
      source = source.nextConnections;
    }
    lists.rowCount = count;
  }
}
