import { TcpAcceptor, TcpListener } from "@phantasm/interfaces";
import { hold, now, release } from "@phantasm/runtime";
import { TransmissionControl } from "./tcp";


@final
export class Listener implements TcpListener {
  next: Listener | null = null;
  /** Connections that exist and have no handler yet. */
  waiting: i32 = 0;
  refused: u64 = 0;
  isClosed: bool = false;
  private holdsDomain: bool = true;

  constructor(
    private readonly tcp: TransmissionControl,
    private readonly number: u16,
    readonly acceptor: TcpAcceptor,
    private readonly backlog: i32,
  ) {
    hold();
  }

  get port(): u16 {
    return this.number;
  }

  get refusedConnections(): u64 {
    return this.refused;
  }

  /** No more are accepted until some get a handler. */
  get isFull(): bool {
    return this.waiting >= this.backlog;
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.background();
    this.tcp.forgetListener(this, now());
  }

  background(): void {
    if (!this.holdsDomain) return;
    this.holdsDomain = false;
    release();
  }
}
