/**
 * Connecting to a name, by whichever of its addresses answers first (RFC 8305, "Happy Eyeballs"): a network that has
 * IPv6 in name only, or one server of many that is down, costs a fraction of a second.
 */
import {
  EXHAUSTED,
  Endpoint,
  IpAddress,
  MILLISECOND,
  NO_SUCH_NAME,
  SECOND,
  TIMED_OUT,
  Tcp,
  TcpConnection,
  TcpHandler,
} from "@phantasm/interfaces";
import { now } from "@phantasm/runtime";
import { Timed, cancelTimer, setTimer } from "@phantasm/runtime/timers";
import { Family, Lookup, LookupHandler } from "./lookup";
import { Resolver } from "./resolver";

/** RFC 8305 §3: how long IPv4 waits for the answer about IPv6. */
const RESOLUTION_DELAY_NS: i64 = 50 * MILLISECOND;
/** RFC 8305 §5: between the beginnings of attempts. */
const ATTEMPT_DELAY_NS: i64 = 250 * MILLISECOND;
/** Attempts of a race; further addresses are not tried. */
export const ATTEMPTS_MAX: i32 = 8;
/** Names that are being connected to at once. */
const RACES_MAX: i32 = 16;
/** A race ends after this, from `connect` on. */
const RACE_NS_MAX: i64 = 30 * SECOND;

/** Told how a race went; one of the two is called once, by the dispatcher. */
export interface ConnectHandler {
  /** Connected. Set the connection's handler before this returns: bytes may follow in the same step. */
  onConnection(race: Race, connection: TcpConnection): void;

  /**
   * No address could be connected to, for this reason: the last attempt's (REFUSED, TIMED_OUT, UNREACHABLE, …) or,
   * when there was no address to try, the lookup's (NO_SUCH_NAME, …).
   */
  onNoConnection(race: Race, error: i32): void;
}

/** Connects to names. */
export class HappyEyeballs {
  /** Why the last `connect` answered null. */
  lastError: i32 = 0;
  private running: i32 = 0;

  constructor(
    private readonly resolver: Resolver,
    private readonly tcp: Tcp,
  ) {}

  /** Races that have not ended. */
  get races(): i32 {
    return this.running;
  }

  /** Begins to connect to a port of a name, or of an address in numbers. Null: EXHAUSTED. */
  connect(name: string, port: u16, handler: ConnectHandler): Race | null {
    this.lastError = EXHAUSTED;
    if (this.running == RACES_MAX) return null;
    const race = new Race(this, this.tcp, port, handler);
    if (!race.begin(this.resolver, name)) return null;
    this.running++;
    this.lastError = 0;
    return race;
  }

  /** For races. */
  end(): void {
    this.running--;
  }
}

/** The addresses of one family, as far as they are known. */
class Lane {
  lookup: Lookup | null = null;
  /** Null until the lookup has ended. */
  addresses: IpAddress[] | null = null;
  tried: i32 = 0;

  get isOpen(): bool {
    return this.lookup !== null && this.addresses === null;
  }

  /** There is one to try. */
  get hasNext(): bool {
    const addresses = this.addresses;
    return addresses !== null && this.tried < addresses.length;
  }

  next(): IpAddress {
    return this.addresses![this.tried++];
  }

  cancel(): void {
    const lookup = this.lookup;
    if (lookup !== null) lookup.cancel();
  }
}

export class Race extends Timed implements LookupHandler, TcpHandler {
  /** Whatever its handler likes to find again. */
  tag: i32 = 0;

  private readonly six: Lane = new Lane();
  private readonly four: Lane = new Lane();
  private readonly connections: TcpConnection[] = [];
  private attempts: i32 = 0;
  private triesSix: bool = true;
  private error: i32 = NO_SUCH_NAME;
  private endNs: i64 = 0;
  /** When the next attempt begins; i64.MAX_VALUE: not before something happens. */
  private attemptNs: i64 = i64.MAX_VALUE;
  /** When the latest began. */
  private latestNs: i64 = 0;
  private isOver: bool = false;

  constructor(
    private readonly owner: HappyEyeballs,
    private readonly tcp: Tcp,
    private readonly port: u16,
    private readonly handler: ConnectHandler,
  ) {
    super();
  }

  /** For HappyEyeballs. False: there is no lookup to be had. */
  begin(resolver: Resolver, name: string): bool {
    // RFC 8305 §3: both at once, AAAA first.
    if (resolver.hasIpv6) {
      this.six.lookup = resolver.resolve(name, Family.IPV6, this);
      if (this.six.lookup === null) return false;
    }
    if (resolver.hasIpv4) {
      this.four.lookup = resolver.resolve(name, Family.IPV4, this);
      if (this.four.lookup === null) {
        this.six.cancel();
        return false;
      }
    }
    this.endNs = now() + RACE_NS_MAX;
    this.setTimer();
    return true;
  }

  /** Gives it up; the handler is not called. Nothing happens if it has ended. */
  cancel(): void {
    if (!this.isOver) this.end(null);
  }

  onResolved(lookup: Lookup): void {
    const lane = lookup === this.six.lookup ? this.six : this.four;
    lane.addresses = lookup.addresses;
    // What is worth another try is worth more than that half of it does not exist.
    if (lookup.error != 0 && this.error == NO_SUCH_NAME) this.error = lookup.error;
    if (this.attempts == 0) {
      const waits = this.six.isOpen && this.four.hasNext;
      this.attemptNs = now() + (waits ? RESOLUTION_DELAY_NS : 0);
      if (waits) this.setTimer();
      else this.attempt();
    } else if (this.connections.length == 0) this.attempt();
    else if (this.attemptNs == i64.MAX_VALUE && lane.hasNext && this.attempts < ATTEMPTS_MAX) {
      this.attemptNs = max(now(), this.latestNs + ATTEMPT_DELAY_NS);
      this.setTimer();
    }
  }

  timerDue(nowNs: i64): void {
    if (nowNs >= this.endNs) this.fail(TIMED_OUT);
    else if (nowNs >= this.attemptNs) this.attempt();
  }

  onConnected(connection: TcpConnection): void {
    if (this.isOver) return;
    this.end(connection);
    this.handler.onConnection(this, connection);
  }

  onClosed(connection: TcpConnection, reason: i32): void {
    const at = this.connections.indexOf(connection);
    if (this.isOver || at < 0) return;
    this.connections.splice(at, 1);
    this.error = reason;
    // RFC 8305 §5: the next does not wait for its time.
    this.attempt();
  }

  onReadable(connection: TcpConnection): void {}
  onWritable(connection: TcpConnection): void {}

  /** Begins the next attempt, or finds that there is none. */
  private attempt(): void {
    this.attemptNs = i64.MAX_VALUE;
    while (this.attempts < ATTEMPTS_MAX && (this.six.hasNext || this.four.hasNext)) {
      // RFC 8305 §4: the families take turns.
      const lane = (this.triesSix && this.six.hasNext) || !this.four.hasNext ? this.six : this.four;
      this.triesSix = lane === this.four;
      this.attempts++;
      const connection = this.tcp.connect(new Endpoint(lane.next(), this.port), this, 0);
      if (connection === null) {
        this.error = this.tcp.lastError;
        continue;
      }
      this.connections.push(connection);
      this.latestNs = now();
      if (this.attempts < ATTEMPTS_MAX && (this.six.hasNext || this.four.hasNext))
        this.attemptNs = now() + ATTEMPT_DELAY_NS;
      break;
    }
    const mayFind = this.attempts < ATTEMPTS_MAX && (this.six.isOpen || this.four.isOpen);
    if (this.connections.length == 0 && !mayFind) this.fail(this.error);
    else this.setTimer();
  }

  private setTimer(): void {
    setTimer(this, min(this.attemptNs, this.endNs));
  }

  private fail(error: i32): void {
    this.end(null);
    this.handler.onNoConnection(this, error);
  }

  /** Everything but the winner ends. */
  private end(winner: TcpConnection | null): void {
    this.isOver = true;
    this.owner.end();
    cancelTimer(this);
    this.six.cancel();
    this.four.cancel();
    const connections = this.connections;
    for (let index = 0; index < connections.length; index++)
      if (connections[index] !== winner) connections[index].abort();
    connections.length = 0;
  }
}
