/** Sockets as the host shows them. */
import { Protocol } from "@phantasm/interfaces";
import { ConnectionRow, ConnectionSource } from "@phantasm/runtime/observed";
import { UdpLayer } from "./udp";


@final
export class UdpRows extends ConnectionSource {
  constructor(private readonly udp: UdpLayer) {
    super();
  }

  countConnections(): i32 {
    return this.udp.sockets;
  }

  writeConnections(row: usize, rowsMax: i32): i32 {
    const udp = this.udp;
    let rows = 0;
    for (let at = udp.next(null); at !== null && rows < rowsMax; at = udp.next(at)) {
      const entry = changetype<ConnectionRow>(row + <usize>rows * offsetof<ConnectionRow>());
      entry.protocol = <u8>Protocol.UDP;
      entry.localPort = at.localPort;
      rows++;
    }
    return rows;
  }
}
