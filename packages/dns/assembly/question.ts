import {
  Datagram,
  EXHAUSTED,
  Endpoint,
  Errno,
  IpAddress,
  NAME_SERVER_FAILED,
  NO_ROUTE,
  NO_SUCH_NAME,
  REFUSED,
  SECOND,
  TIMED_OUT,
  UdpHandler,
  UdpSocket,
} from "@phantasm/interfaces";
import { hold, now, release } from "@phantasm/runtime";
import { Timed, cancelTimer, setTimer } from "@phantasm/runtime/timers";
import { AnswerKind } from "./answer";
import { LongAnswerReceiver } from "./long-answers";
import { Lookup } from "./lookup";
import { Resolver } from "./resolver";
import { DNS_PORT, Flag, NAME_BUFFER_BYTES, RecordClass, equalNames } from "./wire";

/** How long the first try waits for an answer; twice as long in each further round over the servers. */
const TRY_NS: i64 = SECOND;
const ROUNDS: i32 = 3;
/** No try begins after this; also how long servers are waited for when none are known. */
const QUESTION_NS_MAX: i64 = 15 * SECOND;
/** For an answer over TCP, from the first SYN. */
const LONG_ANSWER_NS: i64 = 5 * SECOND;
/** Largest datagram we take: it is not cut up on any usual way (DNS flag day 2020). */
const UDP_BYTES_MAX: i32 = 1232;

/** A lookup that waits for a question. */
class Waiting {
  constructor(
    readonly lookup: Lookup,
    public next: Waiting | null,
  ) {}
}

/**
 * One question on its way, for all lookups that ask it: name and type, tries over the servers, each from a port and
 * with an id of its own (RFC 5452 §9.2). Used again for the next when it has ended.
 */
export class Question extends Timed implements UdpHandler, LongAnswerReceiver {
  /** In lower case. */
  private readonly name: usize = heap.alloc(NAME_BUFFER_BYTES);
  private nameBytes: i32 = 0;
  private type: i32 = 0;
  /** The name as it is sent, maybe in another case. */
  private readonly sentName: usize = heap.alloc(NAME_BUFFER_BYTES);

  /** Who asks; in use while there is anybody. */
  private waiting: Waiting | null = null;
  private beganNs: i64 = 0;
  private tries: i32 = 0;
  /** The server does not like EDNS. */
  private isPlain: bool = false;
  /** What to say if no try is left. */
  private error: i32 = 0;
  private server: IpAddress | null = null;
  private serverIndex: i32 = 0;
  /** A bit for each server of that list that has said it cannot answer: it is not asked again. */
  private givenUp: u32 = 0;
  private generation: u32 = 0;
  private socket: UdpSocket | null = null;
  private id: i32 = 0;
  private isFetching: bool = false;
  private lacksServers: bool = false;

  constructor(private readonly resolver: Resolver) {
    super();
  }

  get isBusy(): bool {
    return this.waiting !== null;
  }

  /** It asks for this, in lower case. */
  asks(name: usize, nameBytes: i32, type: i32): bool {
    return (
      this.isBusy && this.type == type && equalNames(this.name, this.nameBytes, name, nameBytes)
    );
  }

  /** One more who waits for it. */
  join(lookup: Lookup): void {
    this.waiting = new Waiting(lookup, this.waiting);
  }

  begin(name: usize, nameBytes: i32, type: i32, lookup: Lookup): void {
    memory.copy(this.name, name, nameBytes);
    this.nameBytes = nameBytes;
    this.type = type;
    this.beganNs = now();
    this.tries = 0;
    this.isPlain = false;
    this.givenUp = 0;
    this.error = TIMED_OUT;
    this.join(lookup);
    this.next();
  }

  /** This lookup does not wait any more; nobody left: the question ends. */
  leave(lookup: Lookup): void {
    let before: Waiting | null = null;
    let one: Waiting | null = this.waiting;
    while (one !== null) {
      if (one.lookup === lookup) {
        if (before === null) this.waiting = one.next;
        else before.next = one.next;
        if (this.waiting === null) this.stop();
        return;
      }
      before = one;
      one = one.next;
    }
  }

  /** The list of servers has changed. */
  onServers(): void {
    if (this.lacksServers) this.next();
  }

  timerDue(nowNs: i64): void {
    this.resolver.counters.timeouts++;
    this.error = this.lacksServers ? NO_ROUTE : TIMED_OUT;
    this.next();
  }

  onDatagram(socket: UdpSocket, datagram: Datagram): void {
    const server = this.server;
    if (
      server === null ||
      datagram.sourcePort != DNS_PORT ||
      datagram.sourceLow != server.low ||
      datagram.sourceHigh != server.high
    ) {
      this.resolver.counters.strange++;
      return;
    }
    this.onMessage(datagram.payload, datagram.bytes);
  }

  onDatagramError(socket: UdpSocket, remote: Endpoint, error: i32): void {
    const server = this.server;
    if (server === null || !remote.address.equals(server)) return;
    if (error == REFUSED) this.giveUp();
    this.resolver.counters.failed++;
    this.error = error;
    this.next();
  }

  onLongAnswer(message: usize, bytes: i32): void {
    this.onMessage(message, bytes);
  }

  onLongAnswerFailed(): void {
    this.isFetching = false;
    this.failed();
  }

  private onMessage(message: usize, bytes: i32): void {
    const resolver = this.resolver;
    const answer = resolver.answer;
    const isLong = this.isFetching;
    const kind = answer.read(
      message,
      bytes,
      this.id,
      this.sentName,
      this.nameBytes,
      this.type,
      resolver.randomCase,
    );
    switch (kind) {
      case AnswerKind.ADDRESSES:
      case AnswerKind.NO_ADDRESS:
        resolver.counters.answers++;
        resolver.prefer(this.server!);
        resolver.cache.put(
          this.name,
          this.nameBytes,
          this.type,
          answer.addresses,
          answer.count,
          answer.ttl,
          now(),
        );
        this.finish(answer.count > 0 ? 0 : NO_SUCH_NAME, answer.addresses, answer.count);
        return;
      case AnswerKind.PLAIN:
        if (this.isPlain) break;
        this.isPlain = true;
        this.stop();
        if (this.send(this.server!, TRY_NS)) return;
        break;
      case AnswerKind.TRUNCATED:
        resolver.counters.truncated++;
        if (isLong) break;
        if (this.fetch()) return;
        if (answer.count == 0) break;
        this.finish(0, answer.addresses, answer.count);
        return;
      case AnswerKind.FAILED:
        break;
      default:
        // On a connection of our own it is no forgery.
        if (isLong) break;
        resolver.counters.strange++;
        return;
    }
    this.failed();
  }

  /** The server could not answer. */
  private failed(): void {
    this.giveUp();
    this.resolver.counters.failed++;
    this.error = NAME_SERVER_FAILED;
    this.next();
  }

  /** This server is not asked again. */
  private giveUp(): void {
    if (this.generation == this.resolver.servers.generation) this.givenUp |= 1 << this.serverIndex;
  }

  /** The next try, or the end. */
  private next(): void {
    const waited = this.lacksServers;
    this.stop();
    const servers = this.resolver.servers;
    const count = servers.count;
    const nowNs = now();
    const isLate = nowNs - this.beganNs >= QUESTION_NS_MAX;
    if (count == 0 && !isLate) {
      this.lacksServers = true;
      hold();
      setTimer(this, this.beganNs + QUESTION_NS_MAX);
      return;
    }
    if (waited) {
      // It begins now.
      this.beganNs = nowNs;
      this.error = count > 0 ? TIMED_OUT : NO_ROUTE;
    }
    if (this.generation != servers.generation) {
      this.generation = servers.generation;
      this.givenUp = 0;
    }
    while (this.tries < count * ROUNDS && (waited || !isLate)) {
      const index = (this.resolver.preferred + this.tries) % count;
      const round = this.tries / count;
      this.tries++;
      this.serverIndex = index;
      if ((this.givenUp >> index) & 1) continue;
      if (this.send(servers.at(index), TRY_NS << round)) return;
    }
    this.finish(this.error, 0, 0);
  }

  /** False: it could not be sent, and `error` says why. */
  private send(server: IpAddress, timeoutNs: i64): bool {
    const resolver = this.resolver;
    const socket = resolver.udp.bind(0, this);
    if (socket === null) {
      this.error = EXHAUSTED;
      return false;
    }
    const bytes = this.write();
    const sent = socket.send(new Endpoint(server, DNS_PORT), resolver.buffer, 0, bytes);
    // A link that is full loses it, as any other might.
    if (sent < 0 && sent != Errno.AGAIN) {
      socket.close();
      this.error = sent;
      return false;
    }
    resolver.counters.queries++;
    this.server = server;
    this.socket = socket;
    setTimer(this, now() + timeoutNs);
    return true;
  }

  /** Asks again over TCP. False: that is not to be had. */
  private fetch(): bool {
    const resolver = this.resolver;
    const longAnswers = resolver.longAnswers;
    if (longAnswers === null) return false;
    if (!longAnswers.fetch(this.server!, resolver.buffer, this.write(), this)) return false;
    this.stop();
    this.isFetching = true;
    setTimer(this, now() + LONG_ANSWER_NS);
    return true;
  }

  /** Writes the query to the resolver's buffer, with a new id. */
  private write(): i32 {
    const resolver = this.resolver;
    const writer = resolver.writer;
    this.id = (<i32>resolver.random.u32()) & 0xffff;
    memory.copy(this.sentName, this.name, this.nameBytes);
    if (resolver.randomCase) this.mixCase();
    const buffer = resolver.buffer;
    writer.begin(buffer.dataStart, buffer.length, this.id, Flag.RECURSION_DESIRED);
    writer.question(this.sentName, this.nameBytes, this.type, RecordClass.IN);
    if (!this.isPlain) writer.opt(UDP_BYTES_MAX);
    return writer.bytes;
  }

  /** Some letters in upper case: more for a forger to guess (draft-vixie-dnsext-dns0x20). */
  private mixCase(): void {
    const random = this.resolver.random;
    let bits: u64 = 0;
    for (let at = 0; at < this.nameBytes; at++) {
      if ((at & 63) == 0) bits = random.u64();
      const c = load<u8>(this.sentName + at);
      if (c >= 0x61 && c <= 0x7a) store<u8>(this.sentName + at, c ^ (<u8>((bits & 1) << 5)));
      bits >>= 1;
    }
  }

  /** Tells all who wait. */
  private finish(error: i32, addresses: usize, count: i32): void {
    this.stop();
    let one: Waiting | null = this.waiting;
    this.waiting = null;
    while (one !== null) {
      one.lookup.answer(error, addresses, count);
      one = one.next;
    }
  }

  /** Ends the try. */
  private stop(): void {
    cancelTimer(this);
    if (this.lacksServers) release();
    this.lacksServers = false;
    const socket = this.socket;
    if (socket !== null) socket.close();
    this.socket = null;
    const longAnswers = this.resolver.longAnswers;
    if (this.isFetching && longAnswers !== null) longAnswers.cancel(this);
    this.isFetching = false;
  }
}
