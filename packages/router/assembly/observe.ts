/** What the host shows of a router: its counters, and its flows as a table of connections. */
import { TcpState, ipv4Low } from "@phantasm/interfaces";
import {
  ConnectionRow,
  ConnectionSource,
  observeConnections,
  observeCounters,
} from "@phantasm/runtime/observed";
import { RouterCounters } from "./counters";
import { Phase } from "./phase";
import { Flows, insideEndOf, phaseOfFlow, protocolOf, remoteEndOf } from "./tracking";

/** In the order of the fields. */
const LABELS: string =
  "forwarded-out forwarded-in hairpinned segments-passed segments-cut checksums-completed fragmented " +
  "flows-made flows-expired flows-evicted flows-refused ports-exhausted " +
  "dropped rejected unsolicited out-of-state martian malformed unknown-protocol hop-limit-exceeded too-large " +
  "fragments-unknown errors-unrelated errors-related unreachable link-full errors-sent errors-limited";

/** Inside hosts are local ends here, and what they speak to is remote. */
@final
class FlowTable extends ConnectionSource {
  constructor(private readonly flows: Flows) {
    super();
  }

  countConnections(): i32 {
    return this.flows.count;
  }

  writeConnections(row: usize, rowsMax: i32): i32 {
    const flows = this.flows;
    let rows = 0;
    for (let flow = flows.first(); flow != 0 && rows < rowsMax; flow = flows.after(flow)) {
      const entry = changetype<ConnectionRow>(row + <usize>rows * offsetof<ConnectionRow>());
      const local = insideEndOf(flow);
      const remote = remoteEndOf(flow);
      entry.protocol = protocolOf(flow);
      entry.state = stateOf(phaseOfFlow(flow));
      entry.localLow = ipv4Low(<u32>(local >> 16));
      entry.localPort = <u16>local;
      entry.remoteLow = ipv4Low(<u32>(remote >> 16));
      entry.remotePort = <u16>remote;
      rows++;
    }
    return rows;
  }
}

function stateOf(phase: Phase): u8 {
  if (phase == Phase.OPENING) return <u8>TcpState.SYN_SENT;
  if (phase == Phase.ESTABLISHED) return <u8>TcpState.ESTABLISHED;
  return phase == Phase.CLOSING ? <u8>TcpState.TIME_WAIT : 0;
}

export function observeRouter(counters: RouterCounters, flows: Flows): void {
  observeCounters("router", LABELS, counters);
  observeConnections(new FlowTable(flows));
}
