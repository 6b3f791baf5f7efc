import { Clock, Tcp, TcpAcceptor, TcpConnection, TcpListener } from "@phantasm/interfaces";
import { Backends } from "./backends";
import { Pair } from "./pair";

const BACKLOG: i32 = 256;

/** Accepts clients, and gives each a pair of its own. */
export class Proxy implements TcpAcceptor {
  /** Pairs that live. */
  pairs: i32 = 0;
  /** Clients that were reset because there were as many as there may be, */
  refusedClients: u64 = 0;
  /** and because no backend would have them. */
  unservedClients: u64 = 0;

  constructor(
    /** To the backends. */
    readonly tcp: Tcp,
    readonly backends: Backends,
    readonly clock: Clock,
    readonly patienceNs: i64,
    private readonly pairsMax: i32,
  ) {}

  /** False: the port is taken. */
  listen(tcp: Tcp, port: u16): bool {
    return tcp.listen(port, this, BACKLOG) !== null;
  }

  onAccept(listener: TcpListener, client: TcpConnection): void {
    if (this.pairs == this.pairsMax) {
      this.refusedClients++;
      client.abort();
      return;
    }
    this.pairs++;
    new Pair(this, client);
  }
}
