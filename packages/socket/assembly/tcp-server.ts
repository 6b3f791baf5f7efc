import { NO_DEADLINE } from "@phantasm/abi";
import { CLOSED, Tcp, TcpAcceptor, TcpConnection, TcpListener } from "@phantasm/interfaces";
import { WaitQueue, isInterrupted, wait } from "@phantasm/fibre";
import { TcpSocket } from "./tcp-socket";

/** Connections that wait to be accepted unless `listen` is told otherwise. */
const BACKLOG: i32 = 128;

/** A port at which fibres accept connections. */
@final
export class TcpServer implements TcpAcceptor {
  /** Why the last `accept` answered null: CLOSED, CANCELLED or TIMED_OUT. */
  error: i32 = 0;

  private listener: TcpListener | null = null;
  /** Connections that wait, oldest at `head`; as long as the backlog. */
  private queue: StaticArray<TcpConnection | null> = new StaticArray<TcpConnection | null>(0);
  private head: i32 = 0;
  private count: i32 = 0;
  private readonly acceptors: WaitQueue = new WaitQueue("a connection to accept");

  /**
   * Starts to accept. 0, ADDRESS_IN_USE or EXHAUSTED.
   *
   * @param backlog connections that may wait; a client beyond is not answered, and tries again by itself
   */
  listen(tcp: Tcp, port: u16, backlog: i32 = BACKLOG): i32 {
    assert(this.listener === null, "server: it listens already");
    const listener = tcp.listen(port, this, backlog);
    if (listener === null) return tcp.lastError;
    this.listener = listener;
    this.queue = new StaticArray<TcpConnection | null>(backlog);
    return 0;
  }

  /** Waits for the next connection. Null: `error` says why. */
  accept(deadlineNs: i64 = NO_DEADLINE): TcpSocket | null {
    while (true) {
      if (!isInterrupted()) {
        const connection = this.take();
        if (connection !== null) {
          const socket = new TcpSocket();
          socket.adopt(connection);
          return socket;
        }
        if (this.listener === null) {
          this.error = CLOSED;
          return null;
        }
      }
      const outcome = wait(this.acceptors, deadlineNs);
      if (outcome != 0) {
        this.error = outcome;
        return null;
      }
    }
  }

  /** Accepts no more. Connections that nobody has accepted are broken off. Idempotent. */
  close(): void {
    const listener = this.listener;
    if (listener === null) return;
    this.listener = null;
    listener.close();
    for (let waiting = this.take(); waiting !== null; waiting = this.take()) waiting.abort();
    this.acceptors.wakeAll();
  }

  onAccept(listener: TcpListener, connection: TcpConnection): void {
    const capacity = this.queue.length;
    // A listener hands over no more than its backlog.
    if (this.listener === null || this.count == capacity) {
      connection.abort();
      return;
    }
    let tail = this.head + this.count;
    if (tail >= capacity) tail -= capacity;
    this.queue[tail] = connection;
    this.count++;
    this.acceptors.wake();
  }

  private take(): TcpConnection | null {
    if (this.count == 0) return null;
    const connection = this.queue[this.head];
    this.queue[this.head] = null;
    this.head = this.head + 1 == this.queue.length ? 0 : this.head + 1;
    this.count--;
    return connection;
  }
}
