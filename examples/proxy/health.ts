import {
  Clock,
  NO_ROUTE,
  Tcp,
  TcpConnection,
  TcpHandler,
  Timer,
  TimerHandler,
} from "@phantasm/interfaces";
import { Backend } from "./backends";

/** Connects to a backend every now and then: it is up if it accepts before the next look. */
export class HealthCheck implements TcpHandler, TimerHandler {
  /** The connection of the look that is under way. */
  private connection: TcpConnection | null = null;

  constructor(
    private readonly tcp: Tcp,
    private readonly backend: Backend,
    clock: Clock,
    intervalNs: i64,
  ) {
    clock.every(intervalNs, this).background();
  }

  onTimer(timer: Timer): void {
    const late = this.connection;
    if (late !== null) {
      this.connection = null;
      this.backend.isUp = false;
      late.abort();
    }
    const connection = this.tcp.connect(this.backend.endpoint, this, 0);
    if (connection === null && this.tcp.lastError == NO_ROUTE) this.backend.isUp = false;
    this.connection = connection;
  }

  onConnected(connection: TcpConnection): void {
    if (connection !== this.connection) return;
    this.connection = null;
    this.backend.isUp = true;
    // A reset leaves nothing behind on either side.
    connection.abort();
  }

  onClosed(connection: TcpConnection, reason: i32): void {
    if (connection !== this.connection) return;
    this.connection = null;
    this.backend.isUp = false;
  }

  onReadable(connection: TcpConnection): void {}

  onWritable(connection: TcpConnection): void {}
}
