/** Connections and listeners as the host shows them. */
import { Protocol, TcpState } from "@phantasm/interfaces";
import { ConnectionRow, ConnectionSource } from "@phantasm/runtime/observed";
import { Connection } from "./connection";
import { TransmissionControl } from "./tcp";
import { NONE } from "./time-wait";


@final
export class TcpRows extends ConnectionSource {
  constructor(private readonly tcp: TransmissionControl) {
    super();
  }

  countConnections(): i32 {
    return this.tcp.listenerCount + this.tcp.connections;
  }

  /** Listeners first: they are few, and are not pushed out by many connections. */
  writeConnections(row: usize, rowsMax: i32): i32 {
    const tcp = this.tcp;
    const end = row + <usize>rowsMax * offsetof<ConnectionRow>();
    const first = row;
    for (let at = tcp.listeners; at !== null && row < end; at = at!.next) {
      const entry = begin(row, TcpState.LISTEN);
      entry.localPort = at!.port;
      row += offsetof<ConnectionRow>();
    }
    for (let c = tcp.table.next(null); c !== null && row < end; c = tcp.table.next(c)) {
      writeConnection(begin(row, c.current), c);
      row += offsetof<ConnectionRow>();
    }
    const waiting = tcp.timeWait;
    for (let at = waiting.next(NONE); at != NONE && row < end; at = waiting.next(at)) {
      const entry = begin(row, TcpState.TIME_WAIT);
      entry.localHigh = waiting.localHigh(at);
      entry.localLow = waiting.localLow(at);
      entry.localPort = waiting.localPort(at);
      entry.remoteHigh = waiting.remoteHigh(at);
      entry.remoteLow = waiting.remoteLow(at);
      entry.remotePort = waiting.remotePort(at);
      row += offsetof<ConnectionRow>();
    }
    return <i32>((row - first) / offsetof<ConnectionRow>());
  }
}

function begin(row: usize, state: TcpState): ConnectionRow {
  const entry = changetype<ConnectionRow>(row);
  entry.protocol = <u8>Protocol.TCP;
  entry.state = <u8>state;
  return entry;
}

function writeConnection(entry: ConnectionRow, c: Connection): void {
  entry.localHigh = c.localHigh;
  entry.localLow = c.localLow;
  entry.localPort = c.localPort;
  entry.remoteHigh = c.remoteHigh;
  entry.remoteLow = c.remoteLow;
  entry.remotePort = c.remotePort;
  entry.receivedBytes = <u32>c.readable;
  entry.sentBytes = <u32>c.unacknowledged;
  const recovery = c.recovery;
  entry.roundTripUs = <u32>(recovery.smoothedRttNs / 1000);
  entry.congestionWindowBytes = <u32>recovery.congestionWindowBytes;
  entry.retransmissions = recovery.retransmissions;
}
