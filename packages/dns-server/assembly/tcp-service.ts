/** DNS over TCP (RFC 7766): queries behind their length, as many as a client likes, answered in their order. */
import {
  Clock,
  IpAddress,
  SECOND,
  Tcp,
  TcpAcceptor,
  TcpConnection,
  TcpHandler,
  TcpListener,
  Timer,
  TimerHandler,
} from "@phantasm/interfaces";
import { DNS_PORT, Rcode } from "@phantasm/dns/wire";
import { AllowList } from "./addresses";
import { ServerTime } from "./server-time";
import { Responder, TRANSFER } from "./responder";
import { LENGTH_BYTES, OutputBudget, QUERY_BYTES_MAX, Session } from "./session";
import { Transfer } from "./transfer";

const BACKLOG: i32 = 128;
const ANSWER_BYTES_MAX: i32 = 65535;
/** A shorter query is none. */
const QUERY_BYTES_MIN: usize = 12;
/** Idle for so long, a connection makes room for another one. */
const ROOM_NS: i64 = SECOND;


@final
export class TcpService implements TcpAcceptor, TcpHandler, TimerHandler {
  private readonly sessions: Session[] = [];
  private readonly transfers: Transfer[] = [];
  private open: i32 = 0;
  private transfersOpen: i32 = 0;
  private readonly answer: usize = heap.alloc(LENGTH_BYTES + <usize>ANSWER_BYTES_MAX);
  private timer: Timer | null = null;
  private readonly outputs: OutputBudget;

  /** @param outputBytesMax of answers that clients have not taken */
  constructor(
    private readonly responder: Responder,
    private readonly time: ServerTime,
    private readonly clock: Clock,
    private readonly allowed: AllowList,
    private readonly connectionsMax: i32,
    private readonly perAddressMax: i32,
    private readonly idleNs: i64,
    private readonly transfersMax: i32,
    outputBytesMax: usize,
  ) {
    this.outputs = new OutputBudget(outputBytesMax);
  }

  /** False: the port is taken. */
  listen(tcp: Tcp): bool {
    return tcp.listen(DNS_PORT, this, BACKLOG) !== null;
  }

  onAccept(listener: TcpListener, connection: TcpConnection): void {
    connection.setHandler(this);
    const remote = connection.remote.address;
    const index = this.place(remote);
    if (index < 0) {
      this.responder.counters.connectionsRefused++;
      connection.tag = -1;
      connection.abort();
      return;
    }
    const session = this.sessions[index];
    session.connection = connection;
    session.remoteHigh = remote.high;
    session.remoteLow = remote.low;
    session.activeNs = this.clock.now();
    connection.tag = index;
    connection.noDelay = true;
    this.open++;
    if (this.open == 1) this.watch();
    this.serve(session, connection);
  }

  onConnected(connection: TcpConnection): void {}

  onReadable(connection: TcpConnection): void {
    const session = this.sessionOf(connection);
    if (session !== null) this.serve(session, connection);
  }

  onWritable(connection: TcpConnection): void {
    const session = this.sessionOf(connection);
    if (session !== null) this.serve(session, connection);
  }

  onClosed(connection: TcpConnection, reason: i32): void {
    const session = this.sessionOf(connection);
    if (session !== null) this.forget(session);
  }

  /** Ends connections on which nothing went forward for long. */
  onTimer(timer: Timer): void {
    const now = this.clock.now();
    for (let i = 0; i < this.sessions.length; i++) {
      const session = this.sessions[i];
      const connection = session.connection;
      if (connection === null || now - session.activeNs < this.idleNs) continue;
      this.responder.counters.connectionsIdle++;
      const hasNothing = session.inputBytes == 0 && !session.hasOutput;
      this.forget(session);
      // Who has nothing on the way is told kindly.
      if (hasNothing) connection.close();
      else connection.abort();
    }
    if (this.open > 0) timer.set(SECOND);
  }

  private watch(): void {
    const timer = this.timer;
    if (timer === null) {
      const made = this.clock.after(SECOND, this);
      made.background();
      this.timer = made;
    } else if (!timer.pending) timer.set(SECOND);
  }

  private sessionOf(connection: TcpConnection): Session | null {
    if (connection.tag < 0) return null;
    const session = this.sessions[connection.tag];
    return session.connection === connection ? session : null;
  }

  /** Index of a session that is free; negative: there is none, or the address has as many as it may. */
  private place(remote: IpAddress): i32 {
    const sessions = this.sessions;
    let free = -1;
    let idle = -1;
    let same = 0;
    for (let i = 0; i < sessions.length; i++) {
      const session = sessions[i];
      if (session.connection === null) {
        free = i;
        continue;
      }
      if (session.remoteHigh == remote.high && session.remoteLow == remote.low) same++;
      if (idle < 0 || session.activeNs < sessions[idle].activeNs) idle = i;
    }
    if (same >= this.perAddressMax) return -1;
    if (free >= 0) return free;
    if (sessions.length < this.connectionsMax) return sessions.push(new Session(this.outputs)) - 1;
    if (this.clock.now() - sessions[idle].activeNs < ROOM_NS) return -1;
    const connection = sessions[idle].connection;
    this.responder.counters.connectionsIdle++;
    this.forget(sessions[idle]);
    if (connection !== null) connection.abort();
    return idle;
  }

  private forget(session: Session): void {
    if (session.transfer !== null) this.endTransfer(session);
    session.clear();
    this.open--;
  }

  private breakOff(session: Session, connection: TcpConnection): void {
    this.responder.counters.connectionsBroken++;
    this.forget(session);
    connection.abort();
  }

  /** Goes on as far as there are queries, and room for answers. */
  private serve(session: Session, connection: TcpConnection): void {
    connection.cork();
    let goesOn: bool = true;
    while (goesOn) {
      if (session.hasOutput) {
        if (!session.flush(connection)) return this.breakOff(session, connection);
        if (session.hasOutput) break;
        session.activeNs = this.clock.now();
      }
      goesOn =
        session.transfer !== null ? this.goOn(session, connection) : this.next(session, connection);
    }
    if (session.connection === connection) connection.uncork();
  }

  /** The next query. False: there is none, or the connection has ended. */
  private next(session: Session, connection: TcpConnection): bool {
    const there = <usize>connection.peekedBytes;
    if (session.inputBytes == 0 && there >= LENGTH_BYTES) {
      const at = connection.peek();
      const bytes = <usize>bswap(load<u16>(at));
      // Mostly a query lies in one piece, and is answered where it lies.
      if (bytes + LENGTH_BYTES <= there && bytes <= QUERY_BYTES_MAX) {
        const isAlive = this.respond(session, connection, at + LENGTH_BYTES, bytes);
        if (isAlive) connection.consume(<i32>(bytes + LENGTH_BYTES));
        return isAlive;
      }
    }
    const bytes = session.gather(connection);
    if (bytes == 0) {
      if (connection.atEnd) {
        this.forget(session);
        connection.close();
      }
      return false;
    }
    if (bytes > LENGTH_BYTES + QUERY_BYTES_MAX) {
      this.breakOff(session, connection);
      return false;
    }
    session.inputBytes = 0;
    return this.respond(session, connection, session.input + LENGTH_BYTES, bytes - LENGTH_BYTES);
  }

  /** False: the connection has ended. */
  private respond(session: Session, connection: TcpConnection, query: usize, bytes: usize): bool {
    if (bytes < QUERY_BYTES_MIN) {
      this.breakOff(session, connection);
      return false;
    }
    const responder = this.responder;
    session.activeNs = this.clock.now();
    this.time.set();
    const answer = this.answer + LENGTH_BYTES;
    let length = responder.respond(
      query,
      <i32>bytes,
      answer,
      ANSWER_BYTES_MAX,
      true,
      session.remoteHigh,
      session.remoteLow,
    );
    if (length == TRANSFER) {
      length = this.beginTransfer(session, query);
      if (length == 0) return true;
    }
    return length == 0 || this.send(session, connection, length);
  }

  private send(session: Session, connection: TcpConnection, length: i32): bool {
    store<u16>(this.answer, bswap(<u16>length));
    const bytes = LENGTH_BYTES + <usize>length;
    while (this.outputs.left < bytes && this.evict(session)) {}
    if (session.send(connection, this.answer, bytes)) return true;
    this.breakOff(session, connection);
    return false;
  }

  /** Ends the connection of another whose answer has waited longest. False: none has for a second. */
  private evict(own: Session): bool {
    let found: Session | null = null;
    for (let i = 0; i < this.sessions.length; i++) {
      const session = this.sessions[i];
      if (session === own || session.connection === null || !session.hasOutput) continue;
      if (found === null || session.activeNs < found.activeNs) found = session;
    }
    if (found === null || this.clock.now() - found.activeNs < ROOM_NS) return false;
    this.breakOff(found, found.connection!);
    return true;
  }

  /** 0: it has begun; else the bytes of the answer that says why not. */
  private beginTransfer(session: Session, query: usize): i32 {
    const responder = this.responder;
    const remote = new IpAddress(session.remoteHigh, session.remoteLow);
    let rcode: i32 = Rcode.REFUSED;
    if (this.allowed.contains(remote)) {
      if (this.transfersOpen == this.transfersMax) rcode = Rcode.SERVER_FAILURE;
      else {
        const transfer = this.transfers.length > 0 ? this.transfers.pop() : new Transfer();
        rcode = transfer.begin(responder, query);
        if (rcode == Rcode.NO_ERROR) {
          session.transfer = transfer;
          this.transfersOpen++;
          responder.counters.transfers++;
          return 0;
        }
        this.transfers.push(transfer);
      }
    }
    responder.counters.transfersRefused++;
    return responder.refuse(rcode);
  }

  private goOn(session: Session, connection: TcpConnection): bool {
    const transfer = session.transfer!;
    const length = transfer.next(
      this.responder.message,
      this.answer + LENGTH_BYTES,
      ANSWER_BYTES_MAX,
    );
    session.activeNs = this.clock.now();
    if (length == 0) {
      this.endTransfer(session);
      return true;
    }
    return this.send(session, connection, length);
  }

  private endTransfer(session: Session): void {
    const transfer = session.transfer!;
    transfer.finish();
    this.transfers.push(transfer);
    session.transfer = null;
    this.transfersOpen--;
  }
}
